"""How a lower and an upper scan of one frame meet: where they face each other, touch, and run into each other."""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from casepan.mesh import Gap, Mesh, distance, vertex_normals
from casepan_quality.shapes import Points, Shape, Vector, plane_of, shape_of

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

REACH_MM = 3.0
"""How far the two are looked at from each other; a cusp overlaps its antagonist by 2 to 3 mm."""
_FACING = -0.5  # cosine between the two normals: within 60 degrees of facing each other
_FEWEST = 5  # vertices
_CUSP_MM = 1.5  # radius of a cusp: what a coarse net loses of it is its edge squared over eight radii
_HORSESHOE = -0.35  # correlation of breadth and distance towards the lips: -0.55 to -0.8 on whole arches


@define(frozen=True, slots=False, eq=False)
class Meeting:
    """The vertices of the lower scan that face the upper one.

    Attributes:
        lower, upper: the two scans.
        gap: distances of the lower scan's vertices to the upper scan, up to ``REACH_MM``.
        facing: which vertices of ``gap`` look at a face that looks back at them, bool (k,).
        edge_mm: mean edge of the coarser of the two nets.
    """

    lower: Shape
    upper: Shape
    gap: Gap
    facing: Bools = field(repr=False)
    edge_mm: float

    @property
    def tolerance_mm(self) -> float:
        """How much of a cusp the triangles of the coarser net cut off."""
        return self.edge_mm**2 / (8 * _CUSP_MM)

    @cached_property
    def depth_mm(self) -> Floats:
        """How deep each facing vertex lies in the upper scan, negative where there is room, float64 (f,).

        No vertex counts as deeper than its facing neighbours by more than a quarter of an edge: at thin edges the
        nearest face is not always the one in front, and a single vertex on its wrong side would look deep.
        """
        own = -self.gap.signed_mm[self.facing]
        return np.minimum(own, self._neighbour_mean(own) + self.edge_mm / 4)

    def _neighbour_mean(self, values: Floats) -> Floats:
        """The mean over the facing neighbours of each facing vertex; far away for one with less than two."""
        table = self.lower.topology.table
        local = np.full(table.vertex_count, -1, np.intp)
        local[self.gap.vertices[self.facing]] = np.arange(len(values))
        low, high = local.take(table.low), local.take(table.high)
        both = np.flatnonzero((low >= 0) & (high >= 0))
        low, high = low[both], high[both]
        count = np.bincount(low, minlength=len(values)) + np.bincount(high, minlength=len(values))
        total = np.bincount(low, values[high], len(values)) + np.bincount(high, values[low], len(values))
        return np.where(count > 1, total / np.maximum(count, 1), -REACH_MM)

    @cached_property
    def areas_mm2(self) -> Floats:
        """The area that each facing vertex stands for."""
        return self.gap.areas_mm2[self.facing]

    @cached_property
    def points(self) -> Points:
        """The facing vertices, float64 (f, 3)."""
        return self.gap.points[self.facing].astype(np.float64)

    @property
    def facing_area_mm2(self) -> float:
        """Area of the lower scan that faces the upper one within reach."""
        return float(self.areas_mm2.sum())

    def contact_area_mm2(self, within_mm: float, where: Bools | None = None) -> float:
        """Area that touches: no further than this from the upper scan, or in it."""
        touching = self.depth_mm >= -within_mm
        return float(self.areas_mm2[touching if where is None else touching & where].sum())

    def level_mm(self, area_mm2: float, where: Bools | None = None) -> float:
        """The depth that this much area reaches: how deep they overlap or, negative, how far the bite is open.

        The area is at least that of five vertices: less says nothing on a coarse net.
        """
        depth, areas = self.depth_mm, self.areas_mm2
        if where is not None:
            depth, areas = depth[where], areas[where]
        if not len(depth):
            return -REACH_MM
        order = np.argsort(-depth, kind="stable")
        wanted = max(area_mm2, _FEWEST * float(np.median(areas)))
        reached = int(np.searchsorted(np.cumsum(areas[order]), wanted))
        return float(depth[order[reached]]) if reached < len(order) else -REACH_MM

    @property
    def deepest(self) -> tuple[float, float, float] | None:
        """Where the lower scan reaches deepest, in its own coordinates."""
        if not len(self.depth_mm):
            return None
        x, y, z = self.points[self.depth_mm.argmax()].tolist()
        return x, y, z

    @property
    def opposition(self) -> float:
        """Cosine between the two occlusal directions: -1 in occlusion, 1 when both face the same way."""
        up, down = self.lower.occlusal, self.upper.occlusal
        return float(up @ down) if up is not None and down is not None else 0.0

    @cached_property
    def rightward_mm(self) -> Floats | None:
        """How far to the patient's right each facing vertex lies, or None when they do not form a horseshoe."""
        up = self.lower.occlusal
        if up is None or len(self.points) < 50:
            return None
        plane = plane_of(up)
        front = _towards_lips(self.points @ plane, self.areas_mm2)
        if front is None:
            return None
        right = np.cross(plane @ front, up)
        middle = np.average(self.points, axis=0, weights=self.areas_mm2)
        return np.asarray((self.points - middle) @ right)


@lru_cache(maxsize=16)
def meet(lower: Mesh, upper: Mesh) -> Meeting:
    """How two finite scans meet; the same object for the same surfaces."""
    gap = distance(lower, upper, REACH_MM)
    own = vertex_normals(lower.welded())[gap.vertices]
    other = _face_normals(upper.welded(), gap.faces)
    facing = np.einsum("ij,ij->i", own, other) < _FACING
    edge = max(_edge_mm(lower), _edge_mm(upper))
    return Meeting(shape_of(lower), shape_of(upper), gap, facing, edge)


def _face_normals(surface: Mesh, faces: NDArray[np.int32]) -> NDArray[np.float32]:
    a, b, c = surface.vertices[surface.faces[faces]].transpose(1, 0, 2)
    normals = np.cross(b - a, c - a)
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-20))


def _edge_mm(mesh: Mesh) -> float:
    """The mean edge of a net, as if all its triangles were alike."""
    shape = shape_of(mesh)
    area = sum(part.area_mm2 for part in shape.topology.components)
    return float(np.sqrt(area / max(shape.topology.faces, 1) * 4 / np.sqrt(3)))


def _towards_lips(points: Points, weights: Floats) -> Vector | None:
    """The direction in which a horseshoe gets narrow, float64 (2,), or None when the points form none.

    Of the two principal axes and their signs the one is taken along which the breadth falls most.
    """
    centred = points - np.average(points, axis=0, weights=weights)
    _, axes = np.linalg.eigh((centred * weights[:, None]).T @ centred)
    found = [(_narrowing(centred, sign * axis, weights), sign * axis) for axis in axes.T for sign in (-1.0, 1.0)]
    best, front = min(found, key=lambda pair: pair[0])
    return np.asarray(front) if best < _HORSESHOE else None


def _narrowing(centred: Points, front: Vector, weights: Floats) -> float:
    """Correlation of the distance from the middle line with the distance towards the front."""
    ahead = centred @ front
    aside = np.abs(centred @ np.array([-front[1], front[0]]))
    aside -= np.average(aside, weights=weights)
    spread = np.sqrt(np.average(ahead**2, weights=weights) * np.average(aside**2, weights=weights))
    return float(np.average(ahead * aside, weights=weights) / spread) if spread > 0 else 0.0
