"""What the ledger gets to know of a case at its verdict, made in the child. Nothing here loads a ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from casepan.arrivals.names import folded
from casepan.model.case import Case, Patient
from casepan.model.finding import Finding
from casepan.model.vocabulary import Verdict
from casepan.running.planned import CaseFacts

NAMED_BY_FOLDER = "core"
"""The adapter whose vendor ids are what people called a folder: often the patient."""


def facts_of(case: Case, links: Sequence[tuple[str, str]] = (), would: Verdict | None = None) -> CaseFacts:
    """Findings, work items, links and tokens of a case that all steps have run on."""
    return CaseFacts(
        findings=[
            [name, one.code, one.severity, one.stage or "", one.scan, one.value, one.limit, one.unit]
            for name, one in named_findings(case.findings)
        ],
        items=[[i.id, i.kind, i.material, " ".join(map(str, i.teeth))] for i in case.prescription.items],
        links=[list(link) for link in links],
        tokens=tokens_of(case),
        practice=case.practice,
        lab_due=case.desk.due.isoformat() if case.desk.due else None,
        late_risk=case.desk.late_risk,
        would=would,
    )


def named_findings(findings: Sequence[Finding]) -> Iterator[tuple[str, Finding]]:
    """Each finding with a short id, unique in the case and the same when the steps run again."""
    seen = Counter[str]()
    for finding in findings:
        about = (finding.code, finding.stage, finding.scan, finding.teeth, finding.message)
        name = sha256(repr(about).encode("utf-8", "surrogateescape")).hexdigest()[:6]
        seen[name] += 1
        yield (name if seen[name] == 1 else f"{name}-{seen[name]}"), finding


def meshes_of(case: Case) -> list[str]:
    """Content hashes of all scans, each once."""
    return sorted({scan.file.sha256 for scan in case.scans})


def tokens_of(case: Case) -> list[str]:
    """What another arrival of the same patient or order would share with this one. Private."""
    order, patient = case.prescription, case.patient
    found = {
        "key": case.key.vendor_id,
        "order": order.reference,
        "guid": patient.guid,
        "patient": patient.reference,
        "name": _name_of(patient),
    }
    tokens = [f"{kind}\0{folded(text)}" for kind, text in found.items() if text]
    if case.key.adapter == NAMED_BY_FOLDER:
        tokens.append(f"name\0{_sorted_words(case.key.vendor_id)}")
    return sorted(set(tokens))


def _name_of(patient: Patient) -> str:
    full = patient.name or " ".join(filter(None, (patient.first, patient.last)))
    return _sorted_words(full)


def _sorted_words(name: str) -> str:
    """First and last name come in either order."""
    plain: Any = "".join(letter if letter.isalnum() else " " for letter in folded(name))
    return " ".join(sorted(plain.split()))
