"""A light scan as few bytes that a browser unpacks with what it has: whole numbers, differences, deflate.

The block of a scan is one zlib stream of these parts in a row, each number split into its bytes (all lowest bytes
first), signed differences folded to unsigned ones (0, -1, 1, -2 … as 0, 1, 2, 3 …):

- x, then y, then z of the vertices in steps from the box's lowest corner, each as the difference to the vertex before,
  modulo 2**16, 2 bytes;
- with colour: G, then R - G, then B - G, each as the difference to the vertex before, modulo 2**8, 1 byte;
- with heat: 0 for no value, else 1 to 255 for the range, as the difference to the vertex before, modulo 2**8, 1 byte;
- the faces, turned so that their smallest corner is the first, ascending: first corner as the difference to that of
  the face before, then how far the second lies behind the first, then the third behind the first, 3 bytes.
"""

from __future__ import annotations

import zlib

import numpy as np
from attrs import define
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ids = NDArray[np.int32]
Bytes = NDArray[np.uint8]

_STEPS = 65_535
_FINEST_MM = 0.002
_LEVEL = 4  # of zlib: twice as fast as the usual 6, 2 per cent larger


@define(frozen=True)
class Grid:
    """The steps in which places are stored.

    Attributes:
        low: the lowest corner of the box, millimetres.
        step_mm: one step.
    """

    low: tuple[float, float, float]
    step_mm: float

    @classmethod
    def of(cls, points: Floats, tolerance_mm: float) -> Grid:
        """A grid for points (n, 3), finer than an eighth of the tolerance where 65,535 steps allow it."""
        low, high = points.min(axis=0).astype(np.float64), points.max(axis=0).astype(np.float64)
        wish = _FINEST_MM if np.isinf(tolerance_mm) else max(_FINEST_MM, tolerance_mm / 8)
        x, y, z = low.tolist()
        return cls((x, y, z), max(wish, float((high - low).max()) / _STEPS))

    def steps(self, points: Floats) -> NDArray[np.uint16]:
        """Points in steps, uint16 (n, 3)."""
        return np.asarray(np.rint((points - np.array(self.low)) / self.step_mm).clip(0, _STEPS), np.uint16)

    def places(self, steps: NDArray[np.uint16]) -> Floats:
        """Where these steps are, float32 (n, 3)."""
        return np.asarray(steps * self.step_mm + np.array(self.low), np.float32)


def packed(steps: NDArray[np.uint16], faces: Ids, shades: Bytes | None, heat: Bytes | None) -> bytes:
    """The block of one scan.

    Args:
        steps: uint16 (n, 3).
        faces: int32 (m, 3).
        shades: uint8 (n, 3), or None.
        heat: uint8 (n,), or None.
    """
    parts = [_split(_folded(np.diff(axis, prepend=np.uint16(0)).view(np.int16)), 2) for axis in steps.T]
    bytes_ = [] if shades is None else [shades[:, 1], shades[:, 0] - shades[:, 1], shades[:, 2] - shades[:, 1]]
    bytes_ += [] if heat is None else [heat]
    parts += [_split(_folded(np.diff(values, prepend=np.uint8(0)).view(np.int8)), 1) for values in bytes_]
    first, second, third = _turned(faces).T
    parts += [
        _split(_folded(values), 3)
        for values in (np.diff(first, prepend=first.dtype.type(0)), second - first, third - first)
    ]
    return zlib.compress(b"".join(parts), _LEVEL)


def _turned(faces: Ids) -> Ids:
    """The faces with their smallest corner first, sorted."""
    lead = faces.argmin(axis=1) if len(faces) else np.empty(0, np.intp)
    turned = np.take_along_axis(faces, (lead[:, None] + np.arange(3)) % 3, axis=1)
    return turned[np.argsort(turned[:, 0].astype(np.int64) << 32 | turned[:, 1])]


def _folded(values: NDArray[np.signedinteger]) -> NDArray[np.unsignedinteger]:
    """0, -1, 1, -2 … as 0, 1, 2, 3 …, in the unsigned type of the same size."""
    bits = values.dtype.itemsize * 8
    folded = (values << 1) ^ (values >> (bits - 1))
    return folded.view(f"u{values.dtype.itemsize}")


def _split(values: NDArray[np.unsignedinteger], size: int) -> bytes:
    """The lowest ``size`` bytes of each value, all lowest ones first."""
    table = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"), copy=False).view(np.uint8)
    return table.reshape(len(values), -1)[:, :size].T.tobytes()
