"""Polygons cut into triangles, with what belongs to their corners."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import define
from numpy.typing import NDArray

Offsets = NDArray[np.int64]


@define(frozen=True, eq=False)
class Fan:
    """How polygons become triangles: every polygon is a fan round its first corner.

    Attributes:
        size: how many triangles there are.
        corners: int64 (m, 3), positions in the run of all polygon corners; None when all polygons are triangles.
        polygons: int64 (m,), the polygon that each triangle came from; None when all polygons are triangles.
    """

    size: int
    corners: Offsets | None = None
    polygons: Offsets | None = None

    def of_corners(self, values: NDArray[Any]) -> NDArray[Any]:
        """What belongs to polygon corners (c, ...), for the corners of the triangles (m, 3, ...)."""
        if self.corners is None:
            return values.reshape(-1, 3, *values.shape[1:])
        return values[self.corners]

    def of_polygons(self, values: NDArray[Any]) -> NDArray[Any]:
        """What belongs to polygons (p, ...), for the triangles (m, ...)."""
        return values if self.polygons is None else values[self.polygons]


def fan(lengths: Offsets) -> Fan:
    """Triangulate polygons of the given numbers of corners; those with fewer than three give nothing."""
    if (lengths == 3).all():
        return Fan(len(lengths))
    triangles = np.maximum(lengths - 2, 0)
    polygons = np.repeat(np.arange(len(lengths)), triangles)
    begins = (np.cumsum(lengths) - lengths)[polygons]
    step = np.arange(len(polygons)) - np.repeat(np.cumsum(triangles) - triangles, triangles)
    return Fan(len(polygons), np.stack([begins, begins + step + 1, begins + step + 2], axis=1), polygons)
