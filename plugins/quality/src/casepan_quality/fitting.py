"""Laying one scan on another: the rigid move that brings points of the one onto the surface of the other."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from casepan.mesh import Mesh, vertex_normals

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_POINTS = 2_500  # of the scan that is laid on
_TARGET = 60_000  # of the surface it is laid on: its nearest one stands for the plane there
_ALIKE = 0.6  # cosine between the two normals of a pair
_REACHES = (4.0, 3.0, 2.0, 2.0, 1.5, 1.5, 1.0, 1.0, 0.7, 0.7, 0.5, 0.5, 0.5, 0.5)  # mm, of one step after the other
_COARSE = 6  # steps of these that every start takes
_FEWEST = 40  # pairs: less decide nothing
_START_MM = 2.5  # between starts


@define(frozen=True, eq=False)
class Cloud:
    """Points of a surface that look one way.

    Attributes:
        points, normals: float64 (k, 3).
        inner: bool (k,), False at the border, past which an open shell says nothing.
    """

    points: Floats = field(repr=False)
    normals: Floats = field(repr=False)
    inner: Bools = field(repr=False)
    tree: cKDTree = field(repr=False)


@define(frozen=True, eq=False)
class Fit:
    """How a scan lies on another one at best.

    Attributes:
        move: float64 (4, 4), brings the scan there.
        away_mm: float64 (k,), how far each of its points then lies from the plane of the surface, infinite where
            nothing of the surface looks the same way within half a millimetre.
    """

    move: Floats = field(repr=False)
    away_mm: Floats = field(repr=False)

    def share(self, within_mm: float, of: Bools | None = None) -> float:
        """Share of the points (or of some of them) that lie so near."""
        near = self.away_mm <= within_mm
        chosen = near if of is None else near[of]
        return float(chosen.mean()) if len(chosen) else 0.0


@lru_cache(maxsize=8)
def cloud(mesh: Mesh, count: int = _TARGET) -> Cloud:
    """About so many vertices of a surface with their normals."""
    from scipy.spatial import cKDTree

    surface = mesh.welded()
    used = np.zeros(len(surface.vertices), bool)
    used[surface.faces.ravel()] = True
    border = np.zeros(len(used), bool)
    border[surface.edges.boundary.ravel()] = True
    ids = np.flatnonzero(used)
    ids = ids[:: max(1, len(ids) // count)]
    points = surface.vertices[ids].astype(np.float64)
    return Cloud(points, vertex_normals(surface)[ids].astype(np.float64), ~border[ids], cKDTree(points))


def sample(mesh: Mesh) -> Cloud:
    """The points of a scan that is to be laid on others."""
    return cloud(mesh, _POINTS)


def laid_on(scan: Cloud, target: Cloud, of: Bools | None = None, *, far: bool = True) -> Fit:
    """The best way to lay a scan, or some of its points, on a surface not far away.

    Iterated closest points in the plane of the surface, from where the scan is and (``far``) from some mm beside it.
    """
    chosen = np.ones(len(scan.points), bool) if of is None else of
    starts = list(_starts() if far else _starts(0.0))
    tried = [_settled(scan, target, chosen, start, _REACHES[:_COARSE]) for start in starts]
    best = max(tried, key=lambda move: _score(scan, target, chosen, move))
    return fit_of(scan, target, _settled(scan, target, chosen, best, _REACHES[_COARSE:]))


def fit_of(scan: Cloud, target: Cloud, move: Floats) -> Fit:
    """How a scan lies on a surface after a move."""
    _, _, away, good = _pairs(scan, target, move, 0.5)
    return Fit(move, np.where(good, np.abs(away), np.inf))


def moved(points: Floats, move: Floats) -> Floats:
    """Points (k, 3) after a move (4, 4)."""
    return np.asarray(points @ move[:3, :3].T + move[:3, 3])


def rigid(points: Floats, others: Floats) -> Floats:
    """The move (4, 4) that brings points (k, 3) nearest to as many others, each to its own (Kabsch)."""
    middle, other = points.mean(axis=0), others.mean(axis=0)
    u, _, vt = np.linalg.svd((points - middle).T @ (others - other))
    turn = vt.T @ np.diag([1, 1, np.sign(np.linalg.det(vt.T @ u.T))]) @ u.T
    move = np.eye(4)
    move[:3, :3], move[:3, 3] = turn, other - turn @ middle
    return move


def _starts(step: float = _START_MM) -> Iterable[Floats]:
    shifts = np.concatenate([np.zeros((1, 3)), step * np.eye(3), -step * np.eye(3)]) if step else np.zeros((1, 3))
    for shift in shifts:
        move = np.eye(4)
        move[:3, 3] = shift
        yield move


def _score(scan: Cloud, target: Cloud, chosen: Bools, move: Floats) -> float:
    """How much of the scan lies on the surface, near places counted more."""
    away = fit_of(scan, target, move).away_mm[chosen]
    return float(np.exp(-((away / 0.2) ** 2)).sum())


def _settled(scan: Cloud, target: Cloud, chosen: Bools, move: Floats, reaches: Iterable[float]) -> Floats:
    """Gauss and Newton's steps, each with the pairs within its reach."""
    for reach in reaches:
        places, normals, away, good = _pairs(scan, target, move, reach)
        use = good & chosen
        if use.sum() < _FEWEST:
            return move
        middle = places[use].mean(axis=0)
        rows = np.column_stack([np.cross(places[use] - middle, normals[use]), normals[use]])
        weights = 1 / (1 + (away[use] / (0.3 * reach)) ** 2)
        stiff = np.diag([20.0, 20.0, 20.0, 0.05, 0.05, 0.05]) * 0.01 * len(rows)
        left = (rows * weights[:, None]).T @ rows + stiff
        step = np.linalg.solve(left, -(rows * weights[:, None]).T @ away[use])
        move = _stepped(step, middle) @ move
    return move


def _stepped(step: Floats, middle: Floats) -> Floats:
    """A small turn about a point and a shift as a move."""
    from scipy.spatial.transform import Rotation

    move = np.eye(4)
    move[:3, :3] = Rotation.from_rotvec(np.clip(step[:3], -0.1, 0.1)).as_matrix()
    move[:3, 3] = middle - move[:3, :3] @ middle + np.clip(step[3:], -3, 3)
    return move


def _pairs(scan: Cloud, target: Cloud, move: Floats, reach: float) -> tuple[Floats, Floats, Floats, Bools]:
    """Moved points, the normals of their nearest ones, heights over those, and which pairs count."""
    places = moved(scan.points, move)
    gaps, nearest = target.tree.query(places, distance_upper_bound=max(reach, 1.0))
    hit = np.isfinite(gaps)
    nearest = np.where(hit, nearest, 0)
    normals = target.normals[nearest]
    away = np.einsum("ij,ij->i", places - target.points[nearest], normals)
    turned = scan.normals @ move[:3, :3].T
    alike = np.einsum("ij,ij->i", turned, normals) > _ALIKE
    return places, normals, away, hit & alike & target.inner[nearest] & (np.abs(away) <= reach)
