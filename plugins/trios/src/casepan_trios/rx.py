"""The order XML of Dental System (``DentalContainer``) as prescription and patient.

Everything is found by type and name, never by position: real files carry some 80 lists, most of them empty. Tooth
numbers are Universal whatever notation the laboratory's screen uses; the free text ``Items`` is never read for teeth.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from attrs import evolve, frozen

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

Properties = Mapping[str, str]

_KINDS: Mapping[str, Kind] = {
    "teCrown": "crown",
    "teCrownPontic": "pontic",
    "teVeneer": "veneer",
    "teInlay": "inlay",
    "teOnlay": "onlay",
    "teCoping": "coping",
    "teAbutment": "abutment",
    "teSplint": "splint",
    "teArtificialTooth": "full-denture",
    "teGingivaFD": "full-denture",
}
_WHOLE_ARCH = ("splint", "full-denture", "partial-denture", "tray", "model")
"""Kinds whose tooth number is a placeholder: only its arch means anything."""


@frozen
class Container:
    """One order XML: its items by type, every property as text, missing ones left out."""

    version: str
    items: Mapping[str, tuple[Properties, ...]]

    @property
    def order(self) -> Properties:
        """The properties of the order itself."""
        return next(iter(self.of("Order")), {})

    @property
    def id(self) -> str:
        """``IntOrderID``, an empty string when there is none."""
        return self.order.get("IntOrderID", "")

    def of(self, kind: str) -> tuple[Properties, ...]:
        """All items of one type, named without its prefix: ``of("ToothElement")``."""
        return self.items.get(f"TDM_Item_{kind}", ())


def read_container(data: bytes, *, place: str = "") -> Container:
    """The order in the bytes of an XML file.

    Raises:
        CorruptFile: no XML, or another document than a ``DentalContainer``.
    """
    root = read_xml(data, place=place)
    if root.tag != "DentalContainer":
        raise CorruptFile("this XML is no 3Shape order (DentalContainer)", place=place)
    items: dict[str, list[Properties]] = {}
    for element in root.iter("Object"):
        if (kind := element.get("type", "")).startswith("TDM_Item_"):
            items.setdefault(kind, []).append(_properties(element))
    return Container(root.get("version", ""), {kind: tuple(found) for kind, found in items.items()})


def read_names(data: bytes, *, place: str = "") -> Mapping[str, str]:
    """Names of materials and tooth types by key from ``Materials.xml``: ``<site>_<id>``, for site ``Global`` ``<id>``.

    Raises:
        CorruptFile: no XML.
    """
    names: dict[str, str] = {}
    for element in read_xml(data, place=place).iter("Object"):
        found = _properties(element)
        site, item = found.get("CreatorSiteID", "Global"), found.get("ItemID")
        name = found.get("Name") or found.get("ItemName")
        if item and name:
            names[item if site == "Global" else f"{site}_{item}"] = name
    return names


def prescription_of(container: Container, names: Mapping[str, str]) -> Prescription:
    """What the order asks for. ``names`` resolves material and tooth type keys (``read_names``)."""
    order = container.order
    fields = {
        "reference": container.id or None,
        "due": _due(container),
        "rush": _is_rush(order),
        "practice": order.get("Customer"),
        "doctor": order.get("ClientContactPerson"),
        "ship_to": _address(order),
        "notes": _notes(container),
    }
    return Prescription(
        items=work_items(container, names),
        raw={"version": container.version, "order": dict(order), "custom": _custom(container)},
        provenance=_from_file(key for key, value in fields.items() if value),
        **fields,  # type: ignore[arg-type]
    )


def patient_of(container: Container) -> Patient:
    """Who the order names. Practices put tray numbers and notes into these fields too: the words stay as they are."""
    order = container.order
    first, last = order.get("Patient_FirstName"), order.get("Patient_LastName")
    return Patient(
        name=" ".join(part for part in (first, last) if part) or None,
        first=first,
        last=last,
        reference=order.get("Patient_RefNo"),
        guid=order.get("PatientGuid"),
        raw={key: value for key, value in order.items() if key.startswith("Patient")},
    )


def work_items(container: Container, names: Mapping[str, str]) -> tuple[WorkItem, ...]:
    """One item per tooth element, and one for the models that the order wants made."""
    elements = {e.get("ModelElementID", ""): e for e in container.of("ModelElement")}
    teeth = [t for t in container.of("ToothElement") if _is_current(t, elements)]
    bridges = _bridges(container, teeth)
    items = [_unit(tooth, elements.get(tooth.get("ModelElementID", ""), {}), names, container) for tooth in teeth]
    keys = [tooth.get("ToothElementID", "") for tooth in teeth]
    items = [_in_bridge(item, bridges[key]) if key in bridges else item for item, key in zip(items, keys, strict=True)]
    models = [e for e in elements.values() if e.get("ModelElementType", "").startswith("meDigitalModel")]
    if models:
        items.append(
            WorkItem("", kind="model", raw={"elements": [dict(m) for m in models]}, provenance={"kind": "file"})
        )
    return tuple(evolve(item, id=str(number)) for number, item in enumerate(items, 1))


def _in_bridge(item: WorkItem, bridge: str) -> WorkItem:
    return evolve(item, bridge=bridge, provenance={**item.provenance, "bridge": "file"})


def arches_of(container: Container) -> frozenset[Arch]:
    """The arches of the ordered teeth; the placeholder tooth of a splint or a denture stands for its arch."""
    elements = {e.get("ModelElementID", ""): e for e in container.of("ModelElement")}
    teeth = (_fdi(tooth) for tooth in container.of("ToothElement") if _is_current(tooth, elements))
    return frozenset(arch_of(tooth) for tooth in teeth if tooth)


def scan_types(container: Container) -> tuple[str, ...]:
    """The kinds of scan that the order lists (``stPreparationIntraOral`` …)."""
    return tuple(dict.fromkeys(scan["ScanType"] for scan in container.of("Scan") if scan.get("ScanType")))


def named_files(container: Container) -> tuple[str, ...]:
    """File names of scans that the order gives, usually none."""
    return tuple(dict.fromkeys(scan["FileName"] for scan in container.of("Scan") if scan.get("FileName")))


def day_of(stamp: str | None) -> date | None:
    """The day of an epoch stamp in seconds. Zero and negative ones (a bare zone offset) mean that it is not set."""
    try:
        seconds = float(stamp or 0)
        return datetime.fromtimestamp(seconds, UTC).date() if seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None


def plain_text(text: str) -> str:
    """Comments are escaped twice in the file: what the XML parser leaves still holds ``&#xA;``."""
    return html.unescape(text).replace("\r\n", "\n").strip()


