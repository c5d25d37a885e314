"""Plant a name in every sample of every ecosystem, pseudonymise, hand on, and search all that left for the name.

Run it from the root of the checkout: ``.venv/bin/python benchmarks/prepare/pseudonymise_search.py``. The name is written into
paths, documents, headers, comments and pictures; the search is written here and shares no line with the one that the step uses.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import re
import sys
import tempfile
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import attrs
from attrs import define, evolve, field

from casepan.api import Case, CasepanError, Receipt, Sample, Secret
from casepan.config.options import structure_options
from casepan.model.documents import to_document
from casepan.operate.looking import look_at
from casepan.registry import Registry
from casepan.running.context import Bench, Errand

FIRST, LAST = "Jürgen", "Sentinella"
OTHERS = ("Jane", "John", "Zoë", "Ann", "Doe", "Roe", "Smith")
WORDS = ("sentinella", "jürgen", "juergen", "jurgen")
DESTINATIONS = ("core.folder", "core.zip", "trios.package", "itero.package", "medit.package", "primescan.package",
                "carestream.package", "exocad.project", "dicom.stl", "report.html")  # fmt: skip
PLAIN = ("core.folder", "core.zip")
LOUD = {"private": True, "attachments": True, "names": "original"}
TEXTS = ("xml", "html", "htm", "dentalproject", "constructioninfo", "json", "txt", "obj", "mtl")
KEY = "a key that only this laboratory has"


@define
class Line:
    """What was seen of one ecosystem."""

    cases: int = 0
    stopped: int = 0
    before: int = 0
    packages: int = 0
    files: int = 0
    places: int = 0
    hits: Counter[str] = field(factory=Counter)
    seen: dict[bytes, Counter[str]] = field(factory=dict)
    left: Counter[str] = field(factory=Counter)


def planted(sample: Sample) -> dict[str, bytes]:
    """The sample under the planted name."""
    return {renamed(path): written_into(path, content) for path, content in sample.files().items()}


def renamed(text: str) -> str:
    """Everybody's name replaced by the planted one."""
    for other in OTHERS:
        new = LAST if other in ("Doe", "Roe", "Smith") else FIRST
        text = re.sub(rf"(?<![A-Za-z]){other}(?![a-z])", new, text)
        text = re.sub(rf"(?<![A-Za-z]){other.lower()}(?![a-z])", new.lower(), text)
    return text


