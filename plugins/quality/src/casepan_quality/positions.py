"""Bite positions: where each bite scan, and each further scan of an arch, would have the lower arch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Literal

import numpy as np
from attrs import define

from casepan.api import Finding, Scan
from casepan.mesh import Mesh
from casepan_quality.fitting import Bools, Cloud, Fit, Floats, cloud, laid_on, moved, rigid, sample
from casepan_quality.options import BiteOptions

Jaw = Literal["upper", "lower"]

_FIRM = 0.9  # grip on the one arch, before anything is said of the other
_HALF = 0.35  # of a bite scan that must lie on that arch: one over few teeth proves nothing
_EXPLAINED_MM = 0.3  # what lies so near to the one arch is not looked for on the other
_SURE_PAIRS = 250  # points
_FAR_MM, _TURNED = 15.0, 0.35  # farther, or turned by more (rad), is another frame and no bite
_SAME_NET_MM = 0.05
_ABOUT_MM = 0.3


@define(frozen=True, eq=False)
class Laid:
    """A bite scan laid on both arches.

    Attributes:
        scan: the bite scan; its points: ``points``.
        fits: how it lies on each arch, each for itself.
        first: the arch that holds more of it; the other one holds the rest.
        rest: bool (k,), the points that do not lie on the first arch.
    """

    scan: Scan
    points: Cloud
    fits: dict[Jaw, Fit]
    first: Jaw
    rest: Bools

    @property
    def other(self) -> Jaw:
        """The arch that holds the rest."""
        return "upper" if self.first == "lower" else "lower"

    def grip(self, jaw: Jaw, fitted_mm: float) -> float:
        """Share of what meets an arch that really lies on it: near 1 for the same teeth, about a half for others'."""
        of = self.rest if jaw == self.other else None
        met = self.fits[jaw].share(0.5, of)
        return self.fits[jaw].share(fitted_mm, of) / met if met else 0.0


@define(frozen=True, eq=False)
class Position:
    """Where a scan would have the lower arch.

    Attributes:
        scan: the bite scan, or a further scan of an arch.
        shift: float64 (3,), from where the lower arch stands, mm in the mean over the place looked at.
        place: float64 (3,), the middle of that place.
    """

    scan: Scan
    shift: Floats
    place: Floats

    @property
    def away_mm(self) -> float:
        """How far from where it stands."""
        return float(np.linalg.norm(self.shift))


def lay(scan: Scan, mesh: Mesh, arches: dict[Jaw, Mesh]) -> Laid:
    """Lay a bite scan on the arch that holds more of it, then what is left of it on the other one."""
    points = sample(mesh)
    fits = {jaw: _laid(points, cloud(arch)) for jaw, arch in arches.items()}
    first: Jaw = max(fits, key=lambda jaw: fits[jaw].share(0.15))
    rest = ~(fits[first].away_mm <= _EXPLAINED_MM)
    laid = Laid(scan, points, fits, first, rest)
    fits[laid.other] = _laid(points, cloud(arches[laid.other]), rest)
    return laid


def _laid(points: Cloud, target: Cloud, of: Bools | None = None) -> Fit:
    """From where it is; from beside it as well where that does not hold."""
    near = laid_on(points, target, of, far=False)
    met = near.share(0.5, of)
    return near if met > _HALF and near.share(0.15, of) > _FIRM * met else laid_on(points, target, of)


def position_of(laid: Laid, options: BiteOptions) -> Position | None:
    """The position that a bite scan shows, None where it does not lie on both arches at once."""
    if min(laid.grip(jaw, options.fitted) for jaw in laid.fits) < options.same_teeth:
        return None
    upper, lower = laid.fits["upper"], laid.fits["lower"]
    held = np.isfinite(lower.away_mm) & (laid.rest if laid.other == "lower" else ~laid.rest)
    places = moved(laid.points.points[held], lower.move)
    return _position(laid.scan, places, upper.move @ _back(lower.move)) if len(places) else None


