"""Pairs of faces whose boxes overlap: a sweep along one axis inside the cells of a grid over the other two."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from attrs import define
from numpy.typing import NDArray

from casepan.errors import LimitExceeded
from casepan.mesh.surface import FloatArray, IntArray

_LARGE = 4  # faces more than this many cells long go to a coarser grid
_MOST_ROWS = 1 << 22
_TICKS = 1 << 23
_BLOCK = 1 << 16  # entries swept together: what belongs to them stays in the processor's cache
MOST_PAIRS = 1 << 28  # beyond this the faces are a heap, not a surface

Ids = NDArray[np.intp]
Pairs = tuple[Ids, Ids]


@define(frozen=True)
class _Grid:
    """Cells over two axes of the boxes; a row is one cell with everything above it along the third axis.

    Attributes:
        low: float32 (3, m), lower box corners from the grid's origin, the sweep axis first.
        high: float32 (3, m), upper box corners.
        scale: cells per mm.
        columns: number of cells along the last axis.
        ticks: steps per mm along the sweep axis; positions on it are whole ticks.
    """

    low: FloatArray
    high: FloatArray
    scale: np.float32
    columns: int
    ticks: np.float32

    def cells(self, places: FloatArray) -> IntArray:
        """The cell numbers of places along an axis."""
        return (places * self.scale).astype(np.int32)

    def rows(self, across: FloatArray, along: FloatArray) -> IntArray:
        """The rows of points with these second and third coordinates."""
        return self.cells(across) * np.int32(self.columns) + self.cells(along)

    def steps(self, places: FloatArray) -> IntArray:
        """The ticks of places on the sweep axis."""
        return (places * self.ticks).astype(np.int32)


@define(frozen=True)
class _Entries:
    """Faces in every row they cover, sorted by row and within it by where they start on the sweep axis.

    Attributes:
        faces: int32 (n + 1,), face ids; the last entry of all three is a stop mark.
        rows: int32 (n + 1,), ascending, then -1.
        starts: int32 (n + 1,), ticks.
    """

    faces: IntArray
    rows: IntArray
    starts: IntArray

    def __len__(self) -> int:
        return len(self.faces) - 1


def overlapping_pairs(places: FloatArray) -> Iterator[Pairs]:
    """Blocks of pairs of faces whose bounding boxes touch or overlap; each pair comes once, in no special order.

    Faces live in the finest grid in which they are at most four cells long. In each grid the faces that live there meet
    one another and all smaller faces, so a few huge faces cost no more than the rows they cross.

    Args:
        places: float32 (3, 3, m): corner, axis, face; finite.

    Raises:
        LimitExceeded: more than 268 million pairs.
    """
    if not places.shape[2]:
        return
    seen = 0
    for pairs in _every_pair(places):
        seen += len(pairs[0])
        if seen > MOST_PAIRS:
            raise too_many()
        yield pairs


def too_many() -> LimitExceeded:
    """The faces of this surface overlap too often."""
    return LimitExceeded("the faces overlap far too often for a surface", hint="Is this file a scan?")


def _every_pair(places: FloatArray) -> Iterator[Pairs]:
    low, high = places.min(axis=0), places.max(axis=0)
    origin, extent = low.min(axis=1), high.max(axis=1) - low.min(axis=1)
    axes = np.argsort(-extent, kind="stable")
    low, high = (points[axes] - origin[axes, None] for points in (low, high))
    size = (high - low).max(axis=0)
    cell = _finest_cell(size, extent[axes])
    levels = np.ceil(np.log(np.maximum(size / (_LARGE * cell), 1)) / np.log(_LARGE)).astype(np.int8)
    ticks = np.float32(_TICKS / max(float(extent[axes[0]]), 1e-30))
    for level in np.unique(levels).tolist():
        scale = np.float32(1 / (cell * float(_LARGE) ** level))
        grid = _Grid(low, high, scale, int(extent[axes[2]] * scale) + 1, ticks)
        yield from _grid_pairs(grid, np.flatnonzero(levels == level), np.flatnonzero(levels < level))


def _finest_cell(size: FloatArray, extent: FloatArray) -> float:
    """The median box's size, more where that would give too many rows."""
    least = float(np.sqrt(float(extent[1]) * float(extent[2]) / _MOST_ROWS))
    return max(float(np.median(size)), least, float(extent[0]) / _MOST_ROWS, 1e-30)


