"""Letters as strokes, drawn sharp at any size."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

# Strokes of a glyph on a grid 4 wide with capitals 6 high, the base line at 0; "~" rounds a stroke's corners, and a
# closed one ends where it began. Lower-case letters are written as capitals but for those of units.
_GLYPHS = {
    "0": "~2,6 0,6 0,0 4,0 4,6 2,6",
    "1": "0.7,4.8 2.2,6 2.2,0",
    "2": "~0.1,4.4 0.3,6 4,6.2 4,3.2 1.2,1.4 0.1,0 0.1,0|0.1,0 4,0",
    "3": "~0.2,5.2 0.9,6.2 4,6.2 3.9,3.2 1.5,3.2|~1.5,3.2 4.2,3.2 4.2,-0.2 0.6,-0.2 0,1",
    "4": "3,0 3,6 0,1.8 4.2,1.8",
    "5": "3.7,6 0.6,6 0.3,3.2|~0.3,3.2 1.6,4 4.2,3.8 4.2,-0.2 0.6,-0.2 0,0.9",
    "6": "~3.7,5.3 3,6.2 0,6.4 0,0 2,-0.2 4,-0.1 4,3.7 2,3.6 0.4,3.7 0,2.2",
    "7": "0,6 4,6 1.4,0",
    "8": "~2,6.1 0.3,6.1 0.3,3.2 2,3.2 3.7,3.2 3.7,6.1 2,6.1|~2,3.2 -0.1,3.2 -0.1,-0.1 2,-0.1 4.1,-0.1 4.1,3.2 2,3.2",
    "9": "~0.3,0.7 1,-0.2 4,-0.4 4,6 2,6.2 0,6.1 0,2.3 2,2.4 3.6,2.3 4,3.8",
    "A": "0,0 2,6 4,0|0.7,2 3.3,2",
    "B": "0,0 0,6|~0,6 3.8,6 3.8,3.2 0,3.2|~0,3.2 4.2,3.2 4.2,0 0,0",
    "C": "~4,5 3.4,6.1 0,6.3 0,-0.3 3.4,-0.1 4,1",
    "D": "0,0 0,6|~0,6 4,6 4,0 0,0",
    "E": "3.7,6 0,6 0,0 3.7,0|0,3.2 3,3.2",
    "F": "3.7,6 0,6 0,0|0,3.2 3,3.2",
    "G": "~4,5 3.4,6.1 0,6.3 0,-0.3 4,-0.2 4,2.8|4,2.8 2.3,2.8",
    "H": "0,0 0,6|4,0 4,6|0,3.1 4,3.1",
    "I": "2,0 2,6",
    "J": "~3.4,6 3.4,-0.2 0.4,-0.2 0.2,1.4",
    "K": "0,0 0,6|4,6 0,2.4|1.4,3.6 4,0",
    "L": "0,6 0,0 3.7,0",
    "M": "0,0 0,6 2,2 4,6 4,0",
    "N": "0,0 0,6 4,0 4,6",
    "O": "~2,6.1 -0.2,6.1 -0.2,-0.1 2,-0.1 4.2,-0.1 4.2,6.1 2,6.1",
    "P": "0,0 0,6|~0,6 4,6 4,2.6 0,2.6",
    "Q": "~2,6.1 -0.2,6.1 -0.2,-0.1 2,-0.1 4.2,-0.1 4.2,6.1 2,6.1|2.6,1.4 4.2,-0.4",
    "R": "0,0 0,6|~0,6 4,6 4,2.8 0,2.8|2,2.8 4,0",
    "S": "~3.8,5.1 3.2,6.1 0.2,6.3 0,3.6 2,3.1 4.1,2.6 4,-0.3 0.7,-0.1 0.1,1",
    "T": "2,0 2,6|0,6 4,6",
    "U": "~0,6 0,-0.2 4,-0.2 4,6",
    "V": "0,6 2,0 4,6",
    "W": "0,6 0.9,0 2,4.4 3.1,0 4,6",
    "X": "0,0 4,6|0,6 4,0",
    "Y": "0,6 2,3 4,6|2,3 2,0",
    "Z": "0,6 4,6 0,0 4,0",
    "m": "0,0 0,4|~0,2.8 0.5,4.2 2,4.2 2,0|~2,2.8 2.5,4.2 4,4.2 4,0",
    "µ": "0,-1.6 0,4|~0,4 0,-0.2 3.4,-0.2 3.4,4|3.4,4 3.4,0",
    "²": "~0.1,5.6 0.2,6.6 2,6.6 2,5.2 0.6,4.4 0.1,3.8 0.1,3.8|0.1,3.8 2,3.8",
    ".": "1.9,0 2.1,0",
    ",": "2.1,0.2 1.5,-1.2",
    ":": "1.9,0.6 2.1,0.6|1.9,3.6 2.1,3.6",
    "-": "0.7,2.6 3.3,2.6",
    "+": "0.3,2.8 3.7,2.8|2,1.1 2,4.5",
    "/": "0.2,-0.6 3.8,6.4",
    "(": "~3,7 1.2,5 1.2,1 3,-1",
    ")": "~1,7 2.8,5 2.8,1 1,-1",
    "%": "0.2,0 3.8,6|~0.9,6 0,6 0,4.2 0.9,4.2 1.8,4.2 1.8,6 0.9,6|~3.1,1.8 2.2,1.8 2.2,0 3.1,0 4,0 4,1.8 3.1,1.8",
    "°": "~2,6.4 1,6.4 1,4.6 2,4.6 3,4.6 3,6.4 2,6.4",
    "<": "3.6,5 0.4,2.8 3.6,0.6",
    ">": "0.4,5 3.6,2.8 0.4,0.6",
    "=": "0.5,3.8 3.5,3.8|0.5,1.8 3.5,1.8",
    "?": "~0.2,5 0.6,6.2 4,6.2 4,3.6 2,3.4 2,1.8|1.9,0 2.1,0",
    " ": "",
}
_NARROW = {"I": 1.6, ".": 1.2, ",": 1.2, ":": 1.2, "1": 2.6, "²": 2.4, " ": 2.2, "(": 2.2, ")": 2.2}
_GAP = 1.5


def text_width(text: str, height: float) -> float:
    """The width in pixels of a text whose capitals are this high."""
    widths = [_NARROW.get(letter, 4.0) for letter in _letters(text)]
    return (sum(widths) + _GAP * max(len(widths) - 1, 0)) * height / 6


def text_strokes(text: str, x: float, base: float, height: float) -> list[NDArray[np.float64]]:
    """The strokes of a text as pixel polylines (k, 2), its left edge at x and its base line at this y (downwards)."""
    strokes = []
    for letter in _letters(text):
        width = _NARROW.get(letter, 4.0)
        for line in _glyph(letter):
            offset = [(width - 4.0) / 2, 0.0]
            strokes.append((line + offset) * [height / 6, -height / 6] + [x, base])
        x += (width + _GAP) * height / 6
    return strokes


def _letters(text: str) -> list[str]:
    """The glyph of each character; what has none is a question mark."""
    known = (letter if letter in _GLYPHS else letter.upper() for letter in text)
    return [letter if letter in _GLYPHS else "?" for letter in known]


@cache
def _glyph(letter: str) -> list[NDArray[np.float64]]:
    """The polylines of one glyph in grid units."""
    lines = []
    for part in filter(None, _GLYPHS[letter].split("|")):
        points = np.array([[float(v) for v in point.split(",")] for point in part.lstrip("~").split()])
        lines.append(_rounded(points) if part.startswith("~") else points)
    return lines


def _rounded(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners cut three times (Chaikin), the ends kept."""
    for _ in range(3):
        first, second = points[:-1], points[1:]
        cut = np.stack([0.75 * first + 0.25 * second, 0.25 * first + 0.75 * second], axis=1).reshape(-1, 2)
        points = np.concatenate([points[:1], cut, points[-1:]])
    return points
