"""Texture coordinates of an open HPS file."""

from __future__ import annotations

import numpy as np

from casepan.errors import CorruptFile
from casepan.mesh.surface import FloatArray, IntArray

_EVERY_FACE = 0xFF
_NONE = 0xFFFFFFFF


def corner_uv(data: bytes, faces: IntArray, vertices: int, name: str) -> FloatArray:
    """One pair per face corner, v counted from below (the file counts it from above), NaN where there is none.

    Per vertex a flag byte and pairs of four bytes: flag 1, one pair for all corners at this vertex; another flag, one
    pair for each face round it, in face order.

    Returns:
        float32 (m, 3, 2).

    Raises:
        CorruptFile: the records do not fit the faces.
    """
    corners = faces.reshape(-1)
    valence = np.bincount(corners, minlength=vertices)
    starts, single = _records(data, valence.tolist(), name)
    order = np.argsort(corners, kind="stable")
    step = np.arange(len(corners)) - np.repeat(np.cumsum(valence) - valence, valence)
    owner = corners[order]
    begins = starts[owner] + np.where(single[owner], 0, 4 * step)
    raw = np.frombuffer(data, np.uint8)[begins[:, None] + np.arange(4)].reshape(-1).view("<u4")
    uv = np.empty((len(corners), 2), np.float32)
    uv[order] = _pairs(raw)
    return uv.reshape(-1, 3, 2)


def _records(data: bytes, valence: list[int], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Where the first pair of each vertex is, and whether it is its only one."""
    starts = np.empty(len(valence), np.int64)
    single = np.empty(len(valence), bool)
    at = 0
    for vertex, faces in enumerate(valence):
        flag = data[at] if at < len(data) else -1
        if flag not in (1, faces, _EVERY_FACE):
            raise CorruptFile("HPS: the texture coordinates do not fit the faces", place=name or None, offset=at)
        starts[vertex] = at + 1
        single[vertex] = flag == 1
        at += 1 + 4 * (1 if flag == 1 else faces)
    if at != len(data):
        raise CorruptFile("HPS: the texture coordinates do not fit the vertices", place=name or None, offset=len(data))
    return starts, single


def _pairs(raw: np.ndarray) -> FloatArray:
    """u in the low, v in the high half; 15 bits of 1/32767, or with bit 15 set of 512/32767 less 256."""
    halves = np.stack([raw & 0xFFFF, raw >> 16], axis=1)
    low = (halves & 0x7FFF) / 32767.0
    uv = np.where(halves & 0x8000, low * 512.0 - 256.0, low)
    uv[:, 1] = 1.0 - uv[:, 1]
    uv[raw == _NONE] = np.nan
    return uv.astype(np.float32)
