"""With and without compiled kernels every integer, every order and every written byte is the same."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casepan.errors import CorruptFile
from casepan.mesh import (
    Mesh,
    distance,
    fill_holes,
    read_mesh,
    render,
    self_intersections,
    topology,
    vertex_normals,
    write_mesh,
)
from casepan.mesh.edges import EdgeTable
from casepan.mesh.nearest import nearest_faces
from casepan.mesh.pictures.raster import sampled_faces
from casepan.mesh.stl_text import read_text
from casepan.mesh.text import BadNumberError, tokenise
from casepan.mesh.weld import weld_points

from . import ways

SEEDS = st.integers(0, 2**32 - 1)
KINDS: dict[str, Callable[[int], Mesh]] = {"lattice": ways.lattice, "sheet": ways.sheet, "heap": ways.heap}
MESHES = st.builds(lambda kind, seed: KINDS[kind](seed), st.sampled_from(sorted(KINDS)), SEEDS)


def same_table(one: EdgeTable, other: EdgeTable) -> None:
    """Every number of two edge tables, types too."""
    for name in ("faces", "degenerate", "duplicate", "start", "high", "uses", "of_faces", "vertex_labels"):
        left, right = getattr(one, name), getattr(other, name)
        assert left.dtype == right.dtype, name
        assert np.array_equal(left, right), name
    assert (one.bits, one.vertex_count) == (other.bits, other.vertex_count)


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(0, 400), st.integers(1, 5))
def test_weld_is_the_same_to_the_bit(seed: int, count: int, size: int) -> None:
    """Vertices, their order and the numbers of all corners, with -0.0, infinities and several kinds of NaN."""
    rng = np.random.default_rng(seed)
    points = rng.integers(-size, size, (count, 3)).astype(np.float32)
    words = points.view(np.uint32)
    words[rng.random(points.shape) < 0.1] |= 0x80000000
    for special in (0x7FC00000, 0x7F800001, 0xFF800000, 0x00000001):
        words[rng.random(points.shape) < 0.02] = special
    (vertices, inverse), (plain, numbers) = ways.both(lambda: weld_points(points))
    assert np.array_equal(vertices.view(np.uint32), plain.view(np.uint32))
    assert np.array_equal(inverse, numbers)
    assert vertices.flags.writeable and inverse.dtype == np.int32


def test_many_points_are_welded_the_same() -> None:
    """The table grows many times over."""
    points = np.random.default_rng(1).integers(0, 60, (300_000, 3)).astype(np.float32)
    (vertices, inverse), (plain, numbers) = ways.both(lambda: weld_points(points))
    assert np.array_equal(vertices, plain)
    assert np.array_equal(inverse, numbers)


@settings(max_examples=80, deadline=None)
@given(MESHES)
def test_edge_tables_are_the_same(mesh: Mesh) -> None:
    """Sound faces, edges, uses, edges of faces and part numbers."""
    welded = mesh.welded()
    same_table(*ways.both(lambda: _worked_out(ways.fresh(welded))))


def _worked_out(mesh: Mesh) -> EdgeTable:
    table = EdgeTable.of(mesh)
    assert len(table.of_faces) == len(table.faces)
    assert len(table.vertex_labels) == len(mesh.vertices)
    return table


@pytest.mark.parametrize("blades", [3, 255, 256, 510, 511, 700])
def test_edges_with_very_many_faces_are_the_same(blades: int) -> None:
    """Where eight bits do not count the faces of an edge, both ways take more."""
    same_table(*ways.both(lambda: _worked_out(ways.fan(blades))))


def test_a_surface_without_faces_is_the_same() -> None:
    """No face, no edge, and every vertex alone."""
    for count in (0, 1, 5):
        mesh = Mesh(np.zeros((count, 3), np.float32), np.empty((0, 3), np.int32))
        same_table(*ways.both(lambda mesh=mesh: _worked_out(mesh)))  # type: ignore[misc]


@settings(max_examples=80, deadline=None)
@given(MESHES)
def test_self_intersections_are_the_same(mesh: Mesh) -> None:
    """The same pairs in the same order, flat, folded, touching and crossing."""
    fast, plain = ways.both(lambda: self_intersections(ways.fresh(mesh)))
    assert np.array_equal(fast.pairs, plain.pairs)
    assert fast.pairs.dtype == plain.pairs.dtype


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.sampled_from([1e-30, 1e-12, 1e-3, 1.0, 1e4, 1e18]))
def test_faces_in_one_plane_intersect_the_same(seed: int, size: float) -> None:
    """Exact at any size: no product over- or underflows unnoticed."""
    rng = np.random.default_rng(seed)
    flat = np.column_stack([rng.integers(0, 4, (10, 2)), rng.integers(0, 2, 10) * 1e-6])[:, rng.permutation(3)]
    mesh = Mesh((flat * size).astype(np.float32), rng.integers(0, 10, (14, 3)).astype(np.int32))
    fast, plain = ways.both(lambda: self_intersections(ways.fresh(mesh)))
    assert np.array_equal(fast.pairs, plain.pairs)


@settings(max_examples=30, deadline=None)
@given(SEEDS, SEEDS, st.floats(-0.6, 0.6))
def test_distances_are_the_same(one: int, other: int, lift: float) -> None:
    """The same vertices, the same nearest faces, the same sides, and distances within a millionth."""
    scan, target = ways.sheet(one), ways.sheet(other)
    scan = Mesh(scan.vertices + np.array([0, 0, lift], np.float32), scan.faces)
    fast, plain = ways.both(lambda: distance(ways.fresh(scan), ways.fresh(target)))
    for name in ("vertices", "faces", "side"):
        assert np.array_equal(getattr(fast, name), getattr(plain, name)), name
    for name in ("distance_mm", "areas_mm2"):
        np.testing.assert_allclose(getattr(fast, name), getattr(plain, name), rtol=1e-6)


@settings(max_examples=60, deadline=None)
@given(MESHES, MESHES, st.sampled_from([0.0, 0.3, 2.0, 1e3, 1e12]))
def test_nearest_faces_are_the_same_on_any_surface(scan: Mesh, target: Mesh, limit: float) -> None:
    """The same faces, heights and distances to the bit on faces of every size, flat, repeated and far ones."""
    points = np.concatenate([scan.vertices, target.vertices[::3]])
    fast, plain = ways.both(lambda: nearest_faces(target.vertices, target.faces, points, limit))
    for name in ("squares", "faces", "heights"):
        assert np.array_equal(getattr(fast, name), getattr(plain, name)), name


@settings(max_examples=40, deadline=None)
@given(MESHES)
def test_vertex_normals_are_the_same(mesh: Mesh) -> None:
    """To the bit, so that shading and offsets are."""
    fast, plain = ways.both(lambda: vertex_normals(mesh))
    assert np.array_equal(fast, plain)


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(8, 70), st.integers(8, 70), st.sampled_from([0.3, 2.0, 5.0, 60.0]), st.booleans())
def test_visible_faces_are_the_same(seed: int, width: int, height: int, spread: float, some: bool) -> None:
    """The same face at every point of every pixel, for faces of any size, edge-on ones and ones outside the picture."""
    rng = np.random.default_rng(seed)
    middles = rng.normal(30, 30, (80, 1, 3))
    points = (middles + rng.normal(0, spread, (80, 3, 3))).reshape(-1, 3).T.round(rng.integers(0, 4)).astype(np.float32)
    faces = np.concatenate([np.arange(240).reshape(-1, 3), rng.integers(0, 240, (20, 3))]).astype(np.int32)
    slots = np.where(rng.random(width * height) < 0.3, np.arange(width * height) // 2, -1).astype(np.int32)
    shifts = [(0.0, 0.0), (-0.125, -0.375), (0.375, 0.25)][: 1 + seed % 3]
    fast, plain = ways.both(lambda: sampled_faces(points, faces, (width, height), shifts, slots if some else None))
    assert np.array_equal(fast, plain)


@pytest.mark.parametrize("seed", range(4))
def test_pictures_are_the_same(seed: int) -> None:
    """Byte for byte, with colours of vertices, of faces or none."""
    mesh, rng = ways.sheet(seed), np.random.default_rng(seed)
    if seed % 4 == 2:
        mesh = Mesh(mesh.vertices, mesh.faces, rng.integers(0, 256, mesh.vertices.shape).astype(np.uint8))
    if seed % 4 == 3:
        mesh = Mesh(mesh.vertices, mesh.faces, None, rng.integers(0, 256, mesh.faces.shape).astype(np.uint8))
    fast, plain = ways.both(lambda: render([(mesh, None)], size=(160, 120)))
    assert fast == plain


_WORDS = st.text("0123456789.eE+-xna_", min_size=1, max_size=40)
_FLOATS = st.builds(
    lambda value, form: form.format(value),
    st.floats(),
    st.sampled_from(["{}", "{:.6f}", "{:e}", "{:.17g}", "{:+.9E}", "{:030.6f}"]),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(_FLOATS, _WORDS), max_size=30), st.sampled_from([" ", "\n", "\t\r\n ", "\x00"]))
def test_numbers_in_text_are_the_same(words: list[str], gap: str) -> None:
    """The same words, the same float64 to the bit, and the same first word that is no number."""
    text = (gap.join(words) + gap).encode()
    (starts, ends), (first, last) = ways.both(lambda: (tokenise(text).starts, tokenise(text).ends))
    assert np.array_equal(starts, first)
    assert np.array_equal(ends, last)
    fast, plain = ways.both(lambda: _numbers(text))
    assert fast == plain


def _numbers(text: bytes) -> bytes | int:
    try:
        with np.errstate(over="ignore"):
            return tokenise(text).numbers().tobytes()
    except BadNumberError as error:
        return error.offset


@settings(max_examples=40, deadline=None)
@given(MESHES, st.sampled_from(["stl", "ply", "obj", "glb"]))
def test_written_files_are_the_same(mesh: Mesh, form: str) -> None:
    """Byte for byte, normals included."""
    fast, plain = ways.both(lambda: _written(mesh, form))
    assert fast == plain


def test_normals_of_strange_faces_are_the_same() -> None:
    """Faces without area, with huge or with tiny edges, and not-a-number corners."""
    rng = np.random.default_rng(5)
    points = (rng.normal(size=(900, 3)) * 10.0 ** rng.uniform(-30, 30, (900, 1))).astype(np.float32)
    points[::50] = np.nan
    points[7::50] = np.inf
    mesh = Mesh(points, rng.integers(0, 900, (4000, 3)).astype(np.int32))
    fast, plain = ways.both(lambda: _written(mesh, "stl"))
    assert fast == plain


def _written(mesh: Mesh, form: str) -> bytes:
    file = BytesIO()
    write_mesh(mesh, file, format=form)
    return file.getvalue()


@settings(max_examples=30, deadline=None)
@given(MESHES, st.integers(0, 2**15 - 1), st.booleans())
def test_binary_stl_is_read_the_same(mesh: Mesh, word: int, damaged: bool) -> None:
    """Vertices, faces, face colours and notes; or the same refusal."""
    data = bytearray(_written(mesh, "stl"))
    data[132::50] = bytes([word & 255]) * len(data[132::50])
    data[133::50] = bytes([word >> 8 | 0x80]) * len(data[133::50])
    fast, plain = ways.both(lambda: _read(bytes(data[: -7 if damaged else None])))
    assert fast == plain


def _read(data: bytes) -> list[object]:
    try:
        mesh = read_mesh(data)
    except CorruptFile as error:
        return [str(error)]
    colours = None if mesh.face_colours is None else mesh.face_colours.tobytes()
    return [mesh.vertices.tobytes(), mesh.faces.tobytes(), colours, dict(mesh.notes)]


_TEXT = """solid upper jaw
 facet normal 0 0 1
  outer loop
   vertex 0 0 0
   vertex 1.5 0 -0.25
   VERTEX 0 1e-1 +2.
  endloop
 endfacet
 facet normal nan nan nan outer loop vertex 0 0 0 vertex 1 0 0 vertex 0 1 1 endloop endfacet
