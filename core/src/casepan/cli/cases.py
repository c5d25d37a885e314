"""``casepan cases``: list, show, and decide."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casepan.cli import answering, lettering
from casepan.cli.console import say, say_done, say_json, say_table, styled, tries
from casepan.cli.operating import case_fields, delivery_fields
from casepan.cli.shared import By, CaseName, JsonFlag, LabFile, Note

if TYPE_CHECKING:
    from casepan.model.case import Case
    from casepan.operate.desk import CaseFile
    from casepan.running.ledger import EventRow

OPAQUE = re.compile(r"[0-9a-f]{40,}|A[A-Z0-9]{3}-[A-Z0-9]{4}")
"""Hashes and ids of arrivals: ``--json`` has them, people do not need them."""
SAID = {True: "right", False: "wrong"}
cases_app = typer.Typer(help="What is in the lab, and decisions about it.", no_args_is_help=True, rich_markup_mode=None)


def add_to(app: typer.Typer) -> None:
    """Hang the commands into the tree."""
    cases_app.command("list")(list_)
    cases_app.command("show")(show)
    cases_app.command("accept")(accept)
    cases_app.command("reject")(reject)
    cases_app.command("cancel")(cancel)
    lettering.add_to(cases_app)
    answering.add_to(cases_app)
    app.add_typer(cases_app, name="cases")


def list_(
    lab: LabFile = Path("lab.toml"),
    state: Annotated[
        str | None, typer.Option("--state", help="Only this state: review, office, quarantine, handed-on …")
    ] = None,
    pipeline: Annotated[str | None, typer.Option("--pipeline", help="Only this pipeline.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Every case with its state.

    Example:  casepan cases list --state review
    """
    from casepan.knowledge.numbers import zone
    from casepan.operate.desk import list_cases, open_desk
    from casepan.operate.lines import clock

    with open_desk(lab) as desk:
        rows, here = list_cases(desk, state=state, pipeline=pipeline), zone(desk.lab.lab.timezone)
    if as_json:
        say_json({"schema": 1, "cases": [case_fields(row) for row in rows]})
        return
    say_table(
        ("case", "adapter", "pipeline", "state", "verdict", "received", "reason"),
        [
            (row.place, row.adapter, row.pipeline, row.state, row.verdict, clock(row.received, here), row.reason)
            for row in rows
        ],
    )


def show(case: CaseName, lab: LabFile = Path("lab.toml"), as_json: JsonFlag = False) -> None:
    """All that is known of one case: scans, order, findings, deliveries, and its whole trail.

    Example:  casepan cases show K7Q2-M4
    """
    from casepan.knowledge.numbers import zone
    from casepan.operate.answering import advice
    from casepan.operate.desk import open_desk, show_case

    with open_desk(lab) as desk:
        file, here = show_case(desk, case), zone(desk.lab.lab.timezone)
        asked = [advice(desk, file.case, finding) for finding in file.case.findings] if file.case else []
    if as_json:
        say_json(_document(file, asked))
        return
    _show(file, asked, here)


Revision = Annotated[
    int | None, typer.Option("--revision", help="The revision you looked at, when CASE does not name it.")
]


def accept(
    case: CaseName,
    by: By,
    note: Note = "",
    revision: Revision = None,
    lab: LabFile = Path("lab.toml"),
    as_json: JsonFlag = False,
) -> None:
    """Accept a held case: the exports that waited run next, and are told who accepted it, why, and against which findings.

    Example:  casepan cases accept K7Q2-M4 --by anna --note "bite is in the frame"
    """
    from casepan.operate.deciding import decide
    from casepan.operate.desk import open_desk

    with open_desk(lab) as desk:
        changed = decide(desk, case, "accept", by=by, note=note, revision=revision)
    say_done(
        f"{case}: accepted. casepan run hands it on." if changed else f"{case}: was accepted already.", as_json=as_json
    )


def reject(
    case: CaseName,
    by: By,
    note: Note = "",
    revision: Revision = None,
    lab: LabFile = Path("lab.toml"),
    as_json: JsonFlag = False,
) -> None:
    """Reject a held case: it goes to quarantine with the reason.

    Example:  casepan cases reject K7Q2-M4 --by anna --note "wrong patient"
    """
    from casepan.operate.deciding import decide
    from casepan.operate.desk import open_desk

    with open_desk(lab) as desk:
        changed = decide(desk, case, "reject", by=by, note=note, revision=revision)
    say_done(f"{case}: rejected." if changed else f"{case}: was rejected already.", as_json=as_json)


