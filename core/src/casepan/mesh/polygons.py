"""Polygons cut into triangles, with what belongs to their corners."""

from __future__ import annotations

import numpy as np
from attrs import define
from numpy.typing import NDArray

Offsets = NDArray[np.int64]


@define(frozen=True, eq=False)
class Fan:
    """How polygons become triangles: every polygon is a fan round its first corner.

    Attributes:
        corners: int64 (m, 3), positions in the run of all polygon corners.
        polygons: int64 (m,), the polygon each triangle came from.
    """

    corners: Offsets
    polygons: Offsets


def fan(lengths: Offsets) -> Fan:
    """Triangulate polygons of the given numbers of corners; those with fewer than three give nothing."""
    if (lengths == 3).all():
        count = len(lengths)
        return Fan(np.arange(3 * count).reshape(-1, 3), np.arange(count))
    triangles = np.maximum(lengths - 2, 0)
    polygons = np.repeat(np.arange(len(lengths)), triangles)
    begins = (np.cumsum(lengths) - lengths)[polygons]
    step = np.arange(len(polygons)) - np.repeat(np.cumsum(triangles) - triangles, triangles)
    return Fan(np.stack([begins, begins + step + 1, begins + step + 2], axis=1), polygons)
