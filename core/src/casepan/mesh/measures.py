"""How fine, how bent, how large and how noisy a surface is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from casepan.mesh.area import area_mm2, face_areas, vertex_areas, vertex_normals
from casepan.mesh.edges import EdgeTable
from casepan.mesh.finite import require_finite
from casepan.mesh.surface import FloatArray, Mesh

_Floats = NDArray[np.float64]

# The residue below is the uniform Laplacian taken twice. On a regular net independent noise of 1 grows by the root of
# the sum of its squared weights (1.167 once, -0.278, 0.056 and 0.028 six times each).
_GROWTH = 1.359
_MAD = 1.4826  # of a normal distribution: standard deviation over median absolute deviation


@define(frozen=True, eq=False)
class Box:
    """A box round a surface.

    Attributes:
        centre: float64 (3,), mm.
        axes: float64 (3, 3), its directions as unit rows, right-handed, the longest side first.
        size_mm: float64 (3,), its sides along these directions.
    """

    centre: _Floats
    axes: _Floats
    size_mm: _Floats


@define(frozen=True, eq=False)
class Roughness:
    """Noise and spikes of a surface against its own surroundings.

    Attributes:
        noise_mm: standard deviation of the vertices' heights over the local surface, spikes without weight.
        spikes: ids of the vertices of the welded surface that stick out, ascending.
        heights_mm: float64 (k,), how far each of them does, along its normal.
    """

    noise_mm: float
    spikes: NDArray[np.intp] = field(repr=False)
    heights_mm: _Floats = field(repr=False)


def edge_lengths(mesh: Mesh) -> FloatArray:
    """The length of every unique edge of the welded surface in mm, float32 (e,)."""
    surface = mesh.welded()
    table = surface.edges
    gaps = surface.vertices.take(table.low, axis=0) - surface.vertices.take(table.high, axis=0)
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", gaps, gaps)), np.float32)


def edge_percentiles_mm(mesh: Mesh, percents: Sequence[float] = (5, 50, 95, 99)) -> tuple[float, ...]:
    """These percentiles of the edge lengths in mm; zeros for a surface without edges."""
    lengths = edge_lengths(mesh)
    if not len(lengths):
        return (0.0,) * len(percents)
    return tuple(np.percentile(lengths, percents).tolist())


def faces_per_mm2(mesh: Mesh) -> float:
    """Faces for each mm² of the whole surface; 0 for a surface without area. Medit i900: 34 to 44 (preprint)."""
    area = area_mm2(mesh)
    return len(mesh.faces) / area if area > 0 else 0.0


def local_density(mesh: Mesh) -> FloatArray:
    """Vertices for each mm² round each vertex of the welded surface, float32 (n,); 0 where a vertex has no area."""
    surface = mesh.welded()
    areas = vertex_areas(surface)
    return np.divide(1.0, areas, out=np.zeros(len(areas)), where=areas > 0).astype(np.float32)


def bounding_box(mesh: Mesh) -> Box:
    """The box along the file's axes round the vertices that faces use; the axes keep their order."""
    points = _used_points(mesh)
    low, high = points.min(axis=0), points.max(axis=0)
    return Box((low + high) / 2, np.eye(3), high - low)


def oriented_box(mesh: Mesh) -> Box:
    """The box along the surface's own directions: the axes of inertia of its area.

    The file's own directions where the areas are too large for float32.
    """
    points = _used_points(mesh)
    inertia = _inertia(mesh)
    _, vectors = np.linalg.eigh(inertia if np.isfinite(inertia).all() else np.diag([1.0, 2.0, 3.0]))
    axes = np.ascontiguousarray(vectors.T[::-1])
    order = np.argsort(-np.ptp(points @ axes.T, axis=0), kind="stable")
    axes = axes[order]
    axes[2] *= np.sign(np.linalg.det(axes))
    along = points @ axes.T
    low, high = along.min(axis=0), along.max(axis=0)
    return Box((low + high) / 2 @ axes, axes, high - low)


def _inertia(mesh: Mesh) -> _Floats:
    """The second moments of the area about its centre, float64 (3, 3), exact for flat faces."""
    areas = face_areas(mesh.vertices, mesh.faces).astype(np.float64)
    corners = mesh.vertices.take(mesh.faces.T, axis=0).astype(np.float64)
    total = max(float(areas.sum()), 1e-300)
    sums = corners.sum(axis=0)
    centre = areas @ sums / (3 * total)
    corners -= centre
    sums -= 3 * centre
    moments = sum((part * areas[:, None]).T @ part for part in (*corners, sums))
    return np.asarray(moments / (12 * total))


