"""3Shape: whole arrivals, read by this adapter alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from casepan.api import CorruptFile, Sample
from casepan.arrivals.listing import FolderListing
from casepan_trios.arrival import recognise
from casepan_trios.plugin import casepan_findings
from casepan_trios.reading import comments_of
from casepan_trios.testing import order_tree, samples, scan
from casepan_trios.testing_files import ORDER_ID, Unit, hps_scan, jaw_metadata, order_xml, zipped

ReadWith = Callable[..., Any]
NO_MESH = b"solid"


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_every_tree_of_the_facts_is_read(sample: Sample, read_with: ReadWith) -> None:
    """Roles, teeth, identity and closed files come out as the sample says."""
    read = read_with("trios", sample.files())
    expected = sample.expected
    assert len(read.cases) == expected.cases
    assert not expected.scans or read.roles == dict(expected.scans)
    assert sorted({tooth for case in read.cases for tooth in case.prescription.teeth}) == list(expected.teeth)
    assert sum(len(case.closed) for case in read.cases) == expected.closed
    assert expected.vendor_id in (None, *(case.key.vendor_id for case in read.cases))


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_findings_hold_no_names(sample: Sample, read_with: ReadWith) -> None:
    """Findings are shown to many people."""
    read = read_with("trios", sample.files())
    words = " ".join(f"{f.message} {f.hint}" for case in read.cases for f in case.findings)
    assert not any(name in words for name in ("Jane", "Doe", "Amy", "Sue", "Eve", ".stl", ".xml", "Download"))


LOOK_ALIKES = {
    "bare jaws": ("c/UpperJaw.stl", "c/LowerJaw.stl"),
    "Shining 3D": ("c/c-UpperJaw.stl", "c/c-LowerJaw.stl", "c/c-TotalJaw0.stl", "c/c.dentalProject"),
    "exocad": ("c/2026-03-01_00001-001-upperjaw.ply", "c/2026-03-01_00001-001-lowerjaw.ply"),
    "iTero": ("c/70000001_shell_occlusion_u.stl", "c/70000001_shell_occlusion_l.stl"),
    "BenQ": ("c/UpperJaw.stl", "c/LowerJaw.stl", "c/BiteScan.stl"),
    "only a bite": ("c/BiteScan.stl", "c/maxilla.stl"),
    "designed crowns": ("c/123_20260301_0930_Doe_0.stl", "c/123_20260301_0930_Doe_1.stl"),
    "edited parts": ("c/upper_only_tooth.stl", "c/prep_14.stl"),
    "a backup of an order": ("c/Backup/PreparationScan.stl", "c/CAD/UpperJawScan.stl"),
}


@pytest.mark.parametrize("paths", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
def test_look_alikes_are_left_alone(paths: tuple[str, ...], read_with: ReadWith) -> None:
    """Names that resemble 3Shape's are no claim."""
    header = b"www.3shape.com".ljust(84, b"\0")
    assert read_with("trios", dict.fromkeys(paths, header)).claims == ()


def test_dicom_is_not_a_scan_of_3shape(read_with: ReadWith) -> None:
    """The suffix .dcm belongs to DICOM too; the first bytes tell."""
    dicom = bytes(128) + b"DICM" + bytes(200)
    assert read_with("trios", {"c/Doe UpperJawScan.dcm": dicom, "c/IM0001.dcm": dicom}).claims == ()


def test_dicom_inside_an_order_is_an_attachment(read_with: ReadWith) -> None:
    """A volume scan may lie with the order; it is carried along, not read."""
    xml = order_xml((Unit(11),), order_id="T1")
    files = {"T1/T1.xml": xml, "T1/Scans/Upper/PreparationScan.stl": scan("upper"), "T1/ct.dcm": bytes(128) + b"DICM"}
    (case,) = read_with("trios", files).cases
    assert len(case.scans) == 1
    assert "a DICOM file, not a scan of 3Shape" in {attachment.what for attachment in case.attachments}


def test_one_name_alone_is_only_possible(read_with: ReadWith) -> None:
    """A single mesh with 3Shape's word proves little."""
    (claim,) = read_with("trios", {"c/Doe UpperJawScan.stl": scan("upper")}).claims
    assert claim.confidence == "possible"
    assert claim.evidence


