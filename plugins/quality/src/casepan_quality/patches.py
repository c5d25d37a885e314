"""Connected patches of a surface: their size and place."""

from __future__ import annotations

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from casepan.mesh import Mesh


@define(frozen=True, eq=False)
class Patch:
    """Some connected faces.

    Attributes:
        area_mm2: their area.
        centre: the mean of their corners, in the file's coordinates.
        corners: float64 (k, 3), all corners of all its faces, mm.
    """

    area_mm2: float
    centre: tuple[float, float, float]
    corners: NDArray[np.float64] = field(repr=False)

    @property
    def length_mm(self) -> float:
        """How far it reaches along its longest direction, mm."""
        arms = self.corners - self.corners.mean(axis=0)
        return float(np.ptp(arms @ np.linalg.eigh(arms.T @ arms)[1][:, -1]))


def face_patches(surface: Mesh, faces: NDArray[np.integer]) -> tuple[Patch, ...]:
    """Faces (ids) in groups that share corners, largest first."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not len(faces):
        return ()
    corners = surface.faces[faces]
    used, local = np.unique(corners, return_inverse=True)
    ids = local.reshape(-1, 3)
    links = (np.ones(2 * len(ids), np.int8), (ids[:, [0, 0]].ravel(), ids[:, 1:].ravel()))
    _, labels = connected_components(coo_array(links, shape=(len(used),) * 2), directed=False)
    of_face = labels[ids[:, 0]]
    points = surface.vertices[corners].astype(np.float64)
    cross = np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])
    areas = np.bincount(of_face, np.linalg.norm(cross, axis=1) / 2)
    counts = np.bincount(of_face)
    centres = np.stack([np.bincount(of_face, column) for column in points.mean(axis=1).T], axis=1) / counts[:, None]
    order = np.argsort(of_face, kind="stable")
    parts = [part.reshape(-1, 3) for part in np.split(points[order], np.cumsum(counts)[:-1])]
    rows = zip(areas.tolist(), centres.tolist(), parts, strict=True)
    patches = (Patch(area, (x, y, z), part) for area, (x, y, z), part in rows)
    return tuple(sorted(patches, key=lambda patch: -patch.area_mm2))


def part_of(surface: Mesh, faces: NDArray[np.integer]) -> Mesh:
    """Some faces (ids) of a welded surface with their own vertices, as a surface without colours."""
    used, corners = np.unique(surface.faces[faces], return_inverse=True)
    return Mesh(surface.vertices[used], corners.reshape(-1, 3).astype(np.int32)).as_welded()


def thinned(mesh: Mesh, count: int) -> Mesh:
    """Every so manieth face of a surface, at most twice as many as asked for, each where it was."""
    surface = mesh.welded()
    return part_of(surface, np.arange(0, len(surface.faces), max(1, len(surface.faces) // count)))


def near(mesh: Mesh, place: NDArray[np.float64], radius: float) -> Mesh:
    """The faces of a surface that have a corner within some mm of a place (3,)."""
    surface = mesh.welded()
    inside = ((surface.vertices - place.astype(np.float32)) ** 2).sum(axis=1) < radius**2
    return part_of(surface, np.flatnonzero(inside[surface.faces].any(axis=1)))


def breadth_mm(points: NDArray[np.floating]) -> float:
    """How broad a patch of points is, mm: the diameter of a round disc that spreads as much across its length."""
    if len(points) < 3:
        return 0.0
    spread = np.linalg.eigvalsh(np.cov(points.astype(np.float64).T))
    return 4 * float(np.sqrt(max(spread[1], 0.0)))
