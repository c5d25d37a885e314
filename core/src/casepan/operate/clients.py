"""The laboratory's clients: who is known, who is new, and whose case an arrival is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from casepan.config.practices import FILE, Client, load_practices, parse_practices
from casepan.config.suggest import did_you_mean
from casepan.config.template import toml_string
from casepan.durable import sync_folder
from casepan.errors import ConfigError, UsageError
from casepan.knowledge.clients import evidence_of
from casepan.operate.answering import answer
from casepan.operate.desk import Desk, find_case, latest_case
from casepan.running.clients import current_clients, read_linked, write_linked
from casepan.running.durable import write_file

_ID = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")


@frozen
class Linked:
    """What ``casepan practices link`` did.

    Attributes:
        place: the revision that is checked again.
        learned: kinds of evidence that are remembered (``"name"``, ``"licence"`` …), without their texts.
    """

    place: str
    learned: tuple[str, ...]


def list_clients(base: Path) -> tuple[Client, ...]:
    """The clients in ``practices.toml`` beside ``lab.toml``, none when there is no such file.

    Raises:
        ConfigError: with every problem of the file.
    """
    return load_practices(base) or ()


def add_client(base: Path, name: str, title: str, *, phone: str | None = None, email: str | None = None) -> Path:
    """Append a practice to ``practices.toml``, which is made when it is missing; what stands in it stays as it is.

    Args:
        name: its id; title: its name.

    Raises:
        UsageError: the id is taken or no id. ConfigError: the file is broken as it is.
    """
    path = base / FILE
    if not _ID.fullmatch(name):
        raise UsageError(f"{name!r} is no id", hint="Use lower-case letters, digits, '-' and '_'.")
    if any(client.practice.id == name for client in list_clients(base)):
        raise UsageError(f"there is a practice {name!r} already", place=str(path), hint="Edit it in the file.")
    before = path.read_text("utf-8-sig") if path.is_file() else "version = 1\n"
    fields = (("name", title), ("phone", phone), ("email", email))
    lines = "".join(f"{key} = {toml_string(value)}\n" for key, value in fields if value)
    text = f"{before.rstrip()}\n\n[practices.{name}]\n{lines}"
    parse_practices(text, path)
    write_file(path, text.encode("utf-8"))
    sync_folder(path.parent)
    return path


def link_case(desk: Desk, place: str, name: str, *, by: str, note: str = "") -> Linked:
    """Say whose case this is, and remember what it shows of its sender: the next case like it is known.

    Evidence that proves another practice in ``practices.toml`` is not remembered.

    Raises:
        UsageError: no such practice or case. StateError: the case is in work or closed.
    """
    clients = list_clients(desk.lab.base)
    current_clients(desk.lab.base, desk.state)  # what a link names must outlive a file that somebody breaks afterwards
    known = [client.practice.id for client in clients]
    if name not in known:
        raise UsageError(f"there is no practice {name!r}", hint=did_you_mean(name, known) or _add_hint())
    row = find_case(desk, place)
    case = latest_case(desk, row)
    if case is None:
        raise UsageError(f"the files of {place} are no longer here", hint="Import the case again.")
    kinds = ("licence", "ship-to", "name", "doctor")
    learned = [(kind, text) for kind, text in evidence_of(case) if kind in kinds]
    done = answer(desk, place, [f"practice={name}"], by=by, note=note)
    linked = {**read_linked(desk.state), **{f"{kind}:{text}": name for kind, text in learned}}
    write_linked(desk.state, linked)
    return Linked(done.place, tuple(dict.fromkeys(kind for kind, _ in learned)))


def unlink(desk: Desk, name: str) -> int:
    """Forget everything that was linked to a practice; how many pieces of evidence that were. Cases stay as they are."""
    linked = read_linked(desk.state)
    kept = {evidence: practice for evidence, practice in linked.items() if practice != name}
    if len(kept) != len(linked):
        write_linked(desk.state, kept)
    return len(linked) - len(kept)


def problems_of(base: Path) -> Sequence[ConfigError]:
    """What is wrong with ``practices.toml``; empty when nothing is, or when there is none."""
    try:
        load_practices(base)
    except ConfigError as error:
        return error.problems or (error,)
    return ()


def _add_hint() -> str:
    return 'casepan practices add ID "NAME" adds one.'
