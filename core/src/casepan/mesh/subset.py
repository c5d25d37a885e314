"""Parts of a surface, with everything that belongs to them."""

from __future__ import annotations

import numpy as np
from attrs import evolve
from numpy.typing import NDArray

from casepan.mesh.surface import Mesh


def with_faces(mesh: Mesh, kept: NDArray[np.bool_]) -> Mesh:
    """The same surface with some of its faces; vertices that no face uses any more are dropped.

    Args:
        mesh: the surface.
        kept: bool (m,), the faces that stay, in their order, with their colours and texture coordinates.
    """
    if kept.all():
        return mesh
    few = evolve(
        mesh,
        faces=mesh.faces.compress(kept, axis=0),
        face_colours=None if mesh.face_colours is None else mesh.face_colours.compress(kept, axis=0),
        texture=None if mesh.texture is None else evolve(mesh.texture, uv=mesh.texture.uv.compress(kept, axis=0)),
    )
    return without_unused(few)


def without_unused(mesh: Mesh) -> Mesh:
    """The same surface without vertices that no face uses; itself when there are none."""
    used = np.zeros(len(mesh.vertices), bool)
    used[mesh.faces.ravel()] = True
    if used.all():
        return mesh
    renumbered = np.cumsum(used, dtype=np.int32) - np.int32(1)
    return evolve(
        mesh,
        vertices=mesh.vertices.compress(used, axis=0),
        faces=renumbered.take(mesh.faces),
        vertex_colours=None if mesh.vertex_colours is None else mesh.vertex_colours.compress(used, axis=0),
    )
