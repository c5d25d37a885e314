"""A real run over planted cases of every ecosystem: whatever leaves the laboratory names nobody."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from casepan.registry import Registry

FIRST, LAST = "Jürgen", "Sentinella"
SAMPLES = {
    "core": "any-scanner",
    "trios": "order-folder-stl",
    "itero": "restorative-ply",
    "medit": "exocad-style",
    "primescan": "local-obj",
    "carestream": "restoration",
    "exocad": "textured",
}
ADAPTERS = (*(name for name in SAMPLES if name != "core"), "prepare")
PACKAGES = ("trios", "itero", "medit", "primescan", "carestream")
NAMES = {"Jane": FIRST, "John": FIRST, "Zoë": FIRST, "Zoe": FIRST, "Doe": LAST, "Roe": LAST, "roe": LAST.lower()}
WORDS = ("sentinella", "jürgen", "juergen", "jurgen", "ju\u0308rgen")

LAB = """
version = 1
[lab]
name = "Test laboratory"
[secrets]
hiding = {{ file = "hiding.key" }}
{adapters}
[pipelines.partner]
[[pipelines.partner.import]]
use = "core.inbox"
with = {{ path = "inbox", settle = "0.2s" }}
[[pipelines.partner.steps]]
use = "prepare.pseudonymise"
with = {{ key = {{ secret = "hiding" }} }}
{exports}
"""
EXPORT = """[[pipelines.partner.export]]
id = "{name}"
use = "{use}"
on = ["accept", "review", "reject"]
with = {{ path = "out/{name}", private = true{more} }}
"""


def planted(plugin: str) -> dict[str, bytes]:
    """The sample under the planted name, with the name in every mesh and document besides."""
    (sample,) = [one for one in Registry.load().samples()[plugin] if one.name == SAMPLES[plugin]]
    files = {renamed(path): planted_in(path, content) for path, content in sample.files().items()}
    top = next(iter(files)).split("/")[0] if all("/" in path for path in files) else ""
    return {f"{plugin} {LAST} {FIRST}/{path.removeprefix(f'{top}/')}": content for path, content in files.items()}


def renamed(text: str) -> str:
    """Another person's text with the planted name."""
    for old, new in NAMES.items():
        text = re.sub(rf"(?<![A-Za-z]){old}(?![a-z])", new, text)
    return text


def planted_in(path: str, content: bytes) -> bytes:
    """A file's own places for words, filled with the name in several spellings."""
    suffix = path.rpartition(".")[2].lower()
    if suffix in ("xml", "html", "dentalproject", "constructioninfo", "json", "txt", "mtl", "obj"):
        content = renamed(content.decode()).encode()
    if suffix == "stl":
        return f"Patient {LAST} Juergen".encode().ljust(80) + content[80:]
    if suffix == "ply":
        comment = f"ply\ncomment {LAST}_{FIRST}\nobj_info jurgensentinella\n"
        return content.replace(b"ply\n", comment.encode(), 1)
    if suffix in ("obj", "mtl"):
        return content + f"\n# {LAST}, {FIRST}\ng {LAST}\n".encode("latin-1")
    if suffix in ("html", "xml"):
        encoded = base64.b64encode(f"{LAST} {FIRST}".encode("utf-16")).decode()
        return content.rstrip() + f"<!-- {LAST.upper()} &#74;&#252;rgen {encoded} -->\n".encode()
    return content + LAST.encode() if suffix in ("jpg", "png", "pdf") else content


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A laboratory that has handed on one planted case of every ecosystem to every destination."""
    root = tmp_path_factory.mktemp("lab")
    (root / "hiding.key").write_text("a key that only this laboratory has")
    loud = ', attachments = true, names = "original"'
    exports = [EXPORT.format(name=name, use=f"core.{name}", more=loud) for name in ("folder", "zip")]
    exports += [EXPORT.format(name=name, use=f"{name}.package", more="") for name in PACKAGES]
    adapters = "\n".join(f"[adapters.{name}]" for name in ADAPTERS)
    (root / "lab.toml").write_text(LAB.format(adapters=adapters, exports="".join(exports)))
    for plugin in SAMPLES:
        for path, content in planted(plugin).items():
            target = root / "inbox" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-m", "casepan", "run"], cwd=root, capture_output=True, text=True, check=False
    )
    (root / "said").write_text(done.stdout + done.stderr)
    return root


def everything_in(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """A file's name and bytes, and those of the members of zips in it."""
    yield name, name.encode() + b"\n" + data
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                yield from everything_in(f"{name}!{member}", archive.read(member))


