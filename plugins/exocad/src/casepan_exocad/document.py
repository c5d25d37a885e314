"""Read a ``.dentalProject``: the order, the patient, and which further scans it says there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from uuid import UUID
from xml.etree.ElementTree import Element

from attrs import evolve, field, frozen

from casepan.api import (
    Arch,
    CaseError,
    Kind,
    Patient,
    Prescription,
    Role,
    WorkItem,
    arch_of,
    from_fdi,
    kind_from_words,
    material_from_words,
    parse_shade,
)

NOT_WORK = frozenset({"", "healthytooth", "antagonist", "missingtooth", "gap", "none"})
CONFIGURATION = ("WorkParams", "WorkParamsSHA", "WorkParamsSignature")
"""The laboratory's own compressed material configuration: kilobytes of base64 in every project that exocad wrote."""

FLAGS: Mapping[str, Role] = {"ScanAbutmentScan": "scanbody", "SituScan": "preop", "SeparateGingivaScan": "gingiva"}
"""Booleans of a tooth that say that one more scan of its jaw exists."""


@frozen
class Identity:
    """What tells one project from another."""

    guid: str | None
    when: str | None


@frozen
class Order:
    """What a ``.dentalProject`` says; empty for a damaged one."""

    prescription: Prescription = field(factory=Prescription)
    patient: Patient = field(factory=Patient)
    announced: frozenset[tuple[Role, Arch]] = frozenset()


def text_of(element: Element, path: str) -> str | None:
    """The stripped text at a path below ``element``, None when it is absent or empty."""
    return (element.findtext(path) or "").strip() or None


def identity_of(treatment: Element) -> Identity:
    """GUID (lower-case, None when it is no GUID or all zeros) and time of a project."""
    try:
        guid = UUID(text_of(treatment, "ProjectGUID") or "")
    except ValueError:
        guid = UUID(int=0)
    return Identity(str(guid) if guid.int else None, text_of(treatment, "DateTime"))


def order_of(treatment: Element) -> Order:
    """Prescription, patient and announced scans of a project; healthy neighbours and antagonists are no work."""
    teeth = treatment.findall("Teeth/Tooth")
    items = _bridged([item for tooth in teeth if (item := _item(tooth)) is not None])
    known = {"practice": text_of(treatment, "Practice/PracticeName"), "notes": text_of(treatment, "Notes")}
    prescription = Prescription(
        items=tuple(evolve(item, id=str(number)) for number, item in enumerate(items, start=1)),
        practice=known["practice"],
        notes=known["notes"],
        raw={c.tag: c.text for c in treatment if c.text and not len(c) and c.tag not in CONFIGURATION},
        provenance={name: "file" for name, value in known.items() if value},
    )
    return Order(prescription, patient_of(treatment), frozenset(_announced(teeth)))


def patient_of(treatment: Element) -> Patient:
    """The patient; programs often put the whole name into ``PatientName``. Number 0 means that nobody gave one."""
    last, first = text_of(treatment, "Patient/PatientName"), text_of(treatment, "Patient/PatientFirstName")
    reference = text_of(treatment, "Patient/PatientId")
    return Patient(
        name=" ".join(part for part in (first, last) if part) or None,
        first=first,
        last=last if first else None,
        reference=None if reference == "0" else reference,
    )


def _item(tooth: Element) -> WorkItem | None:
    raw = {child.tag: (child.text or "").strip() for child in tooth if not len(child)}
    number = _fdi(raw.get("Number", ""))
    if number is None or raw.get("ReconstructionType", "").casefold() in NOT_WORK:
        return None
    words = raw.get("MaterialName") or raw.get("Material") or None
    shade, guide = parse_shade(raw.get("Color"))
    fields = {
        "teeth": (number,),
        "kind": _kind(raw),
        "material": material_from_words(words),
        "material_text": words,
        "shade": shade,
        "shade_guide": guide,
    }
    told = {name: "file" for name, value in fields.items() if value not in (None, "other", "unknown")}
    return WorkItem(id="", raw=raw, provenance=told, **fields)  # type: ignore[arg-type]


def _kind(raw: Mapping[str, str]) -> Kind:
    """The kind of work; a crown whose tooth names an implant is a crown on it."""
    kind = kind_from_words(raw["ReconstructionType"])
    on_implant = raw.get("ImplantType", "").casefold() not in ("", "none")
    return "implant-crown" if kind == "crown" and on_implant else kind


def _fdi(text: str) -> int | None:
    try:
        return from_fdi(text)
    except CaseError:
        return None


def _announced(teeth: Iterable[Element]) -> Iterable[tuple[Role, Arch]]:
    for tooth in teeth:
        number = _fdi(text_of(tooth, "Number") or "")
        for flag, role in FLAGS.items():
            if number is not None and (text_of(tooth, flag) or "").casefold() == "true":
                yield role, arch_of(number)


def _bridged(items: list[WorkItem]) -> list[WorkItem]:
    """Units whose ``MesialConnector`` is true share a bridge with their mesial neighbour, also across the midline."""
    bridge_of = {item.teeth[0]: item.teeth[0] for item in items}
    for item in items:
        (tooth,) = item.teeth
        neighbour = mesial_of(tooth)
        if item.raw.get("MesialConnector", "").casefold() == "true" and neighbour in bridge_of:
            old, new = bridge_of[tooth], bridge_of[neighbour]
            bridge_of = {unit: new if bridge == old else bridge for unit, bridge in bridge_of.items()}
    shared = sorted({one for one, other in pairwise(sorted(bridge_of.values())) if one == other})
    names = {bridge: f"bridge-{number}" for number, bridge in enumerate(shared, start=1)}
    return [_in_bridge(item, names.get(bridge_of[item.teeth[0]])) for item in items]


def _in_bridge(item: WorkItem, bridge: str | None) -> WorkItem:
    return evolve(item, bridge=bridge, provenance={**item.provenance, "bridge": "file"}) if bridge else item


def mesial_of(tooth: int) -> int:
    """The next tooth towards the midline; of a central incisor the one on the other side."""
    quadrant, position = divmod(tooth, 10)
    if position > 1:
        return tooth - 1
    return {1: 2, 2: 1, 3: 4, 4: 3, 5: 6, 6: 5, 7: 8, 8: 7}[quadrant] * 10 + 1
