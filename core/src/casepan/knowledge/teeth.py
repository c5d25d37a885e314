"""Teeth. Inside casepan a tooth is its FDI number (ISO 3950); other notations are translated where they come in.

The notation is always given, never detected: most Universal numbers are FDI numbers of another tooth.
Sources: ISO 3950 (FDI), the ADA's Universal/National system (1-32, A-T), Palmer notation with Unicode's signs for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal, get_args

from casepan.errors import CaseError
from casepan.model.prescription import FDI_TEETH

Notation = Literal["fdi", "universal", "palmer"]
NOTATIONS: tuple[str, ...] = get_args(Notation)

UPPER_PERMANENT = (18, 17, 16, 15, 14, 13, 12, 11, 21, 22, 23, 24, 25, 26, 27, 28)
LOWER_PERMANENT = (48, 47, 46, 45, 44, 43, 42, 41, 31, 32, 33, 34, 35, 36, 37, 38)
UPPER_PRIMARY = (55, 54, 53, 52, 51, 61, 62, 63, 64, 65)
LOWER_PRIMARY = (85, 84, 83, 82, 81, 71, 72, 73, 74, 75)
ROWS = (UPPER_PERMANENT, LOWER_PERMANENT, UPPER_PRIMARY, LOWER_PRIMARY)
"""The four dental rows, each from the patient's right to left: the order in which neighbours stand."""

_UNIVERSAL: Mapping[str, int] = MappingProxyType(
    dict(zip(map(str, range(1, 33)), UPPER_PERMANENT + LOWER_PERMANENT[::-1], strict=True))
    | dict(zip("ABCDEFGHIJKLMNOPQRST", UPPER_PRIMARY + LOWER_PRIMARY[::-1], strict=True))
)
_TO_UNIVERSAL = MappingProxyType({tooth: name for name, tooth in _UNIVERSAL.items()})

# Seen from the front, as the signs are drawn: the patient's right is on the left of the vertical line.
_QUADRANTS = MappingProxyType(
    {"UR": 1, "⏌": 1, "┘": 1, "UL": 2, "⎿": 2, "└": 2, "LL": 3, "⎾": 3, "┌": 3, "LR": 4, "⏋": 4, "┐": 4}
)
_PALMER = re.compile(r"(?P<q>UR|UL|LL|LR|[⏌⎿⎾⏋┘└┌┐])(?P<p>[1-8A-E])|(?P<p2>[1-8A-E])(?P<q2>UR|UL|LL|LR|[⏌⎿⎾⏋┘└┌┐])")
_PALMER_NAMES = MappingProxyType({1: "UR", 2: "UL", 3: "LL", 4: "LR"})

_RANGE = re.compile(r"\s*(?:-|–|—|\.\.|\bto\b|\bbis\b)\s*")
_SEPARATOR = re.compile(r"[\s,;/+&]+|\band\b|\bund\b")


def arch_of(tooth: int) -> Literal["upper", "lower"]:
    """The arch of an FDI tooth. Raises ``CaseError`` for a number that is no tooth."""
    return "upper" if from_fdi(tooth) // 10 in (1, 2, 5, 6) else "lower"


def side_of(tooth: int) -> Literal["right", "left"]:
    """The patient's side of an FDI tooth. Raises ``CaseError`` for a number that is no tooth."""
    return "right" if from_fdi(tooth) // 10 in (1, 4, 5, 8) else "left"


def from_fdi(text: str | int) -> int:
    """An FDI number from ``24``, ``"24"``, ``"#24"`` or ``"2.4"``. Raises ``CaseError`` for anything else."""
    found = re.fullmatch(r"([1-8])\.?([1-8])", _plain(text))
    tooth = int(found[1] + found[2]) if found else 0
    if tooth not in FDI_TEETH:
        raise _unknown(text, "FDI", "Permanent teeth are 11 to 48, primary teeth 51 to 85.")
    return tooth


