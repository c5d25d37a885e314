"""The work with trimesh: no self-intersections, holes of three or four edges only, exact distances for 2,000 points."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from common import LIMIT_MM, SMALLEST_PART, work

trimesh: Any = import_module("trimesh")


def scan(path: Path, target: Path) -> tuple[Any, dict[str, Any]]:
    mesh = trimesh.load_mesh(path)
    mesh.update_faces(mesh.nondegenerate_faces())
    mesh.update_faces(mesh.unique_faces())
    mesh.remove_unreferenced_vertices()
    uses = np.bincount(mesh.edges_unique_inverse)
    border = mesh.edges_unique[uses == 1]
    labels = trimesh.graph.connected_component_labels(border, node_count=len(mesh.vertices))
    lengths = np.linalg.norm(mesh.vertices[border[:, 0]] - mesh.vertices[border[:, 1]], axis=1)
    loops = np.bincount(labels[border[:, 0]], lengths)
    found = {
        "vertices": len(mesh.vertices),
        "edges": len(uses),
        "boundary_edges": len(border),
        "nonmanifold_edges": int((uses > 2).sum()),
        "components": int(mesh.body_count),
        "area": round(float(mesh.area), 3),
        "holes": int((loops > 0).sum()),
        "perimeter": round(float(loops.sum()), 3),
        "self_intersections": None,
    }
    mesh.fill_holes()
    parts = trimesh.graph.connected_component_labels(mesh.edges_unique, node_count=len(mesh.vertices))
    of_face = parts[mesh.faces[:, 0]]
    mesh.update_faces(np.bincount(of_face)[of_face] >= SMALLEST_PART)
    mesh.remove_unreferenced_vertices()
    for suffix in (".stl", ".ply"):
        mesh.export(f"{target}{suffix}")
    return mesh, found


def distance(lower: Any, upper: Any) -> dict[str, Any]:
    gaps, _ = upper.kdtree.query(lower.vertices, distance_upper_bound=LIMIT_MM)
    nearest = lower.vertices[np.argsort(gaps)[:2000]]
    parts = (trimesh.proximity.closest_point(upper, nearest[k : k + 500])[1] for k in range(0, len(nearest), 500))
    return {"min": round(min(float(part.min()) for part in parts), 6), "within2": int((gaps < LIMIT_MM).sum())}


if __name__ == "__main__":
    sys.exit(work(scan, distance))
