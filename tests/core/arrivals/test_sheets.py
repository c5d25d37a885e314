"""Prescription sheets: labelled fields of HTML and PDF."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from casepan.arrivals.sheets import Read, SheetLabels, fields_of, sheet_text, with_sheets
from casepan.model.case import Patient
from casepan.model.finding import Finding
from casepan.model.prescription import Prescription
from casepan.running.context import Bench
from casepan.testing import pdf_sheet

LABELS = SheetLabels(
    marks=("Case Sheet",),
    labels={
        "reference": ("Order Number",),
        "due": ("Date Due",),
        "practice": ("Practice",),
        "patient": ("Patient",),
        "chart": ("Chart",),
        "doctor": ("Dentist",),
    },
)
LINES = (
    "CORE Case Sheet",
    "Order Number: 9ABCDEF1",
    "Date Due: 2026-01-31",
    "Practice:",
    "Park Dental (Süd)",
    "Patient: Doe",
)
HTML = """<html><head><title>Case Sheet</title><style>Practice: x</style></head><body>
<table><tr><td>Order Number</td><td>9ABCDEF1</td><td>Chart</td><td>17</td></tr>
<tr><th>Practice:</th><td> Park&nbsp;&amp; Sons </td></tr></table><p>Date Due:<br>31.01.2026</p>
<script>Patient: Evil</script></body></html>"""
Taken = tuple[Prescription, Patient, tuple[Finding, ...]]
Take = Callable[..., Taken]


@pytest.fixture
def take(tmp_path: Path) -> Take:
    """Read sheets given as name to bytes into an order."""

    def read(order: Prescription, patient: Patient, labels: SheetLabels = LABELS, **sheets: bytes) -> Taken:
        paths = [name.replace("_", ".") for name in sheets]
        for path, content in zip(paths, sheets.values(), strict=True):
            (tmp_path / path).write_bytes(content)
        with Bench.at(tmp_path) as bench:
            return with_sheets(bench.importing("core.generic"), paths, labels, order, patient)

    return read


def test_a_pdf_fills_what_the_order_leaves_open(take: Take) -> None:
    """Each field knows that it comes from a sheet, how sure it is, and a person is asked to compare."""
    order, patient, findings = take(Prescription(practice="From the file"), Patient(), a_pdf=pdf_sheet(LINES))
    assert (order.reference, order.due, order.practice) == ("9ABCDEF1", date(2026, 1, 31), "From the file")
    assert order.provenance == {"reference": "pdf", "due": "pdf"}
    assert patient.name == "Doe"
    assert order.raw["sheet"] == {"reference": "certain", "due": "certain", "patient": "certain"}
    assert [(finding.code, finding.severity) for finding in findings] == [("rx.from-sheet", "info")]
    assert "Doe" not in findings[0].message


def test_a_value_below_its_label_is_less_sure(take: Take) -> None:
    """``Practice:`` alone on a line, its value on the next one."""
    order, _, _ = take(Prescription(), Patient(), a_pdf=pdf_sheet(LINES))
    assert (order.practice, order.raw["sheet"]["practice"]) == ("Park Dental (Süd)", "likely")


def test_html_is_read_as_people_see_it(take: Take) -> None:
    """Cells beside labels, several labels in a row, line breaks; scripts and styles are nothing."""
    order, patient, _ = take(Prescription(), Patient(), a_html=HTML.encode())
    assert (order.reference, order.practice, order.due) == ("9ABCDEF1", "Park & Sons", date(2026, 1, 31))
    assert (patient.name, patient.reference) == (None, "17")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_sheets_come_in_many_encodings(encoding: str) -> None:
    """Umlauts survive."""
    assert "Süd" in sheet_text("<p>Practice: Süd</p>".encode(encoding), "html")


def test_another_paper_is_left_alone(take: Take) -> None:
    """Without the words of such a sheet nothing is read, whatever labels it has."""
    order, patient, findings = take(Prescription(), Patient(), a_pdf=pdf_sheet(("Invoice", "Practice: Park")))
    assert (order, patient, findings) == (Prescription(), Patient(), ())


BROKEN = [
    b"",
    b"%PDF-1.4 sheet",
    pdf_sheet(LINES)[:300],
    b"%PDF-1.7\n" + bytes(500),
    pdf_sheet(LINES).replace(b"/Pages", b"/Rages"),
]


@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_pdf_is_only_attached(content: bytes, take: Take) -> None:
    """No error, no guess."""
    order, _, findings = take(Prescription(), Patient(), a_pdf=content)
    assert (order, findings) == (Prescription(), ())


@pytest.mark.parametrize("content", [b"<![", b"<!DOCTYPE [<!ENTITY a 'b'>", b"<" * 500, b"\xff\xfe\x00"])
def test_broken_html_has_no_fields(content: bytes) -> None:
    """Whatever the parser meets, it answers."""
    assert fields_of(sheet_text(content, "html"), LABELS) == {}


def test_without_pypdf_a_pdf_has_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is optional: the sheet stays attached."""
    assert sheet_text(pdf_sheet(LINES), "pdf")
    monkeypatch.setitem(sys.modules, "pypdf", None)
    assert sheet_text(pdf_sheet(LINES), "pdf") == ""


