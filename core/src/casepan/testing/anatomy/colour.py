"""Vertex colours: enamel, gum, palate, stump and scan body, with a soft line between tooth and gum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from casepan.testing.anatomy.cells import PREPARED, SCAN_BODY, TOOTH
from casepan.testing.anatomy.noise import Floats, over, smoothstep
from casepan.testing.anatomy.person import Person
from casepan.testing.anatomy.sheet import Sheet

_ENAMEL = np.array([226.0, 210.0, 178.0])
_DENTINE = np.array([205.0, 176.0, 128.0])
_BODY = np.array([214.0, 216.0, 220.0])
_GUM = np.array([212.0, 134.0, 132.0])
_DEEP_GUM = np.array([192.0, 96.0, 102.0])
_HARD = {TOOTH: _ENAMEL, PREPARED: _DENTINE, SCAN_BODY: _BODY}


def paint(person: Person, sheet: Sheet) -> NDArray[np.uint8]:
    """Colours (u, v, 3) of a sheet's vertices."""
    rng = person.random(40)
    shade = rng.normal(0.0, 6.0, 3)
    deep = smoothstep(sheet.depth, 3.0, 11.0)[..., None]
    colours = _GUM + (_DEEP_GUM - _GUM) * deep
    crowns = colours[:, sheet.crown_rows]
    edges = {
        TOOTH: _hardness(sheet, 0.86, 1.0),
        PREPARED: _hardness(sheet, 0.9, 1.0),
        SCAN_BODY: _hardness(sheet, 0.7, 0.78),
    }
    for k, cell in enumerate(sheet.cells):
        if cell.kind in _HARD:
            mine = sheet.grid.owner == k
            hardness = edges[cell.kind][mine][..., None]
            crowns[mine] += (_HARD[cell.kind] + shade - crowns[mine]) * hardness
    colours += 5.0 * over(rng, sheet.points, longest=8.0, shortest=1.0)[..., None]
    return np.asarray(np.clip(np.round(colours), 0, 255), dtype=np.uint8)


def _hardness(sheet: Sheet, inside: float, outside: float) -> Floats:
    """1 on what is not gum, falling to 0 between two distances from the cell's middle; neighbours touch in enamel."""
    y = np.abs(np.linspace(-1, 1, sheet.grid.rows[1] + 1))[None, :]
    x = np.abs(sheet.grid.columns)[:, None]
    near_papilla = 0.93 * x**6 * y if outside >= 1.0 else x
    return 1 - smoothstep(np.maximum(y, near_papilla), inside, outside)
