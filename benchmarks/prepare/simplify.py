"""Simplify a made arch or a mesh file: triangles, measured distance, processor seconds and peak memory.

    python benchmarks/prepare/simplify.py [--triangles 600000] [--tolerance 10] [FILE…]

Set CASEPAN_NO_FAST=1 to go without compiled kernels.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterator
from pathlib import Path

from attrs import evolve

from casepan.mesh import Mesh, kernels, read_mesh
from casepan.testing import jaw_pair
from casepan_prepare.fewer import simplified


def surfaces(files: list[Path], triangles: int) -> Iterator[tuple[str, Mesh]]:
    """The files, else a made upper arch."""
    for file in files:
        yield file.name, read_mesh(file)
    if not files:
        yield "made arch", jaw_pair(2000, triangles=triangles).upper


def main() -> None:
    """One line for each surface."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--triangles", type=int, default=600_000)
    parser.add_argument("--tolerance", type=float, default=10.0, help="micrometres")
    asked = parser.parse_args()
    for name, mesh in surfaces(asked.files, asked.triangles):
        surface = evolve(mesh, texture=None, face_colours=None).welded()
        begin = time.process_time()
        found = simplified(surface, asked.tolerance / 1000)
        spent = time.process_time() - begin
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        said = f"{len(found.mesh.faces):,}, {found.distance_mm * 1000:.2f} µm" if found else "as it was"
        way = "kernels" if kernels.compiled() else "numpy"
        print(f"{name}: {len(surface.faces):,} -> {said}; {spent:.1f} s of processor, peak {peak} MiB ({way})")


if __name__ == "__main__":
    main()
