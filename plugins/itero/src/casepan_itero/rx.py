"""The manifest ``itero_export_#<order>_v<NN>.xml`` as prescription, patient and list of files.

Codes are translated with the tables that travel inside the file (``RxDefines``); tooth numbers are ADA (Universal).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from casepan.api import (
    Arch,
    CaseError,
    CorruptFile,
    Implant,
    Kind,
    Patient,
    Prescription,
    Provenance,
    WorkItem,
    arch_of,
    from_universal,
    kind_from_words,
    material_from_words,
    parse_shade,
    read_xml,
)

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

Attributes = Mapping[str, str]
_NOT_RELEVANT = ("", "-1")
_MISSING_TOOTH = "21"
# Meanings seen outside the file's own tables; they only serve manifests that carry no table.
_KNOWN_TYPES: Mapping[str, str] = {"2": "Crown"}
_KNOWN_MATERIALS: Mapping[str, str] = {"2009": "Ceramic: Zirconia"}


@frozen
class Exported:
    """One line of ``ExportedObjects``; ``kind`` is ``Surface``, ``Image``, ``Line`` or ``Texture``, ``tooth`` ADA."""

    kind: str
    subtype: str
    jaw: str
    file: str
    tooth: str = ""


@frozen
class Manifest:
    """One manifest: ``info`` holds the plain fields of ``RxInfo``, ``tables`` the code tables by section and id."""

    version: str
    info: Mapping[str, str]
    objects: tuple[Exported, ...] = ()
    teeth: tuple[Attributes, ...] = ()
    bridges: tuple[Attributes, ...] = ()
    tables: Mapping[str, Mapping[str, Attributes]] = field(factory=dict)
    transforms: tuple[tuple[float, ...], ...] = ()

    @property
    def order(self) -> str:
        """The order's number: ``OrderID``, in old manifests ``CaseId``."""
        return self.info.get("OrderID") or self.info.get("CaseId") or ""

    def name(self, section: str, code: str | None) -> str | None:
        """The name of a code in the first table whose name contains ``section``; None without code, table or entry."""
        if code is None:
            return None
        found = (table[code].get("Name") for key, table in self.tables.items() if section in key and code in table)
        return next(found, None)


def read_manifest(data: bytes, *, place: str = "") -> Manifest:
    """The manifest in the bytes of an XML file.

    Raises:
        CorruptFile: no XML, or another document than an ``iTeroExport``.
    """
    root = read_xml(data, place=place)
    if root.tag != "iTeroExport":
        raise CorruptFile("this XML is no iTero manifest (iTeroExport)", place=place)
    info = root.find("RxInfo")
    return Manifest(
        version=root.get("Version", ""),
        info=_fields(info) if info is not None else {},
        objects=tuple(_exported(element) for element in root.iterfind("ExportedObjects/Object")),
        teeth=_rows(root, "Teeth", "Tooth"),
        bridges=_rows(root, "Bridges", "Bridge"),
        tables={section.tag: _table(section) for section in root.iterfind("RxDefines/*")},
        transforms=tuple(_transforms(root)),
    )


def prescription_of(manifest: Manifest) -> Prescription:
    """What the order asks for. The file does not name the practice, only its address and the doctor's licence."""
    info = manifest.info
    licence = info.get("DoctorLicense")
    fields = {
        "reference": manifest.order or None,
        "due": due_day(info.get("DueDate")),
        "doctor": info.get("Doctor"),
        "licence": licence if licence != "0" else None,
        "ship_to": info.get("PracticeShipToAddress"),
        "notes": info.get("Notes"),
    }
    raw = {
        "version": manifest.version,
        "info": dict(info),
        "procedure": manifest.name("Procedure", info.get("Procedure")),
        "missing_teeth": [row["AdaId"] for row in manifest.teeth if _is_gap(row) and not _bridge_of(manifest, row)],
        "transforms": [list(matrix) for matrix in manifest.transforms],
    }
    known = _from_file(name for name, value in fields.items() if value)
    return Prescription(items=work_items(manifest), raw=raw, provenance=known, **fields)  # type: ignore[arg-type]


def patient_of(manifest: Manifest) -> Patient:
    """Who the order names. Which half is the family name differs between exports: the name stays one text."""
    info = manifest.info
    return Patient(
        name=info.get("Patient"),
        reference=info.get("ChartNumber"),
        guid=info.get("UniquePatientIdentifier"),
        raw={key: info[key] for key in ("Patient", "ChartNumber", "UniquePatientIdentifier") if key in info},
    )


def work_items(manifest: Manifest) -> tuple[WorkItem, ...]:
    """One item per ordered tooth; a missing tooth is one only as the pontic of a bridge."""
    rows = [row for row in manifest.teeth if _is_ordered(manifest, row)]
    items = [item for row in rows if (item := _unit(manifest, row)) is not None]
    return tuple(evolve(item, id=str(number)) for number, item in enumerate(items, 1))


def prepared_arches(prescription: Prescription) -> frozenset[Arch]:
    """The arches in which teeth are ordered."""
    return frozenset(arch_of(tooth) for tooth in prescription.teeth)


def due_day(text: str | None) -> date | None:
    """The day of a ``MM/dd/yyyy`` date."""
    try:
        return datetime.strptime((text or "").split(" ")[0], "%m/%d/%Y").date()
    except ValueError:
        return None


def tooth_of(ada: str) -> int | None:
    """The FDI tooth of an ADA number, None for anything else."""
    try:
        return from_universal(ada)
    except CaseError:
        return None


def _fields(element: Element) -> dict[str, str]:
    return {child.tag: child.text.strip() for child in element if len(child) == 0 and child.text and child.text.strip()}


