"""One process that watches inboxes, starts children, records what they did, and starts again where it was killed."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

from attrs import define, evolve, field

from casepan.config.checks import refuse_unusable
from casepan.config.lab import Lab
from casepan.contract.specs import Event
from casepan.errors import FenceLost, StateError
from casepan.running import platform
from casepan.running.child import load_registry
from casepan.running.inbox import Inbox, inboxes_of
from casepan.running.journal import Journal
from casepan.running.layout import StateFolder
from casepan.running.ledger import CaseClaim, Ledger
from casepan.running.lock import supervisor_lock
from casepan.running.mailbox import Mailbox, Selected, mailbox_for
from casepan.running.moving import tidy
from casepan.running.observers import Observers
from casepan.running.plan import chosen_pipelines, plan_hash
from casepan.running.pool import Child
from casepan.running.report import RunReport, report_on
from casepan.running.shop import Latest, Shop, Work
from casepan.running.starting import Starter
from casepan.running.wire import Message
from casepan.running.works import ArrivalWork, CaseWork

LOADER = "casepan.registry:Registry.load"
LEASE = 60.0
TICK = 0.2
CLOCK_STEP = 30.0
"""A clock set back by less than this delays nobody who would notice."""
SHORT_WAIT = 3.0
"""A single run waits this long for a delivery to fall due (a busy destination); longer ones wait for the next run."""
STOP_PATIENCE = 10.0
MOST_REPORTED = 10_000
"""Cases of which a watch tells at its end; it may go on for years."""

Progress = Callable[[Event], None]


@define
class Supervisor:
    """The event loop. Everything it knows between two turns is in the ledger, but for the children it holds."""

    shop: Shop
    pipelines: tuple[str, ...]
    starter: Starter
    patient: bool
    inboxes: tuple[Inbox, ...]
    plans: Mapping[str, str]
    mailbox: Mailbox
    owner: str = field(factory=lambda: f"{os.getpid()}")
    running: dict[Child, Work] = field(factory=dict)
    stopping: float | None = None
    trouble: StateError | None = None
    paused: str | None = None
    _renewed: float = 0.0
    _ahead: float = 0.0

    def recover(self) -> None:
        """Nobody but this process is alive: free what dead ones held, and remove their scratch files."""
        behind = self.shop.ledger.seconds_behind()
        if behind > CLOCK_STEP:
            self._set_back(behind)
        found = self.shop.ledger.recover()
        shutil.rmtree(self.shop.state.work, ignore_errors=True)
        self.shop.state.prepare()
        if found:
            self.shop.journal.note("run.recovered", rows=found)
        if any(inbox.moves for inbox in self.inboxes):
            for row in self.shop.ledger.arrivals(state="taken"):
                self._tidy(row.id)

    def look(self) -> None:
        """Look into the inboxes; arrivals that lie still enter the ledger. Low disk space pauses intake."""
        free, wanted = platform.free_bytes(self.shop.state.root), self.shop.lab.lab.min_free
        before, self.paused = self.paused, None
        if free < wanted:
            self.paused = f"{free >> 20} MiB are free where the state folder lies, {wanted >> 20} MiB are asked for"
        if self.paused and not before:
            self.shop.journal.note("intake.paused", free=free, wanted=wanted)
        for inbox in () if self.paused else self.inboxes:
            inbox.look(self.shop, patient=self.patient)

    def settling(self) -> float:
        """Seconds until everything that lies in the inboxes now has been still for long enough; 0 when nothing new does."""
        waiting = () if self.paused else self.inboxes
        return max((inbox.settle for inbox in waiting if inbox.is_unsettled(self.shop)), default=0.0)

    def busy(self) -> bool:
        """True while children work, or more is due soon."""
        if self.running:
            return True
        if self.stopping is not None or self.trouble is not None:
            return False
        return self.shop.ledger.work_left(self.pipelines, patience=SHORT_WAIT)

    def turn(self, longest: float = TICK) -> None:
        """Start what there is room for, then deal with what the children say, for at most ``longest`` seconds."""
        if self.stopping is None and self.trouble is None:
            self._fill()
        deadline = time.monotonic() + longest
        while (left := deadline - time.monotonic()) > 0:
            heard = self.mailbox.get(left)
            if heard is None:
                break
            self._hear(*heard)
            if heard[1] is None:
                break  # a worker is free
        self._enforce()

    def _fill(self) -> None:
        """A claim that another process takes this very moment is left to it; what else is due is looked for next turn."""
        try:
            while len(self.running) < self.shop.lab.lab.workers and (work := self._next_work()) is not None:
                self._start(work)
        except FenceLost:
            self.shop.journal.note("claim.lost")
        except StateError as error:
            self._stop_for(error)

    def _next_work(self) -> Work | None:
        """Cases before arrivals: what is begun is finished first."""
        claim = self._claim_case()
        if claim is not None:
            return CaseWork(self.shop, claim)
        if self.paused:
            return None
        arrival = self.shop.ledger.claim_arrival(self.owner, self.pipelines)
        if arrival is None:
            return None
        # A single run waits for nothing, also when the arrival was first seen while watching.
        return ArrivalWork(self.shop, evolve(arrival, patient=arrival.patient and self.patient))

    def _full(self) -> tuple[str, ...]:
        """Adapters with as many cases in work as the lab allows."""
        working = Counter(work.claim.adapter for work in self.running.values() if isinstance(work, CaseWork))
        limits = {name: table.max_parallel for name, table in self.shop.lab.adapters.items()}
        return tuple(name for name, limit in limits.items() if limit is not None and working[name] >= limit)

    def _start(self, work: Work) -> None:
        try:
            child = Child(work.job(), starter=self.starter, limit=work.limit)
        except OSError as error:
            work.stopped()
            raise StateError(
                f"no child process can be started: {error.strerror}", hint="Free memory or processes."
            ) from error
        self.running[child] = work
        child.watch(self.mailbox)

    def _hear(self, child: Child, message: Message | None) -> None:
        work = self.running.get(child)
        if work is None:
            return
        try:
            if message is None:
                del self.running[child]
                self._bury(child, work)
            elif "end" in message:
                child.end = message["end"]
                if isinstance(work, ArrivalWork) and "taken" in child.end:
                    self._go_on(child, work)
            else:
                child.send(work.answer(message, child.allow, more=self.stopping is None))
        except FenceLost:
            child.send({"lost": True})
        except StateError as error:
            self._stop_for(error)

    def _go_on(self, child: Child, work: ArrivalWork) -> None:
        """The child that took an arrival goes on with a case of it, unless something more urgent waits; else it ends."""
        assert child.end is not None
        claim = None
        with self.shop.together():
            taken = work.took(child.end)
            if taken and self.stopping is None and child.killed is None:
                claim = self._claim_case(work.claim.id)
        if taken:
            work.stands()
        if claim is None:
            child.send({})
            return
        successor = self.running[child] = CaseWork(self.shop, claim)
        child.end = None
        child.allow(successor.limit)
        child.send(successor.job())

    def _claim_case(self, arrival: str | None = None) -> CaseClaim | None:
        return self.shop.ledger.claim_case(
            self.owner, self.pipelines, lease=LEASE, full=self._full(), plans=self.plans, arrival=arrival
        )

    def _end(self, child: Child, work: Work) -> None:
        died, words = child.bury(), child.last_words()
        if died == STOPPED:
            work.stopped()
        elif died == CANCELLED and isinstance(work, CaseWork):
            work.cancelled()
        else:
            work.ended(child.end or {}, died, words)

    def _bury(self, child: Child, work: Work) -> None:
        """Record a child's end; when another process owns the case by now, there is nothing to record."""
        try:
            self._end(child, work)
        except FenceLost:
            work.lost()
        else:
            self._tidy(work.claim.arrival if isinstance(work, CaseWork) else "")

    def _tidy(self, arrival: str) -> None:
        """Move sources away whose cases are handed on, where the lab wants that."""
        for inbox in self.inboxes:
            if arrival and inbox.moves:
                tidy(inbox, self.shop, arrival)

    def _enforce(self) -> None:
        """Time limits, cancelled cases, leases, and the end of patience when somebody wants us to stop."""
        now = time.monotonic()
        for child, work in self.running.items():
            if now > child.deadline:
                child.kill(f"the time limit of {child.limit:g} s was not enough")
            if self.stopping is not None and (now > self.stopping or not _sends(work)):
                child.kill(STOPPED)
        self.starter.check()
        if now - self._renewed > LEASE / 10:
            self._renewed = now
            try:
                self._renew()
            except StateError as error:
                self._stop_for(error)
        ahead, self._ahead = self._ahead, self.shop.ledger.clock() - now
        if ahead - self._ahead > CLOCK_STEP:
            self._set_back(ahead - self._ahead)

    def _set_back(self, seconds: float) -> None:
        """Somebody set the clock back: nobody waits until it has caught up."""
        self.shop.ledger.clock_was_set_back(seconds)
        self.shop.journal.note("clock.set-back", seconds=round(seconds))

    def _renew(self) -> None:
        for child, work in self.running.items():
            if not isinstance(work, CaseWork) or work.given_back or child.killed is not None:
                continue
            if not self._kept(work.claim):
                self.shop.journal.note("claim.lost", work.claim.ref, revision=work.claim.revision)
                child.kill("another process has taken over this case")
            elif not self.shop.ledger.owns(work.claim):
                child.kill(CANCELLED)

    def _kept(self, claim: CaseClaim) -> bool:
        try:
            return self.shop.ledger.renew(claim, lease=LEASE)
        except FenceLost:
            return False

    def stop(self, patience: float = STOP_PATIENCE) -> None:
        """No new work; children that are sending may finish, the others are ended and go on with the next run."""
        self.stopping = time.monotonic() + patience

    def _stop_for(self, error: StateError) -> None:
        self.trouble = self.trouble or error
        self.stop(patience=0.0)

    def report(self) -> RunReport:
        """What was done so far."""
        return report_on(
            self.shop.ledger, self.shop.touched, self.shop.arrivals,
            unreachable=tuple(f"{inbox.pipeline}/{inbox.step}" for inbox in self.inboxes if inbox.unreachable),
            paused=self.paused, interrupted=self.stopping is not None and self.trouble is None, error=self.trouble,
        )  # fmt: skip


