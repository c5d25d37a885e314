"""Write an order XML (``DentalContainer``) for import into Dental System.

Lists, types, property names and values are those of real files and of templates that a laboratory imports; what the
laboratory's own tables name (materials, tooth types) is looked up in its ``Materials.xml`` and left open otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from hashlib import sha256
from itertools import pairwise
from xml.etree.ElementTree import Element, SubElement

from attrs import frozen

from casepan.api import Case, Kind, WorkItem, kind_from_words, material_from_words, to_universal, xml_document

VERSION = "2022-1"
"""The container version of the templates that are known to be imported."""

_CLASSES: Mapping[Kind, str] = {
    "crown": "teCrown",
    "pontic": "teCrownPontic",
    "veneer": "teVeneer",
    "inlay": "teInlay",
    "onlay": "teOnlay",
    "coping": "teCoping",
    "abutment": "teAbutment",
}
_SCAN_TYPES = {"preparation": "stPreperation", "antagonist": "stAntagonistModel", "preop": "stGenericPrePrep"}
_EMPTY_LISTS = ("SplitBridgeLink", "Material", "ToothElementType")
Properties = Mapping[str, str]


@frozen
class Tables:
    """The laboratory's own words from its ``Materials.xml``: key to name, for materials and tooth types alike."""

    names: Mapping[str, str]

    def material(self, item: WorkItem) -> str:
        """The key of the item's material, by its own words first; ``_NULL_`` when the table has none."""
        own = (key for key, name in self.names.items() if item.material_text and name == item.material_text)
        same = (key for key, name in self.names.items() if material_from_words(name) == item.material != "unknown")
        return next(own, None) or next(same, "_NULL_")

    def tooth_type(self, item: WorkItem) -> str:
        """The key of the item's tooth type; ``_NULL_`` when the table has none."""
        same = (key for key, name in self.names.items() if kind_from_words(name) == item.kind != "other")
        return next(same, "_NULL_")


def orderable(items: Iterable[WorkItem]) -> tuple[WorkItem, ...]:
    """The items that an order can name: one permanent tooth each, of a class that is known."""
    return tuple(item for item in items if item.kind in _CLASSES and len(item.teeth) == 1 and item.teeth[0] < 50)


def order_xml(case: Case, order: str, roles: Sequence[str], tables: Tables, *, private: bool) -> bytes:
    """The order XML.

    Args:
        order: the order's id, which is also the name of its folder.
        roles: roles of the scans that lie in the folder.
        private: name patient, practice, doctor and notes; without it the order's id stands for the patient.
    """
    items = orderable(case.prescription.items)
    elements = _elements(items)
    job = _id("MJ", order)
    lists: dict[str, list[Properties]] = {
        "Order": [_order(case, order, items, private=private)],
        "ModelJob": [{"ModelJobID": job, "OrderID": order}],
        "ModelElement": [_element(case, order, units, tables) for units in elements],
        "ToothElement": [
            _tooth(order, unit, _id("ME", order, units[0].id), tables) for units in elements for unit in units
        ],
        **_links(order, elements),
        **{name: [] for name in _EMPTY_LISTS},
        "Scan": [_scan(case, order, role) for role in dict.fromkeys(roles) if role in _SCAN_TYPES],
    }
    return _container(lists)


def _elements(items: Sequence[WorkItem]) -> list[tuple[WorkItem, ...]]:
    """The units of a bridge share an element, in the order of the arch; every other unit has its own."""
    bridges = dict.fromkeys(item.bridge for item in items if item.bridge)
    joined = [tuple(sorted((i for i in items if i.bridge == name), key=_place)) for name in bridges]
    return [*joined, *((item,) for item in items if not item.bridge)]


def _place(item: WorkItem) -> int:
    return int(to_universal(item.teeth[0]))


def _order(case: Case, order: str, items: Sequence[WorkItem], *, private: bool) -> Properties:
    prescription, patient = case.prescription, case.patient
    notes = (prescription.notes or "") if private else ""
    return {
        "IntOrderID": order,
        "ExtOrderID": "",
        "NumOrderID": "",
        "ImportOrderID": "",
        "ClientID": "",
        "ClientOrderNo": "",
        "ClientContactPerson": (prescription.doctor or "") if private else "",
        "OrderImportanceID": "oiNormal",
        "Patient_RefNo": (patient.reference or "") if private else "",
        "Patient_FirstName": (patient.first or "") if private else "",
        "Patient_LastName": (patient.last or patient.name or order) if private else order,
        "PatientGuid": "",
        "DeliveryType": "",
        "ShipToDeliveryAddress": "False",
        "ShipToDifferentAddress": "False",
        "OrderComments": notes.replace("\n", "&#xA;"),  # real files escape line breaks twice
        "CreatedFromApp": "appDentalManager",
        "RelativePos": "True",
        "OperatorID": "",
        "DesignModuleID": "DentalDesigner",
        "ScanModuleID": "ScanItRestoration",
        "FaceScanModuleID": "",
        "OriginalOrderID": "",
        "Customer": (prescription.practice or "") if private else "",
        "Items": _words(items),
        "ManufName": "",
        "OperatorName": "",
        "CacheMaterialName": items[0].material_text or "",
        "CacheColor": items[0].shade or "",
        "CacheMaxScanDate": _stamp(case.received_at),
        "OrderRelativePositionClass": "orpSectioned",
        "ModelManufacturingID": "",
        "ScanSource": "ssImportThirdPartySTL",
        "GroupFolder": "",
        "TraySystemType": "stNone",
    }


