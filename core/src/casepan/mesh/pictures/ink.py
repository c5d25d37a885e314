"""Drawing lines, discs and text on a picture, anti-aliased by their distance to the pixel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from casepan.mesh.pictures.font import text_strokes, text_width
from casepan.mesh.surface import FloatArray

Colour = tuple[float, float, float]
Polyline = Iterable[Sequence[float]]
Pen = tuple[float, Colour]
Floats = NDArray[np.float64]

INK: Colour = (0.16, 0.18, 0.22)
PAPER: Colour = (1.0, 1.0, 1.0)
_MANY, _SMALL = 8, 1 << 13
_BLOCK = 1 << 16  # pixels looked at together


def draw_lines(picture: FloatArray, lines: Iterable[Polyline], width: float, colour: Colour) -> None:
    """Draw polylines with round ends.

    Args:
        picture: float32 (height, width, 4), RGB and coverage 0 to 1, changed in place.
        lines: points (x, y) in pixels, y downwards.
        width: in pixels.
        colour: RGB 0 to 1.
    """
    _draw(picture, lines, [(width, colour)])


def _draw(picture: FloatArray, lines: Iterable[Polyline], pens: Sequence[Pen]) -> None:
    """Draw the same lines with several pens, the broadest first."""
    points = [np.asarray(line, np.float64) for line in lines]
    segments = [np.stack([line[:-1], line[1:]], axis=1) for line in points if len(line) > 1]
    if not segments:
        return
    every, broadest = np.concatenate(segments), pens[0][0]
    window = _window(picture, every.reshape(-1, 2), broadest)
    if window is None:
        return
    rows, columns, x, y = window
    away = _away(x, y, every, broadest + 1.5)
    for width, colour in pens:
        _blend(picture[rows, columns], (width / 2 + 0.5 - away).clip(0, 1), colour)


def _away(x: Floats, y: Floats, segments: Floats, reach: float) -> Floats:
    """The distance from each pixel centre to the nearest segment; beyond the reach it may be more than that."""
    away = np.full(np.broadcast_shapes(x.shape, y.shape), np.inf)
    if len(segments) > _MANY and away.size <= _SMALL:  # the strokes of a text: all pixels at once take fewer steps
        step = max(1, _BLOCK // away.size)
        for begin in range(0, len(segments), step):
            start, end = np.moveaxis(segments[begin : begin + step, :, :, None, None], (1, 2), (0, 1))
            np.minimum(away, _to_segment(x, y, start, end).min(axis=0), out=away)
        return away
    for start, end in segments:
        near = slice(*np.searchsorted(y[:, 0], [min(start[1], end[1]) - reach, max(start[1], end[1]) + reach]))
        beside = slice(*np.searchsorted(x[0], [min(start[0], end[0]) - reach, max(start[0], end[0]) + reach]))
        part = away[near, beside]
        np.minimum(part, _to_segment(x[:, beside], y[near], start, end), out=part)
    return away


def draw_disc(picture: FloatArray, x: float, y: float, radius: float, colour: Colour) -> None:
    """Draw a filled disc."""
    window = _window(picture, np.array([[x, y]]), 2 * radius)
    if window is not None:
        rows, columns, across, down = window
        _blend(picture[rows, columns], (radius + 0.5 - np.hypot(across - x, down - y)).clip(0, 1), colour)


def draw_text(
    picture: FloatArray, text: str, x: float, base: float, height: float, colour: Colour = INK, halo: bool = True
) -> None:
    """Write a text with its left edge at x and its base line at this y, over a pale halo so that it reads anywhere."""
    strokes = text_strokes(text, x, base, height)
    weight = max(1.3, height / 7.5)
    _draw(picture, strokes, [(weight + 3.0, PAPER), (weight, colour)] if halo else [(weight, colour)])


def draw_centred(picture: FloatArray, text: str, x: float, base: float, height: float, colour: Colour = INK) -> None:
    """Write a text centred on x, without a halo."""
    draw_text(picture, text, x - text_width(text, height) / 2, base, height, colour, halo=False)


def _window(
    picture: FloatArray, points: NDArray[np.float64], width: float
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
    """The distance from pixel centres to a segment, or to several whose coordinates broadcast against the pixels."""
    along = end - start
    across, down = x - start[0], y - start[1]
    share = (across * along[0] + down * along[1]) / np.maximum(along[0] ** 2 + along[1] ** 2, 1e-12)
    share = share.clip(0, 1)
    return np.asarray(np.hypot(across - share * along[0], down - share * along[1]))


def _blend(part: FloatArray, cover: NDArray[np.float64], colour: Colour) -> None:
    """Lay a colour over a part of the picture."""
    cover = cover[:, :, None].astype(np.float32)
    target = np.array([*colour, 1.0], np.float32)
    part += (target - part) * cover
