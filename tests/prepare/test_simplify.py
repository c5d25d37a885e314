"""``prepare.simplify``: fewer triangles within a measured distance, the border as it was."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve
from trimesh.triangles import closest_point

from casepan.mesh import Mesh, Texture, distance, kernels, topology, write_mesh
from casepan.mesh.pictures.png import png
from casepan.mesh.simplify import collapse_edges
from casepan_prepare import closeness, fewer
from casepan_prepare.closeness import Closeness, Measure, bounds
from casepan_prepare.fewer import simplified
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


def halved(mesh: Mesh) -> Mesh:
    """The same surface, every triangle in four: what lies between corners becomes a corner."""
    triangles = mesh.vertices[mesh.faces]
    a, b, c = triangles.transpose(1, 0, 2)
    d, e, f = (a + b) / 2, (b + c) / 2, (c + a) / 2
    four = [np.stack(corners, axis=1) for corners in ((a, d, f), (d, b, e), (f, e, c), (d, e, f))]
    points = np.concatenate(four).reshape(-1, 3).astype(np.float32)
    return Mesh(points, np.arange(len(points), dtype=np.int32).reshape(-1, 3)).welded()


def exactly_apart(one: Mesh, other: Mesh) -> float:
    """The largest distance from corners and middles of edges of either surface to the nearest triangle of the other."""
    ways = [distance(halved(asked), target, 1.0) for asked, target in ((one, other), (other, one))]
    assert [len(way.vertices) for way in ways] == [len(halved(one).vertices), len(halved(other).vertices)]
    return float(max(way.distance_mm.max() for way in ways))


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
    assert exactly_apart(wave(), found.mesh) <= found.distance_mm
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
    assert exactly_apart(upper, found.mesh) <= found.distance_mm <= 0.05
    assert len(found.mesh.faces) < 0.7 * len(upper.faces)
    assert border(found.mesh) == border(upper)
    assert found.mesh.vertex_colours is not None
    assert len(found.mesh.vertex_colours) == len(found.mesh.vertices)


def test_smaller_steps_end_what_never_settles(monkeypatch: pytest.MonkeyPatch) -> None:
    """On very fine scans every round of large steps pulls another place flat; they must not stay as fine as they came."""
    measured, costs = Measure.closeness, [0.0]

    def collapse(surface: Mesh, error_mm: float) -> Mesh:
        costs.append(error_mm)
        return collapse_edges(surface, error_mm)

    def always_a_place(measure: Measure, made: Mesh, before: Closeness | None = None) -> Closeness:
        near = measured(measure, made, before)
        return evolve(near, far=measure.scan.vertices[:1]) if costs[-1] >= 0.1 else near

    monkeypatch.setattr(fewer, "collapse_edges", collapse)
    monkeypatch.setattr(Measure, "closeness", always_a_place)
    found = simplified(wave(41), 0.05)
    assert found is not None
    assert found.distance_mm <= 0.05
    assert costs[-1] < 0.1


def test_fine_scans_begin_with_smaller_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice the tolerance takes seven rounds there and keeps more triangles in the end."""
    monkeypatch.setattr(fewer, "_FINE", 1000)
    fine = simplified(pair().upper.welded(), 0.05)
    monkeypatch.setattr(fewer, "_FINE", 1_000_000)
    coarse = simplified(pair().upper.welded(), 0.05)
    assert fine is not None
    assert coarse is not None
    assert len(fine.mesh.faces) > len(coarse.mesh.faces)


def test_what_hardly_gets_simpler_stays() -> None:
    """Three micrometres on a coarse jaw: not worth a new file."""
    assert simplified(pair().upper.welded(), 0.003) is None


@pytest.fixture(params=["kernels", "numpy"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With compiled kernels, where there are any, and without."""
    if request.param == "numpy":
        monkeypatch.setattr(kernels, "_fast", None)


@pytest.mark.usefixtures("way")
def test_bounds_are_within_the_tolerance_and_no_less_than_the_distance() -> None:
    """Each names a face that is so near; a point has none exactly where the surface is farther than the tolerance."""
    target, shifts = wave().welded(), np.random.default_rng(1).normal(0, 0.01, wave().vertices.shape)
    points = (wave().vertices + shifts).astype(np.float32)
    found, faces = bounds(target, points, 0.01)
    exact = distance(Mesh(points, wave().faces), target, 1.0).distance_mm
    assert len(exact) == len(points)
    assert 0 < np.isinf(found).sum() < len(points)
    assert (np.isinf(found) == (exact > 0.01)).all()
    assert ((faces < 0) == np.isinf(found)).all()
    assert (found >= exact * (1 - 1e-9)).all()
    assert found[np.isfinite(found)].max() <= 0.01


@pytest.mark.usefixtures("way")
def test_the_measure_sees_what_lies_between_corners() -> None:
    """A peak in the middle of a large face is as far away as it is high; nothing is nowhere."""
    flat = np.array([[0, 0, 0], [10, 0, 0], [0, 10, 0], [3, 3, 0]], np.float32)
    peak = flat.copy()
    peak[3, 2] = 0.5
    one = Mesh(flat, np.array([[0, 1, 2]], np.int32)).welded()
    other = Mesh(peak, np.array([[0, 1, 3], [1, 2, 3], [2, 0, 3]], np.int32))
    assert Measure.of(one, 0.5, 0.6).closeness(other).farthest_mm == pytest.approx(0.5, abs=0.02)
    assert Measure.of(other, 0.5, 0.6).closeness(one).farthest_mm == pytest.approx(0.5, abs=0.02)
    assert Measure.of(one, 0.5, 0.6).closeness(one).farthest_mm < 1e-6
    steep = Measure.of(one, 0.5, 0.4).closeness(other)
    assert steep.farthest_mm == float("inf")
    assert np.linalg.norm(steep.far - peak[3], axis=1).max() < 3
    away = Measure.of(one, 0.5, 0.4).closeness(Mesh(flat + np.float32(9), np.array([[0, 1, 2]], np.int32)))
    assert len(away.far) > 200
    nothing = Mesh(flat, np.empty((0, 3), np.int32))
    assert Measure.of(one, 0.5, 0.4).closeness(nothing).farthest_mm == float("inf")


def test_a_later_round_measures_what_changed_and_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """What both surfaces share is taken over from the round before; a place that got better or worse is seen."""
    scan = evolve(pair().upper, vertex_colours=None).welded()
    measure = Measure.of(scan, 0.6, 0.05)
    first = measure.closeness(collapse_edges(scan, 0.1).welded())
    better = fewer._collapsed(scan, fewer._near(scan, first.far, 1.0), 0.1)
    asked: list[int] = []

    def counted(target: Mesh, points: closeness.Points, tolerance_mm: float) -> object:
        asked.append(len(points))
        return bounds(target, points, tolerance_mm)

    monkeypatch.setattr(closeness, "bounds", counted)
    anew = measure.closeness(better)
    fresh, asked[:] = sum(asked), []
    after = measure.closeness(better, first)
    assert sum(asked) < fresh / 2
    assert {place.tobytes() for place in after.far} == {place.tobytes() for place in anew.far}
    back = measure.closeness(first.made, after)
    assert {place.tobytes() for place in back.far} == {place.tobytes() for place in first.far}
    assert len(first.far) > len(after.far)


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
