"""Which files belong to one patient."""

from __future__ import annotations

import pytest

from casepan.arrivals.grouping import WINDOW, group_loose, split_meshes


def loose(**times: float) -> list[tuple[str, ...]]:
    """The groups of loose files by time."""
    return [
        bundle.paths for bundle in group_loose({name.replace("__", " ") + ".stl": at for name, at in times.items()})
    ]


def split(*paths: str) -> list[tuple[str, ...]]:
    """The cases of a folder's meshes."""
    return [bundle.paths for bundle in split_meshes(paths)]


def test_one_beginning_is_one_case() -> None:
    """Upper, lower and bite of one name, written within minutes."""
    assert loose(Jane__UpperJawScan=0, Jane__LowerJawScan=60, Jane__BiteScan=90) == [
        ("Jane BiteScan.stl", "Jane LowerJawScan.stl", "Jane UpperJawScan.stl")
    ]


def test_two_uppers_with_other_beginnings_are_two_cases() -> None:
    """Patients are never mixed, however close in time."""
    assert loose(Jane__upper=0, John__upper=1, John__lower=2) == [
        ("Jane upper.stl",),
        ("John lower.stl", "John upper.stl"),
    ]


def test_names_without_a_beginning_are_held_together_by_time() -> None:
    """UpperJaw and LowerJaw alone say no name; an hour later it is somebody else."""
    assert loose(UpperJaw=0, LowerJaw=5) == [("LowerJaw.stl", "UpperJaw.stl")]
    far = group_loose({"UpperJaw.stl": 0, "LowerJaw.stl": 10 * WINDOW})
    assert [(bundle.paths, "far apart" in (bundle.doubt or "")) for bundle in far] == [
        (("UpperJaw.stl",), True),
        (("LowerJaw.stl",), True),
    ]


def test_copy_marks_part_what_a_browser_saved_twice() -> None:
    """``(1)`` of one download does not join the first."""
    groups = group_loose({"UpperJaw.stl": 0, "LowerJaw.stl": 1, "UpperJaw (1).stl": 2, "LowerJaw (1).stl": 3})
    assert [bundle.paths for bundle in groups] == [
        ("LowerJaw (1).stl", "UpperJaw (1).stl"),
        ("LowerJaw.stl", "UpperJaw.stl"),
    ]


def test_a_bite_without_a_name_beside_two_patients_is_doubtful() -> None:
    """It is not given to either."""
    groups = group_loose({"Jane upper.stl": 0, "John upper.stl": 0, "BiteScan.stl": 0})
    assert [(bundle.paths, bundle.doubt is not None) for bundle in groups] == [
        (("Jane upper.stl",), False),
        (("John upper.stl",), False),
        (("BiteScan.stl",), True),
    ]


def test_two_uppers_of_one_name_are_doubtful() -> None:
    """Nobody says which one counts."""
    groups = group_loose({"Jane upper.stl": 0, "Jane Oberkiefer.stl": 0})
    assert [bundle.doubt is not None for bundle in groups] == [True]


def test_documents_join_the_case_of_their_name() -> None:
    """A PDF, an order or a picture of the same beginning; others stand alone, and so does every zip."""
    times = dict.fromkeys(
        ["Jane upper.stl", "Jane order.pdf", "upper_x.obj", "case 7.zip", "case 7.pdf", "case 7.xml", "other.pdf"], 0.0
    )
    assert {bundle.paths for bundle in group_loose(times)} == {
        ("Jane order.pdf", "Jane upper.stl"),
        ("upper_x.obj",),
        ("case 7.pdf", "case 7.xml", "case 7.zip"),
        ("other.pdf",),
    }


def test_a_mesh_without_a_role_joins_the_name_it_begins_with() -> None:
    """``Jane die.stl`` belongs to Jane."""
    assert loose(Jane__upper=0, Jane__extra=0, John__upper=0) == [
        ("Jane extra.stl", "Jane upper.stl"),
        ("John upper.stl",),
    ]


def test_nothing_is_nothing() -> None:
    """An empty inbox has no groups."""
    assert group_loose({}) == ()
    assert split_meshes([]) == ()


@pytest.mark.parametrize(
    "paths",
    [
        ("LowerJaw/Data.obj", "UpperJaw/Data.obj"),
        ("Scans/Lower/AntagonistScan.stl", "Scans/Upper/PreparationScan.stl"),
        ("a.zip!lower.stl", "b.zip!upper.stl"),
        ("upper.ply", "upper.stl"),
        ("bite_left.stl", "bite_right.stl", "lower.stl", "upper.stl"),
        ("a-lowerjaw-situ.obj", "a-lowerjaw.obj", "a-upperjaw.obj"),
        ("anything.stl", "else.stl"),
    ],
)
def test_a_folder_is_one_case_as_long_as_no_arch_comes_twice(paths: tuple[str, ...]) -> None:
    """Other names in one folder are no other patients."""
    assert split(*paths) == [paths]


def test_a_folder_of_two_patients_is_two_cases() -> None:
    """By the beginning of the names."""
    assert split("Jane_upper.stl", "Jane_lower.stl", "John_upper.stl") == [
        ("Jane_lower.stl", "Jane_upper.stl"),
        ("John_upper.stl",),
    ]


def test_folders_part_patients() -> None:
    """By the folders they lie in."""
    assert split("a/upper.stl", "a/lower.stl", "b/upper.stl", "b/lower.stl") == [
        ("a/lower.stl", "a/upper.stl"),
        ("b/lower.stl", "b/upper.stl"),
    ]


def test_two_versions_of_one_arch_stay_one_doubtful_case() -> None:
    """``upper`` and ``upper_old`` are no two patients."""
    bundles = split_meshes(["upper.stl", "upper_old.stl", "lower.stl"])
    assert len(bundles) == 1
    assert "twice" in (bundles[0].doubt or "")
