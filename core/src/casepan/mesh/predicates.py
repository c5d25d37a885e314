"""Exact signs of determinants: floating point where its error bound decides, integers where it does not.

The bounds follow J. R. Shewchuk, "Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates"
(1997). Instead of his expansions the undecided cases are computed in integers: with 64 bits where the coordinates lie on
a common grid that is coarse enough, which those of a scan nearly always do, else with Python's own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Signs = NDArray[np.int8]

# Rounding errors of differences, products and sums, each at most 2^-53 relative: 8 of them (3 for 2D: 4), doubled.
_BOUND_3D = 16 * 2.0**-53
_BOUND_2D = 8 * 2.0**-53
_SCALE = 1074  # 2^-1074 is the smallest float64: every coordinate times 2^1074 is an integer


def orient3d(a: Points, b: Points, c: Points, d: Points) -> Signs:
    """On which side of the plane through a, b, c the points d lie, exactly.

    Args:
        a: float64 (3, k), one column per case; b, c and d alike.

    Returns:
        int8 (k,): 1 where d is below (a, b, c run clockwise seen from d), -1 where it is above, 0 on the plane.
        "Above" is the side that the normal of a counter-clockwise face points to, so the sign is that of the
        determinant ``|a - d, b - d, c - d|``.
    """
    (ux, uy, uz), (vx, vy, vz), (wx, wy, wz) = a - d, b - d, c - d
    det = ux * (vy * wz - vz * wy) + uy * (vz * wx - vx * wz) + uz * (vx * wy - vy * wx)
    size = abs(ux) * (abs(vy * wz) + abs(vz * wy))
    size += abs(uy) * (abs(vz * wx) + abs(vx * wz))
    size += abs(uz) * (abs(vx * wy) + abs(vy * wx))
    return _decided(det, _BOUND_3D * size, _exact_orient3d, (a, b, c, d))


def orient2d(a: Points, b: Points, c: Points) -> Signs:
    """Whether a, b, c run counter-clockwise (1), clockwise (-1) or lie on a line (0), exactly; float64 (2, k) each."""
    (ux, uy), (vx, vy) = a - c, b - c
    left, right = ux * vy, uy * vx
    return _decided(left - right, _BOUND_2D * (abs(left) + abs(right)), _exact_orient2d, (a, b, c))


def _decided(
    det: NDArray[np.float64],
    error: NDArray[np.float64],
    exact: Callable[..., int],
    points: tuple[Points, ...],
) -> Signs:
    """The sign of each determinant; a bound of zero means that every product was exactly zero."""
    signs = np.sign(det).astype(np.int8)
    open_ = np.flatnonzero((np.abs(det) <= error) & (error > 0))
    if not len(open_):
        return signs
    chosen = np.stack([point[:, open_] for point in points])
    differences, fits = _on_grid(chosen)
    signs[open_[fits]] = _grid_signs(differences[:, :, fits])
    for place in np.flatnonzero(~fits).tolist():
        signs[open_[place]] = exact(*(_integers(point) for point in chosen[:, :, place]))
    return signs


def _on_grid(points: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The points less the last of them in whole steps of a grid of their own, below 2^28, and where that is exact.

    Args:
        points: float64 (p, dimensions, k).
    """
    size = np.abs(points[:-1] - points[-1]).max(axis=(0, 1))
    scaled = np.ldexp(points, 27 - np.frexp(size)[1])
    fits = ((scaled == np.rint(scaled)) & (np.abs(scaled) < 2.0**52)).all(axis=(0, 1))
    whole = np.where(fits, scaled, 0).astype(np.int64)
    return whole[:-1] - whole[-1], fits


def _grid_signs(rows: NDArray[np.int64]) -> Signs:
    """The signs of determinants of 2 or 3 rows of integers below 2^28, int64 (rows, rows, k)."""
    if len(rows) == 2:
        (ux, uy), (vx, vy) = rows
        return np.asarray(np.sign(ux * vy - uy * vx), np.int8)
    u, (vx, vy, vz), (wx, wy, wz) = rows
    minors = np.stack([vy * wz - vz * wy, vz * wx - vx * wz, vx * wy - vy * wx])
    high, low = minors >> 30, minors & ((1 << 30) - 1)  # the whole product would need 85 bits
    top, rest = (high * u).sum(axis=0), (low * u).sum(axis=0)
    top += rest >> 30
    rest &= (1 << 30) - 1
    return np.asarray(np.where(top != 0, np.sign(top), np.sign(rest)), np.int8)


def _integers(point: NDArray[np.float64]) -> list[int]:
    """The coordinates times 2^1074."""
    ratios = (value.as_integer_ratio() for value in point.tolist())
    return [top << _SCALE - (below.bit_length() - 1) for top, below in ratios]


def _exact_orient3d(a: list[int], b: list[int], c: list[int], d: list[int]) -> int:
    (ux, uy, uz), (vx, vy, vz), (wx, wy, wz) = ([p - q for p, q in zip(x, d, strict=True)] for x in (a, b, c))
    det = ux * (vy * wz - vz * wy) + uy * (vz * wx - vx * wz) + uz * (vx * wy - vy * wx)
    return (det > 0) - (det < 0)


def _exact_orient2d(a: list[int], b: list[int], c: list[int]) -> int:
    det = (a[0] - c[0]) * (b[1] - c[1]) - (a[1] - c[1]) * (b[0] - c[0])
    return (det > 0) - (det < 0)
