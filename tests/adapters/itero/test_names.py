"""iTero: what file and folder names mean."""

from __future__ import annotations

import pytest

from casepan_itero.layout import (
    OCCLUSION,
    Part,
    choose,
    folded,
    is_medit_name,
    manifest_version,
    order_in,
    order_of_container,
    read_name,
    with_prepared,
)

NAMES = {
    "70000001_shell_occlusion_u.stl": ("70000001", "arch", "upper", None, None, True),
    "70000001_shell_occlusion_l.ply": ("70000001", "arch", "lower", None, None, True),
    "70000001_shell_teethup_u.stl": ("70000001", "arch", "upper", "teeth-up", None, False),
    "300000002_shell_lockedocclusion_ul.stl": ("300000002", "arch", "both", None, None, True),
    "300000003_lprofile_occlusion_l.ply": ("300000003", "arch", "lower", "low-profile", None, True),
    "300000004_shell_occlusion_l_bite1.stl": ("300000004", "arch", "lower", None, 1, True),
    "70000007_shell_occlusion_u_cut_1.stl": ("70000007", "other", "upper", None, None, True),
    "MC269_lprofile_occlusion_u (2).stl": ("mc269", "arch", "upper", "low-profile", None, True),
    "upper_jaw_with_ditch_#300000005.ply": ("300000005", "arch", "upper", "with-ditch", None, True),
    "lower_jaw_without_ditch_300000005.stl": ("300000005", "arch", "lower", "without-ditch", None, True),
    "upper_jaw_pretreatment_#300000005.ply": ("300000005", "preop", "upper", None, None, True),
    "lower_jaw_with_ditch.ply": ("", "arch", "lower", "with-ditch", None, True),
    "upper_jaw_emergence_#300000005.ply": ("300000005", "other", "upper", None, None, True),
}


@pytest.mark.parametrize(("name", "meaning"), NAMES.items(), ids=NAMES)
def test_a_name_tells_order_role_jaw_and_pose(name: str, meaning: tuple[object, ...]) -> None:
    """Both families are read; occlusion in a name is a pose and never a bite scan."""
    found = read_name(name)
    assert found is not None
    assert (found.order, found.role, found.arch, found.variant, found.bite, found.in_occlusion) == meaning


@pytest.mark.parametrize(
    "name", ["UpperJaw.stl", "upper_jaw.stl", "upper_jaw_scan.stl", "Maxilla_Base.ply", "Bite.ply", "x_occlusion_u.stl"]
)
def test_other_names_say_nothing(name: str) -> None:
    """Neither family, no claim."""
    assert read_name(name) is None


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("itero_export_#70000001_v30.xml", "70000001"),
        ("iTero_Export_#300000006_v10 (1).xml", "300000006"),
        ("Rx_70000001.html", "70000001"),
        ("iTero_Rx_300000005.pdf", "300000005"),
        ("gallery_#70000001_penta_front_m.jpg", "70000001"),
        ("upper_jaw_with_ditch_#300000005_texture.jpg", "300000005"),
        ("itero_element_logo.png", None),
        ("Orden Laboratorio1.pdf", None),
    ],
)
def test_side_files_name_their_order(name: str, order: str | None) -> None:
    """The number ties sheets, pictures and textures to their order."""
    assert order_in(name) == order


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("OrthoCAD_Export_70000001 (4)", "70000001"),
        ("iTero_Export_300000005 (1).zip", "300000005"),
        ("OrthoCAD_Export_Doe Jane", "doe jane"),
        ("STL", None),
    ],
)
def test_containers_name_their_order(name: str, order: str | None) -> None:
    """Browsers leave their marks in the name; practices put patients there."""
    assert order_of_container(name) == order


def test_versions_and_comparison() -> None:
    """v50 counts more than v30; the number sign gets lost on the web."""
    assert manifest_version("itero_export_#1_v50.xml") == 50
    assert manifest_version("other.xml") == 0
    assert folded("Upper_Jaw_With_Ditch_#1 (2).PLY") == folded("upper_jaw_with_ditch_1.ply")
    assert is_medit_name("Maxilla_Base.ply")


def _ditched() -> list[Part]:
    return [
        Part("with.ply", "arch", "upper", "with-ditch", frame=OCCLUSION, restorative=True, format="ply"),
        Part("without.stl", "arch", "upper", "without-ditch", frame=OCCLUSION, restorative=True, format="stl"),
        Part("without.ply", "arch", "upper", "without-ditch", frame=OCCLUSION, restorative=True, format="ply"),
        Part("lower.ply", "arch", "lower", "with-ditch", frame=OCCLUSION, restorative=True, format="ply"),
    ]


@pytest.mark.parametrize(("wanted", "best"), [("without-ditch", "without.ply"), ("with-ditch", "with.ply")])
def test_the_wanted_ditching_is_preferred_in_the_richer_format(wanted: str, best: str) -> None:
    """Laboratories differ; all variants are carried."""
    chosen = choose(_ditched(), wanted)  # type: ignore[arg-type]
    assert {part.path for part in chosen if part.preferred} == {best, "lower.ply"}
    assert len(chosen) == 4


def test_a_file_with_both_arches_steps_back_for_single_ones() -> None:
    """One jaw a file is what every later step wants."""
    parts = [
        Part("u", "arch", "upper", frame=OCCLUSION, format="stl"),
        Part("l", "arch", "lower", frame=OCCLUSION, format="stl"),
        Part("ul", "arch", "both", frame=OCCLUSION, format="stl"),
    ]
    assert [part.path for part in choose(parts, "without-ditch") if part.preferred] == ["l", "u"]
    assert [part.preferred for part in choose(parts[2:], "without-ditch")] == [True]


def test_the_plain_position_wins_over_a_numbered_bite() -> None:
    """Several bites give several lowers."""
    parts = [Part(f"{bite}", "arch", "lower", bite=bite, format="stl") for bite in (2, 1, None)]
    assert [part.bite for part in choose(parts, "without-ditch") if part.preferred] == [None]


def test_ordered_teeth_make_the_preparation() -> None:
    """The other arch is the antagonist; without an order both are arches."""
    roles = [part.role for part in with_prepared(_ditched(), {"upper"})]
    assert roles == ["preparation", "preparation", "preparation", "antagonist"]
    assert {part.role for part in with_prepared(_ditched(), ())} == {"arch"}
    assert {part.role for part in with_prepared(_ditched(), {"upper", "lower"})} == {"preparation"}