def test_an_open_export_shares_one_frame_and_a_download_does_not(read_with: ReadWith) -> None:
    """Only the open export promises arches in occlusion."""
    files = {"c/Doe UpperJawScan.stl": scan("upper"), "c/Doe LowerJawScan.stl": scan("lower")}
    assert {s.frame for s in read_with("trios", files).cases[0].scans} == {"trios:open-export"}
    files = {"d/Raw Preparation scan.stl": scan("upper"), "d/Raw Antagonist scan.stl": scan("lower")}
    assert {s.frame for s in read_with("trios", files).cases[0].scans} == {None}


def test_bare_names_of_two_patients_are_two_cases(read_with: ReadWith) -> None:
    """A folder called STL is no identity: the scans' sizes are part of it."""
    first = {"a/STL/UpperJawScan.stl": scan("upper"), "a/STL/LowerJawScan.stl": scan("lower")}
    second = {"b/STL/UpperJawScan.stl": scan("lower"), "b/STL/LowerJawScan.stl": scan("upper")}
    one, other = read_with("trios", first).claims[0], read_with("trios", second).claims[0]
    assert one.vendor_id != other.vendor_id
    assert "sizes" in one.evidence[-1]


def test_the_same_order_as_folder_and_zip_is_one_case(read_with: ReadWith) -> None:
    """Key and digest do not depend on the container or its copy mark."""
    tree = order_tree({"Scans/Upper/PreparationScan.stl": "preparation/upper"})
    folder = read_with("trios", {f"{ORDER_ID}/{path}": content for path, content in tree.items()}).cases[0]
    flat = read_with("trios", {"in (1).zip": zipped(tree)}).cases[0]
    assert (folder.key, folder.digest) == (flat.key, flat.digest)


def test_the_latest_complete_save_wins(read_with: ReadWith) -> None:
    """A newer save without scans does not replace the complete one; it is listed."""
    xml = order_xml((Unit(11),), order_id="T1")
    files = {
        "in/T1/T1.xml": xml,
        "in/T1/Scans/Upper/PreparationScan.stl": scan("upper"),
        "in/T1 (1)/T1.xml": order_xml((Unit(21),), order_id="T1"),
    }
    read = read_with("trios", files)
    (case,) = read.cases
    assert case.prescription.teeth == (11,)
    assert [(file.path, file.why) for file in case.ignored] == [("T1 (1)/T1.xml", "an older save of the same order")]


def test_one_export_in_two_folders_is_joined(read_with: ReadWith) -> None:
    """No scan is there twice, so nothing is an older save."""
    files = {"in/a/Doe UpperJawScan.stl": scan("upper"), "in/b/Doe LowerJawScan.stl": scan("lower")}
    read = read_with("trios", files)
    assert read.roles == {"a/Doe UpperJawScan.stl": "arch/upper", "b/Doe LowerJawScan.stl": "arch/lower"}


def test_the_whole_export_wins_over_a_newer_half(read_with: ReadWith) -> None:
    """The latest complete save counts; the half one is listed."""
    whole = {"in/a/Doe UpperJawScan.stl": scan("upper"), "in/a/Doe LowerJawScan.stl": scan("lower")}
    read = read_with("trios", {**whole, "in/b/Doe UpperJawScan.stl": scan("upper", seed=1)})
    (case,) = read.cases
    assert {s.file.path.split("/")[0] for s in case.scans} == {"a"}
    assert [file.path for file in case.ignored] == ["b/Doe UpperJawScan.stl"]


def test_photos_in_a_folder_of_their_own_belong_to_the_export(read_with: ReadWith) -> None:
    """A folder without meshes is no other case."""
    export = {"in/Doe UpperJawScan.stl": scan("upper"), "in/photos/smile.jpg": b"\xff\xd8\xff"}
    (claim,) = read_with("trios", {**export, "in/other/x.stl": scan("lower")}).claims
    assert claim.files == ("Doe UpperJawScan.stl", "photos/smile.jpg")


def test_bare_names_beside_a_named_export_are_another_case(read_with: ReadWith) -> None:
    """Two patients in one folder, one of them without a name."""
    files = {"in/Doe UpperJawScan.stl": scan("upper"), "in/UpperJawScan.stl": scan("upper", seed=1)}
    assert len(read_with("trios", files).claims) == 2


def test_an_order_without_its_scans_is_incomplete(read_with: ReadWith) -> None:
    """The order lists what was scanned: nothing of it is here yet."""
    read = read_with("trios", {"T1/T1.xml": order_xml((Unit(11),), order_id="T1")})
    assert read.claims[0].missing == ("Scans (stPreparationIntraOral)", "Scans (stAntagonistIntraOral)")
    assert "arrival.incomplete" in read.codes


