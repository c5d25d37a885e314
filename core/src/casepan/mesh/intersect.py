"""Where a surface runs through itself, decided with exact predicates."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from casepan.mesh.area import scaled_normals
from casepan.mesh.edges import EdgeTable
from casepan.mesh.finite import require_finite
from casepan.mesh.nearby import Ids, Pairs, overlapping_pairs
from casepan.mesh.surface import IntArray, Mesh
from casepan.mesh.touching import Bools, Triangles, has_partner, meet

_BLOCK = 1 << 15  # pairs tested together


@define(frozen=True, eq=False)
class SelfIntersections:
    """Faces that have a point in common besides the vertices and edges they share.

    Attributes:
        pairs: int32 (k, 2), ids of the faces that meet, the lower first, ascending.
    """

    pairs: IntArray = field(repr=False)

    @property
    def faces(self) -> IntArray:
        """Ids of all faces that meet another, ascending."""
        return np.unique(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)


def self_intersections(mesh: Mesh) -> SelfIntersections:
    """All pairs of faces that run through or touch one another, exactly, ids as in ``mesh.faces``.

    Degenerate, duplicate and zero-area faces are left out. Faces that share an edge meet only where one is folded flat
    onto the other; coplanar faces meet where they overlap or touch.

    Raises:
        CorruptFile: a coordinate is not finite.
        LimitExceeded: the faces overlap so often that this is no surface.
    """
    require_finite(mesh)
    surface = mesh.welded()
    faces = _prepared(surface)
    found = [_confirmed(faces, *pairs) for pairs in _gathered(_suspects(faces))]
    pairs = np.concatenate([np.empty((0, 2), np.intp), *found])
    pairs = np.sort(_ids(surface.edges, len(surface.faces))[pairs], axis=1)
    return SelfIntersections(pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))])


def _ids(table: EdgeTable, count: int) -> IntArray:
    """The original number of each face in the edge table."""
    return np.delete(np.arange(count, dtype=np.int32), np.concatenate([table.degenerate, table.duplicate]))


@define(frozen=True, eq=False)
class _Faces:
    """What the quick test needs of every face, one contiguous array per number.

    Attributes:
        ids: int32 (3, m), corners.
        places: float32 (3, 3, m): corner, axis, face.
        normals: float32 (3, m), unit length; NaN for a face without area, which nothing can be told from.
        margins: float32 (m,), more than float32 arithmetic can get a height over the plane wrong by, for points no
            farther away than the face is large.
    """

    ids: IntArray
    places: NDArray[np.float32]
    normals: NDArray[np.float32]
    margins: NDArray[np.float32]


def _prepared(surface: Mesh) -> _Faces:
    faces = surface.edges.faces
    places = np.ascontiguousarray(surface.vertices.take(faces, axis=0).transpose(1, 2, 0))
    normals = scaled_normals(surface.vertices, faces).T
    margins = (places.max(axis=0) - places.min(axis=0)).max(axis=0)
    return _Faces(np.ascontiguousarray(faces.T), places, normals, margins * np.float32(2.0**-20))


def _suspects(faces: _Faces) -> Iterator[Pairs]:
    """The pairs that no plane of one of the two faces separates for certain."""
    for first, second in overlapping_pairs(faces.places):
        shared = _shared(faces.ids, first, second)
        kept = _straddling(faces, first, second, shared)
        first, second, shared = first[kept], second[kept], shared[:, :, kept]
        kept = _straddling(faces, second, first, shared.transpose(1, 0, 2))
        yield first[kept], second[kept]


def _shared(ids: IntArray, first: Ids, second: Ids) -> Bools:
    """Which corner of the first face is which of the second, bool (3, 3, k)."""
    one = [column.take(first) for column in ids]
    other = [column.take(second) for column in ids]
    return np.array([[a == b for b in other] for a in one])


def _straddling(faces: _Faces, first: Ids, second: Ids, shared: Bools) -> Ids:
    """The pairs whose second face does not lie strictly on one side of the first one's plane, shared corners apart."""
    base = [axis.take(first) for axis in faces.places[0]]
    normal = [axis.take(first) for axis in faces.normals]
    margin = faces.margins.take(first) + faces.margins.take(second)
    above = below = np.ones(len(first), bool)
    for corner, same in zip(faces.places, has_partner(shared), strict=True):
        height = sum((axis.take(second) - b) * n for axis, b, n in zip(corner, base, normal, strict=True))
        above = above & ((height > margin) | same)
        below = below & ((height < -margin) | same)
    return np.flatnonzero(~(above | below))


def _gathered(blocks: Iterator[Pairs]) -> Iterator[Pairs]:
    """The same pairs in blocks of a good size."""
    held: list[Pairs] = []
    for block in blocks:
        held.append(block)
        if sum(len(first) for first, _ in held) >= _BLOCK:
            yield _joined(held)
            held = []
    if held:
        yield _joined(held)


def _joined(blocks: list[Pairs]) -> Pairs:
    first, second = (np.concatenate(side) for side in zip(*blocks, strict=True))
    return first, second


def _confirmed(faces: _Faces, first: Ids, second: Ids) -> Ids:
    """Those of the pairs that truly meet, (k, 2)."""
    one, other = (Triangles(*(corner[:, ids].astype(np.float64) for corner in faces.places)) for ids in (first, second))
    hits = meet(one, other, _shared(faces.ids, first, second))
    return np.stack([first[hits], second[hits]], axis=1)
