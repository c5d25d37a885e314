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


def to_triangle(point: np.ndarray, corners: np.ndarray) -> float:
    """The distance from a point to a triangle, by minimising over its edges and its plane one after the other."""
    a, b, c = corners
    normal = np.cross(b - a, c - a)
    best = np.inf
    for p, q in ((a, b), (b, c), (c, a)):
        share = np.clip((point - p) @ (q - p) / max((q - p) @ (q - p), 1e-300), 0, 1)
        best = min(best, float(np.linalg.norm(point - p - share * (q - p))))
    if (length := np.linalg.norm(normal)) > 0:
        foot = point - (point - a) @ normal / length**2 * normal
        turns = [np.cross(q - p, foot - p) @ normal for p, q in ((a, b), (b, c), (c, a))]
        if min(turns) >= 0:
            best = min(best, abs(float((point - a) @ normal / length)))
    return best


def nearest(point: np.ndarray, surface: Mesh) -> float:
    """The distance from a point to a surface, face by face."""
    return min(to_triangle(point, surface.vertices[face].astype(float)) for face in surface.faces)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_distances_are_those_of_a_plain_search(seed: int) -> None:
    """On a wavy sheet every distance within a quarter of the limit is that of a search over all faces."""
    rng = np.random.default_rng(seed)
    sheet = shapes.bumpy(seed % 3, 9, 8)
    points = sheet.vertices[rng.choice(len(sheet.vertices), 12)] + rng.normal(0, 0.2, (12, 3))
    gap = distance(shapes.mesh(points, np.arange(12)), sheet, 2.0)
    plain = np.array([nearest(point.astype(float), sheet) for point in gap.points])
    assert (gap.distance_mm >= plain - 1e-6).all()
    near = plain < 0.5
    np.testing.assert_allclose(gap.distance_mm[near], plain[near], atol=2e-3)


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
