"""A hollow body: what lies deeper than the wall is taken out, and drain holes lead there from below."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from attrs import define, field
from manifold3d import Manifold, OpType
from numpy.typing import NDArray

from casepan.mesh import Mesh
from casepan.mesh.weld import weld_points
from casepan_prepare.closeness import spread
from casepan_prepare.modelling.body import Body, as_mesh

Floats = NDArray[np.float64]

_CELL_MM = 1.0  # of the grid on which depth is measured
_DENSE_MM = 0.8  # distance of the points on the surface that it is measured to, at most
_THIN_MM = 0.3  # a fine scan has far more points than are needed: one in a cube of this side will do
_SAFE_MM = 0.3  # by how much measuring between such points and grid places can be wrong together
_SMALLEST_MM3 = 200.0  # a cavity smaller than this is not worth a drain hole


@define(frozen=True, eq=False)
class _Depth:
    """How deep places lie under a surface, on a grid.

    Attributes:
        low: float64 (3,), the grid's corner.
        values: float64 (x, y, z), mm, negative outside; what is deeper than was asked for is at least that deep.
    """

    low: Floats
    values: Floats = field(repr=False)

    def bounds(self, level: float) -> list[float]:
        """The box round what is deeper than a level, lower corner first."""
        inside = np.argwhere(self.values > level)
        if not len(inside):
            return [*self.low.tolist(), *(self.low + _CELL_MM).tolist()]
        corners = (inside.min(axis=0) - 1, inside.max(axis=0) + 1)
        return [at for corner in corners for at in (corner * _CELL_MM + self.low).tolist()]

    def reader(self, level: float) -> Callable[[float, float, float], float]:
        """A function of a place, between the grid's eight corners round it: how much deeper than a level it lies."""
        sx, sy, sz = self.values.shape
        x0, y0, z0 = self.low.tolist()
        flat: list[float] = (self.values - level).ravel().tolist()
        right, behind = sy * sz, sz

        def depth(
            x: float, y: float, z: float
        ) -> float:  # asked some 100,000 times: no arrays, no calls that can be spared
            u = min(max((x - x0) / _CELL_MM, 0.0), sx - 1.001)
            v = min(max((y - y0) / _CELL_MM, 0.0), sy - 1.001)
            w = min(max((z - z0) / _CELL_MM, 0.0), sz - 1.001)
            i, j, k = int(u), int(v), int(w)
            u, v, w = u - i, v - j, w - k
            at, rest = (i * sy + j) * sz + k, 1 - w
            a = flat[at] * rest + flat[at + 1] * w
            at += behind
            b = flat[at] * rest + flat[at + 1] * w
            at += right
            d = flat[at] * rest + flat[at + 1] * w
            at -= behind
            c = flat[at] * rest + flat[at + 1] * w
            found: float = (a * (1 - v) + b * v) * (1 - u) + (c * (1 - v) + d * v) * u
            return found

        return depth


def hollowed(body: Body, wall_mm: float, drain_mm: float) -> Manifold | None:
    """The body without what lies deeper than the wall, with two drain holes through its underside; None if nothing does.

    The two holes lie far apart, so that air comes in where resin runs out. Small cavities without a way to them stay solid.
    """
    level = wall_mm + _SAFE_MM
    depth = _depth(body.solid, level + 2 * _CELL_MM)
    cavities = Manifold.level_set(depth.reader(level), depth.bounds(level), _CELL_MM).decompose()
    cavity = max(cavities, key=Manifold.volume, default=Manifold())
    holes = _holes(depth, body, level, drain_mm)
    if cavity.volume() < _SMALLEST_MM3 or not holes:
        return None
    return _with_drains(body, cavity, holes, drain_mm)


def _with_drains(body: Body, cavity: Manifold, holes: list[Floats], drain_mm: float) -> Manifold:
    """The cavity taken out, and cylinders from under the base into it."""
    bottom = cavity.bounding_box()[2]
    drain = Manifold.cylinder(bottom + 1.5 - body.low + 1, drain_mm / 2, drain_mm / 2, 48)
    drains = [drain.translate((float(x), float(y), body.low - 1)) for x, y in holes]
    return body.solid - Manifold.batch_boolean([cavity, *drains], OpType.Add)


