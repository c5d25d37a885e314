"""DICOM objects: what they say, that a validator agrees, and that the mesh inside is the mesh."""

from __future__ import annotations

import re
import shutil
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attrs import evolve
from pydicom import dcmread

from casepan.api import ConfigError, DeliveryRefused, Receipt
from casepan.mesh import read_mesh
from casepan.running.context import Bench
from casepan.testing import scan_bytes, small_scan
from casepan_dicom.objects import CLASSES

from .conftest import REF, Desk

FOLDER: dict[str, Any] = {"path": "out"}
KNOWN_ONLY = {"EncapsulatedDocument", "EncapsulatedDocumentLength", "MIMETypeOfEncapsulatedDocument"}


def objects(receipt: Receipt) -> list[Any]:
    """The delivered objects in the order of their names."""
    return [dcmread(path) for path in sorted(Path(receipt.place).glob("*.dcm"))]


def payload(made: Any) -> bytes:
    """The document inside, as long as the object says."""
    return bytes(made.EncapsulatedDocument[: made.EncapsulatedDocumentLength])


def said(path: Path) -> list[str]:
    """What dciodvfy says about a file."""
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is not installed: apt install dicom3tools")
    done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
    return [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]


def test_a_binary_stl_is_wrapped_byte_for_byte(desk: Desk) -> None:
    """Other files are written as binary STL, and the receipt says what that costs."""
    receipt = desk.deliver("dicom.stl", FOLDER)
    by_title = {made.DocumentTitle: payload(made) for made in objects(receipt)}
    assert by_title["upper-arch"] == scan_bytes(small_scan("upper"), "stl")
    written = read_mesh(by_title["lower-arch"], format="stl")
    assert len(written.faces) == len(small_scan("lower").faces)
    assert "vertex colour" in receipt.proof["not carried"]
    assert "the order stays at home" in receipt.proof["not carried"]


def test_one_case_is_one_study_in_one_frame_and_one_group(desk: Desk) -> None:
    """In millimetres; every object is its own instance."""
    made = objects(desk.deliver("dicom.stl", FOLDER))
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "ModelGroupUID"):
        assert len({one[keyword].value for one in made}) == 1
    assert len({one.SOPInstanceUID for one in made}) == len(made) == 3
    assert {one.MeasurementUnitsCodeSequence[0].CodeValue for one in made} == {"mm"}
    assert {one.Modality for one in made} == {"M3D"}
    assert {one.SeriesDescription for one in made} == {"casepan: 3 of one case"}


def test_scans_of_different_frames_do_not_claim_to_share_one(desk: Desk) -> None:
    """A Frame of Reference says that coordinates can be compared."""
    upper, *others = desk.case.scans
    case = evolve(desk.case, scans=(evolve(upper, frame="a"), *(evolve(scan, frame="b") for scan in others)))
    made = objects(desk.deliver("dicom.stl", FOLDER, case))
    assert len({one.FrameOfReferenceUID for one in made}) == 2


def test_identifiers_follow_from_the_delivery(desk: Desk) -> None:
    """The same key gives the same bytes, another key another study; all are UUIDs below 2.25."""
    first = desk.deliver("dicom.stl", FOLDER)
    again = desk.deliver("dicom.stl", {"path": "elsewhere"})
    assert dict(first.files) == dict(again.files)
    other = objects(desk.deliver("dicom.stl", FOLDER, key="key-2", place=f"{REF}-r2"))
    mine = objects(first)
    assert not {one.SOPInstanceUID for one in mine} & {one.SOPInstanceUID for one in other}
    assert all(re.fullmatch(r"2\.25\.[1-9]\d{30,38}", one.SOPInstanceUID) for one in mine)


def test_nobody_is_named_by_default(desk: Desk) -> None:
    """The case's ref stands for the patient, and the object says so."""
    for made in objects(desk.deliver("dicom.obj", FOLDER)):
        assert (str(made.PatientName), made.PatientID, made.PatientIdentityRemoved) == (f"{REF}^", REF, "YES")
        assert not str(made.ReferringPhysicianName)
        stream = BytesIO()
        made.save_as(stream)
        assert not any(word.encode() in stream.getvalue() for word in ("Roe", "Zoë", "P-17", "Lindenhof"))


def test_with_private_patient_and_doctor_are_written(desk: Desk) -> None:
    """Signs that divide names in DICOM cannot come from a name."""
    case = evolve(desk.case, patient=evolve(desk.case.patient, last="Roe^=\\"))
    made = objects(desk.deliver("dicom.stl", {**FOLDER, "private": True}, case))[0]
    assert (str(made.PatientName), made.PatientID, made.PatientIdentityRemoved) == ("Roe^Zoë", "P-17", "NO")
    assert str(made.ReferringPhysicianName) == "Dr. Lindenhof^"


