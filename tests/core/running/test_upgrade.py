"""What happens to cases in flight when lab.toml, a plugin or casepan itself changes between two attempts."""

from __future__ import annotations

import json
import sqlite3
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from casepan.running import supervisor
from casepan.running.ledger import Ledger
from casepan.running.ledger.schema import FIRST, LATEST
from casepan.running.supervisor import run_watch


def stop_after_first_step(fake: Any, lab: Any) -> None:
    """Watch until the first step is recorded, and stop in the middle of the second."""
    heard: list[str] = []

    def progress(event: Any) -> None:
        heard.append(event.kind)

    run_watch(lab, "fakelab:load", on_progress=progress, until=lambda: "step.done" in heard)


def yesterday() -> float:
    """The time of a clock that was set back by a day."""
    return time.time() - 86400.0


def kinds(fake: Any) -> list[str]:
    """The trail so far."""
    ledger = fake.ledger()
    found = [event.kind for event in ledger.events()]
    ledger.close()
    return found


def test_only_the_changed_step_and_those_behind_it_run_again(fake: Any, act: Any, send: Any) -> None:
    """An option changed between two attempts: the finished first step stands, and the trail says that the plan changed."""
    fake.drop()
    stop_after_first_step(fake, fake.lab(act(), act("slow", seconds=60.0), export=(send(),)))
    (case,) = fake.run(fake.lab(act(), act("slow", seconds=0.0), export=(send(),))).cases
    assert (case.case.state, fake.traces()["act-nothing"]) == ("handed-on", 1)
    assert kinds(fake).count("case.plan-changed") == 1


def test_a_new_version_of_a_stage_runs_again(fake: Any, act: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its earlier output was made by another program: it is not taken over."""
    fake.drop()
    stop_after_first_step(fake, fake.lab(act(), act("slow", seconds=60.0, times=1)))
    monkeypatch.setenv("FAKE_VERSION", "2")
    (case,) = fake.run(fake.lab(act(), act("slow", seconds=60.0, times=1))).cases
    assert (case.case.state, fake.traces()["act-nothing"]) == ("handed-on", 2)
    assert "case.plan-changed" in kinds(fake)


def test_the_same_lab_is_no_change(fake: Any, act: Any) -> None:
    """An interruption alone leaves no such note."""
    fake.drop()
    lab = fake.lab(act(), act("slow", seconds=60.0, times=1))
    stop_after_first_step(fake, lab)
    fake.run(lab)
    assert "case.plan-changed" not in kinds(fake)


def test_a_verdict_stands_when_the_lab_changes(fake: Any, act: Any, send: Any) -> None:
    """A checked case is not checked again by itself; deliveries that are under way keep their keys."""
    fake.drop()
    first = fake.run(fake.lab(act(), export=(send(do="down", times=1, seconds=500.0),)))
    key = first.cases[0].deliveries[0].key
    ledger = fake.ledger()
    ledger.resend(key, who="t")
    ledger.close()
    (case,) = fake.run(fake.lab(act(), act("slow"), export=(send(),))).cases
    assert [(row.key, row.state) for row in case.deliveries] == [(key, "sent")]
    assert fake.traces()["act-slow"] == 0


def test_an_older_ledger_is_brought_forward(tmp_path: Path) -> None:
    """A file of the first version opens, keeps its rows, and has the latest version then."""
    path = tmp_path / "ledger.sqlite"
    old = sqlite3.connect(path)
    old.executescript(FIRST)
    old.execute(
        "insert into cases(ref, revision, key_hash, digest, adapter, arrival, pipeline, state, received, at)"
        " values('K7Q2-M4', 1, 'h', 'd', 'fake', 'A', 'p', 'checking', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z')"
    )
    old.execute("pragma user_version=1")
    old.commit()
    old.close()
    ledger = Ledger(path)
    claim = ledger.claim_case("t", ["p"], lease=10.0, plans={"p": "h1"})
    assert claim is not None
    # What may have been worked on, or restored, is never taken for new.
    assert (claim.ref, claim.fence) == ("K7Q2-M4", 2)
    assert ledger.meta("salt")
    ledger.close()
    assert sqlite3.connect(path).execute("pragma user_version").fetchone() == (LATEST,)


def test_a_clock_set_back_makes_nobody_wait_for_it(fake: Any, send: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day back: a try that was due in 500 seconds is still due in 500 seconds."""
    fake.drop()
    lab = fake.lab(export=(send(do="down", times=1, seconds=500.0),))
    fake.run(lab)
    monkeypatch.setattr(supervisor, "Ledger", partial(Ledger, clock=yesterday))
    assert fake.run(lab).exit_code == 6
    ledger = fake.ledger()
    (row,) = ledger.deliveries()
    ledger.close()
    assert 0 < (row.not_before or 0.0) - yesterday() < 510.0
    assert "clock.set-back" in kinds(fake)


def test_an_export_holds_everything_but_the_salt(fake: Any, send: Any) -> None:
    """JSON lines: what it is, then every row of every table."""
    fake.drop()
    fake.run(fake.lab(export=(send(),)))
    ledger = fake.ledger()
    first, *rows = (json.loads(line) for line in ledger.export())
    salt = ledger.meta("salt")
    counted = {table: sum(row["table"] == table for row in rows) for table in ("arrivals", "cases", "deliveries")}
    text = "\n".join(ledger.export())
    ledger.close()
    assert (first["schema"], first["kind"], first["version"]) == (1, "casepan-ledger", LATEST)
    assert counted == {"arrivals": 1, "cases": 1, "deliveries": 1}
    assert salt is not None
    assert salt not in text
    assert "Sentinel" not in text
