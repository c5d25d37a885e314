"""``closed = "accept"``: a lab that owns the vendor's software is told of closed files, and not asked about them."""

from __future__ import annotations

from attrs import evolve

from casepan.model.case import Case
from casepan.model.finding import Finding

CODE = "format.closed"


def without_nagging(case: Case) -> Case:
    """The case with its ``format.closed`` findings as mere information; the geometry stays unchecked, and they say so."""
    return evolve(case, findings=tuple(_informed(finding) for finding in case.findings))


def _informed(finding: Finding) -> Finding:
    if finding.code != CODE:
        return finding
    message = f"{finding.message}; its geometry was not checked, the file is passed on as it came"
    return evolve(finding, severity="info", message=message, hint=None)
