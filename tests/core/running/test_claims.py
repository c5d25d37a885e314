"""Claims that are lost, or cannot be recorded: the run goes on without them, or ends with what is wrong with the disk."""

from __future__ import annotations

from typing import Any

import pytest

from casepan.errors import FenceLost, StateError
from casepan.running import supervisor
from casepan.running.ledger import CaseClaim, Ledger


def only(report: Any) -> Any:
    """The one case of a report."""
    (case,) = report.cases
    return case


def raises_once(monkeypatch: pytest.MonkeyPatch, name: str, error: Exception) -> None:
    """The ledger refuses the first time that it is asked for this."""
    inner, raised = getattr(Ledger, name), list[bool]()

    def method(self: Ledger, *values: Any, **more: Any) -> Any:
        if not raised:
            raised.append(True)
            raise error
        return inner(self, *values, **more)

    monkeypatch.setattr(Ledger, name, method)


@pytest.mark.parametrize("name", ["claim_arrival", "claim_case"])
def test_a_claim_lost_at_the_start_is_dropped(
    fake: Any, act: Any, send: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Another process was quicker: noted, and whatever else is due is done."""
    raises_once(monkeypatch, name, FenceLost("another process has taken over this case"))
    fake.drop("first")
    fake.drop("second")
    heard: list[str] = []
    report = fake.run(fake.lab(act(), export=(send(),)), on_progress=lambda event: heard.append(event.kind))
    assert [case.case.state for case in report.cases] == ["handed-on", "handed-on"]
    assert (report.exit_code, heard.count("claim.lost"), heard.count("delivery.sent")) == (0, 1, 2)


@pytest.mark.parametrize("refuses", [False, True])
def test_a_claim_lost_at_its_renewal_is_left_to_whoever_has_it(
    fake: Any, act: Any, send: Any, monkeypatch: pytest.MonkeyPatch, refuses: bool
) -> None:
    """Its child is killed, nothing of it is recorded; when the other one's lease is over, the case is taken again."""
    inner, taken = Ledger.renew, list[CaseClaim]()

    def renew(self: Ledger, claim: CaseClaim, *, lease: float) -> bool:
        if not taken:
            taken.append(claim)
            with self.transaction():
                self.change("update cases set fence=fence+1, owner='another', lease_until=?", self.clock() + 0.2)
            if refuses:
                raise FenceLost("another process has taken over this case")
        return inner(self, claim, lease=lease)

    monkeypatch.setattr(Ledger, "renew", renew)
    monkeypatch.setattr(supervisor, "LEASE", 1.0)
    fake.drop()
    heard: list[str] = []
    lab = fake.lab(act("slow", seconds=0.4), export=(send(),))
    report = fake.run(lab, on_progress=lambda event: heard.append(event.kind))
    assert (report.exit_code, only(report).case.state, only(report).case.fence) == (0, "handed-on", 3)
    assert [kind for kind in heard if "lost" in kind] == ["claim.lost", "case.fence-lost"]


@pytest.mark.parametrize("name", ["renew", "claim_case", "claim_arrival"])
def test_a_disk_that_is_full_at_a_claim_ends_the_run_cleanly(
    fake: Any, act: Any, send: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The report says so; everything was given back and goes on with the next run."""
    raises_once(monkeypatch, name, StateError("the ledger cannot be used: the disk is full"))
    monkeypatch.setattr(supervisor, "LEASE", 1.0)
    fake.drop()
    lab = fake.lab(act("slow", seconds=0.4), export=(send(),), attempts=1)
    report = fake.run(lab)
    assert (report.exit_code, "full" in str(report.error)) == (7, True)
    assert only(fake.run(lab)).case.state == "handed-on"