def _grid_pairs(grid: _Grid, residents: NDArray[np.intp], smaller: NDArray[np.intp]) -> Iterator[Pairs]:
    """Pairs in which at least one face lives in this grid."""
    own = _entries(grid, *_covered(grid, residents))
    yield from _sweep(grid, own, own, np.arange(1, len(own) + 1, dtype=np.int32))
    if not len(smaller):
        return
    faces, rows = _covered(grid, smaller)
    met = np.isin(rows, own.rows)
    guests = _entries(grid, faces[met], rows[met])
    yield from _sweep(grid, own, guests, _next_start(own, guests, "left"))
    yield from _sweep(grid, guests, own, _next_start(guests, own, "right"))


def _covered(grid: _Grid, faces: NDArray[np.intp]) -> tuple[IntArray, IntArray]:
    """Every face with every row it covers."""
    low, high = grid.low[1:, faces], grid.high[1:, faces]
    first = grid.rows(*low)
    across, along = grid.cells(high) - grid.cells(low)
    ids, rows = [], []
    for i in range(int(across.max()) + 1):
        for j in range(int(along.max()) + 1):
            reached = np.flatnonzero((across >= i) & (along >= j))
            ids.append(faces[reached].astype(np.int32))
            rows.append(first[reached] + np.int32(i * grid.columns + j))
    return np.concatenate(ids), np.concatenate(rows)


def _entries(grid: _Grid, faces: IntArray, rows: IntArray) -> _Entries:
    """The entries in order: a counting sort by row, then a sort within each row."""
    from scipy.sparse import coo_array

    size = (int(rows.max(initial=0)) + 1, _TICKS + 2)
    table = coo_array((faces, (rows, grid.steps(grid.low[0].take(faces)))), shape=size)
    table.has_canonical_format = True  # keeps scipy from adding up the faces that start together
    table = table.tocsr()
    table.sort_indices()
    owners = np.repeat(np.arange(size[0], dtype=np.int32), np.diff(table.indptr))
    columns = (table.data, owners, table.indices)
    return _Entries(*(np.append(column, np.int32(stop)) for column, stop in zip(columns, (0, -1, 0), strict=True)))


def _next_start(entries: _Entries, among: _Entries, side: Literal["left", "right"]) -> IntArray:
    """For each entry the first of the others that starts in the same row at its tick (left) or after it (right)."""
    places, keys = (rows.astype(np.int64) * (_TICKS + 2) + starts for rows, starts in _sorted_keys(among, entries))
    return np.searchsorted(places, keys, side=side).astype(np.int32)


def _sorted_keys(*lists: _Entries) -> Iterator[tuple[IntArray, IntArray]]:
    return ((entries.rows[:-1], entries.starts[:-1]) for entries in lists)


def _sweep(grid: _Grid, entries: _Entries, among: _Entries, start: IntArray) -> Iterator[Pairs]:
    """Blocks of pairs of an entry with those of the others that start in its row before it ends."""
    for begin in range(0, len(entries), _BLOCK):
        part = slice(begin, min(begin + _BLOCK, len(entries)))
        faces, rows = entries.faces[part], entries.rows[part]
        ends = grid.steps(grid.high[0].take(faces))
        alive, place = np.arange(len(faces)), start[part]
        found, count = [], 0
        while len(alive):
            met = (among.rows.take(place) == rows.take(alive)) & (among.starts.take(place) <= ends.take(alive))
            kept = np.flatnonzero(met)
            alive, place = alive.take(kept), place.take(kept)
            found.append((alive, place))
            count += len(kept)
            if count > _BLOCK or not len(alive):
                one, other = (np.concatenate(side) for side in zip(*found, strict=True))
                yield _touching(
                    grid, rows.take(one), faces.take(one).astype(np.intp), among.faces.take(other).astype(np.intp)
                )
                found, count = [], 0
            place = place + 1


def _touching(grid: _Grid, rows: IntArray, first: Ids, second: Ids) -> Pairs:
    """The pairs whose boxes meet, each only in the row that holds the lower corner of what they share."""
    for axis in (1, 2, 0):
        low, high = grid.low[axis], grid.high[axis]
        meet = low.take(first) <= high.take(second)
        meet &= low.take(second) <= high.take(first)
        kept = np.flatnonzero(meet)
        rows, first, second = rows.take(kept), first.take(kept), second.take(kept)
    corner = (np.maximum(low.take(first), low.take(second)) for low in grid.low[1:])
    home = np.flatnonzero(grid.rows(*corner) == rows)
    return first.take(home), second.take(home)
