"""Buccal bite scans: one strip per side that lies on the cheek side of both arches."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from casepan.mesh.surface import Mesh
from casepan.testing.anatomy.border import ANTERIOR, FULL, LEFT, lengths
from casepan.testing.anatomy.crowns import LOWER, UPPER
from casepan.testing.anatomy.noise import Floats, along
from casepan.testing.anatomy.person import Person
from casepan.testing.anatomy.sheet import Sheet, values_at
from casepan.testing.anatomy.shell import Shell, largest_part

_PLACES = (3, 4, 5, 6)
_GUM_MM = 2.4
_NOISE_MM = 0.012
_BRIDGED_MM = 3.5
_BELOW_MM = 0.4
_FEWEST_COLUMNS, _FEWEST_ROWS = 48, 12


def buccal_bites(person: Person, shells: Mapping[str, Shell], coverage: str) -> tuple[Mesh, ...]:
    """The bite scans of the covered sides, left first, as dense as the arches."""
    sides = {FULL: (-1, 1), ANTERIOR: (-1, 1), LEFT: (-1,)}.get(coverage, (1,))
    return tuple(_strip(person, shells, side) for side in sides)


def _strip(person: Person, shells: Mapping[str, Shell], side: int) -> Mesh:
    """Rows run from the upper gum down to the upper cusps, across to the lower crowns and down to the lower gum."""
    rng = person.random(51 + side)
    s = _stretch(shells[UPPER].sheet, side)
    upper = _cheek_side(shells[UPPER], s, rng, np.inf)
    lowest = float(np.median(upper[:, -1, 2]))
    lower = _cheek_side(shells[LOWER], s, rng, lowest - _BELOW_MM)
    both = np.concatenate([upper, lower[:, ::-1]], axis=1)
    used, faces = np.unique(_faces(both[..., :3]), return_inverse=True)
    kept = both.reshape(-1, 6)[used]
    return Mesh(
        vertices=(kept[:, :3] + rng.normal(0, _NOISE_MM, (len(used), 3))).astype(np.float32),
        faces=faces.reshape(-1, 3).astype(np.int32),
        vertex_colours=np.clip(np.round(kept[:, 3:]), 0, 255).astype(np.uint8),
    )


def _stretch(sheet: Sheet, side: int) -> Floats:
    """Lengths along the arch (columns,) from canine to first molar."""
    cells = [c for c in sheet.cells if c.centre * side > 0 and c.fdi % 10 in _PLACES]
    start, end = min(c.start for c in cells), max(c.end for c in cells)
    return np.linspace(start, end, max(_FEWEST_COLUMNS, round(1.3 * (end - start) / sheet.grid.pitch)))


def _cheek_side(shell: Shell, s: Floats, rng: np.random.Generator, below: float) -> Floats:
    """Points and colours (columns, rows, 6) from the gum to short of the cusps, or until z reaches ``below``."""
    sheet = shell.sheet
    column = np.interp(s, lengths(sheet), np.arange(len(sheet.grid.owner)))
    walls = np.array([(1 - c.stand.crown.table[1]) / 2 for c in sheet.cells])[sheet.grid.owner]
    grid = np.concatenate([shell.world, shell.colours], axis=-1)
    start = sheet.crown_rows.start
    hidden = (shell.world[:, sheet.crown_rows, 2] > below).argmax(axis=1)
    crown = 0.92 * walls * sheet.grid.rows[1]
    crown = np.where(hidden > 0, np.minimum(crown, hidden), crown)[np.round(column).astype(int)]
    gum = (_GUM_MM + 0.5 * along(rng, s, longest=12.0, shortest=0.8)) / sheet.grid.pitch
    share = np.linspace(0, 1, max(_FEWEST_ROWS, round(float((gum + crown).mean()))))
    return values_at(grid, column[:, None], start - gum[:, None] + (gum + crown)[:, None] * share)


def _faces(points: Floats) -> NDArray[np.int64]:
    """Faces of the strip without those that would span open space."""
    index = np.arange(points.shape[0] * points.shape[1]).reshape(points.shape[:2])
    a, b, c, d = (i.ravel() for i in (index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]))
    faces = np.concatenate([np.stack([a, c, b], axis=1), np.stack([b, c, d], axis=1)])
    corners = points.reshape(-1, 3)[faces]
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    return largest_part(faces[longest < _BRIDGED_MM], index.size)
