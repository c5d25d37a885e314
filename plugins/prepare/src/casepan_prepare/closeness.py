"""Is a simplified surface within a tolerance of its scan? Measured on the result, both ways.

Asked is at points no farther apart than a step: all corners, and more on larger faces. A point is near enough when one face
is found within the tolerance, whichever; only where none of the faces round the nearest corners is, every face counts. So
the distances are upper bounds. What a later round left as it was need not be measured once more.
"""

from __future__ import annotations

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from casepan.mesh import Mesh, kernels
from casepan.mesh.nearest import nearest_faces, to_faces
from casepan.mesh.weld import weld_points

Points = NDArray[np.float32]
Floats = NDArray[np.float64]
Ids = NDArray[np.intp]

_CORNERS = ([1], [2, 3, 4], [5, 6, 7, 8], [*range(9, 17)])
"""The nearest corners whose faces are tried, in turns: four of five points are done with the first."""
_BLOCK = 1 << 14  # points worked on together: what belongs to them stays in the processor's cache
_EXACT = 1 << 24  # whole numbers below are the same in float32


@define(frozen=True, eq=False)
class Closeness:
    """Upper bounds of the distance between a scan and a simplified surface, infinite beyond the tolerance.

    Attributes:
        made: the simplified surface.
        gaps: float64 (k,), from the points asked on the scan to the simplified surface, mm.
        owners: intp (k,), the face that is so near, -1 for none.
        worst: float64 (m,), the largest distance from each face of the simplified surface to the scan, mm.
        far: float32 (j, 3), points of either surface beyond the tolerance.
    """

    made: Mesh = field(repr=False)
    gaps: Floats = field(repr=False)
    owners: Ids = field(repr=False)
    worst: Floats = field(repr=False)
    far: Points = field(repr=False)

    @property
    def farthest_mm(self) -> float:
        """Nowhere are the two surfaces farther apart; infinite where they are beyond the tolerance."""
        return float(max(self.gaps.max(initial=0.0), self.worst.max(initial=0.0)))


@define(frozen=True, eq=False)
class Measure:
    """A scan to which simplified surfaces are measured.

    Attributes:
        scan: a welded surface.
        step_mm: points asked are no farther apart on a face.
        tolerance_mm: how far is looked.
        asked: float32 (k, 3), the points asked on the scan.
    """

    scan: Mesh = field(repr=False)
    step_mm: float
    tolerance_mm: float
    asked: Points = field(repr=False)

    @classmethod
    def of(cls, scan: Mesh, step_mm: float, tolerance_mm: float) -> Measure:
        """The measure of a welded scan."""
        return cls(scan, step_mm, tolerance_mm, spread(scan, np.arange(len(scan.faces)), step_mm)[0])

    def closeness(self, made: Mesh, before: Closeness | None = None) -> Closeness:
        """How near a surface is, if need be with what an earlier round found out about the faces both have."""
        old = _same_faces(before.made, made) if before else np.full(len(made.faces), -1)
        gaps, owners = self._from_scan(made, before, old)
        worst, far = self._to_scan(made, before, old)
        return Closeness(made, gaps, owners, worst, np.concatenate([self.asked[owners < 0], far]))

    def _from_scan(self, made: Mesh, before: Closeness | None, old: Ids) -> tuple[Floats, Ids]:
        """``gaps`` and ``owners``. A face that is still there is still as near."""
        gaps, owners = np.full(len(self.asked), np.inf), np.full(len(self.asked), -1)
        if before is not None:
            place = np.full(len(before.worst) + 1, -1)  # the last for no face
            place[old[old >= 0]] = np.flatnonzero(old >= 0)
            owners = place[before.owners]
            gaps[owners >= 0] = before.gaps[owners >= 0]
        left = np.flatnonzero(owners < 0)
        gaps[left], owners[left] = bounds(made, self.asked[left], self.tolerance_mm)
        return gaps, owners

    def _to_scan(self, made: Mesh, before: Closeness | None, old: Ids) -> tuple[Floats, Points]:
        """``worst``, and the points of the simplified surface that are too far away."""
        worst = np.full(len(made.faces), np.inf)
        if before is not None:
            worst[old >= 0] = before.worst[old[old >= 0]]
        faces = np.flatnonzero(np.isinf(worst))
        points, rows, places = spread(made, faces, self.step_mm)
        gaps = bounds(self.scan, points, self.tolerance_mm)[0]
        worst[faces] = 0.0
        np.maximum.at(worst, faces[rows], gaps[places])
        return worst, points[np.isinf(gaps)]