def mean_curvature(mesh: Mesh) -> FloatArray:
    """The bend of the surface at each vertex in 1/mm, float32 (n,): positive on cusps, negative in fissures.

    The mean over the edges of a vertex of the normal curvature along them, that is how much the normal turns along the
    edge (after Taubin 1995). 0 for a vertex without edges. A ball of radius r has 1/r.

    Raises:
        CorruptFile: a coordinate is not finite.
    """
    require_finite(mesh)
    surface = mesh.welded()
    table = surface.edges
    points, normals = surface.vertices, vertex_normals(surface)
    along = points.take(table.high, axis=0) - points.take(table.low, axis=0)
    turn = normals.take(table.high, axis=0) - normals.take(table.low, axis=0)
    square = np.einsum("ij,ij->i", along, along)
    bend = np.einsum("ij,ij->i", along, turn) / np.maximum(square, np.float32(1e-20))
    return _neighbour_mean(table, bend, bend).astype(np.float32)


def roughness(mesh: Mesh, spike_edges: float = 2.0) -> Roughness:
    """Noise of the surface, and vertices that stick out of it.

    Heights are those over the mean of a vertex's neighbours, along its normal. A spike is higher than a number of edges
    and than three times what its neighbours vary among themselves along that normal: the bottom of a narrow gap between
    teeth is as far from its neighbours, but these climb both walls. The edge is the median of the whole surface: a
    spike lengthens its own edges, so a local yardstick finds none. Border vertices have no all-round neighbourhood and
    are left out.

    Args:
        mesh: any surface; it is welded first.
        spike_edges: how high a spike is, in median edges of the surface. No published limit: a choice of this project.

    Raises:
        CorruptFile: a coordinate is not finite.
    """
    require_finite(mesh)
    surface = mesh.welded()
    table = surface.edges
    inner = _inner(table)
    if not len(inner):
        return Roughness(0.0, inner, np.empty(0))
    heights, spread = _heights(surface)
    residue = (heights - _neighbour_mean(table, heights.take(table.high), heights.take(table.low)))[inner]
    noise = _MAD / _GROWTH * float(np.median(np.abs(residue - np.median(residue))))
    own = np.abs(heights[inner])
    limit = spike_edges * edge_percentiles_mm(surface, (50,))[0]
    spikes = inner[(own > limit) & (own > 3 * spread[inner])]
    return Roughness(noise, spikes, heights[spikes])


def _heights(surface: Mesh) -> tuple[_Floats, _Floats]:
    """Each vertex's height over the mean of its neighbours along its normal, and their standard deviation along it."""
    table, normals = surface.edges, vertex_normals(surface)
    along = surface.vertices.take(table.high, axis=0) - surface.vertices.take(table.low, axis=0)
    upwards = np.einsum("ij,ij->i", along, normals.take(table.low, axis=0)).astype(np.float64)
    downwards = -np.einsum("ij,ij->i", along, normals.take(table.high, axis=0)).astype(np.float64)
    mean = _neighbour_mean(table, upwards, downwards)
    square = _neighbour_mean(table, upwards**2, downwards**2)
    return -mean, np.sqrt(np.maximum(square - mean**2, 0))


def _inner(table: EdgeTable) -> NDArray[np.intp]:
    """Vertices that have edges, none of them on the border."""
    inner = _degrees(table) > 0
    inner[table.boundary.ravel()] = False
    return np.flatnonzero(inner)


def _degrees(table: EdgeTable) -> NDArray[np.intp]:
    """The number of edges of each vertex."""
    return np.diff(table.start) + np.bincount(table.high, minlength=table.vertex_count)


def _neighbour_mean(table: EdgeTable, of_low: NDArray[np.floating], of_high: NDArray[np.floating]) -> _Floats:
    """The mean over the edges of each vertex of what they say to their lower and to their higher end; 0 without edges."""
    sums = np.bincount(table.low, of_low, table.vertex_count) + np.bincount(table.high, of_high, table.vertex_count)
    return np.asarray(sums / np.maximum(_degrees(table), 1), np.float64)


def _used_points(mesh: Mesh) -> _Floats:
    """The vertices that faces use, float64; a single origin for a surface without faces."""
    require_finite(mesh)
    used = np.zeros(len(mesh.vertices), bool)
    used[mesh.faces.ravel()] = True
    return mesh.vertices[used].astype(np.float64) if used.any() else np.zeros((1, 3))
