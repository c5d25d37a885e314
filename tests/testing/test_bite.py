"""How the generated arches meet."""

from __future__ import annotations

import numpy as np
import pytest

from casepan.mesh.intersect import self_intersections
from casepan.mesh.structure import topology
from casepan.testing import JawPair, jaw_pair

from .surfaces import closest, used


@pytest.fixture(scope="module", params=[0, 2, 3, 7])
def bitten(request: pytest.FixtureRequest) -> JawPair:
    """Several people."""
    return jaw_pair(request.param, triangles=30_000)


def test_arches_touch_left_right_and_in_front(bitten: JawPair) -> None:
    """In each third the lower comes within 0.1 mm of the upper, and nowhere enters it by more than 0.1 mm."""
    points = used(bitten.lower)
    points = points[points[:, 2] > -6]
    distance, outside = closest(points, bitten.upper)
    front = points[:, 1] > bitten.truth.teeth[13].centre[1]
    for third in (front, ~front & (points[:, 0] > 0), ~front & (points[:, 0] < 0)):
        assert distance[third].min() < 0.1
    assert not (distance[(outside < 0) & (distance < 1.0)] > 0.1).any()


def test_every_side_has_a_contact_area(bitten: JawPair) -> None:
    """More than a point: some twenty vertices a side lie within the 0.1 mm that count as contact."""
    points = used(bitten.lower)
    points = points[points[:, 2] > -6]
    touching = points[closest(points, bitten.upper)[0] < 0.1]
    assert (touching[:, 0] > 10).sum() > 20
    assert (touching[:, 0] < -10).sum() > 20


def test_bite_scans_lie_on_both_arches(bitten: JawPair) -> None:
    """Half of each bite scan is nearer than 0.05 mm, and both arches are covered."""
    assert len(bitten.bites) == 2
    for bite, side in zip(bitten.bites, (-1, 1), strict=True):
        points = used(bite)
        upper, lower = (closest(points, arch)[0] for arch in (bitten.upper, bitten.lower))
        assert np.median(np.minimum(upper, lower)) < 0.05
        assert (upper < 0.1).mean() > 0.25
        assert (lower < 0.1).mean() > 0.25
        assert (np.sign(points[:, 0]) == side).all()


def test_a_bite_scan_is_one_partial_surface(bitten: JawPair) -> None:
    """Connected across the bite, open, and much smaller than an arch."""
    for bite in bitten.bites:
        found = topology(bite)
        assert len(found.components) == 1
        assert found.nonmanifold_edges == 0
        assert any(loop.is_rim for loop in found.loops)
        assert np.ptp(used(bite), axis=0).max() < 50


def test_surfaces_hardly_run_through_themselves(bitten: JawPair) -> None:
    """Crowded teeth are pressed flat instead of entering each other."""
    for mesh in (bitten.upper, bitten.lower, *bitten.bites):
        assert len(self_intersections(mesh)) < 0.001 * len(mesh.faces)
