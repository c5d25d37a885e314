"""From findings to a verdict: the lab's own table first, then error rejects and warning asks for review."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from casepan.model.finding import Finding
from casepan.model.vocabulary import SEVERITIES, VERDICTS, Severity, Verdict

DEFAULT: Mapping[Severity, Verdict] = {"error": "reject", "warning": "review", "info": "accept"}


def verdict_of(findings: Iterable[Finding], table: Mapping[str, Verdict]) -> Verdict:
    """The worst that any finding asks for; ``accept`` when there is none."""
    asked = {table.get(finding.code, DEFAULT[finding.severity]) for finding in findings}
    return max(asked, key=VERDICTS.index, default="accept")


def reaches(findings: Iterable[Finding], limit: Severity | None) -> bool:
    """True when a finding is as severe as the limit or worse."""
    if limit is None:
        return False
    return any(SEVERITIES.index(finding.severity) >= SEVERITIES.index(limit) for finding in findings)


def summary(findings: Iterable[Finding], table: Mapping[str, Verdict], verdict: Verdict) -> str:
    """The codes that led to the verdict, each once, for lists: ``mesh.hole, bite.open``."""
    codes = [f.code for f in findings if table.get(f.code, DEFAULT[f.severity]) == verdict]
    return ", ".join(dict.fromkeys(codes))
