"""The work with vtk (through pyvista): no self-intersections."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from common import LIMIT_MM, SMALLEST_PART, near, work

pyvista: Any = import_module("pyvista")
core: Any = import_module("vtkmodules.vtkFiltersCore")
modelling: Any = import_module("vtkmodules.vtkFiltersModeling")


def scan(path: Path, target: Path) -> tuple[Any, dict[str, Any]]:
    mesh = pyvista.read(path)
    faces = mesh.regular_faces
    _, first = np.unique(np.sort(faces, axis=1), axis=0, return_index=True)
    mesh = pyvista.PolyData.from_regular_faces(mesh.points, faces[np.sort(first)])
    border, crowded = _edges(mesh, border=True), _edges(mesh, border=False)
    found: dict[str, Any] = {
        "vertices": mesh.n_points,
        "boundary_edges": border.n_cells,
        "nonmanifold_edges": crowded.n_cells,
        "components": _parts(mesh)[1],
        "area": round(float(mesh.area), 3),
        "holes": _parts(border)[1],
        "perimeter": round(float(border.compute_cell_sizes(area=False, volume=False)["Length"].sum()), 3),
        "self_intersections": None,
    }
    closing = modelling.vtkFillHolesFilter()
    closing.SetInputData(mesh)
    closing.SetHoleSize(LIMIT_MM)
    closing.Update()
    labelled, _ = _parts(pyvista.wrap(closing.GetOutput()))
    of_face = np.asarray(labelled.point_data["RegionId"])[labelled.regular_faces[:, 0]]
    kept = labelled.regular_faces[np.bincount(of_face)[of_face] >= SMALLEST_PART]
    result = pyvista.PolyData.from_regular_faces(labelled.points, kept).clean(point_merging=False)
    for suffix in (".stl", ".ply"):
        result.save(f"{target}{suffix}")
    return result, found


def _edges(mesh: Any, border: bool) -> Any:
    edges = core.vtkFeatureEdges()
    edges.SetInputData(mesh)
    edges.FeatureEdgesOff()
    edges.ManifoldEdgesOff()
    edges.ColoringOff()
    edges.SetBoundaryEdges(border)
    edges.SetNonManifoldEdges(not border)
    edges.Update()
    return pyvista.wrap(edges.GetOutput())


def _parts(mesh: Any) -> tuple[Any, int]:
    parts = core.vtkPolyDataConnectivityFilter()
    parts.SetInputData(mesh)
    parts.SetExtractionModeToAllRegions()
    parts.ColorRegionsOn()
    parts.Update()
    return pyvista.wrap(parts.GetOutput()), parts.GetNumberOfExtractedRegions()


def distance(lower: Any, upper: Any) -> dict[str, Any]:
    _, closest = upper.find_closest_cell(lower.points, return_closest_point=True)
    return near(np.linalg.norm(np.asarray(lower.points) - closest, axis=1))


if __name__ == "__main__":
    sys.exit(work(scan, distance))
