"""Labelled fields of prescription sheets: HTML, and PDF with a text layer (extra ``casepan[pdf]``).

A sheet is made for people. What is read from it fills only what the export's own files leave open, and says so: provenance
``"pdf"``, a confidence for each field in ``Prescription.raw["sheet"]``, and a finding that asks to compare. The sheet itself
is always attached.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from html.parser import HTMLParser
from io import BytesIO
from typing import Any, Literal

from attrs import evolve, field, frozen

from casepan.contract.context import ImportContext
from casepan.errors import CaseError
from casepan.model.case import Patient
from casepan.model.finding import Finding
from casepan.model.prescription import Prescription
from casepan.model.vocabulary import Confidence, Provenance

SheetField = Literal["practice", "doctor", "licence", "reference", "due", "ship_to", "notes", "patient", "chart"]
Order = Literal["ymd", "dmy", "mdy"]

LARGEST = 16 * 1024 * 1024
MOST_PAGES = 12
_BLOCKS = frozenset(
    {"br", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "p", "table", "title", "tr"}
)
_CELLS = frozenset({"td", "th", "dd"})
_SILENT = frozenset({"script", "style", "template"})
_ORDER_FIELDS = ("practice", "doctor", "licence", "reference", "due", "ship_to", "notes")
_SHEET: Provenance = "pdf"


@frozen
class SheetLabels:
    """How one ecosystem's sheets are written.

    Attributes:
        marks: a text is such a sheet when it holds one of these; case does not matter.
        labels: field to the labels that stand before or above its value, without colon.
        dates: how days are written where the digits leave it open; None when the sheets do not say.
    """

    marks: tuple[str, ...]
    labels: Mapping[SheetField, tuple[str, ...]]
    dates: Order | None = None


@frozen
class Read:
    """One value of a sheet: ``certain`` beside its label, ``likely`` on the line below it."""

    text: str = field(repr=False)
    confidence: Confidence = "certain"


def with_sheets(
    ctx: ImportContext, paths: Iterable[str], labels: SheetLabels, prescription: Prescription, patient: Patient
) -> tuple[Prescription, Patient, tuple[Finding, ...]]:
    """Order and patient, with what the sheets among these files say where nothing else does.

    Args:
        paths: files of the arrival that may be sheets; what cannot be read is left alone.
        labels: the ecosystem's words.

    Returns:
        The order (fields with provenance ``"pdf"``), the patient, and findings: ``rx.from-sheet`` when something was taken,
        ``rx.conflict`` where sheet and order name different days or order numbers.
    """
    values: dict[SheetField, Read] = {}
    for path in paths:
        for name, value in fields_of(_text_of(ctx, path), labels).items():
            values.setdefault(name, value)
    known = {name: parsed for name, value in values.items() if (parsed := _value(name, value.text, labels.dates))}
    order, taken = _filled(prescription, known)
    person, named = _named(patient, known)
    shown = {name: values[name].confidence for name in (*taken, *named)}
    if shown:
        order = evolve(order, raw={**order.raw, "sheet": shown})
    return order, person, (*_asked(shown), *_conflicts(prescription, known))


def fields_of(text: str, labels: SheetLabels) -> Mapping[SheetField, Read]:
    """The labelled fields in the text of a sheet; empty when it is no such sheet."""
    plain = text.casefold()
    if not any(mark.casefold() in plain for mark in labels.marks):
        return {}
    split = ([" ".join(cell.split()) for cell in line.split("\t")] for line in text.splitlines())
    rows = [cells for row in split if (cells := [cell for cell in row if cell])]
    words = {word.casefold() for spelled in labels.labels.values() for word in spelled}
    found: dict[SheetField, Read] = {}
    for name, spelled in labels.labels.items():
        if value := next(_values(rows, spelled, words), None):
            found[name] = value
    return found


def sheet_text(content: bytes, suffix: str) -> str:
    """The text of a sheet, lines as people see them, cells parted by tabs; empty when there is none to be had.

    Args:
        suffix: ``"html"``, ``"htm"`` or ``"pdf"``. Without pypdf a PDF has no text.
    """
    if suffix in ("html", "htm"):
        return _html_text(content)
    return _pdf_text(content) if suffix == "pdf" else ""


def _text_of(ctx: ImportContext, path: str) -> str:
    try:
        file = ctx.file(path)
        return sheet_text(ctx.read(file), file.suffix) if file.size <= LARGEST else ""
    except CaseError:
        return ""  # a sheet in a damaged zip: whoever reads the order will say so


def _values(rows: list[list[str]], spelled: Iterable[str], words: Iterable[str]) -> Iterator[Read]:
    """Values beside one of the labels, in the same cell or the next one, or on the line below a label that ends its row."""
    labels = "|".join(re.escape(label) for label in spelled)
    for number, row in enumerate(rows):
        for index, cell in enumerate(row):
            found = re.fullmatch(rf"(?:{labels})(?:\s*:\s*(?P<value>.*))?", cell, re.IGNORECASE)
            if found is None:
                continue
            last = index + 1 == len(row)
            below = rows[number + 1][0] if last and number + 1 < len(rows) else ""
            value, sure = found["value"] or ("" if last else row[index + 1]), True
            if not value:
                value, sure = below, False
            if value and not _is_label(value, words):
                yield Read(value, "certain" if sure else "likely")


def _is_label(text: str, words: Iterable[str]) -> bool:
    start = text.casefold()
    return any(re.match(rf"{re.escape(word)}\s*(?::|$)", start) for word in words)


def _value(name: SheetField, text: str, dates: Order | None) -> Any:
    if name == "due":
        return _day(text, dates)
    if name == "reference":
        found = re.match(r"#?\s*([A-Za-z0-9][A-Za-z0-9-]{4,})", text)
        return found[1] if found else None
    return text


def _day(text: str, order: Order | None) -> date | None:
    """A day; one that could be two different days is none, unless the ecosystem's order is known."""
    if found := re.search(r"(\d{4})-(\d{1,2})-(\d{1,2})", text):
        return _made(found[1], found[2], found[3])
    if found := re.search(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})", text):
        return _made(found[3], found[2], found[1])
    found = re.search(r"(\d{1,2})/(\d{1,2})/(\d{4})", text)
    if found is None:
        return None
    days = {"mdy": _made(found[3], found[1], found[2]), "dmy": _made(found[3], found[2], found[1])}
    if order in days:
        return days[order]
    possible = {day for day in days.values() if day}
    return possible.pop() if len(possible) == 1 else None


