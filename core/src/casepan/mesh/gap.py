"""How two scans in one frame lie to each other: gap, contact and penetration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from casepan.mesh import kernels
from casepan.mesh.area import scaled_normals, unit, vertex_areas
from casepan.mesh.finite import require_finite
from casepan.mesh.surface import FloatArray, IntArray, Mesh

_Floats = NDArray[np.float64]
_Ids = NDArray[np.intp]
_BLOCK = 1 << 16
_SAMPLE_MM = (
    1.0  # the largest distance of samples on faces far larger than usual, so that a point above them finds them
)
_MOST_SAMPLES = 1 << 20
_NEAREST = 6  # samples whose faces are tried where the distance is small


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
    vertex and, below a quarter of the limit, to those round the six nearest. It is never too small; farther away it can
    be some µm too large where the nearest face has none of its corners nearest (1 % of the values on arches).

    Args:
        scan: the surface whose vertices are measured.
        other: the surface they are measured to.
        limit_mm: how far to look.

    Raises:
        CorruptFile: a coordinate is not finite.
    """
    require_finite(scan, other)
    scan, other = scan.welded(), other.welded()
    target = _Surface.of(other)
    near, nearest, search = _near(scan, target, limit_mm)
    points = scan.vertices[near].astype(np.float64)
    best, faces, heights = target.measure(points, nearest)
    again = np.flatnonzero(best < (limit_mm / 4) ** 2)
    for samples in search(points[again]):
        tried = target.measure(points[again], samples)
        better = np.flatnonzero(tried[0] < best[again])
        places = again[better]
        best[places], faces[places], heights[places] = (values[better] for values in tried)
    kept = np.flatnonzero(best <= limit_mm**2)
    near, faces, heights = near[kept], faces[kept], heights[kept]
    side = np.where((heights < 0) & ~_at_border(other, nearest[kept]), -1, 1).astype(np.int8)
    areas = vertex_areas(scan)[near]
    return Gap(limit_mm, near, np.sqrt(best[kept]), side, faces, areas, scan.vertices[near])


def _near(scan: Mesh, target: _Surface, limit: float) -> tuple[_Ids, _Ids, Callable[[_Floats], Iterator[_Ids]]]:
    """Vertices of the scan near the other, the nearest sample of each, and a search for the next nearest ones."""
    from scipy.spatial import cKDTree

    reach = limit + target.spacing
    asked = np.flatnonzero(_used(scan) & _inside(scan.vertices, target.places[target.known], reach))
    known = target.known[_inside(target.places[target.known], scan.vertices[asked], reach)]
    if not len(asked) or not len(known):
        return asked[:0], known[:0], lambda _: iter(())
    tree = cKDTree(target.places[known].astype(np.float64), balanced_tree=False, compact_nodes=False)
    gaps, found = tree.query(scan.vertices[asked].astype(np.float64), distance_upper_bound=reach, workers=-1)
    hit = np.flatnonzero(np.isfinite(gaps))

    def others(points: _Floats) -> Iterator[_Ids]:
        count = min(_NEAREST, len(known))
        ranks = range(2, count + 1)
        return iter(known[tree.query(points, k=list(ranks), workers=-1)[1]].T) if ranks else iter(())

    return asked[hit], known[found[hit]], others


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


def _large_face_samples(mesh: Mesh, size: FloatArray, spacing: float) -> tuple[FloatArray, IntArray]:
    """Points spread over the faces that are too large to be found by their corners, and the face of each."""
    large = np.flatnonzero(size > 2 * spacing)
    steps = np.ceil(size[large] / max(spacing, 1e-9) * _fitting(size[large] / max(spacing, 1e-9))).astype(np.intp)
    places, owners = [mesh.vertices[:0]], [np.empty(0, np.int32)]
    for count in np.unique(steps[steps > 1]).tolist():
        faces = large[steps == count]
        i, j = np.nonzero(np.tri(count + 1)[::-1])
        weights = (np.stack([i, j, count - i - j], axis=1) / count).astype(np.float32)
        places.append(np.einsum("sk,fkx->fsx", weights, mesh.vertices[mesh.faces[faces]]).reshape(-1, 3))
        owners.append(np.repeat(faces, len(weights)).astype(np.int32))
    return np.concatenate(places), np.concatenate(owners)


def _fitting(steps: FloatArray) -> float:
    """The factor that keeps the number of sample points within bounds."""
    return min(1.0, float(np.sqrt(_MOST_SAMPLES / max(float((steps**2).sum()), 1.0))))


@define(frozen=True, eq=False)
class _Surface:
    """The other scan, ready to measure to.

    Attributes:
        places: float32 (s, 3), sample points: its vertices, then points on the faces too large to be found by these.
        known: ids of the samples that belong to a face.
        spacing: of the samples; the nearest one is not much farther from the nearest point.
        normals: float32 (m, 3), unit length.
        starts: intp (s + 1,); the faces at sample k are ``around[starts[k]:starts[k + 1]]``.
        around: int32, face ids.
        ids: int32 (m, 3), corners.
    """

    places: FloatArray
    known: _Ids
    spacing: float
    normals: FloatArray
    starts: _Ids
    around: IntArray
    ids: IntArray

    @classmethod
    def of(cls, mesh: Mesh) -> _Surface:
        """Samples, and the faces at each of them."""
        from scipy.sparse import coo_array

        sizes = _face_sizes(mesh)
        spacing = min(_SAMPLE_MM, 2 * float(np.median(sizes)) if len(sizes) else 0.0)
        extra, owners = _large_face_samples(mesh, sizes, spacing)
        count = len(mesh.vertices) + len(extra)
        rows = np.concatenate([mesh.faces.ravel(), np.arange(len(mesh.vertices), count, dtype=np.int32)])
        faces = np.concatenate([np.repeat(np.arange(len(mesh.faces), dtype=np.int32), 3), owners])
        table = coo_array((faces, (rows, np.zeros_like(rows))), shape=(count, 1))
        table.has_canonical_format = True  # keeps scipy from adding up the faces of one vertex
        table = table.tocsr()
        starts = table.indptr.astype(np.intp)
        known = np.flatnonzero(np.diff(starts))
        normals = unit(scaled_normals(mesh.vertices, mesh.faces))
        return cls(np.concatenate([mesh.vertices, extra]), known, spacing, normals, starts, table.data, mesh.faces)

    def measure(self, points: _Floats, samples: _Ids) -> tuple[_Floats, IntArray, _Floats]:
        """The least squared distance to the faces round one sample per point, that face, and the height over it."""
        if kernels.compiled():
            around = (self.starts, self.around)
            return kernels.measure(self.places, self.normals, self.ids, around, points, samples)
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
        a, b, c = (self.places[self.ids[faces, k]].astype(np.float64).T for k in range(3))
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


def _at_border(mesh: Mesh, samples: _Ids) -> NDArray[np.bool_]:
    """Whether each sample is a vertex on the border."""
    border = np.zeros(max(len(mesh.vertices), int(samples.max(initial=0)) + 1), bool)
    border[mesh.edges.boundary.ravel()] = True
    return border[samples]
