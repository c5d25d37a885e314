"""How two scans in one frame lie to each other: gap, contact and penetration."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from casepan.mesh.area import face_areas, scaled_normals, unit
from casepan.mesh.finite import require_finite
from casepan.mesh.surface import FloatArray, IntArray, Mesh

_Floats = NDArray[np.float64]
_Ids = NDArray[np.intp]
_BLOCK = 1 << 16
_SAMPLE_MM = 1.0  # larger faces get extra sample points so that a point above their middle finds them
_MOST_SAMPLES = 1 << 20


@define(frozen=True, slots=False, eq=False)
class Gap:
    """Distances from the vertices of one scan to the surface of another, for those within the limit.

    Attributes:
        limit_mm: only vertices closer than this were looked at.
        vertices: ids of these vertices of the first scan, ascending.
        distance_mm: float64 (k,), distance to the nearest point of the other surface.
        side: int8 (k,): -1 where the vertex lies behind the nearest face, 1 in front; 1 as well where the nearest place
            is the other scan's border, past which an open shell has no inside.
        faces: int32 (k,), the nearest face of the other scan.
        areas_mm2: float64 (k,), the share of the first scan's area that each vertex stands for.
        points: float32 (k, 3), the vertices themselves.
    """

    limit_mm: float
    vertices: _Ids = field(repr=False)
    distance_mm: _Floats = field(repr=False)
    side: NDArray[np.int8] = field(repr=False)
    faces: IntArray = field(repr=False)
    areas_mm2: _Floats = field(repr=False)
    points: FloatArray = field(repr=False)

    @cached_property
    def signed_mm(self) -> _Floats:
        """The distances, negative behind the other surface. Meaningful near it only: see :meth:`penetration_mm`."""
        return self.distance_mm * self.side

    @property
    def min_mm(self) -> float | None:
        """The smallest distance, or None when nothing is within the limit."""
        return float(self.distance_mm.min()) if len(self.distance_mm) else None

    def percentile_mm(self, percent: float) -> float | None:
        """This percentile of the distances within the limit, or None when there are none."""
        return float(np.percentile(self.distance_mm, percent)) if len(self.distance_mm) else None

    def contact_area_mm2(self, within_mm: float = 0.1) -> float:
        """Area of the first scan in contact: within this gap of the other (0.1 mm: Beck 2023), or behind it."""
        touching = (self.distance_mm <= within_mm) | self._behind(self.limit_mm)
        return float(self.areas_mm2[touching].sum())

    def penetration_mm(self, band_mm: float = 1.0) -> float:
        """How deep the first scan reaches behind the other, looked for no deeper than the band; 0 when it does not.

        With open shells "behind" is only meaningful near the sheet, hence the band.
        """
        return float(self.distance_mm[self._behind(band_mm)].max(initial=0.0))

    def penetration_area_mm2(self, band_mm: float = 1.0) -> float:
        """Area of the first scan that lies behind the other, no deeper than the band."""
        return float(self.areas_mm2[self._behind(band_mm)].sum())

    def deepest(self, band_mm: float = 1.0) -> tuple[float, float, float] | None:
        """Where the first scan reaches deepest behind the other, or None."""
        behind = np.flatnonzero(self._behind(band_mm))
        if not len(behind):
            return None
        x, y, z = self.points[behind[self.distance_mm[behind].argmax()]].tolist()
        return x, y, z

    def _behind(self, band_mm: float) -> NDArray[np.bool_]:
        return (self.side < 0) & (self.distance_mm > 0) & (self.distance_mm <= band_mm)


def distance(scan: Mesh, other: Mesh, limit_mm: float = 2.0) -> Gap:
    """Distances from the vertices of one scan to the surface of another in the same frame.

    A tree of the other scan's vertices finds the near ones; the distance itself is that to the faces round the nearest
    vertex and, below a quarter of the limit, to the faces round those. It is never too small; on arches 0.1 % of the
    values are more than 1 µm too large.

    Args:
        scan: the surface whose vertices are measured.
        other: the surface they are measured to.
        limit_mm: how far to look.

    Raises:
        CorruptFile: a coordinate is not finite.
    """
    require_finite(scan, other)
    scan, other = scan.welded(), other.welded()
    near, nearest, samples = _near(scan, other, limit_mm)
    target = _Surface.of(other, samples)
    points = scan.vertices[near].astype(np.float64)
    best, faces, heights = target.measure(points, nearest)
    again = np.flatnonzero(best < (limit_mm / 4) ** 2)
    _refine(target, points, again, (best, faces, heights))
    kept = np.flatnonzero(best <= limit_mm**2)
    near, faces, heights = near[kept], faces[kept], heights[kept]
    side = np.where((heights < 0) & ~_at_border(other, nearest[kept]), -1, 1).astype(np.int8)
    areas = _vertex_areas(scan)[near]
    return Gap(limit_mm, near, np.sqrt(best[kept]), side, faces, areas, scan.vertices[near])


def _near(scan: Mesh, other: Mesh, limit: float) -> tuple[_Ids, _Ids, tuple[FloatArray, IntArray]]:
    """Vertices of the scan near the other, the nearest sample of each, and the extra samples (places and faces)."""
    from scipy.spatial import cKDTree

    sizes = _face_sizes(other)
    extra = _large_face_samples(other, sizes)
    places = np.concatenate([other.vertices, extra[0]])
    reach = limit + min(_SAMPLE_MM, float(np.median(sizes)) if len(sizes) else 0.0)
    goals = np.concatenate([_used(other), np.ones(len(extra[0]), bool)])
    asked = np.flatnonzero(_used(scan) & _inside(scan.vertices, places[goals], reach))
    known = np.flatnonzero(goals & _inside(places, scan.vertices[asked], reach))
    if not len(asked) or not len(known):
        return asked[:0], known[:0], extra
    tree = cKDTree(places[known].astype(np.float64), balanced_tree=False, compact_nodes=False)
    gaps, found = tree.query(scan.vertices[asked].astype(np.float64), distance_upper_bound=reach, workers=-1)
    hit = np.flatnonzero(np.isfinite(gaps))
    return asked[hit], known[found[hit]], extra


def _used(mesh: Mesh) -> NDArray[np.bool_]:
    """Which vertices have a face."""
    used = np.zeros(len(mesh.vertices), bool)
    used[mesh.faces.ravel()] = True
    return used


def _inside(points: FloatArray, among: FloatArray, reach: float) -> NDArray[np.bool_]:
    """Which points lie in the box of some others, grown by a reach."""
    if not len(among):
        return np.zeros(len(points), bool)
    inside = np.ones(len(points), bool)
    for at, others in zip(points.T, among.T, strict=True):
        inside &= (at >= others.min() - reach) & (at <= others.max() + reach)
    return inside


def _face_sizes(mesh: Mesh) -> FloatArray:
    """The longest side of each face's box, float32 (m,)."""
    sizes = [np.zeros(len(mesh.faces), np.float32)]
    for axis in range(3):
        corners = mesh.vertices[:, axis].take(mesh.faces.T)
        sizes.append(corners.max(axis=0) - corners.min(axis=0))
    return np.asarray(np.maximum.reduce(sizes))


