"""A PLY file as a mesh: which columns are what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from casepan.errors import CorruptFile
from casepan.mesh.colours import to_bytes
from casepan.mesh.ply.body import AnyArray, Columns, Ragged, read_body
from casepan.mesh.ply.header import Element, Header, parse_header
from casepan.mesh.polygons import Fan, fan
from casepan.mesh.surface import ByteArray, FloatArray, IntArray, Mesh, Texture

Images: TypeAlias = Callable[[str], bytes | None]

VERTEX = "vertex"
FACE = "face"
INDICES = ("vertex_indices", "vertex_index")
TEXCOORD = ("texcoord", "texcoords", "texture_coordinates")
COLOURS = (("red", "green", "blue"), ("diffuse_red", "diffuse_green", "diffuse_blue"), ("r", "g", "b"))
TEXNUMBER = "texnumber"
VERTEX_UV = (("s", "t"), ("u", "v"), ("texture_u", "texture_v"), ("texture_s", "texture_t"))


def read_ply(data: bytes, name: str = "", images: Images | None = None) -> Mesh:
    """The mesh of a PLY, vertices exactly as stored (not welded), polygons cut into fans.

    Raises:
        CorruptFile: damaged, cut off, or without a triangle.
    """
    header = parse_header(data, name)
    vertex, face = header.element(VERTEX), header.element(FACE)
    if vertex is None or face is None or not vertex.count or not face.count:
        raise CorruptFile("the PLY holds no triangles", place=name or None, hint=_NO_FACES, line=1)
    _need(vertex, face, name)
    body = read_body(data, header, name, frozenset((VERTEX, FACE)))
    vertices = _points(body[VERTEX])
    triangles, cut = _triangles(body[FACE], len(vertices), name)
    return Mesh(
        vertices,
        triangles,
        vertex_colours=_colours(vertex, body[VERTEX], None),
        face_colours=_colours(face, body[FACE], cut),
        texture=_texture(header, body, triangles, cut, images, name),
        format="ply",
        notes=_notes(header, body),
    )


_NO_FACES = "It may be a point cloud: ask the sender to export the scan as a surface."


def _need(vertex: Element, face: Element, name: str) -> None:
    if not {"x", "y", "z"} <= vertex.names():
        raise CorruptFile("the PLY's vertices have no x, y and z", place=name or None, line=1)
    if not any(each.name in INDICES and each.length_code for each in face.properties):
        raise CorruptFile("the PLY's faces have no list of vertex indices", place=name or None, line=1)
    if any(each.length_code and each.name in ("x", "y", "z") for each in vertex.properties):
        raise CorruptFile("the PLY's coordinates are lists", place=name or None, line=1)


def _points(columns: Columns) -> FloatArray:
    x = columns["x"]
    points = np.empty((len(_plain(x)), 3), np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        for place, axis in enumerate(("x", "y", "z")):
            points[:, place] = _plain(columns[axis])
    return points


def _plain(column: AnyArray | Ragged) -> AnyArray:
    return column.values if isinstance(column, Ragged) else column


def _list(columns: Columns, names: tuple[str, ...]) -> Ragged | None:
    found = (columns.get(name) for name in names)
    return next((each for each in found if isinstance(each, Ragged)), None)


def _triangles(columns: Columns, count: int, name: str) -> tuple[IntArray, Fan]:
    lists = _list(columns, INDICES)
    assert lists is not None, "checked by _need"
    wrong = (lists.values < 0) | (lists.values >= count)
    if lists.values.dtype.kind == "f":
        wrong |= lists.values != np.floor(lists.values)
    if wrong.any():
        polygon = int(np.searchsorted(np.cumsum(lists.lengths), np.argmax(wrong), side="right"))
        raise CorruptFile(f"face {polygon + 1} uses a vertex that is not there", place=name or None)
    cut = fan(lists.lengths)
    if not cut.size:
        raise CorruptFile("the PLY holds no triangles", place=name or None, hint=_NO_FACES)
    return cut.of_corners(lists.values.astype(np.int32)), cut


def _colours(element: Element, columns: Columns, cut: Fan | None) -> ByteArray | None:
    """uint8 RGB per row (per triangle when the rows are polygons), or None."""
    for names in COLOURS:
        channels = [columns[name] for name in names if name in columns]
        if len(channels) == 3 and not any(isinstance(each, Ragged) for each in channels):
            codes = {each.name: each.code for each in element.properties}
            rgb = np.stack([_plain(each) for each in channels], axis=1)
            colours = to_bytes(rgb, codes[names[0]])
            return colours if cut is None else cut.of_polygons(colours)
    return None


def _texture(
    header: Header, body: dict[str, Columns], triangles: IntArray, cut: Fan, images: Images | None, name: str
) -> Texture | None:
    uv = _face_uv(body[FACE], cut, name)
    if uv is None:
        uv = _vertex_uv(body[VERTEX], triangles)
    if uv is None:
        return None
    named = next(iter(header.texture_names()), None)
    image = images(named or "") if images is not None else None
    return Texture(uv, image, named)


def _face_uv(columns: Columns, cut: Fan, name: str) -> FloatArray | None:
    """One pair per corner, from 2 k numbers beside each polygon of k corners; an empty list means no texture there."""
    lists, indices = _list(columns, TEXCOORD), _list(columns, INDICES)
    if lists is None or indices is None or not len(lists.values):
        return None
    whole = lists.lengths == 2 * indices.lengths
    if not (whole | (lists.lengths == 0)).all():
        raise CorruptFile(
            "the PLY has faces with another number of texture coordinates than corners", place=name or None
        )
    pairs = np.full((int(indices.lengths.sum()), 2), np.nan, np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        pairs[np.repeat(whole, indices.lengths)] = lists.values.reshape(-1, 2)
    number = columns.get(TEXNUMBER)
    if number is not None and not isinstance(number, Ragged):  # of several pictures only the first is carried
        pairs[np.repeat(_plain(number) != 0, indices.lengths)] = np.nan
    return cut.of_corners(pairs)


def _vertex_uv(columns: Columns, triangles: IntArray) -> FloatArray | None:
    for u, v in VERTEX_UV:
        if u in columns and v in columns and not isinstance(columns[u], Ragged) and not isinstance(columns[v], Ragged):
            with np.errstate(over="ignore", invalid="ignore"):
                pairs = np.stack([_plain(columns[u]), _plain(columns[v])], axis=1).astype(np.float32)
            return pairs[triangles]
    return None


def _notes(header: Header, body: dict[str, Columns]) -> dict[str, Any]:
    notes: dict[str, Any] = {"encoding": {"": "ascii", "<": "little", ">": "big"}[header.order]}
    if header.comments:
        notes["comments"] = header.comments
    if len(header.texture_names()) > 1:
        notes["further_textures"] = header.texture_names()[1:]
    lists = _list(body[FACE], INDICES)
    polygons = int((lists.lengths > 3).sum()) if lists is not None else 0
    if polygons:
        notes["polygons"] = polygons
    short = int((lists.lengths < 3).sum()) if lists is not None else 0
    if short:
        notes["faces_without_area"] = short
    extra = tuple(each.name for each in header.elements if each.name not in (VERTEX, FACE) and each.count)
    if extra:
        notes["extra_elements"] = extra
    return notes