def test_a_scan_that_the_order_names_is_missed(read_with: ReadWith) -> None:
    """Some orders do name their files."""
    xml = order_xml((Unit(11),), order_id="T1", scan_files=(r"Scans\Upper\PreparationScan.stl", "AntagonistScan.stl"))
    files = {"T1/T1.xml": xml, "T1/Scans/Upper/PreparationScan.stl": scan("upper")}
    assert read_with("trios", files).claims[0].missing == ("AntagonistScan.stl",)


def test_a_damaged_order_is_told_and_not_guessed(read_with: ReadWith) -> None:
    """The order document is the order: without it the case goes to quarantine."""
    xml = order_xml((Unit(11),), order_id="T1")[:-200]
    with pytest.raises(CorruptFile):
        read_with("trios", {"T1/T1.xml": xml, "T1/Scans/Upper/PreparationScan.stl": scan("upper")})


def test_a_damaged_table_of_materials_is_only_reported(read_with: ReadWith) -> None:
    """The order can be read without it."""
    files = {"T1/T1.xml": order_xml((Unit(11),), order_id="T1"), "T1/Materials.xml": b"<Dental"}
    assert "rx.unreadable-table" in read_with("trios", files).codes


def test_materials_xml_is_not_an_order(read_with: ReadWith) -> None:
    """The tables have the same root element as an order."""
    tree = order_tree({"Scans/Upper/PreparationScan.stl": "preparation/upper"})
    assert read_with("trios", {"c/Materials.xml": tree["Materials.xml"]}).claims == ()


def test_designs_library_teeth_and_backups_are_listed_and_not_scans(read_with: ReadWith) -> None:
    """Each left-out mesh says why."""
    tree = order_tree({"Scans/Upper/PreparationScan.stl": "preparation/upper"})
    extra = {"Scans/Misc/PreviousDesign 11.stl": scan("upper"), "External models/UpperJawScan.stl": scan("upper")}
    (case,) = read_with("trios", {f"T/{path}": content for path, content in {**tree, **extra}.items()}).cases
    assert len(case.scans) == 1
    reasons = {Path(file.path).parts[0]: file.why for file in case.ignored}
    assert set(reasons) == {"CAD", "Anatomy elements", "Backup", "External models", "Scans"}
    assert reasons["Scans"] == "an earlier design, not a scan"


def test_locked_side_files_are_carried_along_quietly(read_with: ReadWith) -> None:
    """A .3ml and the original 3OXZ of an order are attachments, not a reason to ask for another export."""
    tree = order_tree({"Scans/Upper/PreparationScan.stl": "preparation/upper"})
    files = {**tree, "OrderSource/x.3OXZ": zipped({"x.3ox": b""})}
    (case,) = read_with("trios", {f"T/{path}": content for path, content in files.items()}).cases
    assert case.closed == ()
    assert {a.file.suffix for a in case.attachments} >= {"3ml", "3oxz", "xml", "html", "jpg"}


def test_a_closed_scan_tells_what_is_not_encrypted(read_with: ReadWith) -> None:
    """Counts, device and jaw are read, the points are not; the advice names the export menu."""
    from casepan.testing import small_scan

    mesh = small_scan("upper")
    files = {"c/scan 12.dcm": hps_scan(mesh, properties={**jaw_metadata("Upper"), "ScannerDisplayName": "TRIOS 5"})}
    (case,) = read_with("trios", files).cases
    (found,) = case.scans
    assert (found.role, found.arch, found.readable, found.faces) == ("arch", "upper", False, len(mesh.faces))
    assert found.raw["device"] == "TRIOS 5"
    assert "PLY" in case.closed[0].advice


def test_an_open_dcm_is_read(read_with: ReadWith) -> None:
    """Schema CA is not encrypted."""
    from casepan.testing import small_scan

    files = {"c/Doe UpperJawScan.dcm": hps_scan(small_scan("upper"), "CA")}
    (case,) = read_with("trios", files).cases
    assert case.closed == ()
    assert case.scans[0].readable


