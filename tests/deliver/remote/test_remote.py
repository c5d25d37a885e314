"""``deliver.remote`` on OpenSSH, WsgiDAV and an S3 server: complete and proven, or not there at all."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from casepan.api import (
    AuthenticationFailed,
    Case,
    DeliveryError,
    DeliveryRefused,
    FenceLost,
    OutcomeUnknown,
    Secret,
)
from casepan_deliver.stores import Item

from .conftest import MakeContext
from .rig.destination import Destination, WriteSecret


def unpacked(content: dict[str, bytes], place: str = "K7Q2-M4") -> dict[str, bytes]:
    """The files of a delivered zip or folder by their names."""
    if f"{place}.zip" in content:
        with zipfile.ZipFile(BytesIO(content[f"{place}.zip"])) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    return {path.removeprefix(f"{place}/"): data for path, data in content.items() if path.startswith(f"{place}/")}


@pytest.mark.parametrize("form", ["zip", "folder"])
def test_everything_arrives_proven(
    form: str, there: Destination, case: Case, context: MakeContext, tmp_path: Path
) -> None:
    """All files byte for byte with the manifest, nothing else left behind, and a receipt with every checksum."""
    receipt = there.export(form=form).deliver(case, context())
    files = unpacked(there.content())
    assert set(files) == {"K7Q2-M4-upper.stl", "K7Q2-M4-lower.stl", "manifest.json"}
    assert files["K7Q2-M4-upper.stl"] == (tmp_path / "source" / "upper.stl").read_bytes()
    listed = {item["name"]: item["sha256"] for item in json.loads(files["manifest.json"])["files"]}
    assert listed == dict(receipt.files)
    assert "sha256" in receipt.proof["verified"]
    assert not [path for path in there.content() if ".part" in path]


@pytest.mark.parametrize("form", ["zip", "folder"])
def test_a_probe_tells_present_absent_damaged_and_foreign(
    form: str, there: Destination, case: Case, context: MakeContext
) -> None:
    """Only a whole delivery with this key counts; delivering again only proves what is there."""
    export = there.export(form=form)
    assert export.probe(context()) is None
    first = export.deliver(case, context())
    before = there.content()
    found = export.probe(context())
    assert found is not None
    assert (dict(found.files), found.place) == (dict(first.files), first.place)
    assert export.probe(context("another key")) is None
    assert export.deliver(case, context()).files == first.files
    assert there.content() == before
    path = "K7Q2-M4.zip" if form == "zip" else "K7Q2-M4/K7Q2-M4-upper.stl"
    there.put(path, before[path][:-5] + b"xxxxx")
    assert export.probe(context()) is None
    there.put("K7Q2-M4/manifest.json" if form == "folder" else path, b"no json")
    assert export.probe(context()) is None


@pytest.mark.parametrize("form", ["zip", "folder"])
def test_what_lies_there_is_never_overwritten_unless_the_lab_says_so(
    form: str, there: Destination, case: Case, context: MakeContext
) -> None:
    """Another delivery at this place is refused; with ``replace`` it is gone, whole."""
    export = there.export(form=form)
    export.deliver(case, context("old"))
    before = there.content()
    with pytest.raises(DeliveryRefused, match="something else lies"):
        export.deliver(case, context("new"))
    after = there.content()
    assert {path: after[path] for path in before} == before
    smaller = evolve(case, scans=case.scans[:1])
    export.deliver(smaller, context("new", replace=True))
    assert json.loads(unpacked(there.content())["manifest.json"])["key"] == "new"
    assert set(unpacked(there.content())) == {"K7Q2-M4-upper.stl", "manifest.json"}
    assert not [path for path in there.content() if ".part" in path or ".old" in path]


def test_two_revisions_lie_side_by_side(there: Destination, case: Case, context: MakeContext) -> None:
    """The later one goes to its own place."""
    there.export().deliver(case, context("one"))
    there.export().deliver(case, context("two", place="K7Q2-M4-r2"))
    assert set(there.content()) == {"K7Q2-M4.zip", "K7Q2-M4-r2.zip"}


@pytest.mark.parametrize("form", ["zip", "folder"])
def test_leftovers_of_an_earlier_try_do_no_harm(
    form: str, there: Destination, case: Case, context: MakeContext
) -> None:
    """A half written try is cleaned away or overwritten, whatever it held."""
    part = "K7Q2-M4.zip.part" if form == "zip" else "K7Q2-M4.part/half/K7Q2-M4-upper.stl"
    there.put(part if there.kind != "s3" else "K7Q2-M4/K7Q2-M4-upper.stl", b"half")
    there.export(form=form).deliver(case, context())
    assert there.export(form=form).probe(context()) is not None
    assert not [path for path in there.content() if ".part" in path]


@pytest.mark.parametrize("form", ["zip", "folder"])
def test_a_lost_fence_commits_nothing(form: str, there: Destination, case: Case, context: MakeContext) -> None:
    """Asked right before the commit: whoever lost the case leaves nothing that could be taken for delivered."""
    answers = iter([True, False] if form == "zip" else [False])
    with pytest.raises(FenceLost):
        there.export(form=form).deliver(case, context(fence_ok=lambda: next(answers)))
    assert there.export(form=form).probe(context()) is None
    assert not {"K7Q2-M4.zip", "K7Q2-M4/manifest.json"} & set(there.content())


@pytest.mark.parametrize("form", ["zip", "folder"])
def test_what_comes_at_the_last_moment_is_not_overwritten(
    form: str, there: Destination, case: Case, context: MakeContext
) -> None:
    """Something lands at the place between the last look and the commit: the server itself refuses."""
    path = "K7Q2-M4.zip" if form == "zip" else "K7Q2-M4/manifest.json"

    def somebody_else() -> bool:
        there.put(path, b"somebody else's")
        return True

    with pytest.raises(DeliveryRefused, match="something else lies"):
        there.export(form=form).deliver(case, context(fence_ok=somebody_else))
    assert there.content()[path] == b"somebody else's"


@pytest.mark.parametrize("form", ["zip", "folder"])
def test_a_lost_answer_to_the_commit_is_unknown_and_found_by_asking(
    form: str, there: Destination, case: Case, context: MakeContext
) -> None:
    """Nobody says failed, nobody sends twice."""
    there.proxy.committed = lambda: there.server.copies(there.box) > 0
    with pytest.raises(OutcomeUnknown):
        there.export(form=form).deliver(case, context())
    assert there.export(form=form).probe(context()) is not None


@pytest.mark.parametrize("form", ["zip", "folder"])
def test_altered_bytes_are_noticed(
    form: str, there: Destination, case: Case, context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was stored is compared, not what was sent: one byte turned on its way, and nothing is committed."""
    honest = Item.__getattribute__

    def turned(item: Item, name: str) -> Any:
        if name != "open":
            return honest(item, name)
        with honest(item, "open")() as stream:
            content = stream.read()
        return lambda: BytesIO(content[:-1] + bytes((content[-1] ^ 1,)))

    monkeypatch.setattr(Item, "__getattribute__", turned)
    with pytest.raises(DeliveryError, match="not stored as it was sent"):
        there.export(form=form).deliver(case, context())
    monkeypatch.undo()
    assert not {"K7Q2-M4.zip", "K7Q2-M4/manifest.json"} & set(there.content())


