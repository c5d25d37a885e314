"""Many small cases through one inbox: what casepan itself costs, and whether two children do twice the work of one.

    python benchmarks/durability/throughput.py --cases 1000
    python benchmarks/durability/throughput.py --cases 20 --work 2 --compare

All figures but the memory are CPU milliseconds per case, so that they can be compared between busy and idle machines.
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import accounting
import durlab
import pytest

from casepan.running import intake, pool, supervisor

BEYOND_MS, GROWTH_MB, TWICE = 10.0, 3.0, 1.8
SAMPLED = 20
"""Every so many events the supervisor's memory is read, or the reading would be a good part of what is measured."""


class Spent:
    """CPU seconds of this thread inside calls of one kind."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def timed(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def measured(*values: Any, **more: Any) -> Any:
            begun = time.thread_time()
            try:
                return call(*values, **more)
            finally:
                self.seconds += time.thread_time() - begun

        return measured


@contextmanager
def apart() -> Iterator[tuple[Spent, Spent]]:
    """What the supervisor spends on starting children, and on documents of arrivals that must survive power loss."""
    starts, writes = Spent(), Spent()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("casepan.running.supervisor.Child", starts.timed(pool.Child))
        patch.setattr("casepan.running.inbox.write_landed", writes.timed(intake.write_landed))
        yield starts, writes


def cpu(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


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
        events = itertools.count()

        def sample(_: object) -> None:
            if next(events) % SAMPLED == 0:
                samples.append(memory_mb())

        begun, own, theirs = time.monotonic(), cpu(resource.RUSAGE_SELF), cpu(resource.RUSAGE_CHILDREN)
        with apart() as (starts, writes):
            report = supervisor.run_once(lab, "accounting:load", on_progress=sample)
        wall = time.monotonic() - begun
        assert report.exit_code == 0, report.exit_code
        own, theirs = cpu(resource.RUSAGE_SELF) - own, cpu(resource.RUSAGE_CHILDREN) - theirs
        in_jobs, working, documents = accounting.totals()
        return {
            "wall s": wall, "cases/s": cases / wall,
            "supervisor": 1e3 * (own - starts.seconds - writes.seconds) / cases,
            "start and end of a child": 1e3 * (theirs - in_jobs + starts.seconds) / cases,
            "the work itself": 1e3 * working / cases,
            "documents that survive power loss": 1e3 * (documents + writes.seconds) / cases,
            "children around the work": 1e3 * (in_jobs - working - documents) / cases,
            "all": 1e3 * (own + theirs) / cases,
            "supervisor MB at a quarter": samples[len(samples) // 4], "supervisor MB at the end": samples[-1],
        }  # fmt: skip


def show(title: str, figures: dict[str, float]) -> None:
    print(title)
    for name, value in figures.items():
        print(f"  {name:40} {value:10.1f}")


def judged(what: str, value: float, limit: float, good: bool) -> bool:
    print(f"{what:42} {value:10.2f}   target {limit:5.1f}   {'met' if good else 'NOT MET'}")
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--work", type=float, default=0.0, help="seconds that the step of a case waits")
    parser.add_argument("--compare", action="store_true", help="one child against two")
    given = parser.parse_args()
    two = once(given.cases, work=given.work, workers=2)
    show(f"{given.cases} cases, two children", two)
    if given.compare:
        one = once(given.cases, work=given.work, workers=1)
        show(f"{given.cases} cases, one child", one)
        ratio = one["wall s"] / two["wall s"]
        good = judged("two children against one", ratio, TWICE, ratio >= TWICE)
    else:
        beyond = two["supervisor"] + two["children around the work"]
        growth = two["supervisor MB at the end"] - two["supervisor MB at a quarter"]
        good = judged("beyond start and work, ms a case", beyond, BEYOND_MS, beyond < BEYOND_MS)
        good &= judged("supervisor's growth, MB", growth, GROWTH_MB, growth < GROWTH_MB)
    print("PASSED" if good else "FAILED")
    return 0 if good else 1


if __name__ == "__main__":
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    sys.exit(main())
