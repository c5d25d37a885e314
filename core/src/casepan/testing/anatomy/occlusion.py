"""How the two arches meet: a height map of the upper teeth, and lower teeth moved and worn until they touch it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from casepan.testing.anatomy.border import faces_of
from casepan.testing.anatomy.cells import row
from casepan.testing.anatomy.crowns import LOWER, UPPER
from casepan.testing.anatomy.noise import Floats
from casepan.testing.anatomy.person import Person
from casepan.testing.anatomy.sheet import Sheet, sample, spread

CLEARANCE_MM = 0.02
_PITCH = 0.35
_PIXEL = 0.12
_MOST_LIFT = 2.5
_TOUCHING = 8
_WEAR_MM = 0.08


@frozen(eq=False)
class Ceiling:
    """Lowest z of the upper teeth over a raster: ``heights`` (rows, columns), infinite where there is nothing above."""

    origin: Floats
    heights: Floats

    def over(self, points: Floats) -> Floats:
        """Height above points (..., 2 or 3), between the raster's nodes by their four neighbours."""
        place = (points[..., :2] - self.origin) / _PIXEL
        low = np.clip(np.floor(place).astype(int), 0, np.array(self.heights.shape)[::-1] - 2)
        fx, fy = np.moveaxis(np.clip(place - low, 0, 1), -1, 0)
        x, y = low[..., 0], low[..., 1]
        h = self.heights
        near, far = h[y, x] * (1 - fx) + h[y, x + 1] * fx, h[y + 1, x] * (1 - fx) + h[y + 1, x + 1] * fx
        inside = np.isfinite(near) & np.isfinite(far)
        with np.errstate(invalid="ignore"):
            return np.where(inside, near * (1 - fy) + far * fy, np.inf)


def into_world(person: Person, arch: str, points: Floats) -> Floats:
    """From height towards the opposing jaw to z up, with the occlusal plane bent by the curve of Spee."""
    bend = person.spee * (((-points[..., 1] - 22.0) / 22.0) ** 2 - 0.35)
    sign = -1.0 if arch == UPPER else 1.0
    return np.concatenate([points[..., :2], (sign * points[..., 2] + bend)[..., None]], axis=-1)


def meet(person: Person) -> tuple[Person, Ceiling]:
    """The same person with every lower tooth lifted or lowered until it meets the upper arch, and the map it meets."""
    upper = _teeth(person, UPPER)
    ceiling = _ceiling(into_world(person, UPPER, upper.points), upper)
    lower = _teeth(person, LOWER)
    world = into_world(person, LOWER, lower.points)
    gap = ceiling.over(world) - world[..., 2]
    return person.lifted(_lifts(lower, gap)), ceiling


def _teeth(person: Person, arch: str) -> Sheet:
    """The crowns of one arch without gums, all natural: planned work changes nothing about how the others meet."""
    cells = row(person, arch, {})
    grid = sample(cells, arch, _PITCH)
    return spread(person, arch, cells, evolve(grid, rows=(0, grid.rows[1], 0)))


def _ceiling(world: Floats, sheet: Sheet) -> Ceiling:
    faces = faces_of(sheet, np.ones(world.shape[:2], dtype=bool), LOWER)  # crowns alone do not meet in a palate
    vertices = world.reshape(-1, 3)
    low, high = vertices[:, :2].min(axis=0) - 1, vertices[:, :2].max(axis=0) + 1
    shape = np.ceil((high - low) / _PIXEL).astype(int)[::-1] + 2
    return Ceiling(low, lowest(vertices, faces, low, (int(shape[0]), int(shape[1]))))


def lowest(vertices: Floats, faces: NDArray[np.int64], origin: Floats, shape: tuple[int, int]) -> Floats:
    """Lowest z of a surface at the nodes of a raster (exact on its triangles), infinite where it is not."""
    heights = np.full(shape[0] * shape[1], np.inf)
    flat = (vertices[:, :2] - origin) / _PIXEL
    corners, z = flat[faces], vertices[:, 2][faces]
    first = np.ceil(corners.min(axis=1)).astype(int)
    size = np.floor(corners.max(axis=1)).astype(int) - first + 1
    edge_b, edge_c = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = edge_b[:, 0] * edge_c[:, 1] - edge_b[:, 1] * edge_c[:, 0]
    usable = np.abs(area) > 1e-9
    for dx in range(int(size[:, 0].max())):
        for dy in range(int(size[:, 1].max())):
            pick = np.flatnonzero(usable & (size[:, 0] > dx) & (size[:, 1] > dy))
            node = first[pick] + (dx, dy)
            to = node - corners[pick, 0]
            b = (to[:, 0] * edge_c[pick, 1] - to[:, 1] * edge_c[pick, 0]) / area[pick]
            c = (edge_b[pick, 0] * to[:, 1] - edge_b[pick, 1] * to[:, 0]) / area[pick]
            on = (b >= 0) & (c >= 0) & (b + c <= 1)
            value = (z[pick, 0] * (1 - b - c) + z[pick, 1] * b + z[pick, 2] * c)[on]
            np.minimum.at(heights, node[on, 1] * shape[1] + node[on, 0], value)
    return heights.reshape(shape)


def _lifts(lower: Sheet, gap: Floats) -> Mapping[int, float]:
    lifts = {}
    for k, cell in enumerate(lower.cells):
        mine = gap[lower.grid.owner == k]
        mine = mine[np.isfinite(mine)]
        if cell.kind == "tooth" and len(mine) > 20 * _TOUCHING:
            reach = float(np.partition(mine, _TOUCHING)[_TOUCHING])
            lifts[cell.fdi] = max(reach + _WEAR_MM, -_MOST_LIFT) if reach < _MOST_LIFT else 0.0
    return lifts
