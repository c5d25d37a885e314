"""A disk that is full at every kind of write, and a state folder that is read-only: typed errors, and nothing half-done.

    python benchmarks/durability/fulldisk.py        (as root: mounts small tmpfs disks)

For each size the lab runs on a disk that is too small, then the disk is made larger and the next run must finish everything once.
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
from casepan.running.report import RunReport
from casepan.running.supervisor import run_once

CASES = 4
SIZES = range(150, 1051, 100)
NEEDED = "64m"


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


def one(kilobytes: int, *, read_only: bool = False) -> bool:
    with tempfile.TemporaryDirectory() as base, tempfile.TemporaryDirectory() as inbox:
        root = Path(base)
        with disk(root, kilobytes):
            os.environ["DURLAB"] = inbox
            durlab.drop_cases(Path(inbox), CASES)
            lab = durlab.make_lab(root, "", steps=2, attempts=3)
            step = evolve(lab.pipelines["p"].import_[0], with_={"path": str(Path(inbox, "inbox"))})
            lab = evolve(lab, pipelines={"p": evolve(lab.pipelines["p"], import_=(step,))})
            if read_only:
                remount(root, "ro")
            said, _ = attempt(lab)
            remount(root, f"rw,size={NEEDED}")
            after, report = attempt(lab)
            states = Counter(row.state for row in _cases(root))
            folders = len(list((root / "out/folder").glob("*/manifest.json")))
            good = states == {"handed-on": CASES} and folders == CASES and report is not None
            print(
                f"{kilobytes:5} KiB {'read-only' if read_only else '':9} first: {said:75} then: {after}, {dict(states)}"
            )
            return good


def _cases(root: Path):  # type: ignore[no-untyped-def]
    from casepan.running.ledger import Ledger

    ledger = Ledger(root / "state/ledger.sqlite")
    rows = ledger.cases()
    ledger.close()
    return rows


def main() -> int:
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    good = [one(size) for size in SIZES] + [one(4096, read_only=True)]
    print("PASSED" if all(good) else "FAILED")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
