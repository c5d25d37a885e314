"""Repairs change what they say, nothing else, and find nothing to do a second time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from casepan.errors import AdapterError
from casepan.mesh import Mesh, Texture
from casepan.mesh.edges import EdgeTable
from casepan.mesh.fill import fill_holes
from casepan.mesh.repair import Change, drop_bad_faces, drop_islands, fix_orientation, weld_close
from casepan.mesh.simplify import decimate
from casepan.mesh.structure import topology

from . import shapes

Repair = Callable[[Mesh], tuple[Mesh, Change]]
REPAIRS: dict[str, Repair] = {
    "bad faces": drop_bad_faces,
    "islands": drop_islands,
    "orientation": fix_orientation,
    "weld": lambda mesh: weld_close(mesh, 0.01),
    "fill": lambda mesh: fill_holes(mesh, 3.0),
}


def coloured(surface: Mesh) -> Mesh:
    """The same surface with vertex colours, face colours and a texture that all depend on the place."""
    low, size = surface.vertices.min(axis=0), np.ptp(surface.vertices, axis=0).max()
    share = (surface.vertices - low) / size
    return evolve(
        surface,
        vertex_colours=(share * 255).astype(np.uint8),
        face_colours=(share[surface.faces].mean(axis=1) * 255).astype(np.uint8),
        texture=Texture(share[surface.faces][..., :2].astype(np.float32)),
    )


@pytest.mark.parametrize("name", REPAIRS)
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_repairs_find_nothing_the_second_time(name: str, seed: int) -> None:
    """What is repaired stays repaired, and colours keep their length."""
    once, first = REPAIRS[name](coloured(shapes.bumpy(seed % 50, 16, 12)))
    twice, second = REPAIRS[name](once)
    assert not second
    assert second.text == "nothing to do"
    assert twice is once
    assert (first.faces_before, first.faces_after) == (len(shapes.bumpy(seed % 50, 16, 12).faces), len(once.faces))
    assert len(once.vertex_colours) == len(once.vertices)  # type: ignore[arg-type]
    assert len(once.face_colours) == len(once.texture.uv) == len(once.faces)  # type: ignore[arg-type, union-attr]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_filling_never_makes_an_edge_with_three_faces(seed: int) -> None:
    """Whatever the holes, also pinched ones and ones beside fins, filling adds no non-manifold edge and no duplicate."""
    rng = np.random.default_rng(seed)
    sheet = shapes.bumpy(seed % 7, 14, 11)
    torn = shapes.without(sheet, *rng.choice(len(sheet.faces), rng.integers(1, 80), replace=False))
    before, after = topology(torn), topology(fill_holes(torn, 20.0)[0])
    assert after.nonmanifold_edges == before.nonmanifold_edges
    assert after.duplicate_faces == before.duplicate_faces


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_patches_are_oriented_like_their_surroundings(seed: int) -> None:
    """On a consistent surface every filled hole leaves it consistent, also where holes touch."""
    gone = np.random.default_rng(seed).choice(24 * 22, 25, replace=False)
    filled = topology(fill_holes(shapes.without(shapes.sphere(), *gone), 20.0)[0])
    assert filled.inconsistent_edges == 0


def test_holes_below_the_limit_are_closed_and_larger_ones_stay() -> None:
    """The limit is the width in mm."""
    sphere = shapes.sphere(5, 48, 24)
    centres = sphere.vertices[sphere.faces].mean(axis=1)
    small = np.flatnonzero(np.linalg.norm(centres - [5, 0, 0], axis=1) < 0.8)
    large = np.flatnonzero(np.linalg.norm(centres - [-5, 0, 0], axis=1) < 2.0)
    filled, change = fill_holes(shapes.without(sphere, *small, *large), 2.5)
    assert change.count == 1
    assert "closed 1 hole up to 2.5 mm" in change.text
    assert len(topology(filled).holes) == 1


def test_a_large_hole_is_closed_in_the_bend_of_its_surface() -> None:
    """The patch over a gap in a ball bulges as the ball does, where a flat cap would be 0.4 mm too low."""
    sphere = shapes.sphere(5, 64, 32)
    centres = sphere.vertices[sphere.faces].mean(axis=1)
    gone = np.flatnonzero(np.linalg.norm(centres - [5, 0, 0], axis=1) < 2.0)
    holed = shapes.without(sphere, *gone)
    filled, _ = fill_holes(holed, 6.0)
    new = filled.vertices[len(holed.vertices) :]
    assert topology(filled).is_closed
    assert len(new) > 20
    np.testing.assert_allclose(np.linalg.norm(new, axis=1), 5, atol=0.12)


def test_the_rim_is_never_filled() -> None:
    """An open shell stays open, however high the limit."""
    sheet = shapes.grid(6, 6)
    assert fill_holes(sheet, 1e6)[0] is sheet


def test_the_free_side_of_a_fin_is_never_filled() -> None:
    """A stray face gets no partner."""
    sphere = shapes.sphere()
    a, b = sphere.faces[100, :2]
    fin = shapes.mesh(
        np.vstack([sphere.vertices, [[9, 9, 9]]]), np.vstack([sphere.faces, [[b, a, len(sphere.vertices)]]])
    )
    assert fill_holes(fin, 100)[1].count == 0


def test_colours_are_carried_into_the_patch() -> None:
    """New vertices, faces and texture coordinates have colours between those of the border."""
    sphere = shapes.sphere(5, 48, 24)
    gone = np.linalg.norm(sphere.vertices[sphere.faces].mean(axis=1) - [5, 0, 0], axis=1) < 1.5
    holed = coloured(shapes.without(sphere, *np.flatnonzero(gone)))
    filled, _ = fill_holes(holed, 6.0)
    size = np.ptp(holed.vertices, axis=0).max()
    ideal = (filled.vertices - holed.vertices.min(axis=0)) / size
    new = slice(len(holed.vertices), None)
    assert filled.vertex_colours is not None and filled.face_colours is not None and filled.texture is not None
    np.testing.assert_allclose(filled.vertex_colours[new, 1:], ideal[new, 1:] * 255, atol=8)
    uv = filled.texture.uv[len(holed.faces) :]
    np.testing.assert_allclose(uv[..., 1], ideal[filled.faces[len(holed.faces) :]][..., 1], atol=0.03)
    np.testing.assert_allclose(filled.face_colours[len(holed.faces) :, 1], 127, atol=8)


def test_patches_that_would_fall_on_each_other_stay_apart() -> None:
    """Two holes with the same centre do not share their middle vertex, which would tie the sheets together."""
    cap = shapes.without(shapes.sphere(5, 6, 6), *range(6))
    shrunk = np.where(cap.vertices[:, 2:] < 0, 0.5, np.array([0.5, 0.5, 1], np.float32))
    inner = shapes.mesh(cap.vertices * shrunk, cap.faces)
    filled, change = fill_holes(shapes.joined(cap, inner), 100)
    assert change.count == 2
    assert len(filled.vertices) - len(filled.welded().vertices) == 0
    assert len(topology(filled).components) == 2


def test_islands_go_and_the_largest_part_stays() -> None:
    """Parts below the share of area go, and the text says how much."""
    kept, change = drop_islands(shapes.joined(shapes.grid(20, 20), shapes.moved(shapes.grid(1, 1), z=5)))
    assert (len(kept.faces), len(kept.vertices)) == (800, 441)
    assert change.text == "dropped 1 loose part with 1.00 mm² in all"
    assert drop_islands(shapes.grid(1, 1), 0.5, 100.0)[1].count == 0


def test_flipped_faces_are_turned_back() -> None:
    """The larger area decides, and texture coordinates turn with their faces."""
    sheet = coloured(shapes.grid(10, 10))
    faces, uv = sheet.faces.copy(), sheet.texture.uv.copy()  # type: ignore[union-attr]
    faces[[3, 50]] = faces[[3, 50]][:, [0, 2, 1]]
    uv[[3, 50]] = uv[[3, 50]][:, [0, 2, 1]]
    fixed, change = fix_orientation(evolve(sheet, faces=faces, texture=Texture(uv)))
    assert change.text == "turned 2 faces round"
    np.testing.assert_array_equal(fixed.faces, sheet.faces)
    np.testing.assert_array_equal(fixed.texture.uv, sheet.texture.uv)  # type: ignore[union-attr]


def test_a_moebius_band_is_left_alone() -> None:
    """A one-sided patch has no orientation to find."""
    turn = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    middle = np.stack([3 * np.cos(turn), 3 * np.sin(turn), 0 * turn], 1)
    across = np.stack([np.cos(turn / 2) * np.cos(turn), np.cos(turn / 2) * np.sin(turn), np.sin(turn / 2)], 1)
    a, b = np.arange(20), np.arange(20) + 20
    c, d = np.append(a[1:], b[0]), np.append(b[1:], a[0])
    band = shapes.mesh(
        np.concatenate([middle - across, middle + across]),
        np.concatenate([np.stack([a, c, b], 1), np.stack([b, c, d], 1)]),
    )
    assert topology(band).inconsistent_edges > 0
    assert fix_orientation(band)[1].count == 0


def test_close_vertices_are_joined_across_any_border() -> None:
    """Vertices closer than the tolerance become one, those farther apart stay."""
    left, right = shapes.grid(4, 4), shapes.moved(shapes.grid(4, 4), 4.0004)
    assert topology(shapes.joined(left, right)).boundary_edges == 32
    joined, change = weld_close(shapes.joined(left, right), 1e-3)
    assert change.count == 5
    assert topology(joined).boundary_edges == 24
    assert len(joined.vertices) == 45
    assert weld_close(shapes.joined(left, right), 1e-4)[1].count == 0


def test_faces_that_collapse_in_a_weld_are_dropped() -> None:
    """A sliver thinner than the tolerance disappears."""
    sliver = shapes.mesh([[0, 0, 0], [1, 0, 0], [1, 1e-5, 0], [1, 1, 0]], [[0, 1, 2], [0, 2, 3]])
    assert len(weld_close(sliver, 1e-4)[0].faces) == 1


def test_bad_faces_are_dropped() -> None:
    """Degenerate and duplicate faces go, each counted."""
    sheet = shapes.grid(2, 2)
    bad = shapes.mesh(sheet.vertices, np.vstack([sheet.faces, [[0, 0, 1]], sheet.faces[2:3, ::-1]]))
    fixed, change = drop_bad_faces(bad)
    assert change.text == "dropped 1 degenerate and 1 duplicate faces"
    np.testing.assert_array_equal(fixed.faces, sheet.faces)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_the_edges_without_bad_faces_are_counted_right(seed: int, spare: bool) -> None:
    """The table that the repaired surface takes over is the one it would get, with and without vertices dropped."""
    rng = np.random.default_rng(seed)
    points = rng.integers(0, 3, (12, 3))
    faces = np.vstack([rng.integers(0, 12, (20, 3)), *([[[12, 12, 0]]] if spare else [])])
    fixed, _ = drop_bad_faces(shapes.mesh(np.vstack([points, [[9, 9, 9]]]), faces))
    kept, counted = fixed.edges, EdgeTable.of(evolve(fixed.welded()))
    for name in ("faces", "degenerate", "duplicate", "start", "high", "uses", "of_faces", "vertex_labels", "boundary"):
        np.testing.assert_array_equal(getattr(kept, name), getattr(counted, name), err_msg=name)


def test_decimation_without_its_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, "pyfqmr", None)
    with pytest.raises(AdapterError, match="pyfqmr") as raised:
        decimate(shapes.grid(), 20)
    assert "casepan[decimate]" in str(raised.value.hint)


class _EveryOther:
    """Stands in for pyfqmr: keeps every other face and notes how it was called."""

    asked: dict[str, Any]

    def setMesh(self, vertices: Any, faces: Any) -> None:
        self.vertices, self.faces = vertices, faces

    def simplify_mesh(self, **options: Any) -> None:
        type(self).asked = options

    def getMesh(self) -> tuple[Any, Any, None]:
        return self.vertices, self.faces[::2], None


def test_decimation_keeps_the_border_and_says_what_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Vertex colours are carried, face colours and texture are named as lost."""
    fake = ModuleType("pyfqmr")
    fake.Simplify = _EveryOther  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pyfqmr", fake)
    sheet = coloured(shapes.grid(10, 10))
    smaller, change = decimate(sheet, 100)
    assert (_EveryOther.asked["preserve_border"], _EveryOther.asked["target_count"]) == (True, 100)
    assert change.text == "removed 100 of 200 faces; lost: face colours, texture"
    assert (smaller.texture, smaller.face_colours) == (None, None)
    np.testing.assert_array_equal(smaller.vertex_colours, sheet.vertex_colours)


def test_decimation_with_the_real_package_keeps_every_border_edge() -> None:
    """Half the faces, the same rim."""
    pytest.importorskip("pyfqmr", reason="the optional package pyfqmr is not installed")
    sheet = shapes.grid(30, 30)
    smaller, _ = decimate(sheet, 900)
    assert len(smaller.faces) <= 1000
    assert topology(smaller).rims[0].perimeter_mm == pytest.approx(120, rel=1e-5)


def test_decimation_of_a_small_surface_does_nothing() -> None:
    """A surface with no more faces than wanted is returned as it is; a senseless wish is refused."""
    sheet = shapes.grid(2, 2)
    assert decimate(sheet, 100)[0] is sheet
    with pytest.raises(ValueError, match="four"):
        decimate(sheet, 2)
