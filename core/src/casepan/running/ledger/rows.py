"""The rows of the ledger as values."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from casepan.model.vocabulary import Verdict
from casepan.running.layout import place_of

CaseState = Literal["arriving", "checking", "ready", "review", "office", "handed-on", "quarantine", "closed"]
DeliveryState = Literal["waiting", "pending", "sending", "retry", "sent", "failed", "unknown", "withdrawn"]
ArrivalState = Literal["settled", "taking", "waiting", "taken", "quarantined", "superseded", "discarded"]

NEEDS_PERSON: tuple[CaseState, ...] = ("review", "office", "quarantine")


@frozen
class ArrivalRow:
    """One arrival.

    Attributes:
        inbox: id of the import step that watches the place; spot: hash of place and name; fingerprint: hash of the listing.
        patient: True when files that an order names are waited for, until ``give_up`` (seconds since the epoch).
        code, reason: why it waits or lies in quarantine.
    """

    id: str
    pipeline: str
    inbox: str
    spot: str
    fingerprint: str
    state: ArrivalState
    patient: bool
    give_up: float
    attempts: int
    not_before: float
    fence: int
    code: str | None
    reason: str | None
    at: str


@frozen
class CaseRow:
    """One revision of a case.

    Attributes:
        state: what a lab calls it; ``checking`` and ``ready`` are worked on without anybody's help.
        verdict: None until all steps ran.
        content: hash of the case that the steps left, part of each delivery key.
        attempts: child processes spent on it since it came or was released.
        code, reason: why it is held or lies in quarantine, without names.
        number, practice, assignee, department, lab_due, late_risk: what the desk knows, see ``model.decided.Desk``.
        observed, would: True when its pipeline only observed, and the verdict that it would have got otherwise.
    """

    ref: str
    revision: int
    key_hash: str
    digest: str
    adapter: str
    arrival: str
    pipeline: str
    state: CaseState
    verdict: Verdict | None
    content: str | None
    priority: int
    rush: bool
    due: str | None
    attempts: int
    not_before: float
    owner: str | None
    fence: int
    code: str | None
    reason: str | None
    received: str
    at: str
    number: str | None = None
    practice: str | None = None
    assignee: str | None = None
    department: str | None = None
    lab_due: str | None = None
    late_risk: bool = False
    remake_of: str | None = None
    remake_reason: str | None = None
    observed: bool = False
    would: Verdict | None = None

    @property
    def place(self) -> str:
        """``K7Q2-M4``, or ``K7Q2-M4-r2`` for a later revision."""
        return place_of(self.ref, self.revision)


@frozen
class DeliveryRow:
    """One export of one case.

    Attributes:
        key: what the destination is given and asked for; made of case, destination and content.
        after: ids of exports that must be sent first.
        asked: how often its outcome was asked for.
        not_before: next try or next question (seconds since the epoch); None with state ``unknown`` means a person decides.
        intent_at: when the last try began.
        receipt: SHA-256 of the stored receipt.
        place: name of the case at the destination, given when the delivery was planned.
    """

    key: str
    ref: str
    revision: int
    pipeline: str
    export: str
    position: int
    after: tuple[str, ...]
    state: DeliveryState
    attempts: int
    asked: int
    not_before: float | None
    intent_at: float | None
    fence: int
    receipt: str | None
    code: str | None
    reason: str | None
    at: str
    place: str | None = None

    @property
    def needs_person(self) -> bool:
        """True when nothing more happens without a decision."""
        return self.state == "failed" or (self.state == "unknown" and self.not_before is None)

    @property
    def waits(self) -> bool:
        """True when it is tried or asked again later without anybody's help."""
        return self.state in ("pending", "retry", "sending") or (self.state == "unknown" and not self.needs_person)


@frozen
class EventRow:
    """One entry of the trail. ``hash`` covers the entry and the hash of the one before it of the same case."""

    id: int
    ref: str | None
    revision: int | None
    kind: str
    detail: str
    at: str
    previous: str
    hash: str


@frozen
class ArrivalClaim:
    """The right to take one arrival; void once another fence was given out."""

    id: str
    pipeline: str
    inbox: str
    fence: int
    attempts: int
    patient: bool


@frozen
class CaseClaim:
    """The right to work on one revision of a case; void once another fence was given out."""

    ref: str
    revision: int
    pipeline: str
    adapter: str
    arrival: str
    fence: int
    attempts: int
    state: CaseState

    @property
    def place(self) -> str:
        """``K7Q2-M4``, or ``K7Q2-M4-r2`` for a later revision."""
        return place_of(self.ref, self.revision)


@frozen
class Registration:
    """What the ledger says to a case that was read: its reference, and whether this content was seen before."""

    ref: str
    revision: int
    known: bool