def written_into(path: str, content: bytes) -> bytes:
    """The name in every place for words that the format has."""
    suffix = path.rpartition(".")[2].lower()
    if suffix in TEXTS and b"\0" not in content[:100]:
        content = renamed(content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    hidden = base64.b64encode(f"of {LAST} {FIRST}".encode("utf-16")).decode()
    if suffix == "stl" and b"\0" in content[:84]:
        return f"{LAST} Juergen".encode().ljust(80) + content[80:]
    if suffix == "ply":
        return content.replace(b"ply\n", f"ply\ncomment {LAST}_{FIRST}\nobj_info {hidden}\n".encode(), 1)
    if suffix in ("obj", "mtl"):
        return content + f"\n# {LAST}, {FIRST}\ng {LAST} jurgen\n".encode("latin-1")
    if suffix in ("xml", "html") and content.rstrip().endswith(b">"):
        return content.rstrip() + f"<!-- {LAST.upper()} J&#252;rgen J%C3%BCrgen {hidden} -->\n".encode()
    return content + f"{LAST} {FIRST}".encode() if suffix in ("jpg", "png", "pdf", "txt") else content


def places_in(name: str, data: bytes, depth: int = 0) -> Iterator[tuple[str, bytes]]:
    """A file's name, its bytes, members of zips, decoded base64 and escapes."""
    yield "name", name.encode("utf-8", "surrogateescape")
    yield "bytes", data
    if zipfile.is_zipfile(io.BytesIO(data)) and depth < 4:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                yield from places_in(info.filename, archive.read(info), depth + 1)
    for run in set(re.findall(rb"(?:[A-Za-z0-9+/]{4}){3,}(?:[A-Za-z0-9+/]{2,3})?={0,2}", data)):
        whole = run.rstrip(b"=")
        yield "base64", base64.b64decode(whole + b"=" * (-len(whole) % 4))
    if len(data) < 1 << 20:
        yield "percent escapes", unquote_to_bytes(data)
        yield "entities", unescape(data.decode("utf-8", "ignore")).encode()


def spelled() -> frozenset[bytes]:
    """The words of the name as bytes, ASCII letters in lower case."""
    words = {form for word in WORDS for form in (word, word.replace("ü", "Ü"), unicodedata.normalize("NFD", word))}
    return frozenset(
        word.encode(encoding).lower()
        for word in words
        for encoding in ("utf-8", "latin-1", "utf-16-le", "utf-16-be")
        if encoding != "latin-1" or "\u0308" not in word
    )


SPELLED = spelled()


def has_name(data: bytes) -> bool:
    """True when a word of the name is in the bytes, in Latin-1, UTF-8 or UTF-16, whatever its capitals and accents."""
    lower = data.lower()
    return any(word in lower for word in SPELLED)


def search(line: Line, name: str, data: bytes) -> None:
    """Search one file and count it; equal bytes are read once."""
    line.files += 1
    digest = sha256(data).digest()
    if digest not in line.seen:
        line.seen[digest] = Counter()
        for place, content in places_in("", data):
            line.seen[digest]["places"] += 1
            line.seen[digest][place] += has_name(content)
    for place, count in line.seen[digest].items():
        if place == "places":
            line.places += count + 1
        else:
            line.hits[place] += count
    line.hits["name"] += has_name(name.encode("utf-8", "surrogateescape"))


def hand_on(case: Case, bench: Bench, registry: Registry, folder: Path, line: Line, uses: Sequence[str]) -> None:
    """To every destination, with everything switched on that could carry a name; then search what is there."""
    for use in uses:
        kind: Any = registry.options_type(use)
        known = {one.name for one in attrs.fields(kind)}
        told = {name: value for name, value in LOUD.items() if name in known}
        options = structure_options(kind, {"path": f"out/{use}", **told}, place=use)
        errand = Errand(f"key-{use}", case.ref)
        try:
            receipt: Receipt = registry.build(use, options).deliver(case, bench.sending(use, use, errand))
        except CasepanError:
            continue  # this destination does not take such a case
        line.packages += 1
        search(line, "receipt", json.dumps(to_document(receipt), ensure_ascii=False).replace(str(folder), "").encode())
    for path in sorted((folder / "out").rglob("*")):
        search(line, str(path.relative_to(folder)), path.read_bytes() if path.is_file() else b"")


def run_sample(sample: Sample, registry: Registry, folder: Path, line: Line, uses: Sequence[str]) -> None:
    """One sample from arrival to destination."""
    for path, content in planted(sample).items():
        target = folder / "in" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        line.before += any(has_name(data) for _, data in places_in(path, content))
    tops = list((folder / "in").iterdir())
    arrival = tops[0] if len(tops) == 1 else folder / "in"
    for number, looked in enumerate(look_at(arrival, registry).cases):
        base = folder / str(number)
        line.cases += 1
        with Bench.at(arrival, base=base, secrets=lambda _: KEY) as bench:
            options = registry.options_type("prepare.pseudonymise")(key=Secret(env="KEY"))
            stage = registry.build("prepare.pseudonymise", options)
            ctx = bench.working("prepare.pseudonymise", "hide")
            try:
                case = stage.apply(evolve(looked.case, ref=f"K7Q2-M{number}"), ctx)
            except CasepanError as error:
                line.stopped += 1
                search(line, "error", str(error).encode())
                continue
            for finding in case.findings:
                if finding.code == "privacy.left-out":
                    line.left[finding.message.split(" file")[0].split(" ", 1)[1]] += int(finding.value or 0)
            search(line, "case.json", json.dumps(to_document(case), ensure_ascii=False).encode())
            hand_on(case, bench, registry, base, line, uses)


def main() -> int:
    """Print the table; 1 when the name was found anywhere."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="every sample to every destination, not the rich one alone")
    arguments = parser.parse_args()
    registry = Registry.load()
    print("ecosystem   cases stopped  planted files  packages  files  places searched  hits  left out")
    total = 0
    for plugin, samples in sorted(registry.samples().items()):
        line = Line()
        for sample in samples:
            with tempfile.TemporaryDirectory() as folder:
                run_sample(
                    sample, registry, Path(folder), line, DESTINATIONS if arguments.all or sample.demo else PLAIN
                )
        hits = sum(line.hits.values())
        total += hits
        left = ", ".join(f"{count} {form}" for form, count in sorted(line.left.items())) or "-"
        print(
            f"{plugin:<11} {line.cases:>5} {line.stopped:>7} {line.before:>14} {line.packages:>9} {line.files:>6} "
            f"{line.places:>16} {hits:>5}  {left}"
        )
        if hits:
            print(f"            found in: {dict(line.hits)}")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
