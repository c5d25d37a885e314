"""``prepare.model``: closed bodies for the printer, proved by admesh, which knows nothing of casepan."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve
from manifold3d import Manifold
from scipy.spatial import cKDTree

from casepan.api import Case, Desk, Transform
from casepan.mesh import Mesh, distance, read_mesh, topology
from casepan.running.context import Bench
from casepan_prepare.frame import MouthFrame, moved
from casepan_prepare.model import Model
from casepan_prepare.modelling.body import Body, as_mesh, closed_body
from casepan_prepare.modelling.hollow import _far_too, hollowed
from casepan_prepare.modelling.label import labelled
from casepan_prepare.modelling.sheet import clean_sheet
from casepan_prepare.options import ModelOptions, OrientOptions
from casepan_prepare.orient import Orient

from .conftest import MakeCase, apply, codes, pair, surfaces

_COUNT = re.compile(
    r"(Total disconnected facets|Degenerate facets|Number of parts|Facets reversed|Volume) *: +([-\d.]+)"
)


def admesh(path: Path) -> dict[str, float]:
    """What admesh says of an STL, checked as it is: nothing connected by nearness, nothing filled."""
    program = shutil.which("admesh")
    if program is None:
        pytest.skip("admesh is not installed (apt-get install admesh)")
    done = subprocess.run(
        [program, "--exact", "--normal-directions", str(path)], capture_output=True, text=True, check=True
    )
    return {name: float(value) for name, value in _COUNT.findall(done.stdout)}


def assert_watertight(path: Path) -> float:
    """Every edge has its partner, one part, nothing backwards; the volume in mm³."""
    said = admesh(path)
    wanted = {"Total disconnected facets": 0, "Degenerate facets": 0, "Number of parts": 1, "Facets reversed": 0}
    assert {name: said[name] for name in wanted} == wanted
    return said["Volume"]


def made(case: Case, bench: Bench, **options: object) -> tuple[Case, dict[str, Mesh]]:
    """The case after the step, and its models by arch."""
    after = apply(Model(ModelOptions(**options)), case, bench, f"step-{len(bench.stores)}")  # type: ignore[arg-type]
    models = {}
    for item in after.artifacts:
        with bench.open(item.file) as stream:
            models[item.id.removeprefix("model-")] = read_mesh(stream)
    return after, models


def stl_of(case: Case, bench: Bench, arch: str) -> Path:
    """The file of a model."""
    (item,) = (item for item in case.artifacts if item.id == f"model-{arch}")
    return bench.stores[item.file.store] / item.file.path


@cache
def body() -> Body:
    """A lower arch with a base, in the model's own frame (the generated one has z up already)."""
    sheet = clean_sheet(pair().lower, 5.0)
    assert sheet is not None
    return closed_body(sheet, 6.0)


def farthest(points: np.ndarray[tuple[int, ...], np.dtype[np.float32]], among: Mesh) -> float:
    """The largest distance of points from the nearest corner of a surface."""
    return float(cKDTree(among.vertices).query(points)[0].max())


def test_a_pair_becomes_two_watertight_models_in_occlusion(make_case: MakeCase) -> None:
    """Both in the occlusal frame: flat bases parallel to it, above and below, and every corner of the scans where it is."""
    case, bench = make_case(surfaces(pair()), desk=Desk(number="26-00417"))
    after, models = made(case, bench)
    assert codes(after) == ["model.made", "model.made"]
    assert after.scans == case.scans
    for arch in ("upper", "lower"):
        assert assert_watertight(stl_of(after, bench, arch)) > 15_000
    oriented = apply(Orient(OrientOptions()), case, bench, "orient")
    for arch, side in (("upper", 1), ("lower", -1)):
        sheet = clean_sheet(bench.mesh(oriented.scan(arch)), 5.0)
        assert sheet is not None
        assert farthest(sheet.vertices, models[arch]) < 0.005
        heights = side * models[arch].vertices[:, 2]
        base = heights > heights.max() - 1e-3
        assert base.sum() > 20
        assert np.ptp(models[arch].vertices[base, 0]) > 40


