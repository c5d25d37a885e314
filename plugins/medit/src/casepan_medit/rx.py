"""What Medit says about the work: the exocad-style ``.dentalProject``, and teeth written into case names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from xml.etree.ElementTree import Element

from attrs import evolve

from casepan.api import (
    CaseError,
    Patient,
    Prescription,
    Provenance,
    WorkItem,
    from_fdi,
    kind_from_words,
    material_from_words,
    parse_shade,
)

NOT_WORK = frozenset({"", "healthytooth", "antagonist", "missingtooth", "gap", "none"})
# The lab's own compressed material configuration: kilobytes of base64 in every project that exocad wrote.
LEFT_OUT = frozenset({"WorkParams", "WorkParamsSHA", "WorkParamsSignature"})
# Possessive, so that a list with a strange end (a range, three digits) is left alone instead of read by half.
MARKED = re.compile(r"#\s*(\d\d(?:(?:\s*[,;+&/]\s*#?|\s+#)\d\d)*+)(?!\d)(?!-\d\d(?!\d))")


def text_of(element: Element, path: str) -> str | None:
    """The stripped text at a path below ``element``, None when it is absent or empty."""
    return (element.findtext(path) or "").strip() or None


def prescription_of(treatment: Element) -> Prescription:
    """The order in a ``.dentalProject`` (root ``Treatment``); healthy neighbours and antagonists are no work."""
    items = [item for tooth in treatment.findall("Teeth/Tooth") if (item := _item(tooth)) is not None]
    numbered = [evolve(item, id=str(number)) for number, item in enumerate(_bridged(items), start=1)]
    known = {"practice": text_of(treatment, "Practice/PracticeName"), "notes": text_of(treatment, "Notes")}
    return Prescription(
        items=tuple(numbered),
        practice=known["practice"],
        notes=known["notes"],
        raw={
            child.tag: child.text for child in treatment if child.text and not len(child) and child.tag not in LEFT_OUT
        },
        provenance=_from("file", known),
    )


def patient_of(treatment: Element) -> Patient:
    """The patient in a ``.dentalProject``; programs often put the whole name into ``PatientName``."""
    last, first = text_of(treatment, "Patient/PatientName"), text_of(treatment, "Patient/PatientFirstName")
    reference = text_of(treatment, "Patient/PatientId")
    return Patient(
        name=" ".join(part for part in (first, last) if part) or None,
        first=first,
        last=last if first else None,
        reference=reference if reference != "0" else None,
    )


def _item(tooth: Element) -> WorkItem | None:
    raw = {child.tag: (child.text or "").strip() for child in tooth if not len(child)}
    kind = raw.get("ReconstructionType", "")
    number = _fdi(raw.get("Number", ""))
    if number is None or kind.casefold() in NOT_WORK:
        return None
    material_text = raw.get("MaterialName") or raw.get("Material") or None
    shade, guide = parse_shade(raw.get("Color"))
    fields = {
        "teeth": (number,),
        "kind": kind_from_words(kind),
        "material": material_from_words(material_text),
        "material_text": material_text,
        "shade": shade,
        "shade_guide": guide,
    }
    known = {name: value for name, value in fields.items() if value not in ("other", "unknown")}
    return WorkItem(id="", raw=raw, provenance=_from("file", known), **fields)  # type: ignore[arg-type]


def _fdi(text: str) -> int | None:
    try:
        return from_fdi(text)
    except CaseError:
        return None


def _from(source: Provenance, known: Mapping[str, object]) -> dict[str, Provenance]:
    return {field: source for field, value in known.items() if value is not None}


def _bridged(items: list[WorkItem]) -> list[WorkItem]:
    """Units whose ``MesialConnector`` is true share a bridge with their mesial neighbour, also across the midline."""
    bridges = {item.teeth[0]: item.teeth[0] for item in items}
    for item in items:
        tooth = item.teeth[0]
        neighbour = mesial_neighbour(tooth)
        if item.raw.get("MesialConnector", "").casefold() == "true" and neighbour in bridges:
            old, new = bridges[tooth], bridges[neighbour]
            bridges = {unit: new if bridge == old else bridge for unit, bridge in bridges.items()}
    names = {bridge: f"bridge-{n}" for n, bridge in enumerate(_shared(bridges.values()), start=1)}
    return [_in_bridge(item, names.get(bridges[item.teeth[0]])) for item in items]


def _in_bridge(item: WorkItem, bridge: str | None) -> WorkItem:
    told = {**item.provenance, "bridge": "file"} if bridge else item.provenance
    return evolve(item, bridge=bridge, provenance=told)


def _shared(values: Iterable[int]) -> list[int]:
    """The values that occur more than once, in ascending order."""
    return sorted({first for first, second in pairwise(sorted(values)) if first == second})


def mesial_neighbour(tooth: int) -> int:
    """The next tooth towards the midline; of a central incisor the one on the other side."""
    quadrant, position = divmod(tooth, 10)
    if position > 1:
        return tooth - 1
    return {1: 2, 2: 1, 3: 4, 4: 3, 5: 6, 6: 5, 7: 8, 8: 7}[quadrant] * 10 + 1


def teeth_in_name(name: str) -> tuple[int, ...]:
    """FDI teeth that a practice marked with ``#`` in a case name: ``"Roe #11,21"``.

    Numbers without ``#`` are dates or chart numbers. A range (``#11-13``) may mean two teeth or three: nothing then.
    """
    numbers = [number for marked in MARKED.findall(name) for number in re.findall(r"\d\d", marked)]
    teeth = [_fdi(number) for number in numbers]
    return tuple(sorted({tooth for tooth in teeth if tooth is not None})) if None not in teeth else ()


def offered(teeth: Iterable[int], words: str) -> tuple[WorkItem, ...]:
    """One item of unknown kind per tooth that only a name mentions."""
    return tuple(
        WorkItem(str(number), teeth=(tooth,), raw={"name": words}, provenance={"teeth": "name"})
        for number, tooth in enumerate(teeth, start=1)
    )