endsolid upper jaw
Solid second\tfacet
facet normal 0 0 1\r\nouter loop\r\nvertex 4 5 6\r\nvertex 7 8 9\r\nvertex 1 2 3\r\nendloop\r\nendfacet
endsolid
"""
_PIECES = st.sampled_from(
    [
        "",
        " ",
        "\n",
        "\x00",
        "solid x\n",
        "\nsolid",
        "endsolid",
        "facet",
        "vertex 1 2 3 ",
        "nan",
        "1e400",
        "1#",
        "\xef\xbb\xbf",
        "Z",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(_TEXT)), st.integers(0, 12), _PIECES), max_size=3))
def test_text_stl_is_read_the_same(edits: list[tuple[int, int, str]]) -> None:
    """Whatever is cut out of it or put in: the same triangles and names, or the same refusal in the same line."""
    text = _TEXT
    for at, cut, piece in edits:
        text = text[:at] + piece + text[at + cut :]
    data = text.encode("latin-1")
    fast, plain = ways.both(lambda: _facets(data))
    assert fast == plain


def _facets(data: bytes) -> list[object]:
    try:
        corners, notes = read_text(data)
    except CorruptFile as error:
        return [str(error), error.place]
    return [corners.tobytes(), notes]


@pytest.mark.parametrize("seed", range(3))
def test_a_scan_goes_the_same_way_through_everything(seed: int) -> None:
    """Read, counted, filled and written, the file is the same in the end."""
    data = _written(ways.sheet(seed, 70, 60), "stl")
    fast, plain = ways.both(lambda: _prepared(data))
    assert fast == plain


def _prepared(data: bytes) -> tuple[object, ...]:
    mesh = read_mesh(data)
    found = topology(mesh)
    filled, change = fill_holes(mesh)
    loops = [(loop.edges.tobytes(), loop.perimeter_mm) for loop in found.loops]
    return _written(filled, "ply"), change, found.components, loops, found.nonmanifold_vertices
