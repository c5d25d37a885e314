"""Medit: whole arrivals, read by this adapter alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from casepan.api import CorruptFile, Sample
from casepan_medit.testing import PLAIN, exocad_style, in_folder, jaws, mesh, plain_folder, re_export, samples, zipped

ReadWith = Callable[..., Any]


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_every_tree_of_the_facts_is_read(sample: Sample, read_with: ReadWith) -> None:
    """Roles, teeth, identity and closed files come out as the sample says."""
    read = read_with("medit", sample.files())
    expected = sample.expected
    assert read.roles == dict(expected.scans)
    assert sorted({tooth for case in read.cases for tooth in case.prescription.teeth}) == list(expected.teeth)
    assert sum(len(case.closed) for case in read.cases) == expected.closed
    assert expected.vendor_id in (None, read.cases[0].key.vendor_id)
    review = any(finding.severity == "warning" for case in read.cases for finding in case.findings)
    assert review == (expected.outcome == "review")


def test_a_re_export_is_the_same_case_with_the_same_content(read_with: ReadWith) -> None:
    """Folder and zip, with and without the mark: one key, one digest."""
    first, second = read_with("medit", plain_folder()).cases[0], read_with("medit", re_export()).cases[0]
    assert first.key == second.key
    assert first.digest == second.digest


LOOK_ALIKES = {
    "Shining 3D": {
        "c/c-UpperJaw.stl": b"",
        "c/c-LowerJaw.stl": b"",
        "c/c-TotalJaw0.stl": b"",
        "c/c.dentalProject": b"",
        "c/c.matrix4": b"",
    },
    "DS Core": {"c/2026-09-10-00000-000-upperjaw.ply": b"", "c/2026-09-10-00000-000.dentalproject": b""},
    "TRIOS": {"c/roe UpperJawScan.stl": b"", "c/roe LowerJawScan.stl": b""},
    "exocad words alone": {"c/c-upperjaw.stl": b"", "c/c-lowerjaw.stl": b""},
    "iTero manifest around Medit meshes": {
        "c/Maxilla_Base.ply": b"",
        "c/Mandible_Base.ply": b"",
        "c/itero_export_#9_v30.xml": b"",
    },
    "aligner stages": {"c/1Maxillary.stl": b"", "c/2Maxillary.stl": b""},
    "Carestream": {"c/Maxillary Anatomy.stl": b"", "c/Mandibular Anatomy.stl": b""},
}


@pytest.mark.parametrize("files", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
def test_look_alikes_are_left_alone(files: dict[str, bytes], read_with: ReadWith) -> None:
    """Names that resemble Medit's are no claim."""
    assert read_with("medit", files).claims == ()


def test_an_exocad_folder_without_a_mark_of_medit_is_left_alone(read_with: ReadWith) -> None:
    """Any scanner may have written it: it belongs to exocad's own adapter."""
    files = {path: content for path, content in exocad_style().items() if path.endswith((".dentalProject", "jaw.obj"))}
    plain = {path: content.removeprefix(b"#<MEDIT>\n") for path, content in files.items()}
    assert read_with("medit", plain).claims == ()


def test_the_first_line_of_an_obj_is_proof(read_with: ReadWith) -> None:
    """With the magic the same folder is certain."""
    assert [claim.confidence for claim in read_with("medit", exocad_style()).claims] == ["certain"]


def test_the_order_of_an_exocad_style_export_is_read(read_with: ReadWith) -> None:
    """Material, shade, practice, patient and notes come from the .dentalProject, which stays attached."""
    case = read_with("medit", exocad_style()).cases[0]
    (item,) = case.prescription.items
    assert (item.kind, item.material, item.shade, item.shade_guide) == ("crown", "zirconia", "A2", "VITA Classical")
    assert case.prescription.practice == "Lindenhof Dental"
    assert case.patient.name == "Jane Roe"
    assert case.prescription.notes == "Full contour, please."
    assert [attachment.what for attachment in case.attachments] == ["order"]


def test_a_damaged_project_is_a_finding_and_the_scans_go_on(read_with: ReadWith) -> None:
    """The XML of a broken download costs the order, not the case."""
    files = {path: content[:300] if path.endswith("Project") else content for path, content in exocad_style().items()}
    read = read_with("medit", files)
    assert read.codes == {"medit.project-unreadable"}
    assert len(read.cases[0].scans) == 4


def test_teeth_in_the_name_yield_to_the_order(read_with: ReadWith) -> None:
    """A #11 in the folder's name does not change what the .dentalProject says."""
    files = {path.replace("roe-lower", "roe #11 lower"): content for path, content in exocad_style().items()}
    read = read_with("medit", files)
    assert read.cases[0].prescription.teeth == (46,)
    assert read.codes == set()


