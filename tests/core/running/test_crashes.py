"""What happens when stages crash, hang, hog or are killed: the case alone suffers, exactly as often as configured."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from casepan.contract.options import ByteCount, Duration
from casepan.running.platform import marked_processes

TRIES = 2


def only(report: Any) -> Any:
    """The one case of a report."""
    (case,) = report.cases
    return case


@pytest.mark.parametrize(
    ("do", "word"),
    [
        ("exit", "without a word"),
        ("segfault", "SIGSEGV"),
        ("hang", "time limit"),
        ("children", "time limit"),
        ("memory", "memory limit"),
        ("disk", "grew beyond"),
        ("bug", "ZeroDivisionError"),
    ],
)
def test_a_poisonous_case_is_dead_after_its_attempts(fake: Any, act: Any, do: str, word: str) -> None:
    """Tried exactly as often as configured, then in quarantine with what happened; nothing it started lives on."""
    dies_each_time(fake, act, do, word, seconds=1.0)


def dies_each_time(fake: Any, act: Any, do: str, word: str, *, seconds: float) -> None:
    """A run over one case whose step misbehaves."""
    fake.drop()
    limits = {"time_limit": Duration(seconds)} if do in ("hang", "children") else {}
    before = _sleepers(fake.root)
    report = fake.run(fake.lab(act(do), attempts=TRIES, memory_limit=ByteCount(600 << 20), **limits))
    case = only(report).case
    assert (case.state, case.attempts, fake.traces()[f"act-{do}"]) == ("quarantine", TRIES, TRIES)
    assert word in (fake.root / "state/quarantine" / case.ref / "REASON.txt").read_text()
    assert _sleepers(fake.root) == before


@pytest.mark.parametrize(
    ("do", "word"), [("segfault", "SIGSEGV"), ("children", "time limit"), ("memory", "memory limit")]
)
def test_a_child_that_was_started_afresh_dies_the_same_deaths(
    fake: Any, act: Any, monkeypatch: pytest.MonkeyPatch, do: str, word: str
) -> None:
    """Where nothing can be forked, limits, marks and groups hold as well."""
    monkeypatch.setenv("CASEPAN_NO_FORK", "1")
    dies_each_time(fake, act, do, word, seconds=2.0)


def _sleepers(root: Path) -> int:
    """How many of the processes that the fake stage of this test starts are alive; other tests run beside it."""
    found = 0
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            sleeps = b"time.sleep(600)" in (entry / "cmdline").read_bytes()
            found += sleeps and str(root).encode() in (entry / "environ").read_bytes()
        except OSError:
            continue
    return found


def test_a_crash_leaves_its_neighbours_alone(fake: Any, act: Any, send: Any) -> None:
    """Two crashes of one case; both cases are handed on, finished steps are not run again."""
    fake.drop("one")
    fake.drop("two")
    report = fake.run(fake.lab(act(), act("segfault", times=2), export=(send(),), attempts=3))
    assert {case.case.state for case in report.cases} == {"handed-on"}
    assert fake.traces()["act-nothing"] == 2
    assert fake.traces()["act-segfault"] == 4


def test_a_reader_that_dies_leads_the_arrival_to_quarantine(fake: Any) -> None:
    """Recognition and reading run in the limited child too."""
    fake.drop(order={"dies": True})
    report = fake.run(fake.lab(attempts=TRIES))
    (row,) = report.quarantined
    assert (row.attempts, fake.traces()["read"]) == (TRIES, TRIES)


@pytest.mark.parametrize("no_fork", ["", "1"])
def test_a_killed_child_leaves_no_temporary_files(
    fake: Any, act: Any, monkeypatch: pytest.MonkeyPatch, no_fork: str
) -> None:
    """What stages put aside may show a patient: it lies in the state folder until the child's end, and nowhere afterwards."""
    monkeypatch.setenv("CASEPAN_NO_FORK", no_fork)
    shared = fake.root / "tmp"
    shared.mkdir()
    monkeypatch.setenv("TMPDIR", str(shared))
    fake.drop()
    case = only(fake.run(fake.lab(act("litter"), attempts=1))).case
    assert (case.state, fake.traces()["act-litter"]) == ("quarantine", 1)
    assert [*shared.iterdir(), *(fake.root / "state/work").iterdir()] == []


