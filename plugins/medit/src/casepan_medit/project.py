"""Write a ``.dentalProject`` as exocad-style exports hold it: small, without the laboratory's own configuration.

Element names and values are those of real files (``quality.toml``). What has no word there is not written: it stands in
the ``rx.json`` beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement

from casepan.api import Case, Kind, Prescription, WorkItem, xml_document
from casepan_medit.rx import mesial_neighbour

_TYPES: Mapping[Kind, str] = {
    "crown": "AnatomicCrown",
    "pontic": "AnatomicPontic",
    "inlay": "AnatomicInlay",
    "waxup": "AnatomicWaxup",
    "coping": "ThimbleCrown",
}
_MATERIALS = {"unknown": None, "other": None}


def has_words_for(prescription: Prescription) -> bool:
    """True when every item is one unit on one tooth, of a kind whose word is known, and each tooth stands once."""
    items = prescription.items
    teeth = [item.teeth for item in items]
    return bool(items) and len(set(teeth)) == len(teeth) and all(_has_words(item) for item in items)


def project_xml(case: Case, *, private: bool) -> bytes:
    """The document. Without ``private`` the case's ref stands for the patient.

    Args:
        case: its prescription must have words, see ``has_words_for``.
    """
    treatment = Element("Treatment")
    if case.received_at:
        _add(treatment, "DateTime", case.received_at.isoformat().replace("+00:00", "Z"))
    if private and case.prescription.notes:
        _add(treatment, "Notes", case.prescription.notes)
    bridges = {item.teeth[0]: item.bridge for item in case.prescription.items}
    teeth = SubElement(treatment, "Teeth")
    for item in case.prescription.items:
        _tooth(teeth, item, bridges)
    if private and case.prescription.practice:
        _add(SubElement(treatment, "Practice"), "PracticeName", case.prescription.practice)
    patient = SubElement(treatment, "Patient")
    _add(patient, "PatientName", (case.patient.last or case.patient.name if private else None) or case.ref)
    if private and case.patient.last and case.patient.first:
        _add(patient, "PatientFirstName", case.patient.first)
    return xml_document(treatment)


def _has_words(item: WorkItem) -> bool:
    return len(item.teeth) == 1 and item.kind in _TYPES


def _tooth(teeth: Element, item: WorkItem, bridges: Mapping[int, str | None]) -> None:
    (number,) = item.teeth
    tooth = SubElement(teeth, "Tooth")
    joined = item.bridge is not None and bridges.get(mesial_neighbour(number)) == item.bridge
    _add(tooth, "Number", str(number))
    _add(tooth, "ReconstructionType", _TYPES[item.kind])
    _add(tooth, "MesialConnector", "true" if joined else "false")
    if material := item.material_text or _MATERIALS.get(item.material, item.material.replace("-", " ")):
        _add(tooth, "MaterialName", material)
    _add(tooth, "Color", item.shade or "---")


def _add(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text
