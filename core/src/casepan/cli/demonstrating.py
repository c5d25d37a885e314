"""``casepan demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casepan.cli.console import note, say, say_json, say_table
from casepan.cli.shared import JsonFlag


def add_to(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("demo")(demo)


def demo(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to play.")] = Path("casepan-demo"),
    as_json: JsonFlag = False,
) -> None:
    """See it work: generated cases of every adapter.

    A real pipeline runs them and shows what became of each.

    One case per adapter, one of an unknown scanner, a download that broke off, and a closed format. Ends 0 when every one of
    them came out as planned. Run it twice: nothing is done twice.

    Example:  casepan demo
    """
    from casepan.operate.demonstrating import run_demo
    from casepan.registry import Registry

    registry = Registry.load()
    for problem in registry.problems:
        note(str(problem.as_error()))
    note(f"Making cases in {folder} and running them …")
    done = run_demo(folder, registry)
    rows = [
        (
            o.planned.title,
            o.planned.plugin,
            o.ref or "-",
            o.state,
            "as planned" if o.came_out_as_planned else f"planned: {o.planned.outcome}",
        )
        for o in done.outcomes
    ]
    if as_json:
        keys = ("arrival", "plugin", "case", "state", "outcome")
        say_json(
            {
                "schema": 1,
                "as_planned": done.as_planned,
                "outcomes": [dict(zip(keys, row, strict=True)) for row in rows],
            }
        )
    else:
        say_table(("arrival", "plugin", "case", "state", "outcome"), rows)
        if done.index:
            say(f"Look first: {done.index}    the case reports: open it in a browser")
        say(f"Delivered:  {folder / 'out'}    one folder per case, with manifest.json and checksums")
        say(f"Quarantine: {folder / 'state' / 'quarantine'}    read REASON.txt")
        say(f"Go on:      cd {folder} && casepan cases list")
    raise typer.Exit(0 if done.as_planned else 1)
