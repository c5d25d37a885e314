"""The JSON objects that ``inspect --json`` and ``validate --json`` promise (docs/reference/json.md)."""

from __future__ import annotations

from typing import Any

from casepan.model.case import Case, Scan
from casepan.model.documents import to_plain
from casepan.model.finding import Finding
from casepan.operate.looking import Inspection, LookedAt, ScanFacts

SCHEMA = 1


def inspection_document(inspection: Inspection) -> dict[str, Any]:
    """The whole answer: the first case at the top level, further cases under ``more``."""
    first = inspection.cases[0] if inspection.cases else None
    general = [finding_document(finding) for finding in inspection.findings]
    described = case_document(first) if first else {"recognised": None, "case": None, "findings": [], "checks": []}
    return {
        "schema": SCHEMA,
        "path": str(inspection.path),
        **described,
        "more": [{**case_document(case), "verdict": case.verdict} for case in inspection.cases[1:]],
        "findings": general + described["findings"],
        "verdict": inspection.worst if not first else _worse(inspection, first),
    }


def case_document(looked: LookedAt) -> dict[str, Any]:
    """One case of the answer."""
    recognition = looked.recognition
    return {
        "recognised": {
            "adapter": recognition.stage.partition(".")[0],
            "stage": recognition.stage,
            "confidence": recognition.confidence,
            "evidence": list(recognition.evidence),
        },
        "case": _case(looked.case, looked.facts),
        "findings": [finding_document(finding) for finding in looked.findings],
        "checks": [to_plain(check) for check in looked.checks],
    }


def finding_document(finding: Finding) -> dict[str, Any]:
    """One finding."""
    return {**to_plain(finding), "teeth": list(finding.teeth)}


def _worse(inspection: Inspection, first: LookedAt) -> str:
    order = ("accept", "review", "reject")
    return max((inspection.verdict, first.verdict), key=order.index)


def _case(case: Case, facts: dict[str, ScanFacts]) -> dict[str, Any]:
    return {
        "key": to_plain(case.key),
        "digest": case.digest,
        "patient": {key: value for key, value in to_plain(case.patient).items() if key != "raw"},
        "scans": [_scan(scan, facts[scan.id]) for scan in case.scans],
        "prescription": _prescription(case),
        "attachments": [
            {
                "id": item.id,
                "path": item.file.path,
                "what": item.what,
                "size": item.file.size,
                "sha256": item.file.sha256,
            }
            for item in case.attachments
        ],
        "closed": [
            {"path": item.file.path, "format": item.format, "advice": item.advice, "size": item.file.size}
            for item in case.closed
        ],
        "ignored": [to_plain(item) for item in case.ignored],
    }


def _scan(scan: Scan, facts: ScanFacts) -> dict[str, Any]:
    return {
        "id": scan.id,
        "role": scan.role,
        "arch": scan.arch,
        "variant": scan.variant,
        "number": scan.number,
        "label": scan.label,
        "teeth": list(scan.teeth),
        "preferred": scan.preferred,
        "file": {"path": scan.file.path, "size": scan.file.size, "sha256": scan.file.sha256},
        "textures": [image.path for image in scan.textures],
        "format": scan.format,
        "faces": facts.faces,
        "vertices": facts.vertices,
        "colour": facts.colour or "none",
        "extent_mm": [round(side, 4) for side in facts.extent_mm] if facts.extent_mm else None,
        "readable": facts.readable,
        "units": scan.units,
        "frame": scan.frame,
    }


def _prescription(case: Case) -> dict[str, Any]:
    plain = to_plain(case.prescription)
    return {key: value for key, value in plain.items() if key not in ("raw",)}
