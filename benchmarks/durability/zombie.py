"""A supervisor and its child are frozen, taken over by another one, and woken: does anything leave twice?

    python benchmarks/durability/zombie.py

On one machine the lock makes this impossible, so the second supervisor is started without it and with a short lease: what a
second machine would be, and what is left of the promise when locks fail. Frozen once in each step, and between intent and send.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import durlab
from chaos import children_of
from flaky import Flaky

HERE = Path(__file__).parent
FROZEN = 7.0
PATIENCE = 30.0
"""Seconds more that the second supervisor gets on a busy machine: whoever is woken too soon proves nothing."""
POINTS = ("step:s0", "step:s1", "step:s2", "post")


def supervise(root: Path, url: str) -> None:
    """A supervisor without an exclusive lock, whose leases run out after two seconds."""
    from casepan.running import supervisor
    from casepan.running.ledger import Ledger

    @contextmanager
    def no_lock(path: Path, here: object):  # type: ignore[no-untyped-def]
        handle = os.open(root / "nobody.lock", os.O_RDWR | os.O_CREAT)
        yield handle
        os.close(handle)

    setattr(supervisor, "supervisor_lock", no_lock)  # noqa: B010 - what a failing lock would be
    supervisor.LEASE = 2.0
    supervisor.Supervisor.recover = lambda self: None  # type: ignore[method-assign]

    def done() -> bool:
        ledger = Ledger(root / "state" / "ledger.sqlite")
        states = ledger.counts()["cases"]
        ledger.close()
        return states.get("handed-on", 0) == 1

    supervisor.run_watch(durlab.make_lab(root, url, sleep=1.0, freeze=1.0), "durlab:load", until=done)


def start(root: Path, url: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(HERE / "zombie.py"), str(root), url]
    environment = {**os.environ, "DURLAB": str(root), "PYTHONPATH": str(HERE)}
    return subprocess.Popen(command, env=environment, cwd=HERE)


def signal_all(pids: list[int], number: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def seen(root: Path, what: str) -> int:
    trace = root / "trace.log"
    return sum(f" {what} " in line for line in trace.read_text().splitlines()) if trace.exists() else 0


def one(point: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        root, server = Path(folder), Flaky(refuses=0.0, silent=0.0)
        durlab.drop_cases(root, 1)
        first = start(root, server.url)
        while not seen(root, point):
            time.sleep(0.02)
        frozen = [first.pid, *children_of(first.pid)]
        signal_all(frozen, signal.SIGSTOP)
        second = start(root, server.url)
        time.sleep(FROZEN)
        begun = time.monotonic()
        while seen(root, point) < 2 and time.monotonic() - begun < PATIENCE:
            time.sleep(0.1)
        taken_over = seen(root, point) > 1
        signal_all(frozen, signal.SIGCONT)
        codes = (first.wait(timeout=60), second.wait(timeout=60))
        time.sleep(2.0)
        delivered = sum(server.taken.values())
        folders = len(list((root / "out/folder").glob("*/manifest.json")))
        good = taken_over and delivered == 1 and folders == 1
        print(f"frozen in {point:8} taken over: {taken_over!s:5} posts: {delivered} folders: {folders} ends: {codes}")
        return good


def main() -> int:
    good = [one(point) for point in POINTS]
    print("PASSED" if all(good) else "FAILED")
    return 0 if all(good) else 1


if __name__ == "__main__":
    if len(sys.argv) == 3:
        supervise(Path(sys.argv[1]), sys.argv[2])
    else:
        sys.exit(main())
