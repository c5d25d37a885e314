"""``casepan deliveries``: what went where, and what to do about what did not."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casepan.cli.console import say, say_done, say_json, say_table, tries
from casepan.cli.operating import delivery_fields
from casepan.cli.shared import By, CaseName, JsonFlag, LabFile

deliveries_app = typer.Typer(help="What went where.", no_args_is_help=True, rich_markup_mode=None)
ExportName = Annotated[str, typer.Argument(metavar="EXPORT", help="The export's id in lab.toml.")]


def add_to(app: typer.Typer) -> None:
    """Hang the commands into the tree."""
    deliveries_app.command("list")(list_)
    deliveries_app.command("show")(show)
    deliveries_app.command("resend")(resend)
    deliveries_app.command("resolve")(resolve)
    app.add_typer(deliveries_app, name="deliveries")


def list_(
    lab: LabFile = Path("lab.toml"),
    state: Annotated[
        str | None, typer.Option("--state", help="Only this state: sent, retry, failed, unknown …")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Every delivery with its state.

    Example:  casepan deliveries list --state unknown
    """
    from casepan.knowledge.numbers import zone
    from casepan.operate.desk import open_desk
    from casepan.operate.lines import clock

    with open_desk(lab) as desk:
        rows, here = desk.ledger.deliveries(state=state), zone(desk.lab.lab.timezone)
    if as_json:
        say_json({"schema": 1, "deliveries": [delivery_fields(row) for row in rows]})
        return
    say_table(
        ("case", "export", "state", "tries", "at", "reason"),
        [
            (f"{row.ref}-r{row.revision}", row.export, row.state, row.attempts, clock(row.at, here), row.reason)
            for row in rows
        ],
    )


def show(case: CaseName, export: ExportName, lab: LabFile = Path("lab.toml"), as_json: JsonFlag = False) -> None:
    """One delivery with its receipt.

    Example:  casepan deliveries show K7Q2-M4 cad
    """
    from casepan.model.documents import to_plain
    from casepan.operate.deciding import find_delivery, receipt_of
    from casepan.operate.desk import open_desk

    with open_desk(lab) as desk:
        row = find_delivery(desk, case, export)
        receipt = receipt_of(desk, row)
    if as_json:
        say_json({"schema": 1, **delivery_fields(row), "receipt": to_plain(receipt) if receipt else None})
        return
    say(f"{case} {export}: {row.state} after {tries(row.attempts)} {row.reason or ''}".rstrip())
    if receipt:
        say(f"  at {receipt.at.isoformat()} in {receipt.place}")
        for name, content in receipt.files.items():
            say(f"  {content[:12]}  {name}")


def resend(
    case: CaseName, export: ExportName, by: By, lab: LabFile = Path("lab.toml"), as_json: JsonFlag = False
) -> None:
    """Send again, whatever is known of it.

    Example:  casepan deliveries resend K7Q2-M4 cad --by anna
    """
    from casepan.operate.deciding import find_delivery
    from casepan.operate.desk import open_desk

    with open_desk(lab) as desk:
        changed = desk.ledger.resend(find_delivery(desk, case, export).key, who=by)
    say_done(
        f"{case} {export}: will be sent by the next run." if changed else f"{case} {export}: is due already.",
        as_json=as_json,
    )


def resolve(
    case: CaseName,
    export: ExportName,
    by: By,
    arrived: Annotated[bool, typer.Option("--arrived/--absent", help="What you saw at the destination.")],
    lab: LabFile = Path("lab.toml"),
    as_json: JsonFlag = False,
) -> None:
    """Say what became of a delivery whose outcome is unknown; an absent one is sent again.

    Example:  casepan deliveries resolve K7Q2-M4 cad --arrived --by anna
    """
    from casepan.operate.deciding import find_delivery
    from casepan.operate.desk import open_desk

    with open_desk(lab) as desk:
        changed = desk.ledger.resolve(find_delivery(desk, case, export).key, arrived=arrived, who=by)
    outcome = "recorded as sent" if arrived else "will be sent again"
    say_done(f"{case} {export}: {outcome}." if changed else f"{case} {export}: nothing was unknown.", as_json=as_json)
