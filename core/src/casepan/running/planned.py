"""What a child tells the ledger at a verdict: deliveries, and facts for lists. Apart, so that a child loads no ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import field, frozen

from casepan.model.vocabulary import Verdict


@frozen
class PlannedDelivery:
    """A delivery to be made once the verdict is recorded, in the order of the pipeline.

    Attributes:
        replace: True when it may lie over what an earlier revision left (``on_existing = "replace"``).
        why: what of the case matched the export's ``when``, empty when it takes every case.
    """

    key: str
    export: str
    position: int
    after: tuple[str, ...] = ()
    replace: bool = False
    why: str = ""


@frozen
class CaseFacts:
    """What lists, counts and proposals are made of.

    Attributes:
        findings: id, code, severity, stage, scan, value, limit, unit of each.
        items: id, kind, material, teeth (``"26 27"``) of each work item.
        links: kind and reference of other cases that this one may have to do with.
        practice, lab_due, late_risk: whose it is, and the day by which it must leave (ISO).
        would: the verdict that it would have got, when its pipeline only observes.
        tokens: what two arrivals of one patient or order share; private, the ledger keeps salted hashes.
    """

    findings: Sequence[Sequence[Any]] = ()
    items: Sequence[Sequence[Any]] = ()
    links: Sequence[Sequence[str]] = ()
    tokens: Sequence[str] = field(default=(), repr=False)
    practice: str | None = None
    lab_due: str | None = None
    late_risk: bool = False
    would: Verdict | None = None
