"""Small repairs. Each returns a new surface and says what it changed; nothing to do gives the surface back as it was."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from attrs import define, evolve
from numpy.typing import NDArray

from casepan.mesh.area import face_areas
from casepan.mesh.edges import EdgeTable
from casepan.mesh.finite import require_finite
from casepan.mesh.structure import Component, topology
from casepan.mesh.subset import with_faces, without_unused
from casepan.mesh.surface import IntArray, Mesh


@define(frozen=True)
class Change:
    """What a repair did.

    Attributes:
        action: the repair, one word or two: ``"drop islands"``.
        count: how many things were changed; 0 when nothing was to do.
        text: the same in words and numbers, for a report.
        faces_before: number of faces before.
        faces_after: number of faces after.
    """

    action: str
    count: int
    text: str
    faces_before: int
    faces_after: int

    def __bool__(self) -> bool:
        return self.count > 0


def change(action: str, count: int, text: str, before: Mesh, after: Mesh) -> Change:
    """A change between two surfaces; the text is "nothing to do" when nothing was changed."""
    return Change(action, count, text if count else "nothing to do", len(before.faces), len(after.faces))


def drop_islands(
    mesh: Mesh, min_share: float = 0.005, min_area_mm2: float = 0.0, only: Callable[[Component], bool] | None = None
) -> tuple[Mesh, Change]:
    """Drop the connected parts that are too small; the largest stays whatever its size.

    Args:
        mesh: any surface; it is welded first.
        min_share: parts with less than this share of the whole area go (0.5 %: facts/quality.md §9, derived).
        min_area_mm2: parts with less than this area go.
        only: further says which of them may go.
    """
    surface = mesh.welded()
    parts = topology(surface).components
    limit = max(min_share * sum(part.area_mm2 for part in parts), min_area_mm2)
    small = [part for part in parts[1:] if part.area_mm2 < limit and (only is None or only(part))]
    if not small:
        return mesh, change("drop islands", 0, "", mesh, mesh)
    labels = surface.edges.vertex_labels.take(surface.faces[:, 0])
    result = with_faces(surface, ~np.isin(labels, [part.label for part in small])).as_welded()
    area = sum(part.area_mm2 for part in small)
    text = f"dropped {len(small)} loose {_plural('part', len(small))} with {area:.2f} mm² in all"
    return result, change("drop islands", len(small), text, mesh, result)


def drop_bad_faces(mesh: Mesh) -> tuple[Mesh, Change]:
    """Drop faces with two equal corners and faces that repeat an earlier one; the surface is welded first."""
    surface = mesh.welded()
    table = surface.edges
    count = len(table.degenerate) + len(table.duplicate)
    if not count:
        return mesh, change("drop bad faces", 0, "", mesh, mesh)
    kept = np.ones(len(surface.faces), bool)
    kept[table.degenerate] = kept[table.duplicate] = False
    result = with_faces(surface, kept).as_welded()
    if len(result.vertices) == len(surface.vertices):  # bad faces were never counted: the edges are the same
        nothing = np.empty(0, np.intp)
        result.as_counted(evolve(table, faces=result.faces, degenerate=nothing, duplicate=nothing))
    text = f"dropped {len(table.degenerate)} degenerate and {len(table.duplicate)} duplicate faces"
    return result, change("drop bad faces", count, text, mesh, result)


def fix_orientation(mesh: Mesh) -> tuple[Mesh, Change]:
    """Turn faces round so that neighbours agree; in each patch the orientation of the larger area wins.

    A patch ends at edges with more than two faces. One-sided patches (a Möbius band) are left as they are.
    """
    surface = mesh.welded()
    if not len(surface.edges.inconsistent):
        return mesh, change("fix orientation", 0, "", mesh, mesh)
    sound = np.ones(len(surface.faces), bool)
    sound[surface.edges.degenerate] = sound[surface.edges.duplicate] = False
    turned = np.zeros(len(surface.faces), bool)
    turned[sound] = _against(surface.edges, face_areas(surface.vertices, surface.edges.faces))
    count = int(turned.sum())
    result = _turned(surface, turned) if count else mesh
    return result, change("fix orientation", count, f"turned {count} {_plural('face', count)} round", mesh, result)


def weld_close(mesh: Mesh, tolerance_mm: float = 1e-4) -> tuple[Mesh, Change]:
    """Join vertices closer than a tolerance; chains of close vertices become one, at the place of the first.

    Faces that collapse are dropped, and so are vertices that no face uses any more. The tree finds all close pairs, wherever
    the borders of cells would fall.

    Raises:
        CorruptFile: a coordinate is not finite.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    require_finite(mesh)
    surface = mesh.welded()
    pairs = cKDTree(surface.vertices).query_pairs(tolerance_mm, output_type="ndarray")
    if not len(pairs):
        return mesh, change("weld", 0, "", mesh, mesh)
    size = len(surface.vertices)
    links = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(size, size))
    _, labels = connected_components(links, directed=False)
    _, first = np.unique(labels, return_index=True)
    faces = first.astype(np.int32)[labels].take(surface.faces)
    joined = evolve(surface, faces=faces)
    a, b, c = faces.T
    result = without_unused(with_faces(joined, (a != b) & (b != c) & (c != a))).as_welded()
    count = size - len(first)
    text = f"joined {count} {_plural('vertex', count)} closer than {tolerance_mm:g} mm"
    return result, change("weld", count, text, mesh, result)


