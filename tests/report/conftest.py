"""A case with one of everything, reports on it, and a browser to look at them."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from PIL import Image

from casepan.api import (
    Answer,
    Attachment,
    Case,
    CaseKey,
    Change,
    Decision,
    Desk,
    Finding,
    Implant,
    Origin,
    Patient,
    Practice,
    PracticeDefaults,
    Prescription,
    Receipt,
    Scan,
    WorkItem,
)
from casepan.running.context import Bench, Errand
from casepan.testing import pdf_sheet, scan_bytes, small_scan
from casepan_report.contents import Report, gather, with_pictures
from casepan_report.options import ReportOptions
from casepan_report.page import page
from casepan_report.showing import viewer_part_of

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
REF = "K7Q2-M4"
Written = Callable[..., str]


def photo() -> bytes:
    """A small JPEG whose metadata names a person."""
    stream = io.BytesIO()
    tags = Image.Exif()
    tags[0x013B] = "Jane Sentinella"
    Image.new("RGB", (64, 48), (180, 120, 110)).save(stream, "JPEG", exif=tags)
    return stream.getvalue()


@pytest.fixture(scope="session")
def arrival(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three scans, a photo and a sheet on disk, under names that tell the patient."""
    folder = tmp_path_factory.mktemp("arrival")
    for role in ("upper", "lower", "bite"):
        (folder / f"Sentinella {role}.ply").write_bytes(scan_bytes(small_scan(role), "ply"))
    (folder / "Sentinella smile.jpg").write_bytes(photo())
    (folder / "Sentinella order.pdf").write_bytes(pdf_sheet(["Order of Jane Sentinella"]))
    return folder


@pytest.fixture(scope="session")
def bench(arrival: Path) -> Iterator[Bench]:
    """The arrival opened once for all tests: its meshes are read once."""
    with Bench.at(arrival, clock=lambda: NOON) as opened:
        yield opened


@pytest.fixture(scope="session")
def case(bench: Bench) -> Case:
    """A bridge, an inlay and an implant crown, with findings, decisions and a history."""
    return Case(
        REF,
        CaseKey("trios", "Sentinella 17"),
        Origin("trios.order", "certain", evidence=("an order of Sentinella",), arrival="Sentinella", pipeline="crowns"),
        revision=2,
        digest="d" * 64,
        received_at=NOON,
        patient=Patient(name="Jane Sentinella", first="Jane", last="Sentinella", reference="P-17"),
        scans=scans(bench),
        prescription=order(),
        attachments=(
            Attachment("picture-1", bench.reference("Sentinella smile.jpg"), "picture"),
            Attachment("document-1", bench.reference("Sentinella order.pdf"), "document"),
        ),
        findings=findings(),
        client=Practice(
            "park",
            "Practice at the Park",
            phone="+49 1",
            defaults=PracticeDefaults("VITA Classical", {"crown": "zirconia"}, "Contacts light."),
            ship_days=(1, 3),
        ),
        desk=desk(),
    )


def scans(bench: Bench) -> tuple[Scan, ...]:
    """Upper preparation, lower antagonist, a bite, and a scan that only the vendor can read."""

    def file(role: str) -> Any:
        return bench.reference(f"Sentinella {role}.ply")

    return (
        Scan("upper-preparation", "preparation", "upper", file=file("upper"), format="ply", frame="order"),
        Scan("lower-antagonist", "antagonist", "lower", file=file("lower"), format="ply", frame="order"),
        Scan("bite-1", "bite", None, file=file("bite"), number=1, format="ply", frame="order"),
        Scan("upper-preop", "preop", "upper", file=file("upper"), format="dxd", readable=False),
    )


def order() -> Prescription:
    """What is ordered, with words of three people in it."""
    items = (
        WorkItem("1", (14,), "crown", "b", "zirconia", shade="A3", shade_guide="VITA Classical", stump_shade="ND3"),
        WorkItem("2", (15,), "pontic", "b", "zirconia", pontic_design="ovate"),
        WorkItem("3", (16,), "crown", "b", "zirconia", provenance={"shade": "pdf", "teeth": "file"}),
        WorkItem("4", (24,), "inlay", material="other", material_text="Sentinella's favourite"),
        WorkItem("5", (36,), "implant-crown", implant=Implant("Acme", "Bone", "RP"), scan_body="SB-1"),
    )
    return Prescription(
        items,
        reference="Sentinella 17",
        due=date(2026, 12, 1),
        appointment=datetime(2026, 12, 4, 9, 30),
        rush=True,
        doctor="Dr. Vera Dentatus",
        practice="Park",
        physical=("impression", "shade tab"),
        notes="Please call.\nThank you.",
        provenance={"due": "file", "notes": "pdf"},
    )


def findings() -> tuple[Finding, ...]:
    """An error with a place, a warning with teeth, a note."""
    where = small_scan("upper").vertices
    top = where[where[:, 2].argmin()].tolist()  # the upper scan looks down
    return (
        Finding("arrival.assumed", "info", "taken for upper arch by its name", scan="upper-preparation"),
        Finding(
            "mesh.hole", "error", "a hole of 2.1 mm at tooth 14", "upper-preparation", tuple(top), 2.1, 1.0, "mm", (14,),
            hint="Ask the office to scan this place again.",
        ),
        Finding("implant.unknown", "warning", "the implant at tooth 36 is not known here", teeth=(36,), hint="Add it."),
    )  # fmt: skip


def desk() -> Desk:
    """The laboratory's own knowledge."""
    return Desk(
        number="26-00417",
        due=date(2026, 11, 30),
        late_risk=True,
        assignee="Anna",
        department="ceramics",
        answers=(Answer("item.1.teeth", "14", "Anna", NOON, "rang them up"),),
        decisions=(Decision("contact", "Anna", NOON, "left a message"),),
        changes=(
            Change("scan", "lower-antagonist", "changed", distance_mm=0.4),
            Change("field", "item.1.shade", "changed", "A2", "A3"),
        ),
    )


@pytest.fixture(scope="session")
def gathered(bench: Bench) -> Callable[..., Report]:
    """Gathers a report: ``gathered(case, checks="review", variant="lab")``."""

    def make(case: Case, checks: Any = None, receipts: Any = None, **options: Any) -> Report:
        receipt = Receipt("key", "/lab/cad/K7Q2-M4", NOON, {"verified": "read back"})
        told = Errand("key", REF, verdict=checks, receipts={"cad": receipt} if receipts is None else receipts)
        chosen = ReportOptions(**{"variant": "lab", "viewer": False, **options})
        ctx = bench.sending("report.html", "report", told)
        return with_pictures(gather(case, ctx, chosen), ctx)

    return make


@pytest.fixture(scope="session")
def written(gathered: Callable[..., Report]) -> Written:
    """Writes a report: ``written(case, variant="office")`` is its text."""

    def make(case: Case, **how: Any) -> str:
        report = gathered(case, **how)
        return page(report, viewer_part_of(report) if report.turnable else None).decode("utf-8")

    return make


@pytest.fixture(scope="session")
def whole(written: Written, case: Case) -> str:
    """The laboratory's report of the case, with the viewer."""
    return written(case, checks="reject", viewer=True)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    sync_api = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no Chromium on this machine")
    flags = ["--no-sandbox", "--disable-gpu", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=flags)
        yield started
        started.close()


def without(case: Case, **more: Any) -> Case:
    """The case with other values."""
    return evolve(case, **more)
