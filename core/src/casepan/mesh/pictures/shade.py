"""Light and colour of visible points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from casepan.mesh.surface import FloatArray


def _unit(x: float, y: float, z: float) -> FloatArray:
    vector = np.array([x, y, z])
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


_KEY = _unit(-0.45, 0.55, 0.70)
_FILL = _unit(0.65, -0.10, 0.75)
_HALF = _unit(-0.45, 0.55, 1.70)
_CELLS = 8  # how finely the surroundings of a hollow are looked at: so many cells to their radius


def lit(colours: FloatArray, normals: FloatArray, gloss: float) -> FloatArray:
    """Colours under a soft key light from the upper left, a fill light from the right and light from all around.

    Args:
        colours: float32 (3, k), or (3, 1) for all, 0 to 1, taken as linear enough for this purpose.
        normals: float32 (3, k) in picture axes (right, up, viewer), any length; those facing away are turned round and
            their colour dimmed: the back of an open shell.
        gloss: 0 dull to 1 polished.
    """
    x, y, z = normals
    length = np.sqrt(x * x + y * y + z * z)
    towards = np.copysign(np.float32(1), z) / np.maximum(length, np.float32(1e-12))
    turned = [part * towards for part in normals]
    key, fill, half = (_facing(turned, light) for light in (_KEY, _FILL, _HALF))
    light = np.float32(0.33) + np.float32(0.64) * key + np.float32(0.22) * fill
    light += np.float32(0.06) * turned[1]
    light *= np.where(z < 0, np.float32(0.62), np.float32(1))
    shine = np.float32(0.16 * gloss) * _to_28(half)
    return np.asarray(colours * light + shine, np.float32)


def _facing(normals: list[FloatArray], light: FloatArray) -> FloatArray:
    """How much surfaces face a light, 0 to 1."""
    facing = normals[0] * light[0] + normals[1] * light[1] + normals[2] * light[2]
    return np.asarray(np.maximum(facing, 0, out=facing))


def _to_28(values: FloatArray) -> FloatArray:
    """The 28th power by products: a fifth of the time of the general power, and the same on every machine."""
    fourth = values * values
    fourth *= fourth
    eighth = fourth * fourth
    return np.asarray(fourth * eighth * (eighth * eighth))


def hollows(depth: FloatArray, covered: NDArray[np.bool_], radius: int, reach_mm: float) -> FloatArray:
    """How much each pixel lies below its surroundings, 0 to 1: cheap shadows that make fissures and gaps readable.

    After Luft, Colditz, Deussen: "Image enhancement by unsharp masking the depth buffer" (2006). The surroundings are
    so much broader than a pixel that their mean is taken from a coarser picture.

    Args:
        depth: float32 (height, width) in mm, towards the viewer, 0 where nothing is shown.
        covered: bool (height, width); uncovered pixels count as level with their surroundings.
        radius: of the surroundings, in pixels.
        reach_mm: how deep a hollow is fully dark.
    """
    if not covered.any():
        return np.zeros(depth.shape, np.float32)
    cell = max(1, radius // _CELLS)
    once = max(1, round(0.7 * radius / cell))  # two squares: softer than one, and as broad
    sums, weights = (_box_sums(_box_sums(_cells(values, cell), once), once) for values in (depth, covered))
    means = np.asarray(sums / np.maximum(weights, 0.5), np.float32)
    dark = _spread(means, cell, depth.shape)
    dark -= depth
    dark *= np.float32(1 / reach_mm)
    np.clip(dark, 0, 1, out=dark)
    dark *= covered
    return dark


def _cells(values: NDArray[np.generic], size: int) -> FloatArray:
    """The sums over square cells, float32; the last ones reach beyond the picture."""
    height, width = (-(-length // size) for length in values.shape)
    whole = np.zeros((height * size, width * size), np.float32)
    whole[: values.shape[0], : values.shape[1]] = values
    rows = whole.reshape(height, size, -1).sum(axis=1)
    return np.asarray(sum(rows[:, k::size] for k in range(size)), np.float32)


def _box_sums(values: FloatArray, radius: int) -> FloatArray:
    """The sums over a square round each value, as differences of running sums; nothing lies outside."""
    height, width = values.shape
    sums = np.zeros((height + 1, width + 1), np.float64)
    sums[1:, 1:] = values.cumsum(axis=0, dtype=np.float64).cumsum(axis=1)
    (top, bottom), (left, right) = (_around(length, radius) for length in values.shape)
    rows = sums.take(bottom, axis=0) - sums.take(top, axis=0)
    return np.asarray(rows.take(right, axis=1) - rows.take(left, axis=1), np.float32)


def _around(length: int, radius: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The first place within a radius of each place, and the one after the last."""
    places = np.arange(length)
    return np.maximum(places - radius, 0), np.minimum(places + radius + 1, length)


def _spread(values: FloatArray, size: int, shape: tuple[int, ...]) -> FloatArray:
    """Values of cells as those of their pixels, linear between the cells' middles."""
    low, high, share = _between(shape[1], size, values.shape[1])
    wide = values.take(low, axis=1) * (1 - share) + values.take(high, axis=1) * share
    low, high, share = _between(shape[0], size, values.shape[0])
    return np.asarray(wide.take(low, axis=0) * (1 - share[:, None]) + wide.take(high, axis=0) * share[:, None])


def _between(pixels: int, size: int, cells: int) -> tuple[NDArray[np.intp], NDArray[np.intp], FloatArray]:
    """For each pixel the two cells it lies between, and the share of the second."""
    place = ((np.arange(pixels) + 0.5) / size - 0.5).clip(0, cells - 1)
    low = place.astype(np.intp)
    return low, np.minimum(low + 1, cells - 1), (place - low).astype(np.float32)
