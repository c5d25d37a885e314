"""Drawing lines, discs and text on a picture, anti-aliased by their distance to the pixel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from casepan.mesh.pictures.font import text_strokes, text_width
from casepan.mesh.surface import ByteArray, FloatArray

Colour = tuple[float, float, float]
Polyline = Iterable[Sequence[float]]
Pen = tuple[float, Colour]
Floats = NDArray[np.float64]
Picture = ByteArray | FloatArray

INK: Colour = (0.16, 0.18, 0.22)
PAPER: Colour = (1.0, 1.0, 1.0)
_BLOCK = 1 << 16  # pixels looked at together


def draw_lines(picture: Picture, lines: Iterable[Polyline], width: float, colour: Colour) -> None:
    """Draw polylines with round ends.

    Args:
        picture: RGB (height, width, 3), or with coverage (height, width, 4); uint8, or float32 from 0 to 1; changed in
            place.
        lines: points (x, y) in pixels, y downwards.
        width: in pixels.
        colour: RGB 0 to 1.
    """
    _draw(picture, lines, [(width, colour)])


def _draw(picture: Picture, lines: Iterable[Polyline], pens: Sequence[Pen]) -> None:
    """Draw the same lines with several pens, the broadest first."""
    points = [np.asarray(line, np.float64) for line in lines]
    points = [line for line in points if len(line) > 1]
    window = _window(picture, np.concatenate(points), pens[0][0]) if points else None
    if window is None:
        return
    rows, columns, x, y = window
    away = _away(x, y, points, pens[0][0] + 1.5)
    for width, colour in pens:
        _blend(picture[rows, columns], (width / 2 + 0.5 - away).clip(0, 1), colour)


def _away(x: Floats, y: Floats, lines: Sequence[Floats], reach: float) -> Floats:
    """The distance from each pixel centre to the nearest line; beyond the reach it may be more than that."""
    away = np.full(np.broadcast_shapes(x.shape, y.shape), np.inf)
    for line in lines:
        low, high = line.min(axis=0) - reach, line.max(axis=0) + reach
        near, beside = (
            slice(*np.searchsorted(y[:, 0], [low[1], high[1]])),
            slice(*np.searchsorted(x[0], [low[0], high[0]])),
        )
        part = away[near, beside]
        if part.size:
            np.minimum(part, _to_line(x[:, beside], y[near], line), out=part)
    return away


def _to_line(x: Floats, y: Floats, line: Floats) -> Floats:
    """The distance from pixel centres to a polyline, several of its segments at a time."""
    away = np.full(np.broadcast_shapes(x.shape, y.shape), np.inf)
    step = max(1, _BLOCK // away.size)
    for begin in range(0, len(line) - 1, step):
        corners = line[begin : begin + step + 1].T[:, :, None, None]
        np.minimum(away, _to_segment(x, y, corners[:, :-1], corners[:, 1:]).min(axis=0), out=away)
    return away


def draw_disc(picture: Picture, x: float, y: float, radius: float, colour: Colour) -> None:
    """Draw a filled disc."""
    window = _window(picture, np.array([[x, y]]), 2 * radius)
    if window is not None:
        rows, columns, across, down = window
        _blend(picture[rows, columns], (radius + 0.5 - np.hypot(across - x, down - y)).clip(0, 1), colour)


def draw_text(
    picture: Picture, text: str, x: float, base: float, height: float, colour: Colour = INK, halo: bool = True
) -> None:
    """Write a text with its left edge at x and its base line at this y, over a pale halo so that it reads anywhere."""
    strokes = text_strokes(text, x, base, height)
    weight = max(1.3, height / 7.5)
    _draw(picture, strokes, [(weight + 3.0, PAPER), (weight, colour)] if halo else [(weight, colour)])


def draw_centred(picture: Picture, text: str, x: float, base: float, height: float, colour: Colour = INK) -> None:
    """Write a text centred on x, without a halo."""
    draw_text(picture, text, x - text_width(text, height) / 2, base, height, colour, halo=False)


def _window(
    picture: Picture, points: NDArray[np.float64], width: float
) -> tuple[slice, slice, NDArray[np.float64], NDArray[np.float64]] | None:
    """The part of the picture round some points, and its pixel centres; None when nothing of it is in the picture."""
    low = np.floor(points.min(axis=0) - width - 2).astype(int).clip(0)
    high = np.ceil(points.max(axis=0) + width + 2).astype(int)
    right, bottom = min(int(high[0]), picture.shape[1]), min(int(high[1]), picture.shape[0])
    if right <= low[0] or bottom <= low[1]:
        return None
    x, y = np.arange(low[0], right) + 0.5, np.arange(low[1], bottom) + 0.5
    return slice(low[1], bottom), slice(low[0], right), x[None, :], y[:, None]


def _to_segment(x: Floats, y: Floats, start: Floats, end: Floats) -> Floats:
    """The distance from pixel centres to several segments, whose coordinates broadcast against the pixels."""
    along = end - start
    across, down = x - start[0], y - start[1]
    share = (across * along[0] + down * along[1]) / np.maximum(along[0] ** 2 + along[1] ** 2, 1e-12)
    share = share.clip(0, 1)
    return np.asarray(np.hypot(across - share * along[0], down - share * along[1]))


def _blend(part: Picture, cover: NDArray[np.float64], colour: Colour) -> None:
    """Lay a colour over a part of the picture."""
    paint(part, cover[:, :, None].astype(np.float32), np.array(colour, np.float32))


def paint(part: Picture, cover: FloatArray | float, colours: FloatArray) -> None:
    """Lay colours from 0 to 1, (3,) or (height, width, 3), over a part of the picture."""
    whole, half = (255, 0.5) if part.dtype == np.uint8 else (1, 0)
    target = np.ones((*colours.shape[:-1], part.shape[2]), np.float32)
    target[..., :3] = colours
    part[...] = part + (target * np.float32(whole) - part) * cover + np.float32(half)
