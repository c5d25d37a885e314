"""What leaves the laboratory: a case without its internals, or without a single person."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from attrs import evolve

from casepan.api import Case, CaseKey, Decision, Desk, Finding, Implant, Origin, Patient, Prescription, Scan, WorkItem
from casepan_report.options import Variant

GONE = "[…]"
_WORD = re.compile(r"\w+", re.UNICODE)
_ITEM_TEXTS = (
    "bridge", "material_text", "shade", "shade_guide", "stump_shade", "scan_body", "retention", "margin", "contacts",
    "pontic_design",
)  # fmt: skip
_TITLES = frozenset({"dr", "med", "dent", "mr", "mrs", "ms", "prof", "herr", "frau"})


def shown(case: Case, variant: Variant) -> Case:
    """The case as far as a variant of the report may know it."""
    if variant == "lab":
        return case
    return _for_office(case) if variant == "office" else _anonymous(case)


def _for_office(case: Case) -> Case:
    """Without what the laboratory keeps to itself: people, decisions, preferences, notes of the checks."""
    desk = Desk(number=case.desk.number, due=case.desk.due, changes=case.desk.changes, decisions=_decided(case))
    findings = tuple(finding for finding in case.findings if finding.severity != "info")
    return evolve(case, desk=desk, client=None, practice=_name_of_practice(case), findings=findings, artifacts=())


def _decided(case: Case) -> tuple[Decision, ...]:
    """The decisions, without who took them and why."""
    return tuple(evolve(decision, by="the laboratory", note="", overruled=()) for decision in case.desk.decisions)


def _name_of_practice(case: Case) -> str | None:
    return (case.client.name or case.prescription.practice) if case.client else case.prescription.practice


def _anonymous(case: Case) -> Case:
    """Without people, their words, their photos and documents, and any name that a file, a folder or an order has."""
    without = _eraser(_names(case))
    rx = case.prescription
    return evolve(
        case,
        key=CaseKey(case.key.adapter, ""),
        origin=Origin(case.origin.stage, case.origin.confidence, pipeline=case.origin.pipeline),
        patient=Patient(),
        practice=None,
        client=None,
        scans=tuple(_nameless(scan) for scan in case.scans),
        prescription=Prescription(
            tuple(_item(item, without) for item in rx.items), due=rx.due, rush=rx.rush, provenance=rx.provenance
        ),
        attachments=(),
        closed=(),
        ignored=(),
        artifacts=(),
        findings=tuple(_finding(finding, without) for finding in case.findings),
        desk=Desk(due=case.desk.due, decisions=_decided(case)),
    )


def _nameless(scan: Scan) -> Scan:
    file = (
        evolve(scan.file, path=f"{scan.id}.{scan.file.suffix}") if scan.file.suffix else evolve(scan.file, path=scan.id)
    )
    return evolve(scan, label=None, name=None, textures=(), raw={}, transforms=(), file=file)


def _item(item: WorkItem, without: Callable[[str | None], str | None]) -> WorkItem:
    texts: dict[str, Any] = {name: without(getattr(item, name)) for name in _ITEM_TEXTS}
    if item.implant is not None:
        parts = (item.implant.manufacturer, item.implant.system, item.implant.platform)
        texts["implant"] = Implant(*map(without, parts))
    return evolve(item, raw={}, **texts)


def _finding(finding: Finding, without: Callable[[str | None], str | None]) -> Finding:
    return evolve(finding, message=without(finding.message) or "", hint=without(finding.hint))


def _names(case: Case) -> Iterable[str | None]:
    """Every text that may hold the name of a person."""
    who, rx = case.patient, case.prescription
    yield from (who.name, who.first, who.last, who.reference, who.guid)
    yield from (rx.doctor, rx.practice, rx.reference, rx.licence, rx.remake_of, case.key.vendor_id)


def _eraser(names: Iterable[str | None]) -> Callable[[str | None], str | None]:
    """A function that takes these names out of a text, word by word."""
    found = {word.casefold() for name in names if name for word in _WORD.findall(name)}
    gone = {word for word in found if len(word) > (4 if word.isdigit() else 1)} - _TITLES

    def without(text: str | None) -> str | None:
        return text and _WORD.sub(lambda word: GONE if word[0].casefold() in gone else word[0], text)

    return without
