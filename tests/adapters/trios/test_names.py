"""3Shape: what file and folder names mean."""

from __future__ import annotations

import pytest

from casepan_trios.layout import Part, choose, number_bites, place_of, plain, read_name, settle_arches

NAMES = {
    "UpperJawScan.stl": ("", "arch", "upper", None),
    "Doe Jane UpperJawScan.ply": ("doe jane", "arch", "upper", None),
    "TesteLowerJawScan.stl": ("teste", "arch", "lower", None),
    "Roe LoweJawScan.dcm": ("roe", "arch", "lower", None),
    "CASE12_UpperJawScan (1).stl": ("case12", "arch", "upper", None),
    "Poe scan for retainers UpperJawScan.stl": ("poe scan for retainers", "arch", "upper", None),
    "홍길동 UpperJawScan.stl": ("홍길동", "arch", "upper", None),
    "زيد LowerJawScan.stl": ("زيد", "arch", "lower", None),
    "x-BiteScan.stl": ("x", "bite", None, None),
    "x bite scan 2.stl": ("x", "bite", None, None),
    "Raw Preparation scan.dcm": ("", "preparation", None, "raw"),
    "MB Antagonist scan.dcm": ("", "antagonist", None, "model-builder"),
    "PreparationScan.stl": ("", "preparation", None, "processed"),
    "PrePreparationScan.stl": ("", "preop", None, "processed"),
    "GenericDoublePrepScan.dcm": ("", "preop", None, "processed"),
    "AbutmentAlignmentScan.stl": ("", "scanbody", None, "processed"),
    "Upper+PreparationScan.stl": ("", "preparation", "upper", "processed"),
    "Lower AntagonistScan.stl": ("", "antagonist", "lower", "processed"),
    "Raw Bite scan2.stl": ("", "bite", None, "raw"),
}


@pytest.mark.parametrize(("name", "meaning"), NAMES.items(), ids=NAMES)
def test_a_name_tells_prefix_role_arch_and_variant(name: str, meaning: tuple[str, str, str | None, str | None]) -> None:
    """Every spelling that real exports hold is read, whatever stands before it."""
    found = read_name(name)
    assert found is not None
    arch = None if found.role == "bite" else found.arch
    assert (plain(found.prefix), found.role, arch, found.variant) == meaning
    assert found.strong


@pytest.mark.parametrize("name", ["UpperJaw.stl", "case-LowerJaw.stl", "x bite 2.stl"])
def test_words_of_other_programs_are_weak(name: str) -> None:
    """Without the word scan these names belong to nobody."""
    found = read_name(name)
    assert found is not None
    assert not found.strong


@pytest.mark.parametrize(
    "name", ["scan.stl", "BiteScan1234567.stl", "upper.stl", "prep_14.stl", "case 0.stl", "UpperJawScan gingiva.stl"]
)
def test_other_names_say_nothing(name: str) -> None:
    """A name counts only when 3Shape's word stands at its end."""
    assert read_name(name) is None


def test_bites_carry_their_number() -> None:
    """BiteScan1, bite scan 2 and Raw Bite scan2 are numbered; BiteScan is not."""
    names = ("BiteScan.stl", "BiteScan1.stl", "bite scan 2.stl", "Raw Bite scan2.dcm", "bite_3.stl")
    assert [found.number for name in names if (found := read_name(name))] == [None, 1, 2, 2, 3]


def test_the_unnumbered_bite_is_the_first_of_several() -> None:
    """Dental System writes Raw Bite scan and Raw Bite scan2."""
    bites = [Part(path, "bite", number=number) for path, number in (("a", None), ("b", 2))]
    assert [part.number for part in number_bites(bites)] == [1, 2]
    assert [part.number for part in number_bites(bites[:1])] == [None]


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("Order/Scans/Upper", ("Order", "upper", None)),
        ("a.zip/Order/Scans/Misc", ("a.zip/Order", None, None)),
        ("Order/Scans/UNN15", ("Order", "upper", 27)),
        ("Order/Scans/LNN30", ("Order", "lower", 46)),
        ("Scans/Doe", ("Scans/Doe", None, None)),
        ("Order/Scans/UNN99", ("Order/Scans/UNN99", None, None)),
        ("", ("", None, None)),
    ],
)
def test_folders_tell_root_arch_and_tooth(folder: str, expected: tuple[str, str | None, int | None]) -> None:
    """The arch may stand in the folder only; tooth folders count in Universal numbers."""
    place = place_of(folder)
    assert (place.root, place.arch, place.tooth) == expected


@pytest.mark.parametrize(
    "folder", ["Order/CAD", "Order/Anatomy elements", "Order/External models", "Order/Backup/Scans"]
)
def test_folders_without_scans_are_known(folder: str) -> None:
    """Designs, library teeth and backups are no scans, whatever they are called."""
    assert place_of(folder).no_scan
    assert place_of(folder).root == "Order"


def test_teeth_of_one_arch_place_preparation_and_antagonist() -> None:
    """The role names no arch; the ordered teeth do."""
    parts = [Part("p", "preparation"), Part("a", "antagonist"), Part("s", "scanbody"), Part("b", "bite")]
    assert [part.arch for part in settle_arches(parts, {"lower"})] == ["lower", "upper", "lower", None]


def test_teeth_of_both_arches_place_nothing() -> None:
    """Asking is allowed, guessing is not."""
    parts = [Part("p", "preparation"), Part("a", "antagonist")]
    assert [part.arch for part in settle_arches(parts, {"lower", "upper"})] == [None, None]


def test_a_placed_antagonist_places_the_preparation() -> None:
    """One known arch is enough for the other."""
    parts = [Part("p", "preparation"), Part("a", "antagonist", "upper")]
    assert [part.arch for part in settle_arches(parts, ())] == ["lower", "upper"]


def _variants() -> list[Part]:
    return [
        Part("raw.stl", "preparation", "upper", "raw", format="stl"),
        Part("processed.stl", "preparation", "upper", "processed", format="stl"),
    ]


@pytest.mark.parametrize("wanted", ["raw", "processed"])
def test_the_wanted_variant_is_preferred_and_the_other_carried(wanted: str) -> None:
    """One of raw and processed is worked on, both stay."""
    chosen, older, copies = choose(_variants(), wanted)  # type: ignore[arg-type]
    assert [part.variant for part in chosen if part.preferred] == [wanted]
    assert len(chosen) == 2
    assert (older, copies) == ({}, {})


def test_an_open_file_wins_over_the_wanted_closed_one() -> None:
    """What can be worked on is worked on; the closed copy is carried as a document without nagging."""
    parts = [*_variants(), Part("raw.dcm", "preparation", "upper", "raw", format="dcm", closed=True)]
    chosen, _, copies = choose(parts, "raw")
    assert [part.path for part in chosen if part.preferred] == ["raw.stl"]
    assert list(copies) == ["raw.dcm"]


def test_the_newest_save_wins_and_the_older_is_listed() -> None:
    """A copy mark makes no second scan."""
    parts = [Part(f"{time}.stl", "arch", "upper", format="stl", mtime=time) for time in (1.0, 3.0, 2.0)]
    chosen, older, _ = choose(parts, "raw")
    assert [part.path for part in chosen] == ["3.0.stl"]
    assert set(older) == {"1.0.stl", "2.0.stl"}