def _large_face_samples(mesh: Mesh, size: FloatArray) -> tuple[FloatArray, IntArray]:
    """Points spread over the faces that are too large to be found by their corners, and the face of each."""
    large = np.flatnonzero(size > 2 * _SAMPLE_MM)
    places, owners, count = [mesh.vertices[:0]], [large[:0]], 0
    for face in large[np.argsort(-size[large])].tolist():
        steps = int(np.ceil(size[face] / _SAMPLE_MM))
        i, j = np.nonzero(np.tri(steps + 1)[::-1])
        weights = np.stack([i, j, steps - i - j], axis=1) / steps
        places.append((weights @ mesh.vertices[mesh.faces[face]]).astype(np.float32))
        owners.append(np.full(len(i), face))
        count += len(i)
        if count > _MOST_SAMPLES:
            break
    return np.concatenate(places), np.concatenate(owners).astype(np.int32)


@define(frozen=True, eq=False)
class _Surface:
    """The other scan, ready to measure to: corners, unit normals, and the faces round every sample."""

    corners: FloatArray
    normals: FloatArray
    starts: _Ids
    around: IntArray
    ids: IntArray

    @classmethod
    def of(cls, mesh: Mesh, samples: tuple[FloatArray, IntArray]) -> _Surface:
        from scipy.sparse import coo_array

        rows = np.concatenate([mesh.faces.ravel(), len(mesh.vertices) + np.arange(len(samples[1]), dtype=np.int32)])
        faces = np.concatenate([np.repeat(np.arange(len(mesh.faces), dtype=np.int32), 3), samples[1]])
        count = len(mesh.vertices) + len(samples[1])
        table = coo_array((faces, (rows, np.zeros_like(rows))), shape=(count, 1))
        table.has_canonical_format = True  # keeps scipy from adding up the faces of one vertex
        table = table.tocsr()
        normals = unit(scaled_normals(mesh.vertices, mesh.faces))
        return cls(mesh.vertices, normals, table.indptr.astype(np.intp), table.data, mesh.faces)

    def measure(self, points: _Floats, samples: _Ids) -> tuple[_Floats, IntArray, _Floats]:
        """The least squared distance to the faces round one sample per point, that face, and the height over it."""
        best, faces, heights = np.empty(len(points)), np.empty(len(points), np.int32), np.empty(len(points))
        for begin in range(0, len(points), _BLOCK // 4):
            part = slice(begin, begin + _BLOCK // 4)
            best[part], faces[part], heights[part] = self._measure(points[part], samples[part])
        return best, faces, heights

    def _measure(self, points: _Floats, samples: _Ids) -> tuple[_Floats, IntArray, _Floats]:
        counts = self.starts[samples + 1] - self.starts[samples]
        first = np.cumsum(counts) - counts
        rows = np.repeat(np.arange(len(points)), counts)
        faces = self.around[np.arange(len(rows)) - np.repeat(first - self.starts[samples], counts)]
        squares, heights = self._to_faces(points[rows], faces)
        # Faces that share the nearest edge or corner are equally far; the one the point stands highest over has the
        # right side. The tiny share breaks these ties and cannot change the face otherwise.
        rank = squares - 1e-9 * heights**2
        least = np.minimum.reduceat(rank, first)
        chosen = np.flatnonzero(rank == np.repeat(least, counts))
        chosen = chosen[np.unique(rows[chosen], return_index=True)[1]]
        return squares[chosen], faces[chosen], heights[chosen]

    def _to_faces(self, points: _Floats, faces: IntArray) -> tuple[_Floats, _Floats]:
        """Squared distance from each point to its face, and the height over the face's plane."""
        a, b, c = (self.corners[self.ids[faces, k]].astype(np.float64).T for k in range(3))
        normal, p = self.normals[faces].astype(np.float64).T, points.T
        height = _dot(p - a, normal)
        sides = [_dot(_cross(y - x, p - x), normal) for x, y in ((a, b), (b, c), (c, a))]
        inside = (sides[0] >= 0) & (sides[1] >= 0) & (sides[2] >= 0) & (_dot(normal, normal) > 0.5)
        outside = np.minimum(np.minimum(_to_edge(p, a, b), _to_edge(p, b, c)), _to_edge(p, c, a))
        return np.where(inside, height * height, outside), height


def _dot(p: _Floats, q: _Floats) -> Any:
    return p[0] * q[0] + p[1] * q[1] + p[2] * q[2]


def _cross(p: _Floats, q: _Floats) -> _Floats:
    return np.stack([p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]])


def _to_edge(p: _Floats, a: _Floats, b: _Floats) -> Any:
    """Squared distance from points to segments."""
    along, there = b - a, p - a
    share = np.clip(_dot(there, along) / np.maximum(_dot(along, along), 1e-300), 0, 1)
    rest = there - share * along
    return _dot(rest, rest)


def _refine(surface: _Surface, points: _Floats, which: _Ids, found: tuple[_Floats, IntArray, _Floats]) -> None:
    """Try the faces round the corners of the faces found so far; the arrays are improved in place."""
    best, faces, heights = found
    start = faces[which]
    for corner in range(3):
        tried = surface.measure(points[which], surface.ids[start, corner].astype(np.intp))
        better = np.flatnonzero(tried[0] < best[which])
        places = which[better]
        best[places], faces[places], heights[places] = (values[better] for values in tried)


def _at_border(mesh: Mesh, samples: _Ids) -> NDArray[np.bool_]:
    """Whether each sample is a vertex on the border."""
    border = np.zeros(max(len(mesh.vertices), int(samples.max(initial=0)) + 1), bool)
    border[mesh.edges.boundary.ravel()] = True
    return border[samples]


def _vertex_areas(mesh: Mesh) -> _Floats:
    """A third of the area of the faces round each vertex, float64 (n,)."""
    thirds = np.repeat(face_areas(mesh.vertices, mesh.faces) / np.float32(3), 3)
    return np.asarray(np.bincount(mesh.faces.ravel(), thirds, len(mesh.vertices)), np.float64)
