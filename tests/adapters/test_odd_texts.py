"""Orders whose texts hold what no document can: control characters, and bytes of file names that nobody could decode."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from attrs import evolve

from casepan.api import Case, Implant, Patient, Prescription, WorkItem
from casepan.testing.conformance.exporting import Rigged
from casepan_trios.testing_files import materials_xml

ODD = "Zo\udce9 M\u00fcller\x00\x0b\r\n<b>\uffff"
STAGES = (
    "core.folder",
    "trios.package",
    "itero.package",
    "primescan.package",
    "medit.package",
    "carestream.package",
    "trios.dental-system",
    "exocad.project",
)
XML = (".xml", ".dentalProject")
TABLES = {"materials": "../given/Materials.xml", "manufacturers": "../given/Manufacturers.3ml"}
GIVEN = {
    "Materials.xml": materials_xml({"C1001_Z": "Zirconia", "C1001_C": "Crown"}),
    "Manufacturers.3ml": b"PK locked",
}
FOLDERS: Mapping[str, Mapping[str, Any]] = {"itero.package": {"form": "folder"}, "trios.dental-system": TABLES}


def with_odd_texts(case: Case) -> Case:
    """The case with such a text wherever an order has words."""
    item = WorkItem(
        "1", (24,), "crown", material="zirconia", material_text=ODD, shade=ODD, stump_shade=ODD, scan_body=ODD,
        implant=Implant(ODD, ODD, ODD), margin=ODD, contacts=ODD, pontic_design=ODD,
    )  # fmt: skip
    order = Prescription((item,), reference=ODD, practice=ODD, doctor=ODD, licence=ODD, ship_to=ODD, notes=ODD)
    return evolve(case, prescription=order, patient=Patient(name=ODD, first=ODD, last=ODD, reference=ODD))


@pytest.mark.parametrize("stage", STAGES)
def test_a_package_is_whole_whatever_the_order_says(stage: str) -> None:
    """Every document in it can be read by anybody; nothing ends in an error that no person understands."""
    with Rigged(stage, {"private": True, **FOLDERS.get(stage, {})}, GIVEN) as rig:
        receipt = rig.deliver(case=with_odd_texts(rig.case))
        documents = {path: content for path, content in rig.folder.visible().items() if not path.endswith(".stl")}
    assert receipt.files
    for path, content in documents.items():
        if path.endswith(XML) and not path.endswith("Materials.xml"):
            assert "M\u00fcller" in ET.tostring(ET.fromstring(content), "unicode")
        if path.endswith(".json"):
            assert "M\u00fcller" in json.dumps(json.loads(content), ensure_ascii=False)
