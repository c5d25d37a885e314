"""The one scan object: a triangle surface with its colour, in the file's own coordinates (millimetres)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define, evolve, field
from numpy.typing import NDArray

from casepan.model.vocabulary import Colour

if TYPE_CHECKING:
    from trimesh import Trimesh

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
        notes: what the file said besides its geometry (header text, comments, element counts), for reports. They may
            hold names and paths: never log them.
    """

    vertices: FloatArray
    faces: IntArray
    vertex_colours: ByteArray | None = None
    face_colours: ByteArray | None = None
    texture: Texture | None = None
    format: str | None = None
    notes: Mapping[str, Any] = field(factory=dict)

    @property
    def colour(self) -> Colour:
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

    @cached_property
    def is_finite(self) -> bool:
        """False when a coordinate is NaN or infinite: no measure of such a surface means anything."""
        return bool(np.isfinite(self.vertices).all())

    @cached_property
    def extent_mm(self) -> tuple[float, float, float]:
        """Size of the bounding box along x, y, z in millimetres, over the finite vertices that faces use."""
        used = np.bincount(self.faces.ravel(), minlength=len(self.vertices)) > 0
        if not self.is_finite:
            used &= np.isfinite(self.vertices).all(axis=1)
        if not used.any():
            return 0.0, 0.0, 0.0
        points = self.vertices if used.all() else self.vertices[used]
        # axis by axis: numpy takes twenty times as long for all three at once
        x, y, z = (float(axis.max()) - float(axis.min()) for axis in points.T)
        return x, y, z

    def welded(self) -> Mesh:
        """The same surface with every coordinate stored once, computed once; itself when it already is so.

        Faces keep their number, order and corners. A welded vertex has the colour of the first vertex at its place;
        where others differed, ``notes["weld_colour_conflicts"]`` counts them.
        """
        return self._other_welded or self

    @cached_property
    def _other_welded(self) -> Mesh | None:
        """The welded surface, or None when this one is welded already (not itself: that would be a cycle)."""
        from casepan.mesh.weld import weld_points

        vertices, inverse = weld_points(self.vertices)
        if len(vertices) == len(self.vertices):
            return None
        colours, notes = self._weld_colours(inverse, len(vertices))
        return evolve(
            self, vertices=vertices, faces=inverse[self.faces], vertex_colours=colours, notes=notes
        ).as_welded()

    def as_welded(self) -> Mesh:
        """This surface, whose maker knows that no two vertices have equal coordinates: it is not welded again."""
        self.__dict__["_other_welded"] = None
        return self

    def as_counted(self, table: EdgeTable) -> Mesh:
        """This surface, whose maker knows its edge table: it is not counted again."""
        self.__dict__["edges"] = table
        return self

    def _weld_colours(self, inverse: IntArray, count: int) -> tuple[ByteArray | None, Mapping[str, Any]]:
        if self.vertex_colours is None:
            return None, self.notes
        colours = np.empty((count, 3), np.uint8)
        colours[inverse[::-1]] = self.vertex_colours[::-1]
        conflicts = int((colours[inverse] != self.vertex_colours).any(axis=1).sum())
        return colours, {**self.notes, "weld_colour_conflicts": conflicts} if conflicts else self.notes

    def to_trimesh(self) -> Trimesh:
        """This surface as a ``trimesh.Trimesh``, vertices and faces in the same order. See ``casepan.mesh.bridge``."""
        from casepan.mesh.bridge import to_trimesh

        return to_trimesh(self)

    @classmethod
    def from_trimesh(cls, surface: Trimesh) -> Mesh:
        """A ``trimesh.Trimesh`` as a scan object. See ``casepan.mesh.bridge``."""
        from casepan.mesh.bridge import from_trimesh

        return from_trimesh(surface)
