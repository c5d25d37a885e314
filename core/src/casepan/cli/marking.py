"""``findings``: what the lab says of them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from casepan.cli.console import say_done
from casepan.cli.shared import By, CaseName, JsonFlag, LabFile

findings_app = typer.Typer(help="What the lab says of findings.", no_args_is_help=True, rich_markup_mode=None)


class Says(StrEnum):
    """Whether the lab agrees with a finding."""

    RIGHT = "right"
    WRONG = "wrong"


def add_to(app: typer.Typer) -> None:
    """Hang the commands into the tree."""
    findings_app.command("mark")(mark)
    findings_app.callback()(_findings)
    app.add_typer(findings_app, name="findings")


def _findings() -> None:
    """What the lab says of findings."""


def mark(
    case: CaseName,
    finding: Annotated[str, typer.Argument(metavar="FINDING", help="Its id in `cases show`, or its code.")],
    says: Annotated[Says, typer.Argument(metavar="right|wrong", help="Whether the lab agrees with it.")],
    by: By,
    lab: LabFile = Path("lab.toml"),
    as_json: JsonFlag = False,
) -> None:
    """Say whether a finding was right. `casepan rules calibration` shows what it means for the limits of checks.

    Example:  casepan findings mark K7Q2-M4 3fa9c1 wrong --by anna
    """
    from casepan.operate.desk import open_desk
    from casepan.operate.marking import mark as keep

    with open_desk(lab) as desk:
        changed = keep(desk, case, finding, says.value, by=by)
    text = f"{case}: {finding} is marked {says.value}." if changed else f"{case}: {finding} was marked so already."
    say_done(text, as_json=as_json, changed=changed)
