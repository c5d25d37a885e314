"""Where a surface runs through itself, decided with exact predicates."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from casepan.mesh import kernels
from casepan.mesh.area import scaled_normals
from casepan.mesh.edges import EdgeTable
from casepan.mesh.finite import require_finite
from casepan.mesh.nearby import MOST_PAIRS, Ids, Pairs, overlapping_pairs, too_many
from casepan.mesh.surface import FloatArray, IntArray, Mesh
from casepan.mesh.touching import Bools, Triangles, has_partner, meet

_TINY = np.float32(1e-36)
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
    found = _found_by_kernels(surface) if kernels.compiled() else _found(surface)
    pairs = np.sort(_ids(surface.edges, len(surface.faces))[found], axis=1)
    return SelfIntersections(pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))])


def _found_by_kernels(surface: Mesh) -> Ids:
    """All pairs, (k, 2), numbers as in the edge table."""
    pairs = kernels.meeting_pairs(surface.vertices, surface.edges.faces, MOST_PAIRS)
    if pairs is None:
        raise too_many()
    return pairs.astype(np.intp)


def _found(surface: Mesh) -> Ids:
    """The same with numpy."""
    with np.errstate(over="ignore", invalid="ignore"):  # what runs over is decided exactly
        faces = _prepared(surface)
        found = [_confirmed(faces, *pairs) for pairs in _gathered(_suspects(faces))]
    return np.concatenate([np.empty((0, 2), np.intp), *found])


def _ids(table: EdgeTable, count: int) -> IntArray:
    """The original number of each face in the edge table."""
    return np.delete(np.arange(count, dtype=np.int32), np.concatenate([table.degenerate, table.duplicate]))


@define(frozen=True, eq=False)
class _Faces:
    """What the quick test needs of every face, one contiguous array per number.

    Attributes:
        ids: int32 (3, m), corners.
        places: float32 (3, 3, m): corner, axis, face.
        normals: float32 (3, m), as long as twice the area.
        sizes: float32 (m,), the longest side of the box.
    """

    ids: IntArray
    places: NDArray[np.float32]
    normals: NDArray[np.float32]
    sizes: NDArray[np.float32]


def _prepared(surface: Mesh) -> _Faces:
    faces = surface.edges.faces
    places = np.ascontiguousarray(surface.vertices.take(faces, axis=0).transpose(1, 2, 0))
    normals = scaled_normals(surface.vertices, faces).T
    sizes = (places.max(axis=0) - places.min(axis=0)).max(axis=0)
    return _Faces(np.ascontiguousarray(faces.T), places, normals, sizes)


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
    margin = _margin(faces.sizes.take(first), faces.sizes.take(second))
    above = below = np.ones(len(first), bool)
    for corner, same in zip(faces.places, has_partner(shared), strict=True):
        height = sum((axis.take(second) - b) * n for axis, b, n in zip(corner, base, normal, strict=True))
        above = above & ((height > margin) | same)
        below = below & ((height < -margin) | same)
    return np.flatnonzero(~(above | below))


def _margin(size: FloatArray, other: FloatArray) -> FloatArray:
    """More than float32 can get the height of a point of the second face over the first one's plane wrong by.

    The height has the first normal as a factor: of products of two sides, each wrong by at most some 2^-21 of the
    largest there can be. The boxes overlap, so no way between the two is longer than both together. The small constant
    covers products too small for float32.
    """
    return (size * size * np.float32(2.0**-17) + _TINY) * (size + other) + _TINY


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
