"""Which face each pixel shows: a z-buffer in numpy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from attrs import define
from numpy.typing import NDArray

from casepan.mesh import kernels
from casepan.mesh.surface import FloatArray, IntArray

Ids = NDArray[np.intp]
Size = tuple[int, int]
Shift = tuple[float, float]
Point = tuple[np.float32, np.float32]
Corners = tuple[FloatArray, FloatArray, FloatArray]
Places = tuple[Ids, IntArray, IntArray, type[np.floating]]
"""Faces with a column and a row each, and how exactly to look at them."""

_FACES = 1 << 14  # faces looked at together: what belongs to them stays in the processor's cache
_BLOCK = 1 << 16  # pixels looked at together
_SMALL = 4  # pixels: boxes below this size have few pixels, which are listed in steps
_EXACT = 16  # pixels: in boxes below this size float32 decides exactly enough which points a face covers
_SLACK = np.float32(1e-4)  # px²: no hairline between faces that share an edge through a pixel's centre


@define(frozen=True, eq=False)
class _Boxes:
    """The pixels that may see each face: the first column and row, and how many, int32 (b,) each."""

    left: IntArray
    columns: IntArray
    top: IntArray
    rows: IntArray

    def pixels(
        self, faces: Ids, column: IntArray | np.int32, row: IntArray | np.int32
    ) -> tuple[Ids, IntArray, IntArray]:
        """Some faces with a pixel of the box of each."""
        return faces, self.left.take(faces) + column, self.top.take(faces) + row


def visible_faces(projected: FloatArray, faces: IntArray, size: Size) -> IntArray:
    """The nearest face at the centre of each pixel, int32 (height * width,), -1 where there is none.

    Args:
        projected: float32 (3, n), x and y in pixels (the first pixel's centre is at 0.5), depth towards the viewer.
        faces: int32 (m, 3).
        size: width and height.
    """
    return np.asarray(sampled_faces(projected, faces, size, [(0.0, 0.0)])[0])


def sampled_faces(
    projected: FloatArray, faces: IntArray, size: Size, shifts: Sequence[Shift], slots: IntArray | None = None
) -> IntArray:
    """The nearest face at several points of each pixel, int32 (points, pixels), -1 where there is none.

    Args:
        projected: see :func:`visible_faces`.
        faces: int32 (m, 3).
        size: width and height.
        shifts: the x and y of each point from the pixel's centre, less than half a pixel.
        slots: int32 (height * width,), the place in the result of each pixel of interest, -1 for the others; without it
            the result has all pixels, row by row.
    """
    room = size[0] * size[1] if slots is None else int(slots.max(initial=-1)) + 1
    depths = _depth_steps(projected[2])
    if kernels.compiled():
        points = np.array(shifts, np.float32)
        return _faces_of(kernels.rasterise(projected.T, faces, size, points, slots, depths, room))
    buffers = np.zeros((len(shifts), room), np.uint64)
    reach = float(np.abs(shifts).max()) + 0.01
    chosen = None if slots is None else faces_near(projected, faces, slots.reshape(size[::-1]) >= 0, reach)
    for ids, (x, y, z) in _blocks(projected, faces, chosen):
        ends = _ends(x), _ends(y)
        for (right, down), buffer in zip(shifts, buffers, strict=True):
            point = np.float32(0.5 + right), np.float32(0.5 + down)
            for places in _pixels(ends, point, size):
                _draw(buffer, ids, (x, y, z), point, places, size[0], slots, depths)
    return _faces_of(buffers)


def _depth_steps(depth: FloatArray) -> FloatArray:
    """The farthest depth and the steps per mm, float32 (2,)."""
    farthest, nearest = (depth.min(), depth.max()) if len(depth) else (np.float32(0), np.float32(0))
    return np.array([farthest, (1 << 30) / max(float(nearest - farthest), 1e-9)], np.float32)


def _faces_of(buffers: NDArray[np.uint64]) -> IntArray:
    """The face of each pixel, -1 where there is none."""
    return np.asarray(buffers.astype(np.uint32).view(np.int32) - np.int32(1))


def _draw(
    buffer: NDArray[np.uint64],
    ids: IntArray,
    corners: Corners,
    point: Point,
    places: Places,
    width: int,
    slots: IntArray | None,
    depths: FloatArray,
) -> None:
    """Enter the faces that cover the point of some pixels: the depth above, the face's number from 1 on below."""
    face, x, y, kind = places
    pixel = y * np.int32(width) + x
    if slots is not None:
        pixel = slots.take(pixel)
        kept = np.flatnonzero(pixel >= 0)
        face, x, y, pixel = face.take(kept), x.take(kept), y.take(kept), pixel.take(kept)
    hit, depth = _covered(corners, face, x.astype(kind) + point[0], y.astype(kind) + point[1])
    seen = ((depth - depths[0]) * depths[1]).astype(np.uint64) << np.uint64(32)
    seen |= (ids.take(face.take(hit)) + np.int32(1)).astype(np.uint64)
    np.maximum.at(buffer, pixel.take(hit), seen)


def faces_near(projected: FloatArray, faces: IntArray, pixels: NDArray[np.bool_], reach: float) -> IntArray:
    """The numbers of the faces whose box comes within reach of the centre of some pixels, int32."""
    sums = np.pad(pixels.cumsum(axis=0, dtype=np.int32).cumsum(axis=1, dtype=np.int32), ((1, 0), (1, 0)))
    flat, width = sums.ravel(), sums.shape[1]
    near = [np.empty(0, np.int32)]
    for ids, (x, y) in _blocks(projected[:2], faces, None):
        left, columns = _span(_ends(x), np.float32(0.5), pixels.shape[1], reach)
        top, rows = _span(_ends(y), np.float32(0.5), pixels.shape[0], reach)
        first, last = top * width, (top + rows) * width
        right = left + columns
        count = flat.take(last + right) - flat.take(first + right) - flat.take(last + left) + flat.take(first + left)
        near.append(ids[count > 0])
    return np.concatenate(near)


def _blocks(
    projected: FloatArray, faces: IntArray, chosen: IntArray | None
) -> Iterator[tuple[IntArray, list[FloatArray]]]:
    """All faces, or those chosen, in blocks: their numbers, and each row of what is projected at their corners (3, b)."""
    count = len(faces) if chosen is None else len(chosen)
    for begin in range(0, count, _FACES):
        end = min(begin + _FACES, count)
        ids = np.arange(begin, end, dtype=np.int32) if chosen is None else chosen[begin:end]
        part = faces[begin:end] if chosen is None else faces.take(ids, axis=0)
        corners = np.array(part.T, np.intp, order="C")
        yield ids, [axis.take(corners) for axis in projected]


def _ends(places: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The lowest and the highest of the corners of each face, along one axis."""
    low, high = np.minimum(places[0], places[1]), np.maximum(places[0], places[1])
    return np.minimum(low, places[2], out=low), np.maximum(high, places[2], out=high)


def _span(
    ends: tuple[FloatArray, FloatArray], point: np.float32, limit: int, reach: float = 0.0
) -> tuple[IntArray, IntArray]:
    """The first pixel whose point comes within reach of each face, and how many do, along one axis."""
    low, high = ends[0] - point - np.float32(reach), ends[1] - point + np.float32(reach)
    first = np.ceil(low, out=low).clip(0, limit, out=low).astype(np.int32)
    last = np.floor(high, out=high).clip(-1, limit - 1, out=high).astype(np.int32)
    last -= first
    last += 1
    return first, np.maximum(last, 0, out=last)


def _pixels(ends: Sequence[tuple[FloatArray, FloatArray]], point: Point, size: Size) -> Iterator[Places]:
    """Every pixel whose point lies in the box of a face, in blocks."""
    boxes = _Boxes(*_span(ends[0], point[0], size[0]), *_span(ends[1], point[1], size[1]))
    extent = np.maximum(ends[0][1] - ends[0][0], ends[1][1] - ends[1][0])
    extent[(boxes.columns == 0) | (boxes.rows == 0)] = np.nan
    yield *_small_boxes(boxes, np.flatnonzero(extent < _SMALL)), np.float32
    for places in _large_boxes(boxes, np.flatnonzero((extent >= _SMALL) & (extent < _EXACT))):
        yield *places, np.float32
    for places in _large_boxes(boxes, np.flatnonzero(extent >= _EXACT)):
        yield *places, np.float64


def _small_boxes(boxes: _Boxes, faces: Ids) -> tuple[Ids, IntArray, IntArray]:
    """All pixels of boxes of a few pixels: the first of every box, then the second of those that have one, and so on."""
    parts = []
    for row in range(_SMALL):
        faces = faces.compress(boxes.rows.take(faces) > row)
        part = faces
        for column in range(_SMALL):
            part = part.compress(boxes.columns.take(part) > column) if column else part
            parts.append(boxes.pixels(part, np.int32(column), np.int32(row)))
    face, x, y = (np.concatenate(each) for each in zip(*parts, strict=True))
    return face, x, y


def _large_boxes(boxes: _Boxes, faces: Ids) -> Iterator[tuple[Ids, IntArray, IntArray]]:
    """All pixels of larger boxes, row by row, some boxes at a time."""
    count = boxes.columns.take(faces).astype(np.intp) * boxes.rows.take(faces)
    total = np.cumsum(count)
    begin = 0
    while begin < len(faces):
        done = int(total[begin - 1]) if begin else 0
        end = max(begin + 1, int(np.searchsorted(total, done + _BLOCK, side="right")))
        face = np.repeat(faces[begin:end], count[begin:end])
        place = np.arange(len(face)) - np.repeat(total[begin:end] - count[begin:end] - done, count[begin:end])
        columns = boxes.columns.take(face)
        row = ((place + 0.5) / columns).astype(np.int32)  # a whole division takes several times as long
        yield boxes.pixels(face, place.astype(np.int32) - row * columns, row)
        begin = end


def _covered(corners: Corners, face: Ids, x: NDArray[np.floating], y: NDArray[np.floating]) -> tuple[Ids, FloatArray]:
    """Which of these points lie inside their face, and the depth there."""
    xs = [row.take(face) - x for row in corners[0]]
    ys = [row.take(face) - y for row in corners[1]]
    parts = [xs[i] * ys[j] - ys[i] * xs[j] for i, j in ((1, 2), (2, 0), (0, 1))]
    whole = parts[0] + parts[1] + parts[2]
    low = np.minimum(np.minimum(parts[0], parts[1]), parts[2])
    high = np.maximum(np.maximum(parts[0], parts[1]), parts[2])
    hit = np.flatnonzero(((low > -_SLACK) & (whole > 0)) | ((high < _SLACK) & (whole < 0)))
    depths = [row.take(face.take(hit)) for row in corners[2]]
    first, second, third = (part.take(hit) * depth for part, depth in zip(parts, depths, strict=True))
    depth = ((first + second + third) / whole.take(hit)).astype(np.float32)
    depth = np.maximum(depth, np.minimum(np.minimum(depths[0], depths[1]), depths[2]))
    return hit, np.minimum(depth, np.maximum(np.maximum(depths[0], depths[1]), depths[2]))


def corner_weights(corners: list[list[FloatArray]], x: FloatArray, y: FloatArray) -> list[FloatArray]:
    """How much of each corner there is at a point of its face (barycentric), float32 (k,) three times, none below 0.

    ``corners`` are the x and y of the three corners of each point's face. A face seen edge-on is its first corner.
    """
    xs = [corner[0] - x for corner in corners]
    ys = [corner[1] - y for corner in corners]
    parts = [xs[i] * ys[j] - ys[i] * xs[j] for i, j in ((1, 2), (2, 0), (0, 1))]
    turn = np.copysign(np.float32(1), parts[0] + parts[1] + parts[2])
    for part in parts:
        part *= turn
        np.maximum(part, 0, out=part)
    whole = parts[0] + parts[1] + parts[2]
    flat = whole == 0
    parts[0][flat] = whole[flat] = 1
    return [part / whole for part in parts]
