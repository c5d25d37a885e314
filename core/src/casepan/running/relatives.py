"""Other cases that one may have to do with: proposed to a person, never joined by guess."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from attrs import evolve, frozen

from casepan.arrivals.names import same_name
from casepan.errors import StateError
from casepan.knowledge.completeness import Rules, lacks
from casepan.model.case import Case
from casepan.model.finding import Finding
from casepan.running.layout import place_of


@frozen
class Relations:
    """What was found: findings for a person, and links for the ledger."""

    findings: tuple[Finding, ...] = ()
    links: tuple[tuple[str, str], ...] = ()


def relations_of(
    case: Case,
    twins: Sequence[str],
    waiting: Iterable[tuple[str, int]],
    rules: Callable[[], Rules],
    read: Callable[[str, int], Case],
) -> Relations:
    """What the ledger's hints mean for a case.

    Args:
        twins: references of earlier cases that hold the same mesh.
        waiting: held cases of the same patient or order that lack a scan.
        rules: gives the rules of completeness in force; read: gives such a case as its steps left it.
    """
    completed = [place for place in waiting if _may_complete(case, place, rules, read)]
    return Relations(
        (*(_twin(ref) for ref in twins), *(_completes(*place) for place in completed)),
        (*(("maybe-duplicate", ref) for ref in twins), *(("maybe-completes", ref) for ref, _ in completed)),
    )


def _may_complete(
    case: Case, place: tuple[str, int], rules: Callable[[], Rules], read: Callable[[str, int], Case]
) -> bool:
    try:
        other = read(*place)
    except StateError:
        return False  # its folder is gone or damaged; that is its own trouble
    return not _differ(case, other) and _holds_what_lacks(case, other, rules())


def _differ(case: Case, other: Case) -> bool:
    """True when both name their practice, and not the same one."""
    ours, theirs = (one.practice or one.prescription.practice for one in (case, other))
    return bool(ours and theirs and not same_name(ours, theirs))


def _holds_what_lacks(case: Case, other: Case, rules: Rules) -> bool:
    """True when every scan of the case is of a kind that the other one lacks, and lacks no more with it."""
    before = {lack.name for lack in lacks(other, rules) if lack.what == "scan"}
    joined = evolve(other, scans=(*other.scans, *case.scans))
    filled = before - {lack.name for lack in lacks(joined, rules) if lack.what == "scan"}
    roles: set[Any] = {role for name in filled for role in rules.scans[name].roles}
    return bool(filled) and bool(case.scans) and all(scan.role in roles for scan in case.scans)


def _twin(ref: str) -> Finding:
    message = f"it holds the same scan as {ref}, which came under another name"
    hint = "If it is the same case, say so with `casepan cases duplicate-of`; else accept it."
    return Finding("case.maybe-duplicate", "warning", message, hint=hint, stage="core.pipeline")


def _completes(ref: str, revision: int) -> Finding:
    message = f"it holds just what {place_of(ref, revision)} lacks, and seems to be of the same patient or order"
    hint = "If it belongs there, join them with `casepan cases merge`; else accept it."
    return Finding("case.maybe-completes", "warning", message, hint=hint, stage="core.pipeline")
