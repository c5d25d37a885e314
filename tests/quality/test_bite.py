"""``quality.bite``: generated jaws in bites that were changed by a known amount; no limit was tuned on these seeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from attrs import evolve
from numpy.typing import NDArray

from casepan.api import Finding, Scan, WorkItem
from casepan.mesh import Mesh
from casepan_quality.bite import Bite
from casepan_quality.meeting import meet
from casepan_quality.options import BiteOptions

from .conftest import case_of, codes, context, pair, scan, scans_of, surfaces_of

SEEDS = range(1100, 1106)


def moved(mesh: Mesh, x: float = 0, y: float = 0, z: float = 0, roll: float = 0) -> Mesh:
    """The mesh after a turn about the axis to the front (degrees) and a shift (mm)."""
    angle = np.radians(roll)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    return evolve(mesh, vertices=np.ascontiguousarray(mesh.vertices @ turn.T + [x, y, z], dtype=np.float32))


def in_frame(surfaces: Mapping[str, Mesh], seed: int) -> dict[str, Mesh]:
    """All surfaces turned and shifted together, as scanners with other axes write them."""
    rng = np.random.default_rng(seed)
    turn: NDArray[np.float64] = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    shift = rng.normal(0, 30, 3)
    return {
        name: evolve(mesh, vertices=np.ascontiguousarray(mesh.vertices @ turn.T + shift, dtype=np.float32))
        for name, mesh in surfaces.items()
    }


def check(surfaces: Mapping[str, Mesh], *scans: Scan, items: tuple[WorkItem, ...] = ()) -> list[Finding]:
    """Everything but the notes about contacts."""
    case = case_of(scans or scans_of(surfaces), *items)
    found = Bite(BiteOptions()).check(case, context(surfaces))
    return [finding for finding in found if finding.code != "bite.contacts"]


def changed(seed: int, change: Callable[[Mesh], Mesh], coverage: str = "full") -> dict[str, Mesh]:
    """A pair whose lower arch was changed, without bite scans."""
    jaws = pair(seed, coverage=coverage)
    return in_frame({"upper": jaws.upper, "lower": change(jaws.lower)}, seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_clean_bite_has_no_findings(seed: int) -> None:
    """Whole arches, quadrants and front teeth, with the bite scans that lie on them, in any frame."""
    coverage = ("full", "quadrant-left", "anterior")[seed % 3]
    assert check(in_frame(surfaces_of(pair(seed, coverage=coverage)), seed)) == []


@pytest.mark.parametrize("triangles", [2_000, 4_000, 60_000])
def test_coarse_and_fine_nets_are_judged_by_what_they_show(triangles: int) -> None:
    """Few triangles cut off cusps: that is no open bite."""
    assert check(surfaces_of(pair(1100, triangles=triangles))) == []


def test_contacts_are_told_by_the_patients_side() -> None:
    """Rolled to one side the teeth touch there only; right is right in any frame."""
    for roll, side in ((1.2, "right"), (-1.2, "left")):
        surfaces = changed(1101, lambda mesh, roll=roll: moved(mesh, roll=roll))  # type: ignore[misc]
        case = case_of(scans_of(surfaces))
        (note,) = [f for f in Bite(BiteOptions()).check(case, context(surfaces)) if f.code == "bite.contacts"]
        areas = dict(part.rsplit(" ", 1) for part in note.message.partition(": ")[2].split(", "))
        touching = max(("right", "left"), key=lambda name: float(areas[name]))
        assert touching != side
        assert f"on the {side} side" in " ".join(f.message for f in check(surfaces))


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_an_open_bite_is_measured(seed: int) -> None:
    """0.5 mm of air along the axis: across the slopes of cusps it is a little less."""
    (found,) = check(changed(seed, lambda mesh: moved(mesh, z=-0.5), ("full", "quadrant-left")[seed % 2]))
    assert found.code == "bite.open"
    assert found.value == pytest.approx(0.45, abs=0.1)
    assert found.limit is not None
    assert found.limit < 0.5


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_penetration_has_depth_and_place(seed: int) -> None:
    """0.6 mm deeper than occlusion, somewhere on the chewing surfaces."""
    surfaces = changed(seed, lambda mesh: moved(mesh, z=0.6))
    (found,) = check(surfaces)
    assert found.code == "bite.penetration"
    assert found.value == pytest.approx(0.5, abs=0.12)
    assert found.where_mm is not None
    assert np.linalg.norm(surfaces["lower"].vertices - np.array(found.where_mm), axis=1).min() < 1e-3


def test_a_bite_that_is_a_little_too_deep_passes() -> None:
    """Bites of scanners run 0.1 to 0.2 mm into each other."""
    assert check(changed(1102, lambda mesh: moved(mesh, z=0.15))) == []


@pytest.mark.parametrize("seed", SEEDS[:3])
def test_a_tilted_bite_misses_one_side(seed: int) -> None:
    """Contact on the one side, air on the other."""
    found = check(changed(seed, lambda mesh: moved(mesh, z=-0.15, roll=1.5)))
    assert "bite.no-contact" in codes(found)


def test_arches_of_other_frames_are_found() -> None:
    """Teeth-up exports, arches far apart, arches through each other."""
    over = surfaces_of(pair(1103, frame="teeth-up"))
    apart = changed(1103, lambda mesh: moved(mesh, z=-40))
    crossed = changed(1103, lambda mesh: moved(mesh, z=3))
    for surfaces, words in ((over, "same way"), (apart, "nearer"), (crossed, "through")):
        (found,) = [one for one in check(surfaces) if one.code == "bite.frames"]
        assert found.severity == "warning"
        assert words in found.message


def test_other_frames_with_a_bite_scan_are_a_note() -> None:
    """Nothing promised a common frame, and CAD has what it needs to align the arches."""
    surfaces = surfaces_of(pair(1103, frame="teeth-up"))
    assert [(f.code, f.severity) for f in check(surfaces, *scans_of(surfaces, frame=None))][:1] == [
        ("bite.frames", "info")
    ]


def test_three_frames_of_their_own_leave_the_bite_scan_alone() -> None:
    """A bite scan in a frame of its own lies on nothing by design."""
    surfaces = surfaces_of(pair(1103, frame="teeth-up"))
    scans = (
        *(scan(name, f"arch/{name}", frame=name) for name in ("upper", "lower")),
        scan("bite-left", "bite", frame="bite"),
    )
    assert codes(check(surfaces, *scans)) == ["bite.frames"]


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_a_misplaced_bite_scan_is_found(seed: int) -> None:
    """1.5 mm sideways, 5 mm, or the whole jaw's length."""
    for shift in (1.5, 5.0, 30.0):
        surfaces = surfaces_of(pair(seed, coverage=("full", "quadrant-left")[seed % 2]))
        surfaces["bite-left"] = moved(surfaces["bite-left"], x=shift)
        assert [(f.code, f.scan) for f in check(surfaces)] == [("bite.scan-off", "bite-left")]


