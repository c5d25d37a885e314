"""What all checks cost on a case of three scans of 600,000 triangles, beside the mesh kernel on the same files.

    python benchmarks/quality/speed.py [--triangles 600000] [--rounds 3]

The kernel's end-to-end work is that of ``benchmarks/mesh`` (read, weld, topology, self-intersections, distance of the
arches, fill, drop islands, write); the checks read the same files. Both run as processes of their own, in turns; medians
are shown. The targets: at most 2.5 times the kernel's time, at most 1.5 GiB.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
from attrs import evolve
from numpy.typing import NDArray

from casepan.mesh import Mesh, write_mesh
from casepan.testing import jaw_pair

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "mesh"))

from measuring import Cost, peak_mib, timed  # noqa: E402

SEED = 50_600
NOISE_MM = 0.005
TIMES, MIB = 2.5, 1536


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--triangles", type=int, default=600_000, help="of each scan")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        upper, lower, bite = (str(path) for path in case_files(Path(folder), asked.triangles))
        kernel = [sys.executable, str(HERE.parent / "mesh" / "casepan_work.py"), lower, upper, bite, folder]
        checks = [sys.executable, str(HERE / "speed_work.py"), upper, lower, bite]
        runs = [(timed(kernel, {}), timed(checks, {})) for _ in range(asked.rounds)]
        peaks = peak_mib(kernel, {}), peak_mib(checks, {})
    return shown([kernel for kernel, _ in runs], [checks for _, checks in runs], peaks)


def case_files(folder: Path, triangles: int) -> tuple[Path, Path, Path]:
    """Upper, lower and a bite of as many triangles, as binary STL."""
    jaws = jaw_pair(SEED, triangles=triangles, preparations=[16])
    bite = jaws.bites[0]
    while len(bite.faces) * 2 < triangles:
        bite = finer(bite)
    paths = tuple(folder / f"{name}.stl" for name in ("upper", "lower", "bite"))
    for path, mesh in zip(paths, (jaws.upper, jaws.lower, bite), strict=True):
        write_mesh(mesh, path)
    return paths[0], paths[1], paths[2]


def finer(mesh: Mesh) -> Mesh:
    """Four triangles for each, with a scanner's noise."""
    corners = mesh.vertices[mesh.faces]
    middles = (corners + corners[:, [1, 2, 0]]) / 2
    a, b, c = corners.transpose(1, 0, 2)
    ab, bc, ca = middles.transpose(1, 0, 2)
    soup = np.stack([a, ab, ca, ab, b, bc, ca, bc, c, ab, bc, ca], axis=1).reshape(-1, 3)
    faces = np.arange(len(soup), dtype=np.int32).reshape(-1, 3)
    return shaken(Mesh(np.ascontiguousarray(soup, np.float32), faces).welded())


def shaken(mesh: Mesh) -> Mesh:
    """With noise."""
    noise: NDArray[np.float64] = np.random.default_rng(len(mesh.faces)).normal(0, NOISE_MM, mesh.vertices.shape)
    return evolve(mesh, vertices=(mesh.vertices + noise).astype(np.float32))


def shown(kernel: list[Cost], checks: list[Cost], peaks: tuple[float, float]) -> int:
    """Print both, each check, and whether the targets are met; 1 when one is missed."""
    print("| | wall s | processor s | peak MiB |\n| --- | ---: | ---: | ---: |")
    for name, costs, peak in (("mesh kernel", kernel, peaks[0]), ("all checks", checks, peaks[1])):
        print(f"| {name} | {_wall(costs):.2f} | {_cpu(costs):.2f} | {peak:.0f} |")
    times, cpu_times = _wall(checks) / _wall(kernel), _cpu(checks) / _cpu(kernel)
    met = times <= TIMES and peaks[1] <= MIB
    print(f"\nchecks / kernel: {times:.2f} wall, {cpu_times:.2f} processor; target {TIMES}, {MIB} MiB: ", end="")
    print("met" if met else "MISSED")
    found = json.loads(checks[0].output.splitlines()[-1])
    print("seconds: " + ", ".join(f"{name} {taken:.2f}" for name, taken in found["seconds"].items()))
    return 0 if met else 1


def _wall(costs: list[Cost]) -> float:
    return median(cost.wall for cost in costs)


def _cpu(costs: list[Cost]) -> float:
    return median(cost.cpu for cost in costs)


if __name__ == "__main__":
    sys.exit(main())