def bounds(target: Mesh, points: Points, tolerance_mm: float) -> tuple[Floats, Ids]:
    """Upper bounds of the distance of points to a welded surface, and the face each is so near to.

    Args:
        target: the surface.
        points: float32 (k, 3).
        tolerance_mm: where no face is within it the bound is infinite and the face -1.
    """
    squares, faces = np.full(len(points), np.inf), np.full(len(points), -1)
    left = np.arange(len(points))
    if not kernels.compiled() and len(points):  # they are as fast with every face
        left = _by_corners(target, points, tolerance_mm**2, squares, faces)
    found = nearest_faces(target.vertices, target.faces, points[left], tolerance_mm)
    squares[left], faces[left] = found.squares, found.faces
    return np.sqrt(squares), faces


def _by_corners(target: Mesh, points: Points, limit: float, squares: Floats, faces: Ids) -> Ids:
    """Try the faces round the nearest corners, note what is within the limit; returns the points left over."""
    from scipy.spatial import cKDTree

    around = np.argsort(target.faces, axis=None, kind="stable") // 3
    starts = np.concatenate([[0], np.cumsum(np.bincount(target.faces.ravel(), minlength=len(target.vertices)))])
    tree = cKDTree(target.vertices, balanced_tree=False, compact_nodes=False)
    left = np.arange(len(points))
    for nearest in _CORNERS if len(target.vertices) >= _CORNERS[-1][-1] else ():
        corners = tree.query(points[left], k=nearest, workers=-1)[1]
        for column in corners.T:
            _try_faces(target, points, (left, starts[column], starts[column + 1], around), limit, squares, faces)
        left = left[faces[left] < 0]
    return left


def _try_faces(
    target: Mesh, points: Points, round_: tuple[Ids, Ids, Ids, Ids], limit: float, squares: Floats, faces: Ids
) -> None:
    """Measure points to the faces round one corner each, one face after the other, until one is within the limit.

    Args:
        round_: the points, where the faces of each one's corner begin and end, and the faces these are places of.
    """
    rows, begin, end, around = round_
    while True:
        left = np.flatnonzero((faces[rows] < 0) & (begin < end))
        if not len(left):
            return
        rows, begin, end = rows[left], begin[left], end[left]
        for at in range(0, len(rows), _BLOCK):
            part = slice(at, at + _BLOCK)
            tried = around[begin[part]]
            found = to_faces(target.vertices, target.faces[tried], points[rows[part]].astype(np.float64))[0]
            good = np.flatnonzero(found <= limit)
            squares[rows[part][good]], faces[rows[part][good]] = found[good], tried[good]
        begin = begin + 1


def spread(mesh: Mesh, faces: Ids, step_mm: float) -> tuple[Points, Ids, Ids]:
    """Points spread over some faces: their corners, and middles of edges until no edge is longer than a step.

    Returns:
        The points, float32 (k, 3), each once; and which of the faces (a row of them) has which of the points.
    """
    corners = mesh.faces[faces]
    points, rows = [mesh.vertices[corners.ravel()]], [np.repeat(np.arange(len(faces)), 3)]
    left, row = mesh.vertices[corners], np.arange(len(faces))
    while True:
        sides = np.stack([_squares(left[:, k] - left[:, (k + 1) % 3]) for k in range(3)])
        long = np.flatnonzero(sides.max(axis=0) > step_mm**2)
        if not len(long):
            break
        first, row = sides[:, long].argmax(axis=0), row[long]
        a, b, c = (left[long, (first + k) % 3] for k in range(3))
        middle = (a + b) / 2
        points.append(middle)
        rows.append(row)
        left = np.concatenate([np.stack([a, middle, c], axis=1), np.stack([middle, b, c], axis=1)])
        row = np.concatenate([row, row])
    places, inverse = weld_points(np.concatenate(points))
    return places, np.concatenate(rows), inverse.astype(np.intp)


def _squares(edges: Points) -> Points:
    return np.asarray(np.einsum("ij,ij->i", edges, edges), np.float32)


def _same_faces(old: Mesh, new: Mesh) -> Ids:
    """For each face of a surface the face of an older one with the same three corners, -1 where there is none."""
    found = np.full(len(new.faces), -1)
    if len(old.vertices) + len(new.vertices) >= _EXACT:
        return found
    ids = weld_points(np.concatenate([old.vertices, new.vertices]))[1]
    faces = ids[np.concatenate([old.faces, new.faces + len(old.vertices)])]
    turn = (faces.argmin(axis=1)[:, None] + np.arange(3)) % 3
    # Three numbers are a row like three coordinates, and equal rows are found as equal points are.
    rows = weld_points(np.take_along_axis(faces, turn, axis=1).astype(np.float32))[1]
    place = np.full(int(rows.max(initial=-1)) + 1, -1)
    place[rows[: len(old.faces)]] = np.arange(len(old.faces))
    return np.asarray(place[rows[len(old.faces) :]])
