"""Raised letters on the wall of a base, in casepan's own stroke font."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from attrs import define
from manifold3d import CrossSection, Manifold, OpType
from numpy.typing import NDArray

from casepan.mesh.pictures.font import text_strokes, text_width
from casepan_prepare.modelling.body import Body

Floats = NDArray[np.float64]

_RAISED_MM = 0.6
_SUNK_MM = 0.5  # how far letters reach into the wall, so that they hold
_BESIDE_MM = 3.0  # free wall at each end
_ABOVE_MM = 1.1  # free wall above and below, thickness of strokes and tails included
_TALLEST_MM, _SMALLEST_MM = 5.0, 1.8
_STROKE = 0.17  # thickness of a stroke, of the letters' height


@define(frozen=True, eq=False)
class _Wall:
    """A flat part of a wall: its middle, its direction (text runs along it) and its outward side; float64 (2,)."""

    middle: Floats
    along: Floats
    outward: Floats
    length: float


def labelled(body: Body, text: str) -> Manifold | None:
    """The body with a text on the longest flat wall of its base, or None where not even small letters fit."""
    wall = _longest(body.outline)
    room = body.top - body.low - 2 * _ABOVE_MM
    height = min(_TALLEST_MM, room, (wall.length - 2 * _BESIDE_MM) / max(text_width(text, 1.0), 1e-9))
    if height < _SMALLEST_MM or not text.strip():
        return None
    letters = _letters(text, height).extrude(_RAISED_MM + _SUNK_MM)
    base_line = body.low + _ABOVE_MM + (room - height) / 2
    return body.solid + letters.transform(_place(wall, base_line))


def _longest(outline: Floats) -> _Wall:
    here, there = outline, np.roll(outline, -1, axis=0)
    sides = there - here
    lengths = np.linalg.norm(sides, axis=1)
    best = int(lengths.argmax())
    along = sides[best] / lengths[best]
    return _Wall((here[best] + there[best]) / 2, along, np.array([along[1], -along[0]]), float(lengths[best]))


def _letters(text: str, height: float) -> CrossSection:
    """The text as an area, its middle at x = 0 and its base line at y = 0."""
    dot = CrossSection.circle(height * _STROKE / 2, 12)
    parts = []
    for stroke in text_strokes(text, -text_width(text, height) / 2, 0.0, height):
        points = stroke * (1, -1)
        parts += [CrossSection.batch_hull([dot.translate(tuple(end)) for end in pair]) for pair in pairwise(points)]
    return CrossSection.batch_boolean(parts, OpType.Add)


def _place(wall: _Wall, base_line: float) -> Floats:
    """float64 (3, 4): letters drawn in x and y, thick along z, onto the wall, upright and readable from outside."""
    along, up, outward = np.array([*wall.along, 0.0]), np.array([0.0, 0.0, 1.0]), np.array([*wall.outward, 0.0])
    corner = np.array([*wall.middle, base_line]) - _SUNK_MM * outward
    return np.stack([along, up, outward, corner], axis=1)
