"""Reading studies of encapsulated meshes, and only those."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attrs import evolve
from pydicom import dcmread
from pydicom.uid import ImplicitVRLittleEndian

from casepan.api import Arch, Recognition, Role
from casepan.errors import CorruptFile
from casepan.mesh import inventory, read_mesh
from casepan.mesh.encapsulated import encapsulated_model
from casepan.operate.looking import look_at
from casepan.registry import Registry
from casepan.running.context import Bench
from casepan.testing import small_scan
from casepan_carestream.testing import dicom as carestream_dicom
from casepan_dicom.objects import Model
from casepan_dicom.reading import recognise, shows
from casepan_dicom.testing import in_folder, obj_models, stl, stl_models, study
from casepan_dicom.uids import uid

REGISTRY = Registry.load()


def dropped(files: Mapping[str, bytes], folder: Path) -> Path:
    """Write files below a folder of one name, and return it."""
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    (top,) = {path.partition("/")[0] for path in files}
    return folder / top


def claims(files: Mapping[str, bytes], folder: Path) -> tuple[Recognition, ...]:
    """What this plugin alone claims."""
    with Bench.at(dropped(files, folder)) as bench:
        assert bench.listing is not None
        return recognise(bench.listing)


def changed(content: bytes, **values: Any) -> bytes:
    """The object with other values."""
    made = dcmread(BytesIO(content))
    for keyword, value in values.items():
        setattr(made, keyword, value)
    if "SOPClassUID" in values:
        made.file_meta.MediaStorageSOPClassUID = values["SOPClassUID"]
    stream = BytesIO()
    made.save_as(stream)
    return stream.getvalue()


def one() -> bytes:
    """A whole object."""
    return next(iter(study(stl_models(), "a", named=True).values()))


def test_a_study_is_read_as_a_case(tmp_path: Path) -> None:
    """Roles, patient, doctor and order number; the surfaces are those that went in."""
    path = dropped(in_folder("c", study(stl_models(), "a", named=True)), tmp_path)
    (looked,) = look_at(path, REGISTRY).cases
    case = looked.case
    assert looked.recognition.confidence == "certain"
    assert case.key.vendor_id == uid("a", "study")
    assert (case.patient.first, case.patient.last, case.patient.reference) == ("Zoë", "Roe", "P-17")
    assert (case.prescription.doctor, case.prescription.reference) == ("Dr. Lindenhof", "K7Q2-M4")
    assert {scan.format for scan in case.scans} == {"dicom"}
    assert {scan.faces for scan in case.scans} == {len(small_scan(role).faces) for role in ("upper", "lower", "bite")}
    with Bench.at(path) as bench:
        mesh = bench.mesh(case.scan("upper-preparation"))
    assert np.array_equal(mesh.vertices[mesh.faces], read_mesh(stl("upper")).vertices[mesh.faces])


def test_an_anonymous_study_names_nobody(tmp_path: Path) -> None:
    """What stands for the patient there is no name."""
    (looked,) = look_at(dropped(in_folder("c", study(stl_models(), "a")), tmp_path), REGISTRY).cases
    assert (looked.case.patient.name, looked.case.patient.reference) == (None, None)


def test_materials_are_a_document_of_the_case(tmp_path: Path) -> None:
    """The meshes carry their colours themselves."""
    (looked,) = look_at(dropped(in_folder("c", study(obj_models(), "a")), tmp_path), REGISTRY).cases
    assert {scan.colour for scan in looked.case.scans} == {"vertex"}
    assert [item.what for item in looked.case.attachments] == ["materials"]


OTHERS = {
    "a radiograph": changed(one(), SOPClassUID="1.2.840.10008.5.1.4.1.1.1"),
    "a PDF": changed(one(), SOPClassUID="1.2.840.10008.5.1.4.1.1.104.1"),
    "Carestream's model": changed(one(), ManufacturerModelName="CS 3800"),
    "Carestream's numbers": changed(one(), StudyInstanceUID="1.2.528.56.1005.1"),
    "no study": changed(one(), StudyInstanceUID=""),
    "a scanner's own": carestream_dicom(),
    "no preamble": one()[132:],
}


@pytest.mark.parametrize("content", OTHERS.values(), ids=OTHERS)
def test_other_objects_are_left_alone(content: bytes, tmp_path: Path) -> None:
    """Only the three SOP classes, and never Carestream's."""
    assert claims({"c/image.dcm": content}, tmp_path) == ()