def from_universal(text: str | int) -> int:
    """The FDI number of a Universal (ADA) one: ``1`` to ``32``, ``"03"``, ``"#3"``, primary ``"A"`` to ``"T"``.

    Raises:
        CaseError: not a Universal tooth number; supernumerary teeth (51-82, AS-TS) have no FDI number.
    """
    name = _plain(text).upper()
    tooth = _UNIVERSAL.get(name.lstrip("0") if name.isdigit() else name)
    if tooth is None:
        raise _unknown(text, "Universal", "Permanent teeth are 1 to 32, primary teeth A to T.")
    return tooth


def to_universal(tooth: int) -> str:
    """The Universal (ADA) number or letter of an FDI tooth. Raises ``CaseError`` for a number that is no tooth."""
    return _TO_UNIVERSAL[from_fdi(tooth)]


def from_palmer(text: str) -> int:
    """The FDI number of a Palmer one: ``"UR6"``, ``"6⏌"``, ``"⎿6"``, ``"6┘"``, primary ``"ULE"``.

    Raises:
        CaseError: not a Palmer tooth. German quadrant letters (``OR``, and ``UR`` for the lower right) are not read.
    """
    found = _PALMER.fullmatch(_plain(text).upper().replace(" ", ""))
    if found is None:
        raise _unknown(text, "Palmer", "Write UR6, UL6, LL6 or LR6, primary teeth with A to E.")
    quadrant = _QUADRANTS[found["q"] or found["q2"]]
    position = found["p"] or found["p2"]
    if position.isdigit():
        return quadrant * 10 + int(position)
    return (quadrant + 4) * 10 + "ABCDE".index(position) + 1


def to_palmer(tooth: int) -> str:
    """The Palmer name of an FDI tooth (``"UR6"``, ``"ULE"``). Raises ``CaseError`` for a number that is no tooth."""
    quadrant, position = divmod(from_fdi(tooth), 10)
    if quadrant <= 4:
        return f"{_PALMER_NAMES[quadrant]}{position}"
    return f"{_PALMER_NAMES[quadrant - 4]}{'ABCDE'[position - 1]}"


_READERS: Mapping[str, Callable[[str], int]] = MappingProxyType(
    {"fdi": from_fdi, "universal": from_universal, "palmer": from_palmer}
)


def parse_teeth(text: str, notation: Notation = "fdi") -> tuple[int, ...]:
    """FDI numbers from a list in any separators and with ranges: ``"13,12,11"``, ``"24-26"``, ``"13-23; 36"``.

    Ranges run along the arch (``13-23`` is 13 12 11 21 22 23). The order is as written, each tooth once; an empty text
    is an empty tuple.

    Raises:
        CaseError: a part that is no tooth of ``notation``, or a range from one arch to the other.
    """
    joined = _RANGE.sub("~", text.strip())
    teeth: dict[int, None] = {}
    for part in filter(None, _SEPARATOR.split(joined)):
        teeth.update(dict.fromkeys(_span(part, _READERS[notation])))
    return tuple(teeth)


def _span(part: str, read: Callable[[str], int]) -> tuple[int, ...]:
    ends = [read(end) for end in part.split("~")]
    if len(ends) == 1:
        return (ends[0],)
    for row in ROWS:
        if len(ends) == 2 and set(ends) <= set(row):
            first, last = row.index(ends[0]), row.index(ends[1])
            return row[first : last + 1] if first <= last else row[last : first + 1][::-1]
    raise CaseError(
        f"not a range of teeth within one arch: {_shown(part.replace('~', '-'))}",
        hint="Write the teeth one by one, separated by commas.",
    )


def _plain(text: str | int) -> str:
    return "" if isinstance(text, bool) else str(text).strip().removeprefix("#").strip()


def _shown(text: str | int) -> str:
    """The text for a message when it is short enough to be teeth; longer ones may be names."""
    return repr(str(text)) if len(str(text)) <= 7 else "a longer text"


def _unknown(text: str | int, notation: str, hint: str) -> CaseError:
    return CaseError(f"not a tooth number in {notation} notation: {_shown(text)}", hint=hint)
