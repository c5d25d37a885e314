"""iTero: whole arrivals, read by this adapter alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from casepan.api import CorruptFile, FolderPath, Sample
from casepan_itero.handoff import Downloads
from casepan_itero.options import DownloadsOptions
from casepan_itero.plugin import casepan_findings
from casepan_itero.testing import PICTURE, Listed, Tooth, manifest_xml, restorative_tree, samples, scan, zipped

ReadWith = Callable[..., Any]
ORDER = "300000005"


def placed(folder: str, files: dict[str, bytes]) -> dict[str, bytes]:
    """The files below a folder."""
    return {f"{folder}/{name}": content for name, content in files.items()}


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_every_tree_of_the_facts_is_read(sample: Sample, read_with: ReadWith) -> None:
    """Roles, teeth and identity come out as the sample says."""
    read = read_with("itero", sample.files())
    expected = sample.expected
    assert len(read.cases) == expected.cases
    assert not expected.scans or read.roles == dict(expected.scans)
    assert sorted({tooth for case in read.cases for tooth in case.prescription.teeth}) == list(expected.teeth)
    assert expected.vendor_id in (None, *(case.key.vendor_id for case in read.cases))


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_findings_hold_no_names(sample: Sample, read_with: ReadWith) -> None:
    """Findings are shown to many people."""
    words = " ".join(
        f"{f.message} {f.hint}" for case in read_with("itero", sample.files()).cases for f in case.findings
    )
    assert not any(name in words for name in ("Jane", "Doe", ".ply", ".stl", ".xml", ORDER))


LOOK_ALIKES = {
    "bare jaws": ("c/UpperJaw.stl", "c/LowerJaw.stl"),
    "TRIOS": ("c/Doe UpperJawScan.stl", "c/Doe LowerJawScan.stl"),
    "generic words": ("c/upper_jaw.stl", "c/lower_jaw.stl"),
    "occlusion words": ("c/occlusion1.stl", "c/case_occlusion_u.stl"),
    "Medit": ("c/Maxilla_Base.ply", "c/Mandible_Base.ply"),
    "pictures only": ("c/gallery_#70000001.jpg", "c/itero_element_logo.png"),
    "a name without content": ("c/itero_export_#70000001_v30.xml",),
}


@pytest.mark.parametrize("paths", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
def test_look_alikes_are_left_alone(paths: tuple[str, ...], read_with: ReadWith) -> None:
    """Names that resemble iTero's are no claim, and a manifest is known by its root element."""
    assert read_with("itero", dict.fromkeys(paths, b"<other/>")).claims == ()


def test_a_manifest_around_meshes_of_another_scanner_is_never_certain(read_with: ReadWith) -> None:
    """One laboratory is known to write iTero manifests around Medit exports."""
    objects = (Listed("Maxilla_Base.ply", jaw="Upper"), Listed("Mandible_Base.ply", jaw="Lower"))
    meshes = {"Maxilla_Base.ply": scan("upper", "ply"), "Mandible_Base.ply": scan("lower", "ply")}
    for order in ("999999999", ORDER):
        files = {**meshes, f"itero_export_#{order}_v24.xml": manifest_xml(order, objects, version="2.4")}
        (claim,) = read_with("itero", placed(f"iTero_Export_{order}", files)).claims
        assert claim.confidence == "possible"


def test_forged_orders_of_two_patients_are_two_cases(read_with: ReadWith) -> None:
    """All of them carry the same made-up number."""
    objects = (Listed("Maxilla_Base.ply", jaw="Upper"),)
    manifest = manifest_xml("999999999", objects, version="2.4")
    keys = {
        read_with("itero", placed(f"c{seed}", {"Maxilla_Base.ply": scan(jaw), "m.xml": manifest})).claims[0].vendor_id
        for seed, jaw in enumerate(("upper", "lower"))
    }
    assert len(keys) == 2


