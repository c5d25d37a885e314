"""Holds, acceptance, talks, closing: nothing leaves a hold by itself, and every decision says who, when, what and why."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from casepan.errors import StateError, UsageError
from casepan.operate.answering import answer
from casepan.operate.deciding import (
    assign,
    cancel_case,
    close_case,
    contact,
    decide,
    remake,
    reopen_case,
    silent_offices,
)
from casepan.operate.desk import show_case

from .conftest import LAB, OFFICE

BITELESS = {"upper": "upper.stl", "lower": "lower.stl"}
WHOLE = {**BITELESS, "bite": "bite.stl"}


def accept(lab: Any, place: str, **more: Any) -> bool:
    """Anna accepts."""
    with lab.desk() as desk:
        return decide(desk, place, "accept", by="anna", note="bite comes by mail", **more)


def test_a_rejected_case_of_a_holding_step_waits_for_the_office_until_somebody_accepts_it(lab: Any) -> None:
    """State ``office``, not quarantine; no run moves it; then the manifest names person, reason and overruled findings."""
    lab.drop("Roe", **BITELESS)
    lab.run()
    lab.run()
    row = lab.only()
    assert (row.state, row.verdict, lab.delivered("cad")) == ("office", "reject", set())
    assert accept(lab, row.place)
    assert not accept(lab, row.place)
    lab.run()
    document = json.loads((lab.root / "cad" / row.place / "manifest.json").read_text("utf-8"))
    (decision,) = document["desk"]["decisions"]
    assert lab.only().state == "handed-on"
    assert (decision["what"], decision["by"], decision["note"]) == ("accept", "anna", "bite comes by mail")
    assert decision["overruled"] == ["completeness.missing-scan"]
    with lab.desk() as desk:
        trail = [event for event in desk.ledger.events(row.ref) if event.kind == "case.decided"]
    assert len(trail) == 1
    assert "completeness.missing-scan" in trail[0].detail


def test_a_destination_that_replaces_is_told_of_the_decision(lab: Any) -> None:
    """A report that went out for the held case goes out once more; one that never overwrites stays as it is."""
    lab.write(LAB + OFFICE.format(existing="replace") + OFFICE.format(existing="revise").replace("office", "archive"))
    lab.drop("Roe", **BITELESS)
    lab.run()
    place = lab.only().place
    accept(lab, place)
    lab.run()
    told = [
        json.loads((lab.root / name / place / "manifest.json").read_text("utf-8"))["desk"]["decisions"]
        for name in ("office", "archive")
    ]
    assert [len(decisions) for decisions in told] == [1, 0]
    assert lab.only().state == "handed-on"


def test_a_case_that_no_destination_takes_stays_held_and_says_so(lab: Any) -> None:
    """Accepting it is refused with the way out; it is never handed on without a delivery, whatever the table says."""
    lab.write(LAB + 'when = { kind = ["crown"] }\n[verdict]\n"case.no-route" = "accept"\n')
    lab.drop("Roe", **WHOLE)
    lab.run()
    row = lab.only()
    assert (row.state, row.verdict) == ("review", "accept")
    with pytest.raises(UsageError, match="no destination"):
        accept(lab, row.place)
    assert lab.only().state == "review"
    with lab.desk() as desk:
        answer(desk, row.place, ["item.new.kind=crown", "item.new.teeth=26"], by="anna")
    lab.run()
    assert (lab.only().state, lab.delivered("cad")) == ("handed-on", {row.place})


def test_what_was_seen_is_what_is_accepted(lab: Any) -> None:
    """A revision that came a second ago is not accepted with the one before it: the refusal says what changed."""
    lab.drop("Roe", **BITELESS)
    lab.run()
    ref = lab.only().ref
    lab.drop("Roe", seed=1, upper="upper.stl")
    lab.run()
    for place, revision in ((ref, 1), (f"{ref}-r1", None)):
        with pytest.raises(StateError, match="revision 2 came meanwhile: upper-arch changed"):
            accept(lab, place, revision=revision)
    with pytest.raises(UsageError, match="has 2 revisions"):
        accept(lab, ref)
    with lab.desk() as desk, pytest.raises(StateError, match="newer revision"):
        desk.ledger.decide(ref, 1, "accept", (), who="anna")
    assert accept(lab, ref, revision=2)
    rows = lab.rows()
    assert (rows[ref].state, rows[f"{ref}-r2"].state) == ("closed", "ready")


def test_talks_are_logged_and_silent_offices_are_listed(lab: Any) -> None:
    """Counted from the last talk; a clock that was set back since makes nobody silent."""
    lab.drop("Roe", **BITELESS)
    lab.run()
    row, now = lab.only(), datetime.now(UTC)
    with lab.desk() as desk:
        assert [one.talks for one in silent_offices(desk, now + timedelta(hours=3))] == [0]
        contact(desk, row.place, how="phone", by="anna", note="by noon")
        assert silent_offices(desk, now + timedelta(hours=1)) == ()
        assert [one.talks for one in silent_offices(desk, now + timedelta(hours=3))] == [1]
        assert silent_offices(desk, now - timedelta(days=1)) == ()
        shown = show_case(desk, row.place)
    assert lab.only().state == "office"
    assert shown.case is not None
    assert [(one.what, one.note) for one in shown.case.desk.decisions] == [("contact", "phone: by noon")]


def test_a_closed_case_can_be_opened_again_and_goes_on(lab: Any) -> None:
    """Deliveries that were withdrawn are due again once it is accepted; each step may be repeated."""
    lab.write(LAB.replace('with = { path = "cad" }', 'with = { path = "cad" }\nafter = []'))
    lab.drop("Roe", **WHOLE)
    lab.run()
    place = lab.only().place
    lab.drop("Doe", seed=1, **BITELESS)
    lab.run()
    held = next(row.place for row in lab.rows().values() if row.state == "office")
    with lab.desk() as desk:
        assert close_case(desk, held, by="anna", note="withdrawn")
        assert not close_case(desk, held, by="anna", note="withdrawn")
        with pytest.raises(StateError, match="closed"):
            decide(desk, held, "accept", by="anna", note="")
        assert reopen_case(desk, held, by="anna", note="after all")
        assert not reopen_case(desk, held, by="anna", note="after all")
        assert not reopen_case(desk, place, by="anna", note="")
    assert lab.rows()[held].state == "review"
    accept(lab, held)
    lab.run()
    assert lab.delivered("cad") == {place, held}


def test_withdrawn_deliveries_are_due_again_when_the_case_is_accepted(lab: Any) -> None:
    """Cancelled before anything left, opened again, accepted: it is delivered, not just called so."""
    lab.drop("Roe", **WHOLE)
    lab.write(LAB.replace('path = "cad"', 'path = "cad/x"'))
    (lab.root / "cad").write_text("in the way")
    lab.run()
    place = lab.only().place
    assert lab.only().state == "ready"
    (lab.root / "cad").unlink()
    with lab.desk() as desk:
        assert cancel_case(desk, place, by="anna", note="")
        assert reopen_case(desk, place, by="anna", note="")
    accept(lab, place)
    lab.run()
    assert lab.only().state == "handed-on"
    assert (lab.root / "cad" / "x" / place).is_dir()


def test_who_works_on_it_and_what_it_replaces_stay_with_the_case(lab: Any) -> None:
    """Over revisions, and without being said twice."""
    lab.drop("Roe", **BITELESS)
    lab.drop("Doe", seed=1, **BITELESS)
    lab.run()
    new, old = sorted(lab.rows())
    with lab.desk() as desk:
        assert assign(desk, new, to="ben", department=None, by="anna")
        assert assign(desk, new, to=None, department="ceramics", by="anna")
        assert not assign(desk, new, to="ben", department="ceramics", by="anna")
        assert remake(desk, new, of=old, reason="margin open", by="anna")
        assert not remake(desk, new, of=old, reason="margin open", by="anna")
        with pytest.raises(UsageError, match="nobody"):
            assign(desk, new, to=None, department=None, by="anna")
        with pytest.raises(UsageError, match="itself"):
            remake(desk, new, of=new, reason="", by="anna")
        answer(desk, new, ["rx.rush=yes"], by="anna")
        row = desk.ledger.case(new)
    assert row is not None
    assert (row.assignee, row.department, row.remake_of) == ("ben", "ceramics", old)


def test_a_check_that_ended_a_second_ago_is_not_accepted_unseen(lab: Any) -> None:
    """The decision was about the findings before it."""
    lab.drop("Roe", **BITELESS)
    lab.run()
    place = lab.only().place
    with lab.desk() as desk, pytest.raises(StateError, match="checked again a moment ago"):
        desk.ledger.decide(place, 1, "accept", (), who="anna", content="another")


def test_a_revision_waits_while_the_one_before_it_is_being_checked(lab: Any) -> None:
    """Else nobody would know that it changes what is about to be handed on."""
    lab.drop("Roe", **WHOLE)
    lab.run()
    ref = lab.only().ref
    with lab.desk() as desk:
        answer(desk, ref, ["rx.rush=yes"], by="anna")
        desk.ledger.retry_case(ref, 1, who="anna")
        claims = [desk.ledger.claim_case("somebody", ["p"], lease=60.0) for _ in range(2)]
        assert [claim.revision if claim else None for claim in claims] == [1, None]
        desk.ledger.give_back(claims[0])
