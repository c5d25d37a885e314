"""Primescan: whole arrivals, read by this adapter alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from casepan.api import NotReady, Sample
from casepan.testing import pdf_sheet
from casepan_primescan.testing import (
    GUID,
    OTHER_GUID,
    connect_folder,
    ds_core,
    dxd,
    in_folder,
    local_obj,
    local_stl,
    mesh,
    samples,
    zipped,
)

ReadWith = Callable[..., Any]


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_every_tree_of_the_facts_is_read(sample: Sample, read_with: ReadWith) -> None:
    """Roles, teeth, identity and closed files come out as the sample says."""
    read = read_with("primescan", sample.files())
    expected = sample.expected
    assert read.roles == dict(expected.scans)
    assert sorted({tooth for case in read.cases for tooth in case.prescription.teeth}) == list(expected.teeth)
    assert sum(len(case.closed) for case in read.cases) == expected.closed
    assert expected.vendor_id in (None, read.cases[0].key.vendor_id)
    review = any(finding.severity == "warning" for case in read.cases for finding in case.findings)
    assert review == (expected.outcome == "review")


LOOK_ALIKES = {
    "Dewesoft": {"m.dxd": b"DSRec\0" + bytes(500)},
    "another zip called dxd": {"m.dxd": zipped({"inner/DentalCase.xml": b"<DentalCase/>"})},
    "empty dxd": {"m.dxd": b""},
    "BenQ": {"c/UpperJaw.stl": b"", "c/LowerJaw.stl": b"", "c/TotalJaw0.stl": b"", "c/x.hasscan": b""},
    "exocad case": {"c/UpperJaw.stl": b"", "c/LowerJaw.stl": b"", "c/c.dentalProject": b"<Treatment/>"},
    "with a foreign mesh": {"c/UpperJaw.stl": b"", "c/LowerJaw.stl": b"", "c/BiteScan.stl": b""},
    "exocad names": {"c/roe-UpperJaw.stl": b"", "c/roe-LowerJaw.stl": b""},
    "TRIOS": {"c/roe UpperJawScan.stl": b"", "c/roe LowerJawScan.stl": b""},
    "another program's Data.obj": {"c/Wings/Data.obj": b"", "c/Body/Data.obj": b""},
    "another XML": {"c/DentalCase.xml": b"<Other/>"},
    "damaged XML": {"c/DentalCase.xml": b"<DentalCase><Pat"},
    "model builder": {"c/x_UnsectionedModel_UpperJaw.stl": b""},
}


@pytest.mark.parametrize("files", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
def test_look_alikes_are_left_alone(files: dict[str, bytes], read_with: ReadWith) -> None:
    """Names that resemble Primescan's are no claim."""
    assert read_with("primescan", files).claims == ()


def test_a_half_written_dxd_means_wait(read_with: ReadWith) -> None:
    """A zip without its end is not dropped and not quarantined."""
    with pytest.raises(NotReady):
        read_with("primescan", {"m.dxd": dxd()[:-30]})


def test_a_large_dxd_is_recognised_by_its_directory(read_with: ReadWith) -> None:
    """The record may stand behind a payload larger than recognition may read."""
    content = zipped(
        {"Payload.bin": bytes(5 << 20), "DentalCase.xml": b"<DentalCase><CaseGUID>ab</CaseGUID></DentalCase>"}
    )
    (claim,) = read_with("primescan", {"m.dxd": content}).claims
    assert (claim.confidence, claim.vendor_id) == ("certain", "AB")


@pytest.mark.parametrize(
    ("files", "confidence"),
    [
        ({"z.zip": zipped(ds_core())}, "likely"),
        (
            {path: content for path, content in in_folder("c", ds_core()).items() if path.endswith("jaw.ply")},
            "possible",
        ),
        (local_obj(), "likely"),
        (local_stl(), "possible"),
        (connect_folder(), "certain"),
    ],
    ids=["exocad zip", "two meshes only", "folders", "bare", "record"],
)
def test_confidence_follows_the_proof(files: dict[str, bytes], confidence: str, read_with: ReadWith) -> None:
    """Names alone are never more than possible."""
    assert [claim.confidence for claim in read_with("primescan", files).claims] == [confidence]


def test_record_and_dxd_of_one_case_are_one_case(read_with: ReadWith) -> None:
    """A Connect folder holds the record twice; its order number is the reference."""
    (case,) = read_with("primescan", connect_folder()).cases
    assert case.key.vendor_id == GUID
    assert case.prescription.reference == "0000000001"
    assert case.prescription.provenance["reference"] == "name"
    assert case.prescription.practice == "2510"
    assert sorted(attachment.what for attachment in case.attachments) == ["case-record", "order"]


def test_a_ds_core_order_number_is_the_reference(read_with: ReadWith) -> None:
    """Folder and DXD carry the order id that people use on the telephone."""
    (case,) = read_with("primescan", in_folder("9XKQ42M1", {"9XKQ42M1_12_DI_2026-10-05.dxd": dxd()})).cases
    assert case.prescription.reference == "9XKQ42M1"


def test_open_meshes_beside_a_dxd_are_worked_on(read_with: ReadWith) -> None:
    """The DXD stays, closed and not preferred."""
    files = in_folder("c", {"m.dxd": dxd(), "TMP_exocad.zip": zipped(ds_core())})
    (case,) = read_with("primescan", files).cases
    assert case.key.vendor_id == GUID
    assert {scan.file.suffix: scan.preferred for scan in case.scans} == {"ply": True, "dxd": False}


