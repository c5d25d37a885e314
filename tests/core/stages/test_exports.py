"""``core.folder`` and ``core.zip``: complete and proven, or not there at all."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from casepan.errors import DeliveryError, DeliveryRefused, FenceLost
from casepan.model.case import Case, Patient
from casepan.model.files import Attachment, ClosedFile
from casepan.model.prescription import Prescription, WorkItem
from casepan.running.context import Bench, Errand
from casepan.stages.folder import FolderExport, FolderOptions
from casepan.stages.zip import ZipExport, ZipOptions
from casepan.testing import scan_bytes, small_scan

from .conftest import MakeBench, case_of

EXPORTS: dict[str, tuple[Callable[..., Any], str]] = {
    "folder": (lambda **options: FolderExport(FolderOptions(**options)), "K7Q2-M4"),
    "zip": (lambda **options: ZipExport(ZipOptions(**options)), "K7Q2-M4.zip"),
}


@pytest.fixture
def bench(bench_of: MakeBench) -> Bench:
    """Two scans, a document and a closed file, with a telling name."""
    files = {f"{role}.stl": scan_bytes(small_scan(role), "stl") for role in ("upper", "lower")}
    return bench_of({**files, "Sentinella order.pdf": b"%PDF", "Sentinella.dxd": b"PK"})


@pytest.fixture
def case(bench: Bench) -> Case:
    """A case with a patient."""
    return case_of(
        bench,
        ("upper.stl", "arch", "upper"),
        ("lower.stl", "arch", "lower"),
        patient=Patient(name="Sentinella"),
        prescription=Prescription(items=(WorkItem("1", teeth=(24,), kind="crown"),), notes="Sentinella is nervous"),
        attachments=(Attachment("attachment-1", bench.reference("Sentinella order.pdf"), "prescription sheet"),),
        closed=(ClosedFile(bench.reference("Sentinella.dxd"), "dxd", "download as .stl"),),
    )


def errand(key: str = "key-1", place: str = "K7Q2-M4", **more: Any) -> Errand:
    """What the runner tells an exporter."""
    return Errand(key, place, **more)


def content(path: Path) -> dict[str, bytes]:
    """Name to bytes of a delivered folder or zip."""
    if path.is_dir():
        return {item.name: item.read_bytes() for item in path.iterdir()}
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("kind", EXPORTS)
def test_everything_arrives_with_a_manifest(kind: str, bench: Bench, case: Case, tmp_path: Path) -> None:
    """Scans, documents and closed files, byte for byte, under neutral names, with checksums that fit."""
    make, name = EXPORTS[kind]
    receipt = make(attachments=True).deliver(case, bench.sending(f"core.{kind}", kind, errand()))
    delivered = content(tmp_path / "out" / name)
    assert set(delivered) == {
        "K7Q2-M4-upper.stl",
        "K7Q2-M4-lower.stl",
        "K7Q2-M4-attachment-1.pdf",
        "K7Q2-M4-closed-1.dxd",
        "manifest.json",
    }
    assert delivered["K7Q2-M4-upper.stl"] == (tmp_path / "source" / "upper.stl").read_bytes()
    manifest = json.loads(delivered["manifest.json"])
    assert {item["name"]: item["sha256"] for item in manifest["files"]} == dict(receipt.files)
    assert manifest["prescription"]["items"][0]["teeth"] == [24]
    assert not list((tmp_path / "out").glob("*.part"))


@pytest.mark.parametrize("kind", EXPORTS)
def test_manifest_receipt_and_probe_say_what_stays_at_home(kind: str, bench: Bench, case: Case, tmp_path: Path) -> None:
    """Each kind of thing with its count, nobody named; nothing when all goes along."""
    make, name = EXPORTS[kind]
    case = evolve(case, scans=(case.scans[0], evolve(case.scans[1], preferred=False)))
    ctx = bench.sending(f"core.{kind}", kind, errand())
    receipt = make(scans="preferred").deliver(case, ctx)
    told = json.loads(content(tmp_path / "out" / name)["manifest.json"])["not_carried"]
    assert told == [
        "variants that are only carried along stay at home: 1",
        "documents and pictures stay at home: 1",
        "fields of the order that may name people stay at home: notes",
        "who the patient is stays at home",
        "files under other names than they came with: 2",
    ]
    assert receipt.proof["not carried"] == "; ".join(told)
    assert make().probe(ctx).proof["not carried"] == "; ".join(told)
    whole = make(path="all", attachments=True, private=True, names="original")
    kept = evolve(case, scans=tuple(evolve(scan, name=scan.file.name) for scan in case.scans))
    whole_receipt = whole.deliver(kept, bench.sending(f"core.{kind}", "all", errand("key-2")))
    assert whole_receipt.proof["not carried"] == "nothing"


@pytest.mark.parametrize("kind", EXPORTS)
def test_no_name_leaves_unless_asked_for(kind: str, bench: Bench, case: Case, tmp_path: Path) -> None:
    """The patient is nowhere in a default delivery, and in the manifest of a private one."""
    make, name = EXPORTS[kind]
    make().deliver(case, bench.sending(f"core.{kind}", kind, errand()))
    delivered = content(tmp_path / "out" / name)
    assert all("Sentinella" not in item and b"Sentinella" not in data for item, data in delivered.items())
    make(path="private", private=True, names="original", attachments=True).deliver(
        case, bench.sending(f"core.{kind}", "p", errand("key-2"))
    )
    told = content(tmp_path / "private" / name)
    assert b"Sentinella is nervous" in told["manifest.json"]
    assert "Sentinella order.pdf" in told


@pytest.mark.parametrize("kind", EXPORTS)
def test_delivering_again_changes_nothing(kind: str, bench: Bench, case: Case, tmp_path: Path) -> None:
    """The same key finds its own delivery and only proves it."""
    make, name = EXPORTS[kind]
    ctx = bench.sending(f"core.{kind}", kind, errand())
    first = make().deliver(case, ctx)
    before = (tmp_path / "out" / name).stat().st_mtime_ns
    assert make().deliver(case, ctx).files == first.files
    assert (tmp_path / "out" / name).stat().st_mtime_ns == before


@pytest.mark.parametrize("kind", EXPORTS)
def test_a_probe_tells_present_absent_and_damaged(kind: str, bench: Bench, case: Case, tmp_path: Path) -> None:
    """Only a complete, undamaged delivery of this key counts."""
    make, name = EXPORTS[kind]
    ctx = bench.sending(f"core.{kind}", kind, errand())
    assert make().probe(ctx) is None
    make().deliver(case, ctx)
    assert make().probe(ctx) is not None
    assert make().probe(bench.sending(f"core.{kind}", kind, errand("other"))) is None
    target = tmp_path / "out" / name
    damaged = target / "K7Q2-M4-upper.stl" if kind == "folder" else target
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 0xFF
    damaged.write_bytes(data)
    assert make().probe(ctx) is None


@pytest.mark.parametrize("kind", EXPORTS)
def test_something_else_at_the_place_is_never_overwritten(kind: str, bench: Bench, case: Case, tmp_path: Path) -> None:
    """What lies there stays; with ``on_existing = "replace"`` it gives way."""
    make, name = EXPORTS[kind]
    make().deliver(case, bench.sending(f"core.{kind}", kind, errand("old")))
    before = content(tmp_path / "out" / name)
    changed = evolve(case, revision=2)
    with pytest.raises(DeliveryRefused):
        make().deliver(changed, bench.sending(f"core.{kind}", kind, errand("new")))
    assert content(tmp_path / "out" / name) == before
    make().deliver(changed, bench.sending(f"core.{kind}", kind, errand("new", replace=True)))
    assert json.loads(content(tmp_path / "out" / name)["manifest.json"])["key"] == "new"
    assert [item.name for item in (tmp_path / "out").iterdir()] == [name]


@pytest.mark.parametrize("kind", EXPORTS)
def test_a_lost_fence_leaves_nothing_behind_the_name(kind: str, bench: Bench, case: Case, tmp_path: Path) -> None:
    """A process that was taken for dead must not commit."""
    make, name = EXPORTS[kind]
    with pytest.raises(FenceLost):
        make().deliver(case, bench.sending(f"core.{kind}", kind, errand(fence_ok=lambda: False)))
    assert not (tmp_path / "out" / name).exists()


@pytest.mark.parametrize("kind", EXPORTS)
def test_a_place_that_cannot_be_written_is_a_retryable_error(
    kind: str, bench: Bench, case: Case, tmp_path: Path
) -> None:
    """A file where the folder should be: say so, try again later."""
    (tmp_path / "out").write_text("in the way", encoding="utf-8")
    with pytest.raises(DeliveryError) as caught:
        EXPORTS[kind][0]().deliver(case, bench.sending(f"core.{kind}", kind, errand()))
    assert caught.value.retryable
    assert caught.value.hint


def test_equal_cases_make_equal_zips(bench: Bench, case: Case, tmp_path: Path) -> None:
    """The zip has no clock in it."""
    for folder in ("a", "b"):
        ZipExport(ZipOptions(path=folder)).deliver(case, bench.sending("core.zip", folder, errand()))  # type: ignore[arg-type]
    assert (tmp_path / "a" / "K7Q2-M4.zip").read_bytes() == (tmp_path / "b" / "K7Q2-M4.zip").read_bytes()


def test_variants_can_stay_at_home(bench: Bench, case: Case, tmp_path: Path) -> None:
    """``scans = "preferred"`` leaves out what is only carried along; documents stay too, and the manifest says so."""
    upper, lower = case.scans
    slim = evolve(case, scans=(upper, evolve(lower, preferred=False)), closed=())
    options = FolderOptions(scans="preferred")
    FolderExport(options).deliver(slim, bench.sending("core.folder", "f", errand()))
    target = tmp_path / "out" / "K7Q2-M4"
    assert sorted(path.name for path in target.iterdir()) == ["K7Q2-M4-upper.stl", "manifest.json"]
    (left,) = json.loads((target / "manifest.json").read_text("utf-8"))["attachments"]
    assert (left["id"], left["name"]) == ("attachment-1", None)
