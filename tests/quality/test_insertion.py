"""``quality.insertion``: stumps tilted by a known angle, undercuts of a known depth; no limit was tuned on these seeds."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from attrs import evolve
from scipy.spatial.transform import Rotation

from casepan.api import Finding, Implant, WorkItem
from casepan.mesh import Mesh
from casepan.testing import JawPair, ToothTruth
from casepan_quality.geometry_options import InsertionOptions
from casepan_quality.insertion import Insertion, groups_of
from casepan_quality.paths import Tooth, best_path, tooth_seen, undercut

from .conftest import case_of, codes, context, pair, scan

BRIDGE = (
    WorkItem("1", (14,), "crown", bridge="a"),
    WorkItem("2", (15,), "pontic", bridge="a"),
    WorkItem("3", (16,), "crown", bridge="a"),
)


def jaws(seed: int, coverage: str = "full") -> JawPair:
    """Two stumps with a gap between them."""
    return pair(seed, triangles=40_000, preparations=(14, 16), missing=(15,), coverage=coverage)


def over_finish(mesh: Mesh, tooth: ToothTruth) -> tuple[np.ndarray, np.ndarray]:
    """How surely each vertex belongs to an upper tooth's stump, 0 to 1, and the middle of its finish line."""
    line = np.array(tooth.finish_line)
    middle = line.mean(axis=0)
    beside = np.linalg.norm(mesh.vertices[:, :2] - middle[:2], axis=1) < 0.62 * max(tooth.width, tooth.breadth)
    share = np.clip((middle[2] - mesh.vertices[:, 2] + 0.3) / 1.0, 0, 1)
    return np.where(beside, share, 0.0)[:, None], middle


def tilted(mesh: Mesh, tooth: ToothTruth, degrees: float) -> Mesh:
    """The stump turned about the axis to the cheek, at its finish line."""
    weight, middle = over_finish(mesh, tooth)
    axis = np.array([np.sign(middle[0]), 0.0, 0.0])
    angle = np.radians(degrees) * weight
    arms = mesh.vertices - middle
    turned = (
        arms * np.cos(angle)
        + np.cross(axis, arms) * np.sin(angle)
        + axis * (arms @ axis)[:, None] * (1 - np.cos(angle))
    )
    return evolve(mesh, vertices=np.ascontiguousarray(middle + turned, dtype=np.float32))


def waisted(mesh: Mesh, tooth: ToothTruth, depth: float) -> Mesh:
    """The stump drawn in all round, half way up."""
    weight, middle = over_finish(mesh, tooth)
    top = np.array(tooth.centre)[2]
    height = np.clip((mesh.vertices[:, 2] - top) / 2.6, 0, 1)[:, None]
    arms = (mesh.vertices - middle) * [1, 1, 0]
    length = np.maximum(np.linalg.norm(arms, axis=1, keepdims=True), 1e-6)
    drawn = arms / length * np.minimum(depth, length / 2) * np.sin(np.pi / 2 * height) ** 2
    return evolve(mesh, vertices=np.ascontiguousarray(mesh.vertices - weight * drawn, dtype=np.float32))


def check(upper: Mesh, lower: Mesh, items: Iterable[WorkItem] = BRIDGE) -> list[Finding]:
    """What the check says of a case with both arches."""
    case = case_of((scan("upper", "preparation/upper"), scan("lower", "antagonist/lower")), *items)
    return list(Insertion(InsertionOptions()).check(case, context({"upper": upper, "lower": lower})))


@pytest.mark.parametrize("seed", range(1600, 1604))
def test_stumps_as_they_should_be_have_no_notes(seed: int) -> None:
    """Tapered, and as parallel as teeth of a row are."""
    made = jaws(seed)
    assert check(made.upper, made.lower) == []


@pytest.mark.parametrize("seed", [1607, 1608, 1611, 1613])
def test_a_tilted_stump_is_told(seed: int) -> None:
    """Which two teeth, and by about how much; always a note. One that does not stand apart is passed over."""
    made = jaws(seed)
    found = check(tilted(made.upper, made.truth.teeth[14], 38.0), made.lower)
    (note,) = [one for one in found if one.code == "insertion.parallel"]
    assert (note.severity, note.teeth, note.scan) == ("info", (14, 16), "upper")
    assert note.value == pytest.approx(38.0, abs=15.0)


@pytest.mark.parametrize("seed", range(1606, 1609))
def test_an_undercut_has_depth_and_place(seed: int) -> None:
    """The waist of one stump: the other has none."""
    made = jaws(seed)
    tooth = made.truth.teeth[14]
    found = [one for one in check(waisted(made.upper, tooth, 1.4), made.lower) if one.code == "insertion.undercut"]
    assert [(one.severity, one.teeth) for one in found] == [("info", (14,))]
    assert found[0].where_mm is not None
    assert np.linalg.norm(np.array(found[0].where_mm)[:2] - np.array(tooth.centre)[:2]) < 6.0
    assert found[0].value == pytest.approx(1.4, abs=0.6)  # the best path tips away from some of it


