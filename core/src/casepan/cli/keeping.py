"""``doctor``, ``purge`` and ``ledger``: looking after the state folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casepan.cli.console import note, say, say_done, say_json, styled
from casepan.cli.shared import JsonFlag, LabFile

ledger_app = typer.Typer(help="Look after the ledger.", no_args_is_help=True, rich_markup_mode=None)


def add_to(app: typer.Typer) -> None:
    """Hang the commands into the tree."""
    app.command("doctor")(doctor)
    app.command("purge")(purge)
    ledger_app.command("rebuild")(rebuild)
    ledger_app.command("verify")(verify)
    ledger_app.command("export")(export)
    ledger_app.command("backup")(backup)
    ledger_app.command("vacuum")(vacuum)
    app.add_typer(ledger_app, name="ledger")


def doctor(lab: LabFile = Path("lab.toml"), as_json: JsonFlag = False) -> None:
    """Look for trouble in the state folder.

    Permissions, disk, clock, stuck rows, orphaned work. Changes nothing; ends 7 when something is wrong.

    Example:  casepan doctor
    """
    from casepan.config.loader import load_lab
    from casepan.model.documents import to_plain
    from casepan.running.keeping import doctor as examine

    rows = examine(load_lab(lab))
    if as_json:
        say_json({"schema": 1, "ok": all(row.ok for row in rows), "checks": [to_plain(row) for row in rows]})
    else:
        for row in rows:
            say(f"{styled('ok' if row.ok else 'failed')}  {row.name}: {row.detail}")
            if row.hint and not row.ok:
                say(f"    {row.hint}")
    raise typer.Exit(0 if all(row.ok for row in rows) else 7)


def purge(
    lab: LabFile = Path("lab.toml"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Remove what is finished and older than the lab keeps.

    `keep_days` of [lab] decides. Only finished or discarded cases go; the ledger's trail stays.

    Example:  casepan purge --dry-run
    """
    from casepan.config.loader import load_lab
    from casepan.model.documents import to_plain
    from casepan.running.keeping import purge as remove_old

    done = remove_old(load_lab(lab), dry_run=dry_run)
    if as_json:
        say_json({"schema": 1, "dry_run": dry_run, **to_plain(done)})
        return
    what = f"{len(done.cases)} cases, {len(done.arrivals)} arrivals, {len(done.discarded)} discarded"
    say(f"{'would remove' if dry_run else 'removed'} {what}")


def rebuild(lab: LabFile = Path("lab.toml"), as_json: JsonFlag = False) -> None:
    """Make the ledger anew from the case folders.

    For a ledger that is lost or damaged; move a damaged one away first. Decisions taken after a verdict are not in the folders.

    Example:  casepan ledger rebuild
    """
    from casepan.config.loader import load_lab
    from casepan.running.rebuilding import rebuild as rebuild_ledger

    count = rebuild_ledger(load_lab(lab))
    say_done(f"{count} cases are in the new ledger", as_json=as_json)


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


def export(lab: LabFile = Path("lab.toml")) -> None:
    """Print all of it as JSON lines, references only.

    Example:  casepan ledger export > ledger.jsonl
    """
    from casepan.operate.desk import open_desk

    with open_desk(lab) as desk:
        for line in desk.ledger.export():
            say(line)


def backup(
    target: Annotated[Path, typer.Argument(help="The file to write; must not exist.")],
    lab: LabFile = Path("lab.toml"),
    as_json: JsonFlag = False,
) -> None:
    """Copy the ledger while it is in use.

    Example:  casepan ledger backup /backups/ledger-2026-03-02.sqlite
    """
    from casepan.operate.desk import open_desk

    with open_desk(lab) as desk:
        desk.ledger.backup(target)
    say_done(f"wrote {target}", as_json=as_json)


def vacuum(lab: LabFile = Path("lab.toml"), as_json: JsonFlag = False) -> None:
    """Give unused space back to the disk.

    Example:  casepan ledger vacuum
    """
    from casepan.operate.desk import open_desk

    with open_desk(lab) as desk:
        desk.ledger.vacuum()
    say_done("done", as_json=as_json)
