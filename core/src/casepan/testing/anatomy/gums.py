"""Gums, floor of the mouth and palate: the bands of the sheet on both sides of the teeth."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from casepan.testing.anatomy.cells import PAD, Cell
from casepan.testing.anatomy.crowns import UPPER
from casepan.testing.anatomy.curve import Curve
from casepan.testing.anatomy.noise import Floats, along, bump, over, smoothstep
from casepan.testing.anatomy.person import Person

_DEEPEST = 15.0


@frozen(eq=False)
class Bands:
    """Points (u, rows, 3) beyond the gum line on both sides, nearest row first, and how deep (mm) each one lies."""

    buccal: Floats
    buccal_depth: Floats
    lingual: Floats
    lingual_depth: Floats


@frozen(eq=False)
class _Rim:
    """The gum line of every column (u,) on one side, mm.

    Attributes:
        s: length along the arch.
        outward: offset towards the cheek.
        height: towards the opposing jaw.
        papilla: 0 at the middle of a tooth, 1 between two.
        ridge: half breadth of the gum below.
        level: height of the gum line without its scallops.
        shift: the ridge's own offset towards the cheek.
    """

    s: Floats
    outward: Floats
    height: Floats
    papilla: Floats
    ridge: Floats
    level: Floats
    shift: Floats


def bands(
    person: Person, arch: str, cells: tuple[Cell, ...], x: Floats, owner: NDArray[np.int64], rows: tuple[int, int, int]
) -> Bands:
    """The cheek side and the tongue side of one arch."""
    curve = person.curves[arch]
    widening = 0.0 if arch == UPPER else 0.14
    buccal, buccal_depth = _apron(person, curve, _rim(cells, x, owner, -1.0), rows[0], 1.0, widening)
    rim = _rim(cells, x, owner, 1.0)
    if arch == UPPER:
        lingual, lingual_depth = _palate(person, curve, rim, rows[2])
    else:
        lingual, lingual_depth = _apron(person, curve, rim, rows[2], -1.0, 0.12)
    return Bands(buccal, buccal_depth, lingual, lingual_depth)


def _rim(cells: tuple[Cell, ...], x: Floats, owner: NDArray[np.int64], y: float) -> _Rim:
    parts = []
    for k, cell in enumerate(cells):
        mine = x[owner == k]
        parts.append(np.stack(cell.base(mine, np.full_like(mine, y))))
    s, outward, height = np.concatenate(parts, axis=1)
    centres = [c.centre for c in cells]
    breadth = np.interp(s, centres, [c.stand.crown.breadth * (0.34 if c.kind == PAD else 0.42) for c in cells])
    level = np.interp(s, centres, [c.middle.buccal_height for c in cells])
    shift = np.interp(s, centres, [(c.middle.buccal + c.middle.lingual) / 2 for c in cells])
    return _Rim(s, outward, height, np.abs(x) ** 2, breadth, level, shift)


def _apron(person: Person, curve: Curve, rim: _Rim, rows: int, side: float, widening: float) -> tuple[Floats, Floats]:
    """Gum that hangs from the gum line: a rolled rim, roots showing through, then the fold towards cheek or tongue."""
    t = np.arange(1, rows + 1) / rows
    depth = (rim.height - rim.level + _DEEPEST)[:, None] * t[None, :]
    height = rim.height[:, None] - depth
    below = np.maximum(0.0, rim.level[:, None] - height)
    roll = 0.45 * (1 - np.exp(-depth / 0.4))
    roots = 0.5 * bump(below, 3.0, 3.0) * (1 - rim.papilla[:, None])
    settle = (rim.shift + rim.ridge * side - rim.outward)[:, None] * smoothstep(depth, 0.3, 5.0)
    waves = 0.35 * along(person.random(11), rim.s, longest=30.0, shortest=5.0)[:, None] * smoothstep(below, 1.0, 7.0)
    back = smoothstep(np.abs(rim.s), 12.0, 35.0)[:, None]
    flare = (0.10 + widening * back) * below + (0.01 + 0.035 * back) * np.maximum(0.0, below - 4.0) ** 2
    outward = rim.outward[:, None] + settle + side * (roll + roots + waves + flare)
    s = np.broadcast_to(rim.s[:, None], depth.shape)
    points = np.concatenate([curve.place(s, outward), height[..., None]], axis=-1)
    return points, rim.level[:, None] - points[..., 2]


def _palate(person: Person, curve: Curve, rim: _Rim, rows: int) -> tuple[Floats, Floats]:
    """The vault from the gum line to the midline, where the columns of both sides meet."""
    t = np.arange(1, rows + 1) / rows
    spine = _spine(rim)
    away = t[None, :] * np.linalg.norm(spine - curve.place(rim.s, rim.outward), axis=1)[:, None]
    settled = smoothstep(away, 0.2, 4.5)
    outward = rim.outward[:, None] + (rim.shift - rim.ridge - rim.outward)[:, None] * settled
    start = curve.place(np.broadcast_to(rim.s[:, None], outward.shape), outward)
    flat = start + (spine[:, None] - start) * t[None, :, None]
    foot = rim.height[:, None] + (rim.level - rim.height)[:, None] * settled
    top = -(5.5 + (person.palate_depth - 3.0) * smoothstep(-flat[..., 1], 8.0, 30.0))
    height = foot + (top - foot) * (1 - (1 - t[None, :]) ** (2.0 + 0.4 * smoothstep(-spine[:, 1:], 8.0, 30.0)))
    height = height + 0.5 * bump(away, 1.2, 1.0) + _relief(person, flat, away)
    return np.concatenate([flat, height[..., None]], axis=-1), away


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
    flat3 = np.concatenate([flat, np.zeros((*flat.shape[:-1], 1))], axis=-1)
    total = 0.9 * bump(x, 0.0, 1.8) * bump(y, -9.5, 3.0) + 0.2 * bump(x, 0.0, 1.5) * smoothstep(-y, 12.0, 18.0)
    warp = 0.9 * over(rng, flat3, longest=12.0, shortest=2.5)
    strength = np.clip(0.75 + 0.6 * over(rng, flat3, longest=9.0, shortest=3.0), 0.1, 1.5)
    out = np.abs(x)
    slant = np.where(x > 0, rng.uniform(0.05, 0.4), rng.uniform(0.05, 0.4))
    start = np.where(x > 0, rng.uniform(), rng.uniform())
    ridges = np.maximum(0.0, np.sin(2 * np.pi * ((y + slant * out + warp) / rng.uniform(3.2, 4.4) + start)))
    window = smoothstep(out, 0.4, 1.8) * (1 - smoothstep(out, 8.0, 13.0)) * smoothstep(depth, 2.0, 5.0)
    window = window * smoothstep(-y, 9.0, 12.0) * (1 - smoothstep(-y, 22.0, 28.0))
    total = total + 0.8 * strength * ridges * window
    return np.asarray(total, dtype=np.float64)
