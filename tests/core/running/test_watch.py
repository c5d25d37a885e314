"""Watching: arrivals that trickle in, a folder that vanishes and returns, and an end when somebody says so."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from typing import Any

from casepan.running.supervisor import run_watch


class Until:
    """Ends a watch when a condition holds, or after half a minute."""

    def __init__(self, done: Callable[[], bool]) -> None:
        self.done = done
        self.latest = time.monotonic() + 30.0

    def __call__(self) -> bool:
        """True at the end."""
        return self.done() or time.monotonic() > self.latest


def test_what_comes_while_watching_is_taken(fake: Any, send: Any) -> None:
    """An arrival dropped after the start is delivered without another run."""
    out = fake.root / "out/out"
    heard: list[str] = []

    def progress(event: Any) -> None:
        heard.append(event.kind)

    fake.drop("first")

    def done() -> bool:
        if heard.count("delivery.sent") == 1 and not (fake.root / "inbox/second").exists():
            fake.drop("second")
        return heard.count("delivery.sent") == 2

    report = run_watch(fake.lab(export=(send(),)), "fakelab:load", on_progress=progress, until=Until(done))
    assert len(list(out.iterdir())) == 2
    assert len(report.cases) == 2


def test_an_incomplete_order_waits_until_its_files_come(fake: Any, send: Any) -> None:
    """Waiting, then complete: one case, with all files."""
    folder = fake.drop(order={"files": ["lower.stl"]})
    heard: list[str] = []

    def done() -> bool:
        if "arrival.waits" in heard and not (folder / "lower.stl").exists():
            (folder / "lower.stl").write_text("late")
        return "delivery.sent" in heard

    report = run_watch(
        fake.lab(export=(send(),)),
        "fakelab:load",
        on_progress=lambda event: heard.append(event.kind),
        until=Until(done),
    )
    (case,) = report.cases
    assert case.case.state == "handed-on"
    ledger = fake.ledger()
    states = [row.state for row in ledger.arrivals()]
    ledger.close()
    assert states == ["superseded", "taken"]


def test_an_inbox_that_vanishes_and_returns_sends_nothing_twice(fake: Any, send: Any) -> None:
    """A share that was gone for a while: noted, looked for again, its old arrivals known."""
    fake.drop("first")
    inbox, away = fake.root / "inbox", fake.root / "away"
    heard: list[str] = []

    def done() -> bool:
        if heard.count("delivery.sent") == 1 and "inbox.unreachable" not in heard and inbox.exists():
            inbox.rename(away)
        if "inbox.unreachable" in heard and not inbox.exists():
            away.rename(inbox)
            fake.drop("second")
        return heard.count("delivery.sent") == 2

    run_watch(
        fake.lab(export=(send(),)),
        "fakelab:load",
        on_progress=lambda event: heard.append(event.kind),
        until=Until(done),
    )
    assert fake.traces()["read"] == 2
    shutil.rmtree(inbox)