def test_a_preview_shows_the_scan(desk: Desk) -> None:
    """64 x 64 grey pixels, neither blank nor black."""
    (icon,) = objects(desk.deliver("dicom.stl", FOLDER))[0].IconImageSequence
    pixels = np.frombuffer(icon.PixelData, np.uint8)
    assert (icon.Rows, icon.Columns, len(pixels)) == (64, 64, 64 * 64)
    assert 0.1 < (pixels < 250).mean() < 0.9
    assert pixels.std() > 20


def test_an_obj_refers_to_its_materials(desk: Desk) -> None:
    """By instance and by the name in its mtllib line; colours stand on the vertices, exactly."""
    *meshes, materials = objects(desk.deliver("dicom.obj", FOLDER))
    assert [made.SOPClassUID for made in meshes] == [CLASSES["obj"]] * 3
    assert materials.SOPClassUID == CLASSES["mtl"]
    names = set(re.findall(r"newmtl (\w+)", payload(materials).decode()))
    for made in meshes:
        (reference,) = made.ReferencedInstanceSequence
        assert reference.ReferencedSOPInstanceUID == materials.SOPInstanceUID
        assert f"mtllib {reference.RelativeURIReferenceWithinEncapsulatedDocument}\n".encode() in payload(made)
        assert set(re.findall(r"usemtl (\w+)", payload(made)[:200].decode())) <= names
    lower = next(payload(made) for made in meshes if made.DocumentTitle == "lower-arch")
    colours = read_mesh(lower, format="obj").vertex_colours
    assert colours is not None
    assert (colours == small_scan("lower").vertex_colours).all()


def test_the_validator_finds_no_error_in_stl_objects(desk: Desk) -> None:
    """``dciodvfy`` knows the Encapsulated STL IOD, named and nameless."""
    for number, private in enumerate((False, True)):
        options = {"path": f"out-{number}", "private": private}
        for path in sorted(Path(desk.deliver("dicom.stl", options).place).glob("*.dcm")):
            lines = said(path)
            assert "EncapsulatedSTL" in lines
            assert [line for line in lines if line.startswith("Error")] == []


