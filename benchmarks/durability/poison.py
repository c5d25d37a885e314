"""Cases that segfault, hang, hoard memory or disk, vanish, or breed processes, among healthy ones.

    python benchmarks/durability/poison.py

Each must be in quarantine after exactly the configured attempts, everything it started must be gone, the others unharmed.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import durlab
from attrs import evolve

from casepan.config.lab import Step
from casepan.contract.options import ByteCount, Duration
from casepan.running.supervisor import run_once

KINDS = ("segfault", "hang", "memory", "disk", "exit", "bomb")
ATTEMPTS = 3
HEALTHY = 6


def drop(root: Path) -> None:
    for kind in (*KINDS, *(f"healthy-{n}" for n in range(HEALTHY))):
        folder = root / "inbox" / kind
        folder.mkdir(parents=True)
        (folder / "order.json").write_text(json.dumps({"id": kind}))


def alive(word: bytes) -> int:
    found = 0
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            found += word in entry.read_bytes()
        except OSError:
            continue
    return found


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        os.environ |= {"DURLAB": folder, "PYTHONPATH": str(Path(__file__).parent)}
        drop(root)
        lab = durlab.make_lab(root, "", steps=1, attempts=ATTEMPTS)
        steps = (*lab.pipelines["p"].steps, Step(use="dur.poison", id="poison"))
        hurried = evolve(lab.pipelines["p"], steps=steps, time_limit=Duration(5.0), memory_limit=ByteCount(700 << 20))
        lab = evolve(lab, pipelines={"p": hurried})
        begun = time.monotonic()
        report = run_once(lab, "durlab:load")
        took = time.monotonic() - begun
        names = [line.split()[1:3] for line in (root / "trace.log").read_text().splitlines()]
        tries = Counter(ref for what, ref in names if what.startswith("poison:"))
        kinds = {ref: what.partition(":")[2] for what, ref in names if what.startswith("poison:")}
        good = True
        for row in report.cases:
            kind = kinds.get(row.case.ref)
            if kind is None:
                good &= row.case.state == "handed-on"
                continue
            good &= row.case.state == "quarantine" and tries[row.case.ref] == row.case.attempts == ATTEMPTS
            print(f"{kind:10} {row.case.state:11} tries {tries[row.case.ref]}  {row.case.reason}")
        states = Counter(row.case.state for row in report.cases if row.case.ref not in kinds)
        left = alive(folder.encode()) - 1  # this very process carries the folder's name too
        print(f"healthy: {dict(states)}, processes left: {max(left, 0)}, {took:.1f} s")
        good &= states == {"handed-on": HEALTHY} and len(kinds) == len(KINDS) and left <= 0
    print("PASSED" if good else "FAILED")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
