"""The benchmark's work in casepan: ``python casepan_work.py LOWER UPPER BITE FOLDER [--no-self]`` prints one JSON line.

Read three scans, weld, drop degenerate and duplicate faces (as the peers do), topology, self-intersections, close holes up
to 4 mm, drop islands, write binary STL and PLY, then the distance from the lower to the upper.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from casepan.mesh import (
    Mesh,
    distance,
    drop_bad_faces,
    drop_islands,
    fill_holes,
    read_mesh,
    self_intersections,
    topology,
    write_mesh,
)

seconds: dict[str, float] = {}


@contextmanager
def timed(step: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[step] = seconds.get(step, 0.0) + time.perf_counter() - start


def counts(mesh: Mesh) -> dict[str, Any]:
    with timed("edges"):
        found = topology(mesh)
        result: dict[str, Any] = {
            "faces": len(mesh.faces),
            "vertices": found.vertices,
            "edges": found.edges,
            "boundary_edges": found.boundary_edges,
            "nonmanifold_edges": found.nonmanifold_edges,
            "inconsistent": found.inconsistent_edges,
        }
    with timed("components"):
        result["components"] = len(found.components)
        result["area"] = round(sum(part.area_mm2 for part in found.components), 3)
    with timed("loops"):
        result["holes"] = len(found.loops)
        result["perimeter"] = round(sum(loop.perimeter_mm for loop in found.loops), 3)
    return result


def scan(path: Path, folder: Path, self_test: bool) -> tuple[Mesh, dict[str, Any]]:
    with timed("read and weld"):
        mesh = read_mesh(path)
    with timed("bad faces"):
        mesh, _ = drop_bad_faces(mesh)
    result = counts(mesh)
    if self_test:
        with timed("self-intersections"):
            result["self_intersections"] = len(self_intersections(mesh).faces)
    with timed("fill"):
        filled, _ = fill_holes(mesh, 4.0)
        result["filled_faces"] = len(filled.faces) - len(mesh.faces)
    with timed("islands"):
        mesh, _ = drop_islands(filled)
        result["kept_faces"] = len(mesh.faces)
    with timed("write"):
        for suffix in (".stl", ".ply"):
            write_mesh(mesh, folder / (path.stem + suffix))
    return mesh, result


def main(arguments: list[str]) -> int:
    *paths, folder = (Path(each) for each in arguments if not each.startswith("-"))
    self_test = "--no-self" not in arguments
    meshes, results = {}, {}
    for name, path in zip(("lower", "upper", "bite"), paths, strict=True):
        mesh, results[name] = scan(path, folder, self_test)
        if name != "bite":
            meshes[name] = mesh
    with timed("arch distance"):
        gap = distance(meshes["lower"], meshes["upper"])
    results["arch"] = {"min": round(gap.min_mm or 0.0, 6), "within2": len(gap.vertices)}
    print(json.dumps({**results, "seconds": {step: round(taken, 4) for step, taken in seconds.items()}}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