def cancel(case: CaseName, by: By, note: Note = "", lab: LabFile = Path("lab.toml"), as_json: JsonFlag = False) -> None:
    """Stop work on a case and withdraw deliveries that have not begun.

    Example:  casepan cases cancel K7Q2-M4 --by anna --note "the office withdrew it"
    """
    from casepan.operate.deciding import cancel_case
    from casepan.operate.desk import open_desk

    with open_desk(lab) as desk:
        changed = cancel_case(desk, case, by=by, note=note)
    say_done(f"{case}: cancelled." if changed else f"{case}: was closed already.", as_json=as_json)


def _document(file: CaseFile, asked: Sequence[str | None]) -> dict[str, object]:
    from casepan.model.documents import to_plain

    return {
        "schema": 1,
        **case_fields(file.row),
        "case": to_plain(file.case) if file.case else None,
        "commands": list(asked),
        "finding_ids": _ids(file),
        "deliveries": [delivery_fields(row) for row in file.deliveries],
        "events": [to_plain(row) for row in file.events],
    }


def _show(file: CaseFile, asked: Sequence[str | None], here: tzinfo) -> None:
    row = file.row
    number = f"  no. {row.number}" if row.number else ""
    say(
        f"{row.place}{number}  {styled(row.state)}  verdict {styled(row.verdict or '-')}  {row.adapter}, pipeline {row.pipeline}"
    )
    if row.reason:
        say(f"Why: {row.reason}")
    if row.assignee or row.department:
        say(f"With: {' '.join(filter(None, (row.assignee, row.department)))}")
    if row.remake_of:
        say(f"Remake of {row.remake_of}: {row.remake_reason}")
    if row.observed:
        say(f"Observed only: it would have got {styled(row.would or 'accept')}")
    if file.case:
        _show_case(file.case, asked, file, here)
    for delivery in file.deliveries:
        say(
            f"  {delivery.export}: {styled(delivery.state)} after {tries(delivery.attempts)} {delivery.reason or ''}".rstrip()
        )
    say(f"What happened ({here}):")
    for event in file.events:
        say(f"  {_told(event, file, here)}")


def _told(event: EventRow, file: CaseFile, here: tzinfo) -> str:
    """One line of the trail: when, what, who and why. Hashes and ids of arrivals are left to ``--json``."""
    from casepan.operate.lines import local

    exports = {delivery.key: delivery.export for delivery in file.deliveries}
    said = json.loads(event.detail)
    said |= {"to": exports[said["key"]]} if said.get("key") in exports else {}
    words = [f"by {said.pop('who')}"] if "who" in said else []
    words += [f"{name} {value}" for name, value in said.items() if value != "" and not OPAQUE.fullmatch(f"{value}")]
    revision = f" r{event.revision}" if file.row.revision > 1 else ""
    return f"{local(event.at, here):%Y-%m-%d %H:%M:%S}{revision} {event.kind} {', '.join(words)}".rstrip()


def _ids(file: CaseFile) -> list[str]:
    """The id of each finding of the case, for ``casepan findings mark``."""
    from casepan.running.facts import named_findings

    return [name for name, _ in named_findings(file.case.findings)] if file.case else []


def _show_case(case: Case, asked: Sequence[str | None], file: CaseFile, here: tzinfo) -> None:
    if case.client:
        say("  " + ", ".join(filter(None, (f"from {case.client.name} ({case.client.id})", case.client.phone))))
    for scan in case.scans:
        say(f"  {scan.id:<28} {scan.role:<12} {scan.arch or '-':<6} {scan.format}")
    for item in case.prescription.items:
        line = f"  ordered {item.id}: {item.kind} {' '.join(map(str, item.teeth)) or '-'} {item.material} {item.shade or ''}"
        say(line.rstrip())
    for answer in case.desk.answers:
        at = answer.at.astimezone(here)
        say(f"  answered {answer.target}={answer.value} by {answer.by}, {at:%Y-%m-%d %H:%M} {answer.note}".rstrip())
    for change in case.desk.changes:
        far = f", up to {change.distance_mm:.2f} mm" if change.distance_mm is not None else ""
        say(f"  {change.how} {change.what} {change.name}{far}")
    for name, finding, command in zip(_ids(file), case.findings, asked, strict=True):
        about = f" [{finding.scan}]" if finding.scan else ""
        said = f" (marked {SAID[file.marks[name]]})" if name in file.marks else ""
        say(f"  {name} {styled(finding.severity)} {finding.code}{about}: {finding.message}{said}")
        if command:
            say(f"      {command}")
