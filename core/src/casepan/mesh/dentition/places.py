"""Which tooth stands where along an arch: its crest held against the mean row of teeth."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np
from attrs import define, evolve, field

from casepan.mesh.dentition.arch import WIDTHS, Arch, Jaw, find_arch
from casepan.mesh.dentition.crest import Floats
from casepan.mesh.surface import Mesh

# How broad the row is from cheek to tongue a few mm below its top, mm (project choice, from textbook crown shapes).
_BREADTHS: Mapping[Jaw, tuple[float, ...]] = {
    "upper": (3.5, 3.5, 5.0, 8.0, 8.0, 10.0, 10.0, 9.0),
    "lower": (3.0, 3.0, 4.5, 6.5, 7.0, 9.5, 9.5, 9.0),
}
# Height of the visible crown, mm: textbook means of anatomical crowns, less the part that gums cover.
_CROWNS: Mapping[Jaw, tuple[float, ...]] = {
    "upper": (10.0, 8.5, 9.5, 8.0, 7.5, 7.0, 6.5, 6.0),
    "lower": (8.5, 9.0, 10.0, 8.0, 7.5, 7.0, 6.5, 6.5),
}
_STEP = 0.5  # mm along the arch
_GRID = np.arange(-75, 75 + _STEP / 2, _STEP)
_SHIFTS = np.arange(-28, 29)  # steps
_SHIFTED = (np.arange(len(_GRID)) - _SHIFTS[:, None]) % len(_GRID)
_SIZES = np.arange(0.84, 1.2, 0.02)
# By how many mm the midline of the fitted curve is wrong, and by which share the mean widths are (chosen on made arches,
# seeds 400 to 431: flat from 1.2 to 2 mm); a partial scan says less about its midline.
_FULL_TRUST, _PARTIAL_TRUST, _TRUST = (1.5, 0.09), (3.0, 0.06), 0.15
_STEPS = np.arange(-80.0, 81.0)  # mm along the arch, for what was scanned
_MIDDLE = 3.0  # mm: half of a strip along the row that lies on any tooth or ridge
_SEEN = 0.5  # of that strip
_FULL_MM, _SIDE_MM = 90.0, 35.0  # length of crest that makes a full arch, and least length on each side
_ASIDE = 7.5  # mm: half of what is looked at across the row
_TOP = 4.0  # mm below the chewing plane that still belong to the row


@define(frozen=True, eq=False)
class _Row:
    """The row of teeth along the arch, by steps of the grid.

    Attributes:
        breadth: how broad the crest is, mm.
        height: its highest point over the chewing plane, mm.
        weights: 1 where the row reaches.
    """

    breadth: Floats = field(repr=False)
    height: Floats = field(repr=False)
    weights: Floats = field(repr=False)


@define(frozen=True, slots=False, eq=False)
class Placement:
    """An arch with the places of its teeth.

    Attributes:
        arch: the arch, midline and widths adapted.
        length_mm: how much of the curve the crest covers.
        is_full: whether the crest reaches far on both sides of the midline, so that teeth can be counted from it.
    """

    arch: Arch
    length_mm: float
    is_full: bool

    @cached_property
    def shown(self) -> Floats:
        """How much of the row was scanned at each step of ``grid``, 0 to 1."""
        squares = self.arch.relief.places(self.arch.relief.scanned)
        along, across = self.arch.unrolled(squares)
        inner = np.abs(across) < _MIDDLE
        steps = np.round(along[inner] - _STEPS[0]).astype(np.intp)
        counts = np.bincount(steps[(steps >= 0) & (steps < len(_STEPS))], minlength=len(_STEPS))
        return np.minimum(counts / _MIDDLE, 1.0)

    @property
    def grid(self) -> Floats:
        """The steps of ``shown``, mm along the curve."""
        return _STEPS

    @property
    def ends(self) -> tuple[float, float]:
        """Where along the curve the scan begins and ends, mm."""
        reached = _STEPS[self.shown > _SEEN]
        return (float(reached[0]), float(reached[-1])) if len(reached) else (0.0, 0.0)

    def percent_shown(self, begin: float, end: float) -> float:
        """How much of a stretch of the row was scanned, percent."""
        inside = np.flatnonzero(np.clip(_STEPS, begin, end) == _STEPS)
        return 100 * float((self.shown[inside] > _SEEN).mean()) if len(inside) else 0.0

    def middle(self, tooth: int) -> Floats:
        """The middle of a tooth's place on the chewing plane, float64 (3,), in the file's coordinates."""
        along, across = self.arch.point(self.arch.position(tooth))
        middle: Floats = self.arch.relief.plane.back(np.array([[along, across, 0.0]]))[0]
        return middle

    def crown_at(self, place: Floats) -> int | None:
        """The tooth whose crown reaches a place (3,), None when it lies on gums or elsewhere."""
        flat = self.arch.relief.plane.flat(place[None, :])
        along, across = (float(values[0]) for values in self.arch.unrolled(flat))
        tooth = self.arch.tooth_at(along)
        beside = abs(along - self.arch.position(tooth)) > 0.75 * self.arch.width(tooth)
        return None if beside or abs(across) > _ASIDE or flat[0, 2] < -self.crown_height(tooth) else tooth

    def crown_height(self, tooth: int) -> float:
        """How high the visible crown of a tooth is in the mean, mm."""
        return _CROWNS[self.arch.jaw][tooth % 10 - 1]


def place_teeth(mesh: Mesh, jaw: Jaw) -> Placement | None:
    """The places of the teeth in a scan, or None when it shows no arch.

    Raises:
        CorruptFile: a coordinate is not finite.
    """
    arch = find_arch(mesh, jaw)
    row = None if arch is None else _row(arch)
    if arch is None or row is None:
        return None
    begin, end = np.percentile(arch.unrolled(arch.relief.crest)[0], [1, 99]).tolist()
    is_full = end - begin >= _FULL_MM and min(-begin, end) >= _SIDE_MM
    shift_mm, size_share = _FULL_TRUST if is_full else _PARTIAL_TRUST
    scores = np.array([_scores(row, jaw, float(size)) for size in _SIZES])
    scores -= 0.5 * _TRUST * (((_SIZES - 1) / size_share) ** 2)[:, None]
    scores -= 0.5 * _TRUST * ((_SHIFTS * _STEP / shift_mm) ** 2)[None, :]
    size, shift = np.unravel_index(int(scores.argmax()), scores.shape)
    widths = tuple(width * float(_SIZES[size]) for width in arch.widths)
    adapted = evolve(arch, widths=widths, shift=float(_SHIFTS[shift] * _STEP))
    return Placement(adapted, end - begin, is_full)


def _row(arch: Arch) -> _Row | None:
    squares = arch.relief.places(arch.relief.scanned)
    along, across = arch.unrolled(squares)
    near = np.abs(across) < _ASIDE
    steps = np.round((along[near] - _GRID[0]) / _STEP).astype(np.intp)
    heights = squares[near, 2]
    inside = (steps >= 0) & (steps < len(_GRID))
    steps, heights = steps[inside], heights[inside]
    counts = np.bincount(steps[heights > -_TOP], minlength=len(_GRID)).astype(np.float64)
    breadth = np.convolve(counts, [0.25, 0.5, 0.5, 0.5, 0.25], "same")
    reached = np.flatnonzero(breadth > 0)
    if not len(reached):
        return None
    height = np.full(len(_GRID), -_TOP)
    np.maximum.at(height, steps, heights)
    height = np.maximum.reduce([np.roll(height, by) for by in (-1, 0, 1)])
    weights = np.zeros(len(_GRID))
    weights[reached[0] : reached[-1] + 1] = 1
    return _Row(breadth, height, weights)


def _scores(row: _Row, jaw: Jaw, size: float) -> Floats:
    """How well the mean row of this size matches at every shift, one number each."""
    breadth, contacts = _mean_row(jaw, size)
    pairs = (
        (row.breadth, breadth),
        (_ripple(row.breadth), _ripple(breadth)),
        (_ripple(row.height), contacts),
    )
    total = np.zeros(len(_SHIFTS))
    for seen, expected in pairs:
        total += _correlation(seen, expected[_SHIFTED], row.weights)
    return total


def _mean_row(jaw: Jaw, size: float) -> tuple[Floats, Floats]:
    """Expected breadth and notches between teeth along the grid."""
    breadth, contacts = np.zeros(len(_GRID)), np.zeros(len(_GRID))
    begin = 0.0
    for width, full in zip(WIDTHS[jaw], _BREADTHS[jaw], strict=True):
        half = width * size / 2
        place = (np.abs(_GRID) - begin - half) / half
        own = np.abs(place) <= 1
        breadth[own] = full * (1 - 0.45 * place[own] ** 4)
        contacts[own] = -(place[own] ** 4)
        begin += 2 * half
    return breadth, contacts


def _ripple(values: Floats) -> Floats:
    """What varies within the length of about one tooth."""
    count = round(9 / _STEP)
    return np.asarray(values - np.convolve(values, np.full(count, 1 / count), "same"), np.float64)


def _correlation(seen: Floats, expected: Floats, weights: Floats) -> Floats:
    """The weighted correlation of one profile with each of several."""
    total = weights.sum()
    first = (seen - (seen * weights).sum() / total) * weights
    others = (expected - ((expected * weights).sum(axis=1) / total)[:, None]) * weights
    spread = np.sqrt((first**2).sum() * (others**2).sum(axis=1))
    return np.asarray(others @ first / np.maximum(spread, 1e-9), np.float64)
