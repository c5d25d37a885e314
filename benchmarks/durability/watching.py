"""What an inbox full of old arrivals costs while it is watched, and after a restart.

    python benchmarks/durability/watching.py --arrivals 10000

Every arrival is a folder of three files that the ledger knows. One poll must cost at most a few times what the operating
system takes to list the names and ask for the size and time of each; the first look after a restart has to look into
every folder once. CPU milliseconds.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import durlab

from casepan.contract.stages import Watch
from casepan.running.inbox import Inbox
from casepan.running.journal import Journal
from casepan.running.layout import StateFolder
from casepan.running.ledger import Ledger
from casepan.running.shop import Shop

TIMES_LISTING, SHARE_OF_A_CORE = 5.0, 0.02
"""A poll against a bare listing, and what watching may take of one core at the default settle time."""
SETTLE = 30.0
POLLS = 10


def cpu_ms(call: Callable[[], object], times: int = 1) -> float:
    begun = time.process_time()
    for _ in range(times):
        call()
    return 1e3 * (time.process_time() - begun) / times


def fill(inbox: Path, arrivals: int) -> None:
    for number in range(arrivals):
        folder = inbox / f"order-{number:05}"
        folder.mkdir(parents=True)
        for name in ("upper.stl", "lower.stl", "bite.stl"):
            (folder / name).write_bytes(b"x" * 100)


def bare_listing(inbox: Path) -> int:
    with os.scandir(inbox) as entries:
        return sum(os.lstat(f"{inbox}/{entry.name}").st_size for entry in entries)


def watched(inbox: Path) -> Inbox:
    return Inbox("main", "import", inbox.parent, Watch(path=inbox.name, settle=SETTLE))


def settled(inbox: Inbox, shop: Shop, clock: list[float]) -> float:
    """CPU of the two looks after which everything that lies there is still."""
    first = cpu_ms(lambda: inbox.look(shop, patient=True))
    clock[0] += SETTLE + 1
    return first + cpu_ms(lambda: inbox.look(shop, patient=True))


def measure(root: Path, arrivals: int) -> dict[str, float]:
    fill(root / "inbox", arrivals)
    state = StateFolder(root / "state")
    state.prepare()
    clock = [1_000.0]
    time.monotonic = lambda: clock[0]  # waiting for half a minute is not what is measured
    with closing(Ledger(state.ledger)) as ledger:
        registry: Any = durlab.load(())
        shop = Shop(durlab.make_lab(root, "", steps=1), state, ledger, registry, Journal(state.log))
        taking = settled(watched(root / "inbox"), shop, clock)
        assert len(ledger.arrivals()) == arrivals
        inbox = watched(root / "inbox")
        restart = settled(inbox, shop, clock)
        clock[0] += SETTLE + 1
        steady = cpu_ms(lambda: inbox.look(shop, patient=True), POLLS)
        bare = cpu_ms(lambda: bare_listing(root / "inbox"), POLLS)
        assert len(ledger.arrivals()) == arrivals
        shop.journal.close()
    return {
        "bare listing": bare, "one poll": steady, "both looks after a restart": restart, "taking all of them": taking,
        "one poll / bare listing": steady / bare, "share of a core while watching": steady / 1e3 / inbox.pause,
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arrivals", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DURLAB"] = folder
        figures = measure(Path(folder), given.arrivals)
    for name, value in figures.items():
        print(f"{name:34} {value:10.3f}")
    good = figures["one poll / bare listing"] <= TIMES_LISTING
    good &= figures["share of a core while watching"] <= SHARE_OF_A_CORE
    print("PASSED" if good else "FAILED")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