def test_carestreams_object_goes_to_its_own_adapter(tmp_path: Path) -> None:
    """Also when it holds an encapsulated mesh: no clash of two certain claims."""
    (looked,) = look_at(dropped({"c/x.dcm": changed(one(), ManufacturerModelName="CS 3800")}, tmp_path), REGISTRY).cases
    assert looked.recognition.stage.partition(".")[0] == "carestream"


def test_materials_alone_are_no_case(tmp_path: Path) -> None:
    """There is nothing to look at."""
    assert claims(in_folder("c", study(obj_models()[-1:], "a")), tmp_path) == ()


def test_different_frames_share_no_frame(tmp_path: Path) -> None:
    """The recognition promises a common frame only where all objects name one."""
    first, *others = stl_models()
    apart = study([evolve(first, frame="g"), *others], "a")
    assert [claim.frame for claim in claims(in_folder("c", apart), tmp_path)] == [None]
    together = claims(in_folder("d", study(stl_models(), "a")), tmp_path)
    assert [claim.frame for claim in together] == ["dicom:frame-of-reference"]


WORDS: list[tuple[str, tuple[Role, Arch | None, int | None]]] = [
    ("upper-preparation upper preparation casepan: 4 of one case", ("preparation", "upper", None)),
    ("Mandible", ("arch", "lower", None)),
    ("bite-2 bite 2", ("bite", None, 2)),
    ("upper and lower", ("other", None, None)),
    ("crown 26", ("other", None, None)),
    ("Maxilla gingiva", ("gingiva", "upper", None)),
]


@pytest.mark.parametrize(("text", "shown"), WORDS)
def test_titles_say_what_is_shown(text: str, shown: tuple[Role, Arch | None, int | None]) -> None:
    """What they do not say is not guessed."""
    assert shows(text) == shown


def test_a_mesh_is_read_out_of_its_object() -> None:
    """The kernel looks through, in explicit and implicit encoding; the padding is no part of it."""
    content, mesh = one(), stl("upper")
    assert encapsulated_model(content) == mesh
    made = dcmread(BytesIO(content))
    stream = BytesIO()
    made.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    made.save_as(stream, implicit_vr=True, little_endian=True, enforce_file_format=True)
    assert encapsulated_model(stream.getvalue()) == mesh
    odd = next(iter(study([Model("stl", "a", "a", mesh + b"x")], "a").values()))
    assert encapsulated_model(odd) == mesh + b"x"


def test_sequences_of_undefined_length_are_passed_over() -> None:
    """As many programs write them, also inside each other."""
    content = one()
    made = dcmread(BytesIO(content))
    made.RequestAttributesSequence = [evolved(made.MeasurementUnitsCodeSequence[0])]
    made["RequestAttributesSequence"].is_undefined_length = True
    made.RequestAttributesSequence[0].is_undefined_length_sequence_item = True
    stream = BytesIO()
    made.save_as(stream)
    assert b"\xfe\xff\xdd\xe0" in stream.getvalue()
    assert encapsulated_model(stream.getvalue()) == stl("upper")


def evolved(item: Any) -> Any:
    """A sequence item that holds another one."""
    from pydicom import Dataset

    outer = Dataset()
    outer.ScheduledProtocolCodeSequence = [item]
    outer["ScheduledProtocolCodeSequence"].is_undefined_length = True
    return outer


def test_an_inventory_needs_no_geometry() -> None:
    """Counts and colour of the mesh inside, under the name of the format that the file has."""
    facts = inventory(one(), name="a.dcm")
    assert (facts.format, facts.readable, facts.faces) == ("dicom", True, len(small_scan("upper").faces))


def test_damaged_objects_are_corrupt_files() -> None:
    """Cut anywhere, or with lengths that lie: one of our errors, never another."""
    content = one()
    length = content.index(b"\x42\x00\x11\x00OB\0\0") + 8
    lying = content[:length] + struct.pack("<I", 0x7FFFFFFF) + content[length + 4 :]
    deep = content[:132] + b"\x08\x00\x06\x00SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * 40
    for damaged in (*(content[:size] for size in range(132, 2_000, 37)), content[:-60_000], lying, deep):
        with pytest.raises(CorruptFile):
            read_mesh(damaged, name="a.dcm")
        with pytest.raises(CorruptFile):
            inventory(damaged, name="a.dcm")
