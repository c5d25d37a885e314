"""Order folders for Dental System: property by property as real ones, and read back as the same case."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from casepan.api import Case, DeliveryError, DeliveryRefused, Patient, Prescription, Receipt, WorkItem
from casepan.operate.looking import look_at
from casepan.registry import Registry
from casepan.running.context import Bench, Errand
from casepan_trios.dental_system import DentalSystemFolder
from casepan_trios.options import DentalSystemOptions
from casepan_trios.order_xml import Tables, order_xml
from casepan_trios.rx import Container, read_container
from casepan_trios.testing_files import materials_xml

REGISTRY = Registry.load()
ORDER = "K7Q2-M4"
TABLE = {"C1001_Z": "Zirconia", "C1001_E": "IPS e.max CAD", "C1001_Crown": "Crown", "C1001_Pontic": "Crown pontic"}
BRIDGE = (
    WorkItem("1", (26,), "crown", "b", "zirconia", "Zirconia", "A2"),
    WorkItem("2", (25,), "pontic", "b", "zirconia", "Zirconia", "A2"),
    WorkItem("3", (24,), "crown", "b", "zirconia", "Zirconia", "A2"),
    WorkItem("4", (11,), "veneer", None, "lithium-disilicate", None, "BL2"),
)


class Hand:
    """A case of the samples, and the exporter over it."""

    def __init__(self, folder: Path) -> None:
        (sample,) = [one for one in REGISTRY.samples()["trios"] if one.name == "order-folder-stl"]
        self.arrival = sample.write(folder / "in")
        self.folder = folder
        (folder / "Materials.xml").write_bytes(materials_xml(TABLE))
        (folder / "Manufacturers.3ml").write_bytes(b"PK locked")
        self.case = evolve(look_at(self.arrival, REGISTRY).cases[0].case, ref=ORDER)

    def deliver(self, case: Case, **more: Any) -> Receipt:
        """Hand a case on."""
        given = {"materials": "Materials.xml", "manufacturers": "Manufacturers.3ml", **more}
        with Bench.at(self.arrival, base=self.folder) as bench:
            ctx = bench.sending("trios.dental-system", "export", Errand("key", ORDER))
            return DentalSystemFolder(DentalSystemOptions(**given)).deliver(case, ctx)


@pytest.fixture
def hand(tmp_path: Path) -> Hand:
    """A case to hand on."""
    return Hand(tmp_path)


def written(hand: Hand, *items: WorkItem, private: bool = False, **order: Any) -> Container:
    """The order XML of these items."""
    case = evolve(hand.case, prescription=Prescription(items or BRIDGE, **order))
    xml = order_xml(case, ORDER, ("preparation", "antagonist", "bite"), Tables(TABLE), private=private)
    return read_container(xml)


def test_the_tree_is_that_of_an_order(hand: Hand) -> None:
    """Order XML of the folder's name, scans by jaw, the laboratory's own tables byte for byte, a note outside of it."""
    receipt = hand.deliver(hand.case)
    assert set(receipt.files) == {
        f"{ORDER}/{ORDER}.xml",
        f"{ORDER}/Materials.xml",
        f"{ORDER}/Manufacturers.3ml",
        f"{ORDER}/Scans/Upper/Raw Preparation scan.stl",
        f"{ORDER}/Scans/Lower/Raw Antagonist scan.stl",
        f"{ORDER}/Scans/Misc/Raw Bite scan.stl",
        "READ ME FIRST.txt",
        "rx.json",
    }
    folder = Path(receipt.place)
    assert (folder / ORDER / "Materials.xml").read_bytes() == materials_xml(TABLE)
    assert (folder / ORDER / "Manufacturers.3ml").read_bytes() == b"PK locked"


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_an_order_folder_is_read_back_as_the_same_case(form: str, hand: Hand) -> None:
    """Roles, arches, teeth, kinds, bridge, materials, shades and the day; the order itself is certain evidence."""
    receipt = hand.deliver(hand.case, form=form)
    (looked,) = look_at(Path(receipt.place), REGISTRY).cases
    again = looked.case
    assert looked.recognition.confidence == "certain"
    assert again.key.vendor_id == ORDER
    assert [(s.role, s.arch, s.variant) for s in again.scans] == [(s.role, s.arch, s.variant) for s in hand.case.scans]

    def told(case: Case) -> list[object]:
        return [(i.teeth, i.kind, i.material, i.shade, bool(i.bridge)) for i in case.prescription.items]

    assert sorted(map(str, told(again))) == sorted(map(str, told(hand.case)))
    assert again.prescription.due == hand.case.prescription.due
    assert {finding.code for finding in again.findings} <= {"core.any"}


def test_every_property_is_one_of_real_orders(hand: Hand, shared: Path) -> None:
    """No property is invented: each name stands in the facts for its type of item."""
    facts = (shared / "facts" / "trios.md").read_text(encoding="utf-8")
    sections = re.split(r"\n\n", facts.partition("### 2.2")[2].partition("### 2.3")[0])
    known = {name: set(re.findall(r"\w+", text)) for text in sections for name in re.findall(r"`TDM_Item_(\w+)`", text)}
    container = written(hand)
    used = {kind: {name for item in items for name in item} for kind, items in container.items.items()}
    assert {"TDM_Item_Order", "TDM_Item_ToothElement", "TDM_Item_LinkToothElement", "TDM_Item_Scan"} <= set(used)
    for kind, names in used.items():
        assert names <= known[kind.removeprefix("TDM_Item_")], kind


def test_tooth_numbers_are_universal_and_units_keep_the_order_of_the_arch(hand: Hand) -> None:
    """24 to 26 are 12 to 14; connectors join neighbours."""
    container = written(hand)
    assert [tooth["ToothNumber"] for tooth in container.of("ToothElement")] == ["12", "13", "14", "8"]
    assert len(container.of("ModelElement")) == 2
    teeth = {tooth["ToothElementID"]: tooth["ToothNumber"] for tooth in container.of("ToothElement")}
    ends = [teeth[end["ToothElementID"]] for end in container.of("LinkToothElement")]
    assert ends == ["12", "13", "13", "14"]


def test_materials_and_tooth_types_are_the_laboratorys_own(hand: Hand) -> None:
    """By the order's own words, else by what they mean; what the table lacks is left open, never made up."""
    bridge, veneer = written(hand).of("ModelElement")
    assert (bridge["MaterialID"], veneer["MaterialID"]) == ("C1001_Z", "C1001_E")
    types = [tooth.get("toothElementTypeID") for tooth in written(hand).of("ToothElement")]
    assert types == ["C1001_Crown", "C1001_Pontic", "C1001_Crown", None]


