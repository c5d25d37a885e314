"""Planted defects of known size and place, for meshes and for the bytes of files.

Each function takes a place (``centre``, mm, in the mesh's own frame) and a size (mm), and returns a new mesh. Where no
face lies there, it raises :class:`~casepan.errors.UsageError`: a fault that was not planted would make a test pass for
nothing.
"""

from __future__ import annotations

import numpy as np
from attrs import evolve
from numpy.typing import NDArray

from casepan.errors import UsageError
from casepan.mesh.surface import ByteArray, Mesh

Point = tuple[float, float, float]
Bools = NDArray[np.bool_]
_SPOKES = 12
_SCRAP = np.array([190, 110, 110], dtype=np.uint8)


def hole(mesh: Mesh, centre: Point, diameter: float) -> Mesh:
    """Cut a round hole: faces whose middle lies inside it go, and its rim is drawn onto the circle."""
    inside = _within(mesh, centre, diameter)
    rim = np.intersect1d(mesh.faces[inside], mesh.faces[~inside])
    arms = mesh.vertices[rim] - np.asarray(centre)
    vertices = mesh.vertices.copy()
    vertices[rim] = centre + arms * (diameter / 2 / np.linalg.norm(arms, axis=1, keepdims=True))
    return evolve(mesh, vertices=vertices, faces=mesh.faces[~inside])


def flipped(mesh: Mesh, centre: Point, diameter: float) -> Mesh:
    """Turn the faces there inside out."""
    there = _within(mesh, centre, diameter)
    return _with_faces(mesh, np.where(there[:, None], mesh.faces[:, ::-1], mesh.faces))


def duplicated(mesh: Mesh, centre: Point, diameter: float) -> Mesh:
    """Repeat the faces there, on the same vertices."""
    return _with_faces(mesh, np.concatenate([mesh.faces, mesh.faces[_within(mesh, centre, diameter)]]))


def double_layer(mesh: Mesh, centre: Point, diameter: float, distance: float = 0.15) -> Mesh:
    """Lay a second surface ``distance`` mm above the faces there, as a scanner does that lost its place."""
    used, faces = np.unique(mesh.faces[_within(mesh, centre, diameter)], return_inverse=True)
    copies = mesh.vertices[used] + distance * _normals(mesh)[used]
    colours = None if mesh.vertex_colours is None else mesh.vertex_colours[used]
    return _added(mesh, copies, faces.reshape(-1, 3), colours)


def spike(mesh: Mesh, centre: Point, height: float) -> Mesh:
    """Pull the vertex nearest to ``centre`` out of the surface by ``height`` mm (into it when negative)."""
    index = int(np.linalg.norm(mesh.vertices - np.asarray(centre), axis=1).argmin())
    vertices = mesh.vertices.copy()
    vertices[index] += height * _normals(mesh)[index]
    return evolve(mesh, vertices=vertices)


def island(mesh: Mesh, centre: Point, diameter: float) -> Mesh:
    """Let a little round cap float at ``centre``, touching nothing: 12 faces."""
    turn = np.linspace(0, 2 * np.pi, _SPOKES, endpoint=False)
    rim = np.stack([np.cos(turn), np.sin(turn), np.zeros_like(turn)], axis=1) * diameter / 2
    points = np.concatenate([[[0.0, 0.0, diameter / 8]], rim]) + np.asarray(centre)
    spokes = np.arange(_SPOKES)
    faces = np.stack([np.zeros_like(spokes), spokes + 1, (spokes + 1) % _SPOKES + 1], axis=1)
    colours = None if mesh.vertex_colours is None else np.tile(_SCRAP, (len(points), 1))
    return _added(mesh, points, faces, colours)


def not_finite(mesh: Mesh, centre: Point) -> Mesh:
    """Make the coordinates of the vertex nearest to ``centre`` not a number."""
    vertices = mesh.vertices.copy()
    vertices[np.linalg.norm(vertices - np.asarray(centre), axis=1).argmin()] = np.nan
    return evolve(mesh, vertices=vertices)


def truncated(data: bytes, share: float = 0.5) -> bytes:
    """The first ``share`` of a file, as a broken upload leaves it."""
    return data[: round(len(data) * share)]


def garbage(size: int = 4_096, seed: int = 0) -> bytes:
    """``size`` bytes that mean nothing."""
    return np.random.default_rng([99, seed]).bytes(size)


def _within(mesh: Mesh, centre: Point, diameter: float) -> Bools:
    middles = mesh.vertices[mesh.faces].mean(axis=1)
    there = np.asarray(np.linalg.norm(middles - np.asarray(centre), axis=1) < diameter / 2)
    if not there.any():
        raise UsageError("no face lies where the fault was to be planted", hint="Choose a place on the surface.")
    return there


def _normals(mesh: Mesh) -> NDArray[np.float64]:
    """Unit normals (n, 3) at the vertices, weighted by area."""
    corners = mesh.vertices[mesh.faces].astype(np.float64)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    total = np.zeros(mesh.vertices.shape)
    for corner in range(3):
        np.add.at(total, mesh.faces[:, corner], normals)
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-20), dtype=np.float64)


def _with_faces(mesh: Mesh, faces: NDArray[np.int32]) -> Mesh:
    return evolve(mesh, faces=np.ascontiguousarray(faces))


def _added(mesh: Mesh, points: NDArray[np.float64], faces: NDArray[np.int64], colours: ByteArray | None) -> Mesh:
    return evolve(
        mesh,
        vertices=np.concatenate([mesh.vertices, points]).astype(np.float32),
        faces=np.concatenate([mesh.faces, faces + len(mesh.vertices)]).astype(np.int32),
        vertex_colours=None if mesh.vertex_colours is None else np.concatenate([mesh.vertex_colours, colours]),
    )