def test_meshes_with_names_of_their_own_are_likely_with_another_mark(read_with: ReadWith) -> None:
    """The manifest is all that is known of them, and it is believed."""
    objects = (Listed("a.ply", jaw="Upper"), Listed("b.ply", jaw="Lower"), Listed("c.ply", subtype="PreTreatment_Jaw"))
    files = {
        "a.ply": scan("upper", "ply"),
        "b.ply": scan("lower", "ply"),
        "c.ply": scan("upper", "ply", repeat=1),
        "m.xml": manifest_xml(ORDER, objects, teeth=(Tooth(14),)),
    }
    read = read_with("itero", placed(f"iTero_Export_{ORDER}", files))
    assert read.claims[0].confidence == "likely"
    assert read.roles == {"a.ply": "preparation/upper", "b.ply": "antagonist/lower", "c.ply": "preop/-"}


def test_arches_in_occlusion_share_a_frame_and_teeth_up_ones_do_not(read_with: ReadWith) -> None:
    """The bite lies in the frame; there is no bite scan."""
    for pose, frame in (("occlusion", "itero:occlusion"), ("teethup", None)):
        files = {f"70000001_shell_{pose}_{jaw[0]}.stl": scan(jaw) for jaw in ("upper", "lower")}
        read = read_with("itero", placed(pose, files))
        assert {s.frame for s in read.cases[0].scans} == {frame}
        assert read.claims[0].frame == frame


def test_listed_files_that_are_absent_are_missing(read_with: ReadWith) -> None:
    """Meshes, textures and pictures alike; what is there under a copy mark is there."""
    files = restorative_tree(ORDER)
    gone = f"lower_jaw_with_ditch_#{ORDER}_texture.jpg"
    marked = f"upper_jaw_pretreatment_#{ORDER}"
    kept = {name.replace(marked, f"{marked} (4)"): content for name, content in files.items() if name != gone}
    read = read_with("itero", placed("c", kept))
    assert read.claims[0].missing == (gone,)
    assert "arrival.incomplete" in read.codes


def test_textures_stay_with_their_mesh(read_with: ReadWith) -> None:
    """By the name of the mesh, or as the only one that the manifest lists for the jaw."""
    (case,) = read_with("itero", placed("c", dict(restorative_tree(ORDER)))).cases
    found = {s.id: [texture.name for texture in s.textures] for s in case.scans}
    assert found["lower-antagonist"] == [f"lower_jaw_with_ditch_#{ORDER}_texture.jpg"]
    assert found["upper-preparation-without-ditch"] == []
    objects = (Listed("70000001_shell_occlusion_u.ply", jaw="Upper"), Listed("skin.jpg", "Texture", jaw="Upper"))
    files = {
        "70000001_shell_occlusion_u.ply": scan("upper", "ply"),
        "skin.jpg": PICTURE,
        "m.xml": manifest_xml("70000001", objects),
    }
    (case,) = read_with("itero", placed("d", files)).cases
    assert [texture.name for texture in case.scans[0].textures] == ["skin.jpg"]


def test_a_jaw_that_name_and_manifest_dispute_is_asked(read_with: ReadWith) -> None:
    """Neither is believed."""
    name = f"upper_jaw_with_ditch_#{ORDER}.ply"
    files = {name: scan("upper", "ply"), "m.xml": manifest_xml(ORDER, (Listed(name, jaw="Lower"),))}
    read = read_with("itero", placed("c", files))
    assert read.roles == {name: "arch/-"}
    assert "arrival.arch-conflict" in read.codes


def test_the_highest_readable_manifest_counts(read_with: ReadWith) -> None:
    """A damaged newer one does not hide the older one."""
    name = "70000001_shell_occlusion_u.stl"
    files = {
        name: scan("upper"),
        "itero_export_#70000001_v30.xml": manifest_xml("70000001", (Listed(name, jaw="Upper"),), version="3.0"),
        "itero_export_#70000001_v50.xml": manifest_xml("70000001", ())[:-60],
    }
    read = read_with("itero", placed("c", files))
    assert read.cases[0].prescription.raw["version"] == "3.0"


def test_an_order_whose_only_manifest_is_damaged_goes_to_quarantine(read_with: ReadWith) -> None:
    """The prescription would be lost without a word."""
    files = {
        "70000001_shell_occlusion_u.stl": scan("upper"),
        "itero_export_#70000001_v50.xml": manifest_xml("70000001", ())[:-60],
    }
    with pytest.raises(CorruptFile):
        read_with("itero", placed("c", files))


