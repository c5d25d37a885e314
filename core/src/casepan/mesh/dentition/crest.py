"""The chewing plane of an arch and its crest: the places where teeth stand, seen from the biting side."""

from __future__ import annotations

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from casepan.mesh.area import mean_normal
from casepan.mesh.pictures import guess_frame
from casepan.mesh.surface import Mesh

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_CELL = 1.0  # mm: finer than a cusp, coarser than the edges of any scan that is not refused as too coarse
_BELOW = 4.0  # mm under the plane that still counts as crest: a crown cut down for a restoration is 2 to 3 mm lower
_DISC = 7  # squares: the radius of a disc wider than any tooth
_RISE = 3.5  # mm over such a disc: half the height of a short crown
_STIFF = 3.0  # mm: a row of teeth narrower than this says little about the slope across it
_FEWEST = 12  # squares: less is no tooth
_ROUNDS = 5
_ENOUGH = 60_000  # corners: three in each square of half a millimetre of the largest arch
_CLOSED = 0.1  # the mean normal of an open arch is 0.27 to 0.58 long (facts/naming.md 4), of a closed model it vanishes


@define(frozen=True, eq=False)
class Plane:
    """The chewing plane as a coordinate system: right-handed, its third axis towards the biting side.

    Attributes:
        origin: float64 (3,), a point of it in the file's coordinates, mm.
        axes: float64 (3, 3), unit rows.
    """

    origin: Floats
    axes: Floats

    def flat(self, points: NDArray[np.floating]) -> Floats:
        """Points (n, 3) of the file in this system, height over the plane last."""
        return np.asarray((points - self.origin) @ self.axes.T, np.float64)

    def back(self, points: Floats) -> Floats:
        """Points (n, 3) of this system in the file's coordinates."""
        return np.asarray(points @ self.axes + self.origin, np.float64)


@define(frozen=True, eq=False)
class Relief:
    """The highest point in each square of a grid over the chewing plane.

    Attributes:
        plane: the coordinate system.
        low: float64 (2,), the grid's corner.
        heights: float64 (columns, rows), mm over the plane; NaN where nothing was scanned.
    """

    plane: Plane
    low: Floats
    heights: Floats = field(repr=False)

    @property
    def scanned(self) -> Bools:
        """Which squares hold surface."""
        return ~np.isnan(self.heights)

    def places(self, chosen: Bools) -> Floats:
        """The middles of some squares with their heights, float64 (k, 3)."""
        columns, rows = np.nonzero(chosen)
        flat = np.stack([columns, rows], axis=1) * _CELL + self.low + _CELL / 2
        return np.column_stack([flat, self.heights[chosen]])

    @property
    def crest(self) -> Floats:
        """The squares where teeth stand, float64 (k, 3): high, and higher than what lies beside them."""
        return self.places(_standing_out(self.heights) & (np.nan_to_num(self.heights, nan=-1e9) > -_BELOW))


def chewing_plane(mesh: Mesh) -> Plane:
    """The plane on which the cusps of an arch rest.

    It starts across the mean normal, which points to the biting side, and is then laid on whatever stands out like a
    row of teeth. In a partial scan that is nearly a straight line, so leaving the mean normal costs.
    """
    points = surface_points(mesh)
    plane = Plane(points.mean(axis=0), _axes(_start(mesh)))
    for _ in range(_ROUNDS):
        above = _relief(points, plane)
        tops = above.places(_standing_out(above.heights))
        if len(tops) < _FEWEST:
            break
        slope, level = _resting(tops)
        turned = plane.axes[2] - slope[0] * plane.axes[0] - slope[1] * plane.axes[1]
        plane = Plane(plane.origin + level * plane.axes[2], _axes(turned / np.linalg.norm(turned)))
        if np.hypot(*slope) < 0.01:
            break
    return plane


def relief(mesh: Mesh, plane: Plane) -> Relief:
    """The surface as seen from the biting side."""
    return _relief(surface_points(mesh), plane)


def surface_points(mesh: Mesh) -> Floats:
    """Points on the surface no farther apart than half a square: corners, and more where faces are large."""
    used = np.zeros(len(mesh.vertices), bool)
    used[mesh.faces.ravel()] = True
    corners = np.flatnonzero(used)
    parts = [mesh.vertices[corners[:: max(1, len(corners) // _ENOUGH)]].astype(np.float64)]
    longest = _longest(mesh)
    for count in (2, 4, 8, 16):
        large = np.flatnonzero((longest > _CELL * count / 4) & (longest <= _CELL * count / 2))
        i, j = np.nonzero(np.tri(count + 1)[::-1])
        weights = np.stack([i, j, count - i - j], axis=1) / count
        parts.append(np.einsum("sk,fkx->fsx", weights, mesh.vertices[mesh.faces[large]]).reshape(-1, 3))
    return np.concatenate(parts)


def _longest(mesh: Mesh) -> NDArray[np.float32]:
    """The longest side of each face's box, float32 (m,)."""
    sizes = []
    for column in mesh.vertices.T:
        ends = column.take(mesh.faces.T)
        sizes.append(ends.max(axis=0) - ends.min(axis=0))
    return np.asarray(np.maximum.reduce(sizes), np.float32)


def _relief(points: Floats, plane: Plane) -> Relief:
    flat = plane.flat(points)
    low = flat[:, :2].min(axis=0) - 2 * _CELL
    squares = ((flat[:, :2] - low) / _CELL).astype(np.intp)
    heights = np.full(squares.max(axis=0) + 3, -np.inf)
    np.maximum.at(heights, (squares[:, 0], squares[:, 1]), flat[:, 2])
    heights[np.isinf(heights)] = np.nan
    return Relief(plane, low, heights)


def _standing_out(heights: Floats) -> Bools:
    """Squares that rise over what a disc wider than any tooth could lie on; the border of the scan does not count."""
    from scipy.ndimage import maximum_filter, minimum_filter

    reach = np.arange(-_DISC, _DISC + 1)
    disc = reach[:, None] ** 2 + reach**2 <= _DISC**2
    empty = np.isnan(heights)
    ground = minimum_filter(np.where(empty, np.inf, heights), footprint=disc, mode="constant", cval=np.inf)
    ground[empty] = -np.inf
    ground = maximum_filter(ground, footprint=disc, mode="constant", cval=-np.inf)
    return np.asarray(~empty & (np.where(empty, 0, heights) - np.where(empty, 0, ground) > _RISE), bool)


def _start(mesh: Mesh) -> Floats:
    normal = mean_normal(mesh)
    length = float(np.linalg.norm(normal))
    return normal / length if length > _CLOSED else guess_frame(mesh).occlusal


def _axes(normal: Floats) -> Floats:
    """A right-handed system around a direction."""
    helper = np.eye(3)[int(np.abs(normal).argmin())]
    first = np.cross(helper, normal)
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(normal, first), normal])


def _resting(tops: Floats) -> tuple[Floats, float]:
    """Slope and level of a plane laid on the highest squares: what is below it counts less."""
    middle = tops[:, :2].mean(axis=0)
    base = np.column_stack([tops[:, :2] - middle, np.ones(len(tops))])
    ridge = np.diag([_STIFF**2, _STIFF**2, 0.0]) * len(tops)
    weights = np.ones(len(tops))
    answer = np.zeros(3)
    for _ in range(10):
        weighted = base * weights[:, None]
        answer = np.linalg.lstsq(weighted.T @ base + ridge, weighted.T @ tops[:, 2], rcond=None)[0]
        weights = np.where(tops[:, 2] > base @ answer, 1.0, 0.1)
    return answer[:2], float(answer[2] - answer[:2] @ middle)
