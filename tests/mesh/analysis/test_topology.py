"""Edges, parts and borders agree with a slow plain counter."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casepan.mesh import Mesh
from casepan.mesh.edges import EdgeTable
from casepan.mesh.structure import Topology, topology

from . import reference, shapes

EXACT = (
    "vertices",
    "faces",
    "degenerate_faces",
    "duplicate_faces",
    "edges",
    "boundary_edges",
    "nonmanifold_edges",
    "inconsistent_edges",
    "nonmanifold_vertices",
)


def counts(found: Topology) -> dict[str, Any]:
    """The same keys as the reference."""
    return {name: getattr(found, name) for name in EXACT} | {
        "components": sorted(part.faces for part in found.components),
        "loops": len(found.loops),
        "perimeter": pytest.approx(sum(loop.perimeter_mm for loop in found.loops), rel=1e-6),
        "area": pytest.approx(sum(part.area_mm2 for part in found.components), rel=1e-5),
    }


MADE = {
    "sheet": shapes.grid(),
    "closed sphere": shapes.sphere(),
    "soup of a sphere": shapes.soup(shapes.sphere()),
    "sphere with holes": shapes.without(shapes.sphere(), 3, 4, 100, 200),
    "two sheets touching in a point": shapes.joined(shapes.grid(2, 2), shapes.moved(shapes.grid(2, 2), 2, 2)),
    "two sheets sharing an edge line": shapes.joined(shapes.grid(3, 3), shapes.moved(shapes.grid(3, 3), 3)),
    "two spheres touching in a point": shapes.joined(shapes.sphere(), shapes.moved(shapes.sphere(), z=10)),
    "wavy sheet with every defect": shapes.bumpy(),
    "soup of it": shapes.soup(shapes.bumpy(1)),
    "one face": shapes.mesh([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]]),
    "pillow of two faces": shapes.mesh([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 2], [2, 1, 0]]),
    "only degenerate faces": shapes.mesh([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 1], [2, 2, 2]]),
    "nothing": shapes.mesh([], []),
    "vertices only": shapes.mesh([[0, 0, 0], [1, 0, 0]], []),
}


@pytest.mark.parametrize("name", MADE)
def test_counts_agree_with_the_plain_counter(name: str) -> None:
    """Every count of a made surface is what dictionaries say."""
    surface = MADE[name]
    assert counts(topology(surface)) == reference.count(surface.vertices, surface.faces)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(3, 9), st.integers(0, 40))
def test_any_heap_of_faces_is_counted_right(seed: int, vertices: int, faces: int) -> None:
    """Random faces over few vertices hold every defect at once, and all are counted."""
    rng = np.random.default_rng(seed)
    surface = shapes.mesh(rng.integers(0, 3, (vertices, 3)), rng.integers(0, vertices, (faces, 3)))
    assert counts(topology(surface)) == reference.count(surface.vertices, surface.faces)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_order_changes_no_count(seed: int) -> None:
    """Shuffled faces, turned corners and renumbered vertices give the same counts."""
    rng = np.random.default_rng(seed)
    surface = shapes.bumpy(seed % 5, 12, 9)
    places = rng.permutation(len(surface.vertices))
    faces = places[surface.faces][rng.permutation(len(surface.faces))]
    faces = np.stack([np.roll(face, turn) for face, turn in zip(faces, rng.integers(0, 3, len(faces)), strict=True)])
    vertices = np.empty_like(surface.vertices)
    vertices[places] = surface.vertices
    assert counts(topology(shapes.mesh(vertices, faces))) == counts(topology(surface))


def test_an_edge_with_a_thousand_faces_is_still_counted() -> None:
    """Counts that do not fit the narrow packing are taken again with a wide one."""
    fan = shapes.mesh(
        np.random.default_rng(0).normal(size=(1002, 3)),
        np.column_stack([np.zeros(1000), np.ones(1000), np.arange(2, 1002)]),
    )
    found = topology(fan)
    assert counts(found) == reference.count(fan.vertices, fan.faces)
    assert found.table.bits == 32
    assert found.table.face_counts(found.table.irregular).max() == 1000


def test_faces_know_their_edges() -> None:
    """The edge ids of a face lead back to its corners."""
    table = EdgeTable.of(shapes.bumpy())
    for k in range(3):
        ends = np.sort(np.stack([table.faces[:, k], table.faces[:, (k + 1) % 3]], 1), axis=1)
        np.testing.assert_array_equal(table.ends(table.of_faces[:, k].astype(np.intp)), ends)
    np.testing.assert_array_equal(table.ends(np.arange(table.count))[:, 0], table.low)


def test_the_edge_table_is_built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for loops, parts and counts builds one table."""
    built: list[int] = []
    plain = EdgeTable.of

    def noted(mesh: Mesh) -> EdgeTable:
        built.append(1)
        return plain(mesh)

    monkeypatch.setattr(EdgeTable, "of", noted)
    found = topology(shapes.bumpy())
    for name in ("loops", "components", "edges", "nonmanifold_vertices"):
        getattr(found, name)
    assert built == [1]


