"""The surface inside one cell: a natural crown, a prepared stump, a scan body, or bare gum.

A cell is a square [-1, 1] x [-1, 1] (along the arch, cheek to tongue). Its middle is the chewing surface; the rest is
walls, which run as Bezier curves from the edge of the chewing surface over the bulge of the crown down to the gum
line, so that a wall may hang over its own foot as a real one does.
"""

from __future__ import annotations

import numpy as np
from attrs import evolve, frozen

from casepan.testing.anatomy.cells import PREPARED, SCAN_BODY, Cell
from casepan.testing.anatomy.curve import Curve
from casepan.testing.anatomy.noise import Floats, smoothstep

REDUCTION = 1.8
_SHOULDER = 0.55
_MARGIN_AT = 0.86
_CONTACT_GAP, _CONTACT_SOFT = 0.06, 0.4
_BODY_RADIUS = 2.1
_BODY_TOP = -0.9
_BODY_FLAT = 1.35


@frozen
class Spot:
    """Where the points of a grid lie in their cell.

    Attributes:
        square: (..., 2) place on the chewing surface, or the direction of the wall, in [-1, 1].
        wall: (...) 0 on the chewing surface, 1 at the gum line.
    """

    square: Floats
    wall: Floats


@frozen
class Frame:
    """A crown's own axes: ``origin`` (2,), ``along`` (2,) and ``inward`` (2,) seen from above."""

    origin: Floats
    along: Floats
    inward: Floats
    pivot: float
    torque: float

    def place(self, local: Floats, height: Floats) -> Floats:
        """Points (..., 3) of local coordinates (..., 2) in mm at a height."""
        lean = self.torque * (height - self.pivot)
        flat = self.origin + local[..., :1] * self.along + (local[..., 1:] - lean[..., None]) * self.inward
        return np.concatenate([flat, height[..., None]], axis=-1)


def frame_of(cell: Cell, curve: Curve) -> Frame:
    """Where a cell's crown stands and how it is turned."""
    angle = float(curve.angle_at(cell.centre)) + cell.stand.rotation
    along = np.array([np.cos(angle), np.sin(angle)])
    origin = curve.place(np.asarray(cell.centre), cell.stand.outward)
    return Frame(origin, along, np.array([along[1], -along[0]]), cell.stand.pivot, cell.stand.torque)


def spots(x: Floats, y: Floats, table: tuple[float, float]) -> Spot:
    """Split a grid of cell coordinates into chewing surface and walls."""
    wall = np.maximum((np.abs(x) - table[0]) / (1 - table[0]), (np.abs(y) - table[1]) / (1 - table[1])).clip(0.0, 1.0)
    half = [t + wall * (1 - t) for t in table]
    return Spot(np.stack([x / half[0], y / half[1]], axis=-1), wall)


def rounded(square: Floats, roundness: float) -> Floats:
    """Squeeze the square's corners towards an ellipse."""
    x, y = square[..., 0], square[..., 1]
    disc = np.stack([x * np.sqrt(1 - y * y / 2), y * np.sqrt(1 - x * x / 2)], axis=-1)
    return square + (disc - square) * roundness


def relief(cell: Cell, local: Floats) -> Floats:
    """Height of the chewing surface at local coordinates (mm): cones at the cusps; where they meet are the fissures."""
    crown = cell.stand.crown
    half = np.array([crown.width * crown.edge[0], crown.breadth * crown.edge[1]]) / 2
    lean = crown.lean * crown.breadth
    total = np.zeros(local.shape[:-1])
    sharpness = 7.0
    for mesial, lingual, height in crown.cusps:
        dx = local[..., 0] - cell.mesial * mesial * half[0]
        dy = local[..., 1] - lean - lingual * half[1]
        total += np.exp(sharpness * (height - crown.slope * (np.sqrt(dx * dx + dy * dy + 0.25) - 0.5)))
    return np.asarray(np.log(total) / sharpness + cell.stand.lift, dtype=np.float64)


def outline(cell: Cell, square: Floats) -> Floats:
    """The widest contour of the crown (mm, local coordinates) in the direction of ``square``."""
    crown = cell.stand.crown
    shape = rounded(square, crown.roundness)
    narrower = 1 - crown.taper * np.maximum(0.0, shape[..., 1])
    return np.stack([shape[..., 0] * narrower * crown.width / 2, shape[..., 1] * crown.breadth / 2], axis=-1)


def edge(cell: Cell, square: Floats) -> Floats:
    """Local coordinates of the chewing surface for ``square`` in [-1, 1]."""
    crown = cell.stand.crown
    shape = (
        rounded(square, crown.roundness) * np.array([crown.edge[0] * crown.width, crown.edge[1] * crown.breadth]) / 2
    )
    return np.asarray(shape + np.array([0.0, crown.lean * crown.breadth]), dtype=np.float64)


def foot(cell: Cell, curve: Curve, square: Floats) -> Floats:
    """Points (..., 3) on the line around the cell where the crown meets gum or its neighbour."""
    s, outward, height = cell.base(square[..., 0], square[..., 1])
    return np.concatenate([curve.place(s, outward), height[..., None]], axis=-1)


def bezier(points: tuple[Floats, Floats, Floats, Floats], t: Floats) -> Floats:
    """A cubic Bezier curve for every grid point."""
    a, b, c, d = points
    t = t[..., None]
    u = 1 - t
    return np.asarray(u * u * u * a + 3 * u * u * t * b + 3 * u * t * t * c + t * t * t * d, dtype=np.float64)


