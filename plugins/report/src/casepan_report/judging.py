"""The verdict, who changed it, and the one thing to do next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from attrs import frozen

from casepan.api import Case, Decision, Finding, letter_texts
from casepan_report import words

Verdict = Literal["accept", "review", "reject"]
_BY_SEVERITY: dict[str, Verdict] = {"error": "reject", "warning": "review", "info": "accept"}
_ORDER: tuple[Verdict, ...] = ("accept", "review", "reject")
_READY = "Start the work: nothing stands in its way."
_ASK = "Ask the office before you start."


@frozen
class Judgement:
    """What stands on top of the report.

    Attributes:
        checks: what the checks said; verdict: what counts, after a person's decision.
        decision: the decision that counts, or None.
        next: one sentence: what to do.
        open: findings that still ask for something, worst first.
    """

    checks: Verdict
    verdict: Verdict
    decision: Decision | None
    next: str
    open: tuple[Finding, ...]


def judge(case: Case, checks: Verdict | None) -> Judgement:
    """The verdict of a case.

    Args:
        checks: what the checks said, by the laboratory's own table; by severity when nobody has told.
    """
    said: Verdict = _by_severity(case.findings) if checks is None else checks
    decision = next((d for d in reversed(case.desk.decisions) if d.what in ("accept", "reject", "reopen")), None)
    if decision is not None and decision.what == "reopen":
        decision = None
    verdict: Verdict = said
    if decision is not None:
        verdict = "accept" if decision.what == "accept" else "reject"
    waiting = tuple(finding for finding in ranked(case.findings) if finding.severity != "info")
    left = () if decision is not None else waiting
    return Judgement(said, verdict, decision, _next(verdict, decision, waiting), left)


def ranked(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The worst first, among equals those that a letter to the office would ask first."""
    asked = list(letter_texts("en", {}).points)
    places = {code: place for place, code in reversed(list(enumerate(asked)))}
    return tuple(sorted(findings, key=lambda f: (words.RANK.index(f.severity), places.get(f.code, len(asked)))))


def _by_severity(findings: Sequence[Finding]) -> Verdict:
    asked = {_BY_SEVERITY[finding.severity] for finding in findings}
    return next((verdict for verdict in reversed(_ORDER) if verdict in asked), "accept")


def _next(verdict: Verdict, decision: Decision | None, waiting: Sequence[Finding]) -> str:
    if decision is not None:
        if decision.what == "accept":
            return f"Start the work: {decision.by} has accepted the case{' as it is' if waiting else ''}."
        return f"Do not start: {decision.by} has rejected the case."
    if verdict == "accept":
        return _READY
    return next((finding.hint for finding in waiting if finding.hint), _ASK)
