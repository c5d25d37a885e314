"""Planted defects of known size and place, for meshes and for the bytes of files."""

from __future__ import annotations

import numpy as np
from attrs import evolve
from numpy.typing import NDArray

from casepan.mesh.surface import Mesh

Point = tuple[float, float, float]


def hole(mesh: Mesh, centre: Point, diameter: float) -> Mesh:
    """Remove the faces whose middle lies within ``diameter`` / 2 (mm) of ``centre``."""
    return _only(mesh, ~_within(mesh, centre, diameter / 2))


def _within(mesh: Mesh, centre: Point, radius: float) -> NDArray[np.bool_]:
    middles = mesh.vertices[mesh.faces].mean(axis=1)
    return np.asarray(np.linalg.norm(middles - np.asarray(centre), axis=1) < radius)


def _only(mesh: Mesh, kept: NDArray[np.bool_]) -> Mesh:
    return evolve(mesh, faces=mesh.faces[kept], face_colours=None if mesh.face_colours is None else mesh.face_colours[kept])