def test_a_missing_secret_sends_nothing(there: Destination, case: Case, context: MakeContext) -> None:
    """Certainly not delivered, with the remedy; nobody has to doubt it."""
    missing = {"sftp": "key", "webdav": "password", "s3": "secret_key"}[there.kind]
    with pytest.raises(DeliveryRefused, match="nothing was sent"):
        there.export(**{missing: Secret(env="CASEPAN_NOT_SET")}).deliver(case, context())
    assert there.content() == {}


def test_wrong_credentials_say_so(
    there: Destination, case: Case, context: MakeContext, write_secret: WriteSecret
) -> None:
    """Not tried again, and the secret is in no message."""
    wrong = (there.server.folder / "other").read_text() if there.kind == "sftp" else "wrong-secret"
    name = {"sftp": "key", "webdav": "password", "s3": "access_key"}[there.kind]
    export = there.export(**{name: write_secret("wrong", wrong)})
    with pytest.raises(AuthenticationFailed) as caught:
        export.deliver(case, context())
    assert not any(line in str(caught.value) + repr(export.options) for line in wrong.splitlines())
    with pytest.raises(AuthenticationFailed):
        export.health(context("", ""))


def test_health_says_what_answers(there: Destination, case: Case, context: MakeContext) -> None:
    """A sentence when all is well, an error with a hint when the line is down."""
    there.export().deliver(case, context())
    assert "lets us in" in there.export().health(context("", ""))
    there.proxy.down()
    with pytest.raises(DeliveryError) as caught:
        there.export().health(context("", ""))
    assert caught.value.hint
