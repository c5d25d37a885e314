"""Faces in nested boxes: which of them can be near a point at all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from attrs import define
from numpy.typing import NDArray

from casepan.mesh.surface import FloatArray, IntArray

Floats = NDArray[np.float64]
Ids = NDArray[np.intp]

_FEW = 8  # boxes in one box of the level above
_PAIRS = 1 << 16  # pairs of a point and a box looked at together
_BITS = 10


@define(frozen=True, eq=False)
class BoxTree:
    """Boxes of faces along a space-filling curve, eight in one box of the level above.

    Attributes:
        order: the face of each place at the bottom.
        levels: from the top down, float32 (2, 3, boxes): lower and upper corners.
    """

    order: Ids
    levels: list[FloatArray]

    @classmethod
    def of(cls, vertices: FloatArray, faces: IntArray) -> BoxTree:
        """The tree of some faces; at least one."""
        corners = vertices.take(faces.T, axis=0)
        low, high = corners.min(axis=0).T, corners.max(axis=0).T
        order = _along_curve(low.astype(np.float64) + high)
        levels = [np.stack([low[:, order], high[:, order]])]
        while levels[0].shape[2] > _FEW:
            starts = np.arange(0, levels[0].shape[2], _FEW)
            low, high = levels[0]
            levels.insert(0, np.stack([np.minimum.reduceat(low, starts, 1), np.maximum.reduceat(high, starts, 1)]))
        return cls(order, levels)

    def near(self, points: Floats, squares: Floats) -> Iterator[tuple[Ids, Ids]]:
        """Blocks of pairs of a point and a face whose box is within a squared distance of it, the points ascending.

        Args:
            points: float64 (k, 3).
            squares: float64 (k,), looked at anew for each block: the caller may lower it as nearer faces are found.
        """
        top = self.levels[0].shape[2]
        rows, step = len(points), max(1, _PAIRS // top)
        waiting = [
            (0, np.repeat(np.arange(at, min(at + step, rows)), top), np.tile(np.arange(top), min(step, rows - at)))
            for at in range(0, rows, step)
        ]
        while waiting:
            level, rows_, boxes = waiting.pop()
            kept = np.flatnonzero(self._gaps(level, points[rows_], boxes) <= squares[rows_] * (1 + 1e-6))
            rows_, boxes = rows_[kept], boxes[kept]
            if level + 1 == len(self.levels):
                yield rows_, self.order[boxes]
                continue
            for at in range(0, len(rows_), _PAIRS // _FEW):
                part = slice(at, at + _PAIRS // _FEW)
                below = (boxes[part, None] * _FEW + np.arange(_FEW)).ravel()
                there = np.flatnonzero(below < self.levels[level + 1].shape[2])
                waiting.append((level + 1, np.repeat(rows_[part], _FEW)[there], below[there]))

    def _gaps(self, level: int, points: Floats, boxes: Ids) -> Floats:
        """The squared distance from each point to its box."""
        squares = np.zeros(len(boxes))
        for axis in range(3):
            low, high = self.levels[level][:, axis]
            gap = np.maximum(low.take(boxes) - points[:, axis], points[:, axis] - high.take(boxes)).clip(0)
            squares += gap * gap
        return squares


def _along_curve(centres: Floats) -> Ids:
    """The order of points (3, k) along a Z curve over their ranks: one far away does not press the others together."""
    curve = np.zeros(centres.shape[1], np.int64)
    for axis, places in enumerate(centres):
        ranks = np.empty(len(places), np.int64)
        ranks[np.argsort(places, kind="stable")] = np.arange(len(places))
        cells = (ranks << _BITS) // len(places)
        for bit in range(_BITS):
            curve |= (cells >> bit & 1) << (3 * bit + axis)
    return np.argsort(curve, kind="stable")
