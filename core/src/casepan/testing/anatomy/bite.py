"""Buccal bite scans: one strip per side that lies on the cheek side of both arches."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from casepan.mesh.surface import Mesh
from casepan.testing.anatomy.border import ANTERIOR, FULL, LEFT
from casepan.testing.anatomy.cells import row
from casepan.testing.anatomy.colour import paint
from casepan.testing.anatomy.crowns import LOWER, UPPER
from casepan.testing.anatomy.noise import Floats, along
from casepan.testing.anatomy.occlusion import Ceiling, into_world
from casepan.testing.anatomy.person import Person
from casepan.testing.anatomy.sheet import Sheet, sample, spread

_SHARE = 0.35
_NOISE_MM = 0.012
_GUM_MM = 3.5


def buccal_bites(
    person: Person, kinds: Mapping[int, str], ceiling: Ceiling, triangles: int, coverage: str
) -> tuple[Mesh, ...]:
    """The bite scans of the covered sides, left first; each has about a third of the triangles of an arch."""
    pitch = math.sqrt(2 * 30.0 * 24.0 / (triangles * _SHARE)) * 1.15
    sheets = {}
    for arch in (UPPER, LOWER):
        cells = row(person, arch, kinds)
        sheet = spread(person, arch, cells, sample(cells, arch, pitch))
        sheets[arch] = (sheet, into_world(person, arch, sheet.points), paint(person, arch, sheet))
    sides = {FULL: (-1, 1), ANTERIOR: (-1, 1), LEFT: (-1,)}.get(coverage, (1,))
    return tuple(_strip(person, sheets, side) for side in sides)


def _strip(
    person: Person, sheets: Mapping[str, tuple[Sheet, Floats, NDArray[np.uint8]]], side: int
) -> Mesh:
    rng = person.random(50 + side)
    parts = [_part(rng, arch, *sheets[arch], side) for arch in (UPPER, LOWER)]
    count = min(len(p[0]) for p in parts)
    picks = [np.linspace(0, len(p[0]) - 1, count).round().astype(int) for p in parts]
    points = np.concatenate([p[0][i] for p, i in zip(parts, picks, strict=True)], axis=1)
    colours = np.concatenate([p[1][i] for p, i in zip(parts, picks, strict=True)], axis=1)
    index = np.arange(points.shape[0] * points.shape[1]).reshape(points.shape[:2])
    a, b, c, d = (i.ravel() for i in (index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]))
    faces = np.concatenate([np.stack([a, c, b], axis=1), np.stack([b, c, d], axis=1)])
    vertices = points.reshape(-1, 3) + rng.normal(0, _NOISE_MM, (index.size, 3))
    return Mesh(vertices.astype(np.float32), faces.astype(np.int32), colours.reshape(-1, 3))


def _part(
    rng: np.random.Generator, arch: str, sheet: Sheet, world: Floats, colours: NDArray[np.uint8], side: int
) -> tuple[Floats, NDArray[np.uint8]]:
    """The cheek side of one arch from canine to first molar: rows run from upper gum to lower gum."""
    wanted = [k for k, c in enumerate(sheet.cells) if c.centre * side > 0 and c.fdi % 10 in (3, 4, 5, 6)]
    columns = np.flatnonzero(np.isin(sheet.grid.owner, wanted))
    start = sheet.crown_rows.start
    gum = max(2, round(_GUM_MM / sheet.grid.pitch))
    crown = round(sheet.grid.rows[1] * (0.20 if arch == UPPER else 0.17))
    rows = np.arange(start - gum, start + crown)
    rows = rows if arch == UPPER else rows[::-1]
    return world[np.ix_(columns, rows)], colours[np.ix_(columns, rows)]
