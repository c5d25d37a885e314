"""PLY: every encoding, property layout and colour; counts are never believed."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from casepan.errors import CorruptFile
from casepan.mesh import read_mesh
from casepan.mesh.ply.body import _Binary
from casepan.mesh.ply.header import Element as Declared
from casepan.mesh.ply.header import Header, Property

ORDERS = {"binary_little_endian": "<", "binary_big_endian": ">"}
CODES = {"char": "b", "uchar": "B", "short": "h", "ushort": "H", "int": "i", "uint": "I", "float": "f", "double": "d"}
XYZ = ("float x", "float y", "float z")
LIST = ("list uchar int vertex_indices",)
POINTS = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0.5)]
FACES = [([0, 1, 2],), ([0, 2, 3],)]

Rows = list[tuple[Any, ...]]
Element = tuple[str, tuple[str, ...], Rows]


def ply(encoding: str, *elements: Element, comments: str = "", newline: str = "\n") -> bytes:
    """A PLY file; list values are Python lists."""
    head = ["ply", f"format {encoding} 1.0", *comments.splitlines()]
    for name, properties, rows in elements:
        head += [f"element {name} {len(rows)}", *(f"property {each}" for each in properties)]
    text = newline.join([*head, "end_header", ""]).encode()
    write = _text_row if encoding == "ascii" else _binary_row
    order = ORDERS.get(encoding, newline)
    return text + b"".join(write(row, properties, order) for _, properties, rows in elements for row in rows)


def _text_row(row: tuple[Any, ...], properties: tuple[str, ...], newline: str) -> bytes:
    words = []
    for value in row:
        words += [len(value), *value] if isinstance(value, list) else [value]
    return (" ".join(map(str, words)) + newline).encode()


def _binary_row(row: tuple[Any, ...], properties: tuple[str, ...], order: str) -> bytes:
    out = b""
    for value, declared in zip(row, properties, strict=True):
        words = declared.split()
        if words[0] == "list":
            out += struct.pack(order + CODES[words[1]], len(value))
            out += struct.pack(order + str(len(value)) + CODES[words[2]], *value)
        else:
            out += struct.pack(order + CODES[words[0]], value)
    return out


def square(encoding: str, **extra: str) -> bytes:
    """Two triangles."""
    return ply(encoding, ("vertex", XYZ, POINTS), ("face", LIST, FACES), **extra)


ENCODINGS = pytest.mark.parametrize("encoding", ["ascii", *ORDERS])


@ENCODINGS
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_encoding_and_line_end_is_read(encoding: str, newline: str) -> None:
    """The surface is the same in text and in both byte orders, whatever ends the header's lines."""
    mesh = read_mesh(square(encoding, newline=newline))
    assert mesh.vertices.tolist() == [list(point) for point in POINTS]
    assert mesh.faces.tolist() == [[0, 1, 2], [0, 2, 3]]
    assert mesh.notes["encoding"] == (encoding if encoding == "ascii" else encoding.split("_")[1])


@ENCODINGS
def test_property_types_and_order_do_not_matter(encoding: str) -> None:
    """Doubles, mixed-in foreign properties, another order and foreign elements before, between and behind."""
    vertex = ("uchar quality", "double z", "short y", "list uchar short near", "float x")
    points = [(9, p[2], int(p[1]), [1] * index, p[0]) for index, p in enumerate(POINTS)]
    face = ("int object", "list ushort uint vertex_index", "float area")
    data = ply(
        encoding,
        ("camera", ("float view",), [(1.5,)]),
        ("vertex", vertex, points),
        ("edge", ("int a", "list uchar int b"), [(1, [2, 3]), (4, [])]),
        ("face", face, [(1, [0, 1, 2], 0.5), (1, [0, 2, 3], 0.5)]),
        ("tail", ("list uchar uchar bytes",), [([1, 2],)]),
    )
    mesh = read_mesh(data)
    assert mesh.vertices.tolist() == [list(point) for point in POINTS]
    assert mesh.faces.tolist() == [[0, 1, 2], [0, 2, 3]]
    assert mesh.notes["extra_elements"] == ("camera", "edge", "tail")


