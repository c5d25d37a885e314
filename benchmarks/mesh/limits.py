"""Single steps on one scan against what the machine can do at all: ``python limits.py SCAN`` prints one JSON line.

The limits are measured in the same process: reading the bytes, sorting as many 64-bit numbers as there are corners, and
one pass over the faces that fetches a number per corner. Everything is the shortest processor time of several tries.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import TypeVar

import numpy as np
from attrs import evolve

from casepan.mesh import read_mesh, render
from casepan.mesh.edges import EdgeTable
from casepan.mesh.opening import load
from casepan.mesh.stl import read_stl
from casepan.mesh.weld import weld_field

TRIES = 7
Result = TypeVar("Result")
seconds: dict[str, float] = {}


def shortest(name: str, work: Callable[[], Result]) -> Result:
    """Run some work several times, note its shortest processor time, and return its last result."""
    times = []
    for _ in range(TRIES):
        begin = time.process_time()
        result = work()
        times.append(time.process_time() - begin)
    seconds[name] = min(times)
    return result


def draw(path: Path) -> None:
    """One picture of a scan in memory: the median of wall clock, and the shortest processor time."""
    mesh = read_mesh(path)
    walls = []

    def work() -> bytes:
        begin = time.perf_counter()
        picture = render([(mesh, None)], size=(1200, 900))
        walls.append(time.perf_counter() - begin)
        return picture

    shortest("picture, cpu", work)
    seconds["picture, wall"] = median(walls)


def main(arguments: list[str]) -> int:
    path = Path(arguments[0])
    data = shortest("limit read", path.read_bytes)
    numbers = np.random.default_rng(0).integers(0, 1 << 63, 3 * ((len(data) - 84) // 50), dtype=np.uint64)
    shortest("limit sort", lambda: np.sort(numbers))
    soup = shortest("read", lambda: read_stl(*load(path)))
    shortest("weld", lambda: weld_field(soup.records, "corners"))
    mesh = soup.weld()
    table = shortest("edges", lambda: EdgeTable.of(mesh))
    shortest("components", lambda: evolve(table).vertex_labels)
    shortest("limit pass", lambda: table.vertex_labels.take(mesh.faces))
    draw(path)
    print(json.dumps({"faces": len(mesh.faces), "seconds": seconds}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