def test_teeth_from_the_name_can_be_switched_off(read_with: ReadWith) -> None:
    """A lab whose clients count otherwise says so."""
    assert read_with("medit", plain_folder(), teeth_from_name=False).cases[0].prescription.items == ()


def test_texture_and_material_stay_with_their_mesh(read_with: ReadWith) -> None:
    """A picture beside an OBJ of the same name belongs to that scan only."""
    files = jaws("x", PLAIN, "obj") | {"x-maxillary.mtl": b"map_Kd x-maxillary.jpg\n", "x-maxillary.jpg": b"\xff\xd8"}
    case = read_with("medit", in_folder("c", files)).cases[0]
    textures = {scan.file.name: [image.name for image in scan.textures] for scan in case.scans}
    assert textures["x-maxillary.obj"] == ["x-maxillary.jpg", "x-maxillary.mtl"]
    assert textures["x-mandibular.obj"] == []


def test_a_folder_that_somebody_named_names_nobody(read_with: ReadWith) -> None:
    """Only a folder in Medit Link's own form carries a case name that can contradict the meshes."""
    files = jaws("2026-09-09-Jane Roe", PLAIN, "obj")
    assert read_with("medit", in_folder("order 4711", files)).codes == set()
    assert read_with("medit", in_folder("2026-09-11-Max", files)).codes == {"medit.names-differ"}


def test_an_unknown_tail_is_kept(read_with: ReadWith) -> None:
    """A mesh that nobody knows is carried along as other."""
    files = jaws("x", PLAIN, "stl") | {"x-tissue.stl": mesh("upper", "stl", 1)}
    assert read_with("medit", in_folder("c", files)).roles["x-tissue.stl"] == "other/-"


def test_bare_names_of_two_patients_are_two_cases(read_with: ReadWith) -> None:
    """Where names say nothing, different content must not become a revision of somebody else's case."""
    first = read_with(
        "medit", in_folder("a", {"maxillary.stl": mesh("upper", "stl"), "mandibular.stl": mesh("lower", "stl")})
    )
    second = read_with(
        "medit", in_folder("b", {"maxillary.stl": mesh("upper", "stl", 1), "mandibular.stl": mesh("lower", "stl", 1)})
    )
    assert first.cases[0].key != second.cases[0].key
    assert "medit.no-identity" in first.codes


def test_findings_hold_no_names(read_with: ReadWith) -> None:
    """Folder, file and patient names never reach a message or a hint."""
    for sample in samples():
        for case in read_with("medit", sample.files()).cases:
            said = " ".join(f"{finding.message} {finding.hint}" for finding in case.findings).casefold()
            assert not any(name in said for name in ("roe", "doe", "muster", "김하늘"))


def test_a_zip_in_the_local_code_page_keeps_its_names(read_with: ReadWith) -> None:
    """CP949 without the UTF-8 flag is read as Korean, not as box drawings."""
    files = {"케이스.zip": zipped(jaws("2026-09-09-김하늘", PLAIN, "obj"), encoding="cp949")}
    assert all("김하늘" in path for path in read_with("medit", files).roles)


def test_a_project_with_entities_is_not_read(read_with: ReadWith) -> None:
    """XML that tries to pull in other files costs the order, not the case."""
    evil = b'<!DOCTYPE t [<!ENTITY x SYSTEM "file:///etc/passwd">]><Treatment><Notes>&x;</Notes></Treatment>'
    files = {path: evil if path.endswith("Project") else content for path, content in exocad_style().items()}
    read = read_with("medit", files)
    assert read.codes == {"medit.project-unreadable"}
    assert read.cases[0].prescription.notes is None


def test_composed_and_decomposed_names_are_one_case(read_with: ReadWith) -> None:
    """A Mac writes accents as two characters."""
    keys = [
        read_with("medit", in_folder(f"2026-09-11-{name}", jaws(f"2026-09-09-{name}", PLAIN, "stl"))).cases[0].key
        for name in ("Zo\u00eb", "Zoe\u0308")
    ]
    assert keys[0] == keys[1]


def test_damaged_neighbours_do_not_stop_recognition(read_with: ReadWith) -> None:
    """A zip member that cannot be unpacked is no proof of anything; reading it will say what is wrong."""
    packed = bytearray(zipped(jaws("2026-09-09-Roe", PLAIN, "obj"), deflate=True))
    start = packed.index(b"2026-09-09-Roe-maxillary.obj") + len("2026-09-09-Roe-maxillary.obj")
    packed[start : start + 64] = b"\xff" * 64
    with pytest.raises(CorruptFile):
        read_with("medit", {"2026-09-11-Roe.zip": bytes(packed)})