def test_models_of_an_oriented_case_lie_on_its_scans(make_case: MakeCase) -> None:
    """After ``prepare.orient`` the frame is not looked for again."""
    case, bench = make_case({"lower": pair().lower})
    case = apply(Orient(OrientOptions()), case, bench, "orient")
    after, models = made(case, bench)
    assert codes(after) == ["frame.oriented", "model.made"]
    sheet = clean_sheet(bench.mesh(after.scan("lower")), 5.0)
    assert sheet is not None
    assert farthest(sheet.vertices, models["lower"]) < 0.005


def test_a_hollow_model_is_watertight_and_keeps_its_wall(make_case: MakeCase) -> None:
    """One closed surface with two drain holes; less than two thirds of the resin; no wall thinner than asked for."""
    case, bench = make_case({"upper": pair().upper})
    solid, _ = made(case, bench)
    after, models = made(case, bench, hollow=True, wall=2.5)
    volume = assert_watertight(stl_of(after, bench, "upper"))
    assert volume < 0.66 * assert_watertight(stl_of(solid, bench, "upper"))
    assert codes(after) == ["model.made"]
    top = models["upper"].vertices[:, 2].max()
    openings = models["upper"].vertices[np.abs(models["upper"].vertices[:, 2] - top) < 1e-3]
    assert len(openings) > 2 * 40


@pytest.mark.parametrize("wall", [1.0, 2.0])
def test_walls_of_the_hollow_are_as_thick_as_asked_for(wall: float) -> None:
    """Measured from the cavity to the outside; the holes lead into it."""
    solid = body().solid
    hollow = hollowed(body(), wall, 4.0)
    assert hollow is not None
    cavity = max((solid - hollow).trim_by_plane((0, 0, 1), body().low + wall - 0.05).decompose(), key=Manifold.volume)
    assert cavity.volume() > 3_000
    inner = as_mesh(cavity)
    walls = distance(inner, as_mesh(solid), wall + 1)
    thin = walls.distance_mm[walls.points[:, 2] > body().low + wall + 0.5]  # below it the drains lead through
    assert len(thin) > 100
    assert wall <= thin.min() < wall + 0.3
    assert len(hollow.decompose()) == 1


def test_what_is_too_thin_stays_solid() -> None:
    """Nothing lies deeper than walls of nine millimetres."""
    assert hollowed(body(), 9.0, 4.0) is None


def test_places_far_from_the_surface_take_the_side_of_most_beside_them() -> None:
    """One wrong neighbour does not turn a whole cavity inside out."""
    sides = np.full((9, 9, 9), -1, np.int8)
    sides[2:7, 2:7, 2:7] = 1
    sides[3:6, 3:6, 3:6] = 0
    sides[2, 4, 4] = -1
    sides[0, 0, 0] = 0
    told = _far_too(sides)
    assert (told[3:6, 3:6, 3:6] == 1).all()
    assert told[0, 0, 0] == -1
    assert (told[sides != 0] == sides[sides != 0]).all()


def outward_side() -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float64]], float]:
    """The direction in which the longest wall of the base faces, and how far along it the wall lies."""
    outline = body().outline
    sides = np.roll(outline, -1, axis=0) - outline
    best = int(np.linalg.norm(sides, axis=1).argmax())
    along = sides[best] / np.linalg.norm(sides[best])
    outward = np.array([along[1], -along[0]])
    assert (outline[best] - outline.mean(axis=0)) @ outward > 0
    return outward, float(outline[best] @ outward)


def drawn(raised: Manifold) -> Manifold:
    """What stands out of that wall."""
    outward, place = outward_side()
    return raised.trim_by_plane((*outward.tolist(), 0.0), place + 0.05)


def test_the_label_stands_upright_on_a_wall_of_the_base() -> None:
    """Raised letters add what they measure, low on the base, outside its outline; a text too long is refused."""
    raised = labelled(body(), "K7Q2-M4")
    assert raised is not None
    letters = drawn(raised)
    x0, y0, z0, x1, y1, z1 = letters.bounding_box()
    assert letters.volume() > 5
    assert body().low + 0.3 < z0 < z1 < body().top - 0.3
    assert max(x1 - x0, y1 - y0) > 15
    assert labelled(body(), "X" * 200) is None
    assert labelled(body(), " ") is None