def cone(degrees: float, lean: float = 0.0, waist: float = 0.0, at: float = 0.0) -> Tooth:
    """A stump 4.5 mm high whose walls have so much taper, that leans by so many degrees, with a waist so deep (mm)."""
    height, turns = np.linspace(0, 4.5, 31), np.linspace(0, 2 * np.pi, 72, endpoint=False)
    drawn = waist * np.sin(np.pi * height / 4.5) ** 2
    radius = 3.5 - np.tan(np.radians(degrees)) * height - drawn
    rings = [
        np.stack([r * np.cos(turns), r * np.sin(turns), np.full(72, z)], 1) for r, z in zip(radius, height, strict=True)
    ]
    here = np.arange(30 * 72)
    right = here // 72 * 72 + (here + 1) % 72
    lid = np.arange(30 * 72, 31 * 72)
    walls = np.concatenate([np.stack([here, right, right + 72], 1), np.stack([here, right + 72, here + 72], 1)])
    top = np.stack([lid, lid // 72 * 72 + (lid + 1) % 72, np.full(72, 31 * 72)], 1)
    points = np.concatenate([*rings, [[0.0, 0.0, 4.5]]])
    turned = Rotation.from_euler("y", lean, degrees=True).apply(points) + np.array([0, at, 0])
    mesh = Mesh(turned.astype(np.float32), np.concatenate([walls, top]).astype(np.int32))
    every = np.arange(len(mesh.faces))
    tooth = tooth_seen(mesh, every, every, 14, np.array([0.0, 0.0, 1.0]))
    assert tooth is not None
    return tooth


@pytest.mark.parametrize("lean", [0.0, 10.0, 20.0, 35.0])
def test_the_axis_of_a_cone_is_found(lean: float) -> None:
    """To three degrees, and with it by how much two stumps lean against each other."""
    path = best_path([cone(6.0), cone(6.0, lean, at=15.0)])
    assert path.widest is not None
    assert path.widest[2] == pytest.approx(lean, abs=3.0)


@pytest.mark.parametrize(("lean", "free"), [(0.0, True), (10.0, True), (20.0, False), (35.0, False)])
def test_a_common_path_is_free_up_to_the_sum_of_the_tapers(lean: float, free: bool) -> None:
    """Two stumps with 6 degrees a wall: 12 degrees between them leave a path, more leave an undercut on both."""
    stumps = [cone(6.0), cone(6.0, lean, at=15.0)]
    depths = [undercut(stump, best_path(stumps).direction).depth_mm for stump in stumps]
    assert (max(depths) < 0.05) == free


@pytest.mark.parametrize("depth", [0.3, 0.6, 1.0])
def test_an_undercut_of_known_depth_is_measured(depth: float) -> None:
    """To a tenth of a millimetre, along the axis of a stump without taper."""
    found = undercut(cone(0.0, waist=depth), np.array([0.0, 0.0, 1.0]))
    assert found.depth_mm == pytest.approx(depth, abs=0.1)
    assert found.place[2] == pytest.approx(2.25, abs=0.4)


def test_a_stump_with_a_waist_has_no_axis_to_compare() -> None:
    """What its walls lean by says nothing: only its undercut is told."""
    assert best_path([cone(6.0), cone(0.0, waist=1.0, at=15.0)]).widest is None


def test_teeth_beside_a_gap_are_surveyed() -> None:
    """Natural teeth bulge: where a clasp may hold is told, with its depth; parallel they need not be."""
    made = pair(1614, triangles=40_000, missing=(15, 14))
    found = check(made.upper, made.lower, (WorkItem("1", (14, 15), "partial-denture"),))
    assert set(codes(found)) <= {"insertion.undercut"}
    assert {one.teeth for one in found} <= {(13,), (16,)}
    assert {one.severity for one in found} <= {"info"}


def test_single_crowns_and_implants_have_no_common_path() -> None:
    """Nothing is said, nothing is opened."""
    made = jaws(1600)
    alone = (WorkItem("1", (14,), "crown"), WorkItem("2", (16,), "crown"))
    on_implants = tuple(evolve(item, implant=Implant(system="X")) for item in BRIDGE)
    assert check(made.upper, made.lower, alone) == check(made.upper, made.lower, on_implants) == []


def test_partial_scans_are_not_judged() -> None:
    """There a place may be the neighbour's."""
    made = jaws(1601, "quadrant-right")
    assert check(tilted(made.upper, made.truth.teeth[14], 38.0), made.lower) == []


def test_a_stump_that_was_not_scanned_has_no_path() -> None:
    """A path over some of the teeth is none."""
    made = jaws(1602)
    away = np.linalg.norm(made.upper.vertices - np.array(made.truth.teeth[14].centre), axis=1) < 7
    kept = ~away[made.upper.faces].any(axis=1)
    assert check(evolve(made.upper, faces=made.upper.faces[kept]), made.lower) == []


def test_groups_are_bridges_and_the_teeth_beside_gaps() -> None:
    """Across the midline, at the end of the row, in both arches, without primary teeth."""
    items = (
        *BRIDGE,
        WorkItem("4", (53, 55), "crown", bridge="b"),
        WorkItem("5", (11, 17, 36, 37), "partial-denture"),
        WorkItem("6", (24,), "crown"),
    )
    groups = [(group.teeth, group.prepared) for group in groups_of(items)]
    assert groups == [((12, 16, 21), False), ((14, 16), True)]
