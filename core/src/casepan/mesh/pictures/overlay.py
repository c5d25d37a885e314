"""What is written over a picture: scale bar, legend of a heat map, numbered markers."""

from __future__ import annotations

import numpy as np
from attrs import define

from casepan.mesh.pictures.font import text_width
from casepan.mesh.pictures.ink import INK, PAPER, Picture, draw_centred, draw_disc, draw_lines, draw_text, paint
from casepan.mesh.surface import FloatArray

MARKER = (0.80, 0.12, 0.16)
# Blue over green and yellow to red, evenly lighter and darker again; read by eye, not a measured scale.
_RAMP = np.array(
    [
        [0.16, 0.24, 0.62],
        [0.16, 0.55, 0.80],
        [0.36, 0.76, 0.56],
        [0.95, 0.85, 0.35],
        [0.93, 0.48, 0.20],
        [0.72, 0.08, 0.16],
    ],
    np.float32,
)


@define(frozen=True)
class Scale:
    """The meaning of a heat map's colours.

    Attributes:
        low: the value of the first colour.
        high: the value of the last colour.
        unit: printed behind the numbers.
        label: printed above the legend, or None.
    """

    low: float
    high: float
    unit: str = "mm"
    label: str | None = None


def heat_colours(values: FloatArray, scale: Scale) -> FloatArray:
    """The colour of each value, float32 (n, 3) 0 to 1; values outside the scale have the colour of its end."""
    share = ((values - scale.low) / max(scale.high - scale.low, 1e-12)).clip(0, 1) * (len(_RAMP) - 1)
    step = np.nan_to_num(share).astype(np.intp).clip(0, len(_RAMP) - 2)
    rest = (share - step)[:, None]
    return np.asarray(_RAMP[step] * (1 - rest) + _RAMP[step + 1] * rest, np.float32)


def draw_scale_bar(picture: Picture, pixels_per_mm: float, unit: float) -> None:
    """A bar of 1, 2 or 5 times a power of ten mm at the lower left, about a fifth of the picture wide.

    Args:
        picture: see :mod:`casepan.mesh.pictures.ink`.
        pixels_per_mm: scale of the picture.
        unit: size of the lettering in pixels.
    """
    height, width = picture.shape[:2]
    wish = 0.2 * width / pixels_per_mm
    power = 10.0 ** np.floor(np.log10(wish))
    length = max(step * power for step in (1, 2, 5) if step * power <= wish or step == 1)
    x, y, right = 1.6 * unit, height - 1.6 * unit, 1.6 * unit + length * pixels_per_mm
    shape = [[(x, y - unit / 3), (x, y), (right, y), (right, y - unit / 3)]]
    draw_lines(picture, shape, unit / 6 + 3, PAPER)
    draw_lines(picture, shape, unit / 6, INK)
    draw_text(picture, f"{length:g} mm", x, y - 0.75 * unit, unit)


def draw_legend(picture: Picture, scale: Scale, unit: float) -> None:
    """The colours of a heat map with five values, at the right edge."""
    height, width = picture.shape[:2]
    numbers = _numbers(scale)
    right = width - 1.6 * unit - max(text_width(text, unit) for text in numbers)
    top, length, thick = 3.4 * unit, min(0.42 * height, 16 * unit), 1.1 * unit
    bar = slice(int(top), int(top + length)), slice(int(right - 0.7 * unit - thick), int(right - 0.7 * unit))
    shades = heat_colours(np.linspace(scale.high, scale.low, bar[0].stop - bar[0].start, dtype=np.float32), scale)
    paint(picture[bar], 1.0, shades[: picture[bar].shape[0], None])
    for k, text in enumerate(numbers):
        draw_text(picture, text, right, top + k / 4 * length + unit / 2, unit)
    if scale.label:
        draw_text(picture, scale.label, width - 1.6 * unit - text_width(scale.label, unit), 2.3 * unit, unit)


def legend_width(scale: Scale, unit: float) -> float:
    """The room that the numbers and the bar of a legend take, in pixels."""
    return max(text_width(text, unit) for text in _numbers(scale)) + 1.8 * unit


def _numbers(scale: Scale) -> list[str]:
    return [_number(value, scale) for value in np.linspace(scale.high, scale.low, 5)]


def _number(value: float, scale: Scale) -> str:
    places = int(np.clip(np.ceil(1 - np.log10(max(scale.high - scale.low, 1e-9))), 0, 4))
    return f"{value:.{places}f} {scale.unit}"


def draw_marker(picture: Picture, x: float, y: float, text: str, unit: float) -> None:
    """A numbered disc at a place."""
    radius = max(0.95 * unit, text_width(text, unit) / 2 + 0.45 * unit)
    draw_disc(picture, x, y, radius + unit / 6, PAPER)
    draw_disc(picture, x, y, radius, MARKER)
    draw_centred(picture, text, x, y + unit / 2, unit, PAPER)
