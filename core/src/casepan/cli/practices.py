"""``casepan practices``: the laboratory's clients."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casepan.cli.console import say_done, say_json, say_table
from casepan.cli.shared import By, CaseName, JsonFlag, LabFile, Note

practices_app = typer.Typer(
    help="Your clients: who they are, and whose case an arrival is.", no_args_is_help=True, rich_markup_mode=None
)
LAB = Path("lab.toml")
PracticeId = Annotated[str, typer.Argument(metavar="ID", help="The practice's id in practices.toml.")]


def add_to(app: typer.Typer) -> None:
    """Hang the commands into the tree."""
    practices_app.command("list")(list_)
    practices_app.command("add")(add)
    practices_app.command("link")(link)
    practices_app.command("unlink")(unlink)
    app.add_typer(practices_app, name="practices")


def list_(lab: LabFile = LAB, as_json: JsonFlag = False) -> None:
    """Every practice in practices.toml beside lab.toml, with what its cases are recognised by.

    Example:  casepan practices list
    """
    from casepan.model.documents import to_plain
    from casepan.operate.clients import list_clients

    clients = list_clients(lab.resolve().parent)
    if as_json:
        say_json({"schema": 1, "practices": [to_plain(client) for client in clients]})
        return
    say_table(
        ("practice", "name", "phone", "language", "recognised by"),
        [
            (one.practice.id, one.practice.name, one.practice.phone, one.practice.language, _keys(to_plain(one.keys)))
            for one in clients
        ],
    )


def _keys(keys: dict[str, list[str]]) -> str:
    return ", ".join(["name", *(f"{len(words)} {kind.replace('_', ' ')}" for kind, words in keys.items() if words)])


def add(
    name: PracticeId,
    title: Annotated[str, typer.Argument(metavar="NAME", help="Its name, as its orders write it.")],
    phone: Annotated[str | None, typer.Option("--phone", help="Whom to ring.")] = None,
    email: Annotated[str | None, typer.Option("--email", help="Where letters go.")] = None,
    lab: LabFile = LAB,
    as_json: JsonFlag = False,
) -> None:
    """Add a practice to practices.toml; everything else in the file stays as it is. No restart is needed.

    Example:  casepan practices add bright "Bright Smiles" --phone "+49 30 000000"
    """
    from casepan.operate.clients import add_client

    path = add_client(lab.resolve().parent, name, title, phone=phone, email=email)
    say_done(f"{name}: added to {path.name}.", as_json=as_json, practice=name)


def link(
    case: CaseName, name: PracticeId, by: By, note: Note = "", lab: LabFile = LAB, as_json: JsonFlag = False
) -> None:
    """Say whose case this is. What it shows of its sender is remembered for the next cases.

    Example:  casepan practices link K7Q2-M4 bright --by anna
    """
    from casepan.operate.clients import link_case
    from casepan.operate.desk import open_desk

    with open_desk(lab) as desk:
        done = link_case(desk, case, name, by=by, note=note)
    words = f" Remembered: its {', '.join(done.learned)}." if done.learned else " It shows nothing to remember it by."
    text = f"{done.place}: is {name}'s.{words} casepan run checks it again."
    say_done(text, as_json=as_json, place=done.place, practice=name, learned=list(done.learned))


def unlink(name: PracticeId, lab: LabFile = LAB, as_json: JsonFlag = False) -> None:
    """Forget what was remembered with `link`. Cases stay as they are, and practices.toml too.

    Example:  casepan practices unlink bright
    """
    from casepan.operate.clients import unlink as forget
    from casepan.operate.desk import open_desk

    with open_desk(lab) as desk:
        count = forget(desk, name)
    say_done(f"{name}: {count} forgotten.", as_json=as_json, practice=name, forgotten=count)
