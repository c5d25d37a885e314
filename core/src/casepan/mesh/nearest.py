"""The nearest face to each of many points: complete, whatever the sizes of the faces."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import define
from numpy.typing import NDArray

from casepan.mesh import kernels
from casepan.mesh.boxtree import BoxTree
from casepan.mesh.surface import FloatArray, IntArray

Floats = NDArray[np.float64]
Ids = NDArray[np.intp]

_LARGE = 4.0  # faces this many times longer than the median are looked for by their boxes, not by their corners
_FIRST = 4  # corners asked for at first; points that these do not settle are asked about again
_BLOCK = 1 << 14  # points worked on together: what belongs to them stays in the processor's cache
_FLAT = 1e-20  # squared sine below which a face is no more than its edges: float64 knows no normal of it


@define(frozen=True, eq=False)
class Nearest:
    """The nearest face of each point.

    Attributes:
        squares: float64 (k,), squared distance in mm², infinite where no face is within the limit.
        faces: int32 (k,), the face, -1 where there is none. Of equally near faces (those that share the nearest edge or
            corner) the one that the point stands highest over, which has the right side; then the first.
        heights: float64 (k,), the height over the face's plane in mm, negative behind it.
    """

    squares: Floats
    faces: IntArray
    heights: Floats


def nearest_faces(vertices: FloatArray, faces: IntArray, points: FloatArray, limit_mm: float) -> Nearest:
    """The nearest face to each point, no face left out of account.

    Args:
        vertices: float32 (n, 3), finite.
        faces: int32 (m, 3).
        points: float32 (k, 3), finite.
        limit_mm: how far to look.
    """
    near = np.flatnonzero(_faces_near(vertices, faces, points, limit_mm)).astype(np.int32)
    if kernels.compiled():
        squares, found, heights = kernels.nearest_faces(vertices, faces.take(near, axis=0), points, limit_mm)
    else:
        search = _Search.of(vertices, faces.take(near, axis=0), points, limit_mm)
        search.by_corners()
        search.by_boxes()
        squares, found, heights = search.squares, search.found, search.heights
    hit = found >= 0
    owners = np.where(hit, near.take(found, mode="clip"), np.int32(-1)) if len(near) else found
    return Nearest(np.where(hit, squares, np.inf), owners, heights)


def _faces_near(vertices: FloatArray, faces: IntArray, points: FloatArray, reach: float) -> NDArray[np.bool_]:
    """The faces whose box meets that of all points, grown by a reach."""
    near = np.full(len(faces), len(points) > 0)
    for axis in range(3 if len(points) else 0):
        low, high = float(points[:, axis].min()), float(points[:, axis].max())
        hair = 1e-6 * (reach + max(abs(low), abs(high)))
        low, high = low - reach - hair, high + reach + hair
        beyond, before = vertices[:, axis] > high, vertices[:, axis] < low
        for side in (beyond, before):
            if side.any():
                near &= ~side.take(faces).all(axis=1)
    return near


@define(frozen=True, eq=False)
class _Search:
    """A search under way; the last four arrays are overwritten as nearer faces are found.

    ``reach`` is l² / 3 of each face with longest edge l, float64 (m,); more than ``usual`` is a large face.
    """

    vertices: FloatArray
    faces: IntArray
    reach: Floats
    usual: float
    points: Floats
    limit: float
    squares: Floats
    found: IntArray
    heights: Floats
    ranks: Floats

    @classmethod
    def of(cls, vertices: FloatArray, faces: IntArray, points: FloatArray, limit: float) -> _Search:
        count = len(points)
        farthest, nothing = np.full(count, float(limit) ** 2), np.full(count, -1, np.int32)
        heights, ranks = np.zeros(count), np.full(count, np.inf)
        reach = _longest_edges(vertices, faces) ** 2 / 3
        usual = _LARGE**2 * float(np.median(reach)) if len(reach) else 0.0
        return cls(vertices, faces, reach, usual, points.astype(np.float64), limit, farthest, nothing, heights, ranks)

    def by_corners(self) -> None:
        """Look among the faces of usual size, from their corners.

        No place of a face with longest edge l is farther than l / sqrt(3) from a corner, nor half an edge's length from
        one of its ends; and the way from a point to the nearest place of a face stands upright on the face or the edge
        there. So a face at distance d has a corner within sqrt(d² + l² / 3), and a corner at distance c has no face
        nearer than sqrt(c² - l² / 3). The tree holds the corners in this order: a fourth coordinate adds the constant
        less l² / 3 to their squared distance.
        """
        from scipy.spatial import cKDTree

        small = np.flatnonzero(self.reach <= self.usual)
        if not len(small) or not len(self.points):
            return
        corners = _Corners.of(self.faces, small, self.reach, len(self.vertices))
        most = float(self.reach[small].max())
        lifted = np.column_stack([self.vertices[corners.ids].astype(np.float64), np.sqrt(most - corners.reach)])
        tree = cKDTree(lifted, balanced_tree=False, compact_nodes=False)
        asked, count = np.arange(len(self.points)), _FIRST
        while len(asked):
            step = max(1, _BLOCK * _FIRST // count)
            rest = [self._ask(tree, corners, most, asked[at : at + step], count) for at in range(0, len(asked), step)]
            asked = np.concatenate(rest)
            asked = asked if count < len(corners.ids) else asked[:0]
            count = min(4 * count, len(corners.ids))

    def _ask(self, tree: Any, corners: _Corners, most: float, asked: Ids, count: int) -> Ids:
        """Try the faces of the first corners of some points; returns the points that need more corners."""
        bound = float(np.sqrt(self.limit**2 + most) * (1 + 1e-9))
        places = np.column_stack([self.points[asked], np.zeros(len(asked))])
        ways, corner = tree.query(places, k=list(range(1, count + 1)), distance_upper_bound=bound, workers=-1)
        least = ways**2 - most  # the squared distance that no face of this corner falls short of
        for rank in range(count):
            near = np.flatnonzero(least[:, rank] <= self._allowed(asked, most))
            rows, faces = corners.faces_at(corner[near, rank])
            self.try_faces(asked[near[rows]], faces)
        return asked[np.flatnonzero(least[:, -1] <= self._allowed(asked, most))]

    def _allowed(self, asked: Ids, most: float) -> Floats:
        """What a lower bound may be at most to be worth a look; a hair more, as all numbers here are rounded."""
        best = self.squares[asked]
        return np.asarray(best + 1e-9 * (best + most))

    def by_boxes(self) -> None:
        """Look among the faces far larger than usual, by their boxes."""
        large = np.flatnonzero(self.reach > self.usual)
        if not len(large):
            return
        tree = BoxTree.of(self.vertices, self.faces[large])
        for rows, faces in tree.near(self.points, self.squares):
            self.try_faces(rows, large[faces])

    def try_faces(self, rows: Ids, faces: Ids) -> None:
        """Measure pairs of a point and a face, the points ascending, and keep what is nearer than before."""
        if not len(rows):
            return
        squares, heights = to_faces(self.vertices, self.faces[faces], self.points[rows])
        # Faces that share the nearest edge or corner are equally far; the tiny share breaks these ties and cannot
        # change the face otherwise.
        ranks = squares - 1e-9 * heights**2
        chosen = _least(rows, ranks, faces)
        rows, faces, ranks = rows[chosen], faces[chosen], ranks[chosen]
        better = (ranks < self.ranks[rows]) | ((ranks == self.ranks[rows]) & (faces < self.found[rows]))
        better = np.flatnonzero(better & (squares[chosen] <= self.limit**2))
        rows, chosen = rows[better], chosen[better]
        self.found[rows], self.ranks[rows] = faces[better], ranks[better]
        self.squares[rows], self.heights[rows] = squares[chosen], heights[chosen]


def _least(rows: Ids, ranks: Floats, faces: Ids) -> Ids:
    """For each run of equal rows the place of its least rank; of equal ranks that of the lowest face."""
    first = np.flatnonzero(np.diff(rows, prepend=-1))
    sizes = np.diff(first, append=len(rows))
    tied = np.flatnonzero(ranks == np.repeat(np.minimum.reduceat(ranks, first), sizes))
    starts = np.flatnonzero(np.diff(rows[tied], prepend=-1))
    if len(starts) == len(tied):
        return tied
    lowest = np.minimum.reduceat(faces[tied], starts)
    kept = tied[np.flatnonzero(faces[tied] == np.repeat(lowest, np.diff(starts, append=len(tied))))]
    return kept.take(np.flatnonzero(np.diff(rows[kept], prepend=-1)))


@define(frozen=True, eq=False)
class _Corners:
    """Vertices with the faces round them.

    Attributes:
        ids: (c,), the vertices that have a face, ascending.
        reach: float64 (c,), l² / 3 of the longest of its faces.
        starts: intp (c + 1,); the faces of corner k are ``around[starts[k]:starts[k + 1]]``.
        around: int32, face ids.
    """

    ids: Ids
    reach: Floats
    starts: Ids
    around: IntArray

    @classmethod
    def of(cls, faces: IntArray, chosen: Ids, reach: Floats, count: int) -> _Corners:
        """The corners of some faces."""
        from scipy.sparse import coo_array

        rows = faces[chosen].ravel()
        table = coo_array((np.repeat(chosen.astype(np.int32), 3), (rows, np.zeros_like(rows))), shape=(count, 1))
        table.has_canonical_format = True  # keeps scipy from adding up the faces of one vertex
        table = table.tocsr()
        starts = table.indptr.astype(np.intp)
        ids = np.flatnonzero(np.diff(starts))
        starts = np.append(starts[ids], starts[-1])
        return cls(ids, np.maximum.reduceat(reach[table.data], starts[:-1]), starts, table.data)

    def faces_at(self, corners: Ids) -> tuple[Ids, Ids]:
        """Every pair of a row of corners and a face there, rows ascending."""
        counts = self.starts[corners + 1] - self.starts[corners]
        rows = np.repeat(np.arange(len(corners)), counts)
        first = np.cumsum(counts) - counts
        return rows, self.around[np.arange(len(rows)) - np.repeat(first - self.starts[corners], counts)].astype(np.intp)


def _longest_edges(vertices: FloatArray, faces: IntArray) -> Floats:
    """The longest edge of each face in mm, float64 (m,)."""
    corners = [vertices.take(faces[:, k], axis=0).astype(np.float64) for k in range(3)]
    squares = np.zeros(len(faces))
    for k in range(3):
        edge = corners[k] - corners[k - 1]
        np.maximum(squares, np.einsum("ij,ij->i", edge, edge), out=squares)
    return np.sqrt(squares)


def to_faces(vertices: FloatArray, faces: IntArray, points: Floats) -> tuple[Floats, Floats]:
    """Squared distance from each point (k, 3) to its face (k, 3), and the height over the face's plane, 0 without one."""
    p, corners = points.T, _corners(vertices, faces)
    inside, height = _over(p, corners)
    edges = [_to_edge(p, corners[k], corners[(k + 1) % 3])[0] for k in range(3)]
    return np.where(inside, height * height, np.minimum(np.minimum(edges[0], edges[1]), edges[2])), height


