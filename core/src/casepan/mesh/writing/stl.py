"""Binary STL."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from casepan.mesh import kernels
from casepan.mesh.stl import RECORD
from casepan.mesh.surface import FloatArray, Mesh
from casepan.mesh.writing.loss import Loss, colour_losses

_HEADER = b"casepan binary STL, millimetres".ljust(80, b"\0")
_BLOCK = 1 << 16


def write_stl(mesh: Mesh, file: BinaryIO) -> tuple[Loss, ...]:
    """Faces in order with their unit normals (zero for a face without area)."""
    file.write(_HEADER + len(mesh.faces).to_bytes(4, "little"))
    for begin in range(0, len(mesh.faces), _BLOCK):
        faces = mesh.faces[begin : begin + _BLOCK]
        file.write(kernels.stl_records(mesh.vertices, faces) if kernels.compiled() else _records(mesh.vertices[faces]))
    return colour_losses(mesh, "STL", holds=frozenset())


def _records(corners: FloatArray) -> bytes:
    """The records of triangles (m, 3, 3)."""
    records = np.zeros(len(corners), RECORD)
    records["corners"] = corners
    records["normal"] = unit_normals(corners)
    return records.tobytes()


def unit_normals(corners: FloatArray) -> FloatArray:
    """float32 (m, 3) unit normals of triangles (m, 3, 3); zero where a triangle has no area or is not finite."""
    with np.errstate(all="ignore"):
        a = corners[:, 1] - corners[:, 0]
        b = corners[:, 2] - corners[:, 0]
        normal = np.empty_like(a)
        for k, (i, j) in enumerate(((1, 2), (2, 0), (0, 1))):
            normal[:, k] = a[:, i] * b[:, j] - a[:, j] * b[:, i]
        length = np.sqrt(normal[:, 0] ** 2 + normal[:, 1] ** 2 + normal[:, 2] ** 2)
        normal /= length[:, None]
    normal[~np.isfinite(normal).all(axis=1)] = 0
    return normal
