"""Sizes, density, bend, noise and double layers of surfaces whose answers are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from casepan.errors import CorruptFile
from casepan.mesh import Mesh, measures
from casepan.mesh.area import area_mm2, mean_normal, vertex_normals
from casepan.mesh.layers import double_layers
from casepan.mesh.measures import roughness

from . import shapes


def turned(surface: Mesh, seed: int = 0) -> tuple[Mesh, Any]:
    """The surface in a random direction, and the rotation."""
    rotation, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    rotation *= np.sign(np.linalg.det(rotation))
    return shapes.mesh(surface.vertices @ rotation.T, surface.faces), rotation


def test_area_and_mean_normal_of_a_sheet() -> None:
    """A flat sheet has its area, and its mean normal is its normal with length one."""
    assert area_mm2(shapes.grid(10, 5, 0.5)) == pytest.approx(12.5)
    np.testing.assert_allclose(mean_normal(shapes.grid()), [0, 0, 1], atol=1e-6)


def test_the_mean_normal_of_a_closed_or_empty_surface_vanishes() -> None:
    """Where there is no occlusal side, the mean normal claims none."""
    np.testing.assert_allclose(mean_normal(shapes.sphere()), 0, atol=1e-6)
    np.testing.assert_array_equal(mean_normal(shapes.mesh([], [])), 0)


def test_vertex_normals_of_a_ball_point_outwards() -> None:
    """Unit normals along the radius; a vertex without faces has none."""
    ball = shapes.sphere(5, 64, 32)
    np.testing.assert_allclose(vertex_normals(ball), ball.vertices / 5, atol=0.02)
    loose = shapes.mesh(np.vstack([ball.vertices, [[9, 9, 9]]]), ball.faces)
    np.testing.assert_array_equal(vertex_normals(loose)[-1], 0)


def test_edge_percentiles_of_a_regular_net() -> None:
    """Two thirds of the edges of a square net are sides, a third diagonals."""
    low, high = measures.edge_percentiles_mm(shapes.grid(20, 20, 0.5), (10, 90))
    assert [low, high] == pytest.approx([0.5, 0.5 * 2**0.5])
    assert measures.edge_percentiles_mm(shapes.mesh([], []), (50,)) == (0.0,)


def test_density_counts_faces_and_vertices_for_each_mm2() -> None:
    """A net of 0.5 mm squares has eight faces and four vertices for each mm²."""
    sheet = shapes.grid(20, 20, 0.5)
    assert measures.faces_per_mm2(sheet) == pytest.approx(8)
    assert np.median(measures.local_density(sheet)) == pytest.approx(4)
    assert measures.faces_per_mm2(shapes.mesh([], [])) == 0
    assert measures.local_density(shapes.mesh([[0, 0, 0]], [])).tolist() == [0]


def test_the_oriented_box_finds_the_sheet_in_any_direction() -> None:
    """A turned 12 by 5 mm sheet has a box of 12 by 5 by 0 mm along its own sides."""
    surface, rotation = turned(shapes.grid(24, 10, 0.5))
    box = measures.oriented_box(surface)
    np.testing.assert_allclose(box.size_mm, [12, 5, 0], atol=1e-4)
    np.testing.assert_allclose(box.centre, rotation @ [6, 2.5, 0], atol=1e-4)
    np.testing.assert_allclose(np.abs(box.axes @ rotation), np.eye(3), atol=1e-4)
    assert np.linalg.det(box.axes) == pytest.approx(1)


@pytest.mark.filterwarnings("ignore:overflow encountered", "ignore:invalid value encountered")
def test_an_oriented_box_of_immense_coordinates_lies_along_the_axes() -> None:
    """Finite coordinates whose areas are not finite still have a box."""
    box = measures.oriented_box(shapes.mesh([[0, 0, 0], [3e38, 0, 0], [0, 2e38, 0]], [[0, 1, 2]]))
    np.testing.assert_allclose(box.size_mm, [3e38, 2e38, 0], rtol=1e-6)


def test_the_bounding_box_leaves_out_unused_vertices() -> None:
    """A stray vertex that no face uses does not make a scan larger."""
    sheet = shapes.grid(4, 2)
    box = measures.bounding_box(shapes.mesh(np.vstack([sheet.vertices, [[99, 99, 99]]]), sheet.faces))
    np.testing.assert_allclose(box.size_mm, [4, 2, 0])
    np.testing.assert_allclose(box.centre, [2, 1, 0])
    np.testing.assert_array_equal(measures.bounding_box(shapes.mesh([], [])).size_mm, 0)


@pytest.mark.parametrize("radius", [1.0, 5.0])
def test_a_ball_bends_by_one_over_its_radius(radius: float) -> None:
    """Curvature is positive outwards, negative inside, 0 on a plane."""
    ball = shapes.sphere(radius, 48, 24)
    np.testing.assert_allclose(measures.mean_curvature(ball), 1 / radius, rtol=0.2)
    assert np.median(measures.mean_curvature(ball)) == pytest.approx(1 / radius, rel=0.02)
    inside = shapes.mesh(ball.vertices, ball.faces[:, ::-1])
    assert np.median(measures.mean_curvature(inside)) == pytest.approx(-1 / radius, rel=0.02)
    np.testing.assert_allclose(measures.mean_curvature(shapes.grid()), 0, atol=1e-6)


def noisy(deviation: float, seed: int = 0) -> Mesh:
    """A gently waved sheet of 0.2 mm edges with noise of this standard deviation along its normal."""
    sheet = shapes.grid(60, 60, 0.2)
    points = sheet.vertices.copy()
    points[:, 2] = 0.3 * np.sin(points[:, 0]) + np.random.default_rng(seed).normal(0, deviation, len(points))
    return shapes.mesh(points, sheet.faces)


@pytest.mark.parametrize("deviation", [0.005, 0.02])
def test_noise_is_measured_against_the_local_surface(deviation: float) -> None:
    """The bend of the surface is not noise, and spikes have no weight."""
    assert roughness(noisy(deviation)).noise_mm == pytest.approx(deviation, rel=0.12)
    assert roughness(noisy(0.0)).noise_mm < 0.002


def test_spikes_are_found_and_only_spikes() -> None:
    """Planted spikes come back with their height; the ridge of a fold is none."""
    sheet = noisy(0.004)
    planted = [500, 1500, 2700]
    points = sheet.vertices.copy()
    points[planted, 2] += [0.9, -1.2, 0.8]
    points[:, 2] += 0.5 * np.abs(points[:, 0] - 8)
    found = roughness(shapes.mesh(points, sheet.faces))
    assert found.spikes.tolist() == planted
    assert (np.sign(found.heights_mm) == [1, -1, 1]).all()
    assert len(roughness(shapes.mesh([], [])).spikes) == 0


def test_a_sheet_laid_down_twice_is_found() -> None:
    """Both sheets of a double layer are reported with area and gap, and the rest of the scan is not."""
    sheet = shapes.grid(60, 60, 0.2)
    twice = shapes.joined(sheet, shapes.moved(shapes.grid(20, 20, 0.2), 3, 4, 0.15))
    upper, lower = sorted(double_layers(twice), key=lambda layer: -layer.centre[2])
    assert upper.centre == pytest.approx((5, 6, 0.15), abs=0.05)
    assert lower.centre == pytest.approx((5, 6, 0), abs=0.05)
    assert upper.area_mm2 == pytest.approx(16, rel=0.02)
    assert lower.area_mm2 == pytest.approx(16, rel=0.25)
    assert upper.gap_mm == pytest.approx(0.15, abs=0.01)


@pytest.mark.parametrize(
    "surface",
    [
        noisy(0.01),
        shapes.sphere(2, 60, 30),
        shapes.joined(shapes.grid(40, 40, 0.2), shapes.moved(shapes.grid(40, 40, 0.2), 0, 0, 0.5)),
        shapes.joined(
            shapes.grid(40, 40, 0.2),
            shapes.mesh(
                shapes.grid(40, 40, 0.2).vertices - np.array([0, 0, 0.15], np.float32),
                shapes.grid(40, 40, 0.2).faces[:, ::-1],
            ),
        ),
        shapes.mesh([], []),
    ],
    ids=["noise", "bend", "far sheets", "two sides of a thin wall", "nothing"],
)
def test_single_surfaces_have_no_double_layer(surface: Mesh) -> None:
    """Noise, bends, sheets half a millimetre apart and the two sides of a wall are no double layer."""
    assert double_layers(surface) == ()


@pytest.mark.parametrize("measure", [roughness, double_layers, measures.mean_curvature, measures.oriented_box])
def test_surfaces_with_nan_are_refused(measure: Any) -> None:
    """A coordinate that is no number is a typed error in every measure."""
    with pytest.raises(CorruptFile, match="not finite"):
        measure(shapes.mesh([[0, 0, np.nan], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]]))
