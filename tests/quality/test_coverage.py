"""``quality.coverage``: the ordered teeth lie in what was scanned."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from attrs import evolve

from casepan.api import Finding, WorkItem
from casepan.mesh import Mesh
from casepan.mesh.dentition.places import place_teeth
from casepan.testing import faults
from casepan_quality.coverage import Coverage, wanted
from casepan_quality.geometry_options import CoverageOptions

from .conftest import case_of, codes, context, pair, scan, scans_of, surfaces_of

SEED = 4_100


def crown(*teeth: int) -> tuple[WorkItem, ...]:
    """One crown for each tooth."""
    return tuple(WorkItem(str(tooth), (tooth,), "crown") for tooth in teeth)


def check(surfaces: dict[str, Mesh], *items: WorkItem, **options: Any) -> list[Finding]:
    """All findings about surfaces named as ``scans_of`` knows them."""
    return list(Coverage(CoverageOptions(**options)).check(case_of(scans_of(surfaces), *items), context(surfaces)))


@pytest.mark.parametrize("jaw", ["upper", "lower"])
@pytest.mark.parametrize("frame", ["z-up", "y-up"])
def test_teeth_are_found_along_a_full_arch(jaw: str, frame: str) -> None:
    """Each tooth within 2.5 mm of its place, whatever the axes."""
    jaws = pair(SEED, frame=frame)
    found = place_teeth(jaws.upper if jaw == "upper" else jaws.lower, "upper" if jaw == "upper" else "lower")
    assert found is not None
    assert found.is_full
    for tooth in jaws.truth.of(jaw):
        along, _ = found.arch.unrolled(found.arch.relief.plane.flat(np.array([tooth.centre])))
        assert abs(float(along[0]) - found.arch.position(tooth.fdi)) < 2.5, tooth.fdi


def test_a_full_pair_shows_whatever_is_ordered() -> None:
    """Teeth of both arches, their neighbours and opponents."""
    assert codes(check(surfaces_of(pair(SEED)), *crown(17, 24, 11, 36, 43))) == []


def test_a_tooth_on_the_other_side_of_a_quadrant_is_outside() -> None:
    """Ordered tooth and opponent, each in its own scan, with share and limit."""
    jaws = pair(SEED, coverage="quadrant-left")
    found = check({"upper": jaws.upper, "lower": jaws.lower}, *crown(16))
    outside = {(one.scan, one.teeth) for one in found if one.code == "coverage.tooth-outside"}
    assert ("upper", (16,)) in outside
    assert ("lower", (46,)) in outside
    assert all(one.value is not None and one.limit == 60.0 and one.where_mm for one in found if "outside" in one.code)
    assert codes(check({"upper": jaws.upper, "lower": jaws.lower}, *crown(26))) == []


def test_near_the_end_of_a_partial_scan_nobody_can_tell() -> None:
    """A note instead of a warning."""
    surfaces = {"lower": pair(SEED, coverage="quadrant-left").lower}
    found = [one for tooth in (44, 45) for one in check(surfaces, *crown(tooth)) if tooth in one.teeth]
    assert {one.code for one in found} <= {"coverage.unknown", "coverage.tooth-outside"}
    assert any((one.code, one.severity) == ("coverage.unknown", "info") for one in found)


def test_a_hole_on_an_ordered_tooth_is_named() -> None:
    """On another tooth it is the business of quality.mesh."""
    jaws = pair(SEED)
    holed = faults.hole(jaws.upper, jaws.truth.teeth[24].centre, 2.5)
    (found,) = check({"upper": holed}, *crown(24))
    assert (found.code, found.teeth) == ("coverage.tooth-in-hole", (24,))
    assert found.where_mm is not None
    assert np.linalg.norm(np.array(found.where_mm) - jaws.truth.teeth[24].centre) < 1
    assert codes(check({"upper": holed}, *crown(15))) == []


def test_an_end_cut_behind_the_last_molar_is_noticed() -> None:
    """All faces behind the middle of 37 go."""
    jaws = pair(SEED)
    molar, before = (np.array(jaws.truth.teeth[fdi].centre) for fdi in (37, 36))
    back = (molar - before) / np.linalg.norm(molar - before)
    middles = jaws.lower.vertices[jaws.lower.faces].mean(axis=1) - molar
    kept = (middles @ back < 3.0) | (np.linalg.norm(middles, axis=1) > 30)
    cut = evolve(jaws.lower, faces=jaws.lower.faces[kept])
    found = check({"lower": cut}, *crown(37))
    assert codes(found) == ["coverage.distal-cut"]
    assert found[0].teeth == (37,)


def test_an_appliance_needs_the_whole_arch() -> None:
    """A splint on a quadrant, the same on a full arch."""
    splint = WorkItem("1", (36,), "splint")
    assert "coverage.ridge" in codes(check({"lower": pair(SEED, coverage="quadrant-left").lower}, splint))
    assert codes(check({"lower": pair(SEED).lower}, splint)) == []


def test_a_denture_needs_palate() -> None:
    """An upper arch cut off inside its teeth."""
    jaws = pair(SEED)
    denture = WorkItem("1", (16, 15), "partial-denture")
    assert codes(check({"upper": jaws.upper}, denture)) == []
    row = np.array([tooth.centre for tooth in jaws.truth.of("upper")])
    middles = jaws.upper.vertices[jaws.upper.faces].mean(axis=1)
    inside = np.linalg.norm(middles[:, None, :2] - row[None, :, :2], axis=2).min(axis=1) > 8
    inside &= np.abs(middles[:, 0]) < np.abs(row[:, 0]).max() - 5
    inside &= middles[:, 1] < row[:, 1].max()
    found = check({"upper": evolve(jaws.upper, faces=jaws.upper.faces[~inside])}, denture)
    assert codes(found) == ["coverage.palate-band"]
    assert found[0].value is not None
    assert found[0].value < 8


def test_neighbours_and_opponents_are_wanted_but_not_wisdom_teeth() -> None:
    """11 stands beside 21; nobody asks for 18; primary teeth have no places."""
    case = case_of([], *crown(11, 17), WorkItem("9", (54,), "crown"))
    assert wanted(case, "upper") == ((11, 17), (12, 16, 21))
    assert wanted(case, "lower") == ((), (41, 47))


def test_a_scan_without_teeth_is_said_to_be_unclear() -> None:
    """A ball named as the ordered arch is a warning, an edentulous ridge a note, without order nothing."""
    import trimesh

    ball = Mesh.from_trimesh(trimesh.creation.icosphere(subdivisions=4, radius=25.0))
    stage = Coverage(CoverageOptions())

    def found(what: str, *items: WorkItem) -> list[tuple[str, str]]:
        case = case_of([scan("it", what)], *items)
        return [(one.code, one.severity) for one in stage.check(case, context({"it": ball}))]

    assert found("preparation/upper", *crown(16)) == [("coverage.unknown", "warning")]
    assert found("edentulous/upper", *crown(16)) == [("coverage.unknown", "info")]
    assert found("arch/upper") == []


def test_an_unnamed_preparation_is_taken_for_the_ordered_arch() -> None:
    """The tooth numbers of the order tell the arch."""
    jaws = pair(SEED, coverage="quadrant-left")
    case = case_of([scan("p", "preparation"), scan("a", "antagonist")], *crown(16))
    found = list(Coverage(CoverageOptions()).check(case, context({"p": jaws.upper, "a": jaws.lower})))
    assert {(one.scan, *one.teeth) for one in found} >= {("p", 16), ("a", 46)}


def test_a_real_cast_with_preparations_shows_its_teeth(shared: Any) -> None:
    """An upper cast from a laboratory scanner: a full arch."""
    from casepan.mesh import read_mesh

    cast = read_mesh(shared / "data" / "derived" / "scan_039.decoded.stl")
    found = place_teeth(cast, "upper")
    assert found is not None
    assert found.is_full
    assert codes(check({"upper": cast}, *crown(16, 11, 26))) == []


def test_a_border_close_to_the_crowns_shows_too_little_gum() -> None:
    """The cheek side of a lower arch, trimmed along the necks of its teeth."""
    jaws = pair(SEED)
    molar = np.array(jaws.truth.teeth[36].centre)
    middles = jaws.lower.vertices[jaws.lower.faces].mean(axis=1) - molar
    outwards = np.sign(molar[0])
    gone = (middles[:, 0] * outwards > 1) & (np.abs(middles[:, 1]) < 18) & (middles[:, 2] < -6.0)
    trimmed = evolve(jaws.lower, faces=jaws.lower.faces[~gone])
    (found,) = check({"lower": trimmed}, *crown(36))
    assert (found.code, found.teeth, found.limit) == ("coverage.gum-band", (36,), 3.0)
    assert found.value is not None
    assert found.value < 2.0
    assert "cheek" in found.message
