"""What Primescan says about a case: ``DentalCase.xml``, and teeth that practices write into file names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from attrs import field, frozen

from casepan.api import Arch, CaseError, Patient, Prescription, Provenance, WorkItem, from_fdi

NIL = "00000000-0000-0000-0000-000000000000"
# Possessive, so that a list with a strange end (a range, three digits) is left alone instead of read by half.
MARKED = re.compile(r"#\s*(\d\d(?:(?:\s*[,;+&/]\s*#?|\s+#)\d\d)*+)(?!\d)(?!-\d\d(?!\d))")


@frozen
class CaseRecord:
    """What a ``DentalCase.xml`` says. The date of birth is never read.

    Attributes:
        guid: identity of the case, upper case, equal when it is exported again; None when absent.
        scanned_at: latest time in the file history, UTC.
        dentist: free text: a clinic, a name written twice, or just a number.
        device: text of the scanner; models: names of the 3D models inside (``"UpperJaw"``, ``"ScanbodyUpper"`` …).
        teeth: FDI teeth of restorations that were set in the software, often none.
        restorations: the types of restorations as the software names them.
    """

    guid: str | None = None
    patient: Patient = field(factory=Patient, repr=False)
    dentist: str | None = field(default=None, repr=False)
    scanned_at: datetime | None = None
    device: str | None = None
    models: tuple[str, ...] = ()
    teeth: tuple[int, ...] = ()
    restorations: tuple[str, ...] = ()

    @property
    def arch(self) -> Arch | None:
        """Which arches the models show: both, one, or None when none is named."""
        names = {model.casefold() for model in self.models}
        upper, lower = "upperjaw" in names, "lowerjaw" in names
        if upper and lower:
            return "both"
        return "upper" if upper else "lower" if lower else None


def record_of(root: Element) -> CaseRecord:
    """The record of a document whose root is ``DentalCase``; elements are found wherever they stand in the tree."""
    guid = (_text(root, "CaseGUID") or "").strip("{}").upper()
    return CaseRecord(
        guid=guid if guid and guid != NIL else None,
        patient=_patient(root),
        dentist=_text(root.find(".//Dentist"), "Name"),
        scanned_at=max((time for time in map(_time, root.iter("DateTime")) if time is not None), default=None),
        device=_text(root, "AcquireDevice"),
        models=tuple(dict.fromkeys(_texts(root, "ModelType"))),
        teeth=_fdi(_texts(root, "ToothNumber")),
        restorations=tuple(child.tag for kind in root.iter("Restoration") for child in kind),
    )


def _patient(root: Element) -> Patient:
    person = root.find(".//Patient")
    return Patient(
        name=_text(person, "FullName"),
        first=_text(person, "FirstName"),
        last=_text(person, "LastName"),
        reference=_text(person, "PatientID"),
        guid=_text(person, "PatientGUID"),
    )


def _texts(element: Element | None, tag: str) -> list[str]:
    found = [] if element is None else [" ".join((child.text or "").split()) for child in element.iter(tag)]
    return [text for text in found if text]


def _text(element: Element | None, tag: str) -> str | None:
    return next(iter(_texts(element, tag)), None)


def _time(element: Element) -> datetime | None:
    """A time written as attributes, UTC (a file named in local time lay nine hours later)."""
    try:
        year, month, day = (int(element.attrib[name]) for name in ("year", "month", "day"))
        hour, minute, second = (int(element.attrib.get(name, 0)) for name in ("hour", "minute", "second"))
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except (KeyError, ValueError):
        return None


def _fdi(numbers: Iterable[str]) -> tuple[int, ...]:
    found = set()
    for number in numbers:
        try:
            found.add(from_fdi(number))
        except CaseError:
            continue
    return tuple(sorted(found))


def teeth_in_name(name: str) -> tuple[int, ...]:
    """FDI teeth that a practice marked with ``#`` in a file name: ``"Roe #11,21 Dr Doe"``.

    Numbers without ``#`` are dates or chart numbers. A list with anything else in it, or a range, is left alone.
    """
    numbers = [number for marked in MARKED.findall(name) for number in re.findall(r"\d\d", marked)]
    teeth = _fdi(numbers)
    return teeth if len(teeth) == len(set(numbers)) else ()


def prescription_of(record: CaseRecord, *, name: str, reference: str | None) -> Prescription:
    """The order as far as the export knows it: teeth, practice and the order number of the portal.

    Args:
        name: file and folder names in which teeth may be marked.
        reference: order number, from a folder or file name.
    """
    source: Provenance = "file" if record.teeth else "name"
    teeth = record.teeth or teeth_in_name(name)
    known: Mapping[str, tuple[str | None, Provenance]] = {
        "practice": (record.dentist, "file"),
        "reference": (reference, "name"),
    }
    scanned = record.scanned_at.isoformat().replace("+00:00", "Z") if record.scanned_at else None
    raw = {"device": record.device, "models": list(record.models), "restorations": list(record.restorations)}
    return Prescription(
        items=tuple(
            WorkItem(str(number), teeth=(tooth,), provenance={"teeth": source})
            for number, tooth in enumerate(teeth, start=1)
        ),
        practice=record.dentist,
        reference=reference,
        raw={key: value for key, value in {**raw, "scanned_at": scanned}.items() if value},
        provenance={key: where for key, (value, where) in known.items() if value},
    )
