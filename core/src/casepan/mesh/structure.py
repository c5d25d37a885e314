"""What a surface is made of: parts, borders, and the places where it is no surface at all."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from casepan.mesh.area import face_areas
from casepan.mesh.edges import EdgeTable
from casepan.mesh.loops import Loop, boundary_loops
from casepan.mesh.surface import IntArray, Mesh


@define(frozen=True)
class Component:
    """One connected part of a surface: faces that share vertices, directly or through others.

    Attributes:
        label: the part's number in :attr:`EdgeTable.vertex_labels`.
        faces: number of faces, degenerate and duplicate ones left out.
        area_mm2: area of these faces.
        centre: mean of its vertices, in the file's own coordinates.
    """

    label: int
    faces: int
    area_mm2: float
    centre: tuple[float, float, float]


@define(frozen=True, slots=False, eq=False)
class Topology:
    """Counts, parts and borders of a welded surface; each is worked out when it is first asked for.

    Attributes:
        surface: the welded surface that all ids refer to.
    """

    surface: Mesh = field(repr=False)

    @property
    def table(self) -> EdgeTable:
        """The edge table behind all counts."""
        return self.surface.edges

    @property
    def vertices(self) -> int:
        """Number of vertices after welding, unused ones included."""
        return len(self.surface.vertices)

    @property
    def faces(self) -> int:
        """Number of faces, degenerate and duplicate ones left out."""
        return len(self.table.faces)

    @property
    def edges(self) -> int:
        """Number of unique edges."""
        return self.table.count

    @property
    def boundary_edges(self) -> int:
        """Edges with one face."""
        return len(self.table.boundary)

    @property
    def nonmanifold_edges(self) -> int:
        """Edges with more than two faces."""
        return len(self.table.nonmanifold)

    @property
    def inconsistent_edges(self) -> int:
        """Edges whose two faces are oriented against each other."""
        return len(self.table.inconsistent)

    @property
    def duplicate_faces(self) -> int:
        """Faces that repeat an earlier one."""
        return len(self.table.duplicate)

    @property
    def degenerate_faces(self) -> int:
        """Faces with two equal corners."""
        return len(self.table.degenerate)

    @cached_property
    def nonmanifold_vertices(self) -> int:
        """Vertices in which two or more sheets touch without sharing an edge there."""
        return len(pinched_vertices(self.table))

    @cached_property
    def components(self) -> tuple[Component, ...]:
        """The connected parts, largest area first."""
        return _components(self.surface)

    @cached_property
    def loops(self) -> tuple[Loop, ...]:
        """The borders, longest first."""
        areas = {part.label: part.area_mm2 for part in self.components}
        return boundary_loops(self.surface.vertices, self.table, areas)

    @property
    def holes(self) -> tuple[Loop, ...]:
        """The closed borders that are not a rim, longest first."""
        return tuple(loop for loop in self.loops if loop.is_closed and not loop.is_rim)

    @property
    def rims(self) -> tuple[Loop, ...]:
        """The outlines of the open parts, longest first."""
        return tuple(loop for loop in self.loops if loop.is_rim)

    @property
    def is_closed(self) -> bool:
        """Whether the surface has faces and no border at all."""
        return self.faces > 0 and self.boundary_edges == 0


def topology(mesh: Mesh) -> Topology:
    """The topology of a surface, which is welded first (exactly) where it is not yet."""
    return Topology(mesh.welded())


def _components(surface: Mesh) -> tuple[Component, ...]:
    """All connected parts that have faces, by area."""
    table = surface.edges
    of_face = table.vertex_labels.take(table.faces[:, 0])
    faces = np.bincount(of_face)
    areas = np.bincount(of_face, face_areas(surface.vertices, table.faces), len(faces))
    labels = np.flatnonzero(faces)
    labels = labels[np.lexsort((labels, -faces[labels], -areas[labels]))]
    centres = _part_centres(surface)[labels]
    rows = zip(labels.tolist(), faces[labels].tolist(), areas[labels].tolist(), centres.tolist(), strict=True)
    return tuple(Component(label, count, area, (x, y, z)) for label, count, area, (x, y, z) in rows)


def _part_centres(surface: Mesh) -> NDArray[np.float64]:
    """The mean vertex of each connected part, float64 (labels, 3)."""
    labels = surface.edges.vertex_labels
    sums = [np.bincount(labels, column) for column in surface.vertices.T]
    return np.stack(sums, axis=1) / np.bincount(labels)[:, None]


def pinched_vertices(table: EdgeTable) -> NDArray[np.intp]:
    """Ids of the vertices whose faces form more than one fan, ascending.

    A fan is a set of faces joined by edges at that vertex. Every edge end is a node here and every face corner joins
    two of them; a vertex with more than one connected group of nodes is pinched.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not len(table.faces):
        return np.empty(0, np.intp)
    rows, columns = zip(*(_edge_ends(table, corner) for corner in range(3)), strict=True)
    joined = (np.ones(3 * len(table.faces), np.int8), (np.concatenate(rows), np.concatenate(columns)))
    links = coo_array(joined, shape=(2 * table.count, 2 * table.count))
    groups, labels = connected_components(links, directed=False)
    vertex_of = np.empty(groups, np.int32)
    vertex_of[labels] = np.concatenate([table.low, table.high])
    return np.flatnonzero(np.bincount(vertex_of, minlength=table.vertex_count) > 1)


def _edge_ends(table: EdgeTable, corner: int) -> tuple[IntArray, IntArray]:
    """The nodes of the two edges that meet in one corner of each face: ``e``, or ``e + count`` at the higher end."""
    here, after, before = (table.faces[:, (corner + step) % 3] for step in range(3))
    leaving = table.of_faces[:, corner] + table.count * (here > after)
    arriving = table.of_faces[:, corner - 1] + table.count * (here > before)
    return leaving.astype(np.int32), arriving.astype(np.int32)
