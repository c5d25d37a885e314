"""3Shape: the order XML as prescription and patient."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from casepan.api import CorruptFile
from casepan_trios.rx import (
    arches_of,
    day_of,
    named_files,
    patient_of,
    prescription_of,
    read_container,
    read_names,
    scan_types,
)
from casepan_trios.testing import scan
from casepan_trios.testing_files import Unit, materials_xml, order_xml

BRIDGE = (Unit(24, bridge=True), Unit(25, "teCrownPontic", bridge=True), Unit(26, bridge=True))


def test_teeth_are_universal_numbers() -> None:
    """ToothNumber 14 is the first molar, FDI 26; the free text Items is never read."""
    data = order_xml((Unit(26),), order={"Items": "Crown 14"})
    assert b'name="ToothNumber" value="14"' in data
    assert prescription_of(read_container(data), {}).teeth == (26,)


def test_a_bridge_is_its_linked_units() -> None:
    """Units joined by connectors share a bridge id; the pontic is told by its class."""
    items = prescription_of(read_container(order_xml((*BRIDGE, Unit(11, element=2)))), {}).items
    assert [(item.teeth[0], item.kind, item.bridge) for item in items] == [
        (24, "crown", "1"),
        (25, "pontic", "1"),
        (26, "crown", "1"),
        (11, "crown", None),
    ]


def test_a_pontic_without_links_makes_its_element_a_bridge() -> None:
    """Templates leave the link lists empty; a pontic never stands alone."""
    units = (Unit(24), Unit(25, "teCrownPontic"), Unit(26))
    assert {item.bridge for item in prescription_of(read_container(order_xml(units)), {}).items} == {"1"}


def test_crowns_of_one_element_without_links_are_single() -> None:
    """Nothing says that they are joined, so they are not."""
    items = prescription_of(read_container(order_xml((Unit(24), Unit(25)))), {}).items
    assert [item.bridge for item in items] == [None, None]


def test_a_link_that_is_gone_joins_nothing() -> None:
    """Ends of a link count only when the link itself is listed."""
    data = order_xml((*BRIDGE, Unit(31, element=2, bridge=True))).replace(b'"L3"', b'"gone"', 1)
    items = prescription_of(read_container(data), {}).items
    assert [item.bridge for item in items] == ["1", "1", "1", None]


def test_material_and_shade_come_with_their_words() -> None:
    """The cached name is translated and kept."""
    (item,) = prescription_of(read_container(order_xml((Unit(11, "teVeneer", material="IPS e.max CAD"),))), {}).items
    assert (item.kind, item.material, item.material_text) == ("veneer", "lithium-disilicate", "IPS e.max CAD")
    assert (item.shade, item.shade_guide) == ("A2", "VITA Classical")
    assert item.provenance["shade"] == "file"


def test_materials_xml_names_what_the_order_caches_not() -> None:
    """Keys are site and item; the table lies beside the order."""
    names = read_names(materials_xml({"C1001_Material1": "Zirconia", "Global_Crown": "Anatomic crown"}))
    assert names == {"C1001_Material1": "Zirconia", "Crown": "Anatomic crown"}
    (item,) = prescription_of(read_container(order_xml((Unit(11, material=""),))), names).items
    assert item.material == "zirconia"


def test_the_shade_may_stand_in_a_field_of_the_laboratory() -> None:
    """CustomData with a caption that says shade counts before the order's own colour."""
    field = (
        b'<Object type="TDM_Item_CustomData"><Property name="FieldCaption" value="Tooth shade"/>'
        b'<Property name="Value" value="B1"/></Object>'
    )
    data = order_xml((Unit(11, shade=""),)).replace(b'<Property name="EmptyRecycleBin"', field + b'<Property name="E"')
    prescription = prescription_of(read_container(data), {})
    assert prescription.items[0].shade == "B1"
    assert prescription.raw["custom"] == {"Tooth shade": "B1"}


def test_comments_are_unescaped_twice() -> None:
    """The file holds an escaped line break inside the escaped text."""
    data = order_xml((Unit(11),))
    assert b"&amp;#xA;" in data
    assert prescription_of(read_container(data), {}).notes == 'Light contacts.\nShade "A2" & translucent edge'


@pytest.mark.parametrize(
    ("stamp", "day"),
    [
        ("1772962200", date(2026, 3, 8)),
        ("0", None),
        ("-18000", None),
        ("", None),
        (None, None),
        ("soon", None),
        ("1e99", None),
    ],
)
def test_zero_and_negative_stamps_are_no_dates(stamp: str | None, day: date | None) -> None:
    """A bare zone offset stands for unset."""
    assert day_of(stamp) == day


