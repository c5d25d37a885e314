"""Decisions that a person takes about a case, a delivery, or something in quarantine. Every one may be repeated."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from attrs import frozen

from casepan.config.lab import Pipeline
from casepan.errors import StateError, UsageError
from casepan.model.records import Receipt
from casepan.model.vocabulary import Verdict
from casepan.operate.desk import Desk, find_case, seen_case
from casepan.running.deliveries import read_receipt
from casepan.running.durable import private_folder
from casepan.running.layout import place_of
from casepan.running.ledger import CaseRow, DeliveryRow, PlannedDelivery
from casepan.running.plan import digest, planned
from casepan.running.quarantine import Reason, put_case, take_out
from casepan.running.steps import Outcome, read_result
from casepan.running.verdict import verdict_of


def decide(
    desk: Desk, place: str, verdict: Literal["accept", "reject"], *, by: str, note: str, revision: int | None = None
) -> bool:
    """Accept or reject a case that has been checked; its exports for that verdict become due.

    Args:
        revision: the one that was looked at; needed when there are several and ``place`` names none.

    Returns:
        False when it stood so already.

    Raises:
        UsageError: there is no such case, or no destination would take it. StateError: it is in work, unchecked or
            closed, or a newer revision came meanwhile.
    """
    row = seen_case(desk, place, revision)
    pipeline = desk.lab.pipelines.get(row.pipeline)
    if pipeline is None:
        raise UsageError(
            f"the pipeline {row.pipeline!r} of this case is no longer in lab.toml", hint="Put it back first."
        )
    outcome = _outcome(desk, row)
    deliveries = _deliveries(desk, row, pipeline, outcome, verdict, f"{verdict} {by} {note}") if outcome else ()
    if verdict == "accept" and outcome and pipeline.export and not deliveries:
        raise UsageError(
            f"no destination of the pipeline {row.pipeline!r} takes this case (case.no-route): it stays held",
            hint="Correct what `when` asks for with `casepan cases set`, widen `when` or `on` in lab.toml, or close it.",
        )
    overruled = _overruled(desk, outcome) if outcome and verdict == "accept" else ()
    changed = desk.ledger.decide(
        row.ref, row.revision, verdict, deliveries, who=by, note=note, overruled=overruled,
        content=outcome.content if outcome else None,
    )  # fmt: skip
    if verdict == "accept":
        for number in range(1, row.revision + 1):  # revisions before it are closed with it
            take_out(desk.state, place_of(row.ref, number))
    elif changed:
        put_case(desk.state, row.place, row.arrival, Reason("CP120", f"rejected by {by}: {note or 'no reason given'}"))
    return changed


def _outcome(desk: Desk, row: CaseRow) -> Outcome | None:
    """What the steps left, None when the case was never checked: then the ledger refuses the decision."""
    return read_result(desk.state.case(row.ref, row.revision)) if row.content is not None else None


def _deliveries(
    desk: Desk, row: CaseRow, pipeline: Pipeline, outcome: Outcome, verdict: Verdict, said: str
) -> tuple[PlannedDelivery, ...]:
    """What the verdict sends. A destination that replaces gets what it has once more: now with the decision in it."""
    there = {
        delivery.export
        for delivery in desk.ledger.deliveries(row.ref, row.revision)
        if delivery.state in ("sent", "sending", "unknown")
    }
    anew = {d.export: d for d in planned(pipeline, outcome.case, verdict, digest([outcome.content, said]))}
    return tuple(
        anew[delivery.export] if delivery.replace and delivery.export in there else delivery
        for delivery in planned(pipeline, outcome.case, verdict, outcome.content)
    )


def _overruled(desk: Desk, outcome: Outcome) -> tuple[str, ...]:
    codes = (one.code for one in outcome.case.findings if verdict_of((one,), desk.lab.verdict) != "accept")
    return tuple(dict.fromkeys(codes))


def cancel_case(desk: Desk, place: str, *, by: str, note: str) -> bool:
    """Stop work on a case and close it: nothing more happens to it. False when it was closed already."""
    row = find_case(desk, place)
    return desk.ledger.close_case(row.ref, row.revision, who=by, kind="case.cancelled", note=note)


def close_case(desk: Desk, place: str, *, by: str, note: str) -> bool:
    """Nothing more is to be done about it. False when it was closed already.

    Raises:
        StateError: it is in work right now.
    """
    row = find_case(desk, place)
    if row.owner is not None:
        raise StateError("this case is in work right now", hint="Wait a moment, or stop it: casepan cases cancel")
    changed = desk.ledger.close_case(row.ref, row.revision, who=by, note=note)
    take_out(desk.state, row.place)
    return changed


def reopen_case(desk: Desk, place: str, *, by: str, note: str) -> bool:
    """Hold a closed case for review again. False when it is not closed.

    Raises:
        StateError: a newer revision took its place.
    """
    row = find_case(desk, place)
    return desk.ledger.reopen_case(row.ref, row.revision, who=by, note=note)


def contact(desk: Desk, place: str, *, how: str, by: str, note: str) -> None:
    """Log a talk with the office."""
    row = find_case(desk, place)
    desk.ledger.contacted(row.ref, row.revision, how=how, who=by, note=note)


def assign(desk: Desk, place: str, *, to: str | None, department: str | None, by: str) -> bool:
    """Say who works on a case, and where. False when it is so already.

    Raises:
        UsageError: neither was said.
    """
    if to is None and department is None:
        raise UsageError("nobody is named", hint="Say --to NAME, --department NAME, or both.")
    return desk.ledger.assign(find_case(desk, place).ref, to=to, department=department, who=by)


def remake(desk: Desk, place: str, *, of: str, reason: str, by: str) -> bool:
    """Say which old case this one replaces, and why. False when it says so already.

    Raises:
        UsageError: there is no such case, or it is the same one.
    """
    new, old = find_case(desk, place), find_case(desk, of)
    if new.ref == old.ref:
        raise UsageError("a case cannot be a remake of itself", hint="--of names the case that is made again.")
    return desk.ledger.mark_remake(new.ref, old.ref, reason=reason, who=by)


@frozen
class Silent:
    """An office that was asked and has not answered.

    Attributes:
        since: of the last talk, or of the hold when nobody talked yet; talks: how many there were.
    """

    row: CaseRow
    since: datetime
    talks: int


def silent_offices(desk: Desk, now: datetime) -> tuple[Silent, ...]:
    """Cases that wait for their office longer than ``[lab] remind_after``, the longest first.

    A case waits for its office in state ``office``, and in ``review`` once somebody has talked with the office about it.
    """
    latest = now - timedelta(seconds=desk.lab.lab.remind_after)
    rows = (*desk.ledger.cases(state="office"), *desk.ledger.cases(state="review"))
    found = [_silence(desk, row) for row in rows]
    return tuple(sorted((one for one in found if one and one.since <= latest), key=lambda one: one.since))


def _silence(desk: Desk, row: CaseRow) -> Silent | None:
    talks = [one for one in desk.ledger.desk(row.ref, row.revision).decisions if one.what == "contact"]
    if row.state == "review" and not talks:
        return None
    return Silent(row, talks[-1].at if talks else datetime.fromisoformat(row.at), len(talks))


def find_delivery(desk: Desk, place: str, export: str) -> DeliveryRow:
    """The delivery of a case to one destination.

    Raises:
        UsageError: there is none; names those there are.
    """
    row = find_case(desk, place)
    rows = desk.ledger.deliveries(row.ref, row.revision)
    found = [delivery for delivery in rows if delivery.export == export]
    if found:  # an answered case may have several: the latest that was not withdrawn is meant
        return max(found, key=lambda delivery: (delivery.state != "withdrawn", delivery.at))
    known = ", ".join(delivery.export for delivery in rows) or "none yet"
    raise UsageError(f"{place} has no delivery {export!r}", hint=f"It has: {known}.")


def receipt_of(desk: Desk, delivery: DeliveryRow) -> Receipt | None:
    """The receipt, when there is one."""
    return read_receipt(desk.state.case(delivery.ref, delivery.revision), delivery.export)


def release(desk: Desk, subject: str, *, by: str) -> None:
    """Hand a quarantined case on all the same.

    Raises:
        UsageError: it is an arrival (which became no case), or not in quarantine.
    """
    if _arrival(desk, subject):
        raise UsageError("an arrival that became no case cannot be handed on", hint="Try: casepan quarantine retry")
    row = _quarantined_case(desk, subject)
    decide(desk, subject, "accept", by=by, note="released from quarantine", revision=row.revision)


def retry(desk: Desk, subject: str, *, by: str) -> None:
    """Run it again from the start.

    Raises:
        UsageError: it is not in quarantine.
    """
    if _arrival(desk, subject):
        desk.ledger.retry_arrival(subject)
    else:
        row = _quarantined_case(desk, subject)
        desk.ledger.retry_case(row.ref, row.revision, who=by)
    take_out(desk.state, subject)


def discard(desk: Desk, subject: str, *, by: str) -> None:
    """Put it aside: its REASON.txt moves to ``state/discarded``; its files stay until ``casepan purge``.

    Raises:
        UsageError: it is not in quarantine.
    """
    if _arrival(desk, subject):
        desk.ledger.discard_arrival(subject)
    else:
        row = _quarantined_case(desk, subject)
        desk.ledger.close_case(row.ref, row.revision, who=by, kind="case.discarded", note="")
    source = desk.state.quarantine(subject)
    target = private_folder(desk.state.discarded) / subject
    if source.is_dir() and not target.exists():
        source.rename(target)


def _arrival(desk: Desk, subject: str) -> bool:
    return any(row.id == subject for row in desk.ledger.arrivals(state="quarantined"))


def _quarantined_case(desk: Desk, subject: str) -> CaseRow:
    row = find_case(desk, subject)
    if row.state != "quarantine":
        raise UsageError(
            f"{subject} is not in quarantine, it is {row.state}", hint="casepan quarantine list shows what is."
        )
    return row
