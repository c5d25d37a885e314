"""Is a name anywhere in these bytes? The search knows nothing of how they were cleaned."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property

from attrs import field, frozen

from casepan_prepare.hiding.lexicon import BOUNDED, GLUED, PREFIX
from casepan_prepare.hiding.names import Known, is_short
from casepan_prepare.hiding.spelling import encoded, folded, spellings
from casepan_prepare.hiding.views import Haystack, haystacks

_BITS, _COMMON, _BLANK = 7.0, 2.0, 1.4
_BITS_CHOICE = 8.0
_BITS_BASE64, _RUN = 5.0, 48
_ALPHABET = re.compile(rb"[A-Za-z0-9+/]*")
_NEAR, _NUMBERS = 24, re.compile(rb"(?:[-+0-9.eE/ \t\r\n]|\b[vf][nt]?\b)*")
_NUMBER = re.compile(rb"[0-9]+(?:[-./][0-9]+)*")
_DOUBT = 14.0
_LARGE, _BLOCK = 1 << 14, 1 << 22
_COMMON_IN_FLOATS = b"ab?@"
_BEFORE = tuple(word.encode() for word in GLUED)
_JOINED = ("", " ", "_", "-", ",", ", ", ".", "+")


@frozen
class Needle:
    """One spelling of one name in one encoding.

    Attributes:
        data: its bytes, ASCII letters in lower case; step: bytes per letter.
        rule: ``"alone"`` (no letter or digit beside it), ``"bounded"``, ``"prefix"``, ``"anywhere"`` or ``"capital"``.
        bits: how unlikely it is to come about by chance at one place.
    """

    data: bytes = field(repr=False)
    step: int
    rule: str
    bits: float


@frozen(slots=False)
class Needles:
    """All spellings of all names of one case."""

    needles: tuple[Needle, ...] = field(repr=False)

    @classmethod
    def of(cls, known: Iterable[Known]) -> Needles:
        """The spellings of these people and numbers."""
        found = {
            (data, step): Needle(data, step, rule, _bits(data, step))
            for item in known
            for text, rule in _texts(item)
            for data, step in encoded(text)
        }
        return cls(tuple(found.values()))

    def find(self, data: bytes) -> str | None:
        """How the first name is hidden in a file (``"bytes > zip > base64"``), None when there is none.

        Raises:
            CannotSearchError: something inside cannot be opened.
        """
        for stack in haystacks(data):
            if self._in(stack):
                return stack.where
        return None

    def in_text(self, text: str) -> bool:
        """True when a text holds a name, in whatever way; one that cannot be searched counts as holding one."""
        from casepan_prepare.hiding.views import CannotSearchError

        try:
            return self.find(text.encode("utf-8", "surrogateescape")) is not None
        except CannotSearchError:
            return True

    def _in(self, stack: Haystack) -> bool:
        if self._found(_Field.of(stack.data, self.needles)):
            return True
        bare = _without_accents(stack.data)
        return bare is not None and self._found(_Field.of(bare, self.needles, among=stack.data))

    def _found(self, field: _Field) -> bool:
        if len(field.data) < _LARGE:
            return any(_is_in(needle, field) for needle in self.needles)
        short = (needle for needle in self.needles if len(needle.data) < 4)
        return any(_is_in(needle, field) for needle in short) or any(
            _is_at(needle, field, at)
            for at in _places(field.lower, self._starts)
            for needle in self._starts[field.lower[at : at + 4]]
        )

    @cached_property
    def _starts(self) -> dict[bytes, list[Needle]]:
        """The needles of four bytes and more by how they start."""
        found: dict[bytes, list[Needle]] = defaultdict(list)
        for needle in self.needles:
            if len(needle.data) >= 4:
                found[needle.data[:4]].append(needle)
        return found


def _places(lower: bytes, starts: Mapping[bytes, object]) -> Iterator[int]:
    """Where one of many starts of four bytes stands, asked of all places at once."""
    import numpy as np

    first, second = np.zeros(1 << 16, np.bool_), np.zeros(1 << 16, np.bool_)
    for start in starts:
        first[int.from_bytes(start[:2], "little")] = True
        second[int.from_bytes(start[2:], "little")] = True
    for begin in range(0, len(lower), _BLOCK):
        codes = np.frombuffer(lower[begin : begin + _BLOCK + 3], np.uint8).astype(np.uint16)
        pairs = codes[:-1] | codes[1:] << 8
        found = np.flatnonzero(first[pairs[:-2]] & second[pairs[2:]]) + begin
        yield from (int(at) for at in found if lower[at : at + 4] in starts)


@frozen
class _Field:
    """Bytes that are searched.

    Attributes:
        doubt: bits that a find must have to be no chance; picked: the bytes are printable runs picked from many others, so that
            printable characters around a find prove nothing.
    """

    data: bytes = field(repr=False)
    lower: bytes = field(repr=False)
    needles: tuple[Needle, ...] = field(repr=False)
    doubt: float
    picked: bool = False

    @classmethod
    def of(cls, data: bytes, needles: tuple[Needle, ...], *, among: bytes | None = None) -> _Field:
        """The field of some bytes, or of runs that were picked ``among`` others."""
        source = data if among is None else among
        picked = among is not None and len(among) >= _LARGE and len(data) < len(among) // 2
        return cls(data, data.lower(), needles, math.log2(len(source) + 1) + _DOUBT, picked)


def _is_in(needle: Needle, field: _Field) -> bool:
    at = field.lower.find(needle.data)
    while at >= 0:
        if _is_at(needle, field, at):
            return True
        at = field.lower.find(needle.data, at + 1)
    return False


def _is_at(needle: Needle, field: _Field, at: int) -> bool:
    if not field.lower.startswith(needle.data, at):
        return False
    return _stands(needle, field.data, field.lower, at) and _is_meant(needle, field, at, at + len(needle.data))


def _is_meant(needle: Needle, field: _Field, at: int, end: int) -> bool:
    """False when chance would put these bytes somewhere into so many, and no text stands around them.

    Random bytes spell a letter in either case with 2^-7, and any printable character with 2^-1.4; in coordinates the letters
    A and B are every fourth byte. A find counts when less than one in 2^14 such files would have it by chance. In base64, which
    is printable throughout, a letter is one of 64; what it says is searched when it is decoded.
    """
    data = field.data
    if _NUMBER.fullmatch(needle.data) and _among_numbers(data, at, end):
        return False
    if needle.step == 1 and _in_base64(data, at, end):
        return _BITS_BASE64 * len(needle.data) >= field.doubt
    doubt = field.doubt - needle.bits
    if doubt > 0:
        doubt -= _beside(needle, field, at, end)
    if doubt <= 0 or field.picked:
        return doubt <= 0
    wanted = math.ceil(doubt / _BLANK / needle.step)
    around = 0
    for index in range(at - needle.step, max(-1, at - needle.step * (wanted + 1)), -needle.step):
        if not _printable(data, index, needle.step):
            break
        around += 1
    for index in range(end, min(len(data), end + needle.step * wanted), needle.step):
        if not _printable(data, index, needle.step):
            break
        around += 1
    return around >= wanted or around + (end - at) // needle.step >= len(data) // needle.step


def _beside(needle: Needle, field: _Field, at: int, end: int) -> float:
    """The bits that another name within three characters adds: first and last name together are no chance."""
    for other in field.needles:
        if other.step != needle.step or other.data == needle.data:
            continue
        for gap in range(0, 4 * needle.step, needle.step):
            before = at - gap - len(other.data)
            if field.lower.startswith(other.data, end + gap) or (
                before >= 0 and field.lower.startswith(other.data, before)
            ):
                return max(0.0, other.bits - _BITS_CHOICE)
    return 0.0


def _among_numbers(data: bytes, at: int, end: int) -> bool:
    """True where an order number or a day is nothing but a coordinate or the indices of a corner."""
    around = data[max(0, at - _NEAR) : at] + data[end : end + _NEAR]
    return _NUMBERS.fullmatch(around) is not None and len(re.findall(rb"[0-9]+", around)) >= 2


def _in_base64(data: bytes, at: int, end: int) -> bool:
    """True inside a run of base64 that is longer than any word."""
    before, after = _ALPHABET.match(data[max(0, at - _RUN) : at][::-1]), _ALPHABET.match(data[end : end + _RUN])
    around = (before.end() if before else 0) + (after.end() if after else 0)
    return around >= _RUN and _ALPHABET.fullmatch(data, at, end) is not None


def _printable(data: bytes, at: int, step: int) -> bool:
    pair = data[max(at, 0) : at + step]
    return any(32 <= byte < 127 or byte in b"\t\r\n" for byte in pair) and (step == 1 or 0 in pair)


def _stands(needle: Needle, data: bytes, lower: bytes, at: int) -> bool:
    """True when the name stands where its rule wants it."""
    if needle.rule == "anywhere":
        return True
    step, end = needle.step, at + len(needle.data)
    low = 1 if step == 2 and needle.data[0] == 0 else 0
    before, first = _letter(data, at - step, step, low), _letter(data, at, step, low)
    last, after = _letter(data, end - step, step, low), _letter(data, end, step, low)
    if needle.rule == "alone":
        return not before.isalnum() and not after.isalnum()
    if needle.rule == "capital" and not first.isupper():
        return False
    left = (
        not before.isalpha() or (before.islower() and first.isupper()) or lower[max(0, at - 12) : at].endswith(_BEFORE)
    )
    if not left or needle.rule == "prefix":
        return left
    further = _letter(data, end + step, step, low)
    camel = (last.islower() and after.isupper()) or (after.isupper() and further.islower())
    return not after.isalpha() or camel or (step == 1 and lower[end : end + 12].startswith(_BEFORE))


def _letter(data: bytes, at: int, step: int, low: int) -> str:
    """The ASCII character at a place, a blank for anything else."""
    if at < 0 or at + step > len(data) or (step == 2 and data[at + 1 - low] != 0):
        return " "
    code = data[at + low]
    return chr(code) if code < 128 else " "


def _texts(item: Known) -> Iterator[tuple[str, str]]:
    """Spellings of a known thing, each with its rule."""
    whole = item.text.strip()
    if item.sort in ("words", "number"):
        yield from ((text, "alone") for text in spellings(whole))
    for part in item.alone:
        yield from ((text, _rule(part, item.sort)) for text in spellings(part))
    for first, second in item.pairs:
        short = is_short(first) or is_short(second)
        for between in _JOINED if short else ("",):
            for text in spellings(f"{first}{between}{second}"):
                yield text, "bounded" if len(first) + len(second) <= BOUNDED else "anywhere"


def _rule(part: str, sort: str) -> str:
    if part.lower() == part.upper():
        return "anywhere"
    if len(part) <= 2:
        return "capital"
    if len(part) <= BOUNDED or sort == "guess":
        return "bounded"
    return "prefix" if len(part) <= PREFIX else "anywhere"


def _bits(data: bytes, step: int) -> float:
    if step == 2:
        return 8.0 * len(data) - len(data) / 2
    letters = sum(_COMMON if byte in _COMMON_IN_FLOATS else _BITS for byte in data if byte < 128)
    return letters + 8.0 * sum(byte >= 128 for byte in data)


def _without_accents(data: bytes) -> bytes | None:
    """The text in some bytes without its accents, None when none has any."""
    if data.isascii() and b"\0" not in data:
        return None
    text = "\n".join(_texts_in(data))
    return folded(text).encode("utf-8", "replace") if text else None


_COARSE = re.compile(rb"[\x20-\x7e\x80-\xbf\xc3-\xcd]{12,}")
_ACCENTED = re.compile(rb"[\x20-\x7e]*(?:[\xc3-\xcd][\x80-\xbf][\x20-\x7e]*)+")
_WIDE = {
    "utf-16-le": re.compile(rb"(?:[\x20-\x7e\xc0-\xff]\0|[\x00-\x7f][\x01\x03]){4,}", re.DOTALL),
    "utf-16-be": re.compile(rb"(?:\0[\x20-\x7e\xc0-\xff]|[\x01\x03][\x00-\x7f]){4,}", re.DOTALL),
}
"""Runs of Latin letters with accents among other bytes; those of UTF-16 are looked for in small files only."""


def _texts_in(data: bytes) -> Iterator[str]:
    """The bytes as text, or the texts among them; among many bytes only those of a length that no chance makes."""
    try:
        yield data.decode("utf-8")
    except UnicodeDecodeError:
        if b"\0" not in data:
            yield data.decode("cp1252", "replace")
        large = len(data) >= _LARGE
        for run in _COARSE.findall(data) if large else (data,):
            yield from (one.decode() for one in _ACCENTED.findall(run) if len(one) >= (12 if large else 4))
    if b"\0" in data and len(data) < _LARGE:
        for encoding, wide in _WIDE.items():
            yield from (run.decode(encoding, "ignore") for run in wide.findall(data))
    elif b"\0" in data[:64]:
        yield from _wide_text(data)


def _wide_text(data: bytes) -> Iterator[str]:
    """The text when the bytes are UTF-16 from the first to the last."""
    big = data.startswith(b"\xfe\xff") or data[:1] == b"\0"
    with suppress(UnicodeDecodeError):
        yield data[: len(data) // 2 * 2].decode("utf-16-be" if big else "utf-16-le")
