"""What people in the laboratory answered and decided about a case, and what a new revision changed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from attrs import field, frozen


@frozen
class Answer:
    """One field set by a person over what the files say; its value has provenance ``lab``.

    Attributes:
        target: ``"scan.bite-1.role"``, ``"item.1.teeth"``, ``"rx.due"``; value: as typed, private.
        by, at, note: who, when (aware UTC) and why.
        revision: of the case when it was given; later ones inherit it where it still answers something.
    """

    target: str
    value: str = field(repr=False)
    by: str
    at: datetime
    note: str = field(default="", repr=False)
    revision: int = 1


@frozen
class Decision:
    """One decision about a case.

    Attributes:
        what: ``"accept"``, ``"reject"``, ``"contact"``, ``"close"``, ``"reopen"``.
        overruled: codes of the findings that an acceptance overrules.
    """

    what: str
    by: str
    at: datetime
    note: str = field(default="", repr=False)
    overruled: tuple[str, ...] = ()


@frozen
class Change:
    """One difference between this revision and the one before it.

    Attributes:
        what: ``"scan"`` or ``"field"``; name: scan id or field (``"item.1.teeth"``).
        how: ``"added"``, ``"removed"`` or ``"changed"``; before, after: short texts, private.
        distance_mm: largest distance between the two surfaces of a changed scan.
    """

    what: Literal["scan", "field"]
    name: str
    how: Literal["added", "removed", "changed"]
    before: str | None = field(default=None, repr=False)
    after: str | None = field(default=None, repr=False)
    distance_mm: float | None = None


@frozen
class Desk:
    """What the laboratory itself knows about a case.

    Attributes:
        number: the lab's own case number (``"26-00417"``), kept over revisions.
        due: the day by which it must leave the laboratory; late_risk: True when that day can hardly be kept.
        rush_reason: why a rush case is one.
        assignee, department: who works on it.
        remake_of: ref of the case that this one replaces; remake_reason: why.
        answers, decisions: oldest first; changes: against the previous revision, empty for the first.
    """

    number: str | None = None
    due: date | None = None
    late_risk: bool = False
    rush_reason: str | None = None
    assignee: str | None = None
    department: str | None = None
    remake_of: str | None = None
    remake_reason: str | None = None
    answers: tuple[Answer, ...] = ()
    decisions: tuple[Decision, ...] = ()
    changes: tuple[Change, ...] = ()