def patch(cell: Cell, curve: Curve, x: Floats, y: Floats) -> Floats:
    """Points (..., 3) of the cell's surface: seen from above and height."""
    if cell.kind == PREPARED:
        return _stump(cell, curve, x, y)
    if cell.kind == SCAN_BODY:
        return _body(cell, curve, x, y)
    if cell.kind != "tooth":
        return foot(cell, curve, np.stack([x, y], axis=-1))
    return _crown(cell, curve, x, y)


def _crown(cell: Cell, curve: Curve, x: Floats, y: Floats) -> Floats:
    crown, frame = cell.stand.crown, frame_of(cell, curve)
    spot = spots(x, y, crown.table)
    rim = edge(cell, spot.square)
    height = relief(cell, rim)
    bottom = foot(cell, curve, spot.square)
    widest = outline(cell, spot.square)
    full = crown.fullness[0] + (crown.fullness[1] - crown.fullness[0]) * smoothstep(spot.square[..., 1], -0.6, 0.6)
    full = full + (0.8 - full) * smoothstep(np.abs(spot.square[..., 0]), 0.45, 1.0)
    drop = height - bottom[..., 2]
    upper = frame.place(rim + (widest * 1.02 - rim) * full[..., None], height - 0.10 * drop)
    lower = frame.place(widest, height - 0.62 * drop)
    points = bezier((frame.place(rim, height), upper, lower, bottom), spot.wall)
    return _between_neighbours(cell, curve, points, 1 - spot.wall)


def _between_neighbours(cell: Cell, curve: Curve, points: Floats, room: Floats) -> Floats:
    """Press the crown softly flat where it would enter its neighbour's cell, as crowded teeth wear each other."""
    nearest, soft = _CONTACT_GAP * room, _CONTACT_SOFT * room + 1e-9
    for end, inward in ((cell.start, 1.0), (cell.end, -1.0)):
        angle = float(curve.angle_at(end))
        normal = inward * np.array([np.cos(angle), np.sin(angle)])
        distance = (points[..., :2] - curve.place(np.asarray(end), 0.0)) @ normal
        pressed = nearest + (soft - nearest) * np.exp(np.minimum(0.0, distance - soft) / (soft - nearest))
        points[..., :2] += np.where(distance < soft, pressed - distance, 0.0)[..., None] * normal
    return points


def finish_line(cell: Cell, square: Floats) -> Floats:
    """Where in its cell (..., 2) a preparation's outer margin lies in the direction of ``square``."""
    table = np.array(_stump_table(cell))
    return np.asarray(square * (table + _MARGIN_AT * (1 - table)), dtype=np.float64)


def _stump_table(cell: Cell) -> tuple[float, float]:
    return (0.5, 0.5) if cell.fdi % 10 > 3 else (0.5, 0.3)


def _margin(cell: Cell, curve: Curve, square: Floats) -> Floats:
    bottom = foot(cell, curve, square)
    centre = frame_of(cell, curve).origin
    flat = centre + (bottom[..., :2] - centre) * 0.93
    return np.concatenate([flat, bottom[..., 2:] + 0.35], axis=-1)


def _stump(cell: Cell, curve: Curve, x: Floats, y: Floats) -> Floats:
    """A crown cut down by ``REDUCTION`` mm with tapering walls, a shoulder, and a sharp finish line above the gum."""
    frame = frame_of(cell, curve)
    spot = spots(x, y, _stump_table(cell))
    margin = _margin(cell, curve, spot.square)
    rim_local = edge(cell, spot.square)
    top = relief(cell, rim_local) - REDUCTION
    shoulder = frame.origin + (margin[..., :2] - frame.origin) * (1 - _shoulder_share(cell))
    inner = np.concatenate([shoulder, margin[..., 2:] + 0.1], axis=-1)
    rim = frame.place(rim_local * 0.62 / max(cell.stand.crown.edge), np.minimum(top, -REDUCTION + 0.3))
    bottom = foot(cell, curve, spot.square)
    return _path((rim, inner, margin, bottom), (0.0, 0.66, _MARGIN_AT, 1.0), spot.wall)


def _shoulder_share(cell: Cell) -> float:
    return 2 * (_SHOULDER + 0.35) / min(cell.stand.crown.width, cell.stand.crown.breadth)


def body_top(cell: Cell, curve: Curve) -> Floats:
    """The point (3,) where a scan body's axis leaves its top."""
    return np.append(frame_of(cell, curve).origin, _BODY_TOP)


def _body(cell: Cell, curve: Curve, x: Floats, y: Floats) -> Floats:
    """A scan body: a cylinder with one flat side towards the cheek, standing in a little cuff of gum."""
    frame = evolve(frame_of(cell, curve), torque=0.0)
    spot = spots(x, y, (0.3, 0.3))
    disc = rounded(spot.square, 1.0)
    disc = disc / np.maximum(1.0, np.linalg.norm(disc, axis=-1, keepdims=True)) * _BODY_RADIUS
    flat = np.stack([disc[..., 0], np.maximum(disc[..., 1], -_BODY_FLAT)], axis=-1)
    bottom = foot(cell, curve, spot.square)
    ground = np.full(x.shape, cell.middle.buccal_height + 1.2)
    top = frame.place(flat, np.full(x.shape, _BODY_TOP))
    upright = frame.place(flat, ground)
    cuff = frame.place(disc * 1.25, ground + 0.2)
    return _path((top, upright, cuff, bottom), (0.0, 0.6, 0.7, 1.0), spot.wall)


def _path(points: tuple[Floats, ...], stops: tuple[float, ...], t: Floats) -> Floats:
    """Straight legs from point to point, reached at the given stops."""
    result = points[0]
    for k in range(1, len(points)):
        share = np.clip((t - stops[k - 1]) / (stops[k] - stops[k - 1]), 0.0, 1.0)[..., None]
        result = result + (points[k] - points[k - 1]) * share
    return np.asarray(result, dtype=np.float64)
