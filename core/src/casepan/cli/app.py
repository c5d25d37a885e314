"""The command tree. Every command is a thin function; what it needs is imported when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from casepan import __version__
from casepan.cli import (
    cases,
    configuring,
    delivering,
    demonstrating,
    inspecting,
    keeping,
    marking,
    morning,
    operating,
    practices,
    quarantining,
    reporting,
    ruling,
)

app = typer.Typer(
    name="casepan",
    help="The digital case pan: take scanner exports in, check them, hand them on, lose nothing.\n\n"
    "Try it:  casepan demo\n\nLook at one export:  casepan inspect FOLDER-OR-ZIP\n\n"
    "Start a lab:  casepan init lab && cd lab && casepan check && casepan run --watch",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"casepan {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options that stand before any command."""


demonstrating.add_to(app)
configuring.add_to(app)
inspecting.add_to(app)
reporting.add_to(app)
operating.add_to(app)
morning.add_to(app)
cases.add_to(app)
marking.add_to(app)
delivering.add_to(app)
quarantining.add_to(app)
keeping.add_to(app)
ruling.add_to(app)
practices.add_to(app)