def test_a_bite_scan_on_one_arch_only_is_found() -> None:
    """The lower arch was moved away after the bite was aligned."""
    surfaces = surfaces_of(pair(1104))
    surfaces["lower"] = moved(surfaces["lower"], z=-8)
    off = [f for f in check(surfaces) if f.code == "bite.scan-off"]
    assert {f.scan for f in off} == {"bite-left", "bite-right"}


def test_the_arch_of_another_person_is_found() -> None:
    """In the same frame it penetrates, stays open, or the bite scans do not lie on it."""
    for seed in SEEDS[:4]:
        surfaces = surfaces_of(pair(seed))
        surfaces["lower"] = pair(seed + 1).lower
        assert check(surfaces)


def test_a_splint_may_be_ordered_with_an_open_bite() -> None:
    """The gap is told, not held against the case."""
    surfaces = changed(1100, lambda mesh: moved(mesh, z=-1.5))
    (found,) = check(surfaces, items=(WorkItem("1", kind="splint"),))
    assert (found.code, found.severity) == ("bite.open", "info")


def test_gums_do_not_have_to_meet() -> None:
    """An edentulous ridge in the right frame has no contacts and no gap to ask about."""
    surfaces = changed(1100, lambda mesh: moved(mesh, z=-1.5))
    assert check(surfaces, scan("upper", "arch/upper"), scan("lower", "edentulous/lower")) == []


def test_one_arch_alone_has_no_bite() -> None:
    """Nothing to measure, nothing to say."""
    assert check({"upper": pair(1100).upper}) == []


def test_an_arch_that_is_inside_out_is_not_measured() -> None:
    """In front of it would be behind it; quality.identity reports it."""
    upper = pair(1100).upper
    assert check({"upper": evolve(upper, faces=upper.faces[:, ::-1]), "lower": pair(1100).lower}) == []


def test_the_preparation_stands_for_its_arch() -> None:
    """Before and after preparation came: the prepared arch is measured."""
    surfaces = surfaces_of(pair(1100))
    scans = (scan("before", "arch/upper"), scan("upper", "preparation/upper"), scan("lower", "antagonist/lower"))
    surfaces["before"] = moved(surfaces["upper"], z=20)
    assert check(surfaces, *scans) == []


def test_few_vertices_form_no_horseshoe() -> None:
    """Sides are not guessed from a handful of points."""
    jaws = pair(1100)
    assert meet(moved(jaws.lower, z=-4.5), jaws.upper).rightward_mm is None
