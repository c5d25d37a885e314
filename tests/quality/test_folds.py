"""Where a surface runs through itself: sheets that cross and deep folds count, creases of noise do not."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from casepan.mesh import Mesh, self_intersections
from casepan_quality.folds import DEEP_MM, crossing_faces, depths_mm
from casepan_quality.patches import face_patches

SIDE = 60  # squares


def sheet(step: float) -> Mesh:
    """A flat square of so fine a net."""
    column, row = np.meshgrid(np.arange(SIDE + 1), np.arange(SIDE + 1), indexing="ij")
    points = np.stack([column, row, np.zeros_like(row)], axis=-1).reshape(-1, 3) * step
    corner = (np.arange(SIDE)[:, None] * (SIDE + 1) + np.arange(SIDE)).ravel()
    faces = np.stack([corner, corner + SIDE + 1, corner + 1, corner + 1, corner + SIDE + 1, corner + SIDE + 2], axis=1)
    return Mesh(points.astype(np.float32), faces.reshape(-1, 3).astype(np.int32)).as_welded()


def shaken(mesh: Mesh, noise: float) -> Mesh:
    """With noise, each point for itself."""
    wild = np.random.default_rng(3).normal(0, noise, mesh.vertices.shape)
    return Mesh((mesh.vertices + wild).astype(np.float32), mesh.faces).as_welded()


def joined(first: Mesh, vertices: NDArray[np.float32]) -> Mesh:
    """A sheet and another one of the same net."""
    return Mesh(
        np.concatenate([first.vertices, vertices]), np.concatenate([first.faces, first.faces + len(first.vertices)])
    ).as_welded()


def longest(mesh: Mesh) -> float:
    """The length of the largest place, mm, 0 without any."""
    return max((patch.length_mm for patch in face_patches(mesh, crossing_faces(mesh))), default=0.0)


def test_creases_of_noise_do_not_count() -> None:
    """Fine triangles that cross their neighbours by some micrometres all over a scan."""
    creased = shaken(sheet(0.1), 0.03)
    assert len(self_intersections(creased)) > 100
    assert longest(creased) < 2.0


@pytest.mark.parametrize("step", [0.1, 0.4])
def test_sheets_that_cross_count_over_their_whole_length(step: float) -> None:
    """A second sheet that cuts the first one from side to side, at any density."""
    flat = sheet(step)
    x, y, _ = flat.vertices.T
    slope = np.stack([x, y, 0.4 * (x - 30.3 * step)], axis=1).astype(np.float32)
    crossed = joined(flat, slope)
    assert longest(crossed) == pytest.approx(SIDE * step, rel=0.1)


def test_a_deep_fold_counts_though_its_faces_are_neighbours() -> None:
    """One coarse vertex pushed through the surface beside it."""
    mesh = sheet(1.0)
    middle = len(mesh.vertices) // 2
    points = mesh.vertices.copy()
    points[middle] += [1.6, 1.4, -0.8]
    points[middle + 1] += [0.0, 0.0, -0.9]
    pushed = Mesh(points, mesh.faces).as_welded()
    assert depths_mm(pushed, self_intersections(pushed).pairs).max() > DEEP_MM
    assert longest(pushed) > 1.0


def test_a_sound_sheet_has_none() -> None:
    """Nothing to report, nothing to measure."""
    assert len(crossing_faces(sheet(0.5))) == 0
    assert longest(sheet(0.5)) == 0.0