def test_one_mesh_name_alone_is_only_possible(read_with: ReadWith) -> None:
    """Two arches of one order are two marks."""
    (claim,) = read_with("itero", {"c/70000001_shell_occlusion_u.stl": scan("upper")}).claims
    assert claim.confidence == "possible"


def test_margin_lines_and_sheets_are_named(read_with: ReadWith) -> None:
    """Documents say what they are."""
    (case,) = read_with("itero", placed("c", dict(restorative_tree(ORDER)))).cases
    assert {a.what for a in case.attachments} >= {
        "margin line of tooth 14",
        "iTero prescription sheet",
        "iTero manifest",
    }


def test_folder_and_zip_of_one_order_are_one_case(read_with: ReadWith) -> None:
    """Key and digest do not depend on the container or its copy mark."""
    files = dict(restorative_tree(ORDER))
    folder = read_with("itero", placed(f"iTero_Export_{ORDER}", files)).cases[0]
    packed = read_with("itero", {f"iTero_Export_{ORDER} (2).zip": zipped(files)}).cases[0]
    assert (folder.key, folder.digest) == (packed.key, packed.digest)


def test_the_latest_complete_download_wins_whole(read_with: ReadWith) -> None:
    """Scans of two downloads are never mixed; the older one is listed."""
    older, newer = dict(restorative_tree(ORDER)), dict(restorative_tree(ORDER, seed=1))
    del newer[f"lower_jaw_with_ditch_#{ORDER}.ply"]
    (case,) = read_with("itero", {**placed("in/a", older), **placed("in/b", newer)}).cases
    assert {s.file.path.split("/")[0] for s in case.scans} == {"a"}
    assert {file.path.split("/")[0] for file in case.ignored} == {"b"}


def test_a_sheet_of_the_practice_joins_the_only_order_of_its_folder(read_with: ReadWith) -> None:
    """With two orders in one folder it belongs to neither."""
    mesh = {"70000001_shell_occlusion_u.stl": scan("upper"), "order sheet.pdf": b"%PDF-1.4"}
    (claim,) = read_with("itero", placed("c", mesh)).claims
    assert "order sheet.pdf" in claim.files
    two = {**mesh, "70000002_shell_occlusion_u.stl": scan("upper", seed=1)}
    assert all("order sheet.pdf" not in claim.files for claim in read_with("itero", placed("d", two)).claims)


def test_restorative_names_without_a_number_take_the_folders(read_with: ReadWith) -> None:
    """The zip still says whose they are; a nameless folder needs the sizes too."""
    mesh = {"upper_jaw_with_ditch.ply": scan("upper", "ply")}
    named, bare = read_with("itero", placed(f"iTero_Export_{ORDER}", mesh)), read_with("itero", placed("STL", mesh))
    assert named.claims[0].vendor_id == ORDER
    assert bare.claims[0].vendor_id.startswith("stl ")


def test_the_download_stage_tells_what_to_watch() -> None:
    """Only what the portal's exports are called; unfinished downloads are left alone."""
    watch = Downloads(DownloadsOptions(path=FolderPath("in"), done="move:done")).watch()
    assert watch.names == ("iTero_Export_*", "OrthoCAD_Export_*")
    assert watch.done == "move:done"
    assert "*.crdownload" in watch.skip


def test_every_question_of_this_adapter_is_documented() -> None:
    """`casepan explain` knows each code."""
    codes = {"arrival.arch-conflict", "arrival.role-conflict", "arrival.role-unknown"}
    assert {doc.code for doc in casepan_findings()} == codes


def test_a_label_in_place_of_the_number_is_told(read_with: ReadWith) -> None:
    """The evidence says what the identity rests on."""
    files = {f"c/MC269_shell_occlusion_{jaw[0]}.stl": scan(jaw) for jaw in ("upper", "lower")}
    assert "label" in read_with("itero", files).claims[0].evidence[-1]
