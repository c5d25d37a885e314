"""The one place that knows whether compiled kernels are there (distribution ``casepan-fast``).

They give what the numpy code beside each call gives: the same integers and order, floats to the last bit where files
depend on them. ``CASEPAN_NO_FAST=1`` in the environment switches them off.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from types import ModuleType

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int32]
Floats = NDArray[np.float64]
Ids = NDArray[np.intp]

API = 3
"""The version of the calls below; kernels of another version are left alone."""

_POINT = 12  # bytes of three float32
_SALT = int.from_bytes(os.urandom(4), "little")  # no result depends on it, see weld.c


def _load() -> ModuleType | None:
    if os.environ.get("CASEPAN_NO_FAST") or sys.byteorder != "little":
        return None
    try:
        found = import_module("casepan_fast._kernels")
    except ImportError:
        return None
    return found if getattr(found, "API", None) == API else None


_fast: Any = _load()


def compiled() -> bool:
    """Whether the kernels may be called; nothing else in this module works without them."""
    return _fast is not None


def weld(points: FloatArray) -> tuple[FloatArray, IntArray]:
    """See :func:`casepan.mesh.weld.weld_points`."""
    return _weld(np.ascontiguousarray(points, np.float32), len(points), 0, _POINT, 1)


def weld_field(records: NDArray[Any], name: str) -> tuple[FloatArray, IntArray]:
    """See :func:`casepan.mesh.weld.weld_field`; the points are read where they lie."""
    assert records.dtype.fields is not None
    kind, offset = records.dtype.fields[name][:2]
    return _weld(records, len(records), offset, records.dtype.itemsize, kind.itemsize // _POINT)


def _weld(data: NDArray[Any], count: int, offset: int, stride: int, run: int) -> tuple[FloatArray, IntArray]:
    """Records of ``run`` points each, ``stride`` bytes apart, the first ``offset`` bytes behind the start."""
    inverse = np.empty(count * run, np.int32)
    found = _fast.weld(data, inverse, offset, stride, run, _SALT)
    return np.frombuffer(found, np.float32).reshape(-1, 3), inverse


def mark_faces(faces: IntArray, vertex_count: int) -> NDArray[np.uint8]:
    """uint8 (m,): 1 for faces with two equal corners, 2 for faces with the corners of an earlier one, else 0."""
    marks = np.empty(len(faces), np.uint8)
    _fast.mark_faces(np.ascontiguousarray(faces, np.int32), marks, vertex_count)
    return marks


def count_edges(faces: IntArray, vertex_count: int) -> tuple[IntArray, IntArray, NDArray[np.uint16]] | None:
    """``start``, ``high`` and narrow ``uses`` of an :class:`EdgeTable`; None where an edge has more than 255 faces on
    one side."""
    start = np.empty(vertex_count + 1, np.int32)
    high, uses = np.empty(3 * len(faces), np.int32), np.empty(3 * len(faces), np.uint16)
    edges = _fast.count_edges(np.ascontiguousarray(faces, np.int32), start, high, uses)
    return None if edges < 0 else (start, high[:edges].copy(), uses[:edges].copy())


def edge_ids(faces: IntArray, start: IntArray, high: IntArray) -> IntArray:
    """The edge ids of faces, see :attr:`EdgeTable.of_faces`."""
    ids = np.empty((len(faces), 3), np.int32)
    _fast.edge_ids(np.ascontiguousarray(faces, np.int32), start, high, ids)
    return ids


def label_parts(start: IntArray, high: IntArray) -> IntArray:
    """The number of each vertex' connected part, see :attr:`EdgeTable.vertex_labels`."""
    labels = np.empty(len(start) - 1, np.int32)
    _fast.label_parts(start, high, labels)
    return labels


def meeting_pairs(vertices: FloatArray, faces: IntArray, most: int) -> IntArray | None:
    """Pairs of faces that meet besides what they share, int32 (k, 2) in no special order.

    None when more than ``most`` pairs of boxes overlap. Coordinates must be finite.
    """
    try:
        found = _fast.meeting_pairs(np.ascontiguousarray(vertices, np.float32), np.ascontiguousarray(faces), most)
    except OverflowError:
        return None
    return np.frombuffer(found, np.int32).reshape(-1, 2)


