"""On which line of a TOML file each key stands. ``tomllib`` knows the values but forgets the places."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping

KeyPath = tuple[str | int, ...]
"""Keys and 0-based list positions from the top of the file."""

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|' r"'''.*?'{3,5}|" r'"(?:\\.|[^"\\\n])*"|' r"'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]+")


def line_numbers(text: str) -> Mapping[KeyPath, int]:
    """The 1-based line of every key, table and list entry of a **valid** TOML text; the empty path is line 1."""
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


def line_of(path: KeyPath, lines: Mapping[KeyPath, int]) -> int:
    """The line of the path, or of the nearest table around it when the key itself is not in the file."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


class _Scanner:
    """Walks over a TOML text that ``tomllib`` has accepted, so it checks nothing again."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {(): 1}
        self.counts: dict[KeyPath, int] = {}
        self.newlines = [found.start() for found in re.finditer("\n", text)]

    def document(self) -> None:
        table: KeyPath = ()
        self.blanks()
        while self.at < len(self.text):
            table = self.header() if self.text[self.at] == "[" else self.pair(table)
            self.blanks()

    def header(self) -> KeyPath:
        """``[a.b]`` or ``[[a.b]]``; returns the table's path, with its position in an array of tables."""
        start, array = self.at, self.text.startswith("[[", self.at)
        self.at += 2 if array else 1
        *parents, last = self.dotted_key()
        self.at += 2 if array else 1
        path: KeyPath = (*self.resolved(parents), last)
        if array:
            self.counts[path] = self.counts.get(path, 0) + 1
            path = (*path, self.counts[path] - 1)
        else:
            path = self.resolved((*parents, last))
        for depth in range(len(path)):
            self.note(path[: depth + 1], start)
        return path

    def resolved(self, keys: list[str] | tuple[str, ...]) -> KeyPath:
        """The keys with the position of the last entry behind each array of tables, as TOML means it."""
        path: KeyPath = ()
        for key in keys:
            path = (*path, key)
            if path in self.counts:
                path = (*path, self.counts[path] - 1)
        return path

    def pair(self, table: KeyPath) -> KeyPath:
        """``a.b = value`` inside ``table``; returns the table."""
        start = self.at
        path = table
        for key in self.dotted_key():
            path = (*path, key)
            self.note(path, start)
        self.at += 1  # the equals sign
        self.blanks()
        self.value(path)
        return table

    def dotted_key(self) -> list[str]:
        keys = []
        while True:
            self.blanks()
            found = _STRING.match(self.text, self.at) or _BARE_KEY.match(self.text, self.at)
            if found is None:  # unreachable for a valid text; never loop on any other
                raise ValueError("not a TOML key")
            keys.append(_unquoted(found[0]))
            self.at = found.end()
            self.blanks()
            if self.text[self.at : self.at + 1] != ".":
                return keys
            self.at += 1

    def value(self, path: KeyPath) -> None:
        char = self.text[self.at]
        if char == "[":
            self.entries(path)
        elif char == "{":
            self.inline_table(path)
        else:
            found = _STRING.match(self.text, self.at) or _SCALAR.match(self.text, self.at)
            self.at = found.end() if found else self.at + 1

    def entries(self, path: KeyPath) -> None:
        self.at += 1
        index = 0
        while self.skip_to_item("]"):
            self.note((*path, index), self.at)
            self.value((*path, index))
            index += 1

    def inline_table(self, path: KeyPath) -> None:
        self.at += 1
        while self.skip_to_item("}"):
            self.pair(path)

    def skip_to_item(self, close: str) -> bool:
        """Past blanks and a comma to the next item; False, and past it, when the bracket closes."""
        self.blanks()
        if self.text[self.at] == ",":
            self.at += 1
            self.blanks()
        if self.text[self.at] != close:
            return True
        self.at += 1
        return False

    def blanks(self) -> None:
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def note(self, path: KeyPath, start: int) -> None:
        self.lines.setdefault(path, bisect_right(self.newlines, start - 1) + 1)


def _unquoted(key: str) -> str:
    if key[0] == "'":
        return key[1:-1]
    if key[0] != '"' or "\\" not in key:
        return key.strip('"')
    import tomllib

    return next(iter(tomllib.loads(f"{key} = 0")))