def nearest_edge(vertices: FloatArray, faces: IntArray, points: Floats) -> tuple[Ids, Floats]:
    """The edge of its face (k, 3) that each point (k, 3) is nearest to, and how far along it from 0 to 1.

    The edges are numbered by the corner they start at; -1 where the nearest place lies inside the face.
    """
    p, corners = points.T, _corners(vertices, faces)
    inside, _ = _over(p, corners)
    found = [_to_edge(p, corners[k], corners[(k + 1) % 3]) for k in range(3)]
    which = np.argmin([squares for squares, _ in found], axis=0)
    shares = np.choose(which, [shares for _, shares in found])
    return np.where(inside, -1, which), shares


def _corners(vertices: FloatArray, faces: IntArray) -> list[Floats]:
    """The three corners of each face, float64 (3, k)."""
    return [vertices.take(faces[:, k], axis=0).astype(np.float64).T for k in range(3)]


def _over(p: Floats, corners: list[Floats]) -> tuple[NDArray[np.bool_], Floats]:
    """Whether each point is nearest to the inside of its face, and the height over the plane."""
    a, b, c = corners
    u, v, there = b - a, c - a, p - a
    normal = _cross(u, v)
    size = _dot(normal, normal)
    plane = size > _FLAT * _dot(u, u) * _dot(v, v)
    height = np.where(plane, _dot(there, normal) / np.sqrt(np.where(plane, size, 1)), 0)
    inside = plane & (_dot(_cross(u, there), normal) >= 0) & (_dot(_cross(c - b, p - b), normal) >= 0)
    return inside & (_dot(_cross(a - c, p - c), normal) >= 0), height


def _dot(p: Floats, q: Floats) -> Any:
    return p[0] * q[0] + p[1] * q[1] + p[2] * q[2]


def _cross(p: Floats, q: Floats) -> Floats:
    return np.stack([p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]])


def _to_edge(p: Floats, a: Floats, b: Floats) -> tuple[Any, Any]:
    """Squared distance from points to segments, and how far along these the nearest places lie, 0 to 1."""
    along, there = b - a, p - a
    share = np.clip(_dot(there, along) / np.maximum(_dot(along, along), 1e-300), 0, 1)
    rest = there - share * along
    return _dot(rest, rest), share
