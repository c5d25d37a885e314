"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def _somebody(name: str) -> str:
    """The name without spaces around it; a decision of nobody is none."""
    if not name.strip():
        raise typer.BadParameter("a name is needed: nobody decided this")
    return name.strip()


LabFile = Annotated[Path, typer.Option("--lab", help="The lab.toml to use.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print a documented JSON object instead of text.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", help="Change one setting for this run: pipelines.crowns.steps.mesh.with.limit=2 (repeatable)."
    ),
]
CaseName = Annotated[str, typer.Argument(metavar="CASE", help="A case (K7Q2-M4), or one revision of it (K7Q2-M4-r2).")]
By = Annotated[str, typer.Option("--by", help="Who decides; written into the ledger.", callback=_somebody)]
Note = Annotated[str, typer.Option("--note", help="Why; written into the ledger, the manifest and the report.")]
