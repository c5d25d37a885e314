"""Every adapter knows where its files name people: what it lists is enough to make its documents nameless."""

from __future__ import annotations

import re
from io import BytesIO
from xml.etree.ElementTree import Element, tostring

import pytest
from typer.testing import CliRunner

from casepan.api import Personal, read_xml
from casepan.cli.app import app
from casepan.mesh import inventory
from casepan.registry import Registry
from casepan.testing import small_scan
from casepan_exocad.testing import project as exocad_project
from casepan_exocad.testing import tooth
from casepan_itero.testing import manifest_xml
from casepan_medit.testing import PROJECT
from casepan_primescan.layout import DOCUMENT
from casepan_primescan.testing import samples as primescan_samples
from casepan_trios.testing_files import Unit, hps_scan, order_xml

REGISTRY = Registry.load()
ADAPTERS = ("trios", "itero", "primescan", "medit", "carestream", "exocad", "dicom")
DOCUMENTS = {
    "trios": (order_xml((Unit(26),), patient=("Jane", "Doe")), "Jane Doe Example P-0001 Light"),
    "itero": (manifest_xml("300000005", (), info={"Notes": "for Jane"}), "Jane Doe Example Ann Street 12345 300000005"),
    "medit": (PROJECT.encode(), "Roe Jane Lindenhof contour"),
    "exocad": (exocad_project(tooth(26)), "Roe Zoë Lindenhof contour T-1"),
}


def personal(adapter: str) -> Personal:
    """What an adapter declares."""
    declared = REGISTRY.plugin(adapter).info.personal
    assert declared is not None
    return declared


def nameless(root: Element, places: tuple[str, ...]) -> Element:
    """The document with everything taken out that the places name: what a pseudonymiser does."""
    for place in places:
        tag, _, path = place.partition("/")
        steps, _, attribute = path.rpartition("/@")
        if root.tag != tag:
            continue
        for element in root.iterfind(steps if attribute and steps else path):
            if attribute and steps:
                element.attrib.pop(attribute, None)
            else:
                element.text = ""
    return root


@pytest.mark.parametrize("adapter", DOCUMENTS)
def test_a_document_without_the_listed_places_names_nobody(adapter: str) -> None:
    """Every word about people is gone, and the order is still there."""
    content, words = DOCUMENTS[adapter]
    text = tostring(nameless(read_xml(content), personal(adapter).xml), encoding="unicode")
    assert [word for word in words.split() if re.search(rf"\b{re.escape(word)}\b", text)] == []
    assert "A2" in text or adapter == "itero"


def test_a_record_of_a_dxd_names_nobody() -> None:
    """Patient, practice, date of birth and device."""
    found = []
    for sample in primescan_samples():
        for path, content in sample.files().items():
            if path.endswith(DOCUMENT):
                found.append(nameless(read_xml(content), personal("primescan").xml))
    assert found
    for root in found:
        left = [element.text for element in root.iterfind(".//Patient/*") if (element.text or "").strip()]
        assert left == []


def test_properties_of_hps_files_are_listed() -> None:
    """Serial numbers, computer, site and dongle are known by name."""
    told = {"ScannerSerialNumber": "17", "ComputerName": "PC-DOE", "ScanSource": "TRIOS", "SiteDongle": "1"}
    content = hps_scan(small_scan("upper"), properties=told)
    properties = inventory(BytesIO(content), name="a.dcm", format="hps").properties
    assert set(properties) - set(personal("trios").hps) == {"ScanSource"}


def test_dicom_tags_are_written_as_tags() -> None:
    """Group and element in hexadecimal."""
    tags = personal("carestream").dicom
    assert {"0010,0010", "0010,0020", "0010,0030"} <= set(tags)
    assert all(re.fullmatch(r"[0-9A-F]{4},[0-9A-F]{4}", tag) for tag in tags)


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_the_card_says_where_people_are_named(adapter: str) -> None:
    """``casepan adapters show`` lists it in words, ``--json`` in full."""
    shown = CliRunner().invoke(app, ["adapters", "show", adapter])
    assert "Names people:" in shown.output
    assert personal(adapter).names[0] in shown.output
    full = CliRunner().invoke(app, ["adapters", "show", adapter, "--json"])
    assert all(place.split("/")[0] in full.output for place in personal(adapter).xml)


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_every_place_can_be_searched_for(adapter: str) -> None:
    """Each is a root and an ElementPath that the standard library understands."""
    empty = Element("Nothing")
    for place in personal(adapter).xml:
        tag, _, path = place.partition("/")
        assert tag.isidentifier()
        assert empty.findall(path.rpartition("/@")[0] or path) == []
