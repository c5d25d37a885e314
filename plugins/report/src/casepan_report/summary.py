"""The report in plain text, for those who have no browser."""

from __future__ import annotations

from collections.abc import Iterator

from casepan.api import Finding
from casepan_report import words
from casepan_report.contents import Report
from casepan_report.markup import plain
from casepan_report.scanners import scanner


def summary(report: Report) -> str:
    """A page of text: verdict first, no line longer than it must be, no control characters."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    case, judged, rx = report.case, report.judgement, report.case.prescription
    yield f"{case.desk.number or report.name}  {words.VERDICTS[judged.verdict].upper()}"
    yield f"Next: {plain(judged.next)}"
    due = case.desk.due or rx.due
    facts = (
        ("Case", report.name if case.desk.number else ""),
        ("Due", words.day(due) if due else ""),
        ("Patient", words.patient(case)),
        ("Practice", words.practice(case)),
        ("Came by", scanner(case.key.adapter) if case.key.adapter else ""),
        ("State", report.standing.state if report.standing else ""),
    )
    yield from (f"{name + ':':<10}{plain(value)}" for name, value in facts if value)
    yield from _order(report)
    yield "Scans:"
    yield from (f"  {words.scan(scan)}, {scan.format}" for scan in case.scans if scan.preferred)
    yield "Findings:" if report.numbered else "Findings: none"
    for number, finding in report.numbered:
        yield from _finding(number, finding, report)
    for decision in case.desk.decisions if report.internal else ():
        yield f"{report.when(decision.at)}: {decision.what} by {plain(decision.by)}. {plain(decision.note)}".rstrip()
    for name, receipt in sorted(report.receipts.items()):
        yield f"Handed on to {name}: {plain(receipt.place)}"
        yield from (f"  {key}: {plain(value)}" for key, value in receipt.proof.items())


def _order(report: Report) -> Iterator[str]:
    items = report.case.prescription.items
    yield "Ordered:" if items else "Ordered: nothing is stated in these files"
    for item in items:
        parts = (words.kind(item), words.material(item), words.shade(item), words.implant(item))
        teeth = words.teeth(item.teeth, report.notation) or "?"
        yield f"  {teeth}: {', '.join(plain(part) for part in parts if part)}"


def _finding(number: int, finding: Finding, report: Report) -> Iterator[str]:
    value = words.measured(finding)
    message = words.sentence(finding.message, finding.teeth, report.notation)
    yield f"  {number} {finding.severity}: {plain(message)}{f' ({value})' if value else ''}"
    if finding.hint:
        yield f"    {plain(words.sentence(finding.hint, finding.teeth, report.notation))}"
