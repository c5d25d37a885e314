"""A child goes on with the case of its arrival; what it did is recorded with what comes next: the windows between."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from casepan.contract.options import ByteCount
from casepan.errors import StateError
from casepan.running import platform, quarantine, supervisor
from casepan.running.layout import StateFolder
from casepan.running.ledger import Ledger
from casepan.running.pool import Child
from casepan.running.shop import Latest
from casepan.running.supervisor import Supervisor, run_watch
from casepan.running.works import ArrivalWork


def only(report: Any) -> Any:
    """The one case of a report."""
    (case,) = report.cases
    return case


def sent(fake: Any) -> int:
    """How often something really left."""
    return sum(count for name, count in fake.traces().items() if name.startswith("sent-"))


def kinds(fake: Any) -> list[str]:
    """The trail so far."""
    ledger = fake.ledger()
    assert ledger.verify() == ()
    found = [event.kind for event in ledger.events()]
    ledger.close()
    return found


def count_children(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What each child of the following runs was first told to do."""
    told: list[str] = []

    def started(job: Any, **more: Any) -> Child:
        told.append(job["do"])
        return Child(job, **more)

    monkeypatch.setattr(supervisor, "Child", started)
    return told


def fails_once(monkeypatch: pytest.MonkeyPatch, name: str, when: Callable[[Any], bool] = lambda more: True) -> None:
    """The disk is full the first time that the ledger does this (``when`` its keywords are so): after it, as at a commit."""
    inner = getattr(Ledger, name)
    raised: list[bool] = []

    def method(self: Ledger, *values: Any, **more: Any) -> Any:
        result = inner(self, *values, **more)
        if not raised and when(more):
            raised.append(True)
            raise StateError("the ledger cannot be used: the disk is full")
        return result

    monkeypatch.setattr(Ledger, name, method)


def before_sending(monkeypatch: pytest.MonkeyPatch, when: Callable[[Any], bool], do: Callable[[Child], None]) -> None:
    """Do something right before the first message of that kind goes to a child."""
    inner = Child.send
    done: list[bool] = []

    def send(self: Child, message: Any) -> None:
        if not done and when(message):
            done.append(True)
            do(self)
        inner(self, message)

    monkeypatch.setattr(Child, "send", send)


def interrupt() -> None:
    """Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)


def kill(child: Child) -> None:
    """As the system does when memory runs short."""
    os.kill(child.pid, signal.SIGKILL)


@pytest.mark.parametrize("no_fork", ["", "1"])
def test_one_child_takes_an_arrival_and_works_on_its_case(
    fake: Any, act: Any, send: Any, monkeypatch: pytest.MonkeyPatch, no_fork: str
) -> None:
    """Forked or started afresh: one process from the inbox to the receipt."""
    monkeypatch.setenv("CASEPAN_NO_FORK", no_fork)
    told = count_children(monkeypatch)
    fake.drop()
    assert only(fake.run(fake.lab(act(), export=(send(),)))).case.state == "handed-on"
    assert told == ["arrival"]


@pytest.mark.parametrize("no_fork", ["", "1"])
def test_a_child_that_dies_between_arrival_and_case_costs_the_case_one_attempt(
    fake: Any, act: Any, send: Any, monkeypatch: pytest.MonkeyPatch, no_fork: str
) -> None:
    """The arrival was taken and is not read again; the case is tried by a child of its own."""
    monkeypatch.setenv("CASEPAN_NO_FORK", no_fork)
    told = count_children(monkeypatch)
    before_sending(monkeypatch, lambda message: message.get("do") == "case", kill)
    fake.drop()
    case = only(fake.run(fake.lab(act(), export=(send(),)))).case
    assert (case.state, case.attempts, told) == ("handed-on", 2, ["arrival", "case"])
    assert (fake.traces()["read"], fake.traces()["act-nothing"]) == (1, 1)


def test_a_child_whose_time_was_up_ends_and_the_case_is_not_blamed(
    fake: Any, act: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had said that the arrival is taken just before it was killed: that counts, and the case begins with all its tries."""
    inner = Supervisor._go_on

    def go_on(self: Supervisor, child: Child, work: ArrivalWork) -> None:
        child.kill("the time limit of 20 s was not enough")
        inner(self, child, work)

    monkeypatch.setattr(Supervisor, "_go_on", go_on)
    fake.drop()
    case = only(fake.run(fake.lab(act(), attempts=1))).case
    assert (case.state, case.attempts, fake.traces()["read"]) == ("handed-on", 1, 1)