def _properties(element: Element) -> Properties:
    pairs = ((p.get("name", ""), p.get("value", "")) for p in element.findall("Property"))
    return {name: value for name, value in pairs if value.strip() and value != "_NULL_"}


def _is_current(tooth: Properties, elements: Mapping[str, Properties]) -> bool:
    """False for teeth of printed models, and for re-designs (an underscore in the id) of an element that is there."""
    key = tooth.get("ModelElementID", "")
    if "_" in key and key.partition("_")[0] in elements:
        return False
    return not elements.get(key, {}).get("ModelElementType", "").startswith("meDigitalModel")


def _unit(tooth: Properties, element: Properties, names: Mapping[str, str], container: Container) -> WorkItem:
    type_name = names.get(tooth.get("toothElementTypeID", ""), "")
    type_class = tooth.get("CacheToothTypeClass", "")
    kind = _KINDS.get(type_class) or kind_from_words(type_class or type_name)
    number = _fdi(tooth)
    words = element.get("CacheMaterialName") or names.get(element.get("MaterialID", ""))
    shade, guide = parse_shade(_shade_words(element, container))
    kit = tooth.get("AbutmentKitID")
    fields = {
        "teeth": () if kind in _WHOLE_ARCH or number is None else (number,),
        "kind": kind,
        "material": material_from_words(words),
        "material_text": words,
        "shade": shade,
        "shade_guide": guide,
        "implant": Implant(system=names.get(kit, kit)) if kit else None,
    }
    known = (key for key, value in fields.items() if value and value not in ("unknown", "other"))
    raw = {"tooth": dict(tooth), "element": dict(element), "type_name": type_name}
    return WorkItem("", raw=raw, provenance=_from_file(known), **fields)  # type: ignore[arg-type]


