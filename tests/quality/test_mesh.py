"""``quality.mesh``: faults of the surface, planted with known size and place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from attrs import evolve

from casepan.api import Finding, WorkItem
from casepan.mesh import Mesh
from casepan.testing import faults
from casepan_quality.geometry_options import MeshOptions
from casepan_quality.mesh import MeshQuality

from .conftest import case_of, codes, context, pair, scan, scans_of, surfaces_of

SEED = 4_000
CROWN = WorkItem("1", (26,), "crown")


def check(surfaces: dict[str, Mesh], *items: WorkItem, **options: Any) -> list[Finding]:
    """All findings about surfaces named as ``scans_of`` knows them."""
    return list(MeshQuality(MeshOptions(**options)).check(case_of(scans_of(surfaces), *items), context(surfaces)))


def only(surface: Mesh, what: str = "arch/upper", **options: Any) -> list[Finding]:
    """All findings about one surface."""
    case = case_of([scan("it", what)])
    return list(MeshQuality(MeshOptions(**options)).check(case, context({"it": surface})))


def tooth(fdi: int) -> tuple[float, float, float]:
    """The middle of a tooth of the test pair."""
    return pair(SEED).truth.teeth[fdi].centre


def test_a_sound_pair_with_bites_has_no_fault() -> None:
    """Rims are no holes, natural scraps no islands, a bite's gaps no fault."""
    assert codes(check(surfaces_of(pair(SEED)))) == []


@pytest.mark.parametrize(
    ("code", "plant", "least"),
    [
        ("mesh.hole", lambda mesh: faults.hole(mesh, tooth(26), 3.0), 2.5),
        ("mesh.double-layer", lambda mesh: faults.double_layer(mesh, tooth(26), 4.0), 3.0),
        ("mesh.spike", lambda mesh: faults.spike(mesh, tooth(26), 4.0), 3.5),
        ("mesh.flipped", lambda mesh: faults.flipped(mesh, tooth(26), 3.0), 4.0),
    ],
)
def test_a_planted_fault_is_found_where_it_is(code: str, plant: Callable[[Mesh], Mesh], least: float) -> None:
    """One finding, with tooth, value and limit, within 1.5 mm of the place."""
    (found,) = only(plant(pair(SEED).upper))
    assert (found.code, found.severity, found.teeth) == (code, "warning", (26,))
    assert found.where_mm is not None
    assert np.linalg.norm(np.array(found.where_mm) - tooth(26)) < 1.5
    assert found.value is not None
    assert found.limit is not None
    assert found.value > least > found.limit


def test_a_hole_in_the_gums_may_be_larger() -> None:
    """2 mm on a tooth is reported; the same in the palate is not, 5 mm there is."""
    mesh = pair(SEED).upper
    palate = mesh.vertices[np.linalg.norm(mesh.vertices - np.mean([tooth(16), tooth(26)], axis=0), axis=1).argmin()]
    place = (float(palate[0]), float(palate[1]), float(palate[2]))
    assert codes(only(faults.hole(mesh, place, 2.6))) == []
    (found,) = only(faults.hole(mesh, place, 6.0))
    assert (found.code, found.teeth, found.limit) == ("mesh.hole", (), 3.0)


def test_a_large_loose_part_is_an_island_and_a_scrap_is_not() -> None:
    """Half a percent of the area is the limit."""
    x, y, z = tooth(26)
    mesh = pair(SEED).upper
    assert codes(only(faults.island(mesh, (x, y, z - 9), 9.0))) == ["mesh.island"]
    assert codes(only(faults.island(mesh, (x, y, z - 9), 3.0))) == []


def test_noise_is_told_from_sampling() -> None:
    """A tenth of a millimetre on every point."""
    mesh = pair(SEED).upper
    wild = np.random.default_rng(1).normal(0, 0.12, mesh.vertices.shape)
    assert "mesh.noise" in codes(only(evolve(mesh, vertices=(mesh.vertices + wild).astype(np.float32))))


def test_faces_that_share_an_edge_three_times_are_counted() -> None:
    """Fins on many edges."""
    mesh = pair(SEED).upper
    fins = mesh.faces[:60:3].copy()
    fins[:, 2] = len(mesh.vertices) + np.arange(len(fins))
    tips = mesh.vertices[mesh.faces[:60:3]].mean(axis=1) + np.float32(0.4)
    finned = evolve(mesh, vertices=np.concatenate([mesh.vertices, tips]), faces=np.concatenate([mesh.faces, fins]))
    found = [one for one in only(finned) if one.code == "mesh.non-manifold"]
    assert [one.value for one in found] == [20]


