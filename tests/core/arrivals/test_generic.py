"""Any other scanner's export, by the words in its names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from casepan.arrivals.companions import companions
from casepan.arrivals.listing import FolderListing
from casepan.contract.context import ImportContext
from casepan.errors import ConfigError
from casepan.model.case import Case
from casepan.stages.generic import GenericOptions, GenericReader, recognise_generic
from casepan.stages.inbox import Inbox, InboxOptions

Maker = Callable[..., Path]
Context = Callable[[Path], ImportContext]
STL = b"solid scan\nendsolid scan\n"


def read(context: ImportContext, options: GenericOptions | None = None) -> list[Case]:
    """All cases of an arrival."""
    reader = GenericReader(options or GenericOptions())
    return [reader.read(candidate, context) for candidate in reader.candidates(context)]


def roles(case: Case) -> dict[str, str]:
    """Path to role and arch."""
    return {scan.file.path: f"{scan.role}/{scan.arch or '-'}" for scan in case.scans}


def test_roles_are_read_from_names_and_said_aloud(make_folder: Maker, reading: Context) -> None:
    """One ``arrival.assumed`` for each scan, with the word and without the name."""
    names = ["Jane Oberkiefer.stl", "Jane Unterkiefer.stl", "Jane Biss.stl", "Jane xyz.stl"]
    (case,) = read(reading(make_folder("Jane Doe", dict.fromkeys(names, STL))))
    assert roles(case) == {
        "Jane Oberkiefer.stl": "arch/upper",
        "Jane Unterkiefer.stl": "arch/lower",
        "Jane Biss.stl": "bite/-",
        "Jane xyz.stl": "other/-",
    }
    assert (case.key.adapter, case.key.vendor_id) == ("core", "jane doe")
    messages = {finding.scan: finding.message for finding in case.findings}
    assert {finding.code for finding in case.findings} == {"arrival.assumed"}
    assert messages["upper-arch"] == "taken for upper arch by the word 'oberkiefer' in its name"
    assert "says nothing" in messages["other"]
    assert not any("Jane" in message for message in messages.values())


def test_preparation_and_antagonist_tell_no_arch(make_folder: Maker, reading: Context) -> None:
    """Nothing is guessed, and the finding says so."""
    (case,) = read(reading(make_folder("x", {"PreparationScan.stl": STL, "AntagonistScan.stl": STL})))
    assert roles(case) == {"PreparationScan.stl": "preparation/-", "AntagonistScan.stl": "antagonist/-"}
    assert all("no word says which arch" in finding.message for finding in case.findings)


def test_the_case_name_does_not_count(make_folder: Maker, reading: Context) -> None:
    """A case called "lower first molar with preop" has plain arches."""
    name = "doe-lower first molar with preop"
    files = {f"{name}_{tail}.obj": b"v 0 0 0\n" for tail in ("upper", "lower", "bite")}
    (case,) = read(reading(make_folder(name, files)))
    assert sorted(roles(case).values()) == ["arch/lower", "arch/upper", "bite/-"]


def test_what_all_names_share_counts_when_nothing_else_is_said(make_folder: Maker, reading: Context) -> None:
    """Two bites stay bites."""
    (case,) = read(reading(make_folder("x", {"bite left.stl": STL, "bite right.stl": STL})))
    assert roles(case) == {"bite left.stl": "bite/-", "bite right.stl": "bite/-"}


def test_nothing_like_a_mesh_is_not_claimed(make_folder: Maker) -> None:
    """Documents alone are no case."""
    assert recognise_generic(FolderListing.of(make_folder("x", {"a.pdf": b"%PDF", "b.dxd": b"PK"}))) == ()


def test_a_recognition_is_only_possible_and_takes_all_files(make_folder: Maker) -> None:
    """Names alone prove nothing."""
    (found,) = recognise_generic(FolderListing.of(make_folder("x", {"a.stl": STL, "b.pdf": b"%PDF"})))
    assert (found.confidence, found.files, found.missing) == ("possible", ("a.stl", "b.pdf"), ())


def test_two_patients_in_one_folder_are_two_cases(make_folder: Maker, reading: Context) -> None:
    """Each with its own identity and its own documents."""
    names = ["Jane_upper.stl", "Jane_rx.pdf", "John_upper.stl", "John_lower.stl"]
    jane, john = read(reading(make_folder("Friday", dict.fromkeys(names, STL))))
    assert (jane.key.vendor_id, john.key.vendor_id) == ("friday/jane", "friday/john")
    assert [item.file.path for item in jane.attachments] == ["Jane_rx.pdf"]
    assert john.attachments == ()


def test_doubt_is_a_warning(make_folder: Maker, reading: Context) -> None:
    """Two uppers of one case: the latest is preferred, and a person is asked."""
    folder = make_folder("x", {"upper.stl": STL, "upper_old.stl": STL, "lower.stl": STL})
    (case,) = read(reading(folder))
    assert [finding.severity for finding in case.findings if finding.code == "arrival.ambiguous"] == ["warning"]
    assert sum(scan.preferred for scan in case.scans if scan.arch == "upper") == 1


def test_a_stray_bite_keeps_its_doubt(make_folder: Maker, reading: Context) -> None:
    """A bite between two patients is a case of its own that a person looks at."""
    cases = read(reading(make_folder("x", dict.fromkeys(["a_upper.stl", "b_upper.stl", "bite.stl"], STL))))
    doubtful = [case for case in cases if any(finding.code == "arrival.ambiguous" for finding in case.findings)]
    assert [roles(case) for case in doubtful] == [{"bite.stl": "bite/-"}]


def test_of_one_scan_in_two_formats_the_coloured_one_is_preferred(make_folder: Maker, reading: Context) -> None:
    """Both are carried."""
    files = {"upper.stl": STL, "upper.ply": b"ply\nformat ascii 1.0\nend_header\n"}
    (case,) = read(reading(make_folder("x", files)))
    assert {scan.file.path: scan.preferred for scan in case.scans} == {"upper.stl": False, "upper.ply": True}
    assert not any(finding.code == "arrival.ambiguous" for finding in case.findings)


def test_teeth_in_a_name_are_recorded_and_not_trusted(make_folder: Maker, reading: Context) -> None:
    """``#26`` stays in raw; scan and order hold no tooth."""
    (case,) = read(reading(make_folder("x", {"Jane #26 upper.stl": STL})))
    assert case.scans[0].raw == {"teeth_in_name": [26]}
    assert (case.scans[0].teeth, case.prescription.teeth) == ((), ())


