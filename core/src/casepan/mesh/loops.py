"""Borders of a surface: the rim told from the holes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from casepan.mesh.edges import EdgeTable
from casepan.mesh.surface import FloatArray, IntArray

# A border is a rim when perimeter² reaches this share of its part's area. 172 open arches measure 8 to 90 (3D-IOSSeg),
# a hemisphere 6.3; a 6 mm hole in a closed cast of 60 cm² has 0.06.
RIM_RATIO = 1.0

_Points = NDArray[np.float64]


@define(frozen=True, slots=False, eq=False)
class Loop:
    """One connected border: the rim of an open part, a hole, or the free side of a stray face.

    Attributes:
        edges: int32 (k, 2), vertex ids, in the direction in which each edge's only face walks along it.
        perimeter_mm: summed length of the edges.
        extent_mm: size of the box round it along x, y and z.
        across_mm: the largest distance between two of its vertices, at most 0.5 % too small.
        centre: the mean of the edge midpoints, weighted by length, in the file's own coordinates.
        cap_area_mm2: area that the loop encloses, seen from where it is largest.
        part: label of the connected part it belongs to.
        is_closed: whether the edges form closed walks; the free side of a fin is open.
        is_simple: closed, and no vertex is visited twice.
        is_rim: whether this is the outline of its part rather than a hole in it.
    """

    edges: IntArray = field(repr=False)
    perimeter_mm: float
    extent_mm: tuple[float, float, float]
    across_mm: float
    centre: tuple[float, float, float]
    cap_area_mm2: float
    part: int
    is_closed: bool
    is_simple: bool
    is_rim: bool

    @cached_property
    def vertices(self) -> IntArray:
        """Its vertex ids, int32 (k,): in walking order when the loop is simple, ascending otherwise."""
        return ring(self.edges) if self.is_simple else np.unique(self.edges)


def boundary_loops(vertices: FloatArray, table: EdgeTable, part_areas: Mapping[int, float]) -> tuple[Loop, ...]:
    """All borders, longest first; connected border edges are one loop even where it pinches itself.

    Args:
        vertices: float32 (n, 3), mm.
        table: the edges of the welded surface.
        part_areas: area in mm² of each connected part, by its label.
    """
    if not len(table.boundary):
        return ()
    edges, starts = _grouped(table.boundary)
    here, there = (vertices[edges[:, k]].astype(np.float64) for k in (0, 1))
    lengths = np.sqrt(((there - here) ** 2).sum(axis=1))
    perimeters = np.add.reduceat(lengths, starts)
    centres = _centres(here, there, lengths, starts)
    parts = table.vertex_labels[edges[starts, 0]]
    closed, simple = _shapes(edges, starts)
    rims = _rims(parts, perimeters, closed, part_areas)
    columns = [
        perimeters.tolist(),
        map(tuple, _extents(here, starts, there).tolist()),
        _across(here, there, starts).tolist(),
        map(tuple, centres.tolist()),
        _cap_areas(here, there, centres, starts).tolist(),
        parts.tolist(),
        closed.tolist(),
        simple.tolist(),
        rims.tolist(),
    ]
    loops = [
        Loop(part, *row) for part, row in zip(np.split(edges, starts[1:]), zip(*columns, strict=True), strict=True)
    ]
    return tuple(sorted(loops, key=lambda loop: -loop.perimeter_mm))


def ring(edges: IntArray) -> IntArray:
    """The vertices of one simple closed loop in the order of its edges, int32 (k,).

    It starts at the lowest id and goes the way most edges point; the edges of flipped faces may point against it.
    """
    neighbours: dict[int, list[int]] = {}
    pairs = [(a, b) for a, b in edges.tolist()]
    for a, b in pairs:
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    start = min(neighbours)
    order = [start, neighbours[start][0]]
    while len(order) < len(neighbours):
        one, other = neighbours[order[-1]]
        order.append(other if one == order[-2] else one)
    agreeing = len(set(pairs).intersection(zip(order, order[1:] + order[:1], strict=True)))
    if 2 * agreeing < len(order):
        order[1:] = order[:0:-1]
    return np.array(order, np.int32)


def _grouped(boundary: IntArray) -> tuple[IntArray, NDArray[np.intp]]:
    """The border edges with connected ones together, and where each group starts."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ids, local = np.unique(boundary, return_inverse=True)
    first, second = local.reshape(-1, 2).T
    links = coo_array((np.ones(len(first), np.int8), (first, second)), shape=(len(ids), len(ids)))
    _, labels = connected_components(links, directed=False)
    group = labels[first]
    order = np.argsort(group, kind="stable")
    starts = np.concatenate([[0], np.flatnonzero(np.diff(group[order])) + 1])
    return boundary[order], starts


