"""Which face each pixel shows: a z-buffer in numpy."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from casepan.mesh import kernels
from casepan.mesh.surface import FloatArray, IntArray

_FACES = 1 << 15  # faces looked at together
_BLOCK = 1 << 18  # pixels looked at together
_SLACK = np.float32(1e-4)  # px²: no hairline between faces that share an edge through a pixel's centre


def visible_faces(
    projected: FloatArray, faces: IntArray, size: tuple[int, int], slots: IntArray | None = None
) -> IntArray:
    """The nearest face at the centre of each pixel, int32, -1 where there is none.

    Args:
        projected: float32 (3, n), x and y in pixels (the first pixel's centre is at 0.5), depth towards the viewer.
        faces: int32 (m, 3).
        size: width and height.
        slots: int32 (height * width,), the place in the result of each pixel of interest, -1 for the others; without it
            the result has all pixels, row by row.
    """
    width, height = size
    depth = projected[2]
    farthest, nearest = (depth.min(), depth.max()) if len(depth) else (np.float32(0), np.float32(0))
    to_steps = np.float32((1 << 30) / max(float(nearest - farthest), 1e-9))
    room = width * height if slots is None else int(slots.max(initial=-1)) + 1
    if kernels.compiled():
        depths = np.array([farthest, to_steps], np.float32)
        return _faces_of(kernels.rasterise(projected, faces, size, slots, depths, room))
    buffer = np.zeros(room, np.uint64)
    for begin, corners in face_blocks(projected, faces):
        for face, x, y in _boxes(corners, width, height):
            pixel = y * width + x
            if slots is not None:
                pixel = slots.take(pixel)
                kept = np.flatnonzero(pixel >= 0)
                face, x, y, pixel = face.take(kept), x.take(kept), y.take(kept), pixel.take(kept)
            hit, z = _covered(corners, face, x, y)
            steps = ((z.take(hit) - farthest) * to_steps).clip(0).astype(np.uint64) + np.uint64(1)
            ids = (face.take(hit) + begin).astype(np.uint64)
            np.maximum.at(buffer, pixel.take(hit), steps << np.uint64(32) | ids)
    return _faces_of(buffer)


def _faces_of(buffer: NDArray[np.uint64]) -> IntArray:
    """The face number of each pixel, -1 where there is none."""
    return np.where(buffer > 0, (buffer & np.uint64(0xFFFFFFFF)).astype(np.int32), np.int32(-1))


def face_blocks(projected: FloatArray, faces: IntArray) -> Iterator[tuple[int, list[list[FloatArray]]]]:
    """Blocks of faces: the first one's number, and each row of what is projected at their corners. They fit the cache."""
    for begin in range(0, len(faces), _FACES):
        columns = faces[begin : begin + _FACES].T.astype(np.intp)
        yield begin, [[axis.take(column) for axis in projected] for column in columns]


def _boxes(
    corners: list[list[FloatArray]], width: int, height: int
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]]:
    """Blocks of (face, pixel x, pixel y) for every pixel centre in the box of every face."""
    left, columns = _span([corner[0] for corner in corners], width)
    top, rows = _span([corner[1] for corner in corners], height)
    count = columns * rows
    shown = np.flatnonzero(count)
    total = np.cumsum(count[shown])
    begin = 0
    while begin < len(shown):
        done = int(total[begin - 1]) if begin else 0
        end = max(begin + 1, int(np.searchsorted(total, done + _BLOCK, side="right")))
        part = shown[begin:end]
        sizes = count[part]
        face = np.repeat(part, sizes)
        place = np.arange(len(face)) - np.repeat(total[begin:end] - sizes - done, sizes)
        wide = columns.take(face)
        y = place // wide
        yield face, left.take(face) + place - y * wide, top.take(face) + y
        begin = end


def _span(places: list[FloatArray], limit: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The first pixel whose centre lies within each box, and how many do, inside the picture."""
    low = np.minimum(np.minimum(places[0], places[1]), places[2])
    high = np.maximum(np.maximum(places[0], places[1]), places[2])
    first = np.ceil(low - np.float32(0.5)).clip(0, limit).astype(np.intp)
    last = np.floor(high - np.float32(0.5)).clip(-1, limit - 1).astype(np.intp)
    return first, np.maximum(last - first + 1, 0)


def _covered(
    corners: list[list[FloatArray]], face: NDArray[np.intp], x: NDArray[np.intp], y: NDArray[np.intp]
) -> tuple[NDArray[np.intp], FloatArray]:
    """Which of these pixel centres lie inside their face, and the depth there."""
    places = [[axis.take(face) for axis in corner[:2]] for corner in corners]
    weights = corner_weights(places, x + np.float32(0.5), y + np.float32(0.5))
    inside = (weights[0] >= 0) & (weights[1] >= 0) & (weights[2] >= 0)
    depth = sum(weight * corner[2].take(face) for weight, corner in zip(weights, corners, strict=True))
    return np.flatnonzero(inside), np.asarray(depth, np.float32)


def corner_weights(corners: list[list[FloatArray]], x: FloatArray, y: FloatArray) -> list[FloatArray]:
    """How much of each corner there is at a point of its face (barycentric), float32 (k,) three times.

    ``corners`` are the x and y of the three corners of each point's face.

    Points at most a hair outside count as on the border; a face seen edge-on gives negative weights everywhere.
    """
    xs = [corner[0] - x for corner in corners]
    ys = [corner[1] - y for corner in corners]
    parts = [xs[i] * ys[j] - ys[i] * xs[j] for i, j in ((1, 2), (2, 0), (0, 1))]
    whole = parts[0] + parts[1] + parts[2]
    turn = np.sign(whole)
    for part in parts:
        part *= turn
        part[(part < 0) & (part > -_SLACK)] = 0
    flat = whole == 0
    for part in parts:
        part[flat] = -1
    whole[flat] = 1
    return [part / np.abs(whole) for part in parts]