def test_two_sheets_that_cross_are_reported() -> None:
    """A copy of part of the arch, turned a little."""
    mesh = pair(SEED).upper
    part = np.linalg.norm(mesh.vertices[mesh.faces].mean(axis=1) - tooth(26), axis=1) < 5
    turn = np.array([[1, 0, 0], [0, 0.9, -0.44], [0, 0.44, 0.9]])
    moved = (mesh.vertices - tooth(26)) @ turn.T + tooth(26)
    faces = np.concatenate([mesh.faces, mesh.faces[part] + len(mesh.vertices)]).astype(np.int32)
    crossed = evolve(mesh, vertices=np.concatenate([mesh.vertices, moved]).astype(np.float32), faces=faces)
    assert "mesh.self-intersection" in codes(only(crossed))


def test_few_triangles_are_judged_by_their_edges() -> None:
    """2,000 triangles on a whole arch are too large; on a bite's strip of 20 mm they would not be."""
    from casepan.testing import small_scan

    found = [one for one in only(small_scan("upper")) if one.code == "mesh.coarse"]
    assert [one.limit for one in found] == [1.2]


def test_a_prepared_tooth_needs_finer_triangles() -> None:
    """The limit at the preparation is an option, and names the tooth."""
    surfaces = {"upper": pair(SEED).upper}
    assert check(surfaces, CROWN) == []
    (found,) = check(surfaces, CROWN, edge_at_preparation_mm=0.2)
    assert (found.code, found.teeth) == ("mesh.coarse", (26,))


def test_a_bite_may_have_holes_and_an_arch_may_not() -> None:
    """The profile goes by the role, and can be set."""
    bite = pair(SEED).bites[0]
    assert codes(only(bite, "bite")) == []
    assert "mesh.hole" in codes(only(bite, "bite", profile="full-arch"))


def test_a_closed_model_is_no_fault() -> None:
    """A ball has no rim, no frame and nothing to report."""
    import trimesh

    ball = Mesh.from_trimesh(trimesh.creation.icosphere(subdivisions=5, radius=25.0))
    assert codes(only(ball)) == []


def test_many_findings_of_one_kind_are_cut_short_in_words() -> None:
    """The worst come first, the rest is counted."""
    mesh = pair(SEED).upper
    for fdi in (11, 13, 15, 17, 22, 24, 26):
        mesh = faults.hole(mesh, tooth(fdi), 2.0 + fdi / 50)
    found = only(mesh, most=3)
    assert len(found) == 3
    assert "4 smaller ones" in found[-1].message
    assert [one.value for one in found] == sorted((one.value or 0 for one in found), reverse=True)


@pytest.mark.parametrize("colour", [(130, 20, 25), (255, 255, 255)])
def test_blood_and_highlights_are_moisture(colour: tuple[int, int, int]) -> None:
    """A patch of 14 mm across in one colour."""
    mesh = pair(SEED, colour=True).upper
    assert codes(only(mesh)) == []
    painted = np.array(mesh.vertex_colours)
    painted[np.linalg.norm(mesh.vertices - np.array(tooth(26)), axis=1) < 9] = colour
    found = only(evolve(mesh, vertex_colours=painted))
    assert codes(found) == ["colour.moisture"]
    assert np.linalg.norm(np.array(found[0].where_mm) - tooth(26)) < 6


def test_what_cannot_be_judged_is_an_error() -> None:
    """A damaged file, coordinates that are no numbers, twelve triangles, a point cloud."""
    mesh = pair(SEED).upper
    assert codes(MeshQuality(MeshOptions()).check(case_of([scan("it", "arch/upper")]), context())) == [
        "mesh.unreadable"
    ]
    assert codes(only(faults.not_finite(mesh, tooth(26)))) == ["mesh.not-finite"]
    assert codes(only(evolve(mesh, faces=mesh.faces[:12]))) == ["mesh.face-count"]
    assert codes(only(evolve(mesh, faces=mesh.faces[:0]))) == ["mesh.face-count"]


def test_a_plane_and_forty_scans_are_no_trouble() -> None:
    """A flat sheet has no row of teeth; a case may have many scans."""
    side = np.arange(40.0)
    points = np.stack([*np.meshgrid(side, side), np.zeros((40, 40))], axis=-1).reshape(-1, 3).astype(np.float32)
    first = (np.arange(39)[:, None] * 40 + np.arange(39)).ravel()
    faces = np.concatenate([np.stack([first, first + 1, first + 41], 1), np.stack([first, first + 41, first + 40], 1)])
    plane = Mesh(points, faces.astype(np.int32))
    assert codes(only(plane)) == []
    many = [scan(f"bite-{number}", "bite", number=number) for number in range(40)]
    found = MeshQuality(MeshOptions()).check(case_of(many), context({one.id: plane for one in many}))
    assert codes(found) == []
