"""The exact weld: corners with equal coordinates become one vertex, nothing else moves.

One 64-bit hash per corner with the corner's index packed into its low bits, one sort, and a check of every corner
against the vertex it was given (../shared/facts/performance.md: 6 to 9 times faster than a row-wise unique). Two
corners whose hashes clash fail the check and the hash is taken again with another seed, so the answer is always exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int32]
_Words = NDArray[np.uint32]

_SEEDS = (0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F)
_MINUS_ZERO = np.uint32(0x80000000)


def weld_points(points: FloatArray) -> tuple[FloatArray, IntArray]:
    """Merge points whose coordinates are equal bit for bit (-0.0 counts as 0.0, NaN as equal to the same NaN).

    Args:
        points: float32 (n, 3), n below 2**31.

    Returns:
        float32 (k, 3) different points in the order of their first appearance, and int32 (n,) saying which of them
        each point is.
    """
    words = _normalised(points)
    if not len(words):
        return words.view(np.float32), np.empty(0, np.int32)
    for seed in _SEEDS:
        first, inverse = _group(_hashes(words, seed))
        distinct = words[first]
        if np.array_equal(distinct[inverse], words):
            return distinct.view(np.float32), inverse
    first, inverse = _group_slowly(words)
    return words[first].view(np.float32), inverse


def _normalised(points: FloatArray) -> _Words:
    """The bits of the coordinates with -0.0 written as 0.0; a copy only where something changes."""
    words = np.ascontiguousarray(points, dtype=np.float32).view(np.uint32)
    minus = words == _MINUS_ZERO
    if minus.any():
        words = np.where(minus, np.uint32(0), words)
    return words


def _hashes(words: _Words, seed: int) -> NDArray[np.uint64]:
    keys = words[:, 0].astype(np.uint64)
    keys <<= np.uint64(32)
    keys |= words[:, 1]
    keys *= np.uint64(seed)
    other = words[:, 2].astype(np.uint64)
    other *= np.uint64(0xC2B2AE3D27D4EB4F)
    keys ^= other
    np.right_shift(keys, np.uint64(32), out=other)
    keys ^= other
    keys *= np.uint64(0xBF58476D1CE4E5B9)
    return keys


def _group(keys: NDArray[np.uint64]) -> tuple[IntArray, IntArray]:
    """First index of each group of equal high bits, in order of appearance, and the group of every index."""
    count = len(keys)
    bits = np.uint64(count.bit_length())
    low = np.uint64((1 << int(bits)) - 1)
    keys &= ~low
    keys |= np.arange(count, dtype=np.uint64)
    keys.sort()
    order = (keys & low).astype(np.int32)
    keys >>= bits
    new = np.empty(count, bool)
    new[0] = True
    np.not_equal(keys[1:], keys[:-1], out=new[1:])
    return _by_appearance(order, new)


def _by_appearance(order: IntArray, new: NDArray[np.bool_]) -> tuple[IntArray, IntArray]:
    """Number the groups of a sorted index list by their smallest index (which stands first in each group)."""
    leaders = order[new]
    appearance = np.argsort(leaders)
    rank = np.empty(len(leaders), np.int32)
    rank[appearance] = np.arange(len(leaders), dtype=np.int32)
    inverse = np.empty(len(order), np.int32)
    inverse[order] = rank[np.cumsum(new, dtype=np.int32) - 1]
    return leaders[appearance], inverse


def _group_slowly(words: _Words) -> tuple[IntArray, IntArray]:
    """The same by a full lexical sort, for the case that every seed clashed."""
    order = np.lexsort((np.arange(len(words)), words[:, 2], words[:, 1], words[:, 0])).astype(np.int32)
    ordered = words[order]
    new = np.ones(len(words), bool)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    return _by_appearance(order, new)
