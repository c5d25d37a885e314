"""The one scan object: a triangle surface with its colour, in the file's own coordinates (millimetres)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

if TYPE_CHECKING:
    from casepan.mesh.edges import EdgeTable

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int32]
ByteArray = NDArray[np.uint8]


@define(frozen=True, slots=False, eq=False)
class Texture:
    """An image with one UV pair per face corner.

    Attributes:
        uv: float32 (m, 3, 2), one pair per corner of each face, origin at the lower left of the image.
        image: the encoded image (JPEG or PNG) as found, or None when the file it names is missing.
        name: the image's file name as the mesh file gives it.
    """

    uv: FloatArray
    image: bytes | None = None
    name: str | None = None


@define(frozen=True, slots=False, eq=False)
class Mesh:
    """A triangle surface. Arrays are never changed in place; a changed surface is a new object.

    Attributes:
        vertices: float32 (n, 3), millimetres.
        faces: int32 (m, 3), corners counter-clockwise seen from outside.
        vertex_colours: uint8 (n, 3), RGB, or None.
        face_colours: uint8 (m, 3), RGB, or None.
        texture: image and UV, or None.
        format: the format it was read from (``"stl"``, ``"ply"``, ``"obj"``, ``"hps"``), or None for a made one.
        notes: what the file said besides its geometry (header text, comments, element counts), for reports.
    """

    vertices: FloatArray
    faces: IntArray
    vertex_colours: ByteArray | None = None
    face_colours: ByteArray | None = None
    texture: Texture | None = None
    format: str | None = None
    notes: Mapping[str, Any] = field(factory=dict)

    @property
    def colour(self) -> str:
        """``"texture"``, ``"vertex"``, ``"face"`` or ``"none"``: the richest colour this surface holds."""
        if self.texture is not None:
            return "texture"
        if self.vertex_colours is not None:
            return "vertex"
        return "face" if self.face_colours is not None else "none"

    @cached_property
    def edges(self) -> EdgeTable:
        """The edge table, built once and shared by every check."""
        from casepan.mesh.edges import EdgeTable

        return EdgeTable.of(self)
