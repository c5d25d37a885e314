"""From one shape of colour to another, each change with its measured error."""

from __future__ import annotations

import numpy as np
from attrs import evolve

from casepan.errors import CaseError
from casepan.mesh.area import face_areas
from casepan.mesh.colouring.image import decode
from casepan.mesh.colouring.sampling import Colours, colour_error, corner_colours
from casepan.mesh.pictures.png import png
from casepan.mesh.surface import ByteArray, FloatArray, Mesh, Texture
from casepan.mesh.writing.loss import Loss

_CELL = 3  # texels along each side of a face's own cell
_WHITE = 255

_Answer = tuple[Mesh, tuple[Loss, ...]]


def as_vertices(mesh: Mesh) -> _Answer:
    """The surface with one colour per vertex: its texture at the vertices, or the mean of the faces round them.

    Where a texture has no coordinates, or where its picture is missing or damaged, earlier vertex colours stay; without
    any, such vertices are white (a picture that cannot be read leaves no colour at all).

    Raises:
        AdapterError: Pillow is not installed.
    """
    if mesh.texture is not None:
        pixels, lost = _pixels(mesh.texture)
        if pixels is None:
            return evolve(mesh, texture=None), lost
        corners = corner_colours(mesh.texture, pixels)
        colours, holes = _means(mesh, corners.reshape(-1, 3), np.ones(mesh.faces.size, np.float32))
        made = evolve(mesh, vertex_colours=colours, face_colours=None, texture=None)
        return made, (_baked("texture detail", Colours(mesh, pixels), Colours(made)), *holes)
    if mesh.vertex_colours is not None or mesh.face_colours is None:
        return evolve(mesh, face_colours=None), ()
    weights = np.repeat(face_areas(mesh.vertices, mesh.faces), 3)
    colours, _ = _means(mesh, np.repeat(mesh.face_colours, 3, axis=0).astype(np.float32), weights)
    made = evolve(mesh, vertex_colours=colours, face_colours=None)
    return made, (_baked("face colour", Colours(mesh), Colours(made)),)


def as_texture(mesh: Mesh) -> _Answer:
    """The surface with a texture that shows its vertex or face colours; one with a texture is returned as it is.

    Every face has a cell of 3 by 3 texels of its own, filled so that reading between texels gives exactly the colour
    between its corners.
    """
    if mesh.texture is not None or mesh.colour == "none":
        return mesh, ()
    corners = (
        mesh.vertex_colours[mesh.faces]
        if mesh.vertex_colours is not None
        else np.repeat(mesh.face_colours[:, None], 3, axis=1)  # type: ignore[index]  # there is colour
    )
    columns = max(1, int(np.ceil(np.sqrt(len(corners)))))
    pixels = _atlas(corners, columns)
    texture = Texture(_cell_corners(len(corners), columns), png(pixels), "scan.png")
    made = evolve(mesh, vertex_colours=None, face_colours=None, texture=texture)
    error = colour_error(Colours(mesh), Colours(made, pixels))
    what = f"exact {mesh.colour} colour"
    return made, (Loss(what, f"it was drawn into a texture; {_within(error)}", round(error, 2)),)


def _pixels(texture: Texture) -> tuple[ByteArray | None, tuple[Loss, ...]]:
    """The picture of a texture, or why there is none."""
    if texture.image is None:
        return None, (Loss("texture", "its picture was not there when the scan was read"),)
    try:
        return decode(texture.image), ()
    except CaseError as error:
        return None, (Loss("texture", error.reason),)


def _means(mesh: Mesh, colours: FloatArray, weights: FloatArray) -> tuple[ByteArray, tuple[Loss, ...]]:
    """The mean colour of the corners (3 m, 3) that meet in each vertex."""
    count, known = len(mesh.vertices), np.isfinite(colours).all(axis=1)
    corners = mesh.faces.ravel()[known]
    total = np.bincount(corners, weights[known], count)
    sums = np.stack([np.bincount(corners, column[known] * weights[known], count) for column in colours.T], axis=1)
    fallback = np.full((count, 3), _WHITE) if mesh.vertex_colours is None else mesh.vertex_colours
    means = np.where(total[:, None] > 0, sums / np.maximum(total, 1e-30)[:, None], fallback)
    bare = () if known.all() else (Loss("colour of untextured faces", "the texture has no coordinates there"),)
    return np.clip(np.rint(means), 0, 255).astype(np.uint8), bare


def _baked(what: str, before: Colours, after: Colours) -> Loss:
    error = colour_error(before, after)
    return Loss(what, f"it was baked to vertices; {_within(error)}", round(error, 2))


def _within(error: float) -> str:
    return f"95 % of the surface keeps its colour within ΔE {error:.1f}"


def _atlas(corners: ByteArray, columns: int) -> ByteArray:
    """The picture: one cell per face, row by row from the lower left; uint8 (rows, columns, 3)."""
    rows = -(-len(corners) // columns)
    steps = np.arange(_CELL, dtype=np.float32) / np.float32(_CELL - 1)
    cells = np.zeros((rows * columns, _CELL, _CELL, 3), np.uint8)
    first, second, third = corners.transpose(1, 0, 2).astype(np.float32)
    for up in range(_CELL):
        for right in range(_CELL):
            colour = first + steps[right] * (second - first) + steps[up] * (third - first)
            cells[: len(corners), up, right] = np.clip(np.rint(colour), 0, 255)
    grid = cells.reshape(rows, columns, _CELL, _CELL, 3).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(grid.reshape(rows * _CELL, columns * _CELL, 3)[::-1])


def _cell_corners(count: int, columns: int) -> FloatArray:
    """Texture coordinates of the three corners of each face: texel centres of its cell, float32 (count, 3, 2)."""
    rows = -(-count // columns)
    row, column = np.divmod(np.arange(count), columns)
    low = np.stack([column, row], axis=1) * _CELL + 0.5
    places = low[:, None] + np.array([[0, 0], [_CELL - 1, 0], [0, _CELL - 1]])
    return np.asarray(places / (np.array([columns, rows]) * _CELL), np.float32)