def _shapes(edges: IntArray, starts: NDArray[np.intp]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """For each group whether it is closed, and whether it is simple."""
    ids, local = np.unique(edges, return_inverse=True)
    degrees = np.bincount(local.ravel(), minlength=len(ids))[local].reshape(-1, 2)
    closed = np.logical_and.reduceat((degrees % 2 == 0).all(axis=1), starts)
    simple = np.logical_and.reduceat((degrees == 2).all(axis=1), starts)
    return closed, simple


def _centres(here: _Points, there: _Points, lengths: NDArray[np.float64], starts: NDArray[np.intp]) -> _Points:
    """The length-weighted mean edge midpoint of each group; the plain mean where all its edges have no length."""
    weights = np.where(np.add.reduceat(lengths, starts)[_group_ids(starts, len(here))] > 0, lengths, 1.0)
    sums = np.add.reduceat((here + there) / 2 * weights[:, None], starts)
    return np.asarray(sums / np.add.reduceat(weights, starts)[:, None])


def _extents(here: _Points, starts: NDArray[np.intp], there: _Points) -> _Points:
    """The size of each group along every column."""
    high = np.maximum.reduceat(np.maximum(here, there), starts)
    return np.asarray(high - np.minimum.reduceat(np.minimum(here, there), starts))


def _across(here: _Points, there: _Points, starts: NDArray[np.intp]) -> NDArray[np.float64]:
    """The largest extent of each group among 256 directions."""
    widest = np.zeros(len(starts))
    for direction in _half_sphere(256):
        np.maximum(widest, _extents(here @ direction, starts, there @ direction), out=widest)
    return widest


def _half_sphere(count: int) -> _Points:
    """Directions spread evenly over the upper half of a sphere (a Fibonacci spiral), float64 (count, 3)."""
    k = np.arange(count)
    z = (k + 0.5) / count
    turn = k * np.pi * (3 - np.sqrt(5))
    radius = np.sqrt(1 - z * z)
    return np.stack([radius * np.cos(turn), radius * np.sin(turn), z], axis=1)


def _cap_areas(here: _Points, there: _Points, centres: _Points, starts: NDArray[np.intp]) -> NDArray[np.float64]:
    """Half the length of each group's summed cross products from its centre."""
    centre = centres[_group_ids(starts, len(here))]
    sums = np.add.reduceat(np.cross(here - centre, there - centre), starts)
    return np.asarray(np.sqrt((sums**2).sum(axis=1)) / 2)


def _group_ids(starts: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    return np.repeat(np.arange(len(starts)), np.diff(starts, append=count))


def _rims(
    parts: IntArray, perimeters: NDArray[np.float64], closed: NDArray[np.bool_], part_areas: Mapping[int, float]
) -> NDArray[np.bool_]:
    """The longest closed loop of each part is its rim where it is long for that part's area."""
    rims = np.zeros(len(parts), bool)
    order = np.lexsort((-perimeters, parts))
    order = order[closed[order]]
    _, first = np.unique(parts[order], return_index=True)
    longest = order[first]
    areas = np.array([part_areas[part] for part in parts[longest].tolist()])
    rims[longest] = perimeters[longest] ** 2 >= RIM_RATIO * areas
    return rims
