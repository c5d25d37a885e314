"""``casepan cases``: list, show, and decide."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casepan.cli.console import say, say_done, say_json, say_table, styled, tries
from casepan.cli.operating import case_fields, delivery_fields
from casepan.cli.shared import By, JsonFlag, LabFile, Note

if TYPE_CHECKING:
    from casepan.operate.desk import CaseFile

cases_app = typer.Typer(help="What is in the lab, and decisions about it.", no_args_is_help=True, rich_markup_mode=None)
CaseName = Annotated[str, typer.Argument(metavar="CASE", help="A case (K7Q2-M4), or one revision of it (K7Q2-M4-r2).")]


def add_to(app: typer.Typer) -> None:
    """Hang the commands into the tree."""
    cases_app.command("list")(list_)
    cases_app.command("show")(show)
    cases_app.command("accept")(accept)
    cases_app.command("reject")(reject)
    cases_app.command("cancel")(cancel)
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
    from casepan.operate.desk import list_cases, open_desk

    with open_desk(lab) as desk:
        rows = list_cases(desk, state=state, pipeline=pipeline)
    if as_json:
        say_json({"schema": 1, "cases": [case_fields(row) for row in rows]})
        return
    say_table(
        ("case", "adapter", "pipeline", "state", "verdict", "received", "reason"),
        [(row.place, row.adapter, row.pipeline, row.state, row.verdict, row.received[:16], row.reason) for row in rows],
    )


def show(case: CaseName, lab: LabFile = Path("lab.toml"), as_json: JsonFlag = False) -> None:
    """All that is known of one case: scans, order, findings, deliveries, and its whole trail.

    Example:  casepan cases show K7Q2-M4
    """
    from casepan.operate.desk import open_desk, show_case

    with open_desk(lab) as desk:
        file = show_case(desk, case)
    if as_json:
        say_json(_document(file))
        return
    _show(file)


def accept(case: CaseName, by: By, note: Note = "", lab: LabFile = Path("lab.toml"), as_json: JsonFlag = False) -> None:
    """Accept a held case: the exports that waited run next.

    Example:  casepan cases accept K7Q2-M4 --by anna --note "bite is in the frame"
    """
    from casepan.operate.deciding import decide
    from casepan.operate.desk import open_desk

    with open_desk(lab) as desk:
        changed = decide(desk, case, "accept", by=by, note=note)
    say_done(
        f"{case}: accepted. casepan run hands it on." if changed else f"{case}: was accepted already.", as_json=as_json
    )


def reject(case: CaseName, by: By, note: Note = "", lab: LabFile = Path("lab.toml"), as_json: JsonFlag = False) -> None:
    """Reject a held case: it goes to quarantine with the reason.

    Example:  casepan cases reject K7Q2-M4 --by anna --note "wrong patient"
    """
    from casepan.operate.deciding import decide
    from casepan.operate.desk import open_desk

    with open_desk(lab) as desk:
        changed = decide(desk, case, "reject", by=by, note=note)
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


def _document(file: CaseFile) -> dict[str, object]:
    from casepan.model.documents import to_plain

    return {
        "schema": 1,
        **case_fields(file.row),
        "case": to_plain(file.case) if file.case else None,
        "deliveries": [delivery_fields(row) for row in file.deliveries],
        "events": [to_plain(row) for row in file.events],
    }


def _show(file: CaseFile) -> None:
    row = file.row
    say(
        f"{row.place}  {styled(row.state)}  verdict {styled(row.verdict or '-')}  {row.adapter}, pipeline {row.pipeline}"
    )
    if row.reason:
        say(f"Why: {row.reason}")
    if file.case:
        for scan in file.case.scans:
            say(f"  {scan.id:<28} {scan.role:<12} {scan.arch or '-':<6} {scan.format}")
        for item in file.case.prescription.items:
            say(
                f"  ordered: {item.kind} {' '.join(map(str, item.teeth)) or '-'} {item.material} {item.shade or ''}".rstrip()
            )
        for finding in file.case.findings:
            say(
                f"  {styled(finding.severity)} {finding.code}{f' [{finding.scan}]' if finding.scan else ''}: {finding.message}"
            )
    for delivery in file.deliveries:
        say(
            f"  {delivery.export}: {styled(delivery.state)} after {tries(delivery.attempts)} {delivery.reason or ''}".rstrip()
        )
    for event in file.events:
        say(f"  {event.at[:19]} {event.kind} {event.detail if event.detail != '{}' else ''}".rstrip())
