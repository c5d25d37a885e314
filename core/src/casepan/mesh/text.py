"""Numbers and words out of text files, without a Python object per number.

Tokens are found by comparing bytes; decimals of one shape (same length, same place of the point) are read together as
a product of their digits with powers of ten. Up to 15 digits the result is the nearest float64, as ``float()`` would
give; anything unusual (``nan``, ``1e5000``, 30 digits) goes through ``float()`` itself.
"""

from __future__ import annotations

import numpy as np
from attrs import define
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Offsets = NDArray[np.int64]
Numbers = NDArray[np.float64]

_LONGEST = 18
_BLOCK = 1 << 17
_POWERS = np.array([10.0**k for k in range(309)])
_NOT_A_NUMBER = {b"1.#ind": np.nan, b"1.#qnan": np.nan, b"1.#snan": np.nan, b"1.#inf": np.inf}
"""What Microsoft's C library printed for not-a-number and infinity before 2015."""


class BadNumberError(ValueError):
    """A token is not a number; ``offset`` is where it starts in the text."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"not a number at byte {offset}")
        self.offset = offset


@define(frozen=True, eq=False)
class Tokens:
    """Words of a text: ``data`` is the text with one blank behind it, word i is ``data[starts[i]:ends[i]]``."""

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


def tokenise(text: bytes | memoryview) -> Tokens:
    """Split at ASCII white space."""
    raw = np.frombuffer(text, np.uint8)
    data = np.empty(len(raw) + 1, np.uint8)
    data[:-1] = raw
    data[-1] = 32
    solid = ~is_space(data)
    change = np.flatnonzero(solid[1:] != solid[:-1]) + 1
    if solid[0]:
        change = np.concatenate([[0], change])
    return Tokens(data, change[0::2], change[1::2])


def is_space(data: Bytes) -> NDArray[np.bool_]:
    """True where a byte is blank, tab, line feed, vertical tab, form feed or carriage return."""
    blank: NDArray[np.bool_] = (data == 32) | (data - np.uint8(9) < 5)
    return blank


def _numbers(data: Bytes, starts: Offsets, ends: Offsets) -> Numbers:
    span = data[starts[0] : ends[-1]] if len(starts) else data[:0]
    lower = span | np.uint8(32)
    mantissa_ends, exponents, good = _exponents(data, starts, ends, np.flatnonzero(lower == 101) + starts[0])
    values, scale, fine = _decimals(data, starts, mantissa_ends)
    good &= fine
    scale += exponents
    low = scale < 0
    factor = _POWERS[np.minimum(np.abs(scale), 308)]
    with np.errstate(over="ignore"):
        values = np.where(low, values / factor, values * factor) if scale.any() else values
    good &= np.abs(scale) <= 290
    for index in np.flatnonzero(~good):
        values[index] = _by_hand(data[starts[index] : ends[index]].tobytes(), int(starts[index]))
    return values


def _exponents(
    data: Bytes, starts: Offsets, ends: Offsets, marks: Offsets
) -> tuple[Offsets, Offsets, NDArray[np.bool_]]:
    """Where each mantissa ends, the exponent behind it (0 without one), and whether that could be read."""
    exponents = np.zeros(len(starts), np.int64)
    good = np.ones(len(starts), bool)
    if not len(marks):
        return ends, exponents, good
    owner = np.searchsorted(starts, marks, side="right") - 1
    inside = marks < ends[owner]
    owner, marks = owner[inside], marks[inside]
    mantissa_ends = ends.copy()
    mantissa_ends[owner] = marks
    values, scale, fine = _decimals(data, marks + 1, ends[owner])
    exponents[owner] = np.clip(values, -400, 400)
    good[owner] = fine & (scale == 0) & (np.bincount(owner, minlength=len(starts))[owner] == 1)
    return mantissa_ends, exponents, good


def _decimals(data: Bytes, starts: Offsets, ends: Offsets) -> tuple[Numbers, Offsets, NDArray[np.bool_]]:
    """Decimals without exponent: digits as an integer value, the power of ten to apply, and which could be read."""
    values = np.zeros(len(starts), np.float64)
    scale = np.zeros(len(starts), np.int64)
    good = np.zeros(len(starts), bool)
    if not len(starts):
        return values, scale, good
    lead = data[starts]
    signed = (lead == 45) | (lead == 43)
    begins = starts + signed
    length = ends - begins
    point = _points(data, begins, ends)
    usable = (length > 0) & (length <= _LONGEST)
    shape = np.where(usable, length * 32 + point, 0).astype(np.uint16)
    order = np.argsort(shape, kind="stable")
    cuts = np.flatnonzero(np.diff(shape[order])) + 1
    for group in np.split(order, cuts):
        width, at = divmod(int(shape[group[0]]), 32)
        if width:
            values[group], good[group] = _same_shape(data, begins[group], width, at)
            scale[group] = at + 1 - width if at < width else 0
    np.negative(values, out=values, where=lead == 45)
    return values, scale, good


def _points(data: Bytes, begins: Offsets, ends: Offsets) -> Offsets:
    """Place of the decimal point in each word, or its length when there is none (at most 31)."""
    low = int(begins.min())
    nearest: Offsets = ends
    marks = np.flatnonzero(data[low : int(ends.max())] == 46) + low
    if len(marks) == len(begins) and bool(((marks >= begins) & (marks < ends)).all()):
        nearest = marks
    elif len(marks):
        following = np.append(marks, np.iinfo(np.int64).max)[np.searchsorted(marks, begins)]
        nearest = np.minimum(following, ends)
    places: Offsets = np.minimum(nearest - begins, 31)
    return places


def _same_shape(data: Bytes, begins: Offsets, width: int, point: int) -> tuple[Numbers, NDArray[np.bool_]]:
    """Digits of words that share one width and one place of the point."""
    columns = [k for k in range(width) if k != point]
    if not columns:
        return np.zeros(len(begins)), np.zeros(len(begins), bool)
    digits = sliding_window_view(data, width)[begins][:, columns] - np.uint8(48)
    good: NDArray[np.bool_] = np.asarray((digits < 10).all(axis=1))
    weights = _POWERS[np.arange(len(columns) - 1, -1, -1)]
    values: Numbers = digits.astype(np.float64) @ weights
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