def split_words(text: NDArray[np.uint8]) -> tuple[IntArray, IntArray]:
    """Where the words of a text start and end, int32 (k,) each."""
    count = _fast.count_words(text)
    starts, ends = np.empty(count, np.int32), np.empty(count, np.int32)
    _fast.split_words(text, starts, ends)
    return starts, ends


def read_numbers(text: NDArray[np.uint8], starts: IntArray, ends: IntArray) -> tuple[Floats, NDArray[np.bool_]]:
    """Plain decimal words as numbers, and which of the words were such."""
    values, good = np.empty(len(starts), np.float64), np.empty(len(starts), np.bool_)
    begin, stop = np.ascontiguousarray(starts, np.int32), np.ascontiguousarray(ends, np.int32)
    _fast.read_numbers(text, begin, stop, values, good.view(np.uint8))
    return values, good


def scan_facets(text: bytes, begin: int) -> tuple[FloatArray, int]:
    """The corners of the plain facets of an ASCII STL from one offset on, float32 (m, 3, 3), and where they end."""
    corners, end = _fast.scan_facets(text, begin)
    return np.frombuffer(corners, np.float32).reshape(-1, 3, 3), end


def nearest_faces(
    vertices: FloatArray, faces: IntArray, points: FloatArray, limit_mm: float
) -> tuple[Floats, IntArray, Floats]:
    """The squared distance from each point to its nearest face, that face (-1 for none), and the height over it.

    See :func:`casepan.mesh.nearest.nearest_faces`.
    """
    count = len(points)
    squares, found, heights = np.empty(count), np.empty(count, np.int32), np.empty(count)
    inputs = (np.ascontiguousarray(each) for each in (vertices, faces, points))
    _fast.nearest_faces(*inputs, squares, found, heights, limit_mm)
    return squares, found, heights


def stl_records(vertices: FloatArray, faces: IntArray) -> bytearray:
    """The records of a binary STL, 50 bytes a face, with unit normals."""
    records = bytearray(50 * len(faces))
    _fast.stl_records(np.ascontiguousarray(vertices), np.ascontiguousarray(faces), records)
    return records


def rasterise(
    values: FloatArray,
    faces: IntArray,
    size: tuple[int, int],
    shifts: FloatArray,
    slots: IntArray | None,
    depths: FloatArray,
    room: int,
) -> NDArray[np.uint64]:
    """The packed depth steps and face numbers of all pixels, uint64 (points, room); 0 where no face is.

    Args:
        values: float32 (n, 3 or more), of each vertex first x and y in pixels and depth towards the viewer.
        faces: int32 (m, 3).
        size: width and height.
        shifts: float32 (points, 2), the x and y of each point from its pixel's centre.
        slots: int32 (height * width,), the place of each pixel in the result, -1 for those left out, or None for all.
        depths: float32 (2,), the farthest depth and the steps per mm.
        room: how many pixels the result has.
    """
    pixels = np.zeros((len(shifts), room), np.uint64)
    chosen = np.empty(0, np.int32) if slots is None else slots
    inputs = np.ascontiguousarray(values), np.ascontiguousarray(faces), np.ascontiguousarray(chosen), shifts, depths
    _fast.rasterise(*inputs, pixels, values.shape[1], *size)
    return pixels


def mix(values: FloatArray, faces: IntArray, chosen: IntArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """What lies between the corners of faces, float32 (columns, k).

    Args:
        values: float32 (n, 2 + columns): x and y in the picture, then what is mixed, of each vertex.
        faces: int32 (m, 3).
        chosen: int32 (k,), the face of each point.
        x: float32 (k,).
        y: float32 (k,).
    """
    mixed = np.empty((values.shape[1] - 2, len(chosen)), np.float32)
    _fast.mix(values, np.ascontiguousarray(faces), chosen, x, y, mixed, values.shape[1])
    return mixed


def normal_sums(vertices: FloatArray, faces: IntArray) -> FloatArray:
    """The sum of the normals of the faces round each vertex, each as long as twice its area, float32 (n, 3)."""
    normals = np.empty((len(vertices), 3), np.float32)
    _fast.normal_sums(np.ascontiguousarray(vertices, np.float32), np.ascontiguousarray(faces), normals)
    return normals
