"""Bite positions compared, and arches of two people: no limit was tuned on these seeds."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve
from numpy.typing import NDArray

from casepan.api import Finding, Scan, WorkItem
from casepan.mesh import Mesh
from casepan_quality.bite import Bite
from casepan_quality.options import BiteOptions

from .conftest import case_of, codes, context, pair, scan, scans_of, surfaces_of
from .test_bite import in_frame, moved
from .test_identity import grid

Moves = tuple[float, float, float]


def second(bite: Mesh, upper: Mesh, lower: Mesh, move: Moves) -> Mesh:
    """The bite scan of another position: its part over the lower arch is moved with it."""

    def nearest(arch: Mesh) -> NDArray[np.float64]:
        from scipy.spatial import cKDTree

        return np.asarray(cKDTree(arch.vertices).query(bite.vertices)[0])

    low = nearest(lower) < nearest(upper)
    vertices = bite.vertices + np.where(low[:, None], np.array(move, np.float32), 0).astype(np.float32)
    kept = low[bite.faces].all(axis=1) | ~low[bite.faces].any(axis=1)
    return evolve(bite, vertices=np.ascontiguousarray(vertices), faces=bite.faces[kept])


def check(surfaces: dict[str, Mesh], scans: tuple[Scan, ...], *items: WorkItem) -> list[Finding]:
    """What the bite check says besides its note about contacts."""
    found = Bite(BiteOptions()).check(case_of(scans, *items), context(surfaces))
    return [finding for finding in found if finding.code != "bite.contacts"]


def with_second(seed: int, move: Moves, coverage: str = "full") -> tuple[dict[str, Mesh], tuple[Scan, ...]]:
    """A case with a further bite scan of another position, in any frame."""
    surfaces = surfaces_of(pair(seed, coverage=coverage))
    surfaces["second"] = second(surfaces["bite-left"], surfaces["upper"], surfaces["lower"], move)
    named = {name: mesh for name, mesh in surfaces.items() if name != "second"}
    return in_frame(surfaces, seed), (*scans_of(named), scan("second", "bite", frame="occlusion"))


@pytest.mark.parametrize("seed", range(1400, 1402))
@pytest.mark.parametrize("move", [(0.0, 0.5, -1.5), (1.2, 0.0, -0.3), (0.0, 2.0, -4.0)])
def test_a_second_bite_position_is_measured(seed: int, move: Moves) -> None:
    """By how much, and which one the arches stand in; a bite of another position is no misplaced one."""
    surfaces, scans = with_second(seed, move, ("full", "quadrant-left")[seed % 2])
    (found,) = check(surfaces, scans)
    assert (found.code, found.severity, found.scan) == ("bite.alternative", "info", "second")
    assert found.value == pytest.approx(float(np.linalg.norm(move)), abs=0.15)
    assert "the arches stand as in bite-left" in found.message


@pytest.mark.parametrize("seed", range(1404, 1408))
def test_bites_of_one_position_are_no_alternatives(seed: int) -> None:
    """Left and right of one bite, and one of them scanned again."""
    surfaces, scans = with_second(seed, (0.0, 0.1, -0.1), ("full", "quadrant-left", "anterior")[seed % 3])
    assert check(surfaces, scans) == []


def test_how_far_a_position_opens_is_told() -> None:
    """Wider, more closed, or to the side only."""
    for move, words in (
        ((0, 0, -2), "mm wider open"),
        ((0, 0, 1), "mm more closed"),
        ((2, 0, 0), "about as wide open"),
    ):
        surfaces, scans = with_second(1402, move)
        assert words in check(surfaces, scans)[0].message


def test_a_bite_that_the_arches_do_not_stand_in_is_a_warning() -> None:
    """No other bite scan confirms how they stand."""
    surfaces, scans = with_second(1403, (0.0, 0.3, -0.8))
    scans = tuple(one for one in scans if one.id not in ("bite-left", "bite-right"))
    (found,) = [one for one in check(surfaces, scans) if one.code == "bite.alternative"]
    assert found.severity == "warning"
    assert "no bite scan shows how the arches stand" in found.message


def test_a_lower_arch_for_each_bite_is_compared() -> None:
    """The same net elsewhere, and another net of the same teeth; never the one that was turned over for model making."""
    jaws = pair(1405)
    surfaces = {"upper": jaws.upper, "lower": jaws.lower, "again": moved(jaws.lower, y=1.0, z=-2.0)}
    surfaces["other"] = moved(pair(1405, triangles=20_000).lower, z=-1.0)
    surfaces["over"] = moved(jaws.lower, roll=180)
    extra = (scan(name, "arch/lower", preferred=False) for name in ("again", "other", "over"))
    found = check(surfaces, (*scans_of(["upper", "lower"]), *extra))
    assert [(one.scan, one.severity) for one in found] == [("again", "info"), ("other", "info")]
    assert [one.value for one in found] == [pytest.approx(np.hypot(1, 2), abs=0.01), pytest.approx(1.0, abs=0.1)]


@pytest.mark.parametrize("seed", range(1410, 1413))
@pytest.mark.parametrize("arch", ["upper", "lower"])
def test_arches_of_two_people_are_found_by_the_bite(seed: int, arch: str) -> None:
    """In the same frame and put where it meets best: the bite scans know whose teeth they show."""
    surfaces = surfaces_of(pair(seed, coverage=("full", "quadrant-left")[seed % 2]))
    other = pair(seed + 1, coverage=("full", "quadrant-left")[seed % 2])
    surfaces[arch] = getattr(other, arch)
    found = [one for one in check(surfaces, scans_of(surfaces)) if one.code == "identity.different-patients"]
    assert [(one.scan, one.severity) for one in found] == [(arch, "warning")]


@pytest.mark.parametrize("seed", range(1420, 1424))
def test_arches_of_one_person_are_not_two(seed: int) -> None:
    """Also with a bite that lies elsewhere, prepared teeth, and few teeth."""
    coverage = ("full", "quadrant-left", "anterior", "full")[seed % 4]
    jaws = pair(seed, coverage=coverage, preparations=(16,) if seed % 4 == 3 else ())
    surfaces = surfaces_of(jaws)
    surfaces["bite-left" if "bite-left" in surfaces else "bite-right"] = moved(jaws.bites[0], x=1.0)
    assert "identity.different-patients" not in codes(check(surfaces, scans_of(surfaces)))


def test_teeth_prepared_after_the_bite_are_no_other_person() -> None:
    """One bite scan of the whole teeth, where the ordered ones were cut down since."""
    before, after = (
        pair(1421, coverage="quadrant-left"),
        pair(1421, coverage="quadrant-left", preparations=(24, 25, 26)),
    )
    surfaces = {"upper": after.upper, "lower": after.lower, "bite-left": before.bites[0]}
    found = check(surfaces, scans_of(surfaces), WorkItem("1", (24, 25, 26), "crown"))
    assert "identity.different-patients" not in codes(found)


def test_bite_scans_that_show_nothing_are_no_obstacle() -> None:
    """A point, a line, a plane and one that is not finite: nothing is claimed of positions or people."""
    jaws = pair(1400)
    line = np.linspace([0, 0, 0], [60, 0, 0], 900).astype(np.float32)
    each = np.arange(900, dtype=np.int32).reshape(-1, 3)
    odd = {"point": Mesh(np.zeros((900, 3), np.float32), each), "line": Mesh(line, each), "plane": grid(60, 50)}
    surfaces = {"upper": jaws.upper, "lower": jaws.lower, **odd}
    scans = (*scans_of(["upper", "lower"]), *(scan(name, "bite", frame="occlusion") for name in odd))
    assert set(codes(check(surfaces, scans))) <= {"bite.scan-off"}
