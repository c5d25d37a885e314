"""Fewer triangles within a measured distance.

Collapsing edges of small error keeps nearly all of a surface near, and now and then pulls a narrow groove between two teeth
by a tenth of a millimetre. So the result is measured, and where it lies too far away the scan's own triangles are put
back: those places are cut out, and the rest is simplified once more with its border, the cut among it, kept. What is far
from such a place comes out as before, so a few rounds are enough.
"""

from __future__ import annotations

import numpy as np
from attrs import define, evolve
from numpy.typing import NDArray

from casepan.mesh import Mesh, edge_lengths
from casepan.mesh.simplify import collapse_edges
from casepan.mesh.subset import with_faces
from casepan_prepare.closeness import Measure, Points

_STEPS = (1.0,) * 7 + (0.8, 0.6, 0.5, 0.4, 0.3)
"""Times the first: what one collapse may cost in each round. Where each round pulls something else flat, smaller steps bring
it to an end."""
_FIRST = 2.0  # times the tolerance; more gives way to putting back more than it saves
_FIRST_OF_FINE, _FINE = (
    1.6,
    400_000,
)  # in scans of more triangles twice is too much already at 10 µm, and takes seven rounds
_WORTH = 0.95  # a scan that would keep more than this share of its triangles is left as it is
_SPREAD = 1.5  # times the median edge of the scan: the distance of the points asked
_AROUND_MM = 0.5  # how far round a place that is too far away the scan's triangles are put back; more in each round


@define(frozen=True, eq=False)
class Simpler:
    """A simplified surface, and how far at most the scan and it are apart anywhere, mm."""

    mesh: Mesh
    distance_mm: float


def simplified(surface: Mesh, tolerance_mm: float) -> Simpler | None:
    """The surface with about the fewest triangles within a tolerance, or None when it hardly gets simpler.

    Its border stays as it is, vertex for vertex.

    Args:
        surface: a welded surface without texture and face colours, finite.
        tolerance_mm: the largest distance from either surface to the other.

    Raises:
        AdapterError: pyfqmr is not installed.
    """
    bare = evolve(surface, vertex_colours=None).as_welded()
    measure = Measure.of(bare, _SPREAD * _edge(bare), tolerance_mm)
    kept, near = np.zeros(len(bare.faces), bool), None
    first = (_FIRST if len(bare.faces) < _FINE else _FIRST_OF_FINE) * tolerance_mm
    for turn, step in enumerate(_STEPS):
        made = _collapsed(bare, kept, step * first)
        if len(made.faces) > _WORTH * len(bare.faces):
            return None
        near = measure.closeness(made, near)
        far = near.far
        if len(made.edges.nonmanifold) > len(bare.edges.nonmanifold):
            far = np.concatenate([far, made.vertices[np.unique(made.edges.nonmanifold)]])
        if not len(far):
            return Simpler(_coloured(made, surface), near.farthest_mm)
        kept |= _near(bare, far, _AROUND_MM * (1 + turn / 2))
    return None


def _collapsed(surface: Mesh, kept: NDArray[np.bool_], error_mm: float) -> Mesh:
    """The surface simplified, the kept faces as they are."""
    if not kept.any():
        return collapse_edges(surface, error_mm).welded()
    back = with_faces(surface, kept)
    if kept.all():
        return back.welded()
    made = collapse_edges(with_faces(surface, ~kept).as_welded(), error_mm)
    faces = np.concatenate([made.faces, back.faces + np.int32(len(made.vertices))])
    return evolve(made, vertices=np.concatenate([made.vertices, back.vertices]), faces=faces).welded()


def _coloured(made: Mesh, scan: Mesh) -> Mesh:
    """The simplified surface with the colours of the scan's nearest corners."""
    if scan.vertex_colours is None:
        return made
    from scipy.spatial import cKDTree

    nearest = cKDTree(scan.vertices).query(made.vertices, workers=-1)[1]
    return evolve(made, vertex_colours=scan.vertex_colours[nearest]).as_welded()


def _near(surface: Mesh, places: Points, around_mm: float) -> NDArray[np.bool_]:
    """Which faces have their middle near one of these places."""
    from scipy.spatial import cKDTree

    middles = surface.vertices[surface.faces].mean(axis=1)
    return np.asarray(np.isfinite(cKDTree(places).query(middles, distance_upper_bound=around_mm)[0]))


def _edge(mesh: Mesh) -> float:
    """The median edge, mm."""
    return max(float(np.median(edge_lengths(mesh))), 1e-3)