@pytest.mark.parametrize(
    ("first", "second"),
    [("Jane Doe", "Jane Doe (1)"), ("Jane Doe.zip", "JANE DOE_(2).zip"), ("Jane Doe", "jane doe.zip")],
)
def test_a_case_sent_again_keeps_its_identity(make_folder: Maker, make_zip: Maker, first: str, second: str) -> None:
    """Copy marks, capitals and packing do not matter."""
    ids = []
    for name in (first, second):
        make = make_zip if name.endswith(".zip") else make_folder
        ids.append(recognise_generic(FolderListing.of(make(name, {"upper.stl": STL})))[0].vendor_id)
    assert ids[0] == ids[1] == "jane doe"


@pytest.mark.parametrize("name", ["export", "Scans", "STL", "UpperJaw", "upper_jaw", "07"])
def test_a_name_that_any_case_could_have_is_no_identity(make_folder: Maker, name: str) -> None:
    """Then the content tells cases apart."""
    ids = {
        recognise_generic(FolderListing.of(make_folder(f"{n}/{name}", {"upper.stl": STL * n})))[0].vendor_id
        for n in (1, 2)
    }
    assert len(ids) == 2
    assert all(vendor_id.startswith("content-") for vendor_id in ids)


def test_loose_meshes_are_known_by_what_their_names_begin_with(make_folder: Maker) -> None:
    """The first file's name is not the case's name."""
    inbox = make_folder("inbox", {"Jane UpperJawScan.stl": STL, "Jane LowerJawScan.stl": STL})
    listing = FolderListing.of_files(inbox, ("Jane LowerJawScan.stl", "Jane UpperJawScan.stl"))
    assert recognise_generic(listing)[0].vendor_id == "jane"


