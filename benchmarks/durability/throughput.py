"""Many small cases through one inbox: what casepan itself costs, and whether two children do twice the work of one.

    python benchmarks/durability/throughput.py --cases 1000
    python benchmarks/durability/throughput.py --cases 20 --work 2 --compare
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import durlab

from casepan.running.supervisor import run_once

EMPTY = "import casepan.running.child, casepan.running.intake, casepan.running.steps, casepan.running.deliveries"


def cpu(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def child_start(times: int = 10) -> float:
    """CPU seconds of a process that imports what a child imports and does nothing."""
    before = cpu(resource.RUSAGE_CHILDREN)
    for _ in range(times):
        subprocess.run([sys.executable, "-X", "utf8", "-c", EMPTY], check=True)
    return (cpu(resource.RUSAGE_CHILDREN) - before) / times


def memory_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def once(cases: int, *, work: float, workers: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        os.environ["DURLAB"] = folder
        durlab.drop_cases(root, cases)
        lab = durlab.make_lab(root, "", steps=1, sleep=work, workers=workers)
        samples: list[float] = []
        begun, own, theirs = time.monotonic(), cpu(resource.RUSAGE_SELF), cpu(resource.RUSAGE_CHILDREN)
        report = run_once(lab, "durlab:load", on_progress=lambda event: samples.append(memory_mb()))
        wall = time.monotonic() - begun
        assert report.exit_code == 0, report.exit_code
        middle = samples[len(samples) // 4]
        return {
            "wall s": wall, "cases/s": cases / wall,
            "supervisor CPU ms/case": 1e3 * (cpu(resource.RUSAGE_SELF) - own) / cases,
            "children CPU ms/case": 1e3 * (cpu(resource.RUSAGE_CHILDREN) - theirs) / cases,
            "supervisor MB at a quarter": middle, "supervisor MB at the end": samples[-1],
        }  # fmt: skip


def show(title: str, figures: dict[str, float]) -> None:
    print(title)
    for name, value in figures.items():
        print(f"  {name:40} {value:10.1f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--work", type=float, default=0.0, help="seconds that the step of a case waits")
    parser.add_argument("--compare", action="store_true", help="one child against two")
    given = parser.parse_args()
    start = child_start()
    print(f"child start, CPU ms (two children a case)   {1e3 * start:10.1f}")
    two = once(given.cases, work=given.work, workers=2)
    two["children beyond their start, CPU ms/case"] = two["children CPU ms/case"] - 2e3 * start
    show(f"{given.cases} cases, two children", two)
    if given.compare:
        one = once(given.cases, work=given.work, workers=1)
        show(f"{given.cases} cases, one child", one)
        print(f"two children do {one['wall s'] / two['wall s']:.2f} times the work of one")
    return 0


if __name__ == "__main__":
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    sys.exit(main())
