"""The tolerance with which all scans of a case fit into a page."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from math import inf

import numpy as np
from attrs import define
from numpy.typing import NDArray

from casepan.mesh import Mesh
from casepan_report.viewer.lighter import Draft
from casepan_report.viewer.octree import CUBE_MM, Octree
from casepan_report.viewer.packing import Grid, packed

TOLERANCES_MM = (0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 0.35, 0.6)
"""Tried in turn. The first is the repeatability of a good scanner: what is finer shows noise."""

_ROUGH_MM = tuple(CUBE_MM * 2**k for k in range(1, 12))
_BYTES_PER_VERTEX = (
    10.0  # in the page, with colour and its two faces; measured 10 to 13: a try that is too large is undone
)
_WORKERS = 2


@define(frozen=True, eq=False)
class Material:
    """What of a scan goes into the page.

    Attributes:
        mesh: welded, coordinates finite, at least one face.
        shades: uint8 (n, 3), or None.
        heat: uint8 (n,), or None.
    """

    mesh: Mesh
    shades: NDArray[np.uint8] | None
    heat: NDArray[np.uint8] | None

    @property
    def channels(self) -> NDArray[np.uint8]:
        """Shades and heat side by side, uint8 (n, 0 to 4)."""
        blank = np.empty((len(self.mesh.vertices), 0), np.uint8)
        heat = blank if self.heat is None else self.heat[:, None]
        return np.concatenate([blank if self.shades is None else self.shades, heat], axis=1)


@define(frozen=True)
class Block:
    """One scan as it goes into the page.

    Attributes:
        data: see :mod:`casepan_report.viewer.packing`.
        grid: the steps of its places.
        vertices: their number.
        faces: their number.
        error_mm: no vertex of the scan lies farther than this from the faces; infinite where small parts vanished.
    """

    data: bytes
    grid: Grid
    vertices: int
    faces: int
    error_mm: float

    @property
    def size(self) -> int:
        """Bytes in the page, as base64."""
        return (len(self.data) + 2) // 3 * 4


@define(frozen=True)
class Fit:
    """All scans with one tolerance.

    Attributes:
        tolerance_mm: what was asked for; infinite where no tolerance fits the budget.
        blocks: one for each scan.
    """

    tolerance_mm: float
    blocks: tuple[Block, ...]

    @property
    def size(self) -> int:
        """Bytes in the page."""
        return sum(block.size for block in self.blocks)

    @property
    def error_mm(self) -> float:
        """The largest error of all."""
        return max((block.error_mm for block in self.blocks), default=0.0)


def fit(materials: Sequence[Material], budget_bytes: int) -> Fit:
    """The scans with the smallest tolerance of the list with which they fit the budget.

    Where even the largest does not do, vertices are merged in larger and larger cubes without a promise; the error is
    measured all the same.
    """
    with ThreadPoolExecutor(_WORKERS) as pool:
        trees = list(pool.map(_tree, materials))
        for tolerance in TOLERANCES_MM:
            drafts = list(pool.map(partial(_draft, tolerance=tolerance), trees))
            if sum(draft.size for draft in drafts) * _BYTES_PER_VERTEX > budget_bytes:
                continue
            found = Fit(tolerance, tuple(pool.map(_block, materials, drafts)))
            if found.size <= budget_bytes:
                return found
        for cube in _ROUGH_MM:
            rough = list(pool.map(partial(_rough, cube_mm=cube), materials))
            found = Fit(inf, tuple(pool.map(_block, materials, rough)))
            if found.size <= budget_bytes:
                break
    return found


def _tree(material: Material) -> Octree:
    return Octree.of(material.mesh, material.channels)


def _draft(tree: Octree, tolerance: float) -> Draft:
    return Draft.of(tree, tolerance)


def _rough(material: Material, cube_mm: float) -> Draft:
    return Draft.of(Octree.of(material.mesh, material.channels, cube_mm), inf)


def _block(material: Material, draft: Draft) -> Block:
    grid = Grid.of(draft.tree.points, draft.tolerance_mm)
    light = draft.finished(grid.places(grid.steps(draft.tree.points)))
    steps = grid.steps(material.mesh.vertices[light.kept])
    shades, heat = (None if each is None else each[light.kept] for each in (material.shades, material.heat))
    data = packed(steps, light.faces, shades, heat)
    return Block(data, grid, len(light.kept), len(light.faces), light.error_mm)