def test_the_label_reads_from_left_to_right_from_outside() -> None:
    """An L has its foot to the right of its stem for whoever looks at the wall."""
    raised = labelled(body(), "L")
    assert raised is not None
    letter = as_mesh(drawn(raised)).vertices.astype(float)
    outward, _ = outward_side()
    right = np.array([-outward[1], outward[0]])  # of somebody who stands outside and looks at the wall
    run = letter[:, :2] @ right
    low = letter[:, 2] < letter[:, 2].min() + 0.3
    high = letter[:, 2] > letter[:, 2].max() - 0.3
    assert run[low].max() > run[high].max() + 1


@pytest.mark.parametrize("coverage", ["quadrant-left", "anterior"])
def test_partial_arches_get_a_model_too(make_case: MakeCase, coverage: str) -> None:
    """The base is level with the chewing plane; where the front is does not matter."""
    jaws = pair(2003, coverage=coverage)
    case, bench = make_case({"upper": jaws.upper, "lower": jaws.lower})
    after, models = made(case, bench)
    assert set(models) == {"upper", "lower"}
    assert "model.apart" not in codes(after)
    for arch in models:
        assert_watertight(stl_of(after, bench, arch))


def test_models_of_scans_with_matrices_of_their_own_are_apart(make_case: MakeCase) -> None:
    """What brings the files together is not in them yet, so the models do not fit either, and that is said."""
    case, bench = make_case({"upper": pair().upper, "lower": pair().lower})
    waiting = Transform("scanInfo", tuple(np.eye(4).ravel().tolist()), applied=False)
    upper, lower = case.scans
    after, models = made(evolve(case, scans=(evolve(upper, transforms=(waiting,)), lower)), bench)
    assert set(models) == {"upper", "lower"}
    assert codes(after) == ["model.made", "model.made", "model.apart"]


def test_arches_that_are_not_in_occlusion_are_said(make_case: MakeCase) -> None:
    """Each gets a base of its own, and nobody is left to believe that the pair fits."""
    jaws = pair(2000, frame="teeth-up")
    case, bench = make_case({"upper": jaws.upper, "lower": jaws.lower})
    after, models = made(case, bench)
    assert codes(after) == ["model.made", "model.made", "model.apart"]
    assert models["upper"].vertices[:, 2].max() > 10
    assert models["lower"].vertices[:, 2].min() < -10


def test_a_model_too_large_for_the_printer_is_not_made(make_case: MakeCase) -> None:
    """The finding says both sizes; turned by a quarter it may fit."""
    case, bench = make_case({"lower": pair().lower})
    after, models = made(case, bench, width=40.0)
    assert (codes(after), models) == (["model.refused"], {})
    assert "the printer 40 x 78 x 120" in after.findings[0].message
    assert codes(made(case, bench, width=60.0, depth=90.0)[0]) == ["model.made"]


def test_holes_in_the_scan_close_or_become_pits(make_case: MakeCase) -> None:
    """A hole over the limit gets walls of its own; the body stays closed."""
    middle = pair().truth.teeth[46].centre
    lower = pair().lower
    near = np.linalg.norm(lower.vertices[lower.faces].mean(axis=1) - np.array(middle, np.float32), axis=1) < 4
    case, bench = make_case({"lower": evolve(lower, faces=lower.faces[~near])})
    pit, _ = made(case, bench, fill=2.0)
    filled, _ = made(case, bench, fill=20.0)
    volumes = [assert_watertight(stl_of(after, bench, "lower")) for after in (pit, filled)]
    assert volumes[0] < volumes[1] - 50


