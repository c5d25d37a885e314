"""Colour there and back: PLY with vertex colour, OBJ with a texture, PLY with vertex colour; the error of each step.

python benchmarks/prepare/colour_round_trip.py [--triangles 200000] [--seeds 3]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from casepan.mesh import read_mesh, write_mesh
from casepan.operate.converting import convert_path
from casepan.testing import upper_scan


def main() -> None:
    """One line for each generated arch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--triangles", type=int, default=200_000)
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    print("seed  triangles  to texture  back to vertices  largest level  seconds")
    for seed in range(asked.seeds):
        with tempfile.TemporaryDirectory() as folder:
            print(_line(Path(folder), seed, asked.triangles))


def _line(folder: Path, seed: int, triangles: int) -> str:
    mesh = upper_scan(seed, triangles=triangles)
    write_mesh(mesh, folder / "a.ply")
    begun = time.monotonic()
    (there,) = convert_path(folder / "a.ply", folder / "b.obj", colour="texture")
    (back,) = convert_path(folder / "b.obj", folder / "c.ply", colour="vertex")
    seconds = time.monotonic() - begun
    after = read_mesh(folder / "c.ply").vertex_colours
    assert after is not None and mesh.vertex_colours is not None
    level = int(np.abs(after.astype(int) - mesh.vertex_colours.astype(int)).max())
    errors = [said.losses[0].rpartition("ΔE ")[2] for said in (there, back)]
    return f"{seed:4}  {len(mesh.faces):9,}  ΔE {errors[0]:>7}  ΔE {errors[1]:>13}  {level:13}  {seconds:7.1f}"


if __name__ == "__main__":
    main()
