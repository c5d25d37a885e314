"""Walls and base under a sheet.

All in the model's own frame: z towards the biting side, so the base lies below, whichever arch it is.
"""

from __future__ import annotations

import numpy as np
from attrs import define, field
from manifold3d import CrossSection, JoinType, Manifold, OpType
from manifold3d import Mesh as SolidMesh
from numpy.typing import NDArray

from casepan.mesh import Mesh, topology, vertex_normals
from casepan.mesh.loops import ring
from casepan.mesh.weld import weld_points

Floats = NDArray[np.float64]

_STEP_MM = 1.0  # below the border where its raggedness has been smoothed away
_SMOOTH_MM = 1.5  # along the border: what is shorter is smoothed away
_MARGIN_MM = 0.8  # by which the base stands out beyond the scan
_APART_MM = 0.002
_TRIES = 5
_ROUND_MM = 1.5  # radius of the base's corners


@define(frozen=True, eq=False)
class Body:
    """A closed body.

    Attributes:
        solid: the body.
        outline: float64 (k, 2), the base's outline, counter-clockwise from above.
        low, top: z of the base's underside and upper side, mm.
    """

    solid: Manifold = field(repr=False)
    outline: Floats = field(repr=False)
    low: float
    top: float


def closed_body(sheet: Mesh, base_mm: float) -> Body:
    """A sheet with walls straight down from its smoothed borders, standing on a plate with an outward-bent outline.

    The walls reach into the plate, whose upper side lies just under the lowest point of the sheet.

    Args:
        sheet: from ``clean_sheet``, z towards the biting side.
        base_mm: height of the plate.

    Raises:
        ValueError: the sheet has no border, or manifold3d does not take the body.
    """
    rims = [ring(loop.edges) for loop in topology(sheet).loops]
    if not rims:
        raise ValueError("the sheet is closed")
    belts = [_smoothed(sheet.vertices[rim].astype(np.float64)) for rim in rims]
    top = min(float(sheet.vertices[:, 2].min()), *(float(belt[:, 2].min()) for belt in belts))
    low = top - base_mm
    walled = _walled(sheet, rims, belts, low - base_mm).trim_by_plane((0, 0, 1), low + base_mm / 2)
    plate = _plate(np.concatenate([sheet.vertices[:, :2], *(belt[:, :2] for belt in belts)]))
    solid = Manifold.batch_boolean([walled, plate.extrude(base_mm).translate((0, 0, low))], OpType.Add)
    return Body(_checked(solid), np.asarray(max(plate.to_polygons(), key=len), np.float64), low, top)


def as_mesh(solid: Manifold) -> Mesh:
    """A body as a surface, float32, in which no two vertices share one place.

    In a body two corners may lie at one place without being one (sheets that touch, edges shorter than float32 tells).
    A file of triangles would join them, and no program would take it for closed. They are moved apart by some µm.
    """
    made = solid.to_mesh()
    vertices = np.array(made.vert_properties[:, :3], np.float32)
    faces = np.ascontiguousarray(made.tri_verts, np.int32)
    surface = Mesh(vertices, faces).as_welded()
    normals = vertex_normals(surface)
    normals[~normals.any(axis=1)] = (0.6, 0.0, 0.8)  # of slivers without area; any direction does
    for _ in range(_TRIES):
        places, inverse = weld_points(vertices)
        if len(places) == len(vertices):
            break
        order = np.argsort(inverse, kind="stable")
        rank = np.empty(len(order), np.float32)
        starts = np.searchsorted(inverse[order], inverse[order])
        rank[order] = np.arange(len(order)) - starts
        vertices = vertices - rank[:, None] * np.float32(_APART_MM) * normals
    return Mesh(vertices, faces).welded()


def _checked(solid: Manifold) -> Manifold:
    if solid.is_empty() or solid.status().name != "NoError":
        raise ValueError(f"no body comes of it ({solid.status().name})")
    return solid


def _smoothed(rim: Floats) -> Floats:
    """A loop a step below the border, its zigzag smoothed away."""
    spacing = max(float(np.linalg.norm(rim - np.roll(rim, 1, axis=0), axis=1).mean()), 1e-3)
    belt = rim.copy()
    for _ in range(min(400, int(2 * (_SMOOTH_MM / spacing) ** 2) + 1)):
        belt = belt / 2 + (np.roll(belt, 1, axis=0) + np.roll(belt, -1, axis=0)) / 4
    belt[:, 2] = np.minimum(belt[:, 2], rim[:, 2]) - _STEP_MM
    return belt


def _walled(sheet: Mesh, rims: list[NDArray[np.int32]], belts: list[Floats], deep: float) -> Manifold:
    """The sheet with walls down to a depth, each loop closed there by a fan; the fans of nested loops cancel out."""
    points, faces = [sheet.vertices.astype(np.float64)], [sheet.faces.astype(np.int64)]
    count = len(sheet.vertices)
    for rim, belt in zip(rims, belts, strict=True):
        size = len(rim)
        floor = np.column_stack([belt[:, :2], np.full(size, deep)])
        points += [belt, floor, floor.mean(axis=0, keepdims=True)]
        upper, lower = count + np.arange(size), count + size + np.arange(size)
        faces += [_strip(rim.astype(np.int64), upper), _strip(upper, lower)]
        faces.append(np.stack([np.roll(lower, -1), lower, np.full(size, count + 2 * size)], axis=1))
        count += 2 * size + 1
    vertices = np.concatenate(points).astype(np.float32)
    return _checked(Manifold(SolidMesh(vertices, np.concatenate(faces).astype(np.uint32))))


def _strip(upper: NDArray[np.int64], lower: NDArray[np.int64]) -> NDArray[np.int64]:
    """The wall between two loops, the upper one walked along by the faces above it."""
    a, b, c, d = upper, np.roll(upper, -1), lower, np.roll(lower, -1)
    return np.concatenate([np.stack([b, a, c], axis=1), np.stack([b, c, d], axis=1)])


def _plate(flat: Floats) -> CrossSection:
    """The convex outline round some points with rounded corners."""
    hull = CrossSection.hull_points(np.ascontiguousarray(flat, np.float64))
    inner = hull.offset(_MARGIN_MM - _ROUND_MM, JoinType.Miter)
    rounded = inner if inner.is_empty() else inner.offset(_ROUND_MM, JoinType.Round, circular_segments=48)
    return (hull if rounded.is_empty() else rounded).simplify(0.01)
