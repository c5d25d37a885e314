"""``casepan quarantine``: what cannot be processed, and the way out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casepan.cli.console import say, say_done, say_json, say_lines, say_table
from casepan.cli.shared import By, JsonFlag, LabFile

quarantine_app = typer.Typer(
    help="What cannot be processed, and the way out.", no_args_is_help=True, rich_markup_mode=None
)
Subject = Annotated[str, typer.Argument(metavar="CASE|ARRIVAL", help="A name as `casepan quarantine list` prints it.")]


def add_to(app: typer.Typer) -> None:
    """Hang the commands into the tree."""
    quarantine_app.command("list")(list_)
    quarantine_app.command("show")(show)
    quarantine_app.command("release")(release)
    quarantine_app.command("retry")(retry)
    quarantine_app.command("discard")(discard)
    app.add_typer(quarantine_app, name="quarantine")


def list_(lab: LabFile = Path("lab.toml"), as_json: JsonFlag = False) -> None:
    """Everything in quarantine with its reason.

    Example:  casepan quarantine list
    """
    from casepan.knowledge.numbers import zone
    from casepan.model.documents import to_plain
    from casepan.operate.desk import list_quarantine, open_desk
    from casepan.operate.lines import clock

    with open_desk(lab) as desk:
        rows, here = list_quarantine(desk), zone(desk.lab.lab.timezone)
    if as_json:
        say_json({"schema": 1, "quarantine": [to_plain(row) for row in rows]})
        return
    say_table(
        ("name", "what", "code", "since", "reason"),
        [(r.subject, r.what, r.code, clock(r.since, here), r.reason) for r in rows],
    )
    if not rows:
        say("Quarantine is empty.")


def show(subject: Subject, lab: LabFile = Path("lab.toml")) -> None:
    """The REASON.txt: what, where, and what to do.

    Example:  casepan quarantine show K7Q2-M4
    """
    from casepan.operate.desk import open_desk, show_quarantined

    with open_desk(lab) as desk:
        say_lines(show_quarantined(desk, subject))


def release(subject: Subject, by: By, lab: LabFile = Path("lab.toml"), as_json: JsonFlag = False) -> None:
    """Hand a case on all the same; its findings stay with it.

    Example:  casepan quarantine release K7Q2-M4 --by anna
    """
    from casepan.operate.deciding import release as release_case
    from casepan.operate.desk import open_desk

    with open_desk(lab) as desk:
        release_case(desk, subject, by=by)
    say_done(f"{subject}: released. casepan run hands it on.", as_json=as_json)


def retry(subject: Subject, by: By, lab: LabFile = Path("lab.toml"), as_json: JsonFlag = False) -> None:
    """Run it again from the start, for example after a plugin was enabled or upgraded.

    Example:  casepan quarantine retry K7Q2-M4 --by anna
    """
    from casepan.operate.deciding import retry as retry_subject
    from casepan.operate.desk import open_desk

    with open_desk(lab) as desk:
        retry_subject(desk, subject, by=by)
    say_done(f"{subject}: casepan run tries it again.", as_json=as_json)


def discard(subject: Subject, by: By, lab: LabFile = Path("lab.toml"), as_json: JsonFlag = False) -> None:
    """Put it aside into state/discarded. Nothing is deleted.

    Example:  casepan quarantine discard K7Q2-M4 --by anna
    """
    from casepan.operate.deciding import discard as discard_subject
    from casepan.operate.desk import open_desk

    with open_desk(lab) as desk:
        discard_subject(desk, subject, by=by)
    say_done(f"{subject}: put aside.", as_json=as_json)
