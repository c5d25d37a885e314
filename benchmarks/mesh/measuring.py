"""Time and memory of whole processes."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from pathlib import Path

from attrs import frozen


@frozen
class Cost:
    """What one process took: seconds of wall clock and of processor, children included, and what it printed."""

    wall: float
    cpu: float
    output: str


class FailedError(RuntimeError):
    """The process did not end well."""


def timed(command: list[str], environment: dict[str, str]) -> Cost:
    """Run a command once.

    Raises:
        FailedError: it did not end 0.
    """
    begin = time.perf_counter()
    process = _started(command, environment)
    output = process.stdout.read().decode() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - begin
    _require_success(process)
    return Cost(wall, usage.ru_utime + usage.ru_stime, output)


def peak_mib(command: list[str], environment: dict[str, str], pause: float = 0.005) -> float:
    """The largest proportional set size of a command and all its children, looked at every few milliseconds.

    Raises:
        FailedError: it did not end 0.
    """
    process = _started(command, environment)
    peak, done = 0.0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(pause):
            peak = max(peak, sum(map(_pss_kib, _tree(process.pid))) / 1024)

    watcher = threading.Thread(target=watch)
    watcher.start()
    process.communicate()
    done.set()
    watcher.join()
    _require_success(process)
    return peak


def _started(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    whole = {**os.environ, **environment}
    whole.pop("PYTHONDONTWRITEBYTECODE", None)  # or every run of a peer compiles its modules anew
    return subprocess.Popen(command, env=whole, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def _require_success(process: subprocess.Popen[bytes]) -> None:
    if process.returncode:
        raise FailedError(f"{process.args!r} ended {process.returncode}")


def _tree(pid: int) -> list[int]:
    """A process and everything below it."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


def _pss_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
