"""What is written is read back, for any surface and any property layout."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from casepan.mesh import Mesh, Texture, read_mesh, write_mesh

NUMBER = st.floats(width=32, allow_nan=False, allow_infinity=False)


@st.composite
def meshes(draw: st.DrawFn) -> Mesh:
    """Any small surface: duplicate and degenerate faces, doubled and unused vertices, with and without colours."""
    count = draw(st.integers(1, 12))
    faces = draw(arrays.arrays(np.int32, (draw(st.integers(1, 12)), 3), elements=st.integers(0, count - 1)))
    vertices = draw(arrays.arrays(np.float32, (count, 3), elements=NUMBER))
    on_vertices = draw(st.none() | arrays.arrays(np.uint8, (count, 3)))
    on_faces = draw(st.none() | arrays.arrays(np.uint8, faces.shape))
    uv = draw(st.none() | arrays.arrays(np.float32, (len(faces), 3, 2), elements=st.floats(0, 1, width=32)))
    texture = None if uv is None else Texture(uv, b"image")
    return Mesh(vertices, faces, on_vertices, on_faces, texture)


def again(mesh: Mesh, form: str) -> Mesh:
    """Written and read."""
    buffer = io.BytesIO()
    write_mesh(mesh, buffer, format=form)
    return read_mesh(buffer.getvalue(), images=lambda name: b"image")


def same(one: Any, other: Any) -> bool:
    """Both missing, or equal."""
    return (one is None) == (other is None) and (one is None or np.array_equal(one, other))


@settings(max_examples=60, deadline=None)
@given(meshes())
def test_ply_keeps_everything(mesh: Mesh) -> None:
    """Vertices, faces, both colours and the texture, in order."""
    back = again(mesh, "ply")
    assert same(back.vertices, mesh.vertices)
    assert same(back.faces, mesh.faces)
    assert same(back.vertex_colours, mesh.vertex_colours)
    assert same(back.face_colours, mesh.face_colours)
    assert same(back.texture and back.texture.uv, mesh.texture and mesh.texture.uv)


@settings(max_examples=60, deadline=None)
@given(meshes())
def test_obj_keeps_all_but_face_colour(mesh: Mesh) -> None:
    """Float32 coordinates survive as text; colours come back as the same bytes unless all of them are 0 or 255."""
    back = again(mesh, "obj")
    assert same(back.vertices, mesh.vertices)
    assert same(back.faces, mesh.faces)
    assert same(back.vertex_colours, mesh.vertex_colours)
    assert same(back.texture and back.texture.uv, mesh.texture and mesh.texture.uv)


@settings(max_examples=60, deadline=None)
@given(meshes())
def test_stl_keeps_every_corner(mesh: Mesh) -> None:
    """Faces in order, corners exact (a zero loses its sign), each place stored once."""
    back = again(mesh, "stl")
    assert np.array_equal(back.vertices[back.faces], mesh.vertices[mesh.faces])
    assert len(np.unique(back.vertices, axis=0)) == len(back.vertices)


@settings(max_examples=40, deadline=None)
@given(meshes(), st.permutations(("vertex", "edge", "face")), st.sampled_from("<>"), st.booleans())
def test_any_binary_layout_of_ply_is_read(mesh: Mesh, order: list[str], endian: str, swapped: bool) -> None:
    """Elements and properties in any order, in both byte orders, as wider types."""
    points = np.zeros(
        len(mesh.vertices), [("z", f"{endian}f8"), ("flag", "u1"), ("x", f"{endian}f8"), ("y", f"{endian}f4")]
    )
    for axis, column in zip("xyz", mesh.vertices.T, strict=True):
        points[axis] = column
    index = ("vertex_index", f"{endian}u4", 3)
    fields = [("area", f"{endian}f4"), ("count", f"{endian}u2"), index]
    faces = np.zeros(len(mesh.faces), fields if swapped else fields[1:] + fields[:1])
    faces["count"], faces["vertex_index"] = 3, mesh.faces
    listed = "property list ushort uint vertex_index"
    lines = [listed, "property float area"]
    parts = {
        "vertex": ("property double z\nproperty uchar flag\nproperty double x\nproperty float y", points),
        "edge": ("property char a", np.zeros(3, "i1")),
        "face": ("\n".join(reversed(lines) if swapped else lines), faces),
    }
    form = "binary_little_endian" if endian == "<" else "binary_big_endian"
    head = f"ply\nformat {form} 1.0\n" + "".join(f"element {n} {len(parts[n][1])}\n{parts[n][0]}\n" for n in order)
    back = read_mesh(head.encode() + b"end_header\n" + b"".join(parts[n][1].tobytes() for n in order))
    assert same(back.vertices, mesh.vertices)
    assert same(back.faces, mesh.faces)


@settings(max_examples=30, deadline=None)
@given(meshes(), st.randoms(use_true_random=False))
def test_permuting_faces_and_vertices_changes_no_count(mesh: Mesh, chance: object) -> None:
    """The same surface told in another order has as many faces, vertices and the same extent."""
    faces, vertices = list(range(len(mesh.faces))), list(range(len(mesh.vertices)))
    chance.shuffle(faces)  # type: ignore[attr-defined]
    chance.shuffle(vertices)  # type: ignore[attr-defined]
    place = np.argsort(vertices).astype(np.int32)
    other = Mesh(mesh.vertices[vertices], place[mesh.faces[faces]])
    one, two = again(Mesh(mesh.vertices, mesh.faces), "stl"), again(other, "stl")
    assert (len(one.faces), len(one.vertices), one.extent_mm) == (len(two.faces), len(two.vertices), two.extent_mm)
