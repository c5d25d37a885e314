"""Run one supervisor over a durability lab until everything is done: ``python supervise.py ROOT URL``. Meant to be killed."""

from __future__ import annotations

import sys
from pathlib import Path

import durlab

from casepan.running.ledger import Ledger
from casepan.running.supervisor import run_watch


def main(root: Path, url: str, count: int) -> None:
    ledger = Ledger

    def done() -> bool:
        here = ledger(root / "state" / "ledger.sqlite")
        states = here.counts()["cases"]
        here.close()
        return states.get("handed-on", 0) + states.get("quarantine", 0) >= count

    report = run_watch(durlab.make_lab(root, url), "durlab:load", until=done)
    sys.exit(1 if report.error or (report.interrupted and not done()) else 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