def further_position(scan: Scan, mesh: Mesh, own: Mesh, jaw: Jaw, options: BiteOptions) -> Position | None:
    """The position in which a further scan of an arch stands, seen from the one that was measured.

    None for a scan of other teeth, or of another frame than the mouth's.
    """
    points = sample(own)
    same = len(mesh.vertices) == len(own.vertices) and len(mesh.faces) == len(own.faces)
    move: Floats | None = rigid(own.vertices.astype(np.float64), mesh.vertices.astype(np.float64)) if same else None
    if move is None or not _is_net(own, mesh, move):
        fit = laid_on(points, cloud(mesh))
        met = fit.share(0.5)
        if not met or fit.share(options.fitted) / met < options.same_teeth or met < _HALF:
            return None
        move = fit.move
    return _position(scan, points.points, move if jaw == "lower" else _back(move))


def _back(move: Floats) -> Floats:
    """The move the other way."""
    return np.asarray(np.linalg.inv(move), np.float64)


def _is_net(own: Mesh, other: Mesh, move: Floats) -> bool:
    """Whether two scans are one net, moved."""
    gaps = moved(own.vertices.astype(np.float64), move) - other.vertices
    return float(np.sqrt((gaps**2).sum(axis=1).mean())) < _SAME_NET_MM


def _position(scan: Scan, places: Floats, move: Floats) -> Position | None:
    middle = places.mean(axis=0)
    shift = moved(middle[None, :], move)[0] - middle
    turn = float(np.arccos(np.clip((np.trace(move[:3, :3]) - 1) / 2, -1, 1)))
    return Position(scan, shift, middle) if np.linalg.norm(shift) < _FAR_MM and turn < _TURNED else None


def alternatives(positions: Sequence[Position], down: Floats, options: BiteOptions) -> Iterator[Finding]:
    """``bite.alternative`` for every position that is not the one in which the arches stand.

    Args:
        positions: what bite scans and further scans show.
        down: unit direction in which the bite opens.
        options: when positions differ.
    """
    held = [one.scan.id for one in positions if one.away_mm <= options.alternative]
    bites = any(one.scan.role == "bite" for one in positions)
    stands = f"the arches stand as in {' and '.join(held)}" if held else "no bite scan shows how the arches stand"
    for one in positions:
        if one.away_mm <= options.alternative:
            continue
        wider = float(one.shift @ down)
        words = f"{one.scan.id} shows the lower arch {one.away_mm:.1f} mm from where it stands, {_opened(wider)}"
        x, y, z = one.place.tolist()
        yield Finding(
            "bite.alternative",
            "info" if held or not bites or one.scan.role != "bite" else "warning",
            f"{words}; {stands}" if bites else words,
            scan=one.scan.id,
            where_mm=(x, y, z),
            value=round(one.away_mm, 2),
            limit=options.alternative,
            unit="mm",
            hint="Ask which position counts, or choose it in CAD.",
        )


def _opened(wider: float) -> str:
    if abs(wider) < _ABOUT_MM:
        return "about as wide open"
    return f"{abs(wider):.1f} mm {'wider open' if wider > 0 else 'more closed'}"


def strangers(laid: Iterable[Laid], worked: Collection[str], options: BiteOptions) -> tuple[Jaw, float] | None:
    """The arch that no bite scan fits in any position while all of them fit the other one, and the best grip on it.

    Args:
        laid: the bite scans.
        worked: arches with ordered teeth: one bite scan may show these before they were prepared, so two must agree.
        options: what fits.
    """
    judged = [one for one in laid if _is_firm(one, options)]
    arches = {one.other for one in judged}
    grips = [one.grip(one.other, options.fitted) for one in judged]
    if len(arches) != 1 or max(grips) >= options.same_teeth:
        return None
    arch = arches.pop()
    return (arch, max(grips)) if len(judged) > 1 or arch not in worked else None


def _is_firm(laid: Laid, options: BiteOptions) -> bool:
    """Whether a bite scan holds one arch without doubt, and meets enough of the other to judge it."""
    firm = laid.fits[laid.first].share(options.fitted) >= _HALF
    met = int(np.isfinite(laid.fits[laid.other].away_mm[laid.rest]).sum())
    return firm and laid.grip(laid.first, options.fitted) >= _FIRM and met >= _SURE_PAIRS
