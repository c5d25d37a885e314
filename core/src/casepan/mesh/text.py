"""Numbers and words out of text files, without a Python object per number.

Tokens are found by comparing bytes. Numbers of one shape (same length, same place of sign, point and exponent) are
read together, digit column by digit column. Up to 15 digits the result is the nearest float64, as ``float()`` would
give; anything unusual (``nan``, ``1e5000``, 30 digits) goes through ``float()`` itself.
"""

from __future__ import annotations

import re

import numpy as np
from attrs import define
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from casepan.mesh import kernels

Bytes = NDArray[np.uint8]
Offsets = NDArray[np.int32]
Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

_LINE_END = re.compile(rb"[\r\n]")
_LONGEST = 30
_MOST_DIGITS = 18
_LARGEST_POWER = 22
_BLOCK = 1 << 16
_SCAN = 1 << 18
_POWERS = np.array([10.0**k for k in range(_LARGEST_POWER + 1)])
"""The powers of ten that float64 holds exactly."""

_NOT_A_NUMBER = {b"1.#ind": np.nan, b"1.#qnan": np.nan, b"1.#snan": np.nan, b"1.#inf": np.inf}
"""What Microsoft's C library printed for not-a-number and infinity before 2015."""


class BadNumberError(ValueError):
    """A token is not a number; ``offset`` is where it starts in the text."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"not a number at byte {offset}")
        self.offset = offset


@define(frozen=True, eq=False)
class Tokens:
    """Words of a text below 2 GiB: word i is ``data[starts[i]:ends[i]]``, and a blank stands behind the last one."""

    data: Bytes
    starts: Offsets
    ends: Offsets

    def __len__(self) -> int:
        return len(self.starts)

    def take(self, which: NDArray[np.integer] | slice) -> Tokens:
        """The words at some positions (any shape is flattened)."""
        return Tokens(self.data, self.starts[which].ravel(), self.ends[which].ravel())

    def numbers(self) -> Numbers:
        """All words as float64.

        Raises:
            BadNumberError: a word is not a number.
        """
        result = np.empty(len(self), np.float64)
        for begin in range(0, len(self), _BLOCK):
            block = slice(begin, begin + _BLOCK)
            result[block] = _numbers(self.data, self.starts[block], self.ends[block])
        return result

    def keys(self) -> NDArray[np.uint64]:
        """The first eight bytes of each word as one integer (shorter words padded with NUL), see ``key``."""
        padded = np.concatenate([self.data, np.zeros(8, np.uint8)])
        words: NDArray[np.uint64] = np.ndarray((len(self.data),), "<u8", padded, strides=(1,))[self.starts]
        spare = np.clip(8 - (self.ends - self.starts), 0, 7).astype(np.uint64) * np.uint64(8)
        masked: NDArray[np.uint64] = words & (np.uint64(0xFFFFFFFFFFFFFFFF) >> spare)
        return masked


def key(word: bytes) -> np.uint64:
    """What ``Tokens.keys`` gives for a word of up to eight bytes."""
    return np.uint64(int.from_bytes(word[:8], "little"))


def tokenise(text: bytes | bytearray | memoryview) -> Tokens:
    """Split at white space; every control character counts as such."""
    raw = np.frombuffer(text, np.uint8)
    data = np.empty(len(raw) + 1, np.uint8)
    data[:-1] = raw
    data[-1] = 32
    if kernels.compiled():
        return Tokens(data, *kernels.split_words(data))
    changes = [np.zeros(1 if data[0] > 32 else 0, np.int32)]
    for begin in range(0, len(data), _SCAN):
        solid = data[begin : begin + _SCAN + 1] > 32
        changes.append((np.flatnonzero(solid[1:] != solid[:-1]) + (begin + 1)).astype(np.int32))
    change = np.concatenate(changes)
    return Tokens(data, change[0::2], change[1::2])


def line_end(text: bytes | bytearray, at: int) -> int:
    """Where the line that holds the byte ``at`` ends."""
    match = _LINE_END.search(text, at)
    return match.start() if match else len(text)


def _numbers(data: Bytes, starts: Offsets, ends: Offsets) -> Numbers:
    """Words as numbers."""
    values, good = kernels.read_numbers(data, starts, ends) if kernels.compiled() else _plain(data, starts, ends)
    for index in np.flatnonzero(~good):
        values[index] = _by_hand(data[starts[index] : ends[index]].tobytes(), int(starts[index]))
    return values


def _plain(data: Bytes, starts: Offsets, ends: Offsets) -> tuple[Numbers, Flags]:
    """Usual numbers, grouped by their length, and which words were such."""
    values = np.zeros(len(starts), np.float64)
    good = np.zeros(len(starts), bool)
    lengths = np.minimum(ends - starts, _LONGEST + 1).astype(np.uint8)
    order = np.argsort(lengths, kind="stable")
    stops = np.cumsum(np.bincount(lengths, minlength=_LONGEST + 2))
    for length in range(1, _LONGEST + 1):
        group = order[stops[length - 1] : stops[length]]
        if len(group):
            values[group], good[group] = _same_length(data, starts[group], length)
    return values, good


def _same_length(data: Bytes, starts: Offsets, length: int) -> tuple[Numbers, Flags]:
    """Words of one length, grouped by where sign, point and exponent stand."""
    columns = np.ascontiguousarray(sliding_window_view(data, length)[starts].T)
    shapes = _shapes(columns)
    if (shapes == shapes[0]).all():
        return _same_shape(columns, int(shapes[0]))
    values = np.zeros(len(starts), np.float64)
    good = np.zeros(len(starts), bool)
    order = np.argsort(shapes, kind="stable")
    ordered = shapes[order]
    for group in np.split(order, np.flatnonzero(ordered[1:] != ordered[:-1]) + 1):
        values[group], good[group] = _same_shape(columns[:, group], int(shapes[group[0]]))
    return values, good


def _shapes(columns: Bytes) -> NDArray[np.uint16]:
    """Of each word: place of the point + 1 (5 bits), place of the exponent's letter + 1 (5 bits), signs (2 bits).

    A word with two points or two letters gives places that are not theirs; the digits betray it later.
    """
    point = np.zeros(columns.shape[1], np.uint8)
    letter = np.zeros(columns.shape[1], np.uint8)
    exponent_sign = np.zeros(columns.shape[1], bool)
    previous = np.zeros(columns.shape[1], bool)
    for place, column in enumerate(columns, 1):
        point += (column == 46) * np.uint8(place)
        exponent_sign |= previous & _is_sign(column)
        previous = (column | np.uint8(32)) == 101
        letter += previous * np.uint8(place)
    shapes = (point & np.uint8(31)).astype(np.uint16)
    for shift, part in ((5, letter & np.uint8(31)), (10, _is_sign(columns[0])), (11, exponent_sign)):
        shapes |= part.astype(np.uint16) << np.uint16(shift)
    return shapes


def _is_sign(column: Bytes) -> Flags:
    sign: Flags = (column == 45) | (column == 43)
    return sign


def _same_shape(columns: Bytes, shape: int) -> tuple[Numbers, Flags]:
    """Words of one length and shape: their values, and which of them were numbers."""
    point, letter, signed, exponent_signed = shape & 31, shape >> 5 & 31, shape >> 10 & 1, shape >> 11 & 1
    stop = letter - 1 if letter else len(columns)
    picked = [place for place in range(signed, stop) if place != point - 1]
    if letter > len(columns) or not 0 < len(picked) <= _MOST_DIGITS:
        return np.zeros(columns.shape[1]), np.zeros(columns.shape[1], bool)
    values, good = _integers(columns[picked])
    scale = point - stop if 0 < point <= stop else 0
    if letter:
        exponents, fine = _exponents(columns[letter:], exponent_signed)
        values, fits = _scaled(values, exponents + scale)
        good &= fine & fits
    elif scale:
        values /= _POWERS[-scale]
    if signed:
        np.negative(values, out=values, where=columns[0] == 45)
    return values, good


def _exponents(columns: Bytes, signed: int) -> tuple[NDArray[np.int64], Flags]:
    """What stands behind the letter: up to three digits, perhaps with a sign."""
    digits = columns[signed:]
    if not 0 < len(digits) <= 3:
        return np.zeros(columns.shape[1], np.int64), np.zeros(columns.shape[1], bool)
    values, good = _integers(digits)
    exponents = values.astype(np.int64)
    if signed:
        np.negative(exponents, out=exponents, where=columns[0] == 45)
    return exponents, good


def _scaled(values: Numbers, powers: NDArray[np.int64]) -> tuple[Numbers, Flags]:
    """Values times ten to some power, rounded once, and which powers are small enough for that."""
    fits = np.abs(powers) <= _LARGEST_POWER
    factor = _POWERS[np.minimum(np.abs(powers), _LARGEST_POWER)]
    return np.where(powers < 0, values / factor, values * factor), fits


def _integers(columns: Bytes) -> tuple[Numbers, Flags]:
    """Digit columns, most significant first, as numbers; nine digits fit into 32 bits."""
    digits = columns - np.uint8(48)
    good = digits.max(axis=0) < 10
    values = np.zeros(columns.shape[1], np.float64)
    for begin in range(0, len(digits), 9):
        part = digits[begin].astype(np.uint32)
        for column in digits[begin + 1 : begin + 9]:
            part *= np.uint32(10)
            part += column
        values *= _POWERS[len(digits[begin : begin + 9])]
        values += part
    return values, good


def _by_hand(word: bytes, offset: int) -> float:
    """One unusual number."""
    bare = word.lower()
    special = _NOT_A_NUMBER.get(bare.lstrip(b"+-"))
    if special is not None:
        return -special if bare.startswith(b"-") else special
    try:
        if b"_" in bare:
            raise BadNumberError(offset)
        return float(bare)
    except ValueError:
        raise BadNumberError(offset) from None