def test_files_of_inlab_are_carried_along(read_with: ReadWith) -> None:
    """A .lab beside the DXD is of use to a lab with inLab, so it is not left behind."""
    (case,) = read_with("primescan", in_folder("c", {"m.dxd": dxd(), "m.lab": b"LAB"})).cases
    assert [(attachment.what, attachment.file.name) for attachment in case.attachments] == [("inlab-file", "m.lab")]


def test_copies_of_one_dxd_are_one_case(read_with: ReadWith) -> None:
    """The second copy is set aside and said so."""
    (case,) = read_with("primescan", in_folder("c", {"m.dxd": dxd(), "m (1).dxd": dxd()})).cases
    assert len(case.closed) == 1
    assert len(case.ignored) == 1


def test_a_damaged_record_is_a_finding(read_with: ReadWith) -> None:
    """The DXD is still known and carried along."""
    read = read_with("primescan", {"m.dxd": zipped({"DentalCase.xml": b"<DentalCase><Pat"})})
    assert "primescan.record-unreadable" in read.codes
    assert len(read.cases[0].closed) == 1


def test_advice_speaks_the_words_of_ds_core(read_with: ReadWith) -> None:
    """A technician can pass it on to the practice."""
    (closed,) = read_with("primescan", {"m.dxd": dxd()}).cases[0].closed
    assert "download as .stl, .ply or .exocad" in closed.advice


def test_folders_that_say_nothing_give_no_identity(read_with: ReadWith) -> None:
    """Two patients' exports in folders called scans must not become revisions of each other."""
    first = read_with("primescan", in_folder("scans", {"UpperJaw.stl": mesh("upper", "stl")}))
    second = read_with("primescan", in_folder("export", {"UpperJaw.stl": mesh("upper", "stl", 1)}))
    assert first.cases[0].key != second.cases[0].key
    assert "primescan.no-identity" in first.codes


def test_the_shared_frame_is_an_option(read_with: ReadWith) -> None:
    """No vendor text promises it, so a lab may doubt it."""
    files = local_stl()
    assert {scan.frame for scan in read_with("primescan", files).cases[0].scans} == {"primescan:occlusion"}
    assert {scan.frame for scan in read_with("primescan", files, shared_frame=False).cases[0].scans} == {None}


def test_pictures_beside_data_obj_belong_to_it(read_with: ReadWith) -> None:
    """Whatever the texture is called, it lies in the model's own folder."""
    files = local_obj() | {
        "PAT001D2/UpperJaw/Texture.png": b"\x89PNG",
        "PAT001D2/UpperJaw/Data.mtl": b"map_Kd Texture.png\n",
    }
    case = read_with("primescan", files).cases[0]
    textures = {scan.file.path: {image.name for image in scan.textures} for scan in case.scans}
    assert textures["UpperJaw/Data.obj"] == {"Texture.png", "Data.mtl"}
    assert textures["LowerJaw/Data.obj"] == set()


def test_findings_hold_no_names(read_with: ReadWith) -> None:
    """Folder, file and patient names never reach a message or a hint."""
    for sample in samples():
        for case in read_with("primescan", sample.files()).cases:
            said = " ".join(f"{finding.message} {finding.hint}" for finding in case.findings).casefold()
            assert not any(name in said for name in ("muster", "anna", "tmp-000", "pat001", "2510"))


def test_a_record_with_entities_is_not_read(read_with: ReadWith) -> None:
    """The DXD stays known, its record does not count."""
    evil = b'<!DOCTYPE d [<!ENTITY x "y">]><DentalCase><CaseGUID>&x;</CaseGUID></DentalCase>'
    read = read_with("primescan", {"m.dxd": zipped({"DentalCase.xml": evil})})
    assert read.codes == {"primescan.record-unreadable", "format.closed"}


def test_each_of_two_cases_keeps_its_own_sheet(read_with: ReadWith) -> None:
    """A PDF named like a DXD belongs to it; one that fits neither is nobody's."""
    files = {"a.dxd": dxd(), "b.dxd": dxd(guid=OTHER_GUID), "b.pdf": b"%PDF-b", "c.pdf": b"%PDF-c"}
    cases = read_with("primescan", in_folder("mail", files)).cases
    assert [[attachment.file.name for attachment in case.attachments] for case in cases] == [[], ["b.pdf"]]


def test_two_local_exports_in_one_arrival_are_two_cases(read_with: ReadWith) -> None:
    """Session folders side by side do not mix."""
    files = {path.replace("PAT001D1", f"week/PAT{n}"): content for n in "12" for path, content in local_stl().items()}
    cases = read_with("primescan", files).cases
    assert [case.key.vendor_id for case in cases] == ["pat1", "pat2"]
    assert [len(case.scans) for case in cases] == [2, 2]


def test_a_case_sheet_fills_what_no_other_file_says(read_with: ReadWith) -> None:
    """Order number and due day of DS Core's sheet; an invoice beside it is only attached."""
    lines = ("CORE Case Sheet", "Order Number: 9ABCDEF1", "Date Due: 2026-01-31", "Patient", "Anna Muster")
    files = {
        "case/2026-09-10-00000-000-upperjaw.ply": mesh("upper", "ply"),
        "case/2026-09-10-00000-000-lowerjaw.ply": mesh("lower", "ply"),
        "case/case sheet.pdf": pdf_sheet(lines),
        "case/invoice.pdf": pdf_sheet(("Invoice", "Order Number: 77777777")),
    }
    (case,) = read_with("primescan", files).cases
    order = case.prescription
    assert (order.reference, order.due, case.patient.name) == ("9ABCDEF1", date(2026, 1, 31), "Anna Muster")
    assert order.raw["sheet"] == {"reference": "certain", "due": "certain", "patient": "likely"}
    assert len(case.attachments) == 2
