"""Printable models of made arches, solid and hollow, each looked at by admesh.

python benchmarks/prepare/models.py [--seeds 6] [--triangles 40000]
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from attrs import evolve

from casepan.mesh import Mesh, self_intersections, write_mesh
from casepan.testing import jaw_pair
from casepan_prepare.frame import MouthFrame, arch_frame, level_frame, moved
from casepan_prepare.modelling.body import as_mesh, closed_body
from casepan_prepare.modelling.hollow import hollowed
from casepan_prepare.modelling.label import labelled
from casepan_prepare.modelling.sheet import clean_sheet

OVER = np.diag([1.0, -1.0, -1.0, 1.0])
WANTED = {"Total disconnected facets": 0.0, "Degenerate facets": 0.0, "Number of parts": 1.0, "Facets reversed": 0.0}
COUNT = re.compile(rf"({'|'.join(WANTED)}) *: +(\d+)")


def main() -> None:
    """One line for each model, and the count of those that admesh finds fault with."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--triangles", type=int, default=40_000)
    asked = parser.parse_args()
    faults = count = 0
    for name, model, seconds in _models(asked.seeds, asked.triangles):
        sound = _admesh(model) == WANTED
        count, faults = count + 1, faults + (not sound)
        size = " x ".join(f"{side:.0f}" for side in model.extent_mm)
        meeting = len(self_intersections(model))
        print(
            f"{name:32} {'watertight' if sound else 'FAULTY':10} {size:>14} mm  {meeting:4} meeting  {seconds:4.1f} s"
        )
    print(f"{count} models, {faults} faulty")


def _models(seeds: int, triangles: int) -> Iterator[tuple[str, Mesh, float]]:
    for coverage in ("full", "quadrant-left", "anterior"):
        for seed in range(3000, 3000 + seeds):
            jaws = jaw_pair(seed, triangles=triangles, colour=False, coverage=coverage)
            frame = level_frame([f for f in (arch_frame(jaws.upper, "upper"), arch_frame(jaws.lower, "lower")) if f])
            for jaw in ("upper", "lower") if frame else ():
                assert frame is not None
                yield from _both(f"{coverage} {seed} {jaw}", getattr(jaws, jaw), frame, upper=jaw == "upper")


def _both(name: str, mesh: Mesh, frame: MouthFrame, *, upper: bool) -> Iterator[tuple[str, Mesh, float]]:
    """The solid and the hollow model of one arch."""
    begun = time.monotonic()
    sheet = clean_sheet(moved(mesh, (OVER if upper else np.eye(4)) @ frame.matrix), 5.0)
    assert sheet is not None
    body = closed_body(sheet, 6.0)
    body = evolve(body, solid=labelled(body, "26-00417") or body.solid)
    yield f"{name} solid", as_mesh(body.solid), time.monotonic() - begun
    begun = time.monotonic()
    hollow = hollowed(body, 2.0, 4.0)
    if hollow is not None:
        yield f"{name} hollow", as_mesh(hollow), time.monotonic() - begun


def _admesh(mesh: Mesh) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.stl"
        write_mesh(mesh, path)
        said = subprocess.run(
            ["admesh", "--exact", "--normal-directions", str(path)], capture_output=True, text=True, check=True
        )
    return {name: float(value) for name, value in COUNT.findall(said.stdout)}


if __name__ == "__main__":
    main()
