"""Whether two triangles have more in common than the corners they share, exactly."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from casepan.mesh.predicates import Points, Signs, orient2d, orient3d

Bools = NDArray[np.bool_]
_EDGES = ((0, 1), (1, 2), (2, 0))


class Triangles(NamedTuple):
    """The three corners of k triangles, float64 (3, k) each."""

    a: Points
    b: Points
    c: Points

    def take(self, chosen: NDArray[np.intp]) -> Triangles:
        """Some of them."""
        return Triangles(*(corner[:, chosen] for corner in self))


def meet(one: Triangles, other: Triangles, shared: Bools) -> Bools:
    """Whether each triangle has a point in common with its partner besides shared corners and a shared edge.

    A triangle without area meets nothing.

    Args:
        one: k triangles.
        other: their partners.
        shared: bool (3, 3, k), which corner of the first is which of the second; at most two a pair.
    """
    above = np.array([orient3d(*one, corner) for corner in other])
    below = np.array([orient3d(*other, corner) for corner in one])
    flat_one, flat_other = (above == 0).all(axis=0), (below == 0).all(axis=0)
    crossing = ~flat_one & ~flat_other & (shared.sum(axis=(0, 1)) < 2)
    crossing &= ~_one_sided(above, has_partner(shared)) & ~_one_sided(below, has_partner(shared.transpose(1, 0, 2)))
    result = np.zeros(len(flat_one), bool)
    cases = np.flatnonzero(crossing)
    if len(cases):
        found = _edges_pierce(
            one.take(cases), other.take(cases), below[:, cases], has_partner(shared[:, :, cases].transpose(1, 0, 2))
        )
        found |= _edges_pierce(other.take(cases), one.take(cases), above[:, cases], has_partner(shared[:, :, cases]))
        result[cases] = found
    cases = np.flatnonzero(flat_one & flat_other)
    if len(cases):
        result[cases] = _overlap_in_plane(one.take(cases), other.take(cases), shared[:, :, cases])
    return result


def has_partner(shared: Bools) -> Bools:
    """Which corners of the second triangle are corners of the first, bool (3, k)."""
    return np.asarray(shared.any(axis=0))


def _one_sided(sides: Signs, same: Bools) -> Bools:
    """Whether all corners that are not shared lie strictly on one side."""
    return np.asarray(((sides > 0) | same).all(axis=0) | ((sides < 0) | same).all(axis=0))


def _edges_pierce(edges_of: Triangles, target: Triangles, sides: Signs, at_shared: Bools) -> Bools:
    """Whether an edge without a shared corner meets the other triangle, edges that lie in its plane left out.

    Two triangles in different planes meet in a segment whose ends lie on edges; where such an edge lies in the other's
    plane, one of the edges next to it, or one of the other triangle's, ends there as well.
    """
    result = np.zeros(sides.shape[1], bool)
    for i, j in _EDGES:
        reaches = (sides[i] != sides[j]) & (sides[i] * sides[j] <= 0) & ~at_shared[i] & ~at_shared[j] & ~result
        cases = np.flatnonzero(reaches)
        if len(cases):
            result[cases] = _line_hits(edges_of[i][:, cases], edges_of[j][:, cases], target.take(cases))
    return result


def _line_hits(start: Points, end: Points, target: Triangles) -> Bools:
    """Whether lines that cross a triangle's plane do so inside it or on its border."""
    turns = np.array([orient3d(start, end, target[i], target[j]) for i, j in _EDGES])
    return np.asarray((turns >= 0).all(axis=0) | (turns <= 0).all(axis=0))


def _overlap_in_plane(one: Triangles, other: Triangles, shared: Bools) -> Bools:
    """The same for pairs in one plane: seen along an axis in which the plane is not a line."""
    result = np.zeros(one.a.shape[1], bool)
    pending = np.ones(len(result), bool)
    for axes in ([0, 1], [1, 2], [2, 0]):
        seen = [Triangles(*(corner[axes] for corner in triangle)) for triangle in (one, other)]
        turns = [orient2d(*triangle) for triangle in seen]
        cases = np.flatnonzero(pending & (turns[0] != 0) & (turns[1] != 0))
        pending[cases] = False
        first, second = (triangle.take(cases) for triangle in seen)
        apart = _edge_separates(first, second, turns[0][cases], shared[:, :, cases])
        apart |= _edge_separates(second, first, turns[1][cases], shared[:, :, cases].transpose(1, 0, 2))
        result[cases] = ~apart
    return result


def _edge_separates(one: Triangles, other: Triangles, turn: Signs, shared: Bools) -> Bools:
    """Whether the line through an edge of the first triangle keeps the second out, shared corners apart."""
    result = np.zeros(len(turn), bool)
    for i, j in _EDGES:
        outside = np.ones(len(turn), bool)
        for k, corner in enumerate(other):
            side = orient2d(one[i], one[j], corner) * turn
            behind = shared[:, k].any(axis=0)
            behind |= shared[i].any(axis=0) & _opposite(corner, one[i], one[j])
            behind |= shared[j].any(axis=0) & _opposite(corner, one[j], one[i])
            outside &= (side < 0) | ((side == 0) & behind)
        result |= outside
    return result


def _opposite(point: Points, at: Points, ahead: Points) -> Bools:
    """For points on the line through two others: whether they lie beyond ``at``, seen from ``ahead``."""
    x, y = (np.sign(point - at) * np.sign(ahead - at)).astype(np.int8)
    return np.asarray(np.where(x != 0, x < 0, y < 0))