def _against(table: EdgeTable, areas: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which of the counted faces stand against the larger part of their patch.

    Every face has two nodes, as it is and turned round. Faces that agree join like with like, the others crosswise; so
    each connected group of nodes is one consistent orientation of a patch, and there are two of them.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(table.faces)
    first, second, agree = _neighbours(table)
    other = np.where(agree, 0, count)
    rows = np.concatenate([first, first + count])
    columns = np.concatenate([second + other, second + count - other])
    links = coo_array((np.ones(len(rows), np.int8), (rows, columns)), shape=(2 * count, 2 * count))
    _, labels = connected_components(links, directed=False)
    weight = np.bincount(labels[:count], areas, labels.max() + 1)
    as_is, turned = weight[labels[:count]], weight[labels[count:]]
    # Of two equal halves the one that holds the lower face id stays, so that a second run finds nothing to do.
    lowest = np.full(len(weight), count)
    np.minimum.at(lowest, labels[:count], np.arange(count))
    tie = (as_is == turned) & (lowest[labels[count:]] < lowest[labels[:count]])
    return np.asarray((as_is < turned) | tie)


def _neighbours(table: EdgeTable) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
    """Both faces of every edge that has two, and whether they agree there."""
    edge_of = table.of_faces.ravel()
    order = np.argsort(edge_of, kind="stable")
    starts = np.searchsorted(edge_of[order], np.arange(table.count + 1))
    paired = np.flatnonzero(np.diff(starts) == 2)
    faces = order // 3
    low_first = np.stack([table.faces[:, k] < table.faces[:, (k + 1) % 3] for k in range(3)], axis=1).ravel()
    one, two = order[starts[paired]], order[starts[paired] + 1]
    return faces[starts[paired]], faces[starts[paired] + 1], low_first[one] != low_first[two]


def _turned(mesh: Mesh, chosen: NDArray[np.bool_]) -> Mesh:
    """The surface with some faces turned round, their texture coordinates with them."""

    def swap(rows: IntArray) -> IntArray:
        result = rows.copy()
        result[chosen] = result[chosen][:, [0, 2, 1]]
        return result

    texture = mesh.texture
    if texture is not None:
        uv = texture.uv.copy()
        uv[chosen] = uv[chosen][:, [0, 2, 1]]
        texture = evolve(texture, uv=uv)
    return evolve(mesh, faces=swap(mesh.faces), texture=texture).as_welded()


def _plural(word: str, count: int) -> str:
    return word if count == 1 else {"vertex": "vertices"}.get(word, f"{word}s")
