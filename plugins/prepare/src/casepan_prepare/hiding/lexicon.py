"""Take known names out of text: each becomes its pseudonym."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from attrs import field, frozen

from casepan_prepare.hiding.names import Known
from casepan_prepare.hiding.spelling import pattern

BOUNDED, PREFIX = 5, 7
"""A part of up to so many letters must stand between boundaries, of up to so many behind one; longer ones count anywhere."""

GLUED = (
    "upper",
    "lower",
    "jaw",
    "scan",
    "bite",
    "maxil",
    "mandib",
    "prep",
    "antag",
    "arch",
    "oberkiefer",
    "unterkiefer",
)
"""Words of scanners that are glued to names without a capital in between."""

_LETTER = r"[^\W\d_]"
_LOWER, _UPPER = "[a-zß-öø-ÿ]", "[A-ZÀ-ÖØ-Þ]"
_GLUED = "|".join(GLUED)
_LEFT = rf"(?:(?<!{_LETTER})|(?<={_LOWER})(?={_UPPER}))"
_RIGHT = rf"(?:(?!{_LETTER})|(?<={_LOWER})(?={_UPPER})|(?={_UPPER}{_LOWER})|(?=(?i:{_GLUED})))"
_ALONE = (r"(?<![^\W_])", r"(?![^\W_])")
_BETWEEN = r"[\W_]{0,3}"


@frozen
class Lexicon:
    """All rules of one case, in the order in which they are applied: wholes first, then pairs of parts, then parts."""

    rules: tuple[tuple[re.Pattern[str], str], ...] = field(repr=False)

    @classmethod
    def of(cls, known: Iterable[Known]) -> Lexicon:
        """The rules for these people and numbers."""
        listed = tuple(known)
        rules = [*_wholes(listed), *_pairs(listed), *_parts(listed)]
        return cls(tuple((re.compile(text), pseudonym) for text, pseudonym in dict.fromkeys(rules)))

    def clean(self, text: str) -> str:
        """The text with every known name replaced."""
        for rule, pseudonym in self.rules:
            text = rule.sub(pseudonym, text)
        return text


def _wholes(known: Iterable[Known]) -> Iterator[tuple[str, str]]:
    for item in sorted(known, key=lambda item: -len(item.text)):
        if item.sort in ("words", "number"):
            yield f"{_ALONE[0]}(?i:{pattern(item.text.strip())}){_ALONE[1]}", item.pseudonym


def _pairs(known: Iterable[Known]) -> Iterator[tuple[str, str]]:
    for item in known:
        for first, second in item.pairs:
            whole = f"(?i:{pattern(first)}){_BETWEEN}(?i:{pattern(second)})"
            short = len(first) + len(second) <= BOUNDED
            yield f"{_LEFT}{whole}{_RIGHT}" if short else whole, item.pseudonym


def _parts(known: Iterable[Known]) -> Iterator[tuple[str, str]]:
    found = {(part, item.pseudonym, item.sort) for item in known for part in item.alone}
    for part, pseudonym, sort in sorted(found, key=lambda each: (-len(each[0]), each)):
        yield _part(part, sort), pseudonym


def _part(part: str, sort: str) -> str:
    """A name of one or two letters counts only with a capital: ``Li`` is a name, ``li`` a list item."""
    if not part.isascii() and not part.isupper() and part.lower() == part.upper():
        return pattern(part)  # scripts without capitals do not part words with blanks either
    if len(part) <= 2:
        return f"{_LEFT}(?:{re.escape(part.capitalize())}|{re.escape(part.upper())}){_RIGHT}"
    written = f"(?i:{pattern(part)})"
    if len(part) <= BOUNDED or sort == "guess":
        return f"{_LEFT}{written}{_RIGHT}"
    return f"{_LEFT}{written}" if len(part) <= PREFIX else written
