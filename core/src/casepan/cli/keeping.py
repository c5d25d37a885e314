"""``doctor``, ``purge`` and ``ledger``: looking after the state folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casepan.cli.console import note, say, say_json, styled
from casepan.cli.shared import JsonFlag, LabFile

ledger_app = typer.Typer(help="Look after the ledger.", no_args_is_help=True, rich_markup_mode=None)


def add_to(app: typer.Typer) -> None:
    """Hang the commands into the tree."""
    ledger_app.command("verify")(verify)
    ledger_app.command("backup")(backup)
    ledger_app.command("vacuum")(vacuum)
    app.add_typer(ledger_app, name="ledger")


def verify(lab: LabFile = Path("lab.toml"), as_json: JsonFlag = False) -> None:
    """Check the database and the hash chain of every case's trail. Ends 7 when something is wrong.

    Example:  casepan ledger verify
    """
    from casepan.operate.desk import open_desk

    with open_desk(lab) as desk:
        problems = desk.ledger.verify()
    if as_json:
        say_json({"schema": 1, "ok": not problems, "problems": list(problems)})
    else:
        for problem in problems:
            note(problem)
        say(styled("ok" if not problems else "failed"))
    raise typer.Exit(7 if problems else 0)


def backup(
    target: Annotated[Path, typer.Argument(help="The file to write; must not exist.")], lab: LabFile = Path("lab.toml")
) -> None:
    """Copy the ledger while it is in use.

    Example:  casepan ledger backup /backups/ledger-2026-03-02.sqlite
    """
    from casepan.operate.desk import open_desk

    with open_desk(lab) as desk:
        desk.ledger.backup(target)
    say(f"wrote {target}")


def vacuum(lab: LabFile = Path("lab.toml")) -> None:
    """Give unused space back to the disk.

    Example:  casepan ledger vacuum
    """
    from casepan.operate.desk import open_desk

    with open_desk(lab) as desk:
        desk.ledger.vacuum()
    say("done")