@ENCODINGS
def test_polygons_become_fans(encoding: str) -> None:
    """A quad and a pentagon among triangles; faces with fewer than three corners are left out and counted."""
    points = [(np.cos(k), np.sin(k), 0) for k in range(6)]
    rows: Rows = [([0, 1, 2],), ([0, 1, 2, 3],), ([5],), ([1, 2, 3, 4, 5],)]
    mesh = read_mesh(ply(encoding, ("vertex", XYZ, points), ("face", LIST, rows)))
    assert mesh.faces.tolist() == [[0, 1, 2], [0, 1, 2], [0, 2, 3], [1, 2, 3], [1, 3, 4], [1, 4, 5]]
    assert mesh.notes["polygons"] == 2
    assert mesh.notes["faces_without_area"] == 1


@pytest.mark.parametrize(
    ("kind", "names", "value", "byte"),
    [
        ("uchar", "red green blue", 200, 200),
        ("uchar", "diffuse_red diffuse_green diffuse_blue", 200, 200),
        ("uchar", "r g b", 7, 7),
        ("float", "red green blue", 0.5, 128),
        ("double", "red green blue", 1.0, 255),
        ("float", "red green blue", 130.0, 130),
        ("ushort", "red green blue", 65535, 255),
        ("int", "red green blue", 12, 12),
        ("float", "red green blue", float("nan"), 0),
    ],
)
@pytest.mark.parametrize("alpha", ["", "uchar alpha"])
def test_vertex_colour_is_read(kind: str, names: str, value: float, byte: int, alpha: str) -> None:
    """uchar counts to 255, float to 1 or to 255, ushort to 65535; alpha is dropped."""
    properties = XYZ + tuple(f"{kind} {name}" for name in names.split()) + ((alpha,) if alpha else ())
    points = [(*point, value, value, value, *((255,) if alpha else ())) for point in POINTS]
    mesh = read_mesh(ply("binary_little_endian", ("vertex", properties, points), ("face", LIST, FACES)))
    assert mesh.vertex_colours is not None
    assert mesh.vertex_colours.tolist() == [[byte] * 3] * 4
    assert mesh.colour == "vertex"


@ENCODINGS
def test_face_colour_follows_its_polygon(encoding: str) -> None:
    """Both triangles of a coloured quad have its colour."""
    face = (*LIST, "uchar red", "uchar green", "uchar blue")
    rows: Rows = [([0, 1, 2, 3], 1, 2, 3), ([0, 1, 2], 4, 5, 6)]
    mesh = read_mesh(ply(encoding, ("vertex", XYZ, POINTS), ("face", face, rows)))
    assert mesh.face_colours is not None
    assert mesh.face_colours.tolist() == [[1, 2, 3], [1, 2, 3], [4, 5, 6]]


@ENCODINGS
def test_texture_coordinates_follow_their_corners(encoding: str) -> None:
    """The iTero layout: a foreign property, indices, texcoord last; the image is asked for by its full name."""
    face = ("int object", *LIST, "list uchar float texcoord")
    rows: Rows = [(0, [0, 1, 2, 3], [0, 0, 1, 0, 1, 1, 0, 1]), (0, [0, 1, 2], [])]
    asked: list[str] = []

    def images(name: str) -> bytes:
        asked.append(name)
        return b"image"

    mesh = read_mesh(
        ply(encoding, ("vertex", XYZ, POINTS), ("face", face, rows), comments="comment TextureFile my scan 1.jpg"),
        images=images,
    )
    assert mesh.texture is not None
    assert mesh.texture.uv[:2].tolist() == [[[0, 0], [1, 0], [1, 1]], [[0, 0], [1, 1], [0, 1]]]
    assert np.isnan(mesh.texture.uv[2]).all()
    assert (mesh.texture.image, mesh.texture.name, asked) == (b"image", "my scan 1.jpg", ["my scan 1.jpg"])