def test_the_option_prefers_the_processed_scan(read_with: ReadWith) -> None:
    """Raw is the default; a laboratory may want the processed one."""
    tree = {
        "c/Scans/Upper/Raw Preparation scan.stl": scan("upper"),
        "c/Scans/Upper/PreparationScan.stl": scan("upper", repeat=1),
    }
    for wanted in ("raw", "processed"):
        (case,) = read_with("trios", tree, prefer=wanted).cases
        assert [s.variant for s in case.scans if s.preferred] == [wanted]


def test_an_rx_file_beside_the_export_places_the_arches(read_with: ReadWith) -> None:
    """A download names no arch; the teeth in rx.toml do, and nothing is asked any more."""
    rx = b'version = 1\n[[items]]\nteeth = [36]\nkind = "crown"\n'
    files = {
        "c/rx.toml": rx,
        "c/Raw Preparation scan.stl": scan("lower"),
        "c/Raw Antagonist scan.stl": scan("upper"),
    }
    read = read_with("trios", files)
    assert read.roles == {
        "Raw Antagonist scan.stl": "antagonist/upper",
        "Raw Preparation scan.stl": "preparation/lower",
    }
    assert "arrival.arch-unknown" not in read.codes


def test_unknown_meshes_of_an_export_are_kept(read_with: ReadWith) -> None:
    """Words help where they can; what nobody knows is other, never dropped."""
    files = {
        "c/Doe UpperJawScan.stl": scan("upper"),
        "c/Doe LowerJawScan.stl": scan("lower"),
        "c/Doe upper gingiva.stl": scan("upper", repeat=1),
        "c/Doe ScanBody.stl": scan("lower", repeat=1),
        "c/Doe Extra.stl": scan("bite"),
    }
    read = read_with("trios", files)
    roles = {Path(path).stem.split()[-1]: role for path, role in read.roles.items()}
    assert roles["gingiva"] == "gingiva/upper"
    assert roles["ScanBody"] == "scanbody/-"
    assert roles["Extra"] == "other/-"
    assert "arrival.role-unknown" in read.codes


def test_a_designed_crown_beside_the_scans_is_a_design(read_with: ReadWith) -> None:
    """3Shape's design programs sign the header of their STL files."""
    design = b"www.3shape.com".ljust(80, b"\0") + scan("upper")[80:]
    files = {"c/Doe UpperJawScan.stl": scan("upper"), "c/Doe LowerJawScan.stl": scan("lower"), "c/Doe_0.stl": design}
    assert read_with("trios", files).roles["Doe_0.stl"] == "design/-"


def test_pictures_of_a_scan_stay_with_it(read_with: ReadWith) -> None:
    """An OBJ brings its material file and image."""
    files: Mapping[str, bytes] = {
        "c/Doe UpperJawScan.obj": scan("upper", "obj"),
        "c/Doe UpperJawScan.mtl": b"newmtl a\n",
        "c/Doe UpperJawScan.jpg": b"\xff\xd8\xff",
        "c/Doe LowerJawScan.obj": scan("lower", "obj"),
    }
    scans = {s.arch: s for s in read_with("trios", files).cases[0].scans}
    assert [texture.suffix for texture in scans["upper"].textures] == ["jpg", "mtl"]
    assert scans["lower"].textures == ()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8"])
def test_comments_of_an_exchange_order_are_read(encoding: str) -> None:
    """The order inside a 3OXZ is text in UTF-16 whose schema is not public."""
    assert comments_of("<x><Comments>Doe &amp;amp; Roe</Comments></x>".encode(encoding)) == "Doe & Roe"
    assert comments_of("<x/>".encode(encoding)) is None


def test_a_locked_or_broken_exchange_file_is_no_error(read_with: ReadWith) -> None:
    """What cannot be opened is carried along with advice."""
    for content in (b"PK\x03\x04 broken", zipped({"x.3ox": b"\x00"})):
        (case,) = read_with("trios", {"c/Doe.3oxz": content}).cases
        assert [file.format for file in case.closed] == ["3oxz"]
        assert case.prescription.notes is None


def test_an_empty_exchange_file_is_nobodys(tmp_path: Path) -> None:
    """A download that broke off at its first byte is no closed order."""
    (tmp_path / "Doe.3oxz").write_bytes(b"")
    assert recognise(FolderListing.of(tmp_path)) == ()


def test_every_question_of_this_adapter_is_documented() -> None:
    """`casepan explain` knows each code."""
    assert {doc.code for doc in casepan_findings()} == {
        "arrival.arch-unknown",
        "arrival.role-unknown",
        "rx.unreadable-table",
    }
