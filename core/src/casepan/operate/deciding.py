"""Decisions that a person takes about a case, a delivery, or something in quarantine. Every one may be repeated."""

from __future__ import annotations

from typing import Literal

from casepan.errors import UsageError
from casepan.model.records import Receipt
from casepan.operate.desk import Desk, find_case
from casepan.running.deliveries import read_receipt
from casepan.running.durable import private_folder
from casepan.running.ledger import CaseRow, DeliveryRow
from casepan.running.plan import planned
from casepan.running.quarantine import Reason, put_case, take_out
from casepan.running.steps import read_result


def decide(desk: Desk, place: str, verdict: Literal["accept", "reject"], *, by: str, note: str) -> bool:
    """Accept or reject a case that has been checked; its exports for that verdict become due.

    Returns:
        False when it stood so already.

    Raises:
        UsageError: there is no such case. StateError: it is in work, unchecked or closed.
    """
    row = find_case(desk, place)
    result = read_result(desk.state.case(row.ref, row.revision))
    pipeline = desk.lab.pipelines.get(row.pipeline)
    if pipeline is None:
        raise UsageError(
            f"the pipeline {row.pipeline!r} of this case is no longer in lab.toml", hint="Put it back first."
        )
    deliveries = planned(pipeline, result.case, verdict, result.content)
    changed = desk.ledger.decide(row.ref, row.revision, verdict, deliveries, who=by, note=note)
    if verdict == "accept":
        take_out(desk.state, row.place)
    elif changed:
        put_case(desk.state, row.place, row.arrival, Reason("CP120", f"rejected by {by}: {note or 'no reason given'}"))
    return changed


def cancel_case(desk: Desk, place: str, *, by: str, note: str) -> bool:
    """Close a case: nothing more happens to it. False when it was closed already."""
    row = find_case(desk, place)
    return desk.ledger.close_case(row.ref, row.revision, who=by, kind="case.cancelled", note=note)


def find_delivery(desk: Desk, place: str, export: str) -> DeliveryRow:
    """The delivery of a case to one destination.

    Raises:
        UsageError: there is none; names those there are.
    """
    row = find_case(desk, place)
    rows = desk.ledger.deliveries(row.ref, row.revision)
    for delivery in rows:
        if delivery.export == export:
            return delivery
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
    _quarantined_case(desk, subject)
    decide(desk, subject, "accept", by=by, note="released from quarantine")


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