def test_carriage_return_before_a_line_feed_byte_is_the_end_of_the_header() -> None:
    """Where lines end with CR alone, a body that starts with the byte of LF keeps it."""
    points = [(struct.unpack("<f", b"\x0a\x00\x80\x3f")[0], 0, 0), *POINTS[1:]]
    mesh = read_mesh(ply("binary_little_endian", ("vertex", XYZ, points), ("face", LIST, FACES), newline="\r"))
    assert mesh.vertices[0, 0] == np.float32(points[0][0])


def test_texture_without_a_name_asks_the_caller(textured_rows: bytes) -> None:
    """An adapter that knows the image answers to the empty name; without it the texture is there, its image missing."""
    known = read_mesh(textured_rows, images=lambda name: b"known" if name == "" else None)
    assert known.texture is not None
    assert known.texture.image == b"known"
    missing = read_mesh(textured_rows)
    assert missing.texture is not None
    assert missing.texture.image is None
    assert missing.colour == "texture"


@pytest.fixture
def textured_rows() -> bytes:
    """Texture coordinates on the vertices, no image named."""
    points = [(*point, point[0], point[1]) for point in POINTS]
    return ply("ascii", ("vertex", (*XYZ, "float s", "float t"), points), ("face", LIST, FACES))


def test_vertex_texture_coordinates_become_corners(textured_rows: bytes) -> None:
    """s and t on the vertices are the same texture, seen from the faces."""
    mesh = read_mesh(textured_rows)
    assert mesh.texture is not None
    assert mesh.texture.uv[1].tolist() == [[0, 0], [1, 1], [0, 1]]


def test_further_textures_are_noted() -> None:
    """Of several images the first is taken, the others are told."""
    face = (*LIST, "list uchar float texcoord")
    rows: Rows = [([0, 1, 2], [0, 0, 1, 0, 1, 1])]
    comments = "comment TextureFile a.jpg\ncomment TextureFile b.jpg"
    mesh = read_mesh(ply("ascii", ("vertex", XYZ, POINTS), ("face", face, rows), comments=comments))
    assert mesh.texture is not None
    assert mesh.texture.name == "a.jpg"
    assert mesh.notes["further_textures"] == ("b.jpg",)


def test_faces_with_another_picture_do_not_wear_the_first() -> None:
    """``texnumber`` says which: only those of the first keep their coordinates."""
    face = (*LIST, "list uchar float texcoord", "int texnumber")
    rows: Rows = [([0, 1, 2], [0, 0, 1, 0, 1, 1], 0), ([0, 2, 1], [0, 0, 1, 0, 1, 1], 1)]
    comments = "comment TextureFile a.jpg\ncomment TextureFile b.jpg"
    mesh = read_mesh(ply("ascii", ("vertex", XYZ, POINTS), ("face", face, rows), comments=comments))
    assert mesh.texture is not None
    assert np.isnan(mesh.texture.uv).all(axis=(1, 2)).tolist() == [False, True]


def test_vertices_are_not_merged_on_reading() -> None:
    """An indexed file stays as stored; ``welded`` merges."""
    doubled = ply("ascii", ("vertex", XYZ, POINTS * 2), ("face", LIST, [([0, 1, 2],), ([4, 6, 7],)]))
    mesh = read_mesh(doubled)
    assert len(mesh.vertices) == 8
    assert mesh.welded().faces.tolist() == [[0, 1, 2], [0, 2, 3]]


@ENCODINGS
def test_every_truncation_is_refused(encoding: str) -> None:
    """No prefix of a PLY is a smaller PLY."""
    data = square(encoding)
    for size in range(len(data.rstrip())):
        with pytest.raises(CorruptFile):
            read_mesh(data[:size], name="a.ply", format="ply")