STOPPED = "casepan was stopped"
CANCELLED = "the case was cancelled"


def _sends(work: Work) -> bool:
    return isinstance(work, CaseWork) and work.open is not None


def run_once(
    lab: Lab,
    loader: str = LOADER,
    *,
    pipelines: Sequence[str] | None = None,
    on_progress: Progress | None = None,
) -> RunReport:
    """Take what lies still in the inboxes, finish everything that can be finished now, and report.

    Args:
        loader: ``"module:function"``: called with the names of the lab's adapters, here and in each child, it gives the registry.
        pipelines: names; None means all.
        on_progress: is told every event.

    Raises:
        ConfigError: a pipeline that does not exist. AdapterError: a stage that is not there.
        StateError: another casepan is at work here, or the state folder cannot be used.
    """
    with supervising(lab, loader, pipelines, on_progress, patient=False) as supervisor:
        supervisor.recover()
        supervisor.look()
        settle = supervisor.settling()
        still = time.monotonic() + settle
        if settle:
            supervisor.starter.prepare()
        while (left := still - time.monotonic()) > 0 and supervisor.stopping is None:
            supervisor.turn(min(left, TICK))
        supervisor.look()
        while supervisor.busy():
            supervisor.turn()
        return supervisor.report()


def run_watch(
    lab: Lab,
    loader: str = LOADER,
    *,
    pipelines: Sequence[str] | None = None,
    on_progress: Progress | None = None,
    until: Callable[[], bool] | None = None,
) -> RunReport:
    """Watch the inboxes until somebody stops it (Ctrl-C, SIGTERM) or ``until()`` says so.

    Raises:
        As :func:`run_once`.
    """
    with supervising(lab, loader, pipelines, on_progress, patient=True) as supervisor:
        supervisor.recover()
        pause = min((inbox.pause for inbox in supervisor.inboxes), default=1.0)
        looked = -pause
        while supervisor.stopping is None and not (until and until()):
            if time.monotonic() - looked >= pause:
                looked = time.monotonic()
                supervisor.look()
            supervisor.turn()
        supervisor.stop() if supervisor.stopping is None else None
        while supervisor.running:
            supervisor.turn()
        return supervisor.report()


