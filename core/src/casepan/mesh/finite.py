"""The one check that every measure starts with."""

from __future__ import annotations

from casepan.errors import CorruptFile
from casepan.mesh.surface import Mesh


def require_finite(*meshes: Mesh) -> None:
    """Refuse surfaces with a coordinate that is NaN or infinite.

    Raises:
        CorruptFile: at least one coordinate of one surface is not finite.
    """
    if not all(mesh.is_finite for mesh in meshes):
        raise CorruptFile("the surface has coordinates that are not finite numbers")
