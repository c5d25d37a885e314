"""Write a manifest like those of version 5.0 that lie in iTero exports: order, code tables, list of files.

Codes whose meaning is known are used as they are; for all others the file brings its own table, as real ones do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.etree.ElementTree import Element, SubElement

from casepan.api import Case, Prescription, WorkItem, kind_from_words, material_from_words, to_universal, xml_document
from casepan_itero.rx import Exported

_KNOWN_TYPES = {"Crown": "2", "Missing": "21"}
_KNOWN_MATERIALS = {"Ceramic: Zirconia": "2009"}
_IN_BRIDGE = {"Abutment": "1", "Pontic": "2"}
_FIRST_OWN_CODE = 9001


def manifest_xml(case: Case, order: str, objects: Iterable[Exported], *, private: bool) -> bytes:
    """The manifest of a package.

    Args:
        order: what stands for the order's number.
        objects: the files, with jaw and kind.
        private: name patient, doctor and practice; without it the order stands for the patient.
    """
    prescription = case.prescription
    types, materials = _types(prescription), _materials(prescription)
    root = Element("iTeroExport", Version="5.0")
    info = SubElement(root, "RxInfo")
    for name, text in _fields(case, order, private=private).items():
        SubElement(info, name).text = text
    teeth = SubElement(info, "Teeth")
    for item in ordered(prescription):
        SubElement(teeth, "Tooth", _tooth(item, prescription, types, materials))
    bridges = SubElement(info, "Bridges")
    for name, units in _bridges(prescription).items():
        ada = [int(to_universal(tooth)) for tooth in units]
        SubElement(bridges, "Bridge", Id=name, Type="1", FromAdaId=str(min(ada)), ToAdaId=str(max(ada)))
    defines = SubElement(root, "RxDefines")
    _table(defines, "RestorationTypes", "Type", types)
    _table(defines, "BridgeTypes", "Type", {"Traditional": "1"})
    _table(defines, "ToothInBridgeTypes", "Type", _IN_BRIDGE)
    _table(defines, "Materials", "Material", materials)
    listed = SubElement(root, "ExportedObjects")
    for one in objects:
        told = {"ObjectType": one.kind, "SubType": one.subtype, "JawId": one.jaw, "FileName": one.file}
        SubElement(listed, "Object", {key: value for key, value in told.items() if value})
    return xml_document(root)


def ordered(prescription: Prescription) -> tuple[WorkItem, ...]:
    """The items that a manifest can name: one permanent tooth each, of a kind that has a word."""
    return tuple(
        item
        for item in prescription.items
        if len(item.teeth) == 1 and item.teeth[0] < 50 and (item.kind == "pontic" or _type_name(item))
    )


def _fields(case: Case, order: str, *, private: bool) -> Mapping[str, str]:
    prescription, patient = case.prescription, case.patient
    name = ", ".join(part for part in (patient.last, patient.first) if part) or patient.name
    guides = {item.shade_guide for item in prescription.items if item.shade_guide}
    told = {
        "OrderID": order,
        "Patient": name if private else order,
        "Doctor": prescription.doctor if private else None,
        "DoctorLicense": prescription.licence if private else None,
        "PracticeShipToAddress": prescription.ship_to if private else None,
        "DueDate": prescription.due.strftime("%m/%d/%Y") if prescription.due else None,
        "ExportTime": case.received_at.strftime("%m/%d/%Y %H:%M:%S") if case.received_at else None,
        "ToothShadeSystem": guides.pop() if len(guides) == 1 else None,
        "Notes": prescription.notes if private else None,
    }
    return {key: text for key, text in told.items() if text}


def _tooth(
    item: WorkItem, prescription: Prescription, types: Mapping[str, str], materials: Mapping[str, str]
) -> dict[str, str]:
    bridge = next((name for name, teeth in _bridges(prescription).items() if item.teeth[0] in teeth), "-1")
    pontic = item.kind == "pontic"
    told = {
        "AdaId": to_universal(item.teeth[0]),
        "RestorationType": types["Missing" if pontic else _type_name(item)],
        "ToothMaterial": materials.get(_material_name(item), "-1"),
        "MiddleShade": _shade(item.shade),
        "DieShade": _shade(item.stump_shade),
        "BridgeID": bridge,
        "TypeInBridge": "-1" if bridge == "-1" else _IN_BRIDGE["Pontic" if pontic else "Abutment"],
    }
    return (
        told
        if not item.pontic_design or item.pontic_design.isdecimal()
        else {**told, "PonticDesign": item.pontic_design}
    )


def _shade(shade: str | None) -> str:
    """A shade in its own words; one that is a number would be read as a code."""
    return shade if shade and not shade.isdecimal() else "-1"


def _bridges(prescription: Prescription) -> dict[str, tuple[int, ...]]:
    """Numbered bridges with their teeth."""
    names = dict.fromkeys(item.bridge for item in ordered(prescription) if item.bridge)
    units = {name: tuple(i.teeth[0] for i in ordered(prescription) if i.bridge == name) for name in names}
    return {str(number): teeth for number, teeth in enumerate(units.values(), start=1)}


def _types(prescription: Prescription) -> Mapping[str, str]:
    names = [_type_name(item) for item in ordered(prescription) if item.kind != "pontic"]
    return _coded(names, _KNOWN_TYPES)


def _materials(prescription: Prescription) -> Mapping[str, str]:
    return _coded([name for item in ordered(prescription) if (name := _material_name(item))], _KNOWN_MATERIALS)


def _coded(names: Iterable[str], known: Mapping[str, str]) -> Mapping[str, str]:
    """Known codes, and codes of the file's own for all other names."""
    own = [name for name in dict.fromkeys(names) if name not in known]
    return {**known, **{name: str(code) for code, name in enumerate(own, start=_FIRST_OWN_CODE)}}


def _type_name(item: WorkItem) -> str:
    """The kind in words that are read back as the same kind, empty when there are none."""
    words = item.kind.replace("-", " ").capitalize()
    return words if kind_from_words(words) == item.kind else ""


def _material_name(item: WorkItem) -> str:
    """The order's own words when they say the material, else the material; empty when it is not known."""
    if item.material == "zirconia" and not item.material_text:
        return "Ceramic: Zirconia"
    if item.material_text and material_from_words(item.material_text) == item.material:
        return item.material_text
    return "" if item.material in ("unknown", "other") else item.material.replace("-", " ").capitalize()


def _table(parent: Element, section: str, row: str, codes: Mapping[str, str]) -> None:
    table = SubElement(parent, section)
    for name, code in codes.items():
        SubElement(table, row, Id=code, Name=name)
