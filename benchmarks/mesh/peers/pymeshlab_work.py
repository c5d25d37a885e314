"""The work with pymeshlab: hole sizes are counted in edges, and parts must go before holes are closed (it crashes else)."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from common import LIMIT_MM, SMALLEST_PART, near, work

pymeshlab: Any = import_module("pymeshlab")
meshes = pymeshlab.MeshSet(verbose=False)


def scan(path: Path, target: Path) -> tuple[Any, dict[str, Any]]:
    meshes.load_new_mesh(str(path))
    for step in ("duplicate_vertices", "duplicate_faces", "null_faces", "unreferenced_vertices"):
        getattr(meshes, f"meshing_remove_{step}")()
    counts, sizes = meshes.get_topological_measures(), meshes.get_geometric_measures()
    meshes.compute_selection_by_self_intersections_per_face()
    found = {
        "vertices": meshes.current_mesh().vertex_number(),
        "edges": counts["edges_number"],
        "boundary_edges": counts["boundary_edges"],
        "nonmanifold_edges": counts["non_two_manifold_edges"],
        "components": counts["connected_components_number"],
        "area": round(sizes["surface_area"], 3),
        "holes": counts["number_holes"],
        "self_intersections": meshes.current_mesh().selected_face_number(),
    }
    meshes.set_selection_none()
    meshes.meshing_remove_connected_component_by_face_number(mincomponentsize=SMALLEST_PART)
    meshes.meshing_repair_non_manifold_edges()
    meshes.meshing_close_holes(maxholesize=150)
    meshes.save_current_mesh(f"{target}.stl")
    meshes.save_current_mesh(f"{target}.ply", save_vertex_color=False)
    return meshes.current_mesh_id(), found


def distance(lower: Any, upper: Any) -> dict[str, Any]:
    meshes.compute_scalar_by_distance_from_another_mesh_per_vertex(
        measuremesh=lower, refmesh=upper, signeddist=False, maxdist=pymeshlab.PureValue(LIMIT_MM)
    )
    meshes.set_current_mesh(lower)
    return near(meshes.current_mesh().vertex_scalar_array())


if __name__ == "__main__":
    sys.exit(work(scan, distance))