def _rows(root: Element, parent: str, child: str) -> tuple[Attributes, ...]:
    found = (dict(row.attrib) for group in root.iter(parent) for row in group.iterfind(child))
    return tuple({key: value for key, value in row.items() if value.strip() not in _NOT_RELEVANT} for row in found)


def _table(section: Element) -> dict[str, Attributes]:
    """One code table. Its rows are called ``Type``, in ``Materials`` ``Material``: any name will do."""
    return {row.attrib["Id"]: dict(row.attrib) for row in section if "Id" in row.attrib}


def _exported(element: Element) -> Exported:
    return Exported(
        kind=element.get("ObjectType", ""),
        subtype=element.get("SubType", ""),
        jaw=element.get("JawId", ""),
        file=re.split(r"[\\/]", element.get("FileName", ""))[-1],
        tooth=element.get("AdaId") or element.get("Index") or "",
    )


def _transforms(root: Element) -> Iterable[tuple[float, ...]]:
    """Every sixteen numbers in ``ActualUsedTransforms``; what they belong to, and whether applied, is not known."""
    for element in (part for top in root.iterfind("ActualUsedTransforms") for part in top.iter()):
        text = " ".join([element.text or "", *element.attrib.values()])
        try:
            numbers = tuple(float(word) for word in re.split(r"[\s,;]+", text) if word)
        except ValueError:
            continue
        if len(numbers) == 16:
            yield numbers


def _is_gap(row: Attributes) -> bool:
    return row.get("RestorationType") == _MISSING_TOOTH and "AdaId" in row


def _is_ordered(manifest: Manifest, row: Attributes) -> bool:
    return "RestorationType" in row and (not _is_gap(row) or _bridge_of(manifest, row) is not None)


def _unit(manifest: Manifest, row: Attributes) -> WorkItem | None:
    tooth = tooth_of(row.get("AdaId", ""))
    if tooth is None:
        return None
    code = row.get("ToothMaterial", "")
    material = manifest.name("Materials", code) or _KNOWN_MATERIALS.get(code)
    shade, guide = _shade(manifest, row)
    fields = {
        "teeth": (tooth,),
        "kind": _kind(manifest, row),
        "bridge": _bridge_of(manifest, row),
        "material": material_from_words(material),
        "material_text": material,
        "shade": shade,
        "shade_guide": guide,
        "stump_shade": parse_shade(_words(manifest, "Shade", row.get("DieShade")))[0],
        "implant": _implant(manifest, row),
        "margin": _margin(manifest, row),
        "pontic_design": _words(manifest, "Pontic", row.get("PonticDesign")),
    }
    known = _from_file(name for name, value in fields.items() if value and value not in ("unknown", "other"))
    return WorkItem("", raw=dict(row), provenance=known, **fields)  # type: ignore[arg-type]


def _kind(manifest: Manifest, row: Attributes) -> Kind:
    code = row["RestorationType"]
    name = manifest.name("RestorationTypes", code) or _KNOWN_TYPES.get(code)
    in_bridge = manifest.name("ToothInBridgeTypes", row.get("TypeInBridge")) or ""
    if _is_gap(row) or "pontic" in in_bridge.casefold():
        return "pontic"
    kind = kind_from_words(name)
    return "implant-crown" if kind == "crown" and "ImplantBasedRestorationType" in row else kind


def _bridge_of(manifest: Manifest, row: Attributes) -> str | None:
    """The bridge that a tooth names, or whose range (ADA numbers in either order) holds it."""
    own = row.get("BridgeID")
    number = row.get("AdaId", "")
    for bridge in manifest.bridges:
        ends = (bridge.get("FromAdaId", ""), bridge.get("ToAdaId", ""))
        if bridge.get("Id") == own and own is not None:
            return own
        if (
            number.isdecimal()
            and all(end.isdecimal() for end in ends)
            and _between(int(number), int(ends[0]), int(ends[1]))
        ):
            return bridge.get("Id") or "1"
    return None


def _between(number: int, one: int, other: int) -> bool:
    return min(one, other) <= number <= max(one, other)


def _shade(manifest: Manifest, row: Attributes) -> tuple[str | None, str | None]:
    """The body shade, else the gingival, else the incisal one."""
    codes = (row.get(name) for name in ("MiddleShade", "GingivalShade", "IncisalShade"))
    words = next((text for code in codes if (text := _words(manifest, "Shade", code))), None)
    shade, guide = parse_shade(words)
    return shade, guide or (manifest.info.get("ToothShadeSystem") if shade else None)


def _words(manifest: Manifest, section: str, code: str | None) -> str | None:
    """The name of a code; a value that is no number is its own name, a number without a table means nothing."""
    named = manifest.name(section, code)
    return named or (code if code and not code.isdecimal() else None)


def _margin(manifest: Manifest, row: Attributes) -> str | None:
    names = [_words(manifest, "Margin", row.get(key)) for key in ("MarginDesignExt", "MarginDesignInt")]
    return " / ".join(dict.fromkeys(name for name in names if name)) or None


def _implant(manifest: Manifest, row: Attributes) -> Implant | None:
    """The implant, where the tooth names one of the file's own table."""
    types = manifest.tables.get("ImplantTypes", {})
    codes = (value for key, value in row.items() if "Implant" in key and key != "ImplantBasedRestorationType")
    found = next((types[code] for code in codes if code in types), None)
    return Implant(found.get("ImplantManufacturerName"), found.get("Name")) if found else None


def _from_file(names: Iterable[str]) -> dict[str, Provenance]:
    return dict.fromkeys(names, "file")
