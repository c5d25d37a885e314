"""How the command line speaks: answers to stdout, progress to stderr, tables on a terminal, plain text in a pipe."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_MARK = os.urandom(8).hex()
"""Stands for the escape of casepan's own colours until a line is written: no foreign text can hold it."""
_COLOURS = {"green": "32", "yellow": "33", "red": "31"}
STYLES = {
    "accept": "green",
    "ok": "green",
    "handed-on": "green",
    "review": "yellow",
    "warning": "yellow",
    "held": "yellow",
}
STYLES |= {"reject": "red", "error": "red", "quarantine": "red", "broken": "red", "failed": "red", "unknown": "red"}


def say(text: str = "") -> None:
    """One line of the answer. Control characters in foreign names are shown as escapes, never sent to the terminal."""
    sys.stdout.write(harmless(text).replace(_MARK, "\x1b[") + "\n")


def say_lines(text: str) -> None:
    """A text of several lines that casepan wrote itself."""
    for line in text.split("\n"):
        say(line)


def note(text: str) -> None:
    """Progress or advice, on stderr; may have several lines."""
    for line in text.split("\n"):
        sys.stderr.write(harmless(line) + "\n")


def say_json(document: Mapping[str, Any] | Sequence[Any]) -> None:
    """The answer as JSON, indented, with real Unicode."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def say_table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table: drawn on a terminal, tab-separated with a header line in a pipe."""
    cells = [[harmless("" if cell is None else str(cell)) for cell in row] for row in rows]
    if on_terminal():
        _draw(headers, cells)
        return
    for row in [list(headers), *cells]:
        sys.stdout.write("\t".join(cell.replace("\t", " ") for cell in row) + "\n")


def on_terminal() -> bool:
    """True when a person is looking at stdout."""
    return sys.stdout.isatty()


def harmless(text: str) -> str:
    """The text with control characters (escape sequences, line feeds, RTL overrides) written as escapes."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def say_done(text: str, *, as_json: bool, **facts: object) -> None:
    """What a changing command did: a sentence, or a JSON object with ``done`` and the facts."""
    if as_json:
        say_json({"schema": 1, "done": text, **facts})
    else:
        say(text)


def tries(count: int) -> str:
    """``1 try``, ``2 tries``."""
    return "1 try" if count == 1 else f"{count} tries"


def styled(word: str) -> str:
    """The word in its colour on a terminal, unless ``NO_COLOR`` is set; for :func:`say` only."""
    if word not in STYLES or not on_terminal() or os.environ.get("NO_COLOR"):
        return word
    return f"{_MARK}{_COLOURS[STYLES[word]]}m{word}{_MARK}0m"


def _draw(headers: Sequence[str], cells: list[list[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in headers:
        table.add_column(header, overflow="fold")
    for row in cells:
        table.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in row))
    Console(no_color=bool(os.environ.get("NO_COLOR"))).print(table)
