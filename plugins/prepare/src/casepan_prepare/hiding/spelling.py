"""The ways in which one name is written: accents, umlauts, capitals, code pages, with its parts glued together."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import islice, product

from casepan_prepare.hiding.pseudonyms import UMLAUTS

_MOST = 32
_DIGRAPHS = {"ae": "ä", "oe": "ö", "ue": "ü", "ss": "ß"}
_MARKS = "[\u0300-\u036f]*"
_ENCODINGS = ("utf-8", "cp1252", "cp1250", "cp1251", "cp850", "cp437", "mac-roman", "utf-16-le", "utf-16-be")


def spellings(name: str) -> tuple[str, ...]:
    """A name in lower case with its accents, without them, and with umlauts as one or two letters, composed and parted."""
    made = islice(product(*_choices(unicodedata.normalize("NFC", name).lower())), _MOST)
    forms = dict.fromkeys("".join(letters) for letters in made)
    return tuple(dict.fromkeys(form for text in forms for form in (text, unicodedata.normalize("NFD", text))))


def encoded(text: str) -> Iterator[tuple[bytes, int]]:
    """The bytes of a spelling in the encodings of vendors' files, ASCII letters in lower case, and bytes per letter."""
    forms = {text} if text.isascii() else {text, text.upper(), text.title()}
    for form in forms:
        for encoding in _ENCODINGS if not text.isascii() else ("utf-8", "utf-16-le", "utf-16-be"):
            try:
                yield form.encode(encoding).lower(), 2 if encoding.startswith("utf-16") else 1
            except UnicodeEncodeError:
                continue


def pattern(name: str) -> str:
    """A regular expression for a name in text, whatever accents either of them has."""
    lower = unicodedata.normalize("NFC", name).lower()
    pieces, at = [], 0
    while at < len(lower):
        pair = lower[at : at + 2]
        if pair in _DIGRAPHS:
            pieces.append(f"(?:{pair}|{_DIGRAPHS[pair]}|{unicodedata.normalize('NFD', _DIGRAPHS[pair])})")
            at += 2
            continue
        pieces.append(_letter(lower[at]))
        at += 1
    return "".join(pieces)


def _letter(letter: str) -> str:
    if letter.isspace():
        return r"\s+"
    if not letter.isalpha():
        return re.escape(letter)
    choices = {re.escape(letter)}
    if letter in UMLAUTS:
        choices.add(UMLAUTS[letter])
    parted = unicodedata.normalize("NFD", letter)
    if not parted[0].isascii():
        choices.add(parted)
        return f"(?:{'|'.join(sorted(choices, key=len, reverse=True))})"
    single = _accented().get(parted[0], "") + parted[0]
    return f"(?:{'|'.join(sorted(choices, key=len, reverse=True))}|[{re.escape(single)}]{_MARKS})"


@cache
def _accented() -> dict[str, str]:
    """Latin letters to all their forms with one accent."""
    found: dict[str, str] = {}
    for code in range(0xC0, 0x250):
        base = unicodedata.normalize("NFD", chr(code))[0].lower()
        if base.isascii() and base.isalpha():
            found[base] = found.get(base, "") + chr(code)
    return found


def _choices(lower: str) -> Iterator[tuple[str, ...]]:
    at = 0
    while at < len(lower):
        pair = lower[at : at + 2]
        if pair in _DIGRAPHS:
            yield pair, _DIGRAPHS[pair]
            at += 2
            continue
        letter = lower[at]
        bare = unicodedata.normalize("NFD", letter)[0]
        yield tuple(dict.fromkeys((letter, UMLAUTS.get(letter, letter), bare if bare.isascii() else letter)))
        at += 1


def folded(text: str) -> str:
    """Text without accents, umlauts as single letters: where a name was typed without the accents that a file has."""
    parted = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in parted if not unicodedata.combining(letter))
