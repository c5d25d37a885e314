"""Drawing lines, discs and text on a picture, anti-aliased by their distance to the pixel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from casepan.mesh.pictures.font import text_strokes, text_width
from casepan.mesh.surface import FloatArray

Colour = tuple[float, float, float]
Polyline = Iterable[Sequence[float]]

INK: Colour = (0.16, 0.18, 0.22)
PAPER: Colour = (1.0, 1.0, 1.0)


def draw_lines(picture: FloatArray, lines: Iterable[Polyline], width: float, colour: Colour) -> None:
    """Draw polylines with round ends.

    Args:
        picture: float32 (height, width, 4), RGB and coverage 0 to 1, changed in place.
        lines: points (x, y) in pixels, y downwards.
        width: in pixels.
        colour: RGB 0 to 1.
    """
    points = [np.asarray(line, np.float64) for line in lines]
    segments = [np.stack([line[:-1], line[1:]], axis=1) for line in points if len(line) > 1]
    if not segments:
        return
    every = np.concatenate(segments)
    window = _window(picture, every.reshape(-1, 2), width)
    if window is None:
        return
    rows, columns, x, y = window
    away = np.full(np.broadcast_shapes(x.shape, y.shape), np.inf)
    for start, end in every:
        reach = width + 1.5
        near = slice(*np.searchsorted(y[:, 0], [min(start[1], end[1]) - reach, max(start[1], end[1]) + reach]))
        beside = slice(*np.searchsorted(x[0], [min(start[0], end[0]) - reach, max(start[0], end[0]) + reach]))
        part = away[near, beside]
        np.minimum(part, _to_segment(x[:, beside], y[near], start, end), out=part)
    _blend(picture[rows, columns], (width / 2 + 0.5 - away).clip(0, 1), colour)


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
    if halo:
        draw_lines(picture, strokes, weight + 3.0, PAPER)
    draw_lines(picture, strokes, weight, colour)


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


def _to_segment(
    x: NDArray[np.float64], y: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The distance from pixel centres to a segment."""
    along = end - start
    share = ((x - start[0]) * along[0] + (y - start[1]) * along[1]) / max(float(along @ along), 1e-12)
    share = share.clip(0, 1)
    return np.asarray(np.hypot(x - start[0] - share * along[0], y - start[1] - share * along[1]))


def _blend(part: FloatArray, cover: NDArray[np.float64], colour: Colour) -> None:
    """Lay a colour over a part of the picture."""
    cover = cover[:, :, None].astype(np.float32)
    target = np.array([*colour, 1.0], np.float32)
    part += (target - part) * cover
