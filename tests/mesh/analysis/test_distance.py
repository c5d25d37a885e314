"""Gap, contact and penetration between two scans."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casepan.errors import CorruptFile
from casepan.mesh import Mesh
from casepan.mesh.gap import distance

from . import shapes


def to_triangles(point: np.ndarray, corners: np.ndarray) -> float:
    """The least distance from a point to triangles (m, 3, 3): over their edges, and over their planes where it is inside."""
    best = np.inf
    for k in range(3):
        start, along = corners[:, k], corners[:, (k + 1) % 3] - corners[:, k]
        length = np.maximum((along**2).sum(axis=1), 1e-300)
        share = (((point - start) * along).sum(axis=1) / length).clip(0, 1)
        best = min(best, float(np.linalg.norm(point - start - share[:, None] * along, axis=1).min()))
    sides = np.stack([corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]], axis=2)
    for start, pair in zip(corners[:, 0], sides, strict=True):
        (along, across), left, rank, _ = np.linalg.lstsq(pair, point - start, rcond=1e-9)
        if rank == 2 and along >= 0 and across >= 0 and along + across <= 1:
            best = min(best, float(np.sqrt(left[0])))
    return best


def plain(surface: Mesh, points: np.ndarray) -> np.ndarray:
    """The distance from each point to a surface, from every face."""
    corners = surface.vertices[surface.faces].astype(float)
    return np.array([to_triangles(point.astype(float), corners) for point in points])


def points_of(points: np.ndarray) -> Mesh:
    """A surface without area whose vertices are these, three for each face and each of its own."""
    return shapes.mesh(points, np.arange(len(points)))


def uneven(seed: int) -> Mesh:
    """Faces from microns to centimetres at one place: needles, fans, repeated and flat ones, and one far away."""
    rng = np.random.default_rng(seed)
    sizes = 10.0 ** rng.uniform(-3, 1.5, (60, 1, 1))
    loose = rng.normal(size=(60, 1, 3)) + sizes * rng.normal(size=(60, 3, 3)) * rng.choice([1, 1, 1e-4], (60, 1, 3))
    turn = np.arange(40) * np.pi / 20
    rim = np.column_stack([9 * np.cos(turn), 9 * np.sin(turn), np.zeros(40)])
    points = np.concatenate([loose.reshape(-1, 3), rim, [[0, 0, 0], [1e5, 0, 0]]])
    fan = np.column_stack([np.arange(180, 220), np.roll(np.arange(180, 220), -1), np.full(40, 220)])
    odd = [[0, 1, 2], [3, 3, 4], [5, 5, 5], [6, 7, 221]]
    return shapes.mesh(points, np.concatenate([np.arange(180).reshape(-1, 3), fan, odd]))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.01, 0.5, 2.0, 30.0]))
def test_distances_are_those_of_a_plain_search(seed: int, limit: float) -> None:
    """On faces of all sizes every distance within the limit is that of a search over all faces, and none is missing."""
    rng = np.random.default_rng(seed)
    surface = uneven(seed)
    points = np.concatenate([rng.normal(0, 3, (9, 3)), surface.vertices[rng.integers(0, 220, 9)]]).astype(np.float32)
    points[9:] += rng.normal(0, 1e-3, (9, 3))
    gap = distance(points_of(points), surface, limit)
    wanted = plain(surface, points)
    assert np.isin(gap.vertices, np.flatnonzero(wanted <= limit * (1 + 1e-9))).all()
    assert len(gap.vertices) >= (wanted <= limit * (1 - 1e-9)).sum()
    np.testing.assert_allclose(gap.distance_mm, wanted[gap.vertices], rtol=1e-6, atol=1e-9)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_distances_to_a_net_are_those_of_a_plain_search(seed: int) -> None:
    """The same on the even faces of a wavy sheet."""
    rng = np.random.default_rng(seed)
    sheet = shapes.bumpy(seed % 3, 9, 8)
    points = (sheet.vertices[rng.choice(len(sheet.vertices), 12)] + rng.normal(0, 0.2, (12, 3))).astype(np.float32)
    gap = distance(points_of(points), sheet, 2.0)
    np.testing.assert_allclose(gap.distance_mm, plain(sheet, points)[gap.vertices], rtol=1e-6, atol=1e-9)
    assert len(gap.vertices) == 12


def test_a_coarser_copy_is_as_far_as_its_planes() -> None:
    """A wave of tiny faces is compared with one whose flat half is two huge faces: a hundredth, not what corners say."""
    fine = shapes.moved(shapes.grid(200, 10, 0.1), z=0.01)
    coarse = shapes.joined(shapes.grid(100, 10, 0.1), shapes.mesh([[10, 0, 0], [40, 0, 0], [10, 40, 0]], [[0, 1, 2]]))
    gap = distance(fine, coarse)
    assert len(gap.vertices) == 201 * 11
    np.testing.assert_allclose(gap.distance_mm, 0.01, rtol=1e-5)


def test_a_point_as_near_to_every_face_is_answered() -> None:
    """In the middle of a ball no corner is nearer than another; the search ends all the same."""
    ball = shapes.sphere(1.0, 96, 48)
    gap = distance(points_of(np.zeros((3, 3))), ball)
    assert gap.distance_mm == pytest.approx([plain(ball, np.zeros((1, 3)))[0]])
    assert gap.side.tolist() == [-1]


def test_a_limit_of_nothing_finds_what_coincides() -> None:
    """Within zero are the points that lie on the surface."""
    gap = distance(shapes.grid(4, 4), shapes.moved(shapes.grid(4, 4), 2, 2), 0.0)
    assert len(gap.vertices) == 9
    assert gap.distance_mm.tolist() == [0.0] * 9


def test_parallel_sheets_have_one_distance() -> None:
    """Sheets half a millimetre apart are half a millimetre apart, in front of each other."""
    below, above = shapes.grid(10, 10), shapes.moved(shapes.grid(10, 10), z=0.5)
    gap = distance(above, below)
    assert gap.min_mm == pytest.approx(0.5)
    assert gap.percentile_mm(95) == pytest.approx(0.5)
    assert (gap.contact_area_mm2(), gap.penetration_mm(), gap.deepest()) == (0, 0, None)
    np.testing.assert_allclose(gap.signed_mm, 0.5)
    assert gap.areas_mm2.sum() == pytest.approx(100)


def test_contact_within_a_tenth_has_its_area() -> None:
    """A sheet 0.05 mm above another touches it all over."""
    gap = distance(shapes.moved(shapes.grid(10, 10), z=0.05), shapes.grid(10, 10))
    assert gap.contact_area_mm2() == pytest.approx(100)


def test_penetration_has_depth_area_and_place() -> None:
    """A ball pressed 0.4 mm into a sheet is found with its depth, at its pole."""
    sheet = shapes.moved(shapes.grid(40, 40, 0.5), -10, -10)
    ball = shapes.moved(shapes.sphere(5, 96, 48), z=4.6)
    gap = distance(ball, sheet)
    assert gap.penetration_mm() == pytest.approx(0.4, abs=1e-5)
    assert gap.deepest() == pytest.approx((0, 0, -0.4), abs=1e-5)
    assert gap.penetration_area_mm2() == pytest.approx(2 * np.pi * 5 * 0.4, rel=0.15)
    assert gap.signed_mm.min() == pytest.approx(-0.4, abs=1e-5)


def test_past_the_border_nothing_is_behind() -> None:
    """A point below the sheet's plane but beside the sheet is no penetration."""
    sheet = shapes.grid(4, 4)
    beside = shapes.mesh([[4.3, 2, -0.2], [4.4, 2, -0.2], [4.3, 2.1, -0.2]], [[0, 1, 2]])
    assert distance(beside, sheet).penetration_mm() == 0