def test_ids_are_unique_and_the_same_for_the_same_order(hand: Hand) -> None:
    """Prefix and 32 upper-case hex digits."""
    container = written(hand)
    ids = [
        item[f"{kind}ID"]
        for kind in ("ModelJob", "ModelElement", "ToothElement", "Link", "Scan")
        for item in container.of(kind)
    ]
    assert len(ids) == len(set(ids)) == 1 + 2 + 4 + 2 + 2
    assert all(re.fullmatch(r"[A-Z]{1,2}[0-9A-F]{32}", one) for one in ids)
    assert written(hand).items == container.items


def test_nobody_is_named_without_leave(hand: Hand) -> None:
    """The order's id stands for the patient; with leave names, notes and their line breaks survive."""
    order: dict[str, Any] = {
        "notes": 'Light "contacts"\nA2 & translucent',
        "practice": "Park",
        "due": date(2026, 1, 31),
    }
    hand.case = evolve(hand.case, patient=Patient(first="Jane", last="Doe"))
    assert written(hand, **order).order["Patient_LastName"] == ORDER
    assert not {"Customer", "OrderComments", "Patient_FirstName"} & set(written(hand, **order).order)
    told = written(hand, private=True, **order)
    assert (told.order["Patient_FirstName"], told.order["Customer"]) == ("Jane", "Park")
    assert told.order["OrderComments"] == 'Light "contacts"&#xA;A2 & translucent'


def test_the_note_lists_the_order_and_what_is_missing(hand: Hand) -> None:
    """A technician reads it on Windows, step by step."""
    receipt = hand.deliver(evolve(hand.case, prescription=Prescription((*BRIDGE, WorkItem("5", (31, 32), "splint")))))
    note = (Path(receipt.place) / "READ ME FIRST.txt").read_bytes().decode()
    assert "- crown 26 (FDI), Zirconia, shade A2, bridge b\r\n" in note
    assert "no known class" in note
    assert "no known class" in receipt.proof["not carried"]


def refusals() -> Iterator[tuple[str, Any, str]]:
    """Why an order cannot be written."""
    yield "teeth", Prescription(), "needs teeth"
    yield "kinds", Prescription((WorkItem("1", (31,), "splint"),)), "needs teeth"


@pytest.mark.parametrize(("name", "prescription", "words"), list(refusals()))
def test_an_order_without_teeth_is_refused(name: str, prescription: Prescription, words: str, hand: Hand) -> None:
    """It says what to do instead."""
    with pytest.raises(DeliveryRefused, match=words) as caught:
        hand.deliver(evolve(hand.case, prescription=prescription))
    assert "trios.package" in str(caught.value.hint)


def test_scans_that_are_no_stl_are_refused(hand: Hand) -> None:
    """Dental System takes third-party scans as STL."""
    scans = tuple(evolve(scan, format="ply") for scan in hand.case.scans)
    with pytest.raises(DeliveryRefused, match="STL"):
        hand.deliver(evolve(hand.case, scans=scans))


@pytest.mark.parametrize("content", [None, b"no xml"])
def test_unreadable_tables_can_be_put_right(content: bytes | None, hand: Hand) -> None:
    """A missing or damaged table is said, and the next try may succeed."""
    table = hand.folder / "Materials.xml"
    table.unlink() if content is None else table.write_bytes(content)
    with pytest.raises(DeliveryError) as caught:
        hand.deliver(hand.case)
    assert caught.value.retryable
    assert "Dental System" in str(caught.value.hint)
