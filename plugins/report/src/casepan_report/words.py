"""The words of the model for people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from casepan.api import Case, Finding, Scan, WorkItem, to_universal
from casepan_report.options import Notation

VERDICTS: Mapping[str, str] = {"accept": "Ready", "review": "Needs a look", "reject": "Stop"}
SEVERITIES: Mapping[str, str] = {"error": "Error", "warning": "Warning", "info": "Note"}
RANK = ("error", "warning", "info")

_KINDS: Mapping[str, str] = {"post-core": "post and core", "waxup": "wax-up", "other": "other work"}
_MATERIALS: Mapping[str, str] = {
    "lithium-disilicate": "lithium disilicate",
    "pmma": "PMMA",
    "cobalt-chrome": "cobalt-chrome",
    "peek": "PEEK",
    "unknown": "material not stated",
    "other": "other material",
}
_ROLES: Mapping[str, str] = {
    "arch": "scan",
    "preop": "pre-operative scan",
    "scanbody": "scan body",
    "edentulous": "ridge",
    "waxup": "wax-up",
    "other": "other scan",
}
_SOURCES: Mapping[str, str] = {
    "file": "from the order",
    "name": "from a file name",
    "pdf": "from the PDF",
    "rx": "from the rx file",
    "practice": "usual for this practice",
    "lab": "set in the laboratory",
}
_TEETH = re.compile(r"\b(tooth|teeth|unit|units)((?:[ ,]+(?:and )?\d\d\b)+)")


def kind(item: WorkItem) -> str:
    """``"implant crown"``."""
    return _KINDS.get(item.kind, item.kind.replace("-", " "))


def material(item: WorkItem) -> str:
    """The material, in the order's own words where the model has none for it."""
    if item.material in ("unknown", "other") and item.material_text:
        return item.material_text
    return _MATERIALS.get(item.material, item.material)


def shade(item: WorkItem) -> str:
    """Shade and guide: ``"A2 (VITA Classical)"``, empty without one."""
    return f"{item.shade} ({item.shade_guide})" if item.shade and item.shade_guide else item.shade or ""


def implant(item: WorkItem) -> str:
    """Manufacturer, system and platform, empty without an implant."""
    if item.implant is None:
        return ""
    parts = (item.implant.manufacturer, item.implant.system, item.implant.platform)
    return " ".join(part for part in parts if part) or "implant, not named"


def scan(of: Scan) -> str:
    """``"Upper preparation"``, ``"Bite 2"``, ``"Upper scan (raw)"``."""
    arch = "" if of.arch in (None, "both") else f"{of.arch} "
    name = f"{arch}{_ROLES.get(of.role, of.role)}{f' {of.number}' if of.number is not None else ''}"
    return f"{capital(name)}{f' ({of.variant})' if of.variant else ''}"


def source(of: Mapping[str, str], *fields: str) -> str:
    """Where the values of these fields come from, empty when nobody said."""
    found = dict.fromkeys(_SOURCES.get(of[field], of[field]) for field in fields if field in of)
    return ", ".join(found)


def tooth(number: int, notation: Notation) -> str:
    """A tooth in the notation of the report."""
    return to_universal(number) if notation == "universal" else str(number)


def teeth(numbers: Iterable[int], notation: Notation) -> str:
    """Teeth in the notation of the report: ``"14, 15, 16"``."""
    return ", ".join(tooth(number, notation) for number in numbers)


def sentence(text: str, of: Iterable[int], notation: Notation) -> str:
    """A sentence of a finding with its teeth in the notation of the report; other numbers stay as they are."""
    known = {str(number): tooth(number, notation) for number in of}
    if notation == "fdi" or not known:
        return text
    return _TEETH.sub(
        lambda found: found[1] + re.sub(r"\d\d", lambda number: known.get(number[0], number[0]), found[2]), text
    )


def capital(text: str) -> str:
    """The text with its first letter large."""
    return text[:1].upper() + text[1:]


def number(value: float) -> str:
    """Three digits that count: ``"0.123"``, ``"12.3"``, ``"1,230"``."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def measured(finding: Finding) -> str:
    """``"2.1 mm, limit 1 mm"``, empty without a value."""
    if finding.value is None:
        return ""
    unit = f" {finding.unit}" if finding.unit else ""
    limit = f", limit {number(finding.limit)}{unit}" if finding.limit is not None else ""
    return f"{number(finding.value)}{unit}{limit}"


def day(of: date) -> str:
    """``"Thu 26 Nov 2026"``, the same in every locale."""
    weekdays = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{weekdays[of.weekday()]} {of.day} {months[of.month - 1]} {of.year}"


def moment(of: datetime) -> str:
    """``"Thu 26 Nov 2026, 14:05 UTC"``; a time without a zone says none."""
    zone = of.tzname() if of.tzinfo else ""
    return f"{day(of.date())}, {of:%H:%M}{f' {zone}' if zone else ''}"


def count(number: int, one: str, many: str | None = None) -> str:
    """``"1 finding"``, ``"2 findings"``."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def patient(case: Case) -> str:
    """The patient's name as people write it, empty when it is not known."""
    who = case.patient
    return who.name or " ".join(part for part in (who.first, who.last) if part)


def practice(case: Case) -> str:
    """The client: the laboratory's own name for it, else the order's words."""
    known = case.client.name or case.client.id if case.client else case.practice
    return known or case.prescription.practice or ""


def notation_of(case: Case, wanted: Notation | None) -> Notation:
    """The notation asked for, else the practice's own."""
    if wanted is not None:
        return wanted
    return "universal" if case.client is not None and case.client.notation == "universal" else "fdi"
