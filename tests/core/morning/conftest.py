"""A lab whose cases are written straight into its ledger and state folder: no scans, no children, a clock that is set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import define, evolve, field
from typer.testing import CliRunner

from casepan.cli.app import app
from casepan.config.loader import load_lab
from casepan.model.case import Case, CaseKey, Origin, Patient
from casepan.model.finding import Finding
from casepan.model.prescription import Prescription, WorkItem
from casepan.operate.desk import Desk, keep_desk
from casepan.running.facts import facts_of
from casepan.running.intake import write_case
from casepan.running.layout import StateFolder
from casepan.running.ledger import CaseClaim, Ledger, PlannedDelivery
from casepan.running.steps import Outcome, write_result
from casepan.running.verdict import summary, verdict_of

LAB = """
version = 1
[lab]
name = "Northside <Dental>"
timezone = "Europe/Berlin"
remind_after = "2h"
{more}
[pipelines.p]
[[pipelines.p.import]]
use = "core.inbox"
with = {{ path = "inbox" }}
[[pipelines.p.export]]
use = "core.folder"
id = "cad"
with = {{ path = "cad" }}
"""
PRACTICES = """
version = 1
[practices.bright]
name = "Bright Smiles"
aliases = ["Dr. Strahl & Partner"]
phone = "+49 30 5550100"
language = "de"
"""
MONDAY = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
"""Six o'clock in the laboratory."""
HOLE = Finding("mesh.hole", "warning", "there is a hole", scan="upper", value=2.0, limit=1.0, unit="mm")
ROE = Patient(last="Roe", first="Ann")
CROWN = WorkItem("1", (26,), "crown", material="zirconia")
MISSING = Finding("completeness.missing-scan", "error", "the bite is missing")


@define
class Clock:
    """A clock that stands until it is moved."""

    moment: datetime = MONDAY

    def __call__(self) -> float:
        """Seconds since the epoch."""
        return self.moment.timestamp()

    def move(self, **parts: float) -> datetime:
        """Later, or with negative numbers earlier."""
        self.moment += timedelta(**parts)
        return self.moment


@define
class Morning:
    """The lab. Every case that is taken stands at once where its findings lead."""

    root: Path
    clock: Clock = field(factory=Clock)
    count: int = 0

    @property
    def file(self) -> Path:
        """Its lab.toml."""
        return self.root / "lab.toml"

    @property
    def state(self) -> StateFolder:
        """Its state folder."""
        return StateFolder(self.root / "state")

    def write(self, more: str = "", practices: str = PRACTICES) -> None:
        """Its files; ``more`` belongs to ``[lab]``."""
        self.file.write_text(LAB.format(more=more), encoding="utf-8")
        (self.root / "practices.toml").write_text(practices, encoding="utf-8")

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        """The lab opened, with this clock."""
        self.state.prepare()
        ledger = Ledger(self.state.ledger, clock=self.clock)
        ledger.keeper = lambda ref, document: keep_desk(self.state, ref, document)
        try:
            yield Desk(load_lab(self.file), self.state, ledger)
        finally:
            ledger.close()

    def take(
        self, *, vendor: str = "", adapter: str = "trios", patient: Patient = ROE,
        items: Sequence[WorkItem] = (CROWN,), findings: Sequence[Finding] = (),
        hold: str | None = None, observe: bool = False, number: str = "", send: bool = True, **more: Any,
    ) -> str:  # fmt: skip
        """A case from its arrival to its verdict, and to its one destination when it is accepted; its place."""
        self.count += 1
        self.clock.move(seconds=1)
        with self.desk() as desk:
            ledger, name = desk.ledger, f"A{self.count}"
            ledger.arrival_settled(
                name, pipeline="p", inbox="inbox", spot=name, fingerprint=name, give_up=0.0, patient=False
            )
            claim = ledger.claim_arrival("me", ["p"])
            assert claim is not None
            order = Prescription(tuple(items), rush=bool(more.pop("rush", False)))
            due, late = more.pop("due", None), more.pop("late_risk", False)
            case = Case(
                "", CaseKey(adapter, vendor or f"v{self.count}"), Origin(f"{adapter}.order", pipeline="p"), digest=name,
                patient=patient, prescription=order, received_at=self.clock.moment, **more,
            )  # fmt: skip
            got = ledger.register_case(claim, case.key, name, rush=order.rush, number=number)
            case = evolve(case, ref=got.ref, revision=got.revision, desk=evolve(case.desk, due=due, late_risk=late))
            folder = self.state.case(got.ref, got.revision)
            folder.mkdir(parents=True)
            write_case(folder, case, name)
            ledger.case_arrived(claim, got.ref, got.revision)
            ledger.arrival_taken(claim)
            worker = ledger.claim_case("me", ["p"], lease=10.0)
            assert worker is not None
            self._verdict(desk, worker, case.with_findings(*findings), folder, hold, observe)
            self.hand_on(ledger, worker, send=send)
            ledger.give_back(worker)
        return worker.place

    def _verdict(self, desk: Desk, claim: CaseClaim, case: Case, folder: Path, hold: str | None, observe: bool) -> None:
        verdict = verdict_of(case.findings, {})
        codes = summary(case.findings, {}, verdict) if verdict != "accept" else ""
        outcome = Outcome(case, "accept" if observe else verdict, "c", hold, codes, verdict if observe else None)
        write_result(folder, outcome)
        sent = outcome.verdict == "accept" and not (hold and not observe)
        key = f"{claim.ref}-{claim.revision}"
        desk.ledger.verdict_reached(
            claim, outcome.verdict, content="c", hold=None if observe else hold,
            deliveries=[PlannedDelivery(key, "cad", 0)] if sent else [], reason=codes or None, codes=codes,
            code="CP120" if codes else None, facts=facts_of(case, would=outcome.would),
        )  # fmt: skip

    def hand_on(self, ledger: Ledger, claim: CaseClaim, *, send: bool) -> None:
        """Send what is due, or put it off for an hour."""
        while (row := ledger.next_delivery(claim)) is not None:
            if not send:
                ledger.postpone(claim, row.key, delay=3600.0)
                continue
            ledger.begin_send(claim, row.key, destination="d", parallel=1, rate=None)
            ledger.delivered(claim, row.key, "receipt")


@pytest.fixture
def lab(tmp_path: Path) -> Morning:
    """A lab with one practice."""
    made = Morning(tmp_path)
    made.write()
    return made


@pytest.fixture
def say(lab: Morning) -> Callable[..., str]:
    """Runs ``casepan …`` in this process; its standard output."""

    def run(*arguments: object, code: int = 0) -> str:
        command = [*map(str, arguments), "--lab", str(lab.file)]
        done = CliRunner().invoke(app, command, catch_exceptions=False)
        assert done.exit_code == code, done.output
        return done.stdout

    return run
