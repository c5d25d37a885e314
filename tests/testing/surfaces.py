"""Distances between surfaces, measured without the generator's own code."""

from __future__ import annotations

import numpy as np
import trimesh
from numpy.typing import NDArray
from scipy.spatial import KDTree

from casepan.mesh.surface import Mesh

Floats = NDArray[np.float64]


def closest(points: Floats, mesh: Mesh, candidates: int = 16) -> tuple[Floats, Floats]:
    """Distance (n,) of points to a surface, and how far they lie on its outer side (n,), mm."""
    corners = mesh.vertices[mesh.faces].astype(np.float64)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    near = KDTree(corners.mean(axis=1)).query(points, k=candidates)[1]
    distance, outside = np.full(len(points), np.inf), np.zeros(len(points))
    for face in near.T:
        offset = points - trimesh.triangles.closest_point(corners[face], points)  # type: ignore[no-untyped-call]
        length = np.linalg.norm(offset, axis=1)
        nearer = length < distance
        distance[nearer] = length[nearer]
        outside[nearer] = (offset * normals[face]).sum(axis=1)[nearer]
    return distance, outside


def used(mesh: Mesh) -> Floats:
    """The vertices that faces use (n, 3)."""
    return np.asarray(mesh.vertices[np.unique(mesh.faces)], dtype=np.float64)


def near(mesh: Mesh, centre: tuple[float, float, float], radius: float) -> Floats:
    """The used vertices within ``radius`` of a point."""
    points = used(mesh)
    return np.asarray(points[np.linalg.norm(points - np.asarray(centre), axis=1) < radius])


def mean_normal(mesh: Mesh) -> Floats:
    """The area-weighted mean of the face normals (3,)."""
    corners = mesh.vertices[mesh.faces].astype(np.float64)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return np.asarray(normals.sum(axis=0) / np.linalg.norm(normals, axis=1).sum())