def _fdi(tooth: Properties) -> int | None:
    try:
        return from_universal(tooth.get("ToothNumber", ""))
    except CaseError:
        return None


def _shade_words(element: Properties, container: Container) -> str | None:
    """The element's colour, else a field of the laboratory's own that is called shade, else the order's colour."""
    own = (f.get("Value") for f in container.of("CustomData") if "shade" in f.get("FieldCaption", "").casefold())
    return element.get("CacheColor") or next(own, None) or container.order.get("CacheColor")


def _bridges(container: Container, teeth: Sequence[Properties]) -> Mapping[str, str]:
    """Bridge id by tooth element: teeth joined by links, and the teeth of one element that holds a pontic."""
    joined = _linked(container)
    for element in dict.fromkeys(
        t.get("ModelElementID") for t in teeth if "Pontic" in t.get("CacheToothTypeClass", "")
    ):
        joined.append({t.get("ToothElementID", "") for t in teeth if t.get("ModelElementID") == element})
    known = {t.get("ToothElementID", "") for t in teeth}
    groups: list[set[str]] = []
    for pair in joined:
        touching = [group for group in groups if group & pair]
        groups = [group for group in groups if not group & pair] + [pair.union(*touching)]
    bridges = [group & known for group in groups if len(group & known) > 1]
    order = [t.get("ToothElementID", "") for t in teeth]
    bridges.sort(key=lambda group: min(order.index(tooth) for tooth in group))
    return {tooth: str(number) for number, group in enumerate(bridges, 1) for tooth in group}


def _linked(container: Container) -> list[set[str]]:
    links = {link.get("LinkID", "") for link in container.of("Link")}
    ends: dict[str, set[str]] = {}
    for end in container.of("LinkToothElement"):
        if end.get("LinkID") in links and end.get("ToothElementID"):
            ends.setdefault(end["LinkID"], set()).add(end["ToothElementID"])
    return list(ends.values())


def _due(container: Container) -> date | None:
    """The earliest ``DeliveryDate``: the day that Dental System shows for the order (README, "Dates")."""
    days = (day_of(element.get("DeliveryDate")) for element in container.of("ModelElement"))
    return min((day for day in days if day), default=None)


def _is_rush(order: Properties) -> bool:
    words = order.get("OrderImportanceID", "").casefold()
    return any(word in words for word in ("high", "urgent", "rush"))


def _address(order: Properties) -> str | None:
    if order.get("ShipToDeliveryAddress", "").casefold() != "true":
        return None
    keys = ("DeliveryAddress1", "DeliveryAddress2", "DeliveryZip", "DeliveryCity", "DeliveryState", "DeliveryCountryID")
    return ", ".join(order[key] for key in keys if key in order) or None


def _notes(container: Container) -> str | None:
    texts = [container.order.get("OrderComments", "")]
    texts += [element.get("ModelComment", "") for element in container.of("ModelElement")]
    texts += [message.get("Text", "") for message in container.of("OrderExchangeElement")]
    return "\n".join(dict.fromkeys(plain_text(text) for text in texts if text.strip())) or None


def _custom(container: Container) -> dict[str, str]:
    return {f["FieldCaption"]: f.get("Value", "") for f in container.of("CustomData") if f.get("FieldCaption")}


def _from_file(keys: object) -> dict[str, Provenance]:
    return dict.fromkeys(keys, "file")  # type: ignore[call-overload, no-any-return]
