"""Closing holes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from attrs import define, evolve
from numpy.typing import NDArray

from casepan.mesh.finite import require_finite
from casepan.mesh.loops import Loop, ring
from casepan.mesh.repair import Change, change
from casepan.mesh.structure import topology
from casepan.mesh.surface import ByteArray, FloatArray, IntArray, Mesh, Texture
from casepan.mesh.weld import weld_points

_FAN = 6  # holes with no more edges get a flat fan, larger ones a smooth patch

_Floats = NDArray[np.float64]


@define(frozen=True, eq=False)
class _Patch:
    """New vertices and faces that close one hole.

    Attributes:
        rim: int32 (n,), the hole's vertices in order.
        points: float64 (k, 3), the new vertices; their ids begin at the surface's vertex count.
        faces: int32 (j, 3), with local ids: 0 to n - 1 the rim, then the new vertices.
    """

    rim: IntArray
    points: _Floats
    faces: IntArray


@define(frozen=True, eq=False)
class _Nearby:
    """The faces that touch a border: their ids, ascending, and int32 (k, 3) corners."""

    ids: NDArray[np.intp]
    faces: IntArray

    @classmethod
    def of(cls, surface: Mesh, border: IntArray) -> _Nearby:
        marked = np.zeros(len(surface.vertices), bool)
        marked[border] = True
        ids = np.flatnonzero(marked[surface.faces].any(axis=1))
        return cls(ids, surface.faces[ids])

    def touching(self, rim: IntArray) -> NDArray[np.intp]:
        """Which of them touch one border."""
        return np.flatnonzero(np.isin(self.faces, rim).any(axis=1))


def fill_holes(
    mesh: Mesh, max_across_mm: float = 2.0, only: Callable[[Loop], bool] | None = None
) -> tuple[Mesh, Change]:
    """Close the holes that are no wider than a limit; the rim of an open part is never closed.

    A triangle closes three edges, a fan up to six. Larger holes get rings of new vertices about as far apart as those
    of the border, placed so that the patch continues the bend of the surface round it (the discrete bi-Laplacian
    vanishes). Colours and texture coordinates are spread inwards from the border. Every border edge gets one face and
    every other edge of a patch is new, so no edge ever has three faces.

    Args:
        mesh: any surface; it is welded first.
        max_across_mm: the largest distance between two vertices of a hole that is closed.
        only: further says which of these holes may be closed; their vertex ids are those of the welded surface.

    Raises:
        CorruptFile: a coordinate is not finite.
    """
    require_finite(mesh)
    surface = mesh.welded()
    holes = [
        loop for loop in topology(surface).holes if loop.across_mm <= max_across_mm and (only is None or only(loop))
    ]
    rims = [rim for hole in holes for rim in (cycles(hole.edges) if not hole.is_simple else [ring(hole.edges)])]
    if not rims:
        return mesh, change("fill holes", 0, "", mesh, mesh)
    nearby = _Nearby.of(surface, np.concatenate(rims))
    result = _joined(surface, [_patch(surface, rim, nearby) for rim in rims], nearby)
    added = len(result.faces) - len(surface.faces)
    text = f"closed {len(rims)} {'hole' if len(rims) == 1 else 'holes'} up to {max_across_mm:g} mm with {added} faces"
    return result, change("fill holes", len(rims), text, mesh, result)


def cycles(edges: IntArray) -> list[IntArray]:
    """A closed border that touches itself, cut into simple loops at the vertices it visits twice.

    Where flipped faces leave no consistent way round, nothing is returned: such a border has to be oriented first.
    """
    following: dict[int, list[int]] = {}
    for a, b in edges.tolist():
        following.setdefault(a, []).append(b)
    if sorted(edges[:, 0].tolist()) != sorted(edges[:, 1].tolist()):
        return []
    loops = []
    while following:
        path = [min(following)]
        while path:
            after = following[path[-1]].pop()
            if not following[path[-1]]:
                del following[path[-1]]
            if after in path:
                start = path.index(after)
                loops.append(np.array(path[start:], np.int32))
                path = path[: start + 1] if after in following and start else []
            else:
                path.append(after)
    return [loop for loop in loops if len(loop) >= 3]


def _patch(surface: Mesh, rim: IntArray, nearby: _Nearby) -> _Patch:
    """The patch of one simple loop, its vertices in the direction of their faces."""
    border = surface.vertices[rim].astype(np.float64)
    if len(rim) == 3:
        return _Patch(rim, np.empty((0, 3)), np.array([[2, 1, 0]], np.int32))
    sizes = _ring_sizes(border) if len(rim) > _FAN else []
    faces = _rings(len(rim), sizes)
    points = _ring_points(border, sizes)
    if len(rim) > _FAN:
        outside = nearby.faces[nearby.touching(rim)]
        points = _bent(surface, rim, points, faces, outside)
    return _Patch(rim, points, faces)


def _ring_sizes(border: _Floats) -> list[int]:
    """How many vertices each ring between the border and the centre gets, so that edges keep their length."""
    step = float(np.linalg.norm(np.roll(border, -1, axis=0) - border, axis=1).mean())
    reach = float(np.linalg.norm(border - border.mean(axis=0), axis=1).mean())
    rings = max(1, round(reach / max(0.87 * step, 1e-12)))
    sizes = [round(len(border) * (1 - k / rings)) for k in range(1, rings)]
    return [size for size in sizes if size >= 4]


def _ring_points(border: _Floats, sizes: list[int]) -> _Floats:
    """The new vertices ring by ring, the centre last, on straight lines to the centre."""
    centre = border.mean(axis=0)
    closed = np.concatenate([border, border[:1]])
    rows = []
    for size in sizes:
        at = np.arange(size) * len(border) / size
        whole = at.astype(np.intp)
        share = (at - whole)[:, None]
        outer = closed[whole] * (1 - share) + closed[whole + 1] * share
        rows.append(centre + (outer - centre) * size / len(border))
    return np.concatenate([*rows, centre[None]])


def _rings(count: int, sizes: list[int]) -> IntArray:
    """Faces between the border, the rings and the centre, against the direction of the border."""
    faces: list[tuple[int, int, int]] = []
    start, size = 0, count
    for inner in sizes:
        faces += _belt(start, size, start + size, inner)
        start, size = start + size, inner
    centre = start + size
    faces += [(start + (k + 1) % size, start + k, centre) for k in range(size)]
    return np.array(faces, np.int32)


def _belt(outer: int, count: int, inner: int, fewer: int) -> list[tuple[int, int, int]]:
    """The faces between two rings of vertices, always stepping on along the one that lags behind."""
    faces = []
    i = j = 0
    while i < count or j < fewer:
        here, there = outer + i % count, inner + j % fewer
        if j == fewer or (i < count and (i + 1) * fewer <= (j + 1) * count):
            faces.append((outer + (i + 1) % count, here, there))
            i += 1
        else:
            faces.append((here, there, inner + (j + 1) % fewer))
            j += 1
    return faces


def _bent(surface: Mesh, rim: IntArray, points: _Floats, faces: IntArray, outside: IntArray) -> _Floats:
    """The new vertices moved to where the patch and the surface round it bend evenly.

    Unknown are the new vertices; the uniform Laplacian over the new vertices and the border, whose neighbours outside
    count as well, is made as small as possible in the least-squares sense.
    """
    from scipy.sparse.linalg import spsolve

    others = np.setdiff1d(outside, rim)
    ids = np.concatenate([rim, others])
    order = np.argsort(ids)
    local = order[np.searchsorted(ids, outside, sorter=order)]
    local[local >= len(rim)] += len(points)  # local numbers: the border, the new vertices, the others outside
    total = len(rim) + len(points) + len(others)
    laplacian = _laplacian(np.concatenate([faces, local.astype(np.int32)]), total)[: len(rim) + len(points)]
    new = np.arange(len(rim), len(rim) + len(points))
    known = np.setdiff1d(np.arange(total), new)
    unknown_part = laplacian[:, new]
    fixed = laplacian[:, known] @ surface.vertices[ids].astype(np.float64)
    solved = spsolve((unknown_part.T @ unknown_part).tocsc(), -(unknown_part.T @ fixed))
    return np.asarray(solved).reshape(-1, 3)


def _spread(values: _Floats, count: int, faces: IntArray) -> _Floats:
    """Values of the border carried inwards so that each new vertex has the mean of its neighbours."""
    from scipy.sparse.linalg import spsolve

    total = int(faces.max()) + 1
    if total == count:
        return np.empty((0, values.shape[1]))
    rows = _laplacian(faces, total)[count:]
    solved = spsolve(rows[:, count:].tocsc(), -(rows[:, :count] @ values))
    return np.asarray(solved).reshape(total - count, -1)


def _laplacian(faces: IntArray, count: int) -> Any:
    """The uniform Laplacian: each vertex less the mean of its neighbours, sparse (count, count)."""
    from scipy.sparse import coo_array, diags_array

    one, two = np.concatenate([faces, faces[:, [1, 2, 0]]]), np.concatenate([faces[:, [1, 2, 0]], faces])
    links = coo_array((np.ones(one.size), (one.ravel(), two.ravel())), shape=(count, count)).tocsr()
    links.data[:] = 1.0
    degrees = np.maximum(links.sum(axis=1), 1)
    return (diags_array(np.ones(count)) - diags_array(1 / degrees) @ links).tocsr()


def _joined(surface: Mesh, patches: list[_Patch], nearby: _Nearby) -> Mesh:
    """The surface with its patches, their colours and texture coordinates."""
    base = len(surface.vertices) + np.cumsum([0] + [len(patch.points) for patch in patches])
    faces = [
        np.concatenate([patch.rim, np.arange(start, start + len(patch.points))]).astype(np.int32)[patch.faces]
        for patch, start in zip(patches, base, strict=False)
    ]
    return evolve(
        surface,
        vertices=_all_different(surface.vertices, np.concatenate([patch.points for patch in patches])),
        faces=np.concatenate([surface.faces, *faces]),
        vertex_colours=_vertex_colours(surface, patches),
        face_colours=_face_colours(surface, patches, nearby),
        texture=_texture(surface, patches, nearby),
    ).as_welded()


def _all_different(known: FloatArray, new: _Floats) -> FloatArray:
    """Known and new vertices; a new one that falls on another is moved by micrometres, or welding would join them."""
    points = new.astype(np.float32)
    while len(points):
        near = known[_shares_x(known, points)]
        kept, inverse = weld_points(np.concatenate([near, points]))
        if len(kept) == len(inverse):
            return np.concatenate([known, points])
        _, first = np.unique(inverse, return_index=True)
        doubled = np.setdiff1d(np.arange(len(inverse)), first) - len(near)
        points[doubled] += np.float32(1e-3) * np.arange(1, len(doubled) + 1, dtype=np.float32)[:, None]
    return known


def _shares_x(points: FloatArray, others: FloatArray) -> NDArray[np.bool_]:
    """Which points have the x coordinate of one of the others."""
    ordered = np.sort(others[:, 0])
    places = np.searchsorted(ordered, points[:, 0]).clip(max=len(ordered) - 1)
    return np.asarray(ordered[places] == points[:, 0])


def _vertex_colours(surface: Mesh, patches: list[_Patch]) -> ByteArray | None:
    colours = surface.vertex_colours
    if colours is None:
        return None
    new = [_spread(colours[patch.rim].astype(np.float64), len(patch.rim), patch.faces) for patch in patches]
    return np.concatenate([colours, *((part + 0.5).clip(0, 255).astype(np.uint8) for part in new)])


def _face_colours(surface: Mesh, patches: list[_Patch], nearby: _Nearby) -> ByteArray | None:
    """The new faces of a hole have the mean colour of the faces round it."""
    colours = surface.face_colours
    if colours is None:
        return None
    means = [colours[nearby.ids[nearby.touching(patch.rim)]].mean(axis=0) + 0.5 for patch in patches]
    new = [np.tile(mean.astype(np.uint8), (len(patch.faces), 1)) for mean, patch in zip(means, patches, strict=True)]
    return np.concatenate([colours, *new])


def _texture(surface: Mesh, patches: list[_Patch], nearby: _Nearby) -> Texture | None:
    """Texture coordinates carried inwards from the border; where a seam meets it, one of its sides is taken."""
    texture = surface.texture
    if texture is None:
        return None
    of_vertex = dict(zip(nearby.faces.ravel().tolist(), texture.uv[nearby.ids].reshape(-1, 2).tolist(), strict=True))
    parts = [texture.uv]
    for patch in patches:
        border = np.array([of_vertex[vertex] for vertex in patch.rim.tolist()])
        inner = _spread(border, len(patch.rim), patch.faces)
        parts.append(np.concatenate([border, inner])[patch.faces].astype(np.float32))
    return evolve(texture, uv=np.concatenate(parts))
