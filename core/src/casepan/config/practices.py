"""``practices.toml`` beside ``lab.toml``: the laboratory's clients, read strictly, all problems at once with their lines."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from attrs import frozen

from casepan.config.loader import read_text
from casepan.config.options import Misfit, Problem, dotted, read
from casepan.config.positions import line_numbers, line_of
from casepan.contract.options import option
from casepan.errors import ConfigError
from casepan.model.practice import Practice, PracticeDefaults
from casepan.model.vocabulary import Kind, Material

FILE = "practices.toml"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@frozen
class KeysTable:
    """``[practices.ID.keys]``: what in an arrival proves that it is from this practice."""

    senders: tuple[str, ...] = option((), "e-mail addresses that its orders come from")
    inboxes: tuple[str, ...] = option((), "folders it drops its cases into: the inbox, or a folder in it")
    vendor_ids: tuple[str, ...] = option((), "its ids and customer numbers in the scanners' orders")
    licences: tuple[str, ...] = option((), "licence numbers of its dentists")
    ship_to: tuple[str, ...] = option((), "addresses its work is shipped to, as orders write them")
    doctors: tuple[str, ...] = option((), "its dentists, as orders name them")


@frozen
class DefaultsTable:
    """``[practices.ID.defaults]``: what it wants when an order does not say. Fills only what is unknown, visibly."""

    shade_guide: str | None = option(None, "shade guide it means when it writes A2")
    material: Mapping[Kind, Material] = option(factory=dict, doc="kind of work to material")
    design_notes: str | None = option(None, "wishes that hold for all its work; shown to the technician")


@frozen
class PracticeTable:
    """``[practices.ID]``: one client."""

    name: str = option(doc="its name, as on its letters")
    aliases: tuple[str, ...] = option((), "other names that its orders use")
    phone: str | None = option(None, "whom to ring")
    email: str | None = option(None, "where letters go")
    language: str = option("en", "language of letters to it")
    notation: Literal["fdi", "universal"] = option("fdi", "how it numbers teeth; for letters and reports")
    formats: tuple[Literal["stl", "ply", "obj", "glb"], ...] = option((), "mesh formats it likes to get back")
    destination: str | None = option(None, "id of the export that its cases go to (`when = { destination = true }`)")
    ship_days: tuple[Weekday, ...] = option((), "days on which its work leaves the laboratory")
    keys: KeysTable = option(factory=KeysTable, doc="what proves that an arrival is from it")
    defaults: DefaultsTable = option(factory=DefaultsTable, doc="what it wants when an order does not say")


@frozen
class PracticesFile:
    """All of ``practices.toml``."""

    version: int = option(1, "version of the file's own format: 1")
    practices: Mapping[str, PracticeTable] = option(factory=dict, doc="clients by id")


@frozen
class Client:
    """A practice with what it is recognised by."""

    practice: Practice
    keys: KeysTable


def load_practices(base: Path) -> tuple[Client, ...] | None:
    """The clients of the laboratory whose ``lab.toml`` lies in ``base``; None when it keeps no list of them.

    Raises:
        ConfigError: with every problem in ``problems``.
    """
    path = base / FILE
    return parse_practices(read_text(path), path) if path.is_file() else None


def parse_practices(text: str, path: Path) -> tuple[Client, ...]:
    """Clients from the text of ``practices.toml``; ``path`` is named in problems.

    Raises:
        ConfigError: with every problem in ``problems``.
    """
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"not valid TOML: {error}", place=str(path), hint="Correct the file.") from error
    try:
        found: PracticesFile = read(PracticesFile, table)
        _refuse_doubles(found)
    except Misfit as misfit:
        lines = line_numbers(text)
        problems = tuple(
            ConfigError(f"{dotted(one.path)}: {one.reason}", place=f"{path}:{line_of(one.path, lines)}", hint=one.hint)
            for one in misfit.problems
        )
        raise ConfigError(
            f"the list of practices has {len(problems)} problems", place=str(path), problems=problems
        ) from None
    return tuple(_client(name, table) for name, table in found.practices.items())


def _refuse_doubles(found: PracticesFile) -> None:
    """A key that two practices share proves nothing."""
    seen: dict[tuple[str, str], str] = {}
    problems = []
    for name, table in found.practices.items():
        for kind in ("senders", "vendor_ids", "licences"):
            for index, word in enumerate(getattr(table.keys, kind)):
                other = seen.setdefault((kind, word.casefold()), name)
                if other != name:
                    place = ("practices", name, "keys", kind, index)
                    problems.append(Problem(place, f"belongs to practice {other!r} as well", "Keep it at one of them."))
    if problems:
        raise Misfit(problems)


def _client(name: str, table: PracticeTable) -> Client:
    defaults = table.defaults
    practice = Practice(
        id=name, name=table.name, aliases=table.aliases, phone=table.phone, email=table.email, language=table.language,
        notation=table.notation, formats=tuple(table.formats), destination=table.destination,
        ship_days=tuple(WEEKDAYS.index(day) for day in table.ship_days),
        defaults=PracticeDefaults(defaults.shade_guide, dict(defaults.material), defaults.design_notes),
    )  # fmt: skip
    return Client(practice, table.keys)
