"""Double layers: places where the scanner put the same surface down twice (stitching)."""

from __future__ import annotations

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from casepan.mesh.area import vertex_areas, vertex_normals
from casepan.mesh.finite import require_finite
from casepan.mesh.surface import FloatArray, Mesh

_Ids = NDArray[np.intp]
_Floats = NDArray[np.float64]
_LIKE = 0.85  # cosine between the normals of the two sheets: within 32 degrees
_ACROSS = 0.7  # cosine between the step from sheet to sheet and the normal: the step goes across, not along the sheet


@define(frozen=True, eq=False)
class DoubleLayer:
    """One connected patch of a surface with another sheet close by.

    Attributes:
        vertices: ids of its vertices in the welded surface, ascending.
        area_mm2: the area they stand for.
        gap_mm: the median distance of the two sheets.
        centre: the mean of its vertices.
    """

    vertices: _Ids = field(repr=False)
    area_mm2: float
    gap_mm: float
    centre: tuple[float, float, float]


def double_layers(mesh: Mesh, within_mm: float = 0.3, min_area_mm2: float = 1.0) -> tuple[DoubleLayer, ...]:
    """Patches where two sheets with like normals lie on top of each other, largest first; both sheets are reported.

    A ball that touches the surface at a vertex from outside, or from inside, holds no other vertex of a single sheet
    that is not more sharply bent than the ball. A vertex in it belongs to another sheet; when that has a like normal
    and lies across the surface, the place is doubled. Small patches are left out: ledges less high than the limit look
    alike along a thin line. Sheets closer than a fortieth of the limit, and nets coarser than the limit, are not seen.

    Args:
        mesh: any surface; it is welded first.
        within_mm: how far apart the sheets may be. No published limit: a choice of this project.
        min_area_mm2: how large a patch has to be.

    Raises:
        CorruptFile: a coordinate is not finite.
    """
    require_finite(mesh)
    surface = mesh.welded()
    gaps = _gaps(surface.vertices, vertex_normals(surface), within_mm / 2)
    doubled = np.flatnonzero(np.isfinite(gaps))
    if not len(doubled):
        return ()
    areas = vertex_areas(surface)
    patches = [patch for patch in _patches(surface, doubled) if areas[patch].sum() >= min_area_mm2]
    layers = [_layer(surface.vertices[patch], patch, areas[patch], gaps[patch]) for patch in patches]
    return tuple(sorted(layers, key=lambda layer: -layer.area_mm2))


def _gaps(points: FloatArray, normals: FloatArray, radius: float) -> _Floats:
    """The distance from each vertex to another sheet, infinite where there is none."""
    from scipy.spatial import cKDTree

    gaps = np.full(len(points), np.inf)
    solid = np.flatnonzero(np.einsum("ij,ij->i", normals, normals) > 0.5)
    if not len(solid):
        return gaps
    places, ups = points[solid].astype(np.float64), normals[solid].astype(np.float64)
    tree = cKDTree(places, balanced_tree=False, compact_nodes=False)
    for side in (radius, -radius):
        away, found = tree.query(places + side * ups, distance_upper_bound=0.95 * radius, workers=-1)
        hit = np.flatnonzero(np.isfinite(away))
        step = places[found[hit]] - places[hit]
        length = np.sqrt(np.einsum("ij,ij->i", step, step))
        like = np.einsum("ij,ij->i", ups[hit], ups[found[hit]]) > _LIKE
        across = np.abs(np.einsum("ij,ij->i", step, ups[hit])) > _ACROSS * length
        kept = hit[like & across]
        gaps[solid[kept]] = np.minimum(gaps[solid[kept]], length[like & across])
    return gaps


def _patches(surface: Mesh, vertices: _Ids) -> list[_Ids]:
    """The vertices in groups that are joined by edges between them."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    table = surface.edges
    local = np.full(table.vertex_count, -1, np.int32)
    local[vertices] = np.arange(len(vertices), dtype=np.int32)
    low, high = local.take(table.low), local.take(table.high)
    both = np.flatnonzero((low >= 0) & (high >= 0))
    joined = (np.ones(len(both), np.int8), (low[both], high[both]))
    _, labels = connected_components(coo_array(joined, shape=(len(vertices),) * 2), directed=False)
    order = np.argsort(labels, kind="stable")
    return [vertices[part] for part in np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)]


def _layer(points: FloatArray, vertices: _Ids, areas: _Floats, gaps: _Floats) -> DoubleLayer:
    x, y, z = points.mean(axis=0, dtype=np.float64).tolist()
    return DoubleLayer(vertices, float(areas.sum()), float(np.median(gaps)), (x, y, z))