def test_a_case_of_that_arrival_has_a_time_limit_of_its_own(
    fake: Any, act: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted from when the child is told of it."""
    given: list[tuple[str, float]] = []
    inner = Child.allow

    def allow(self: Child, seconds: float) -> None:
        given.append((self.mark, seconds))
        inner(self, seconds)

    monkeypatch.setattr(Child, "allow", allow)
    fake.drop()
    fake.run(fake.lab(act()))
    assert [seconds for _, seconds in given[:2]] == [20.0, 20.0]
    assert len({mark for mark, _ in given}) == 1


def test_ctrl_c_right_after_an_arrival_loses_no_attempt(fake: Any, act: Any, send: Any) -> None:
    """The case was claimed in that moment: it is given back, and the next run goes on with it."""
    fake.drop()
    lab = fake.lab(act("slow", seconds=60.0, times=1), export=(send(),), attempts=1)
    report = fake.run(lab, on_progress=lambda event: interrupt() if event.kind == "arrival.taken" else None)
    assert (report.exit_code, only(report).case.owner, only(report).case.attempts) == (130, None, 0)
    again = only(fake.run(fake.lab(export=(send(),), attempts=1))).case
    assert (again.state, fake.traces()["read"]) == ("handed-on", 1)


def test_ctrl_c_while_sending_lets_that_delivery_end_and_begins_no_other(fake: Any, send: Any) -> None:
    """The first destination gets its receipt; the second one waits for the next run, and nobody is in doubt."""
    fake.drop()
    lab = fake.lab(export=(send("a", seconds=0.3), send("b")))
    report = fake.run(lab, on_progress=lambda event: interrupt() if event.kind == "case.verdict" else None)
    assert report.exit_code == 130
    assert [row.state for row in only(report).deliveries] == ["sent", "pending"]
    assert [row.state for row in only(fake.run(lab)).deliveries] == ["sent", "sent"]
    assert (sent(fake), fake.traces()["probe"]) == (2, 0)


def test_an_answer_that_never_reached_the_child_is_asked_about(
    fake: Any, send: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The intent was recorded, the child died before it heard of it: asked, absent, sent once."""
    before_sending(monkeypatch, lambda message: "key" in message, kill)
    fake.drop()
    case = only(fake.run(fake.lab(export=(send(),))))
    assert (case.deliveries[0].state, sent(fake), fake.traces()["probe"]) == ("sent", 1, 1)


def test_a_full_disk_while_going_on_takes_everything_back(
    fake: Any, act: Any, send: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither arrival nor claim stands, nothing was told; the next run takes the arrival again, as the same case."""
    fails_once(monkeypatch, "claim_case", lambda more: more["arrival"] is not None)
    fake.drop()
    heard: list[str] = []
    lab = fake.lab(act(), export=(send(),), attempts=1)
    report = fake.run(lab, on_progress=lambda event: heard.append(event.kind))
    ref = only(report).case.ref
    assert (report.exit_code, "arrival.taken" in heard, "arrival.taken" in kinds(fake)) == (7, False, False)
    ledger = fake.ledger()
    assert [row.state for row in ledger.arrivals()] == ["settled"]
    ledger.close()
    case = only(fake.run(lab)).case
    assert (case.ref, case.state, case.attempts, sent(fake)) == (ref, "handed-on", 1, 1)
    assert kinds(fake).count("arrival.taken") == 1


@pytest.mark.parametrize("known", [False, True])
def test_an_arrival_that_somebody_took_over_is_left_alone(fake: Any, act: Any, known: bool) -> None:
    """The child ends without another word, nothing of it is recorded; also when all that it read was known before."""
    if known:
        fake.drop("first", order={"id": "v"})
        fake.run(fake.lab())
    fake.drop("second", order={"id": "v"})
    heard: list[str] = []

    def take_over(event: Any) -> None:
        heard.append(event.kind)
        if event.kind in ("case.registered", "case.seen-again"):
            ledger = fake.ledger()
            with ledger.transaction():
                ledger.change("update arrivals set fence=fence+1 where state='taking'")
            ledger.close()

    report = fake.run(fake.lab(act()), on_progress=take_over)
    ledger = fake.ledger()
    states = [row.state for row in ledger.arrivals()]
    ledger.close()
    assert (report.error, states[-1], heard[-1]) == (None, "taking", "arrival.fence-lost")
    assert not {"arrival.taken", "arrival.attempt-failed", "arrival.quarantined"} & set(heard)


def test_what_was_in_the_childs_hands_is_known_after_a_failed_record(
    fake: Any, send: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The receipt could not be recorded with the next intent: that delivery is in doubt, the next one never began."""
    fails_once(monkeypatch, "begin_send", lambda more: more["destination"] == "p/b")
    fake.drop()
    lab = fake.lab(export=(send("a"), send("b")))
    report = fake.run(lab)
    assert report.exit_code == 7
    assert [(row.state, row.attempts) for row in only(report).deliveries] == [("unknown", 1), ("pending", 0)]
    assert [row.state for row in only(fake.run(lab)).deliveries] == ["sent", "sent"]
    assert sent(fake) == 2


def test_reasons_in_quarantine_follow_what_the_ledger_says(
    fake: Any, look: Any, send: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A verdict that could not be recorded leaves the reason of the revision before it; once it stands, that one goes."""
    fake.drop()
    ref = only(fake.run(fake.lab(look(severity="error"), export=(send(),)))).case.ref
    fake.drop(body="better")
    fails_once(monkeypatch, "begin_send")
    lab, state = fake.lab(export=(send(),)), StateFolder(fake.root / "state")
    assert fake.run(lab).exit_code == 7
    assert "mesh.hole" in (quarantine.read_reason(state, ref) or "")
    fake.run(lab)
    assert quarantine.read_reason(state, ref) is None


def test_a_reason_that_was_never_recorded_goes_with_the_verdict(
    fake: Any, look: Any, send: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rejected, the disk full, the lab corrected: nobody finds a reason for a case that is handed on."""
    fails_once(monkeypatch, "verdict_reached")
    fake.drop()
    ref = only(fake.run(fake.lab(look(severity="error")))).case.ref
    state = StateFolder(fake.root / "state")
    assert quarantine.read_reason(state, ref) is not None
    assert only(fake.run(fake.lab(export=(send(),)))).case.state == "handed-on"
    assert quarantine.read_reason(state, ref) is None


def test_low_space_stops_intake_and_not_the_case_of_an_arrival_just_taken(
    fake: Any, act: Any, send: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was begun is finished; what comes then is not taken."""
    heard: list[str] = []

    def progress(event: Any) -> None:
        heard.append(event.kind)
        if event.kind == "arrival.taken":
            fake.drop("second")

    monkeypatch.setattr(platform, "free_bytes", lambda _: 0 if "arrival.taken" in heard else 1 << 40)
    fake.drop("first")
    lab = fake.lab(act("slow", seconds=0.5), export=(send(),))
    lab = evolve(lab, lab=evolve(lab.lab, min_free=ByteCount(1 << 20)))
    report = run_watch(lab, "fakelab:load", on_progress=progress, until=lambda: "delivery.sent" in heard)
    assert (only(report).case.state, heard.count("arrival.taken")) == ("handed-on", 1)
    assert "intake.paused" in heard


def test_a_watch_remembers_the_latest_only() -> None:
    """Bounded, the oldest goes first, and what is worked on again is new again; without a bound everything stays."""
    latest, all_of_them = Latest(2), Latest()
    for number in (1, 2, 1, 3):
        latest.add(number)
        all_of_them.add(number)
    assert [number in latest for number in (1, 2, 3)] == [True, False, True]
    assert all(number in all_of_them for number in (1, 2, 3))
