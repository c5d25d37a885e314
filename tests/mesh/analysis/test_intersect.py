"""Self-intersections agree with rational arithmetic and with what was planted."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casepan.errors import CorruptFile, LimitExceeded
from casepan.mesh import Mesh, nearby
from casepan.mesh.intersect import self_intersections
from casepan.mesh.predicates import orient2d, orient3d

from . import exact_triangles, shapes


def found(surface: Mesh) -> set[tuple[int, int]]:
    """The pairs as plain numbers."""
    return {(a, b) for a, b in self_intersections(surface).pairs.tolist()}


def expected(surface: Mesh) -> set[tuple[int, int]]:
    """The pairs in rational numbers, over the welded surface without degenerate and duplicate faces."""
    welded = surface.welded()
    left_out = np.concatenate([welded.edges.degenerate, welded.edges.duplicate])
    ids = np.delete(np.arange(len(welded.faces)), left_out)
    pairs = exact_triangles.meeting_pairs(welded.vertices, welded.faces[ids])
    return {(int(ids[a]), int(ids[b])) for a, b in pairs}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 4), st.integers(4, 14))
def test_touching_flat_and_folded_faces_are_decided_exactly(seed: int, size: int, vertices: int) -> None:
    """On a coarse lattice nearly every pair is a special case; all are right."""
    rng = np.random.default_rng(seed)
    surface = shapes.mesh(rng.integers(0, size, (vertices, 3)), rng.integers(0, vertices, (12, 3)))
    assert found(surface) == expected(surface)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1e-3, 1.0, 1e4]))
def test_faces_in_one_plane_are_decided_exactly(seed: int, size: float) -> None:
    """Overlaps, touches and folds of coplanar faces are told apart at any size."""
    rng = np.random.default_rng(seed)
    flat = np.column_stack([rng.integers(0, 4, (10, 2)), np.zeros(10)])[:, rng.permutation(3)]
    surface = shapes.mesh(flat * size, rng.integers(0, 10, (10, 3)))
    assert found(surface) == expected(surface)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1e-12, 1.0, 1e3, 1e9, 1e18]))
def test_nearly_flat_faces_of_any_size_are_decided_exactly(seed: int, size: float) -> None:
    """The quick test in float32 drops no pair that it cannot be sure of, whatever the unit."""
    rng = np.random.default_rng(seed)
    flat = np.column_stack([rng.integers(0, 4, (10, 2)), rng.integers(0, 2, 10) * 1e-6])
    surface = shapes.mesh(flat * size, rng.integers(0, 10, (14, 3)))
    assert found(surface) == expected(surface)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_faces_of_any_size_meet(seed: int) -> None:
    """Tiny, middling and huge faces, which live in different grids, all find each other."""
    rng = np.random.default_rng(seed)
    centres, sizes = rng.normal(size=(24, 1, 3)), 10.0 ** rng.uniform(-2, 1.5, (24, 1, 1))
    surface = shapes.mesh((centres + sizes * rng.normal(size=(24, 3, 3))).reshape(-1, 3), np.arange(72))
    assert found(surface) == expected(surface)


@pytest.mark.parametrize("surface", [shapes.grid(12, 9), shapes.sphere(), shapes.soup(shapes.grid(5, 5))])
def test_a_clean_surface_has_none(surface: Mesh) -> None:
    """Neighbours share corners and edges, and that is no intersection."""
    assert found(surface) == set()


def test_crossing_sheets_are_found_along_their_line() -> None:
    """Two sheets that cross are marked where they cross and nowhere else."""
    flat = shapes.moved(shapes.grid(10, 10), -5, -5)
    upright = shapes.mesh(flat.vertices[:, [0, 2, 1]] + np.array([0.25, 0.5, 0.25], np.float32), flat.faces)
    both = shapes.joined(flat, upright)
    faces = self_intersections(both).faces
    centres = both.vertices[both.faces[faces]].mean(axis=1)
    assert len(faces) >= 40
    assert (np.hypot(centres[:, 1] - 0.5, centres[:, 2]) < 1).all()


def test_order_of_faces_changes_nothing() -> None:
    """The same pairs come out whatever the order of the faces."""
    surface = shapes.bumpy(3)
    order = np.random.default_rng(0).permutation(len(surface.faces))
    shuffled = shapes.mesh(surface.vertices, surface.faces[order])
    assert {tuple(sorted((int(order[a]), int(order[b])))) for a, b in found(shuffled)} == found(surface)


def test_an_empty_surface_has_none() -> None:
    """No faces, no intersections, no error."""
    assert len(self_intersections(shapes.mesh([], []))) == 0


def test_a_surface_with_nan_is_refused() -> None:
    """A coordinate that is no number is a typed error."""
    with pytest.raises(CorruptFile, match="not finite"):
        self_intersections(shapes.mesh([[0, 0, np.nan], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]]))


def test_a_heap_of_faces_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faces that all overlap end in a typed error instead of hours."""
    monkeypatch.setattr(nearby, "MOST_PAIRS", 1000)
    heap = shapes.mesh(np.random.default_rng(0).normal(size=(300, 3)), np.arange(300))
    with pytest.raises(LimitExceeded, match="far too often"):
        self_intersections(heap)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.floats(-(2.0**99), 2.0**99, width=32), min_size=12, max_size=12), st.booleans())
def test_orientation_is_exact_for_any_numbers(values: list[float], on_plane: bool) -> None:
    """The sign of the determinant is that of rational arithmetic, also for points that lie on the plane."""
    a, b, c, d = np.array(values, np.float32).astype(float).reshape(4, 3, 1)
    if on_plane:
        d = ((a + b) / 2).astype(np.float32).astype(float)
    rows = [[Fraction(p) - Fraction(q) for p, q in zip(x[:, 0], d[:, 0], strict=True)] for x in (a, b, c)]
    (u, v, w) = rows
    det = sum(u[k] * (v[k - 2] * w[k - 1] - v[k - 1] * w[k - 2]) for k in range(3))
    assert orient3d(a, b, c, d)[0] == (det > 0) - (det < 0)
    flat = (u[0] - w[0]) * (v[1] - w[1]) - (u[1] - w[1]) * (v[0] - w[0])
    assert orient2d(a[:2], b[:2], c[:2])[0] == (flat > 0) - (flat < 0)