def spelled_in(data: bytes) -> list[str]:
    """The words of the planted name in some bytes; written without a line of what is being tested."""
    texts = [data.decode(encoding, "ignore").lower() for encoding in ("utf-8", "latin-1", "utf-16-le", "utf-16-be")]
    texts.append(data[1:].decode("utf-16-le", "ignore").lower())
    runs = b"\n".join(base64.b64decode(run) for run in re.findall(rb"(?:[A-Za-z0-9+/]{4}){4,}", data))
    texts += [runs.decode("latin-1").lower(), runs.replace(b"\0", b"").decode("latin-1").lower()]
    return [word for word in WORDS for text in texts if word in text]


def found_below(folder: Path) -> Mapping[str, list[str]]:
    """Place to words that were found there."""
    hits = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        for place, data in everything_in(name, path.read_bytes() if path.is_file() else b""):
            if words := spelled_in(data):
                hits[place] = words
    return hits


def test_the_name_is_planted_in_every_case(lab: Path) -> None:
    """The search finds it in the inbox of every ecosystem, so that finding nothing later means something."""
    found = found_below(lab / "inbox")
    for plugin in SAMPLES:
        assert len([place for place in found if place.startswith(f"{plugin} ")]) > 3


@pytest.mark.parametrize("destination", ["folder", "zip", *PACKAGES])
def test_every_destination_has_every_case_and_no_name(lab: Path, destination: str) -> None:
    """Seven ecosystems to seven destinations; with private fields, documents and original names switched on."""
    delivered = [path for path in (lab / "out" / destination).iterdir() if not path.name.startswith(".")]
    assert len(delivered) == len(SAMPLES), (lab / "said").read_text()
    assert found_below(lab / "out" / destination) == {}


def test_pseudonyms_stand_where_names_stood(lab: Path) -> None:
    """The manifest names the patient by one pseudonym in all cases of one person."""
    manifests = [path.read_text("utf-8") for path in (lab / "out" / "folder").glob("*/manifest.json")]
    names = {name for text in manifests for name in re.findall(r'"name": "(P-[0-9A-Z]{10})"', text)}
    assert len(manifests) == len(SAMPLES)
    assert 1 <= len(names) <= 2


def test_nothing_of_the_step_or_the_receipts_names_anybody(lab: Path) -> None:
    """The files of the step, its case, the receipts and the log; the arrival in the state folder stays as it came."""
    state = lab / "state"
    folders = [*state.rglob("*-pseudonymise"), *state.rglob("deliveries")]
    assert len(folders) >= 2 * len(SAMPLES)
    for folder in (*folders, state / "log"):
        assert found_below(folder) == {}
    assert found_below(state)


def test_the_source_is_not_touched(lab: Path) -> None:
    """Every file in the inbox is byte for byte what was dropped there."""
    for plugin in SAMPLES:
        for path, content in planted(plugin).items():
            assert (lab / "inbox" / path).read_bytes() == content


def test_what_is_left_out_is_counted_and_not_named(lab: Path) -> None:
    """Pictures and PDF files of the planted cases are findings in the manifest."""
    texts = [path.read_text("utf-8") for path in (lab / "out" / "folder").glob("*/manifest.json")]
    told = [message for text in texts for message in re.findall(r'"message": "(.* left out: .*)"', text)]
    assert {"PDF", "JPG", "3ML"} <= {message.split()[1] for message in told}
