"""The weld merges equal places and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casepan.mesh import Mesh
from casepan.mesh import weld as welding
from casepan.mesh.weld import weld_points

COORDINATE = st.sampled_from([0.0, -0.0, 1.0, -1.5, float("nan"), float("inf"), 1e-45, 3.4e38])
POINTS = st.lists(st.tuples(COORDINATE, COORDINATE, COORDINATE), max_size=60)


def plain_weld(points: np.ndarray) -> tuple[list[tuple[int, ...]], list[int]]:
    """The slow truth: a dictionary of the bits, minus zero made zero."""
    bits = np.where(points == 0, np.float32(0), points).astype(np.float32).view(np.uint32)
    seen: dict[tuple[int, ...], int] = {}
    inverse = [seen.setdefault(tuple(row), len(seen)) for row in bits.tolist()]
    return list(seen), inverse


@settings(deadline=None)
@given(POINTS)
def test_weld_is_that_of_a_dictionary(points: list[tuple[float, float, float]]) -> None:
    """First-seen order, bit for bit, with NaN, infinities and both zeros."""
    array = np.array(points, np.float32).reshape(-1, 3)
    vertices, inverse = weld_points(array)
    expected, places = plain_weld(array)
    assert [tuple(row) for row in vertices.view(np.uint32).tolist()] == expected
    assert inverse.tolist() == places


def test_weld_is_exact_when_all_hashes_clash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even with one slot for everything the answer is right, by the sort at the end."""
    monkeypatch.setattr(welding, "_hashes", lambda rows, attempt, bits: np.zeros(len(rows), np.uint32))
    points = np.random.default_rng(1).integers(0, 4, (200, 3)).astype(np.float32)
    vertices, inverse = weld_points(points)
    expected, places = plain_weld(points)
    assert [tuple(row) for row in vertices.view(np.uint32).tolist()] == expected
    assert inverse.tolist() == places


def test_weld_is_the_same_in_any_block_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks are a matter of speed only."""
    points = np.random.default_rng(2).integers(0, 6, (5000, 3)).astype(np.float32)
    whole = weld_points(points)
    monkeypatch.setattr(welding, "_BLOCK", 64)
    parts = weld_points(points)
    assert np.array_equal(whole[0], parts[0])
    assert np.array_equal(whole[1], parts[1])


def test_weld_does_not_change_its_input() -> None:
    """Minus zero stays in the array that was given."""
    points = np.array([[-0.0, 1, 2], [0.0, 1, 2]], np.float32)
    assert len(weld_points(points)[0]) == 1
    assert np.signbit(points[0, 0])


@settings(deadline=None)
@given(POINTS.filter(lambda points: len(points) >= 3), st.randoms(use_true_random=False))
def test_permutation_changes_no_count(points: list[tuple[float, float, float]], chance: object) -> None:
    """Shuffled points weld to as many vertices, in groups of the same sizes."""
    array = np.array(points, np.float32)
    order = list(range(len(array)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    first, second = weld_points(array), weld_points(array[order])
    assert len(first[0]) == len(second[0])
    assert sorted(np.bincount(first[1])) == sorted(np.bincount(second[1]))


@settings(deadline=None)
@given(POINTS.filter(lambda points: len(points) >= 3))
def test_weld_is_idempotent(points: list[tuple[float, float, float]]) -> None:
    """A welded surface welds to itself, face for face."""
    array = np.array(points, np.float32)
    faces = np.arange(len(array) // 3 * 3, dtype=np.int32).reshape(-1, 3)
    once = Mesh(array, faces).welded()
    again = Mesh(once.vertices, once.faces).welded()
    assert np.array_equal(once.vertices.view(np.uint32), again.vertices.view(np.uint32))
    assert np.array_equal(once.faces, again.faces)
    assert once.welded() is once
