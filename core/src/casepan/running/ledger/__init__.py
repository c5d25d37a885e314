"""The durable truth: what arrived, what became of it, what was sent. The only package that speaks SQL."""

from __future__ import annotations

from casepan.running.ledger.lists import ListQueries
from casepan.running.ledger.marking import MarkTransitions
from casepan.running.ledger.restoring import RestoringTransitions
from casepan.running.ledger.rows import (
    ArrivalClaim,
    ArrivalRow,
    CaseClaim,
    CaseRow,
    DeliveryRow,
    EventRow,
    Registration,
)
from casepan.running.planned import PlannedDelivery

__all__ = [
    "ArrivalClaim",
    "ArrivalRow",
    "CaseClaim",
    "CaseRow",
    "DeliveryRow",
    "EventRow",
    "Ledger",
    "PlannedDelivery",
    "Registration",
]


class Ledger(RestoringTransitions, MarkTransitions, ListQueries):
    """The ledger of one state folder: one method per transition, each one transaction, a fence on every write of a worker."""
