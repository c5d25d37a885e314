"""A disk that is full at every kind of write, and a state folder that is read-only: typed errors, and nothing half-done.

    python benchmarks/durability/fulldisk.py        (as root: mounts small tmpfs disks)

For each size the lab runs on a disk that is too small, then the disk is made larger and the next run must finish everything once.
The ledger feels such a disk first; so each other place where a run writes gets a small disk of its own too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import durlab
from attrs import evolve

from casepan.config.lab import Lab
from casepan.errors import StateError
from casepan.running.ledger import CaseRow, Ledger
from casepan.running.report import RunReport
from casepan.running.supervisor import run_once

CASES = 4
SIZES = range(150, 1051, 100)
NEEDED = "64m"
PLACES = ("state/arrivals", "state/cases", "state/log", "out")
"""Copies of arrivals; documents, outputs of steps and receipts; the log, whose lines are given up; destinations."""
SMALL = 24


@contextmanager
def disk(folder: Path, kilobytes: int):  # type: ignore[no-untyped-def]
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def attempt(lab: Lab) -> tuple[str, RunReport | None]:
    """What the run said: an exit code, or the kind of error. Anything but a StateError passes through and fails the test."""
    try:
        report = run_once(lab, "durlab:load")
    except StateError as error:
        return f"StateError: {error.reason}", None
    return (f"StateError: {report.error.reason}" if report.error else f"exit {report.exit_code}"), report


def make_lab(root: Path, inbox: Path) -> Lab:
    os.environ["DURLAB"] = str(inbox)
    durlab.drop_cases(inbox, CASES)
    lab = durlab.make_lab(root, "", steps=2, attempts=3)
    pipeline = lab.pipelines["p"]
    step = evolve(pipeline.import_[0], with_={"path": str(inbox / "inbox")})
    exports = tuple(evolve(export, retry=evolve(export.retry, attempts=2)) for export in pipeline.export)
    return evolve(lab, pipelines={"p": evolve(pipeline, import_=(step,), export=exports)})


def one(kilobytes: int, place: str = "", *, read_only: bool = False) -> bool:
    with tempfile.TemporaryDirectory() as base, tempfile.TemporaryDirectory() as inbox:
        root, small = Path(base), Path(base, place)
        small.mkdir(parents=True, exist_ok=True)
        with disk(small, kilobytes):
            lab = make_lab(root, Path(inbox))
            if read_only:
                remount(small, "ro")
            said, _ = attempt(lab)
            remount(small, f"rw,size={NEEDED}")
            resend(root)
            after, report = attempt(lab)
            states = Counter(row.state for row in _cases(root))
            folders = len(list((root / "out/folder").glob("*/manifest.json")))
            left = [path.name for path in (root / "out").glob("*/*.part")]
            good = states == {"handed-on": CASES} and folders == CASES and report is not None and not left
            what = f"{kilobytes} KiB{' read-only' if read_only else ''} {place}"
            print(f"{what:24} first: {said:75} then: {after}, {dict(states)}")
            return good


def resend(root: Path) -> None:
    """What a person does once there is room: deliveries whose tries are used up begin anew."""
    if not (root / "state/ledger.sqlite").is_file():
        return
    ledger = Ledger(root / "state/ledger.sqlite")
    for row in ledger.deliveries(state="failed"):
        ledger.resend(row.key, who="somebody")
    ledger.close()


def _cases(root: Path) -> tuple[CaseRow, ...]:
    ledger = Ledger(root / "state/ledger.sqlite")
    rows = ledger.cases()
    ledger.close()
    return rows


def main() -> int:
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    good = [one(size) for size in SIZES] + [one(SMALL, place) for place in PLACES]
    good += [one(4096, read_only=True), one(4096, "out", read_only=True)]
    print("PASSED" if all(good) else "FAILED")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