def _made(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _filled(order: Prescription, known: Mapping[SheetField, Any]) -> tuple[Prescription, list[SheetField]]:
    free: list[SheetField] = [n for n in known if n in _ORDER_FIELDS and getattr(order, n) in (None, "")]
    told: dict[str, Provenance] = {**order.provenance, **dict.fromkeys(free, _SHEET)}
    taken: dict[str, Any] = {name: known[name] for name in free}
    return evolve(order, **taken, provenance=told), free


def _named(patient: Patient, known: Mapping[SheetField, Any]) -> tuple[Patient, list[SheetField]]:
    taken: list[SheetField] = []
    if "patient" in known and not (patient.name or patient.last):
        patient, taken = evolve(patient, name=known["patient"]), ["patient"]
    if "chart" in known and not patient.reference:
        patient, taken = evolve(patient, reference=known["chart"]), [*taken, "chart"]
    return patient, taken


def _asked(shown: Mapping[SheetField, Confidence]) -> Iterator[Finding]:
    if shown:
        words = ", ".join({"due": "due day", "ship_to": "address", "chart": "chart number"}.get(n, n) for n in shown)
        message = f"read from the prescription sheet, because no other file says it: {words}"
        yield Finding("rx.from-sheet", "info", message, hint="Compare it with the sheet, which is attached.")


def _conflicts(order: Prescription, known: Mapping[SheetField, Any]) -> Iterator[Finding]:
    """Days and numbers only: names are written in too many ways to be compared."""
    for name, words in (("due", "the due day"), ("reference", "the order number")):
        ours, theirs = getattr(order, name), known.get(name)  # type: ignore[call-overload]
        if ours and theirs and ours != theirs:
            message = f"{words} differs between the order and the prescription sheet"
            hint = "The order stays. Ask the practice which one is right."
            yield Finding("rx.conflict", "warning", message, hint=hint)


def _html_text(content: bytes) -> str:
    parser = _Text()
    try:
        parser.feed(_decoded(content))
        parser.close()
    except (AssertionError, ValueError):  # what html.parser raises for broken declarations
        return ""
    return "".join(parser.parts)


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


class _Text(HTMLParser):
    """Gathers what a browser shows: blocks on lines of their own, cells parted by tabs."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.silent += tag in _SILENT
        self._part(tag)

    def handle_endtag(self, tag: str) -> None:
        self.silent = max(0, self.silent - (tag in _SILENT))
        self._part(tag)

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(" ".join(data.split()) and re.sub(r"\s+", " ", data))

    def _part(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n")
        elif tag in _CELLS:
            self.parts.append("\t")


def _pdf_text(content: bytes) -> str:
    extract = _extractor()
    if extract is None:
        return ""
    try:
        return extract(content)
    except Exception as error:  # pypdf raises whatever a broken file leads it into; the sheet stays attached
        logging.getLogger("casepan.arrivals").info("a PDF cannot be read: %s", type(error).__name__)
        return ""


def _extractor() -> Callable[[bytes], str] | None:
    """Text out of a PDF, None without pypdf. See ``docs/adr/0011-pypdf.md``."""
    try:
        from pypdf import PdfReader
    except ImportError:
        return None
    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it warns about every small flaw, quoting the file

    def extract(content: bytes) -> str:
        reader = PdfReader(BytesIO(content))
        return "\n".join(page.extract_text() for page in reader.pages[:MOST_PAGES])

    return extract
