"""A hollow body: what lies deeper than the wall is taken out, and drain holes lead there from below."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from attrs import define, field
from manifold3d import Manifold, OpType
from numpy.typing import NDArray

from casepan.mesh import vertex_normals
from casepan_prepare.modelling.body import Body, as_mesh

Floats = NDArray[np.float64]

_CELL_MM = 1.0  # of the grid on which depth is measured
_DENSE_MM = 0.8  # distance of the points on the surface that it is measured to
_SAFE_MM = 0.15  # by how much measuring between such points and grid places can be wrong together
_SMALLEST_MM3 = 200.0  # a cavity smaller than this is not worth a drain hole


@define(frozen=True, eq=False)
class _Depth:
    """How deep places lie under a surface, on a grid.

    Attributes:
        low: float64 (3,), the grid's corner.
        values: float64 (x, y, z), mm, negative outside.
    """

    low: Floats
    values: Floats = field(repr=False)

    def reader(self, level: float) -> Callable[[float, float, float], float]:
        """A function of a place, between the grid's eight corners round it: how much deeper than a level it lies."""
        sx, sy, sz = self.values.shape
        low: list[float] = self.low.tolist()
        x0, y0, z0 = low
        flat: list[float] = (self.values - level).ravel().tolist()

        def depth(x: float, y: float, z: float) -> float:
            sizes = ((x, x0, sx), (y, y0, sy), (z, z0, sz))
            u, v, w = (float(min(max((at - by) / _CELL_MM, 0.0), n - 1.001)) for at, by, n in sizes)
            i, j, k = int(u), int(v), int(w)
            u, v, w = u - i, v - j, w - k
            at = (i * sy + j) * sz + k
            right = at + sy * sz

            def along_z(at: int) -> float:
                return flat[at] * (1 - w) + flat[at + 1] * w

            near = along_z(at) * (1 - v) + along_z(at + sz) * v
            far = along_z(right) * (1 - v) + along_z(right + sz) * v
            return near * (1 - u) + far * u

        return depth


def hollowed(body: Body, wall_mm: float, drain_mm: float) -> Manifold | None:
    """The body without what lies deeper than the wall, with two drain holes through its underside; None if nothing does.

    The two holes lie far apart, so that air comes in where resin runs out. Small cavities without a way to them stay solid.
    """
    depth = _depth(body.solid)
    level = wall_mm + _SAFE_MM
    bounds = [*depth.low.tolist(), *(depth.low + (np.array(depth.values.shape) - 1) * _CELL_MM).tolist()]
    cavities = Manifold.level_set(depth.reader(level), bounds, _CELL_MM).decompose()
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


def _depth(solid: Manifold) -> _Depth:
    """Measured to points spread densely over the surface; inside is behind the nearest one's normal."""
    from scipy.spatial import cKDTree

    dense = as_mesh(solid.refine_to_length(_DENSE_MM))
    points, normals = dense.vertices.astype(np.float64), vertex_normals(dense).astype(np.float64)
    low = points.min(axis=0) - _CELL_MM
    counts = np.ceil((points.max(axis=0) - low) / _CELL_MM).astype(int) + 2
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in counts), indexing="ij"), axis=-1).reshape(-1, 3)
    places = grid * _CELL_MM + low
    gaps, nearest = cKDTree(points).query(places, workers=-1)
    outside = np.einsum("ij,ij->i", places - points[nearest], normals[nearest]) > 0
    return _Depth(low, np.where(outside, -gaps, gaps).reshape(counts))


def _holes(depth: _Depth, body: Body, level: float, drain_mm: float) -> list[Floats]:
    """Where drain holes go: two places far apart with room round them in the lowest layer of the cavity."""
    from scipy.ndimage import distance_transform_edt, label

    layer = int(np.ceil((body.low + level + _CELL_MM - depth.low[2]) / _CELL_MM))
    areas, count = label(depth.values[:, :, layer] > level)
    if not count:
        return []
    largest = areas == 1 + int(np.bincount(areas.ravel())[1:].argmax())
    room = distance_transform_edt(np.pad(largest, 1))[1:-1, 1:-1] * _CELL_MM
    places = np.argwhere(room >= min(drain_mm / 2 + _CELL_MM, room.max()))
    middle = places.mean(axis=0)
    first = places[np.linalg.norm(places - middle, axis=1).argmax()]
    second = places[np.linalg.norm(places - first, axis=1).argmax()]
    return [place * _CELL_MM + depth.low[:2] for place in (first, second)]
