"""The laboratory's own rules: TOML files in ``rules/`` beside ``lab.toml``, each over a table that casepan ships."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from casepan.config.loader import read_text
from casepan.config.options import Misfit, dotted
from casepan.config.positions import line_numbers, line_of
from casepan.errors import ConfigError

T = TypeVar("T")
FOLDER = "rules"


def read_lab_rules(base: Path) -> dict[str, Any]:
    """The tables of ``rules/*.toml`` by file name without its end; those of a folder inside as a table of tables.

    Args:
        base: the folder of ``lab.toml``. Without a ``rules`` folder in it there are no rules.

    Raises:
        ConfigError: a file is no valid TOML.
    """
    return _tables(base / FOLDER)


def rule_files(base: Path) -> Iterator[Path]:
    """Every rules file, in the order of their names."""
    return (path for path in sorted((base / FOLDER).rglob("*.toml")) if path.is_file())


def checked(path: Path, check: Callable[[Mapping[str, Any]], object]) -> tuple[ConfigError, ...]:
    """What a reader of tables finds wrong with one rules file, each with its line."""
    try:
        table = parsed_rules(path)
    except ConfigError as error:
        return (error,)
    try:
        check(table)
    except Misfit as misfit:
        lines = line_numbers(read_text(path))
        return tuple(
            ConfigError(f"{dotted(one.path)}: {one.reason}", place=f"{path}:{line_of(one.path, lines)}", hint=one.hint)
            for one in misfit.problems
        )
    return ()


def in_force(name: str, make: Callable[[], T]) -> T:
    """What a reader of tables makes of the rules in force.

    Raises:
        ConfigError: the laboratory's file does not fit; the first problem stands in its place.
    """
    try:
        return make()
    except Misfit as misfit:
        first = misfit.problems[0]
        raise ConfigError(
            f"{dotted(first.path)}: {first.reason}",
            place=f"{FOLDER}/{name}.toml",
            hint=first.hint or "`casepan rules check` shows all problems with their lines.",
        ) from None


def _tables(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        return {}
    found: dict[str, Any] = {path.stem: parsed_rules(path) for path in sorted(folder.glob("*.toml"))}
    return found | {path.name: _tables(path) for path in sorted(folder.iterdir()) if path.is_dir()}


def parsed_rules(path: Path, text: str | None = None) -> dict[str, Any]:
    """The table in a rules file, or in the text that it is to hold.

    Raises:
        ConfigError: no valid TOML.
    """
    try:
        return tomllib.loads(read_text(path) if text is None else text)
    except (ValueError, RecursionError) as error:  # ValueError: also an integer with thousands of digits
        raise ConfigError(f"not valid TOML: {error}", place=str(path), hint="Correct the rules file.") from error
