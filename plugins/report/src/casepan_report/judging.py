"""The verdict, who changed it, and the one thing to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from attrs import frozen

from casepan.api import Case, Decision, Finding, letter_texts
from casepan_report import words

Verdict = Literal["accept", "review", "reject"]
_BY_SEVERITY: dict[str, Verdict] = {"error": "reject", "warning": "review", "info": "accept"}
_ORDER: tuple[Verdict, ...] = ("accept", "review", "reject")
_LAB = {
    "ready": "Start the work: nothing stands in its way.",
    "ask": "Ask the office before you start.",
    "accept": "Start the work: {by} has accepted the case.",
    "as it is": "Start the work: {by} has accepted the case as it is.",
    "reject": "Do not start: {by} has rejected the case.",
}
_OFFICE = {
    "ready": "The laboratory has what it needs.",
    "ask": "The laboratory is looking at the case; nothing is asked of you yet.",
    "accept": "The laboratory starts the work.",
    "as it is": "The laboratory starts the work with what it has.",
    "reject": "The laboratory cannot start: please ring up.",
}


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


def judge(case: Case, checks: Verdict | None, *, office: bool = False) -> Judgement:
    """The verdict of a case.

    Args:
        checks: what the checks said, by the laboratory's own table; by severity when nobody has told.
        office: whether the practice reads it.
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
    return Judgement(said, verdict, decision, _next(verdict, decision, waiting, _OFFICE if office else _LAB), left)


def ranked(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The worst first, among equals those that a letter to the office would ask first."""
    asked = list(letter_texts("en", {}).points)
    places = {code: place for place, code in reversed(list(enumerate(asked)))}
    return tuple(sorted(findings, key=lambda f: (words.RANK.index(f.severity), places.get(f.code, len(asked)))))


def _by_severity(findings: Sequence[Finding]) -> Verdict:
    asked = {_BY_SEVERITY[finding.severity] for finding in findings}
    return next((verdict for verdict in reversed(_ORDER) if verdict in asked), "accept")


def _next(verdict: Verdict, decision: Decision | None, waiting: Sequence[Finding], sentences: Mapping[str, str]) -> str:
    if decision is not None:
        what = "as it is" if decision.what == "accept" and waiting else decision.what
        return sentences[what].replace("{by}", decision.by)
    if verdict == "accept":
        return sentences["ready"]
    return next((finding.hint for finding in waiting if finding.hint), sentences["ask"])
