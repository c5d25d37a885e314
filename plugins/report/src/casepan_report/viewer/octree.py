"""The vertices of a scan sorted into cubes, and which of the cubes can be merged into one vertex."""

from __future__ import annotations

import numpy as np
from attrs import define
from numpy.typing import NDArray

from casepan.mesh import Mesh, vertex_normals

Floats = NDArray[np.float32]
Ids = NDArray[np.int32]
Places = NDArray[np.intp]
Bools = NDArray[np.bool_]

CUBE_MM = 0.2
"""Side of the smallest cubes."""

LEVELS = 4
"""How many sizes of cubes there are, each twice as large as the one before."""

SINGLE = -1
"""The level of a vertex that stands for itself."""

_LEANING = 0.7  # least cosine between the normals of merged vertices and their mean: no fold, no two sheets
_MOST_CELLS = (1 << 21) - 1  # along an axis: what 63 bits can hold


@define(frozen=True, eq=False)
class Octree:
    """Vertices along a Morton curve, on which each cube of each size is one stretch.

    Attributes:
        order: intp (n,), vertex ids along the curve.
        codes: uint64 (n,), the smallest cube of each, ascending.
        points: float32 (n, 3), along the curve.
        normals: float32 (n, 3), along the curve, unit length.
        channels: float32 (n, c), along the curve, colours and heat from 0 to 255.
        border: bool (n,), along the curve.
        used: bool (n,), along the curve, whether a face has the vertex.
        faces: int32 (m, 3), corners as places along the curve; those with equal corners are left out.
    """

    order: Places
    codes: NDArray[np.uint64]
    points: Floats
    normals: Floats
    channels: Floats
    border: Bools
    used: Bools
    faces: Ids

    @classmethod
    def of(cls, mesh: Mesh, channels: NDArray[np.uint8], cube_mm: float = CUBE_MM) -> Octree:
        """The cubes of a welded scan with finite coordinates and at least one vertex.

        Args:
            mesh: the scan.
            channels: uint8 (n, c), what else must be alike where vertices are merged.
            cube_mm: side of the smallest cubes.
        """
        cells = (mesh.vertices - mesh.vertices.min(axis=0)) / np.float32(cube_mm)
        codes = _morton(np.minimum(cells, _MOST_CELLS).astype(np.uint64))
        order = np.argsort(codes)
        places = np.empty(len(order), np.int32)
        places[order] = np.arange(len(order), dtype=np.int32)
        faces = places.take(with_three_corners(mesh.faces))
        border, used = np.zeros(len(order), bool), np.zeros(len(order), bool)
        border[places[mesh.edges.boundary.ravel()]] = True
        used[faces.ravel()] = True
        normals = vertex_normals(mesh)[order]
        seen = channels[order].astype(np.float32)
        return cls(order, codes[order], mesh.vertices[order], normals, seen, border, used, faces)

    def merged(self, left: Places, starts: Places, tolerance_mm: float, spread: float) -> tuple[Bools, Ids]:
        """Which stretches are flat and alike enough to be one vertex, and the place nearest to the middle of each.

        Args:
            left: ascending places.
            starts: where the stretches begin in ``left``.
            tolerance_mm: how far a vertex may lie from its stretch's mean plane; infinite merges all.
            spread: how far apart the channels may be.
        """
        counts = np.diff(np.append(starts, len(left)))
        cube = np.repeat(np.arange(len(starts)), counts)
        points = self.points[left]
        means = np.add.reduceat(points, starts, axis=0) / counts[:, None].astype(np.float32)
        offsets = np.asarray(points - means.take(cube, axis=0), np.float32)
        away = np.einsum("ij,ij->i", offsets, offsets)
        hit = np.flatnonzero(away == np.minimum.reduceat(away, starts)[cube])
        nearest = np.empty(len(starts), np.int32)
        nearest[cube[hit]] = left[hit]
        if np.isinf(tolerance_mm):
            return np.ones(len(starts), bool), nearest
        good = self._flat(offsets, self.normals[left], starts, cube, tolerance_mm)
        return good & self._alike(left, starts, spread), nearest

    def _flat(self, offsets: Floats, normals: Floats, starts: Places, cube: Places, tolerance_mm: float) -> Bools:
        """Whether the vertices of each stretch lie near one plane and face one way."""
        main = np.add.reduceat(normals, starts, axis=0)
        main /= np.maximum(np.sqrt(np.einsum("ij,ij->i", main, main)), np.float32(1e-12))[:, None]
        axes = main[cube]
        heights = np.abs(np.einsum("ij,ij->i", offsets, axes))
        leaning = np.einsum("ij,ij->i", normals, axes)
        flat = np.maximum.reduceat(heights, starts) <= tolerance_mm
        return np.asarray(flat & (np.minimum.reduceat(leaning, starts) >= _LEANING), bool)

    def _alike(self, left: Places, starts: Places, spread: float) -> Bools:
        """Whether the channels of each stretch are close together."""
        alike = np.ones(len(starts), bool)
        for channel in self.channels.T:
            values = channel[left]
            alike &= np.maximum.reduceat(values, starts) - np.minimum.reduceat(values, starts) <= spread
        return alike


def with_three_corners(faces: Ids) -> Ids:
    """The faces whose corners are three different ones."""
    a, b, c = faces.T
    return np.asarray(faces[(a != b) & (b != c) & (c != a)], np.int32)


def _morton(cells: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The code of each cell (n, 3): the bits of its three numbers in turn."""
    x, y, z = (_spread(axis) for axis in cells.T)
    return np.asarray(x | y << np.uint64(1) | z << np.uint64(2), np.uint64)


def _spread(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The low 21 bits of each value with two zeros between them."""
    for shift, mask in (
        (32, 0x001F00000000FFFF),
        (16, 0x001F0000FF0000FF),
        (8, 0x100F00F00F00F00F),
        (4, 0x10C30C30C30C30C3),
        (2, 0x1249249249249249),
    ):
        values = (values | values << np.uint64(shift)) & np.uint64(mask)
    return values
