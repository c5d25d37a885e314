"""One arch as a sheet: columns along the arch, rows from cheek to tongue or to the middle of the palate."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from casepan.testing.anatomy import gums
from casepan.testing.anatomy.cells import PAD, Cell
from casepan.testing.anatomy.crowns import UPPER
from casepan.testing.anatomy.noise import Floats, over
from casepan.testing.anatomy.patches import patch
from casepan.testing.anatomy.person import Person

Ints = NDArray[np.int64]
_ROWS_MM = {"buccal": 16.0, "crown": 20.0, "lingual": 16.0, "palate": 30.0}
_WALLS_MM = 4.0
_SMOOTHING_MM = 0.22


@frozen(eq=False)
class Grid:
    """How an arch is sampled.

    Attributes:
        columns: (u,) cell coordinate of each column in [-1, 1].
        owner: (u,) index of the cell a column belongs to; a column between two cells belongs to the later one.
        rows: number of rows in the buccal band, the crown band and the lingual band.
        pitch: mm that one step aims at.
    """

    columns: Floats
    owner: Ints
    rows: tuple[int, int, int]
    pitch: float


@frozen(eq=False)
class Sheet:
    """A sampled arch.

    Attributes:
        points: (u, v, 3) seen from above and height towards the opposing jaw, mm.
        depth: (u, v) mm below the gum line, 0 on teeth, positive on the cheek side and on the tongue side.
        grid: how it was sampled.
        cells: the arch's cells.
    """

    points: Floats
    depth: Floats
    grid: Grid
    cells: tuple[Cell, ...]

    @property
    def crown_rows(self) -> slice:
        """The rows that hold teeth, gum lines included."""
        first = self.grid.rows[0]
        return slice(first, first + self.grid.rows[1] + 1)


def sample(cells: tuple[Cell, ...], arch: str, pitch: float) -> Grid:
    """A grid whose steps are about ``pitch`` mm on the finished surface; the same number of columns left and right."""
    widths = np.array([c.end - c.start + (0 if c.kind == PAD else _WALLS_MM) for c in cells])
    widths = np.maximum(widths, widths[::-1])
    lengths = (_ROWS_MM["buccal"], _ROWS_MM["crown"], _ROWS_MM["palate" if arch == UPPER else "lingual"])
    rows = tuple(max(3, round(mm / pitch)) for mm in lengths)
    evened = pitch * sum(rows) * pitch / sum(lengths)  # columns make up for what rounding did to the rows
    counts = np.maximum(2, np.round(widths / evened).astype(int))
    steps = [np.linspace(-1, 1, n, endpoint=False) for n in counts]
    columns = np.concatenate([*steps, [1.0]])
    owner = np.concatenate([np.repeat(np.arange(len(cells)), counts), [len(cells) - 1]])
    return Grid(columns, owner, (rows[0], rows[1], rows[2]), pitch)


def spread(person: Person, arch: str, cells: tuple[Cell, ...], grid: Grid) -> Sheet:
    """Compute the surface of one arch on a grid."""
    crown = _crowns(person, arch, cells, grid)
    bands = gums.bands(person, arch, cells, grid.columns, grid.owner, grid.rows)
    points = np.concatenate([bands.buccal[:, ::-1], crown, bands.lingual], axis=1)
    nothing = np.zeros(crown.shape[:2])
    depth = np.concatenate([bands.buccal_depth[:, ::-1], nothing, bands.lingual_depth], axis=1)
    points = _smoothed(points, grid.pitch)
    points[..., 2] += 0.03 * over(person.random(7), points, longest=7.0, shortest=1.5, terms=16)
    return Sheet(points, depth, grid, cells)


def _crowns(person: Person, arch: str, cells: tuple[Cell, ...], grid: Grid) -> Floats:
    y = np.linspace(-1, 1, grid.rows[1] + 1)
    result = np.empty((len(grid.columns), len(y), 3))
    for k, cell in enumerate(cells):
        mine = np.flatnonzero(grid.owner == k)
        x, across = np.broadcast_arrays(grid.columns[mine][:, None], y[None, :])
        result[mine] = patch(cell, person.curves[arch], x, across)
    return result


def _smoothed(points: Floats, pitch: float) -> Floats:
    """Round the creases between cells and bands as a scanner's own meshing does; the sheet's rim stays."""
    share = min(0.5, (_SMOOTHING_MM / pitch) ** 2 / 2)
    passes = max(1, round((_SMOOTHING_MM / pitch) ** 2))
    for _ in range(passes):
        inner = points[1:-1]
        inner += share * 0.5 * (points[2:] + points[:-2] - 2 * inner)
        across = points[:, 1:-1]
        across += share * 0.5 * (points[:, 2:] + points[:, :-2] - 2 * across)
    return points


def values_at(grid: Floats, column: Floats, row: Floats) -> Floats:
    """Values of a grid (u, v, k) at fractional columns and rows."""
    column = np.broadcast_to(column, row.shape)
    i = np.clip(column.astype(int), 0, grid.shape[0] - 2)
    j = np.clip(row.astype(int), 0, grid.shape[1] - 2)
    a, b = (column - i)[..., None], (row - j)[..., None]
    near, far = grid[i, j] * (1 - b) + grid[i, j + 1] * b, grid[i + 1, j] * (1 - b) + grid[i + 1, j + 1] * b
    return np.asarray(near * (1 - a) + far * a, dtype=np.float64)
