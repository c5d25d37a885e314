"""Packages: what exporters share."""

from __future__ import annotations

import errno
import json
import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from casepan.api import PackageFile, Seal, deliver_folder, deliver_zip, probe_folder, probe_zip
from casepan.errors import DeliveryError, DeliveryRefused
from casepan.running.context import Bench, Errand, SendingContext
from casepan.testing import FaultyFolder

FILES = (PackageFile("Scans/Upper/a.stl", b"upper" * 300, "scan"), PackageFile("b.txt", b"text"))
WAYS: dict[str, tuple[Callable[..., Any], Callable[..., Any], str]] = {
    "folder": (deliver_folder, probe_folder, ""),
    "zip": (deliver_zip, probe_zip, ".zip"),
}


@pytest.fixture
def ctx(tmp_path: Path) -> Iterator[SendingContext]:
    """The context of one delivery."""
    (tmp_path / "source").mkdir()
    with Bench.at(tmp_path / "source", base=tmp_path) as bench:
        yield bench.sending("core.folder", "export", Errand("key-1", "K7Q2-M4"))


def members(path: Path) -> dict[str, bytes]:
    """Path to bytes of a delivered folder or zip."""
    if path.is_dir():
        return {one.relative_to(path).as_posix(): one.read_bytes() for one in path.rglob("*") if one.is_file()}
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("way", WAYS)
def test_subfolders_and_a_hidden_seal(way: str, ctx: SendingContext, tmp_path: Path) -> None:
    """Files lie where they are wanted; the seal names key and checksums and is out of the way."""
    deliver, _, suffix = WAYS[way]
    receipt = deliver(ctx, "out", FILES)
    found = members(tmp_path / "out" / f"K7Q2-M4{suffix}")
    assert set(found) == {"Scans/Upper/a.stl", "b.txt", ".casepan.json"}
    seal = json.loads(found[".casepan.json"])
    assert (seal["key"], seal["schema"]) == ("key-1", 1)
    assert {item["name"]: item["sha256"] for item in seal["files"]} == dict(receipt.files)


@pytest.mark.parametrize("way", WAYS)
def test_a_package_can_have_a_name_of_its_own(way: str, ctx: SendingContext, tmp_path: Path) -> None:
    """Probe and delivery agree on it."""
    deliver, probe, suffix = WAYS[way]
    deliver(ctx, "out", FILES, name="Export_K7Q2-M4", seal=Seal("list.json", {"who": "me"}))
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"Export_K7Q2-M4{suffix}"]
    assert probe(ctx, "out", name="Export_K7Q2-M4", seal="list.json") is not None
    assert probe(ctx, "out") is None


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["../a.stl", "a\\b.stl", "CON.stl", "", "a//b", "B.TXT", ".casepan.json", "a. /b"])
def test_names_that_not_every_system_takes_are_refused(
    way: str, name: str, ctx: SendingContext, tmp_path: Path
) -> None:
    """Nothing is written outside the package, and nothing that would vanish elsewhere."""
    with pytest.raises(DeliveryRefused):
        WAYS[way][0](ctx, "out", (*FILES, PackageFile(name, b"x")))
    assert FaultyFolder(tmp_path / "out").visible() == {}
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seal", [b"", b"[]", b'{"key": "key-1"}', b'{"key": "key-1", "files": [1, {}]}'])
def test_a_damaged_seal_is_no_delivery(way: str, seal: bytes, ctx: SendingContext, tmp_path: Path) -> None:
    """Whatever lies there, a probe answers instead of failing."""
    target = tmp_path / "out" / f"K7Q2-M4{WAYS[way][2]}"
    target.parent.mkdir()
    if way == "zip":
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr(".casepan.json", seal)
    else:
        target.mkdir()
        (target / ".casepan.json").write_bytes(seal)
    assert WAYS[way][1](ctx, "out") is None


@pytest.mark.parametrize("way", WAYS)
def test_a_seal_that_was_altered_on_its_way_is_noticed(way: str, ctx: SendingContext, tmp_path: Path) -> None:
    """Without it no probe would ever find the delivery."""
    folder = FaultyFolder(tmp_path / "out")
    more = Seal(more={"words": "x" * 2_000})
    with folder.altering(), pytest.raises(DeliveryError):
        WAYS[way][0](ctx, "out", (PackageFile("a.txt", b"short"),), seal=more)
    assert folder.visible() == {}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("owned", "left"), [(True, []), (False, [".part"])])
def test_a_failed_delivery_leaves_nothing_unless_somebody_else_is_at_it(
    way: str, owned: bool, left: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk needs the room of a half-written package; whoever lost the case may not touch the other's."""
    deliver, _, suffix = WAYS[way]

    def full(handle: int) -> None:
        if stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    (tmp_path / "source").mkdir()
    with Bench.at(tmp_path / "source", base=tmp_path) as bench:
        ctx = bench.sending("core.folder", "export", Errand("key-1", "K7Q2-M4", fence_ok=lambda: owned))
        with pytest.raises(DeliveryError, match="No space left"):
            deliver(ctx, "out", FILES)
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"K7Q2-M4{suffix}{end}" for end in left]