def test_an_option_says_that_arches_share_one_frame(make_folder: Maker, reading: Context) -> None:
    """A lab that knows its clients' scanners needs no bite scan."""
    context = reading(make_folder("x", {"upper.stl": STL}))
    assert read(context)[0].scans[0].frame is None
    assert read(context, GenericOptions(in_occlusion=True))[0].scans[0].frame == "occlusion"


def test_a_damaged_member_is_left_to_its_reader(make_zip: Maker) -> None:
    """Recognition of a zip with a broken mesh still finds the case."""
    path = make_zip("07.zip", {"upper.stl": bytes(range(256)) * 40})
    packed = bytearray(path.read_bytes())
    packed[60:80] = bytes(20)
    path.write_bytes(packed)
    assert recognise_generic(FolderListing.of(path))[0].vendor_id.startswith("content-")


def test_textures_and_material_files_are_found(make_folder: Maker) -> None:
    """By reference in the file, by the same stem where there is none, never in another folder."""
    files = {
        "upper.obj": b"mtllib Colours.MTL\nv 0 0 0\n",
        "colours.mtl": b"newmtl a\nmap_Kd C:\\out\\Skin.PNG\n",
        "skin.png": b"x",
        "lower.ply": b"ply\nformat ascii 1.0\ncomment TextureFile low.jpg\nend_header\n",
        "low.jpg": b"x",
        "bite.obj": b"v 0 0 0\n",
        "bite.mtl": b"",
        "bite.jpg": b"x",
        "jaw_#1.ply": b"ply\nend_header\n",
        "jaw_#1_texture.jpg": b"x",
        "b/upper.jpg": b"x",
        "c.stl": STL,
        "c.jpg": b"x",
    }
    listing = FolderListing.of(make_folder("x", files))
    assert companions(listing, "upper.obj") == ("colours.mtl", "skin.png")
    assert companions(listing, "lower.ply") == ("low.jpg",)
    assert companions(listing, "bite.obj") == ("bite.mtl", "bite.jpg")
    assert companions(listing, "jaw_#1.ply") == ("jaw_#1_texture.jpg",)
    assert companions(listing, "c.stl") == ()


def test_a_monstrous_material_file_costs_the_colour_only(make_folder: Maker) -> None:
    """The case is read all the same."""
    listing = FolderListing.of(make_folder("x", {"a.obj": b"mtllib a.mtl\n", "a.mtl": bytes(5 << 20)}))
    assert companions(listing, "a.obj") == ("a.mtl",)


def test_an_inbox_tells_what_to_watch() -> None:
    """Options become a Watch; own patterns come on top of those for unfinished files."""
    watch = Inbox(InboxOptions(path="in", settle=5.0, done="move:done", skip=("*.bak",))).watch()  # type: ignore[arg-type]
    assert (watch.path, watch.settle, watch.give_up, watch.done) == ("in", 5.0, 7200.0, "move:done")
    assert {"*.bak", "*.part"} <= set(watch.skip)


@pytest.mark.parametrize("options", [{"done": "delete"}, {"done": "move:"}, {"settle": -1.0}, {"give_up": -1.0}])
def test_an_inbox_with_impossible_options_is_a_config_error(options: dict[str, object]) -> None:
    """Said before anything is watched."""
    with pytest.raises(ConfigError):
        Inbox(InboxOptions(path="in", **options))  # type: ignore[arg-type]
