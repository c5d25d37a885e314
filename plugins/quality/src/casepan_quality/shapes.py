"""What one scan looks like as a whole: worked out once per process and shared by all checks of a case."""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from casepan.mesh import Mesh, Topology, mean_normal, topology
from casepan.mesh.area import face_areas

Vector = NDArray[np.float64]
Points = NDArray[np.float64]

SAMPLES = 20_000
"""Points spread over a surface: three for each mm² of an arch, whatever its triangles are."""
_CELL_MM = 2.0
_OPEN = 0.1  # the mean normal of 172 open arches is 0.27 to 0.58 long, of closed models 0 (facts/naming.md 4)


@define(frozen=True, slots=False, eq=False)
class Shape:
    """A finite scan seen as a whole. All lengths in mm, all directions in the scan's own coordinates.

    Attributes:
        mesh: the scan, welded.
        topology: its parts and borders.
    """

    mesh: Mesh = field(repr=False)
    topology: Topology = field(repr=False)

    @cached_property
    def mean_normal(self) -> Vector:
        """The mean of the face normals, float64 (3,); about 0 for a closed surface."""
        return mean_normal(self.mesh)

    @property
    def openness(self) -> float:
        """Length of the mean normal, 0 to 1."""
        return float(np.linalg.norm(self.mean_normal))

    @cached_property
    def occlusal(self) -> Vector | None:
        """Unit direction from the gums to the biting side, or None where the surface is closed and has no such side."""
        return self.mean_normal / self.openness if self.openness > _OPEN else None

    @cached_property
    def points(self) -> Points:
        """Points spread evenly over the largest part, float64 (k, 3); empty for a surface without area."""
        return spread(self.topology.surface, self._largest, SAMPLES)

    @cached_property
    def _largest(self) -> NDArray[np.intp]:
        """Ids of the faces of the largest part."""
        parts, table = self.topology.components, self.topology.table
        if not parts:
            return np.empty(0, np.intp)
        return np.flatnonzero(table.vertex_labels.take(table.faces[:, 0]) == parts[0].label)

    @cached_property
    def flat(self) -> Points:
        """The points seen along the occlusal direction, float64 (k, 2); along the thinnest side of a closed surface."""
        return self.points @ plane_of(self.occlusal if self.occlusal is not None else self.axes[2])

    @cached_property
    def axes(self) -> NDArray[np.float64]:
        """Principal directions as rows, float64 (3, 3), the longest first; the file's axes for a scan without area."""
        if not len(self.points):
            return np.eye(3)
        centred = self.points - self.points.mean(axis=0)
        _, _, axes = np.linalg.svd(centred, full_matrices=False)
        return np.asarray(axes)

    @cached_property
    def sides_mm(self) -> Vector:
        """Extents along the principal directions, float64 (3,), longest first; zeros for a scan without area."""
        if not len(self.points):
            return np.zeros(3)
        return np.asarray(-np.sort(-np.ptp(self.points @ self.axes.T, axis=0)))

    @cached_property
    def hull_mm2(self) -> float:
        """Area of the convex hull of the scan seen from the biting side; 0 for a scan without any breadth."""
        from scipy.spatial import ConvexHull, QhullError

        try:
            return float(ConvexHull(self.flat).volume)
        except (QhullError, ValueError):
            return 0.0

    @cached_property
    def fill(self) -> float:
        """The share of that hull which the scan fills: a palate fills it, the place of the tongue stays empty."""
        cells = np.unique(np.floor(self.flat / _CELL_MM).astype(np.int32), axis=0)
        return float(len(cells) * _CELL_MM**2 / self.hull_mm2) if self.hull_mm2 > 0 else 1.0

    @cached_property
    def rim_below(self) -> float | None:
        """How far the outline lies on the gum side of the scan's middle; negative when the surface is inside out."""
        rims = self.topology.rims
        if self.occlusal is None or not rims or not len(self.points):
            return None
        return float((self.points.mean(axis=0) - np.asarray(rims[0].centre)) @ self.occlusal)


def shape_of(mesh: Mesh) -> Shape:
    """The shape of a scan, the same object for the same surface: all checks of a case share what it has worked out."""
    return _shape_of(mesh.welded())


@lru_cache(maxsize=32)
def _shape_of(surface: Mesh) -> Shape:
    return Shape(surface, topology(surface))


def spread(surface: Mesh, faces: NDArray[np.intp], count: int) -> Points:
    """The points of :func:`scattered`."""
    return scattered(surface, faces, count)[0]


def scattered(surface: Mesh, faces: NDArray[np.intp], count: int) -> tuple[Points, NDArray[np.intp]]:
    """Points on a surface, as many on each mm² of these faces; the same points for the same surface.

    Args:
        surface: any surface.
        faces: ids of the faces to use.
        count: how many points.

    Returns:
        The points, float64 (count, 3), and the id of the face that each lies on; none of both where there is no area.
    """
    total = np.cumsum(face_areas(surface.vertices, surface.faces.take(faces, axis=0)), dtype=np.float64)
    if not len(total) or not total[-1] > 0:
        return np.empty((0, 3)), np.empty(0, np.intp)
    chosen = faces[np.searchsorted(total, (np.arange(count) + 0.5) / count * total[-1])]
    u, v = np.random.default_rng(6).random((2, count))
    u, v = np.where(u + v > 1, (1 - u, 1 - v), (u, v))
    a, b, c = surface.vertices[surface.faces[chosen]].astype(np.float64).transpose(1, 0, 2)
    return np.asarray(a + u[:, None] * (b - a) + v[:, None] * (c - a)), chosen


def plane_of(normal: Vector) -> NDArray[np.float64]:
    """Two unit directions across another as columns, float64 (3, 2)."""
    axes, _, _ = np.linalg.svd(normal[:, None], full_matrices=True)
    return np.asarray(axes[:, 1:])
