"""How two scans in one frame lie to each other: gap, contact and penetration."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from casepan.mesh.area import vertex_areas
from casepan.mesh.finite import require_finite
from casepan.mesh.nearest import nearest_edge, nearest_faces
from casepan.mesh.surface import FloatArray, IntArray, Mesh

_Floats = NDArray[np.float64]
_Ids = NDArray[np.intp]


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

    Exact to the rounding of float64: no face of the other scan is left out of account, whatever the sizes of its faces.

    Args:
        scan: the surface whose vertices are measured; vertices without a face are left out.
        other: the surface they are measured to.
        limit_mm: how far to look.

    Raises:
        CorruptFile: a coordinate is not finite.
    """
    require_finite(scan, other)
    scan, other = scan.welded(), other.welded()
    asked = _used(scan) & _inside(scan.vertices, other.vertices[_used(other)], limit_mm)
    vertices = np.flatnonzero(asked)
    found = nearest_faces(other.vertices, other.faces, scan.vertices[vertices], limit_mm)
    kept = np.flatnonzero(found.faces >= 0)
    vertices, faces = vertices[kept], found.faces[kept]
    points = scan.vertices[vertices]
    side = np.ones(len(kept), np.int8)
    behind = np.flatnonzero(found.heights[kept] < 0)
    side[behind[~_at_border(other, points[behind], faces[behind])]] = -1
    areas = vertex_areas(scan)[vertices]
    return Gap(limit_mm, vertices, np.sqrt(found.squares[kept]), side, faces, areas, points)


def _used(mesh: Mesh) -> NDArray[np.bool_]:
    """Which vertices have a face."""
    used = np.zeros(len(mesh.vertices), bool)
    used[mesh.faces.ravel()] = True
    return used


def _inside(points: FloatArray, among: FloatArray, reach: float) -> NDArray[np.bool_]:
    """Which points lie in the box of some others, grown by a reach and a hair for rounding."""
    if not len(among):
        return np.zeros(len(points), bool)
    inside = np.ones(len(points), bool)
    for at, others in zip(points.T, among.T, strict=True):
        low, high = float(others.min()), float(others.max())
        hair = 1e-6 * (reach + max(abs(low), abs(high)))
        inside &= (at >= low - reach - hair) & (at <= high + reach + hair)
    return inside


def _at_border(mesh: Mesh, points: FloatArray, faces: IntArray) -> NDArray[np.bool_]:
    """Whether the place nearest to each point on its face lies on the border of the surface."""
    corners = mesh.faces[faces]
    ends, shares = nearest_edge(mesh.vertices, corners, points.astype(np.float64))
    ids, rows = corners.astype(np.int64), np.arange(len(corners))
    one, two = ids[rows, ends], ids[rows, (ends + 1) % 3]
    border = mesh.edges.boundary.astype(np.int64)
    keys = border.min(axis=1) * len(mesh.vertices) + border.max(axis=1)
    on_edge = np.isin(np.minimum(one, two) * len(mesh.vertices) + np.maximum(one, two), keys)
    rim = np.zeros(len(mesh.vertices), bool)
    rim[border.ravel()] = True
    at_corner = np.where(shares <= 0, rim[one], rim[two]) & ((shares <= 0) | (shares >= 1))
    return np.asarray((ends >= 0) & (on_edge | at_corner))