def test_placeholder_teeth_of_a_splint_tell_the_arch_only() -> None:
    """A splint has no tooth, its number says upper or lower."""
    container = read_container(order_xml((Unit(36, "teSplint"),)))
    (item,) = prescription_of(container, {}).items
    assert (item.kind, item.teeth) == ("splint", ())
    assert arches_of(container) == {"lower"}


def test_null_words_are_missing_values() -> None:
    """Empty text and _NULL_ both mean that nothing was entered."""
    patient = patient_of(read_container(order_xml((Unit(11),), patient=("", "Doe Jane"))))
    assert (patient.first, patient.last, patient.name, patient.guid) == (None, "Doe Jane", "Doe Jane", None)


def test_redesigns_are_not_ordered_twice() -> None:
    """An element whose id continues another's with an underscore is its re-design."""
    data = order_xml((Unit(11), Unit(11, element=2))).replace(b'"ME2"', b'"ME1_2"')
    assert len(prescription_of(read_container(data), {}).items) == 1


def test_ordered_models_are_one_item_without_teeth() -> None:
    """Prints of the scan are part of the order and have no tooth of their own."""
    data = order_xml((Unit(11), Unit(21, element=2)))
    second = data.rindex(b"meIndicationRegular")
    data = data[:second] + b"meDigitalModelPrepSectioned" + data[second + len(b"meIndicationRegular") :]
    items = prescription_of(read_container(data), {}).items
    assert [(item.kind, item.teeth) for item in items] == [("crown", (11,)), ("model", ())]


def test_fields_know_where_they_come_from() -> None:
    """Practice, doctor and reference are taken from the order file."""
    order = {"ShipToDeliveryAddress": "True", "DeliveryAddress1": "1 Example Street", "OrderImportanceID": "oiUrgent"}
    prescription = prescription_of(read_container(order_xml((Unit(11),), order=order, order_id="T1")), {})
    assert (prescription.reference, prescription.practice, prescription.doctor) == (
        "T1",
        "Example Clinic",
        "Dr. Example",
    )
    assert prescription.ship_to == "1 Example Street"
    assert prescription.rush
    assert set(prescription.provenance.values()) == {"file"}


def test_an_unknown_tooth_number_is_left_empty() -> None:
    """Tooth 99 is nobody's tooth; the item stays."""
    data = order_xml((Unit(11),)).replace(b'name="ToothNumber" value="8"', b'name="ToothNumber" value="99"')
    (item,) = prescription_of(read_container(data), {}).items
    assert item.teeth == ()
    assert item.raw["tooth"]["ToothNumber"] == "99"


def test_an_abutment_kit_names_the_implant() -> None:
    """The kit stays in the order's words."""
    data = order_xml((Unit(36, "teAbutment"),)).replace(
        b'name="AbutmentKitID" value=""', b'name="AbutmentKitID" value="K 4.1"'
    )
    (item,) = prescription_of(read_container(data), {}).items
    assert item.kind == "abutment"
    assert item.implant is not None
    assert item.implant.system == "K 4.1"


def test_scans_are_listed_by_kind_and_rarely_by_name() -> None:
    """The order lists what was scanned; file names are empty unless somebody fills them in."""
    container = read_container(order_xml((Unit(11),), scan_files=("one.dcm",)))
    assert scan_types(container) == ("stPreparationIntraOral", "stAntagonistIntraOral")
    assert named_files(container) == ("one.dcm",)


@pytest.mark.parametrize("data", [b"", b"<DentalContainer", b"<Other/>", b"\xff\xfe<\x00"])
def test_another_document_is_refused(data: bytes) -> None:
    """A typed error, never a bare one."""
    with pytest.raises(CorruptFile):
        read_container(data)


def test_teeth_marked_in_an_open_export_tell_the_arch(read_with: Callable[..., Any]) -> None:
    """Offered where one notation is possible, and then they place preparation and antagonist; else a person is asked."""
    files = {"Raw Preparation scan.stl": scan("lower"), "Raw Antagonist scan.stl": scan("upper")}
    sure = read_with("trios", {f"Roe #46/{name}": content for name, content in files.items()})
    assert sure.cases[0].prescription.items[0].provenance == {"teeth": "name"}
    assert set(sure.roles.values()) == {"preparation/lower", "antagonist/upper"}
    unsure = read_with("trios", {f"Roe #26/{name}": content for name, content in files.items()})
    assert set(unsure.roles.values()) == {"preparation/-", "antagonist/-"}
    assert "arrival.teeth-marked" in unsure.codes
