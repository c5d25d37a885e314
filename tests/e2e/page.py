"""A page of the guide as a script: its commands run in their order, and what it shows must be what they say.

Blocks of ``text`` whose lines begin with ``$ casepan`` are played. ``<!-- meanwhile: NAME -->`` lets something happen in
between. A line ``…`` stands for lines that are left out. References, numbers, days and times differ from run to run: what the
page writes for them is a stand-in.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from attrs import frozen

PART = re.compile(r"^<!-- meanwhile: (?P<event>[\w-]+) -->$|^```text\n(?P<block>.*?)^```$", re.MULTILINE | re.DOTALL)
LEFT_OUT = "…"
STAND_INS = (
    (r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day \d+ \w+ \d{4}", "DAY"),
    (r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?=\d\d:\d\d)", "DAY "),
    (r"\d{4}-\d\d-\d\d", "DATE"),
    (r"\b\d\d:\d\d(?::\d\d)?\b", "TIME"),
    (r"seconds \d+(?:\.\d+)?", "SECONDS"),
    (r"(?<=\t)\d+\.\d(?=\t|$)", "HOURS"),
    (r"\b[0-9a-f]{6}(?= (?:info|warning|error) )", "ID"),
    (r"\s+", " "),
)


@frozen
class Event:
    """Something that happens while nobody types."""

    name: str


@frozen
class Command:
    """One command with what the page shows of its answer."""

    line: str
    shown: tuple[str, ...]

    @property
    def is_refused(self) -> bool:
        """True when the page shows how casepan refuses it."""
        return any(line.startswith("casepan: ") for line in self.shown)


def script_of(page: Path) -> Iterator[Event | Command]:
    """Events and commands in their order."""
    for found in PART.finditer(page.read_text("utf-8")):
        if found["event"]:
            yield Event(found["event"])
        elif found["block"].startswith("$ "):
            yield from _commands(found["block"])


def _commands(block: str) -> Iterator[Command]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        line, *shown = part.rstrip("\n").split("\n")
        yield Command(line.removeprefix("casepan "), tuple(shown))


def renamed(text: str, names: Mapping[str, str]) -> str:
    """The text with each name replaced by another, all at once."""
    if not names:
        return text
    return re.sub("|".join(map(re.escape, sorted(names, key=len, reverse=True))), lambda m: names[m[0]], text)


def differences(command: Command, said: Sequence[str], *, ordered: bool) -> tuple[str, ...]:
    """What the page shows and the answer lacks, or the other way round; empty when the page is true.

    Args:
        said: the answer, already with the page's references.
        ordered: False when the answer may come in another order, as lists of what came at the same time do.
    """
    wanted = [plain(line) for line in command.shown if line.strip() != LEFT_OUT]
    whole, answer = len(wanted) == len(command.shown), [plain(line) for line in said]
    missing = Counter(wanted) - Counter(answer)
    extra = Counter(answer) - Counter(wanted) if whole else Counter[str]()
    problems = [f"- {line}" for line in missing] + [f"+ {line}" for line in extra]
    if ordered and not problems and not _follows(wanted, answer):
        problems.append("the lines come in another order")
    return tuple(problems)


def _follows(wanted: Sequence[str], answer: Sequence[str]) -> bool:
    rest = iter(answer)
    return all(line in rest for line in wanted)


def plain(line: str) -> str:
    """The line without what differs from run to run."""
    for pattern, stand_in in STAND_INS:
        line = re.sub(pattern, stand_in, line)
    return line.strip()