def test_bad_input_is_a_finding(make_case: MakeCase) -> None:
    """A closed model, a plane, a few triangles, nothing at all."""
    x, y = np.meshgrid(np.arange(40.0), np.arange(40.0), indexing="ij")
    flat = np.stack([x.ravel(), y.ravel(), np.zeros(1600)], axis=1).astype(np.float32)
    corner = np.add.outer(np.arange(39) * 40, np.arange(39)).ravel()
    plane = Mesh(flat, (corner[:, None] + [0, 40, 41]).astype(np.int32))
    closed = as_mesh(body().solid)
    for parts, why in (
        ({"lower": closed}, "closed already"),
        ({"upper": plane}, "row of teeth"),
        ({"upper": evolve(plane, faces=plane.faces[:12])}, "no scan"),
        ({"bite-left": plane}, "no scan"),
        ({}, "no scan"),
    ):
        case, bench = make_case(parts)
        after, models = made(case, bench)
        assert (codes(after), models) == (["model.refused"], {})
        assert why in after.findings[0].message


def test_surfaces_that_are_none_come_out_clean() -> None:
    """Fins, a tent over a triangle and pinched borders go; a heap of single triangles leaves nothing."""
    lower = pair().lower
    fins = np.stack([lower.faces[:300:10, 0], lower.faces[:300:10, 1], lower.faces[4000:4300:10, 2]], axis=1)
    a, b, c = lower.faces[len(lower.faces) // 2]
    peak = lower.vertices[[a, b, c]].mean(axis=0, keepdims=True) + np.float32(1)
    tent = np.array([[a, b, len(lower.vertices)], [b, c, len(lower.vertices)], [c, a, len(lower.vertices)]])
    faces = np.concatenate([lower.faces, fins, tent]).astype(np.int32)
    spoilt = Mesh(np.concatenate([lower.vertices, peak]), faces)
    assert topology(spoilt).nonmanifold_edges > 3
    sheet = clean_sheet(spoilt, 5.0)
    assert sheet is not None
    found = topology(sheet)
    assert (found.nonmanifold_edges, found.nonmanifold_vertices, found.inconsistent_edges, len(found.components)) == (
        0,
        0,
        0,
        1,
    )
    assert len(sheet.faces) > 0.9 * len(lower.faces)
    scraps = Mesh(
        np.random.default_rng(0).uniform(0, 9, (300, 3)).astype(np.float32),
        np.arange(300, dtype=np.int32).reshape(-1, 3),
    )
    assert clean_sheet(scraps, 5.0) is None


def test_corners_at_one_place_are_moved_apart() -> None:
    """Two cubes that touch in an edge are one closed body; a file of triangles would join that edge."""
    cube = Manifold.cube((1, 1, 1))
    touching = Manifold.compose([cube, cube.translate((1, 1, 0))])
    mesh = as_mesh(touching)
    again = read_mesh(BytesIO(stl_bytes(mesh)))
    assert len(again.vertices) == 16
    assert topology(again).is_closed
    assert topology(again).nonmanifold_edges == 0


def stl_bytes(mesh: Mesh) -> bytes:
    """The surface as a file of triangles."""
    from casepan.testing import scan_bytes

    return scan_bytes(mesh, "stl")


def test_a_real_arch_becomes_watertight(shared: Path, make_case: MakeCase) -> None:
    """A plaster cast on its mounting plate, 137,000 triangles with an open border, its y axis up."""
    mesh = read_mesh(shared / "data" / "derived" / "scan_039.decoded.stl")
    case, bench = make_case({"upper": mesh}, form="stl")
    after, models = made(case, bench)
    assert codes(after) == ["model.made"]
    assert assert_watertight(stl_of(after, bench, "upper")) > 50_000
    frame = apply(Orient(OrientOptions()), case, bench, "orient")
    (transform,) = frame.scan("upper").transforms
    placed = moved(mesh, np.array(transform.matrix).reshape(4, 4))
    apart = cKDTree(models["upper"].vertices).query(placed.vertices)[0]
    assert (apart < 0.005).mean() > 0.999


def test_an_identity_frame_moves_nothing() -> None:
    """The matrix of a frame takes its origin to zero and its axes to x, y and z."""
    frame = MouthFrame(np.eye(3)[[1, 2, 0]], np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(frame.matrix @ [1, 2, 3, 1], [0, 0, 0, 1])
    np.testing.assert_allclose(frame.matrix @ [1, 3, 3, 1], [1, 0, 0, 1])
    assert frame.degrees == pytest.approx(120)