def _depth(solid: Manifold, reach: float) -> _Depth:
    """Measured to points spread over the surface, no farther than the reach; inside is behind the nearest one's normal."""
    from scipy.spatial import cKDTree

    points, normals = _scattered(as_mesh(solid))
    low = points.min(axis=0) - _CELL_MM
    counts = np.ceil((points.max(axis=0) - low) / _CELL_MM).astype(int) + 2
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in counts), indexing="ij"), axis=-1).reshape(-1, 3)
    places = grid * _CELL_MM + low
    gaps, nearest = cKDTree(points).query(places, distance_upper_bound=reach, workers=-1)
    near = np.flatnonzero(np.isfinite(gaps))
    sides = np.zeros(len(places), np.int8)
    over = np.einsum("ij,ij->i", places[near] - points[nearest[near]], normals[nearest[near]])
    sides[near] = np.where(over > 0, -1, 1)
    return _Depth(low, _far_too(sides.reshape(counts)) * np.minimum(gaps, reach).reshape(counts))


def _far_too(sides: NDArray[np.int8]) -> NDArray[np.int8]:
    """The sides of the places of a grid, 1 inside and -1 outside, told also where they were 0.

    What hangs together there is all on one side: that of most of the places beside it.
    """
    labels = _parts(sides == 0)
    votes = np.zeros(int(labels.max()) + 1)
    for axis in range(3):
        for shift in (
            1,
            -1,
        ):  # the grid's own border lies outside, so that what comes in from the other end does no harm
            votes += np.bincount(labels.ravel(), np.roll(sides, shift, axis).ravel(), len(votes))
    return np.where(labels > 0, np.where(votes > 0, 1, -1)[labels], sides).astype(np.int8)


def _parts(marked: NDArray[np.bool_]) -> NDArray[np.int32]:
    """The number of the part that each marked place of a grid belongs to, from 1 on; 0 for the others."""
    from scipy.ndimage import label

    return np.asarray(label(marked)[0], np.int32)


def _scattered(surface: Mesh) -> tuple[Floats, Floats]:
    """Points spread over a surface and the mean normals of the faces they lie on, float64 (k, 3) each."""
    faces = np.arange(len(surface.faces))
    points, rows, places = spread(surface, faces, _DENSE_MM)
    a, b, c = surface.vertices.astype(np.float64)[surface.faces].transpose(1, 0, 2)
    across = np.cross(b - a, c - a)
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-12)
    normals: Floats = np.stack([np.bincount(places, across[rows, k], len(points)) for k in range(3)], axis=1)
    cubes = np.floor((points - points.min(axis=0)) / _THIN_MM).astype(np.float32)
    chosen = np.unique(weld_points(cubes)[1], return_index=True)[1]
    return points[chosen].astype(np.float64), normals[chosen]


def _holes(depth: _Depth, body: Body, level: float, drain_mm: float) -> list[Floats]:
    """Where drain holes go: two places far apart with room round them in the lowest layer of the cavity."""
    from scipy.ndimage import distance_transform_edt

    layer = int(np.ceil((body.low + level + _CELL_MM - depth.low[2]) / _CELL_MM))
    areas = _parts(depth.values[:, :, layer] > level)
    if not areas.any():
        return []
    largest = areas == 1 + int(np.bincount(areas.ravel())[1:].argmax())
    room = distance_transform_edt(np.pad(largest, 1))[1:-1, 1:-1] * _CELL_MM
    places = np.argwhere(room >= min(drain_mm / 2 + _CELL_MM, room.max()))
    middle = places.mean(axis=0)
    first = places[np.linalg.norm(places - middle, axis=1).argmax()]
    second = places[np.linalg.norm(places - first, axis=1).argmax()]
    return [place * _CELL_MM + depth.low[:2] for place in (first, second)]
