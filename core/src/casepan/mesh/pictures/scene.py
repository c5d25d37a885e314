"""The scans of one picture as one surface, with what its points look like."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Literal

import numpy as np
from attrs import define
from numpy.typing import NDArray

from casepan.mesh import kernels
from casepan.mesh.area import along, normal_sums
from casepan.mesh.pictures.camera import Camera
from casepan.mesh.pictures.overlay import Scale, heat_colours
from casepan.mesh.pictures.raster import corner_weights
from casepan.mesh.pictures.shade import lit
from casepan.mesh.surface import FloatArray, IntArray, Mesh

# Warm stone, then tints that stay apart when several scans are shown together.
_PLAIN = np.array([[0.90, 0.84, 0.74], [0.72, 0.80, 0.88], [0.80, 0.88, 0.74], [0.88, 0.78, 0.84]], np.float32)
_NO_VALUE = np.array([0.80, 0.80, 0.80], np.float32)
_GLOSS = 0.8


@define(frozen=True)
class Heat:
    """One value per vertex of each scan, shown as colours.

    Attributes:
        values: for each scan float (n,), NaN where there is no value, or None for a scan without any.
        scale: what the colours mean.
    """

    values: Sequence[NDArray[np.floating] | None]
    scale: Scale


Colours = Literal["own", "plain"] | Heat


@define(frozen=True, slots=False, eq=False)
class Scene:
    """All scans as one.

    Attributes:
        values: float32 (6 or 9, n), of each vertex its x and y in pixels, its depth, its normal in picture axes (of any
            length), and its colour from 0 to 1 where there is not one for all.
        faces: int32 (m, 3).
        tint: float32 (3, 1), the colour of all vertices, or None.
        face_colours: float32 (m, 3), NaN where the vertices have the colour; None without any.
    """

    values: FloatArray
    faces: IntArray
    tint: FloatArray | None
    face_colours: FloatArray | None

    @property
    def places(self) -> FloatArray:
        """The x and y in pixels and the depth of each vertex, float32 (3, n)."""
        return self.values[:3]

    @cached_property
    def rows(self) -> FloatArray:
        """The values vertex by vertex: the kernels fetch one row faster than nine numbers."""
        return np.ascontiguousarray(self.values.T)


def scene_of(meshes: Sequence[Mesh], camera: Camera, colours: Colours) -> Scene:
    """The scans, which lie in a common frame, as a camera sees them.

    Raises:
        ValueError: a heat map does not fit the scans.
    """
    if isinstance(colours, Heat) and [len(mesh.vertices) for mesh in meshes] != _lengths(colours, meshes):
        raise ValueError("a heat map needs one value per vertex of each scan")
    vertices, faces = _joined(meshes)
    painted = [_colours(mesh, colours, number) for number, mesh in enumerate(meshes)] or [_PLAIN[0]]
    tint = painted[0][:, None] if len(painted) == 1 and painted[0].ndim == 1 else None
    values = np.empty((9 if tint is None else 6, len(vertices)), np.float32)
    values[:3] = camera.project(vertices)
    sums = normal_sums(vertices, faces)
    for row, axis in zip(values[3:6], camera.axes, strict=True):
        row[:] = along(sums, axis)
    begin = 0
    for mesh, colour in zip(meshes, painted, strict=False) if tint is None else ():
        values[6:, begin : begin + len(mesh.vertices)] = colour.T if colour.ndim == 2 else colour[:, None]
        begin += len(mesh.vertices)
    return Scene(values, faces, tint, _face_colours(meshes, colours))


def _joined(meshes: Sequence[Mesh]) -> tuple[FloatArray, IntArray]:
    """All vertices and all faces."""
    if len(meshes) == 1:
        return meshes[0].vertices, meshes[0].faces
    shifts = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes])
    faces = [mesh.faces + np.int32(shift) for mesh, shift in zip(meshes, shifts, strict=False)]
    vertices = np.concatenate([np.empty((0, 3), np.float32)] + [mesh.vertices for mesh in meshes])
    return vertices, np.concatenate([np.empty((0, 3), np.int32), *faces])


def _lengths(heat: Heat, meshes: Sequence[Mesh]) -> list[int]:
    values = [*heat.values, *[None] * (len(meshes) - len(heat.values))]
    return [len(mesh.vertices) if value is None else len(value) for mesh, value in zip(meshes, values, strict=True)]


def _colours(mesh: Mesh, colours: Colours, number: int) -> FloatArray:
    """The colour of each vertex, float32 (n, 3), or one for all, (3,)."""
    plain = np.asarray(_PLAIN[number % len(_PLAIN)])
    if isinstance(colours, Heat):
        values = colours.values[number] if number < len(colours.values) else None
        if values is None:
            return plain
        known = np.isfinite(values)
        return np.where(known[:, None], heat_colours(values.astype(np.float32), colours.scale), _NO_VALUE)
    if colours == "own" and mesh.vertex_colours is not None:
        return np.asarray(mesh.vertex_colours, np.float32) / np.float32(255)
    return plain


def _face_colours(meshes: Sequence[Mesh], colours: Colours) -> FloatArray | None:
    """The colour of each face, NaN where its vertices have one; None when no scan has face colours."""
    if colours != "own" or not any(mesh.vertex_colours is None and mesh.face_colours is not None for mesh in meshes):
        return None
    parts = []
    for mesh in meshes:
        own = mesh.face_colours if mesh.vertex_colours is None else None
        parts.append(np.full((len(mesh.faces), 3), np.nan, np.float32) if own is None else own / np.float32(255))
    return np.concatenate(parts).astype(np.float32)


def shaded(scene: Scene, faces: IntArray, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Colour (3, k) and depth (k,) at points of visible faces."""
    mixed = _mixed(scene, faces, x, y)
    colours = mixed[4:] if scene.tint is None else scene.tint
    if scene.face_colours is not None:
        own = scene.face_colours.take(faces, axis=0).T
        colours = np.where(np.isnan(own), colours, own)
    return lit(colours, mixed[1:4], _GLOSS), mixed[0]


def _mixed(scene: Scene, faces: IntArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """Depth, normal and colour between the corners of faces, float32 (4 or 7, k)."""
    if kernels.compiled():
        return kernels.mix(scene.rows, scene.faces, faces, x, y)
    corners = np.array(scene.faces.take(faces, axis=0).T, np.intp, order="C")
    weights = corner_weights([[axis.take(corner) for axis in scene.places[:2]] for corner in corners], x, y)
    mixed = np.empty((len(scene.values) - 2, len(faces)), np.float32)
    for row, values in zip(mixed, scene.values[2:], strict=True):
        np.multiply(values.take(corners[0]), weights[0], out=row)
        row += values.take(corners[1]) * weights[1]
        row += values.take(corners[2]) * weights[2]
    return mixed
