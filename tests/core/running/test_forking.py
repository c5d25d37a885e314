"""Children that a warm process forks: as fresh as started ones, and nobody depends on the warm process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from casepan.running import starting

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children are forked on Linux only")


def warm_processes() -> list[int]:
    """Children of this process that fork others."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [int(pid) for pid in children if b"casepan.running.zygote" in _command(pid)]


def _command(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_a_forked_child_knows_nothing_of_another_case(fake: Any, act: Any) -> None:
    """Module variables and the environment are fresh, random numbers differ, and each child carries its own mark."""
    for number in range(3):
        fake.drop(f"patient {number}")
    report = fake.run(fake.lab(act("look-around")))
    assert [case.case.state for case in report.cases] == ["handed-on"] * 3
    traces = fake.traces()
    drawn = {name.rpartition("-")[2] for name in traces if name.startswith("random-")}
    assert (len(drawn), traces["marked-True"]) == (3, 3)


def test_all_children_of_a_run_come_from_one_warm_process(fake: Any, act: Any) -> None:
    """It is there while work is done, and gone when the run is over."""
    fake.drop()
    seen: set[int] = set()
    fake.run(fake.lab(act()), on_progress=lambda event: seen.update(warm_processes()))
    assert len(seen) == 1
    assert warm_processes() == []


def test_without_forking_there_is_no_warm_process(fake: Any, act: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """``CASEPAN_NO_FORK=1`` starts every child afresh."""
    monkeypatch.setenv("CASEPAN_NO_FORK", "1")
    fake.drop()
    seen: set[int] = set()
    report = fake.run(fake.lab(act()), on_progress=lambda event: seen.update(warm_processes()))
    assert (report.exit_code, seen) == (0, set())


def test_a_killed_warm_process_is_replaced(fake: Any, act: Any, send: Any) -> None:
    """Its child dies with it and loses one attempt; the case is handed on."""
    fake.drop()
    killed: list[int] = []

    def strike(event: Any) -> None:
        if event.kind == "step.done" and not killed:
            killed.extend(warm_processes())
            for pid in killed:
                os.kill(pid, signal.SIGKILL)

    report = fake.run(fake.lab(act(), act("slow", seconds=1.0), export=(send(),)), on_progress=strike)
    (case,) = report.cases
    assert (len(killed), case.case.state, fake.traces()["act-nothing"]) == (1, "handed-on", 1)


def test_a_warm_process_that_does_not_answer_is_given_up(fake: Any, act: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frozen: ended after a while, its children started afresh."""
    monkeypatch.setattr(starting, "ANSWER_SECONDS", 0.3)
    for number in range(3):
        fake.drop(f"patient {number}")
    heard: list[str] = []

    def freeze(event: Any) -> None:
        heard.append(event.kind)
        if event.kind == "case.registered":
            for pid in warm_processes():
                os.kill(pid, signal.SIGSTOP)

    report = fake.run(fake.lab(act()), on_progress=freeze)
    assert (report.exit_code, "children.not-forked" in heard) == (0, True)


def test_a_plugin_that_starts_threads_is_not_forked(fake: Any, act: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of a process with several threads could hang: every child is started afresh, and the log says why."""
    (fake.root / "threadlab.py").write_text(
        "import threading, time\nfrom fakelab import *\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([os.environ["PYTHONPATH"], str(fake.root)]))
    monkeypatch.syspath_prepend(str(fake.root))
    fake.drop()
    notes: list[Any] = []
    from casepan.running.supervisor import run_once

    report = run_once(fake.lab(act()), "threadlab:load", on_progress=notes.append)
    (why,) = {str(event.detail["why"]) for event in notes if event.kind == "children.not-forked"}
    assert (report.exit_code, why) == (0, "a plugin starts threads when it is imported")


def test_a_used_up_warm_process_is_replaced_while_its_children_go_on(
    fake: Any, act: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its number of forks a new one is made; nothing is lost on the way."""
    monkeypatch.setattr(starting, "FORKS", 2)
    for number in range(6):
        fake.drop(f"patient {number}")
    seen: set[int] = set()
    report = fake.run(fake.lab(act("slow", seconds=0.1)), on_progress=lambda event: seen.update(warm_processes()))
    assert [case.case.state for case in report.cases] == ["handed-on"] * 6
    assert (len(seen), warm_processes()) == (3, [])


def test_something_newly_installed_is_noticed(tmp_path: Path) -> None:
    """The folders that modules come from have another stamp then; a folder that is not there is none."""
    folders = (tmp_path, tmp_path / "not there")
    before = starting.stamp(folders)
    os.utime(tmp_path, (1, 1))
    (tmp_path / "plugin.dist-info").mkdir()
    assert starting.stamp(folders) != before
    assert len(before) == 1


def test_a_warm_process_ends_when_its_line_closes() -> None:
    """No orphan is left, whatever became of its supervisor."""
    ours, theirs = socket.socketpair()
    process = subprocess.Popen([*starting.PYTHON, "casepan.running.zygote"], stdin=theirs.fileno())
    theirs.close()
    ours.close()
    assert process.wait(timeout=30) == 0


WATCHER = """
import sys, os
from pathlib import Path
from fakelab import *
from casepan.running import child

inner = child.run

def _new(before):
    # The fake stages import what they need themselves.
    return [name for name in sorted(set(sys.modules) - before) if name.startswith("casepan")] or ["nothing"]

def run(*values):
    before = set(sys.modules)
    try:
        return inner(*values)
    finally:
        with (Path(os.environ["FAKELAB"]) / "imported.txt").open("a") as file:
            file.writelines(f"{name}\\n" for name in _new(before))

child.run = run
"""


def test_a_forked_child_finds_everything_imported(
    fake: Any, act: Any, send: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever an attempt needs was loaded before the fork: a child that imports does it again for every case."""
    (fake.root / "watchlab.py").write_text(WATCHER)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([os.environ["PYTHONPATH"], str(fake.root)]))
    monkeypatch.syspath_prepend(str(fake.root))
    fake.drop()
    from casepan.running.supervisor import run_once

    assert run_once(fake.lab(act(), export=(send(),)), "watchlab:load").exit_code == 0
    assert (fake.calls / "imported.txt").read_text().split() == ["nothing", "nothing"]
