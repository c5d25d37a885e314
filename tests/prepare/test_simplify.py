"""``prepare.simplify``: fewer triangles within a measured distance, the border as it was."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve
from trimesh.triangles import closest_point

from casepan.mesh import Mesh, Texture, topology, write_mesh
from casepan.mesh.pictures.png import png
from casepan.mesh.simplify import collapse_edges
from casepan_prepare import fewer
from casepan_prepare.fewer import farthest_mm, simplified
from casepan_prepare.options import RepairOptions, SimplifyOptions
from casepan_prepare.repair import Repair
from casepan_prepare.simplify import Simplify

from .conftest import MakeCase, apply, codes, pair


@cache
def wave(steps: int = 81) -> Mesh:
    """A coloured surface of 40 mm with gentle waves and a ridge that is easily pulled flat."""
    side = np.linspace(0, 40, steps)
    x, y = (values.ravel() for values in np.meshgrid(side, side, indexing="ij"))
    z = np.sin(x / 6) * 2 + np.where(np.abs(y - 20) < 0.6, 0.4, 0.0)
    vertices = np.stack([x, y, z], axis=1).astype(np.float32)
    corner = np.add.outer(np.arange(steps - 1) * steps, np.arange(steps - 1)).ravel()
    faces = np.concatenate([corner[:, None] + [0, steps, steps + 1], corner[:, None] + [0, steps + 1, 1]])
    colours = np.stack([x * 6, y * 6, np.full(len(x), 99)], axis=1).astype(np.uint8)
    return Mesh(vertices, faces.astype(np.int32), vertex_colours=colours)


def rough(
    vertices: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """The same with every corner moved by up to a millimetre: nothing there can go."""
    shifts = np.random.default_rng(0).uniform(-1, 1, vertices.shape)
    return (vertices + shifts).astype(np.float32)


def plainly_measured(asked: Mesh, target: Mesh) -> float:
    """The largest of the distances from every twentieth corner to every triangle, by trimesh."""
    triangles = target.vertices[target.faces].astype(np.float64)
    farthest = 0.0
    for point in asked.vertices[::20].astype(np.float64):
        nearest = closest_point(triangles, np.tile(point, (len(triangles), 1)))  # type: ignore[no-untyped-call]
        farthest = max(farthest, float(np.linalg.norm(nearest - point, axis=1).min()))
    return farthest


def border(mesh: Mesh) -> set[bytes]:
    """The corners of all borders."""
    surface = mesh.welded()
    return {place.tobytes() for place in surface.vertices[np.unique(surface.edges.boundary)]}


@pytest.mark.parametrize("tolerance", [0.01, 0.05])
def test_the_distance_keeps_to_the_tolerance(tolerance: float) -> None:
    """Measured both ways, on corners and between them; the border and the number of parts and holes stay."""
    found = simplified(wave(), tolerance)
    assert found is not None
    assert len(found.mesh.faces) < 0.6 * len(wave().faces)
    assert found.distance_mm <= tolerance
    assert farthest_mm(wave(), found.mesh) <= tolerance
    assert plainly_measured(wave(), found.mesh) <= tolerance * 1.01
    assert border(found.mesh) == border(wave())
    before, after = topology(wave()), topology(found.mesh)
    assert (len(after.loops), len(after.components), after.nonmanifold_edges) == (
        len(before.loops),
        len(before.components),
        0,
    )


def test_places_that_would_be_pulled_flat_keep_their_triangles() -> None:
    """On a jaw some grooves need the scan's own triangles; the result keeps to the tolerance all the same."""
    upper = pair().upper.welded()
    found = simplified(upper, 0.05)
    assert found is not None
    assert farthest_mm(upper, found.mesh) <= 0.05
    assert len(found.mesh.faces) < 0.7 * len(upper.faces)
    assert border(found.mesh) == border(upper)
    assert found.mesh.vertex_colours is not None
    assert len(found.mesh.vertex_colours) == len(found.mesh.vertices)


