"""An order as ``rx.json``, for layouts whose own files hold none: what ``read_rx`` reads back as the same order."""

from __future__ import annotations

from typing import Any

from attrs import asdict

from casepan.model.documents import dumps
from casepan.model.prescription import Prescription, WorkItem

RX_FILE = "rx.json"
_ITEM = (
    "id",
    "bridge",
    "material_text",
    "shade",
    "shade_guide",
    "stump_shade",
    "scan_body",
    "retention",
    "margin",
    "contacts",
    "pontic_design",
)
PRIVATE_FIELDS = ("reference", "remake_of", "practice", "doctor", "licence", "ship_to", "notes")
"""Fields of an order that may name people."""


def rx_document(prescription: Prescription, *, private: bool = False) -> bytes:
    """The order as the bytes of an ``rx.json``; without ``private`` it holds no word that may name a person.

    Vendors' ``raw`` properties stay at home.
    """
    document: dict[str, Any] = {"version": 1, "items": [_item(item) for item in prescription.items]}
    if prescription.due:
        document["due"] = prescription.due.isoformat()
    if prescription.appointment:
        document["appointment"] = prescription.appointment.isoformat()
    if prescription.rush:
        document["rush"] = True
    if prescription.physical:
        document["physical"] = list(prescription.physical)
    if private:
        document |= {name: value for name in PRIVATE_FIELDS if (value := getattr(prescription, name))}
    return dumps(document).encode("utf-8")


def _item(item: WorkItem) -> dict[str, Any]:
    told: dict[str, Any] = {name: value for name in _ITEM if (value := getattr(item, name))}
    if item.teeth:
        told["teeth"] = list(item.teeth)
    if item.kind != "other":
        told["kind"] = item.kind
    if item.material != "unknown":
        told["material"] = item.material
    if item.implant:
        told["implant"] = {name: value for name, value in asdict(item.implant).items() if value}
    return told
