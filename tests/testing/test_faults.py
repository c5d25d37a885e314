"""Planted faults: each is there, where it was planted, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from casepan.errors import CorruptFile, UsageError
from casepan.mesh import read_mesh
from casepan.mesh.structure import topology
from casepan.testing import JawPair, faults, scan_bytes, small_scan
from casepan.testing.faults import Point


@pytest.fixture
def place(pair: JawPair) -> Point:
    """A place on the upper: a first molar."""
    return pair.truth.teeth[26].centre


def test_a_hole_is_one_more_border(pair: JawPair, place: Point) -> None:
    """Of the asked width, around the asked place."""
    (found,) = topology(faults.hole(pair.upper, place, 2.0)).holes
    assert found.across_mm == pytest.approx(2.0, abs=0.1)
    assert np.linalg.norm(np.array(found.centre) - place) < 0.5


def test_flipped_faces_disagree_with_their_neighbours(pair: JawPair, place: Point) -> None:
    """Edges whose faces are oriented against each other appear, no face is lost."""
    mesh = faults.flipped(pair.upper, place, 2.0)
    changed = mesh.vertices[mesh.faces[(mesh.faces != pair.upper.faces).any(axis=1)]].mean(axis=1)
    assert topology(mesh).inconsistent_edges > 5
    assert np.linalg.norm(changed - place, axis=1).max() < 1.0


def test_duplicated_faces_are_counted(pair: JawPair, place: Point) -> None:
    """As many duplicates as faces were added."""
    mesh = faults.duplicated(pair.upper, place, 2.0)
    assert topology(mesh).duplicate_faces == len(mesh.faces) - len(pair.upper.faces) > 5


def test_a_double_layer_lies_at_its_distance(pair: JawPair, place: Point) -> None:
    """A second part, 0.2 mm above the first, coloured like it."""
    mesh = faults.double_layer(pair.upper, place, 6.0, 0.2)
    added = mesh.vertices[len(pair.upper.vertices) :]
    gaps = [np.linalg.norm(pair.upper.vertices - point, axis=1).min() for point in added]
    assert np.median(gaps) == pytest.approx(0.2, abs=0.05)
    assert mesh.vertex_colours is not None
    assert len(mesh.vertex_colours) == len(mesh.vertices)
    assert len(topology(mesh).components) == len(topology(pair.upper).components) + 1


def test_a_spike_stands_out_by_its_height(pair: JawPair, place: Point) -> None:
    """One vertex, moved by exactly its height."""
    moved = np.linalg.norm(faults.spike(pair.upper, place, 1.5).vertices - pair.upper.vertices, axis=1)
    assert moved.max() == pytest.approx(1.5, abs=1e-3)
    assert (moved > 0).sum() == 1
    assert np.linalg.norm(pair.upper.vertices[moved.argmax()] - place) < 0.5


def test_an_island_floats_where_it_was_put(pair: JawPair) -> None:
    """One more part of twelve faces, of the asked size."""
    mesh = faults.island(pair.upper, (0.0, 40.0, 0.0), 2.0)
    new = min(topology(mesh).components, key=lambda part: np.linalg.norm(np.array(part.centre) - (0, 40, 0)))
    assert new.faces == 12
    assert new.area_mm2 == pytest.approx(np.pi, rel=0.15)
    assert np.linalg.norm(np.array(new.centre) - (0, 40, 0)) < 0.1


def test_a_coordinate_stops_being_a_number(pair: JawPair, place: Point) -> None:
    """One vertex, at its place."""
    broken = ~np.isfinite(faults.not_finite(pair.upper, place).vertices).all(axis=1)
    assert broken.sum() == 1
    assert np.linalg.norm(pair.upper.vertices[broken][0] - place) < 0.5


@pytest.mark.parametrize("plant", [faults.hole, faults.flipped, faults.duplicated, faults.double_layer])
def test_a_fault_beside_the_surface_is_refused(pair: JawPair, plant: object) -> None:
    """Otherwise the test that planted it would pass for nothing."""
    with pytest.raises(UsageError, match="no face"):
        plant(pair.upper, (0.0, 90.0, 0.0), 1.0)  # type: ignore[operator]


def test_the_clean_mesh_stays_clean(pair: JawPair, place: Point) -> None:
    """Faults make new meshes and leave the shared one alone."""
    before = pair.upper.vertices.tobytes() + pair.upper.faces.tobytes()
    for plant in (faults.hole, faults.flipped, faults.duplicated, faults.double_layer, faults.spike, faults.island):
        plant(pair.upper, place, 2.0)
    faults.not_finite(pair.upper, place)
    assert pair.upper.vertices.tobytes() + pair.upper.faces.tobytes() == before


@pytest.mark.parametrize("form", ["stl", "ply"])
def test_truncated_and_garbage_files_are_corrupt(tmp_path: Path, form: str) -> None:
    """What the file faults make, the readers refuse."""
    path = tmp_path / f"scan.{form}"
    for data in (faults.truncated(scan_bytes(small_scan(), form), 0.6), faults.garbage(3000)):
        path.write_bytes(data)
        with pytest.raises(CorruptFile):
            read_mesh(path)