def test_smaller_steps_end_what_never_settles(monkeypatch: pytest.MonkeyPatch) -> None:
    """On very fine scans every round of large steps pulls another place flat; they must not stay as fine as they came."""
    measured, costs = fewer._too_far, [0.0]

    def collapse(surface: Mesh, error_mm: float) -> Mesh:
        costs.append(error_mm)
        return collapse_edges(surface, error_mm)

    def always_a_place(one: Mesh, other: Mesh, tolerance_mm: float) -> tuple[fewer.Points, float]:
        far, apart = measured(one, other, tolerance_mm)
        return (one.vertices[:1] if costs[-1] >= 2 * tolerance_mm else far), apart

    monkeypatch.setattr(fewer, "collapse_edges", collapse)
    monkeypatch.setattr(fewer, "_too_far", always_a_place)
    found = simplified(wave(41), 0.05)
    assert found is not None
    assert found.distance_mm <= 0.05
    assert costs[-1] < 0.1


def test_what_hardly_gets_simpler_stays() -> None:
    """Three micrometres on a coarse jaw: not worth a new file."""
    assert simplified(pair().upper.welded(), 0.003) is None


def test_the_measure_sees_what_lies_between_corners() -> None:
    """A peak in the middle of a large face is as far away as it is high; nothing is nowhere."""
    flat = np.array([[0, 0, 0], [10, 0, 0], [0, 10, 0], [3, 3, 0]], np.float32)
    peak = flat.copy()
    peak[3, 2] = 0.5
    one = Mesh(flat, np.array([[0, 1, 2]], np.int32))
    other = Mesh(peak, np.array([[0, 1, 3], [1, 2, 3], [2, 0, 3]], np.int32))
    assert farthest_mm(one, other) == pytest.approx(0.5, abs=0.02)
    assert farthest_mm(one, one) < 1e-6
    far = Mesh(flat + np.float32(9), np.array([[0, 1, 2]], np.int32))
    assert farthest_mm(one, far) == float("inf")


def test_the_stage_says_counts_and_distance(make_case: MakeCase) -> None:
    """Provenance, counts and colours go along; a scan that cannot do with less stays byte for byte."""
    tiny = evolve(wave(12), vertices=rough(wave(12).vertices))
    case, bench = make_case({"upper": wave(), "lower": tiny, "bite-left": b"garbage"})
    after = apply(Simplify(SimplifyOptions(tolerance_um=20)), case, bench)
    assert codes(after) == ["mesh.simplified", "prepare.untouched"]
    scan, finding = after.scan("upper"), after.findings[0]
    mesh = bench.mesh(scan)
    assert (scan.faces, scan.vertices, scan.colour) == (len(mesh.faces), len(mesh.vertices), "vertex")
    assert scan.derived_from == case.scan("upper").file.sha256
    assert (finding.limit, finding.unit) == (20, "µm")
    assert finding.value is not None and finding.value <= 20
    assert f"{len(mesh.faces):,}" in finding.message
    assert after.scan("lower") == case.scan("lower")
    assert mesh.vertex_colours is not None
    reds = np.abs(mesh.vertex_colours[:, 0].astype(float) - mesh.vertices[:, 0] * 6)
    assert reds.max() <= 4


def test_a_scan_that_stays_is_said_once(make_case: MakeCase) -> None:
    """Two steps that cannot open it are one thing for a person to look at."""
    case, bench = make_case({"bite-left": b"garbage"})
    repaired = apply(Repair(RepairOptions()), case, bench)
    assert codes(repaired) == codes(apply(Simplify(SimplifyOptions()), repaired, bench)) == ["prepare.untouched"]


def test_a_texture_goes_to_the_vertices_and_is_said(make_case: MakeCase, tmp_path: Path) -> None:
    """Texture coordinates do not survive new triangles, so the colours are baked before."""
    ramp = np.tile(np.linspace(50, 200, 64)[None, :, None], (64, 1, 3)).astype(np.uint8)
    uv = (wave().vertices[:, :2] / 40).astype(np.float32)[wave().faces]
    write_mesh(evolve(wave(), vertex_colours=None, texture=Texture(uv, png(ramp))), tmp_path / "upper.ply")
    textured = (tmp_path / "upper.ply").read_bytes()
    case, bench = make_case({"upper": textured}, beside={"upper.png": png(ramp)})
    scan = evolve(case.scan("upper"), textures=(bench.reference("upper.png"),))
    after = apply(Simplify(SimplifyOptions(tolerance_um=30)), evolve(case, scans=(scan,)), bench)
    assert codes(after) == ["mesh.simplified", "format.loss"]
    assert after.findings[1].unit == "ΔE"
    assert (after.scans[0].colour, after.scans[0].textures) == ("vertex", ())
