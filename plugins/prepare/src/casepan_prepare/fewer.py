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

from casepan.mesh import Mesh, distance, edge_lengths
from casepan.mesh.simplify import collapse_edges
from casepan.mesh.subset import with_faces

Points = NDArray[np.float32]

_STEPS = (2.0,) * 7 + (1.4, 1.0, 0.7, 0.5)
"""Times the tolerance: what one collapse may cost in each round. More than twice gives way to putting back more than it
saves. On scans of 600,000 triangles each round pulls something else flat; then smaller steps bring it to an end."""
_WORTH = 0.95  # a scan that would keep more than this share of its triangles is left as it is
_FAR_MM = 1.0  # how far the other surface is looked for
_AROUND_MM = 0.5  # how far round a place that is too far away the scan's triangles are put back; more in each round


@define(frozen=True, eq=False)
class Simpler:
    """A simplified surface and its largest distance from the scan, mm."""

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
    kept = np.zeros(len(surface.faces), bool)
    for turn, step in enumerate(_STEPS):
        made = _collapsed(surface, kept, step * tolerance_mm)
        if len(made.faces) > _WORTH * len(surface.faces):
            return None
        far, apart = _too_far(surface, made, tolerance_mm)
        if len(made.edges.nonmanifold) > len(surface.edges.nonmanifold):
            far = np.concatenate([far, made.vertices[np.unique(made.edges.nonmanifold)]])
        if not len(far):
            return Simpler(made, apart)
        kept |= _near(surface, far, _AROUND_MM * (1 + turn / 2))
    return None


def farthest_mm(one: Mesh, other: Mesh) -> float:
    """The largest distance from either surface to the other; infinite beyond a millimetre.

    Asked at points no farther apart than the usual edge of the finer surface: corners, and more on larger faces.
    """
    return _too_far(one, other, 0.0)[1]


def _collapsed(surface: Mesh, kept: NDArray[np.bool_], error_mm: float) -> Mesh:
    """The surface simplified, the kept faces as they are."""
    if not kept.any():
        return collapse_edges(surface, error_mm)
    back = with_faces(surface, kept)
    if kept.all():
        return back
    made = collapse_edges(with_faces(surface, ~kept).as_welded(), error_mm)
    colours = None
    if made.vertex_colours is not None and back.vertex_colours is not None:
        colours = np.concatenate([made.vertex_colours, back.vertex_colours])
    faces = np.concatenate([made.faces, back.faces + np.int32(len(made.vertices))])
    vertices = np.concatenate([made.vertices, back.vertices])
    return evolve(made, vertices=vertices, faces=faces, vertex_colours=colours).welded()


def _too_far(one: Mesh, other: Mesh, tolerance_mm: float) -> tuple[Points, float]:
    """Points of either surface farther than this from the other, float32 (k, 3), and the largest distance."""
    edge = min(_edge(one), _edge(other))
    fine = [_evened(mesh, 1.5 * edge) for mesh in (one, other)]
    far, farthest = [np.empty((0, 3), np.float32)], 0.0
    for asked, target in (fine, fine[::-1]):
        gap = distance(asked, target, _FAR_MM)
        lost = np.ones(len(asked.vertices), bool)
        lost[gap.vertices] = gap.distance_mm > tolerance_mm
        far.append(asked.vertices[lost])
        farthest = max(farthest, float(gap.distance_mm.max(initial=0.0)))
        if len(gap.vertices) < len(asked.vertices):
            farthest = float("inf")
    return np.concatenate(far), farthest


def _near(surface: Mesh, places: Points, around_mm: float) -> NDArray[np.bool_]:
    """Which faces have their middle near one of these places."""
    from scipy.spatial import cKDTree

    middles = surface.vertices[surface.faces].mean(axis=1)
    return np.asarray(np.isfinite(cKDTree(places).query(middles, distance_upper_bound=around_mm)[0]))


def _edge(mesh: Mesh) -> float:
    """The median edge, mm."""
    return max(float(np.median(edge_lengths(mesh))), 1e-3)


def _evened(mesh: Mesh, edge_mm: float) -> Mesh:
    """The same surface with no edge longer than this: faces are halved at their longest edge."""
    left = mesh.vertices[mesh.faces].astype(np.float64)
    done = []
    while len(left):
        sides = np.linalg.norm(left - left[:, [1, 2, 0]], axis=2)
        long = sides.max(axis=1) > edge_mm
        done.append(left[~long])
        corners = (sides.argmax(axis=1)[long, None] + np.arange(3)) % 3
        a, b, c = np.take_along_axis(left[long], corners[:, :, None], axis=1).transpose(1, 0, 2)
        middle = (a + b) / 2
        left = np.concatenate([np.stack([a, middle, c], axis=1), np.stack([middle, b, c], axis=1)])
    points = np.concatenate(done).reshape(-1, 3).astype(np.float32)
    return Mesh(points, np.arange(len(points), dtype=np.int32).reshape(-1, 3)).welded()