def test_behind_a_large_face_at_the_border_is_behind() -> None:
    """A face whose corners all lie on the border has an inside all the same; past its edges and corners there is none."""
    roof = shapes.mesh([[0, 0, 0], [9, 0, 0], [0, 9, 0]], [[0, 1, 2]])
    points = np.array([[3, 3, -0.2], [4, -0.1, -0.2], [-0.1, -0.1, -0.2], [9.1, 0, -0.2], [6, 6, -0.2], [3, 3, 0.2]])
    assert distance(points_of(points), roof, 3.0).side.tolist() == [-1, 1, 1, 1, 1, 1]


def test_behind_an_inner_edge_is_behind() -> None:
    """The nearest place on an edge between two faces is no border, at a ridge and in a groove."""
    for height in (1.0, -1.0):
        roof = shapes.mesh([[0, -5, 0], [0, 5, 0], [-5, 0, -height], [5, 0, -height]], [[0, 1, 2], [1, 0, 3]])
        gap = distance(points_of(np.array([[0, 0, -0.5], [0, 0, 0.5], [0.01, 1, -0.5]])), roof)
        assert gap.side.tolist() == [-1, 1, -1]


def test_deeper_than_the_band_is_not_penetration() -> None:
    """Points far behind an open shell are left out: there is no inside there."""
    gap = distance(shapes.moved(shapes.grid(4, 4), 0, 0, -1.5), shapes.grid(4, 4))
    assert gap.min_mm == pytest.approx(1.5)
    assert gap.penetration_mm(1.0) == 0
    assert gap.penetration_mm(2.0) == pytest.approx(1.5)


def test_a_point_above_the_middle_of_a_huge_face_finds_it() -> None:
    """The flat base of a cast has faces far larger than the limit, and they are found all the same."""
    base = shapes.mesh([[-40, -40, 0], [40, -40, 0], [0, 40, 0]], [[0, 1, 2]])
    tip = shapes.mesh([[0, 0, 0.3], [1, 0, 0.4], [0, 1, 0.5]], [[0, 1, 2]])
    np.testing.assert_allclose(distance(tip, base).distance_mm, [0.3, 0.4, 0.5], atol=1e-6)


def test_far_and_empty_scans_have_no_gap() -> None:
    """Nothing within the limit is an answer, not an error."""
    for other in (shapes.moved(shapes.grid(), z=50), shapes.mesh([], [])):
        gap = distance(shapes.grid(), other)
        assert (len(gap.vertices), gap.min_mm, gap.percentile_mm(50), gap.contact_area_mm2()) == (0, None, None, 0)


def test_scans_with_nan_are_refused() -> None:
    """A coordinate that is no number is a typed error."""
    bad = shapes.mesh([[0, 0, np.nan], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]])
    with pytest.raises(CorruptFile, match="not finite"):
        distance(shapes.grid(), bad)
