"""Where a surface runs through itself: sheets that cross and deep folds, not the creases of single triangles.

Noise makes fine triangles cross their neighbours by some micrometres. Nobody works on less than a tenth of a millimetre,
so a pair of faces counts when it is deep, or when the surface between the two is longer than a crease.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from casepan.mesh import Mesh, self_intersections

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ids = NDArray[np.integer]

DEEP_MM = 0.1
_EDGES = 3  # of surface between two faces that cross in a crease


def crossing_faces(surface: Mesh) -> Ids:
    """Ids of the faces of a welded surface that run through others deeply or far along the surface, ascending."""
    pairs = self_intersections(surface).pairs
    if not len(pairs):
        return np.empty(0, np.intp)
    counts = depths_mm(surface, pairs) >= DEEP_MM
    shallow = np.flatnonzero(~counts)
    counts[shallow] = ~_are_near(surface, pairs[shallow])
    return np.unique(pairs[counts])


def depths_mm(surface: Mesh, pairs: Ids) -> Floats:
    """How deep the faces of each pair (k, 2) reach through one another: the lesser of the two, float64 (k,)."""
    corners = surface.vertices[surface.faces[pairs]].astype(np.float64)
    first, second = corners[:, 0], corners[:, 1]
    return np.minimum(_through(first, second), _through(second, first))


def _through(faces: Floats, others: Floats) -> Floats:
    """How far others (k, 3, 3) reach past the planes of faces (k, 3, 3), on the side where it is less."""
    normals = np.cross(faces[:, 1] - faces[:, 0], faces[:, 2] - faces[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-20)
    heights = np.einsum("kij,kj->ki", others - faces[:, :1], normals)
    return np.asarray(np.minimum(heights.max(axis=1), -heights.min(axis=1)).clip(min=0))


def _are_near(surface: Mesh, pairs: Ids) -> Bools:
    """Whether a few edges lead from one face of each pair (k, 2) to the other, bool (k,)."""
    from scipy.sparse import csr_array

    size, begins = (len(pairs), len(surface.vertices)), np.arange(0, 3 * len(pairs) + 1, 3)
    reached, goals = (
        csr_array((np.ones(3 * len(pairs), bool), surface.faces[side].ravel(), begins), size) for side in pairs.T
    )
    table = surface.edges
    upwards = csr_array((np.ones(table.count, bool), table.high, table.start), (table.vertex_count,) * 2)
    edges = upwards + upwards.T
    for _ in range(_EDGES):
        reached = reached + reached @ edges
    return np.asarray(reached.multiply(goals).sum(axis=1)).ravel() > 0