@contextmanager
def supervising(
    lab: Lab, loader: str, pipelines: Sequence[str] | None, on_progress: Progress | None, *, patient: bool
) -> Iterator[Supervisor]:
    """A supervisor that holds the lock of the state folder, with Ctrl-C in its hands."""
    names = chosen_pipelines(lab, pipelines)
    registry = load_registry(loader, lab)
    refuse_unusable(lab, registry)
    state = StateFolder(lab.state)
    state.prepare()
    here = platform.current()
    _refuse_share(state, here)
    with supervisor_lock(state.lock, here) as lock:
        ledger = Ledger(state.ledger)
        observers = Observers(lab, registry, state)
        listeners = (registry.publish, observers.tell, *((on_progress,) if on_progress else ()))
        journal = Journal(state.log, listeners)
        most = MOST_REPORTED if patient else None
        shop = Shop(lab, state, ledger, registry, journal, Latest(most), Latest(most))
        mailbox = mailbox_for(here)
        starter = Starter(
            lab, loader, here, lock, state.work, mailbox if isinstance(mailbox, Selected) else None,
            note=lambda why: journal.note("children.not-forked", why=why),
        )  # fmt: skip
        plans = {name: plan_hash(lab.pipelines[name], registry) for name in names}
        supervisor = Supervisor(shop, names, starter, patient, inboxes_of(lab, registry, names), plans, mailbox)
        try:
            with _stops_on_signals(supervisor):
                yield supervisor
        finally:
            for child in supervisor.running:
                child.kill(STOPPED)
            starter.close()
            mailbox.close()
            observers.close()
            journal.close()
            ledger.close()


def _refuse_share(state: StateFolder, here: platform.Platform) -> None:
    if here.is_network_share(state.root):
        raise StateError(
            "the state folder lies on a network share, where its locks cannot be trusted",
            place=str(state.root),
            hint="Set [lab] state to a folder on a local disk; inboxes and destinations may lie on shares.",
        )


@contextmanager
def _stops_on_signals(supervisor: Supervisor) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the run cleanly; the second one ends it at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_: int, __: FrameType | None) -> None:
        supervisor.stop(0.0 if supervisor.stopping is not None else STOP_PATIENCE)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
