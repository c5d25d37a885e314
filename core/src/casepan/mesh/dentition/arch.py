"""The dental arch of a scan: its curve, and where along it each tooth has its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import numpy as np
from attrs import define, field

from casepan.mesh.dentition.crest import Floats, Relief, chewing_plane, relief
from casepan.mesh.surface import Mesh

Jaw = Literal["upper", "lower"]

# Mesiodistal widths of permanent crowns from the midline back, mm: textbook means (Wheeler's Dental Anatomy).
WIDTHS: Mapping[Jaw, tuple[float, ...]] = {
    "upper": (8.5, 6.5, 7.5, 7.0, 7.0, 10.0, 9.0, 8.5),
    "lower": (5.0, 5.5, 7.0, 7.0, 7.0, 11.0, 10.5, 10.0),
}
# How far from the midline the curve has turned by 45 degrees, mm. With these the mean curve has the canine and molar
# widths of facts/quality.md 2 (35.4 and 53.8 mm, 26.9 and 51.7 mm).
_HALF_TURN: Mapping[Jaw, float] = {"upper": 18.0, "lower": 15.0}

_REACH = 58.0  # mm of curve on each side, third molars included
_SIZES = 0.12  # by how much arches are longer or broader than the mean one (standard deviation, a project choice)
_FAR = 6.0  # mm: squares farther from the curve are no part of the row
_FEWEST = 30  # squares of crest: three teeth
_WORST = 4.5  # mm: a row whose squares lie farther than this from the curve is no arch

# Unknowns of the fit: turn, shift along x and y, logarithms of the stretch along x and y.
_Guess = Floats


@define(frozen=True, eq=False)
class Arch:
    """An arch found in a scan.

    Attributes:
        jaw: which arch it was taken for.
        relief: the scan as seen from the biting side.
        along: float64 (n,), length along the curve from the midline in mm, positive towards the side of ``positive``.
        curve: float64 (n, 2), the curve in the chewing plane.
        normals: float64 (n, 2), unit vectors across it, outwards (cheek and lips).
        misfit_mm: how far the crest lies from the mean curve before it was adapted.
        widths: mesiodistal widths of the places from the midline back, mm.
        shift: where the midline lies along the curve, mm.
    """

    jaw: Jaw
    relief: Relief
    along: Floats = field(repr=False)
    curve: Floats = field(repr=False)
    normals: Floats = field(repr=False)
    misfit_mm: float
    widths: tuple[float, ...]
    shift: float = 0.0

    @property
    def quadrants(self) -> tuple[int, int]:
        """The FDI quadrant on the negative and on the positive side of the midline."""
        return (1, 2) if self.jaw == "upper" else (3, 4)

    def position(self, tooth: int) -> float:
        """The middle of a permanent tooth's place along the curve, mm."""
        place = tooth % 10
        back = sum(self.widths[: place - 1]) + self.widths[place - 1] / 2
        return self.shift + (back if tooth // 10 == self.quadrants[1] else -back)

    def width(self, tooth: int) -> float:
        """The mesiodistal width of its place, mm."""
        return self.widths[tooth % 10 - 1]

    @property
    def teeth(self) -> tuple[int, ...]:
        """All places of the arch, from the negative end to the positive one."""
        left, right = self.quadrants
        return (*(left * 10 + n for n in range(8, 0, -1)), *(right * 10 + n for n in range(1, 9)))

    def tooth_at(self, along: float) -> int:
        """The tooth whose place is nearest to a length along the curve."""
        return min(self.teeth, key=lambda tooth: abs(self.position(tooth) - along))

    def point(self, along: float) -> Floats:
        """A point of the curve, float64 (2,)."""
        return np.array([np.interp(along, self.along, column) for column in self.curve.T])

    def unrolled(self, flat: Floats) -> tuple[Floats, Floats]:
        """Length along the curve and distance across it (outwards positive) of points of the chewing plane (k, 2+)."""
        from scipy.spatial import cKDTree

        nearest = cKDTree(self.curve).query(flat[:, :2])[1]
        arms, normals = flat[:, :2] - self.curve[nearest], self.normals[nearest]
        forward = arms[:, 0] * normals[:, 1] - arms[:, 1] * normals[:, 0]
        return self.along[nearest] + forward, np.einsum("ij,ij->i", arms, normals)


def find_arch(mesh: Mesh, jaw: Jaw) -> Arch | None:
    """The arch that a scan shows, or None when nothing in it stands like a row of teeth.

    A mean curve is laid on the squares that stand out, from many starts, then bent to them.

    Raises:
        CorruptFile: a coordinate is not finite.
    """
    above = relief(mesh, chewing_plane(mesh))
    crest = above.crest[:, :2]
    if len(crest) < _FEWEST:
        return None
    _, curve = mean_curve(jaw)
    thinned = crest[:: max(1, len(crest) // 250)]
    guess = min(
        (_settled(thinned, curve, start, 8) for start in _starts(thinned, curve)),
        key=lambda found: _misfit(thinned, curve, found),
    )
    guess = _settled(thinned, curve, guess, 20)
    misfit = _misfit(thinned, curve, guess)
    if misfit > _WORST:
        return None
    return _bent(above, crest, jaw, _moved(curve, guess), misfit)


def mean_curve(jaw: Jaw) -> tuple[Floats, Floats]:
    """Length from the midline (n,) and points (n, 2) of the mean curve, the lips at +y, seen from the biting side."""
    along = np.arange(-_REACH, _REACH + 0.5)
    turn = -np.sign(along) * np.pi / 2 * along**2 / (along**2 + _HALF_TURN[jaw] ** 2)
    steps = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    points = np.cumsum(steps, axis=0)
    return along, points - points[len(along) // 2]


def _starts(crest: Floats, curve: Floats) -> Iterator[_Guess]:
    """First guesses: twelve directions, with the whole curve, its front or one of its sides over the crest."""
    middle = crest.mean(axis=0)
    parts = (curve, curve[30:-30], curve[5:65], curve[-65:-5])
    for turn in np.linspace(0, 2 * np.pi, 12, endpoint=False):
        for part in parts:
            yield np.array([turn, *(middle - _rotation(turn) @ part.mean(axis=0)), 0.0, 0.0])


def _rotation(turn: float) -> Floats:
    return np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])


def _moved(curve: Floats, guess: _Guess) -> Floats:
    """The mean curve turned, stretched and shifted."""
    return np.asarray((curve * np.exp(guess[3:])) @ _rotation(float(guess[0])).T + guess[1:3], np.float64)


def _across(curve: Floats) -> Floats:
    """Unit vectors across a curve that runs with the lips on its left, outwards."""
    along = np.empty_like(curve)
    along[1:-1] = (curve[2:] - curve[:-2]) / 2
    along[0], along[-1] = curve[1] - curve[0], curve[-1] - curve[-2]
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    return np.stack([-along[:, 1], along[:, 0]], axis=1)


def _nearest(crest: Floats, moved: Floats) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    gaps = (crest**2).sum(axis=1)[:, None] - 2 * crest @ moved.T + (moved**2).sum(axis=1)
    return np.asarray(gaps.argmin(axis=1), np.intp)


def _misfit(crest: Floats, curve: Floats, guess: _Guess) -> float:
    """Root mean square distance of the crest from the moved curve, far ones bounded, plus what the stretch costs."""
    moved = _moved(curve, guess)
    gaps = np.linalg.norm(crest - moved[_nearest(crest, moved)], axis=1)
    cost = float((guess[3:] ** 2).sum()) / _SIZES**2
    return float(np.sqrt(np.mean(np.minimum(gaps, _FAR) ** 2))) + 0.1 * cost


def _settled(crest: Floats, curve: Floats, guess: _Guess, rounds: int) -> _Guess:
    """Gauss and Newton's steps towards the smallest distance across the curve."""
    prior = np.diag([0.0, 0.0, 0.0, 1.0, 1.0]) * 0.02 * len(crest) / _SIZES**2 + np.eye(5) * 1e-6
    for _ in range(rounds):
        moved = _moved(curve, guess)
        nearest = _nearest(crest, moved)
        normals = _across(moved)[nearest]
        gaps = np.einsum("ij,ij->i", crest - moved[nearest], normals)
        weights = 1 / (1 + (gaps / _FAR) ** 2)
        slopes = _slopes(moved[nearest] - guess[1:3], float(guess[0]), normals)
        left = (slopes * weights[:, None]).T @ slopes + prior
        right = (slopes * weights[:, None]).T @ gaps - prior @ np.array([0, 0, 0, guess[3], guess[4]])
        guess = guess + np.clip(np.linalg.solve(left, right), -8, 8) * np.array([0.8, 1, 1, 0.8, 0.8])
        guess[3:] = np.clip(guess[3:], -0.3, 0.3)
    return guess


def _slopes(arms: Floats, turn: float, normals: Floats) -> Floats:
    """How the distance across changes with each unknown, (k, 5)."""
    turned = _rotation(turn)
    own = arms @ turned
    by_turn = np.stack([-arms[:, 1], arms[:, 0]], axis=1)
    by_x, by_y = np.outer(own[:, 0], turned[:, 0]), np.outer(own[:, 1], turned[:, 1])
    return np.stack(
        [
            np.einsum("ij,ij->i", by_turn, normals),
            normals[:, 0],
            normals[:, 1],
            np.einsum("ij,ij->i", by_x, normals),
            np.einsum("ij,ij->i", by_y, normals),
        ],
        axis=1,
    )


def _bent(above: Relief, crest: Floats, jaw: Jaw, moved: Floats, misfit: float) -> Arch:
    """The fitted curve bent to the crest by a smooth offset."""
    normals = _across(moved)
    nearest = _nearest(crest, moved)
    across = np.einsum("ij,ij->i", crest - moved[nearest], normals[nearest])
    near = np.abs(across) < _FAR
    scale = len(moved) / 2
    place = nearest / scale - 1
    base = np.polynomial.legendre.legvander(place[near], 6)
    stiff = np.diag(np.arange(7.0) ** 4) * 0.02
    offset = np.linalg.solve(base.T @ base + stiff, base.T @ across[near])
    bend = np.polynomial.legendre.legval(np.clip(np.arange(len(moved)) / scale - 1, place.min(), place.max()), offset)
    curve = moved + bend[:, None] * normals
    steps = np.linalg.norm(np.diff(curve, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    along -= along[len(along) // 2]
    return Arch(jaw, above, along, curve, _across(curve), misfit, WIDTHS[jaw])