def test_the_rim_is_told_from_the_holes() -> None:
    """An open sheet has one rim; the gap inside it is a hole with its size, centre and area."""
    sheet = shapes.grid(20, 20, 0.5)
    inside = np.flatnonzero((np.abs(sheet.vertices[sheet.faces].mean(axis=1)[:, :2] - 5) < 1).all(axis=1))
    found = topology(shapes.without(sheet, *inside))
    (rim,), (hole,) = found.rims, found.holes
    assert [rim.perimeter_mm, rim.cap_area_mm2] == pytest.approx([40, 100])
    assert [hole.perimeter_mm, hole.cap_area_mm2] == pytest.approx([8, 4])
    assert hole.centre == pytest.approx((5, 5, 0))
    assert hole.extent_mm == pytest.approx((2, 2, 0))
    assert hole.across_mm == pytest.approx(2 * math.sqrt(2), rel=5e-3)
    assert (hole.is_closed, hole.is_simple, hole.is_rim) == (True, True, False)


def test_a_hole_in_a_closed_body_is_no_rim() -> None:
    """A small opening of a closed cast is a hole although it is the only border."""
    found = topology(shapes.without(shapes.sphere(), 150))
    assert (len(found.holes), len(found.rims), found.is_closed) == (1, 0, False)


def test_every_part_has_its_own_rim() -> None:
    """The outline of an island is not taken for a hole in the arch."""
    found = topology(shapes.joined(shapes.grid(20, 20), shapes.moved(shapes.grid(2, 2), z=5)))
    assert (len(found.rims), len(found.holes)) == (2, 0)
    assert [part.faces for part in found.components] == [800, 8]
    assert found.components[1].centre == pytest.approx((1, 1, 5))


def test_the_free_side_of_a_fin_is_not_a_hole() -> None:
    """A stray face on an edge has an open border, which no one may fill."""
    sphere = shapes.sphere()
    a, b = sphere.faces[100, :2]
    fin = shapes.mesh(
        np.vstack([sphere.vertices, [[9, 9, 9]]]), np.vstack([sphere.faces, [[b, a, len(sphere.vertices)]]])
    )
    (loop,) = topology(fin).loops
    assert (loop.is_closed, loop.is_rim, len(loop.edges)) == (False, False, 2)


def test_a_loop_that_pinches_itself_is_closed_but_not_simple() -> None:
    """Two holes that touch in a vertex are one loop."""
    sheet = shapes.grid(6, 6)
    cells = sheet.vertices[sheet.faces].mean(axis=1)[:, :2].astype(int)
    gone = np.flatnonzero([tuple(cell) in {(2, 2), (3, 3)} for cell in cells])
    hole = topology(shapes.without(sheet, *gone)).holes[0]
    assert (hole.is_closed, hole.is_simple, len(hole.edges), len(hole.vertices)) == (True, False, 8, 7)
    assert hole.cap_area_mm2 == pytest.approx(2)


def test_loop_vertices_run_along_the_border() -> None:
    """Neighbours in the list are joined by an edge, in the direction of the faces."""
    rim = topology(shapes.grid(5, 3)).rims[0]
    ring = rim.vertices
    assert set(zip(ring.tolist(), np.roll(ring, -1).tolist(), strict=True)) == {(a, b) for a, b in rim.edges.tolist()}


def test_a_flipped_face_at_the_border_keeps_the_walk() -> None:
    """Border edges that point against the others do not break the loop."""
    faces = shapes.grid(4, 4).faces.copy()
    faces[0] = faces[0][::-1]
    rim = topology(shapes.mesh(shapes.grid(4, 4).vertices, faces)).rims[0]
    assert rim.is_simple
    assert len(rim.vertices) == len(rim.edges) == 16


def test_unwelded_and_welded_files_have_the_same_topology() -> None:
    """A surface without shared vertices is welded before it is counted."""
    assert counts(topology(shapes.soup(shapes.bumpy()))) == counts(topology(shapes.bumpy())) | {
        "vertices": reference.count(shapes.soup(shapes.bumpy()).vertices, shapes.soup(shapes.bumpy()).faces)["vertices"]
    }


@pytest.mark.parametrize(
    ("name", "faces", "boundary", "loops", "components"),
    [
        ("derived/scan_039.decoded.stl", 136995, 401, 2, None),
        ("nasty/trimesh/soup.stl", 100, 300, 100, 100),
        ("nasty/trimesh/multibody.stl", 32, None, None, 2),
        ("nasty/assimp/sphereWithHole.stl", 285, 9, 1, None),
        ("hps/hpsdecode/example_ca.ply", 15510, 0, 0, None),
    ],
)
def test_real_files_have_the_topology_of_their_index(
    shared: Any, name: str, faces: int, boundary: int | None, loops: int | None, components: int | None
) -> None:
    """Counts of real and nasty files equal the list beside them."""
    from casepan.mesh import read_mesh

    found = topology(read_mesh(shared / "data" / name))
    assert found.faces + found.duplicate_faces + found.degenerate_faces == faces
    assert boundary in (None, found.boundary_edges)
    assert loops in (None, len(found.loops))
    assert components in (None, len(found.components))


@pytest.mark.parametrize(
    "name",
    [
        "nasty/assimp/box_longline.obj",
        "nasty/openmesh/cube-minimal-degenerated.obj",
        "nasty/trimesh/shared.STL",
        "nasty/trimesh/soup.stl",
        "nasty/trimesh/teapot.stl",
        "nasty/trimesh/reference.obj",
        "hps/hpsdecode/example_ca.ply",
    ],
)
def test_real_files_agree_with_the_plain_counter(shared: Any, name: str) -> None:
    """The fast counts of a real or nasty file are those of the slow counter."""
    from casepan.mesh import read_mesh

    surface: Mesh = read_mesh(shared / "data" / name)
    assert counts(topology(surface)) == reference.count(surface.vertices, surface.faces)
