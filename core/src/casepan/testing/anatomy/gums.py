"""Gums, floor of the mouth and palate: the bands of the sheet on both sides of the teeth."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from casepan.testing.anatomy.cells import PAD, Cell
from casepan.testing.anatomy.crowns import UPPER
from casepan.testing.anatomy.curve import Curve
from casepan.testing.anatomy.noise import Floats, along, bump, smoothstep
from casepan.testing.anatomy.person import Person

_DEEPEST = 17.0


@frozen(eq=False)
class Bands:
    """Points (u, rows, 3) beyond the gum line on both sides, nearest row first, and how deep (mm) each one lies."""

    buccal: Floats
    buccal_depth: Floats
    lingual: Floats
    lingual_depth: Floats


@frozen(eq=False)
class _Rim:
    """The gum line of every column on one side: length along the arch, outward offset, height, closeness to a papilla."""

    s: Floats
    outward: Floats
    height: Floats
    papilla: Floats
    ridge: Floats


def bands(
    person: Person, arch: str, cells: tuple[Cell, ...], x: Floats, owner: NDArray[np.int64], rows: tuple[int, int, int]
) -> Bands:
    """The cheek side and the tongue side of one arch."""
    curve = person.curves[arch]
    buccal, buccal_depth = _apron(person, curve, _rim(cells, x, owner, -1.0), rows[0], 1.0)
    rim = _rim(cells, x, owner, 1.0)
    if arch == UPPER:
        lingual, lingual_depth = _palate(person, curve, rim, rows[2])
    else:
        lingual, lingual_depth = _apron(person, curve, rim, rows[2], -1.0)
    return Bands(buccal, buccal_depth, lingual, lingual_depth)


def _rim(cells: tuple[Cell, ...], x: Floats, owner: NDArray[np.int64], y: float) -> _Rim:
    parts = []
    for k, cell in enumerate(cells):
        mine = x[owner == k]
        parts.append(np.stack(cell.base(mine, np.full_like(mine, y))))
    s, outward, height = np.concatenate(parts, axis=1)
    centres = [c.centre for c in cells]
    breadth = [c.stand.crown.breadth * (0.34 if c.kind == PAD else 0.42) for c in cells]
    return _Rim(s, outward, height, np.abs(x) ** 2, np.interp(s, centres, breadth))


def _apron(person: Person, curve: Curve, rim: _Rim, rows: int, side: float) -> tuple[Floats, Floats]:
    """Gum that hangs from the gum line: a rolled rim, roots showing through, then the fold towards cheek or tongue."""
    t = np.arange(1, rows + 1) / rows
    length = rim.height + _DEEPEST
    depth = length[:, None] * t[None, :]
    roll = 0.45 * (1 - np.exp(-depth / 0.4))
    roots = 0.55 * bump(depth, 3.5, 3.0) * (1 - rim.papilla[:, None])
    settle = (rim.ridge * side - rim.outward)[:, None] * smoothstep(depth, 0.3, 5.0)
    waves = 0.35 * along(person.random(11), rim.s, longest=30.0, shortest=5.0)[:, None] * smoothstep(depth, 1.0, 7.0)
    flare = 0.05 * np.maximum(0.0, depth - 5.0) ** 2 if side > 0 else -0.10 * depth
    outward = rim.outward[:, None] + settle + side * (roll + roots + waves + flare)
    s = np.broadcast_to(rim.s[:, None], depth.shape)
    points = np.concatenate([curve.place(s, outward), (rim.height[:, None] - depth)[..., None]], axis=-1)
    return points, depth


def _palate(person: Person, curve: Curve, rim: _Rim, rows: int) -> tuple[Floats, Floats]:
    """The vault from the gum line to the midline, where the columns of both sides meet."""
    t = np.arange(1, rows + 1) / rows
    start = curve.place(rim.s, rim.outward)
    spine = _spine(rim)
    behind = smoothstep(-spine[:, 1], 8.0, 30.0)
    top = -(5.5 + (person.palate_depth - 3.0) * behind)
    flat = start[:, None] + (spine - start)[:, None] * t[None, :, None]
    steep = 1.5 + 0.9 * behind[:, None]
    rise = 1 - (1 - t[None, :]) ** steep
    height = rim.height[:, None] + (top - rim.height)[:, None] * rise
    depth = np.linalg.norm(flat - start[:, None], axis=-1)
    roll = 0.5 * bump(depth, 1.2, 1.0)
    height = height + roll + _relief(person, flat, depth)
    return np.concatenate([flat, height[..., None]], axis=-1), depth


def _spine(rim: _Rim) -> Floats:
    """Where each column meets the midline (u, 2): equal for the two columns that mirror each other."""
    count = len(rim.s)
    from_middle = np.abs(np.arange(count) - (count - 1) / 2) / ((count - 1) / 2)
    half = float(np.abs(rim.s).max())
    y = -13.0 - (half * 0.70 - 13.0) * from_middle**1.15
    return np.stack([np.zeros(count), y], axis=1)


def _relief(person: Person, flat: Floats, depth: Floats) -> Floats:
    """Rugae, the papilla behind the incisors and the line of the midline suture, as height."""
    rng = person.random(12)
    x, y = flat[..., 0], flat[..., 1]
    total = 0.9 * bump(x, 0.0, 1.8) * bump(y, -9.5, 3.0) + 0.25 * bump(x, 0.0, 1.0) * smoothstep(-y, 12.0, 18.0)
    for side in (-1.0, 1.0):
        out = np.abs(x)
        wobble = 0.9 * along(rng, out.ravel(), longest=9.0, shortest=2.5).reshape(out.shape)
        phase = (y + rng.uniform(0.05, 0.35) * out + wobble) / rng.uniform(3.0, 4.2) + rng.uniform()
        ridges = np.maximum(0.0, np.sin(2 * np.pi * phase)) ** 1.5
        window = smoothstep(out, 0.6, 2.2) * (1 - smoothstep(out, 9.0, 13.0)) * smoothstep(depth, 2.0, 5.0)
        window = window * smoothstep(-y, 9.0, 12.0) * (1 - smoothstep(-y, 22.0, 28.0)) * (np.sign(x) == side)
        total = total + rng.uniform(0.5, 1.0) * ridges * window
    return np.asarray(total, dtype=np.float64)
