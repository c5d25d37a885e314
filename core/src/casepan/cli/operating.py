"""``run`` and ``status``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casepan.cli.console import note, say, say_json, say_table
from casepan.cli.shared import JsonFlag, LabFile, Overrides

if TYPE_CHECKING:
    from casepan.contract.specs import Event
    from casepan.running.ledger import DeliveryRow
    from casepan.running.report import RunReport


QUIET = ("step.done",)
"""Events that are in the log and would only bury the others on a screen."""


def add_to(app: typer.Typer) -> None:
    """Hang the commands into the tree."""
    app.command("run")(run)
    app.command("status")(status)


def run(
    pipelines: Annotated[list[str] | None, typer.Argument(help="Names of pipelines; none runs them all.")] = None,
    lab: LabFile = Path("lab.toml"),
    watch: Annotated[bool, typer.Option("--watch", help="Go on until stopped (Ctrl-C).")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be taken and where it would go; change nothing.")
    ] = False,
    overrides: Overrides = None,
    as_json: JsonFlag = False,
) -> None:
    """Take what is in the inboxes and hand it on.

    Ends 0 when all is done, 5 when something needs a person, 6 when a delivery waits for a later try.

    Once:     casepan run

    All day:  casepan run --watch
    """
    from casepan.config.loader import load_lab
    from casepan.running.supervisor import run_once, run_watch

    loaded = load_lab(lab, overrides or ())
    if dry_run:
        _dry_run(loaded, pipelines, as_json=as_json)
        return
    report = (run_watch if watch else run_once)(loaded, pipelines=pipelines or None, on_progress=_progress)
    if as_json:
        say_json(report_document(report))
    else:
        show_report(report)
    if report.error is not None:
        raise report.error
    raise typer.Exit(report.exit_code)


def status(lab: LabFile = Path("lab.toml"), as_json: JsonFlag = False) -> None:
    """What stands where, and what needs a person.

    Example:  casepan status
    """
    from casepan.operate.desk import open_desk

    with open_desk(lab) as desk:
        counts = desk.ledger.counts()
    if as_json:
        say_json({"schema": 1, **{table: dict(states) for table, states in counts.items()}})
        return
    say_table(
        ("what", "state", "count"),
        [(table, state, n) for table, states in counts.items() for state, n in states.items()],
    )


def show_report(report: RunReport) -> None:
    """A run's outcome as a table and a sentence."""
    say_table(
        ("case", "adapter", "state", "verdict", "deliveries", "reason"),
        [
            (row.case.place, row.case.adapter, row.case.state, row.case.verdict, _sent(row.deliveries), row.case.reason)
            for row in report.cases
        ]
        + [(row.id, "-", "quarantine", "-", "-", row.reason) for row in report.quarantined]
        + [(row.id, "-", "waiting", "-", "-", row.reason) for row in report.waiting],
    )
    if not (report.cases or report.quarantined or report.waiting):
        say("Nothing new.")
    for inbox in report.unreachable:
        note(f"The inbox of {inbox} cannot be listed: is its share there?")
    if report.paused:
        note(f"Intake is paused: {report.paused}")
    if report.quarantined or any(row.case.state == "quarantine" for row in report.cases):
        note("Read why with: casepan quarantine list")
    if any(row.case.state in ("review", "office") for row in report.cases):
        note("Look with: casepan cases show CASE   then: casepan cases accept CASE --by NAME --note TEXT")


def report_document(report: RunReport) -> dict[str, Any]:
    """A run's outcome as a JSON object."""
    from casepan.model.documents import to_plain

    return {
        "schema": 1,
        "cases": [
            {**case_fields(row.case), "deliveries": [delivery_fields(d) for d in row.deliveries]}
            for row in report.cases
        ],
        "quarantined": [to_plain(row) for row in report.quarantined],
        "waiting": [to_plain(row) for row in report.waiting],
        "unreachable": list(report.unreachable),
        "paused": report.paused,
        "deliveries_waiting": report.deliveries_waiting,
        "exit_code": report.exit_code,
    }


def case_fields(row: Any) -> dict[str, Any]:
    """What every listing says of a case."""
    names = (
        "ref",
        "revision",
        "adapter",
        "pipeline",
        "state",
        "verdict",
        "rush",
        "due",
        "attempts",
        "code",
        "reason",
        "received",
        "at",
        "number",
        "practice",
        "lab_due",
        "late_risk",
        "observed",
        "would",
    )
    return {"place": row.place, **{name: getattr(row, name) for name in names}}


def delivery_fields(row: DeliveryRow) -> dict[str, Any]:
    """What every listing says of a delivery."""
    names = ("key", "ref", "revision", "pipeline", "export", "state", "attempts", "code", "reason", "at")
    return {name: getattr(row, name) for name in names}


def _sent(deliveries: tuple[DeliveryRow, ...]) -> str:
    return ", ".join(f"{row.export} {row.state}" for row in deliveries) or "-"


def _progress(event: Event) -> None:
    if event.kind in QUIET:
        return
    about = f" {event.ref}" if event.ref else ""
    detail = " ".join(f"{key}={value}" for key, value in event.detail.items() if value is not None)
    note(f"{event.at[11:19]} {event.kind}{about} {detail}".rstrip())


def _dry_run(lab: Any, pipelines: list[str] | None, *, as_json: bool) -> None:
    from casepan.operate.rehearsing import rehearse

    rows = rehearse(lab, pipelines or None)
    if as_json:
        say_json({"schema": 1, "arrivals": [row.document() for row in rows]})
        return
    say_table(
        ("pipeline", "arrival", "recognised", "cases", "steps", "would go to"),
        [
            (row.pipeline, row.arrival, row.recognised, row.cases, " ".join(row.steps), " ".join(row.exports))
            for row in rows
        ],
    )
    if not rows:
        say("The inboxes hold nothing new.")
