"""Where the CPU time of children goes: the lab of ``durlab`` with a clock around everything that is not the runner's own.

Work is what the lab asked for: recognition, the calls of its stages, copying and hashing the arrival. Documents are what a case
leaves in the state folder so that it survives power loss: what was read, what each step made, the verdict, the receipts, and the
folders they lie in. Everything else is the runner's, also a stage's question whether it still owns the case. Each child appends
one line to ``DURLAB/cpu.log``: all its time, how much was work, and how much went into documents.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import durlab

from casepan.running import child, deliveries, intake, steps
from casepan.running.wire import Link

WORK, DOCUMENTS, RUNNER = "work", "documents", "runner"
KINDS = (
    (intake, "take_snapshot", WORK), (intake, "recognise", WORK), (Link, "ask", RUNNER),
    (intake, "write_document", DOCUMENTS), (intake, "sync_folder", DOCUMENTS), (intake, "private_folder", DOCUMENTS),
    (steps, "write_document", DOCUMENTS), (steps, "publish_folder", DOCUMENTS), (steps, "private_folder", DOCUMENTS),
    (steps, "new_folder", DOCUMENTS), (steps, "write_new", DOCUMENTS),
    (deliveries, "write_document", DOCUMENTS), (deliveries, "private_folder", DOCUMENTS),
)  # fmt: skip
CALLS = ("read", "apply", "check", "deliver", "probe")


class Clock:
    """CPU seconds of this thread by kind; a call of another kind inside interrupts the one around it."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Count from nothing: a child has more than one job."""
        self.spent = {WORK: 0.0, DOCUMENTS: 0.0, RUNNER: 0.0}
        self.kind, self.since = RUNNER, time.thread_time()

    def turn_to(self, kind: str) -> str:
        """Count for this kind from now on; which one it was before."""
        now, before = time.thread_time(), self.kind
        self.spent[before] += now - self.since
        self.kind, self.since = kind, now
        return before


clock = Clock()


def timed(call: Callable[..., Any], kind: str) -> Callable[..., Any]:
    def measured(*values: Any, **more: Any) -> Any:
        before = clock.turn_to(kind)
        try:
            return call(*values, **more)
        finally:
            clock.turn_to(before)

    return measured


class Accounted(durlab.DurRegistry):
    def build(self, name: str, options: Any = None) -> Any:
        stage = super().build(name, options)
        for call in CALLS:
            if hasattr(stage, call):
                setattr(stage, call, timed(getattr(stage, call), WORK))
        return stage


def account(run: Callable[..., Any]) -> Callable[..., Any]:
    def accounted(*values: Any) -> Any:
        begun = time.process_time()
        clock.start()
        try:
            return run(*values)
        finally:
            whole, spent = time.process_time() - begun, clock.spent
            line = f"{whole:.6f} {spent[WORK]:.6f} {spent[DOCUMENTS]:.6f}\n".encode()
            handle = os.open(Path(os.environ["DURLAB"]) / "cpu.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.write(handle, line)
            os.close(handle)

    return accounted


def load(enabled: Collection[str]) -> Accounted:
    for home, name, kind in KINDS:
        setattr(home, name, timed(getattr(home, name), kind))
    setattr(child, "run", account(child.run))  # noqa: B010 - in a warm process before its first fork
    return Accounted(enabled)


def totals() -> tuple[float, float, float]:
    """Seconds of all children inside their jobs, and how much of it was work, and documents."""
    lines = [line.split() for line in (Path(os.environ["DURLAB"]) / "cpu.log").read_text().splitlines()]
    whole, work, documents = (sum(float(line[column]) for line in lines) for column in range(3))
    return whole, work, documents
