"""Scans made light enough for a page: fewer faces, and a bound on what that changed.

Vertices are merged in the cubes of an octree where the surface in them is flat and of one colour, and these cubes in
larger ones as far as that goes; border vertices are never merged. A merged cube is stood for by one of its own vertices,
so colours and heat values stay those that were measured. Every vertex left out is then measured to the faces round the
one that stands for it; where one lies farther away than the tolerance, its cube is divided again.
"""

from __future__ import annotations

import numpy as np
from attrs import define, evolve
from numpy.typing import NDArray

from casepan_report.viewer.far import distances_to_rings
from casepan_report.viewer.octree import LEVELS, SINGLE, Bools, Floats, Ids, Octree, Places, with_three_corners

_CAUTION = 0.5  # a cube is first tried where it is this share of the tolerance from flat: measured, fewest rounds
_ROUNDS = 12  # more are never needed: each divides every cube that failed, and there are four sizes
_SPREAD = 24.0  # steps of 255 that colours in a merged cube may be apart


@define(frozen=True, eq=False)
class Lighter:
    """A scan with fewer faces.

    Attributes:
        kept: intp (k,), ids of the vertices that are left, along a Morton curve.
        faces: int32 (m, 3), their corners as places in ``kept``.
        error_mm: no vertex of the scan lies farther than this from the faces.
    """

    kept: Places
    faces: Ids
    error_mm: float


@define(frozen=True, eq=False)
class Draft:
    """A scan whose vertices have been given stand-ins.

    Attributes:
        tree: the scan.
        tolerance_mm: infinite where every largest cube is one vertex.
        stands: int32 (n,), for each place the place that stands for it.
        levels: int8 (n,), the size of the merged cube each place is in.
    """

    tree: Octree
    tolerance_mm: float
    stands: Ids
    levels: NDArray[np.int8]

    @classmethod
    def of(cls, tree: Octree, tolerance_mm: float) -> Draft:
        """The first try: every flat cube merged."""
        count = len(tree.points)
        stands, levels = np.arange(count, dtype=np.int32), np.full(count, SINGLE, np.int8)
        free = np.arange(count) if np.isinf(tolerance_mm) else np.flatnonzero(~tree.border)
        blank = cls(tree, tolerance_mm, stands, levels)
        return blank._divided(free, LEVELS - 1)

    @property
    def size(self) -> int:
        """How many vertices would be left."""
        return int((self.stands == np.arange(len(self.stands))).sum())

    def without(self, failed: Places) -> Draft:
        """The same with the cubes of these places divided."""
        hit = np.zeros(len(self.stands), bool)
        hit[self.stands[failed]] = True
        again = np.flatnonzero(hit[self.stands])
        draft = self
        for level in range(1, LEVELS):
            draft = draft._divided(again[self.levels[again] == level], level - 1)
        return draft._divided(again[self.levels[again] == 0], SINGLE)

    def _divided(self, places: Places, top: int) -> Draft:
        """These places merged in cubes of at most one level; a cube only where all of its eighths could be merged."""
        stands, levels = self.stands.copy(), self.levels.copy()
        stands[places], levels[places] = places, SINGLE
        for level in range(top + 1):
            left = places[_whole(self.tree.codes[places], level, levels[places] == level - 1)]
            if not len(left):
                break
            starts, cube = _stretches(self.tree.codes[left] >> np.uint64(3 * level))
            good, nearest = self.tree.merged(left, starts, _CAUTION * self.tolerance_mm, _SPREAD)
            inside = good[cube]
            stands[left[inside]], levels[left[inside]] = nearest[cube[inside]], level
        return evolve(self, stands=stands, levels=levels)

    def finished(self, points: Floats) -> Lighter:
        """The lighter scan, its cubes divided until all vertices are within the tolerance.

        Args:
            points: float32 (n, 3), the vertices as the page will have them, along the curve.
        """
        draft, far = self, self._measured(points)
        for _ in range(_ROUNDS):
            failed = draft._failed(far)
            if not len(failed):
                break
            before, draft = draft, draft.without(failed)
            far = draft._measured(points, far, before._changed(draft))
        return draft._compact(float(far.max(initial=0.0)))

    def _failed(self, far: Floats) -> Places:
        """The places to divide: those farther away than the tolerance, or round one of these that is single already."""
        failed = far > self.tolerance_mm
        alone = failed & (self.levels == SINGLE)
        faces = np.logical_or.reduce([alone.take(column) for column in self.tree.faces.T])
        failed[self.tree.faces[faces]] = True
        return np.flatnonzero(failed & (self.levels > SINGLE))

    def _faces(self) -> Ids:
        return with_three_corners(self.stands.take(self.tree.faces))

    def _changed(self, other: Draft) -> Bools:
        """The places whose stand-in, or a face round it, is another one in the other draft."""
        moved = self.stands != other.stands
        touched = np.zeros(len(moved), bool)
        faces = np.logical_or.reduce([moved.take(column) for column in self.tree.faces.T])
        touched[other.stands.take(self.tree.faces[faces])] = True
        return np.asarray(touched[other.stands] | moved, bool)

    def _measured(self, points: Floats, known: Floats | None = None, again: Bools | None = None) -> Floats:
        """How far each vertex lies from the faces round its stand-in, infinite where all of these have vanished."""
        far = np.zeros(len(points), np.float32) if known is None else known.copy()
        asked = np.flatnonzero(self.tree.used if again is None else self.tree.used & again)
        own = self.tree.points[asked]
        far[asked] = np.sqrt(np.einsum("ij,ij->i", points[asked] - own, points[asked] - own))
        faces = self._faces()
        gone = np.ones(len(points), bool)
        gone[faces.ravel()] = False
        measured = (self.stands[asked] != asked) | gone[asked]
        far[asked[measured]] = distances_to_rings(own[measured], self.stands[asked[measured]], points, faces)
        return far

    def _compact(self, error_mm: float) -> Lighter:
        """Only what faces use."""
        faces, used = self._faces(), np.zeros(len(self.stands), bool)
        used[faces.ravel()] = True
        places = np.cumsum(used, dtype=np.int32) - np.int32(1)
        return Lighter(self.tree.order[used], places.take(faces), error_mm)


def _stretches(codes: NDArray[np.uint64]) -> tuple[Places, Places]:
    """Where equal codes begin, and the number of the stretch that each of them is in."""
    first = np.append(True, codes[1:] != codes[:-1])
    return np.flatnonzero(first), np.cumsum(first) - 1


def _whole(codes: NDArray[np.uint64], level: int, merged: Bools) -> Bools:
    """Which places lie in a cube of this level all of whose places are merged in the next smaller ones."""
    if not len(codes):
        return merged
    starts, cube = _stretches(codes >> np.uint64(3 * level))
    return np.asarray(np.logical_and.reduceat(merged, starts)[cube], bool)
