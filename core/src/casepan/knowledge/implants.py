"""Implant systems by name: what an order says, held against what a laboratory has. Words are suggested, never replaced."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from attrs import frozen

from casepan.config.options import Misfit, Problem, read
from casepan.config.suggest import closest
from casepan.contract.options import option
from casepan.knowledge.completeness import laid_over
from casepan.knowledge.lab_rules import in_force
from casepan.model.prescription import Implant

_SIGNS = re.compile(r"[\W_]+")


@frozen
class ImplantSystem:
    """One implant system."""

    maker: str = option(doc="its maker")
    name: str = option(doc="its name as the maker writes it")
    also: tuple[str, ...] = option((), "what offices call it")
    platforms: tuple[str, ...] = option((), "platforms or diameters; empty when any will do")
    scan_bodies: tuple[str, ...] = option((), "scan bodies that the library knows; empty when nobody has listed them")
    library: str = option("", "the CAD library that is installed")

    @property
    def title(self) -> str:
        """Maker and name."""
        return self.name if self.name.startswith(self.maker) else f"{self.maker} {self.name}"


@frozen
class ImplantTable:
    """What a laboratory knows of implants."""

    schema: Literal[1] = option(doc="version of this format")
    systems: Mapping[str, ImplantSystem] = option(doc="systems by a name of their own")
    complete: bool = option(False, "what is not in the table cannot be made here")


@frozen
class SystemMatch:
    """What the words of an order mean.

    Attributes:
        system: the system, None when nothing in the table is like it.
        how: ``"name"``: as the maker writes it; ``"synonym"``: what offices call it; ``"similar"``: a guess at a misspelling.
    """

    system: ImplantSystem | None = None
    how: Literal["name", "synonym", "similar"] | None = None


@frozen
class ImplantLibrary:
    """One CAD library of one implant system, as found in its folder.

    Attributes:
        maker, name: the system, in the library's words.
        folder: name of the folder: how the library is called.
        keyword: the library's own short name for the system, or empty.
        scan_bodies: names of the scan bodies it knows, without file ends.
        types: what it distinguishes, such as diameters or kinds of abutment; not always platforms.
    """

    maker: str
    name: str
    folder: str
    keyword: str = ""
    scan_bodies: tuple[str, ...] = ()
    types: tuple[str, ...] = ()


@cache
def shipped_systems() -> Mapping[str, Any]:
    """The shipped table as it stands in its file."""
    return tomllib.loads(files(__package__).joinpath("implants.toml").read_text("utf-8"))


def implants_from(own: Mapping[str, Any]) -> ImplantTable:
    """The shipped table with a laboratory's own keys over it.

    Raises:
        Misfit: with every key that does not fit.
    """
    table: ImplantTable = read(ImplantTable, laid_over(shipped_systems(), own))
    problems = tuple(_doubles(table))
    if problems:
        raise Misfit(problems)
    return table


def implant_table(own: Mapping[str, Any]) -> ImplantTable:
    """The table in force (``ctx.rules.get("implants", {})`` over the shipped one).

    Raises:
        ConfigError: the laboratory's table does not fit.
    """
    return in_force("implants", lambda: implants_from(own))


def match_system(implant: Implant, table: ImplantTable) -> SystemMatch:
    """The system that an order's words mean; of a maker that the order names only that maker's systems."""
    said = plain_words(implant.system or "")
    maker = plain_words(implant.manufacturer or "")
    if not said:
        return SystemMatch()
    systems = [one for one in table.systems.values() if not maker or _same_maker(maker, one)]
    for one in systems:
        if said in (plain_words(one.name), plain_words(one.title)):
            return SystemMatch(one, "name")
    for one in systems:
        if said in {plain_words(name) for word in one.also for name in (word, f"{one.maker} {word}")}:
            return SystemMatch(one, "synonym")
    words = {plain_words(name): one for one in systems for name in (one.title, one.name, *one.also)}
    near = closest(said, words)
    return SystemMatch(words[near], "similar") if near else SystemMatch()


def plain_words(text: str) -> str:
    """The text for comparing: folded case, without spaces and signs, points kept in numbers."""
    return _SIGNS.sub("", text.casefold().replace(".", "dot"))


def _same_maker(maker: str, system: ImplantSystem) -> bool:
    own = plain_words(system.maker)
    return maker in own or own in maker


def _doubles(table: ImplantTable) -> Iterator[Problem]:
    """Two systems of one maker that share a word: an order's word would mean both."""
    seen: dict[tuple[str, str], str] = {}
    for key, system in table.systems.items():
        for word in {plain_words(name) for name in (system.name, *system.also)}:
            before = seen.setdefault((plain_words(system.maker), word), key)
            if before != key:
                yield Problem(("systems", key), f"shares a name with {before!r}", "Give each word to one system.")