@pytest.mark.parametrize("count", ["99", "4294967296", "9" * 18, "9" * 19, "-1", "2.5", "x"])
@pytest.mark.parametrize("element", ["vertex 4", "face 2"])
@ENCODINGS
def test_counts_are_checked_before_anything_is_allocated(encoding: str, element: str, count: str) -> None:
    """A count that the bytes cannot hold, or that is none, is refused at once."""
    data = square(encoding).replace(element.encode(), f"{element.split()[0]} {count}".encode())
    with pytest.raises(CorruptFile):
        read_mesh(data, name="a.ply")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"float x", b"float w"),
        (b"float x", b"half x"),
        (b"float x", b"list uchar float x"),
        (b"property float y", b"property float x"),
        (b"list uchar", b"list float"),
        (b"vertex_indices", b"indices"),
        (b"format ascii", b"format morse"),
        (b"format ascii 1.0\n", b""),
        (b"0 1 2", b"0 1 4"),
        (b"0 1 2", b"0 -1 2"),
        (b"0 1 2", b"0 1.5 2"),
        (b"0 1 2", b"0 nan 2"),
        (b"3 0 1 2", b"-3 0 1 2"),
        (b"3 0 1 2", b"1e9 0 1 2"),
        (b"1 0 0", b"1 zero 0"),
    ],
)
def test_nonsense_is_refused_with_its_place(old: bytes, new: bytes) -> None:
    """Header lines, indices and numbers that make no sense are named, not guessed."""
    data = square("ascii").replace(old, new, 1)
    with pytest.raises(CorruptFile) as caught:
        read_mesh(data, name="a.ply")
    assert caught.value.place == "a.ply"


@ENCODINGS
def test_faces_of_points_and_lines_are_no_surface(encoding: str) -> None:
    """Faces are there, but none has three corners."""
    with pytest.raises(CorruptFile, match="no triangles"):
        read_mesh(ply(encoding, ("vertex", XYZ, POINTS), ("face", LIST, [([0, 1],), ([2],)])))


def test_negative_list_length_is_refused() -> None:
    """A signed length below zero is not a length."""
    data = ply("binary_little_endian", ("vertex", XYZ, POINTS), ("face", ("list char int vertex_indices",), FACES))
    with pytest.raises(CorruptFile, match="-1 values"):
        read_mesh(data.replace(struct.pack("<b3i", 3, 0, 2, 3), struct.pack("<b3i", -1, 0, 2, 3)))


def test_wrong_number_of_texture_coordinates_is_refused() -> None:
    """Five numbers for three corners fit nothing."""
    face = (*LIST, "list uchar float texcoord")
    with pytest.raises(CorruptFile, match="texture coordinates"):
        read_mesh(ply("ascii", ("vertex", XYZ, POINTS), ("face", face, [([0, 1, 2], [0, 0, 1, 0, 1])])))


def test_the_size_of_a_row_is_that_of_its_record() -> None:
    """Plain numbers and lists, so that rows too large for numpy are never described to it."""
    element = Declared("vertex", 1, (Property("x", "f8"), Property("list", "i2", "u4"), Property("y", "u1")))
    rows = _Binary(b"", Header(">", (element,), (), 0), "")
    assert rows._row_size(element, [1, 5, 1]) == rows._row(element, [1, 5, 1]).itemsize
    assert rows._row_size(element, [1, 1 << 40, 1]) == (2 << 40) + 13


def test_uneven_lists_are_told_when_they_run_out(cut_by: Callable[[int], bytes]) -> None:
    """Triangles and quads mixed, cut at every byte of the last row."""
    whole = cut_by(0)
    assert len(read_mesh(whole).faces) == 3
    for missing in range(1, 12):
        with pytest.raises(CorruptFile):
            read_mesh(cut_by(missing))


@pytest.fixture
def cut_by() -> Callable[[int], bytes]:
    """A binary PLY with a triangle and a quad, less some bytes."""
    data = ply("binary_little_endian", ("vertex", XYZ, POINTS), ("face", LIST, [([0, 1, 2],), ([0, 1, 2, 3],)]))
    return lambda missing: data[: len(data) - missing]
