"""The scan as one clean sheet: a single part whose borders are simple loops, ready to get walls."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from casepan.mesh import Mesh, drop_bad_faces, fill_holes, fix_orientation, topology
from casepan.mesh.structure import pinched_vertices
from casepan.mesh.subset import with_faces

_ROUNDS = 12
_TRIMMED = 6  # rounds in which triangles that stick out of the border are cut off


def clean_sheet(mesh: Mesh, fill_mm: float) -> Mesh | None:
    """The largest part of a surface without the places where it is none, its narrow holes closed; None if nothing is left.

    What stays is exactly where it was. A few triangles go: those that stick out of a ragged border, and those where more
    than two meet in one edge or two borders touch; the holes that this leaves are closed with the others.

    Args:
        mesh: any finite surface.
        fill_mm: width of the widest hole that is closed.
    """
    surface = _largest(fix_orientation(drop_bad_faces(mesh)[0])[0].welded())
    for _ in range(_TRIMMED):
        surface = _trimmed(surface)
    for _ in range(_ROUNDS):
        surface = fill_holes(surface, fill_mm)[0].welded()
        faults = _faults(surface)
        if not len(faults):
            return surface if len(surface.faces) else None
        marked = np.zeros(len(surface.vertices), bool)
        marked[faults] = True
        sound: NDArray[np.bool_] = np.logical_not(marked[surface.faces].any(axis=1))
        surface = _largest(with_faces(surface, sound).as_welded())
    return None


def _trimmed(surface: Mesh) -> Mesh:
    """The surface without the triangles that stick out of its borders: all three of their corners lie on one."""
    border = np.zeros(len(surface.vertices), bool)
    border[surface.edges.boundary.ravel()] = True
    inner: NDArray[np.bool_] = np.logical_not(border[surface.faces].all(axis=1))
    return _largest(with_faces(surface, inner).as_welded())


def _faults(surface: Mesh) -> NDArray[np.intp]:
    """Vertices in which the surface is none: edges of more than two faces, faces against each other, pinched borders."""
    table = surface.edges
    pinched = pinched_vertices(table).astype(np.intp)
    return np.unique(np.concatenate([table.nonmanifold.ravel(), table.inconsistent.ravel(), pinched]).astype(np.intp))


def _largest(surface: Mesh) -> Mesh:
    """The part with the largest area."""
    parts = topology(surface).components
    if len(parts) < 2:
        return surface
    labels = surface.edges.vertex_labels.take(surface.faces[:, 0])
    return with_faces(surface, labels == parts[0].label).as_welded()
