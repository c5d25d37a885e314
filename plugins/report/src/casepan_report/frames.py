"""Which scans have to be moved before they can be shown together, by the matrices that came with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from attrs import evolve
from numpy.typing import NDArray

from casepan.api import Scan, Transform
from casepan.mesh import Mesh

Matrix = NDArray[np.float64]
"""4 x 4, for column vectors, translation in the fourth column, mm."""

_FLAT = 1e-6  # a matrix whose determinant is smaller makes a scan flat: it is damaged
_SAME = 1e-6


def moves_of(scans: Sequence[Scan]) -> Mapping[str, Matrix]:
    """The matrix of each scan that has to be moved, by scan id; empty where the files already share a frame.

    A matrix that all scans came with says nothing of how they lie to each other. Matrices of which nobody knows
    whether they are in the vertices (``Transform.applied`` None) are never used.
    """
    pending = {scan.id: _pending(scan) for scan in scans}
    known = {name: matrix for name, matrix in pending.items() if matrix is not None}
    matrices = list(known.values())
    shared = len(known) == len(pending) and all(np.allclose(one, matrices[0], atol=_SAME) for one in matrices)
    return {} if shared else known


def since(earlier: Scan, now: Scan) -> Matrix:
    """What steps have done to the vertices of a scan since it was another one."""
    result = np.eye(4)
    for transform in now.transforms:
        matrix = _matrix(transform)
        if transform.applied and transform not in earlier.transforms and matrix is not None:
            result = matrix @ result
    return result


def moved(mesh: Mesh, matrix: Matrix) -> Mesh:
    """The welded surface somewhere else, everything but its place as it was."""
    points = mesh.vertices.astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
    return evolve(mesh, vertices=points.astype(np.float32)).as_welded()


def _pending(scan: Scan) -> Matrix | None:
    """What is still to be done to the vertices: the one matrix not applied, less what was applied after it came."""
    waiting, after = list[Matrix](), np.eye(4)
    for transform in scan.transforms:
        matrix = _matrix(transform)
        if matrix is not None and transform.applied is False:
            waiting.append(matrix)
            after = np.eye(4)
        elif matrix is not None and transform.applied:
            after = matrix @ after
    return waiting[0] @ np.linalg.inv(after) if len(waiting) == 1 else None  # of several, nobody knows which one


def _matrix(transform: Transform) -> Matrix | None:
    """None for one that is damaged."""
    if len(transform.matrix) != 16 or not np.isfinite(transform.matrix).all():
        return None
    matrix = np.array(transform.matrix, np.float64).reshape(4, 4)
    return matrix if abs(np.linalg.det(matrix)) > _FLAT else None
