"""The work with open3d: no loops; its self-intersection test compares all with all and is left out."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from common import LIMIT_MM, SMALLEST_PART, near, work

o3d: Any = import_module("open3d")


def scan(path: Path, target: Path) -> tuple[Any, dict[str, Any]]:
    mesh = o3d.io.read_triangle_mesh(str(path))
    mesh.remove_duplicated_vertices()
    mesh.remove_degenerate_triangles()
    mesh.remove_duplicated_triangles()
    mesh.remove_unreferenced_vertices()
    crowded = len(mesh.get_non_manifold_edges(True))
    found: dict[str, Any] = {
        "vertices": len(mesh.vertices),
        "boundary_edges": len(mesh.get_non_manifold_edges(False)) - crowded,
        "nonmanifold_edges": crowded,
        "components": len(mesh.cluster_connected_triangles()[1]),
        "area": round(mesh.get_surface_area(), 3),
        "self_intersections": None,
    }
    filled = o3d.t.geometry.TriangleMesh.from_legacy(mesh).fill_holes(hole_size=LIMIT_MM).to_legacy()
    labels, sizes, _ = filled.cluster_connected_triangles()
    filled.remove_triangles_by_mask(np.asarray(sizes)[np.asarray(labels)] < SMALLEST_PART)
    filled.remove_unreferenced_vertices()
    filled.compute_triangle_normals()
    for suffix in (".stl", ".ply"):
        o3d.io.write_triangle_mesh(f"{target}{suffix}", filled)
    return filled, found


def distance(lower: Any, upper: Any) -> dict[str, Any]:
    scene = o3d.t.geometry.RaycastingScene()
    scene.add_triangles(o3d.t.geometry.TriangleMesh.from_legacy(upper))
    return near(scene.compute_distance(o3d.core.Tensor(np.asarray(lower.vertices, dtype=np.float32))).numpy())


if __name__ == "__main__":
    o3d.utility.set_verbosity_level(o3d.utility.VerbosityLevel.Error)
    sys.exit(work(scan, distance))