def test_other_suffixes_are_no_sheets() -> None:
    """XPS and pictures are attached, not read."""
    assert sheet_text(b"<p>Case Sheet</p>", "xps") == ""


def test_an_order_that_says_otherwise_stays(take: Take) -> None:
    """Days and numbers are compared; the finding quotes neither."""
    order, _, findings = take(Prescription(reference="R-9999", due=date(2026, 2, 1)), Patient(), a_pdf=pdf_sheet(LINES))
    assert (order.reference, order.due) == ("R-9999", date(2026, 2, 1))
    assert [finding.code for finding in findings] == ["rx.from-sheet", "rx.conflict", "rx.conflict"]
    assert not any("9999" in finding.message or "ABCDEF" in finding.message for finding in findings)


DAYS = [
    ("2026-01-31", None, date(2026, 1, 31)),
    ("31. 1. 2026", None, date(2026, 1, 31)),
    ("01/31/2026 12:00", None, date(2026, 1, 31)),
    ("31/01/2026", None, date(2026, 1, 31)),
    ("05/05/2026", None, date(2026, 5, 5)),
    ("02/03/2026", None, None),
    ("02/03/2026", "mdy", date(2026, 2, 3)),
    ("02/03/2026", "dmy", date(2026, 3, 2)),
    ("31/31/2026", None, None),
    ("soon", None, None),
]


@pytest.mark.parametrize(("text", "order", "day"), DAYS)
def test_a_day_that_could_be_two_is_none(text: str, order: str | None, day: date | None, take: Take) -> None:
    """Unless the ecosystem's way to write days is known."""
    labels = SheetLabels(LABELS.marks, LABELS.labels, order)  # type: ignore[arg-type]
    read, _, _ = take(Prescription(), Patient(), labels, a_pdf=pdf_sheet(("Case Sheet", f"Date Due: {text}")))
    assert read.due == day


def test_the_next_label_is_no_value() -> None:
    """An empty field is empty."""
    fields = fields_of("Case Sheet\nPractice:\nPatient: Doe\nDentist:\n", LABELS)
    assert fields == {"patient": Read("Doe")}


def test_a_sentence_with_the_label_in_it_is_no_field() -> None:
    """Labels stand at the start of a line or cell, with a colon or a cell's border behind."""
    assert fields_of("Case Sheet\nThe Practice: Park\nPractice makes perfect\n", LABELS) == {}


def test_a_number_that_is_none_is_left_out(take: Take) -> None:
    """An order number has at least five letters or digits."""
    order, _, findings = take(Prescription(), Patient(), a_pdf=pdf_sheet(("Case Sheet", "Order Number: none")))
    assert (order.reference, findings) == (None, ())


def test_what_repr_shows_names_nobody() -> None:
    """Values of sheets are private."""
    assert "Doe" not in repr(Read("Doe"))