@pytest.mark.parametrize("no_fork", ["", "1"])
def test_a_killed_supervisor_is_continued_where_it_was(
    fake: Any, act: Any, send: Any, monkeypatch: pytest.MonkeyPatch, no_fork: str
) -> None:
    """Kill -9 in the second step: its child dies with it, the first step is not run again, no attempt is lost."""
    monkeypatch.setenv("CASEPAN_NO_FORK", no_fork)
    fake.drop()
    lab = fake.lab(act(), act("slow", seconds=60.0, times=1), export=(send(),), attempts=1)
    process = subprocess.Popen([sys.executable, "-c", _script(fake, lab)], env={**os.environ}, stderr=subprocess.PIPE)
    _until(lambda: fake.traces()["act-slow"] == 1)
    process.kill()
    _, errors = process.communicate(timeout=10)
    report = fake.run(lab)
    assert only(report).case.state == "handed-on", errors.decode()
    assert (fake.traces()["act-nothing"], fake.traces()["act-slow"]) == (1, 2)


def test_a_second_supervisor_is_refused_and_told_by_whom(fake: Any, act: Any) -> None:
    """One state folder, one supervisor."""
    from casepan.errors import StateError

    fake.drop()
    lab = fake.lab(act("slow", seconds=60.0, times=1))
    process = subprocess.Popen([sys.executable, "-c", _script(fake, lab)], env={**os.environ})
    _until(lambda: fake.traces()["act-slow"] == 1)
    try:
        with pytest.raises(StateError, match=str(process.pid)):
            fake.run(lab)
    finally:
        process.kill()
        process.wait()


def test_ctrl_c_ends_cleanly_and_the_next_run_goes_on(fake: Any, act: Any, send: Any) -> None:
    """Exit code 130, no child left, no attempt lost."""
    import signal

    fake.drop()
    lab = fake.lab(act("slow", seconds=60.0, times=1), export=(send(),), attempts=1)
    process = subprocess.Popen([sys.executable, "-c", _script(fake, lab)], env={**os.environ})
    _until(lambda: fake.traces()["act-slow"] == 1)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 130
    assert only(fake.run(lab)).case.state == "handed-on"


def test_a_cancelled_case_is_ended_in_the_middle_of_its_work(
    fake: Any, act: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person's cancel reaches the child within moments."""
    from casepan.running import supervisor

    monkeypatch.setattr(supervisor, "LEASE", 1.0)
    fake.drop()

    def cancel(event: Any) -> None:
        if event.kind == "step.done":
            ledger = fake.ledger()
            ledger.close_case(event.ref, 1, who="t")
            ledger.close()

    report = fake.run(fake.lab(act(), act("slow", seconds=60.0)), on_progress=cancel)
    assert only(report).case.state == "closed"


def test_marks_find_processes_that_left_their_group() -> None:
    """A daemon still carries the mark of the job that started it."""
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    process = subprocess.Popen(command, start_new_session=True, env={**os.environ, "CASEPAN_JOB": "test-mark"})
    try:
        _until(lambda: process.pid in marked_processes("test-mark"))
        assert marked_processes("another-mark") == []
    finally:
        process.kill()
        process.wait()


def _script(fake: Any, lab: Any) -> str:
    """A program that runs the lab."""
    import json

    from casepan.model.documents import to_document

    document = json.dumps(to_document(lab))
    return (
        "import json, sys\n"
        "from casepan.config.lab import Lab\n"
        "from casepan.model.documents import from_document\n"
        "from casepan.running.supervisor import run_once\n"
        f"sys.exit(run_once(from_document(json.loads({document!r}), Lab), 'fakelab:load').exit_code)\n"
    )


def _until(done: Any) -> None:
    """Wait for another process; fails after half a minute."""
    for _ in range(1500):
        if done():
            return
        time.sleep(0.02)
    raise AssertionError("it never happened")
