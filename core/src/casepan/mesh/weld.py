"""The exact weld: corners with equal coordinates become one vertex, nothing else moves.

Every corner writes its index into a table at the place that a hash of its coordinates gives, last to first, so that
the first of all equal corners is found there again. Each corner is then compared with the one it finds; those that
find a different one (two places fell on one slot of the table) go into the next round with another hash. The
comparison makes the answer exact, and no sort is needed: twice as fast as the packed sort of
../shared/facts/performance.md where the processor has no AVX-512.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from casepan.mesh import kernels

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int32]
_Words = NDArray[np.uint32]

_ROUNDS = 24
_BLOCK = 1 << 15
_FACTORS = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D)
_MINUS_ZERO = np.uint32(0x80000000)


def weld_points(points: FloatArray) -> tuple[FloatArray, IntArray]:
    """Merge points whose coordinates are equal bit for bit (-0.0 counts as 0.0, NaN as equal to the same NaN).

    Args:
        points: float32 (n, 3), n below 2**31.

    Returns:
        float32 (k, 3), the different points in the order of their first appearance, and int32 (n,), saying which of
        them each point is.
    """
    if kernels.compiled():
        return kernels.weld(points)
    words = _normalised(points)
    first = _first_equal(words)
    leads = first == np.arange(len(first), dtype=np.int32)
    rank = np.cumsum(leads, dtype=np.int32)
    rank -= 1
    return words.take(np.flatnonzero(leads), axis=0).view(np.float32), rank.take(first)


def weld_field(records: NDArray[Any], name: str) -> tuple[FloatArray, IntArray]:
    """The same for the points in one field of records, all points of a record in a row.

    Args:
        records: a contiguous structured array of any layout.
        name: its field of little-endian float32 (..., 3).
    """
    if kernels.compiled():
        return kernels.weld_field(records, name)
    return weld_points(np.ascontiguousarray(records[name], np.float32).reshape(-1, 3))


def _normalised(points: FloatArray) -> _Words:
    """The bits of the coordinates with -0.0 written as 0.0; a copy only where something changes."""
    words = np.ascontiguousarray(points, dtype=np.float32).view(np.uint32)
    minus = words == _MINUS_ZERO
    if minus.any():
        words = np.where(minus, np.uint32(0), words)
    return words


def _first_equal(words: _Words) -> IntArray:
    """For every row the index of the first row that is equal to it."""
    first = np.arange(len(words), dtype=np.int32)
    left, rows = first, words
    for attempt in range(_ROUNDS):
        if not len(left):
            return first
        found, open_ = _look_up(left, rows, attempt)
        if attempt:
            first[left] = found
        else:
            first = found
        left, rows = left.take(open_), rows.take(open_, axis=0)
    first[left] = _first_equal_by_sorting(left, rows)
    return first


def _look_up(left: IntArray, rows: _Words, attempt: int) -> tuple[IntArray, NDArray[np.int64]]:
    """For every row the index of the first row that has the same hash, and which rows differ from the one they found.

    Worked in blocks that stay in the processor's cache.
    """
    bits = max(len(left).bit_length(), 4)
    table = np.empty(1 << bits, np.int32)
    blocks = [slice(begin, begin + _BLOCK) for begin in range(0, len(left), _BLOCK)]
    for block in reversed(blocks):
        slots = _hashes(rows[block], attempt, bits)[::-1]
        table[slots] = np.arange(block.start + len(slots) - 1, block.start - 1, -1, dtype=np.int32)
    found = np.empty(len(left), np.int32)
    open_ = []
    for block in blocks:
        places = table.take(_hashes(rows[block], attempt, bits))
        different = _differ(rows.take(places, axis=0), rows[block])
        found[block] = left.take(places)
        open_.append(np.flatnonzero(different) + block.start)
    return found, np.concatenate(open_)


def _hashes(rows: _Words, attempt: int, bits: int) -> _Words:
    a, b, c = (np.uint32((factor * (2 * attempt + 1)) & 0xFFFFFFFF) for factor in _FACTORS)
    mixed: _Words = rows[:, 0] * a
    mixed ^= mixed >> np.uint32(15)
    mixed += rows[:, 1]
    mixed *= b
    mixed ^= mixed >> np.uint32(13)
    mixed += rows[:, 2]
    mixed *= c
    mixed >>= np.uint32(32 - bits)
    return mixed


def _differ(found: _Words, rows: _Words) -> NDArray[np.uint32]:
    """Not zero where two rows differ; ``found`` is used up."""
    found ^= rows
    different: _Words = found[:, 0] | found[:, 1]
    different |= found[:, 2]
    return different


def _first_equal_by_sorting(left: IntArray, rows: _Words) -> IntArray:
    """The same for the few rows (if any) that no hash could tell apart."""
    _, place, inverse = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    return left[place[inverse.reshape(-1)]]
