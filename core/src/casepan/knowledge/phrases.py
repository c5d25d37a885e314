"""Reading a fixed vocabulary out of free words, the same way for materials and kinds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
NEGATION = re.compile(r"\b(?:no|not|non|without|nicht|kein\w*|ohne|sans|senza|sin)\b")


def plain_words(text: str) -> str:
    """Case-folded words without accents, parted by blanks: ``"Zirkon(oxid)  ZrO₂"`` is ``"zirkon oxid zro2"``."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(char for char in folded if not unicodedata.combining(char))
    return " ".join(re.findall(r"[^\W_]+", letters))


def split_camel(text: str) -> str:
    """Words of a programmer's name apart: ``"AnatomicCrown"`` is ``"Anatomic Crown"``."""
    return CAMEL.sub(" ", text)


def compiled(table: Iterable[tuple[str, str | None]]) -> tuple[tuple[re.Pattern[str], str | None], ...]:
    """The table with its patterns compiled, each matching whole words."""
    return tuple((re.compile(rf"\b(?:{pattern})\b"), meaning) for pattern, meaning in table)


def meanings(words: str, table: Sequence[tuple[re.Pattern[str], str | None]]) -> set[str]:
    """Everything the words mean. Patterns are tried in order and take their words away, so the longer ones stand first.

    A pattern that means None only takes its words away: known, but not telling.
    """
    found: set[str] = set()
    for pattern, meaning in table:
        words, count = pattern.subn("|", words)
        if count and meaning is not None:
            found.add(meaning)
    return found