def _element(case: Case, order: str, units: Sequence[WorkItem], tables: Tables) -> Properties:
    first, due = units[0], _stamp(case.prescription.due)
    material = tables.material(first)
    return {
        "ModelElementID": _id("ME", order, first.id),
        "ModelJobID": _id("MJ", order),
        "MaterialID": material,
        "ColorID": "_NULL_",
        "ProcessStatusID": "psScanned",
        "AltProcessStatusID": "psScanned",
        "ProcessLockID": "plReady",
        "ManufacturingProcessID": "_NULL_",
        "ManufacturerID": "_NULL_",
        "ModelHeight": "0",
        "ModelVolume": "0",
        "ModelBoundingBoxMin": "",
        "ModelBoundingBoxMax": "",
        "ModelTransformation": "",
        "ModelFilename": "",
        "VirtualItem": "False",
        "ModelComment": "",
        "CreateDate": _stamp(case.received_at),
        "DeliveryDate": due,
        "ShippingDate": due,
        "ReceiveDate": due,
        "ModelActive": "True",
        "WasSent": "False",
        "Items": _words(units),
        "ManufName": "",
        "CacheMaterialName": tables.names.get(material) or _material_words(first),
        "CacheColor": first.shade or "",
        "ModelElementType": "meIndicationRegular",
        "ValidationResult": "vrUndefined",
        "IgnoredMaterialRestrictions": "",
    }


def _tooth(order: str, unit: WorkItem, element: str, tables: Tables) -> Properties:
    return {
        "ToothElementID": _id("TE", order, unit.id),
        "ModelElementID": element,
        "toothElementTypeID": tables.tooth_type(unit),
        "ToothNumber": to_universal(unit.teeth[0]),
        "AbutmentKitID": "",
        "Anatomical": "False",
        "PostAndCore": "False",
        "CacheToothTypeClass": _CLASSES[unit.kind],
    }


def _links(order: str, elements: Iterable[Sequence[WorkItem]]) -> dict[str, list[Properties]]:
    """A connector between each two neighbouring units of a bridge."""
    links: list[Properties] = []
    ends: list[Properties] = []
    for units in elements:
        for pair in pairwise(units):
            link = _id("L", order, *(unit.id for unit in pair))
            element = _id("ME", order, units[0].id)
            told = {"LinkTypeID": "LinkTypeConnector6", "ModelElementID": element, "CacheLinkTypeClass": "ltConnector"}
            links.append({"LinkID": link, **told})
            for unit in pair:
                end = {"LinkID": link, "ToothElementID": _id("TE", order, unit.id)}
                ends.append({"LinkToothElementID": _id("LT", link, unit.id), **end})
    return {"Link": links, "LinkToothElement": ends}


def _scan(case: Case, order: str, role: str) -> Properties:
    return {
        "ScanID": _id("S", order, role),
        "ScanType": _SCAN_TYPES[role],
        "ModelJobID": _id("MJ", order),
        "ModelElementID": "_NULL_",
        "ToothElementID": "_NULL_",
        "ScanDate": _stamp(case.received_at),
        "ScanName": "",
        "FileName": "",
    }


def _id(prefix: str, *parts: str) -> str:
    """Prefix and 32 upper-case hex digits, the same for the same order."""
    return prefix + sha256("\0".join((prefix, *parts)).encode()).hexdigest()[:32].upper()


def _stamp(when: date | None) -> str:
    """Epoch seconds, of a day its noon in UTC; ``0`` means not set."""
    if when is None:
        return "0"
    moment = when if isinstance(when, datetime) else datetime.combine(when, time(12), UTC)
    return str(int(moment.timestamp()))


def _words(items: Iterable[WorkItem]) -> str:
    return ", ".join(f"{item.kind.capitalize()} {item.teeth[0]}" for item in items)


def _material_words(item: WorkItem) -> str:
    return item.material_text or (
        "" if item.material in ("unknown", "other") else item.material.replace("-", " ").title()
    )


def _container(lists: Mapping[str, Iterable[Properties]]) -> bytes:
    root = Element("DentalContainer", version=VERSION)
    main = SubElement(root, "Object", name="MainObject", type="TDM_Container")
    for name, items in lists.items():
        held = SubElement(main, "Object", name=f"{name}List", type=f"TDM_List_{name}")
        listed = SubElement(held, "List", name="Items")
        for item in items:
            made = SubElement(listed, "Object", type=f"TDM_Item_{name}")
            for key, value in item.items():
                SubElement(made, "Property", name=key, value=value)
    for name in ("ImportForceOverwrite", "ImportForceClean", "EmptyRecycleBin"):
        SubElement(main, "Property", name=name, value="false")
    return xml_document(root)
