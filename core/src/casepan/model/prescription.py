"""What is ordered. Every field knows its provenance; what is not known is None or ``"unknown"``, never a guess."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from attrs import Attribute, field, frozen
from attrs.validators import in_

from casepan.model.vocabulary import KINDS, MATERIALS, Kind, Material, Provenance

FDI_TEETH = frozenset(
    quadrant * 10 + position
    for quadrants, positions in (((1, 2, 3, 4), range(1, 9)), ((5, 6, 7, 8), range(1, 6)))
    for quadrant in quadrants
    for position in positions
)
"""Every tooth of ISO 3950: 11 to 48 permanent, 51 to 85 primary."""


def _are_fdi(_: object, attribute: Attribute[tuple[int, ...]], value: tuple[int, ...]) -> None:
    wrong = [tooth for tooth in value if tooth not in FDI_TEETH]
    if wrong:
        raise ValueError(f"{attribute.name}: not FDI tooth numbers: {wrong}")


@frozen
class Implant:
    """The implant under a work item, in the words of the order."""

    manufacturer: str | None = None
    system: str | None = None
    platform: str | None = None


@frozen
class WorkItem:
    """One unit of a restoration; the units of a bridge share a ``bridge`` id.

    Attributes:
        id: unique in the prescription (``"1"``, ``"2"`` …).
        teeth: FDI numbers (ISO 3950), one for a unit, several for a denture or splint, empty when unknown.
        material_text: the order's own words for the material.
        raw: the vendor's properties, untouched.
        provenance: field name to where its value comes from.
    """

    id: str
    teeth: tuple[int, ...] = field(default=(), validator=_are_fdi)
    kind: Kind = field(default="other", validator=in_(KINDS))
    bridge: str | None = None
    material: Material = field(default="unknown", validator=in_(MATERIALS))
    material_text: str | None = None
    shade: str | None = None
    shade_guide: str | None = None
    stump_shade: str | None = None
    implant: Implant | None = None
    scan_body: str | None = None
    retention: str | None = None
    margin: str | None = None
    contacts: str | None = None
    pontic_design: str | None = None
    raw: Mapping[str, Any] = field(factory=dict, repr=False)
    provenance: Mapping[str, Provenance] = field(factory=dict, repr=False)


@frozen
class Prescription:
    """The order of one case (the Rx).

    Attributes:
        reference: the order number people use on the telephone; private like every field below it.
        due: the day the office wants the work; ``appointment`` the patient's next visit, aware or naive as delivered.
        ship_to, practice, doctor, licence: who ordered it.
        physical: things that come by courier (``"impression"``, ``"model"`` …).
    """

    items: tuple[WorkItem, ...] = ()
    reference: str | None = field(default=None, repr=False)
    due: date | None = None
    appointment: datetime | None = None
    rush: bool = False
    remake_of: str | None = field(default=None, repr=False)
    practice: str | None = field(default=None, repr=False)
    doctor: str | None = field(default=None, repr=False)
    licence: str | None = field(default=None, repr=False)
    ship_to: str | None = field(default=None, repr=False)
    physical: tuple[str, ...] = ()
    notes: str | None = field(default=None, repr=False)
    raw: Mapping[str, Any] = field(factory=dict, repr=False)
    provenance: Mapping[str, Provenance] = field(factory=dict, repr=False)

    @property
    def teeth(self) -> tuple[int, ...]:
        """All ordered teeth in ascending order, each once."""
        return tuple(sorted({tooth for item in self.items for tooth in item.teeth}))
