"""Whatever the kernels are given, they answer or refuse; the process lives on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casepan.mesh import kernels

REFUSALS = (ValueError, IndexError, OverflowError, TypeError, BufferError)


def raw() -> Any:
    """The compiled module itself."""
    return kernels._fast


def tried(call: Callable[..., object], *arguments: object) -> bool:
    """Whether a call answered rather than refused; anything but a refusal or an answer fails the test."""
    try:
        call(*arguments)
    except REFUSALS:
        return False
    return True


SIZES = st.integers(0, 40)
SEEDS = st.integers(0, 2**32 - 1)
ODD = st.one_of(st.integers(-3, 60), st.sampled_from([2**31 - 1, 2**31, 2**32, 2**63 - 1, 2**64, -(2**63)]))


def ints(rng: np.random.Generator, count: int, top: int = 20) -> Any:
    """int32 that are mostly sensible, sometimes wild."""
    values = rng.integers(0, max(top, 1), count)
    values[rng.random(count) < rng.choice([0, 0, 0.05])] = rng.choice([-1, top, 2**31 - 1, -(2**31)])
    return values.astype(np.int32)


def floats(rng: np.random.Generator, count: int) -> Any:
    """float32 of every kind."""
    values = rng.normal(size=count).astype(np.float32)
    special = np.array([np.nan, np.inf, -np.inf, 3e38, -3e38, 1e-45, -0.0], np.float32)
    wild = rng.random(count) < rng.choice([0, 0, 0.1])
    values[wild] = rng.choice(special, int(wild.sum()))
    return values


@settings(max_examples=300, deadline=None)
@given(SEEDS, SIZES, SIZES, SIZES)
def test_topology_kernels_survive_any_numbers(seed: int, faces: int, vertices: int, edges: int) -> None:
    """Indices below zero and beyond the end, tables that do not ascend, results of the wrong size."""
    rng = np.random.default_rng(seed)
    corners, marks = ints(rng, 3 * faces, vertices), rng.integers(0, 4, faces).astype(np.uint8)
    room = 3 * faces + int(rng.choice([0, 0, 0, -1, 1]))
    start, high, uses = (
        np.zeros(max(size, 0), kind) for size, kind in ((vertices + 1, "i4"), (room, "i4"), (room, "u2"))
    )
    tried(raw().mark_faces, corners, marks, vertices)
    tried(raw().count_edges, corners, start, high, uses)
    table = np.sort(ints(rng, vertices + 1, edges)) if rng.random() < 0.7 else ints(rng, vertices + 1, edges)
    tried(raw().label_parts, table, ints(rng, edges, vertices), np.empty(vertices, np.int32))
    tried(raw().edge_ids, corners, table, ints(rng, edges, vertices), np.empty(3 * faces, np.int32))


@settings(max_examples=300, deadline=None)
@given(SEEDS, SIZES, SIZES, ODD)
def test_pairs_survive_any_numbers(seed: int, points: int, faces: int, most: int) -> None:
    """Coordinates that are no numbers, faces without vertices, limits beyond 64 bits."""
    rng = np.random.default_rng(seed)
    tried(raw().meeting_pairs, floats(rng, 3 * points), ints(rng, 3 * faces, points), most)


@settings(max_examples=300, deadline=None)
@given(SEEDS, st.integers(0, 400), SIZES, st.tuples(ODD, ODD, ODD), ODD)
def test_weld_survives_any_layout(seed: int, size: int, count: int, layout: tuple[int, int, int], salt: int) -> None:
    """Records that overlap or run past the end are refused."""
    data = np.random.default_rng(seed).bytes(size)
    inverse = np.full(count, -1, np.int32)
    offset, stride, run = layout
    if tried(raw().weld, data, inverse, *layout, salt) and count:
        assert offset + (count // run - 1) * stride + 12 * run <= size
        assert inverse.min() == 0


@settings(max_examples=300, deadline=None)
@given(SEEDS, st.binary(max_size=120), SIZES)
def test_text_survives_any_bytes(seed: int, text: bytes, room: int) -> None:
    """Words longer than the text, places past its end, results that are too small."""
    rng = np.random.default_rng(seed)
    starts, ends = np.empty(room, np.int32), np.empty(room, np.int32)
    assert raw().split_words(text, starts, ends) == min(raw().count_words(text), room)
    at = ints(rng, room, len(text) + 1)
    to = at + ints(rng, room, 9)
    tried(raw().read_numbers, text, at, to, np.empty(room), np.empty(room, np.uint8))
    tried(raw().scan_facets, text, room)


@settings(max_examples=300, deadline=None)
@given(SEEDS, SIZES, SIZES, SIZES, st.integers(-1, 1), st.sampled_from([0.0, 1.0, 1e30, np.inf, np.nan, -1.0]))
def test_distances_survive_any_numbers(
    seed: int, vertices: int, faces: int, points: int, more: int, limit: float
) -> None:
    """Faces without vertices, results of the wrong size, limits that are none; an answer names faces that are there."""
    rng = np.random.default_rng(seed)
    shapes = floats(rng, 3 * vertices), ints(rng, 3 * faces, vertices), floats(rng, 3 * points)
    found = np.full(max(points + more, 0), -7, np.int32)
    if tried(raw().nearest_faces, *shapes, np.empty(points), found, np.empty(points), limit):
        assert ((found >= -1) & (found < faces)).all()


@settings(max_examples=200, deadline=None)
@given(SEEDS, SIZES, SIZES, st.integers(-1, 1))
def test_records_survive_any_numbers(seed: int, vertices: int, faces: int, more: int) -> None:
    """Faces without vertices and room for more or fewer records."""
    rng = np.random.default_rng(seed)
    tried(
        raw().stl_records,
        floats(rng, 3 * vertices),
        ints(rng, 3 * faces, vertices),
        bytearray(max(50 * faces + more, 0)),
    )


@settings(max_examples=200, deadline=None)
@given(SEEDS, SIZES, SIZES, SIZES, SIZES, st.booleans())
def test_pictures_survive_any_numbers(seed: int, points: int, faces: int, width: int, height: int, some: bool) -> None:
    """Places that are no numbers, faces without vertices, slots past the end."""
    rng = np.random.default_rng(seed)
    with np.errstate(all="ignore"):
        places = floats(rng, 3 * points) * np.float32(20)
    corners = ints(rng, 3 * faces, points)
    slots = ints(rng, width * height if some else 0, 10)
    samples = int(rng.integers(0, 4))
    pixels = np.zeros(samples * (10 if some else width * height) + int(rng.choice([0, 0, 1])), np.uint64)
    shifts, depths = floats(rng, 2 * samples), floats(rng, 2)
    sizes = int(rng.choice([1, 2, 3, 3, 3, 6])), width, height
    tried(raw().rasterise, places, corners, slots, shifts, depths, pixels, *sizes)
    tried(raw().normal_sums, places, corners, np.empty(3 * points, np.float32))
    asked = ints(rng, width, faces), floats(rng, width), floats(rng, width)
    row = int(rng.integers(1, 10))
    mixed = np.empty(max(row - 2, 0) * width + height % 2, np.float32)
    tried(raw().mix, floats(rng, row * points), corners, *asked, mixed, row)


def test_every_kernel_refuses_what_is_no_buffer() -> None:
    """Wrong types, wrong numbers of arguments, and buffers that may not be written."""
    for name in dir(raw()):
        call = getattr(raw(), name)
        if not callable(call) or name.startswith("_"):
            continue
        for count in range(12):
            assert not tried(call, *[None] * count), name
            assert not tried(call, *[b""] * count) or name in ("count_words", "split_words"), name


@pytest.mark.parametrize("shift", [1, 2, 3])
def test_buffers_that_are_not_aligned_are_refused(shift: int) -> None:
    """A float32 that begins at an odd byte is not read as one."""
    data = bytearray(120)
    with pytest.raises(ValueError, match="aligned"):
        raw().meeting_pairs(memoryview(data)[shift : shift + 36], np.zeros(3, np.int32), 5)


def test_a_result_may_not_overlap_an_argument() -> None:
    """Checked indices cannot be changed under a kernel's hands by itself."""
    start, high = np.zeros(5, np.int32), np.zeros(4, np.int32)
    with pytest.raises(ValueError, match="overlaps"):
        raw().label_parts(start, high, start[:4])


def test_arrays_with_gaps_are_refused() -> None:
    """Only contiguous buffers are taken; casepan.mesh.kernels copies the others."""
    with pytest.raises(REFUSALS):
        raw().meeting_pairs(np.zeros((6, 6), np.float32)[:, ::2], np.zeros(3, np.int32), 5)


def test_too_many_overlaps_end_the_search() -> None:
    """Faces heaped on one place are given up, not compared for hours."""
    faces = np.arange(3000, dtype=np.int32)
    points = np.random.default_rng(0).normal(size=(3000, 3)).astype(np.float32)
    with pytest.raises(OverflowError):
        raw().meeting_pairs(points, faces, 1000)
