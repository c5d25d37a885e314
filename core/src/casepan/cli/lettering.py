"""``cases letter``, and how a letter that was written is told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casepan.cli.console import say, say_json
from casepan.cli.shared import CaseName, JsonFlag, LabFile

if TYPE_CHECKING:
    from casepan.operate.lettering import Written

Language = Annotated[
    str | None,
    typer.Option("--language", help="Language of the letter, such as de; else the practice's, else English."),
]


def add_to(cases_app: typer.Typer) -> None:
    """Hang the command under ``casepan cases``."""
    cases_app.command("letter")(letter)


def letter(
    case: CaseName,
    out: Annotated[Path, typer.Option("--out", help="Folder for letters; each case gets its own in it.")] = Path(
        "letters"
    ),
    language: Language = None,
    lab: LabFile = Path("lab.toml"),
    as_json: JsonFlag = False,
) -> None:
    """Write the letter to the office about a case: at most five questions with pictures, and what to say on the telephone.

    Example:  casepan cases letter K7Q2-M4 --out letters
    """
    from casepan.operate.desk import open_desk
    from casepan.operate.lettering import letter_of_case

    with open_desk(lab) as desk:
        written = letter_of_case(desk, case, out, language)
    if as_json:
        say_json({"schema": 1, **written.document()})
    else:
        say_letter(written)


def say_letter(written: Written) -> None:
    """Where it lies and what it asks, or that there is nothing to ask."""
    if written.folder is None:
        say("Letter: there is nothing to ask the office")
        return
    for question in written.asked:
        say(f"Asked: {question}")
    say(f"Letter: {written.folder} ({', '.join(written.files)})")