def test_obj_objects_say_what_stl_objects_say(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Debian's ``dciodvfy`` does not know the OBJ IOD: its line is printed, and the fields are compared instead."""
    stl = objects(desk.deliver("dicom.stl", {"path": "stl"}))[0]
    receipt = desk.deliver("dicom.obj", {"path": "obj"})
    obj, *_, mtl = objects(receipt)
    errors = {line for path in Path(receipt.place).glob("*.dcm") for line in said(path) if line.startswith("Error")}
    with capsys.disabled():
        print(f"\n  dciodvfy on OBJ and MTL objects: {'; '.join(sorted(errors)) or 'no error'}")
    assert errors <= {"Error - Information Object Not found"}
    assert set(stl.dir()) - set(obj.dir()) == set()
    assert set(obj.dir()) - set(stl.dir()) == {"ReferencedInstanceSequence"}
    same = [
        k for k in stl.dir() if k not in KNOWN_ONLY and k not in ("SOPClassUID", "SOPInstanceUID", "IconImageSequence")
    ]
    others = {"StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "ModelGroupUID", "SeriesDescription"}
    assert {k for k in same if stl[k].value != obj[k].value} <= others
    assert {stl[k].VR == obj[k].VR for k in same} == {True}
    assert set(obj.dir()) - set(mtl.dir()) == {
        "IconImageSequence",
        "MeasurementUnitsCodeSequence",
        "ReferencedInstanceSequence",
    }
    assert [obj.MIMETypeOfEncapsulatedDocument, mtl.MIMETypeOfEncapsulatedDocument] == ["model/obj", "model/mtl"]


def test_a_damaged_scan_is_refused(desk: Desk, tmp_path: Path) -> None:
    """An OBJ has to be written from its surface; the reason names no file."""
    (tmp_path / "arrival" / "Roe lower.ply").write_bytes(b"ply\nformat ascii 1.0\nend_header\n")
    with pytest.raises(DeliveryRefused, match="cannot be written as OBJ") as caught:
        desk.deliver("dicom.obj", FOLDER)
    assert "Roe" not in caught.value.reason


def test_a_case_without_scans_is_refused(desk: Desk) -> None:
    """There is nothing to store."""
    with pytest.raises(DeliveryRefused, match="no scan"):
        desk.deliver("dicom.stl", FOLDER, evolve(desk.case, scans=()))


@pytest.mark.parametrize(
    "options",
    [
        {"to": "stow-rs"},
        {"to": "stow-rs", "url": "http://pacs.example.com/dicom-web"},
        {"to": "stow-rs", "url": "ftp://pacs.example.com"},
        {"to": "stow-rs", "url": "https://casepan:secret@pacs.example.com"},
        {"to": "stow-rs", "url": "https://pacs.example.com", "user": "casepan"},
        {
            "to": "stow-rs",
            "url": "https://pacs.example.com",
            "user": "a",
            "password": {"env": "A"},
            "token": {"env": "B"},
        },
        {"to": "c-store"},
        {"to": "c-store", "host": "pacs.example.com"},
        {"to": "c-store", "host": "localhost", "called": "A TITLE THAT IS TOO LONG"},
        {"to": "c-store", "host": "localhost", "calling": "back\\slash"},
    ],
)
def test_settings_that_cannot_work_or_would_tell_are_refused(options: dict[str, Any], desk: Desk) -> None:
    """Unencrypted lines to other machines, secrets in addresses, missing and impossible parts."""
    with pytest.raises(ConfigError):
        desk.stage("dicom.stl", options)


@pytest.mark.parametrize("private", [False, True])
def test_a_head_that_names_the_patient_is_blanked_unless_private(private: bool, desk: Desk, tmp_path: Path) -> None:
    """The object says that the identity was removed; not a bit of the surface changes, and the receipt says so."""
    content = scan_bytes(small_scan("upper"), "stl", header="export ROE Zo\u00eb".encode())
    (tmp_path / "arrival" / "named.stl").write_bytes(content)
    with Bench.at(tmp_path / "arrival", base=tmp_path) as bench:
        scan = evolve(desk.case.scans[0], file=bench.reference("named.stl"))
        receipt = Desk(bench, evolve(desk.case, scans=(scan,))).deliver("dicom.stl", {**FOLDER, "private": private})
    inside = payload(objects(receipt)[0])
    assert inside[80:] == content[80:]
    assert inside[:80] == (content[:80] if private else bytes(80))
    assert ("heads of meshes that named the patient: 1" in receipt.proof["not carried"]) is not private


def test_names_with_undecoded_bytes_can_be_written(desk: Desk) -> None:
    """They become question marks; control characters become blanks."""
    case = evolve(desk.case, patient=evolve(desk.case.patient, last="Ro\udce9", first="Z\x00o\u2028"))
    receipt = desk.deliver("dicom.stl", {**FOLDER, "private": True}, case)
    assert str(objects(receipt)[0].PatientName) == "Ro?^Z o"
    assert [line for path in Path(receipt.place).glob("*.dcm") for line in said(path) if "Error" in line] == []


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("form", ["stl", "ply"])
@pytest.mark.parametrize("stage", ["dicom.stl", "dicom.obj"])
def test_a_scan_with_coordinates_that_are_no_numbers_is_refused(
    stage: str, form: str, value: float, desk: Desk, tmp_path: Path
) -> None:
    """Also where a binary STL would go on byte for byte: an archive keeps it for decades, and no viewer shows it."""
    mesh = small_scan("upper")
    points = mesh.vertices.copy()
    points[17, 1] = value
    broken = evolve(mesh, vertices=points)
    (tmp_path / "arrival" / f"broken.{form}").write_bytes(scan_bytes(broken, form))
    with Bench.at(tmp_path / "arrival", base=tmp_path) as bench:
        upper, *others = desk.case.scans
        scan = evolve(upper, file=bench.reference(f"broken.{form}"), format=form)
        with pytest.raises(DeliveryRefused, match="not finite numbers") as caught:
            Desk(bench, evolve(desk.case, scans=(scan, *others))).deliver(stage, FOLDER)
    assert "prepare.repair" in (caught.value.hint or "")
    assert not list((tmp_path / "out").glob("*"))


def test_long_names_are_cut_to_what_dicom_holds(desk: Desk) -> None:
    """Sixty-four signs for a patient, an identifier and a doctor; the validator has nothing to say."""
    patient = evolve(desk.case.patient, last="Ro\u00eb" * 40, reference="P" * 100)
    order = evolve(desk.case.prescription, doctor="Dr. " + "Lindenhof" * 20)
    case = evolve(desk.case, patient=patient, prescription=order)
    receipt = desk.deliver("dicom.stl", {**FOLDER, "private": True}, case)
    made = objects(receipt)[0]
    cut = [str(made[name].value) for name in ("PatientName", "PatientID", "ReferringPhysicianName")]
    assert [len(text.encode()) for text in cut] == [64] * 3
    lines = [line for path in sorted(Path(receipt.place).glob("*.dcm")) for line in said(path)]
    assert [line for line in lines if "Error" in line] == []
