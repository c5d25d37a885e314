"""Where the CPU time of children goes: the lab of ``durlab`` with a clock around everything that is the work itself.

Work is what the lab asked for: recognition, the calls of its stages, copying and hashing the arrival, and writing documents and
outputs so that they survive power loss. Each child appends one line to ``DURLAB/cpu.log``: all its time, and how much was work.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import durlab

from casepan.running import child, deliveries, intake, steps

WORK = (
    (intake, "take_snapshot"), (intake, "recognise"), (intake, "write_document"), (intake, "sync_folder"),
    (intake, "private_folder"), (steps, "write_document"), (steps, "publish_folder"), (steps, "private_folder"),
    (deliveries, "write_document"), (deliveries, "private_folder"),
)  # fmt: skip
CALLS = ("read", "apply", "check", "deliver", "probe")

spent = {"work": 0.0, "depth": 0.0}


def timed(call: Callable[..., Any]) -> Callable[..., Any]:
    def measured(*values: Any, **more: Any) -> Any:
        begun, spent["depth"] = time.thread_time(), spent["depth"] + 1
        try:
            return call(*values, **more)
        finally:
            spent["depth"] -= 1
            if not spent["depth"]:
                spent["work"] += time.thread_time() - begun

    return measured


class Accounted(durlab.DurRegistry):
    def build(self, name: str, options: Any = None) -> Any:
        stage = super().build(name, options)
        for call in CALLS:
            if hasattr(stage, call):
                setattr(stage, call, timed(getattr(stage, call)))
        return stage


def account(run: Callable[..., Any]) -> Callable[..., Any]:
    def accounted(*values: Any) -> Any:
        begun = time.process_time()
        try:
            return run(*values)
        finally:
            line = f"{time.process_time() - begun:.6f} {spent['work']:.6f}\n".encode()
            handle = os.open(Path(os.environ["DURLAB"]) / "cpu.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.write(handle, line)
            os.close(handle)

    return accounted


def load(enabled: Collection[str]) -> Accounted:
    for module, name in WORK:
        setattr(module, name, timed(getattr(module, name)))
    setattr(child, "run", account(child.run))  # noqa: B010 - in a warm process before its first fork
    return Accounted(enabled)


def totals() -> tuple[float, float]:
    """Seconds of all children inside their jobs, and how much of it was work."""
    lines = [line.split() for line in (Path(os.environ["DURLAB"]) / "cpu.log").read_text().splitlines()]
    return sum(float(line[0]) for line in lines), sum(float(line[1]) for line in lines)
