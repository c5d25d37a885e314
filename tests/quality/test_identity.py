"""``quality.identity``: generated arches of seeds that no limit was tuned on, and files that are no arch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve
from numpy.typing import NDArray

from casepan.api import Finding, Scan
from casepan.mesh import Mesh, read_mesh
from casepan.stages.units import Units, UnitsOptions
from casepan.testing import faults
from casepan_quality.identity import Identity
from casepan_quality.options import IdentityOptions
from casepan_quality.shapes import shape_of

from .conftest import case_of, codes, context, pair, scan, scans_of, surfaces_of

SEEDS = range(1000, 1008)
COVERAGES = ("full", "quadrant-left", "quadrant-right", "anterior")


def turned(mesh: Mesh, seed: int = 3) -> Mesh:
    """The same surface in another frame."""
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turn *= np.sign(np.linalg.det(turn))
    return with_points(mesh, mesh.vertices @ turn.T + rng.normal(0, 40, 3))


def with_points(mesh: Mesh, points: NDArray[np.floating]) -> Mesh:
    """The same faces over other points."""
    return evolve(mesh, vertices=np.ascontiguousarray(points, dtype=np.float32))


def grid(columns: int, rows: int, height: float = 0.0) -> Mesh:
    """A sheet of 1 mm squares, wavy where a height is given."""
    x, y = np.meshgrid(np.arange(columns), np.arange(rows), indexing="ij")
    points = np.stack([x, y, height * np.sin(x / 5.0)], axis=-1).reshape(-1, 3)
    at = np.arange(columns * rows).reshape(columns, rows)
    a, b, c, d = at[:-1, :-1].ravel(), at[1:, :-1].ravel(), at[:-1, 1:].ravel(), at[1:, 1:].ravel()
    faces = np.concatenate([np.stack([a, b, d], axis=1), np.stack([a, d, c], axis=1)])
    return Mesh(points.astype(np.float32), faces.astype(np.int32))


def ball(radius: float, centre: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Mesh:
    """A closed ball of 2,000 triangles."""
    import trimesh

    made = trimesh.creation.uv_sphere(radius=radius, count=[32, 32])
    made.apply_translation(centre)
    return Mesh.from_trimesh(made)


def joined(*meshes: Mesh) -> Mesh:
    """Several surfaces in one file."""
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    faces = np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts[:-1], strict=True)])
    return Mesh(np.concatenate([mesh.vertices for mesh in meshes]), faces.astype(np.int32))


def check(surfaces: Mapping[str, Mesh], *scans: Scan, options: IdentityOptions | None = None) -> list[Finding]:
    """All findings; scans are named by their surface unless given."""
    case = case_of(scans or scans_of(surfaces))
    return list(Identity(options or IdentityOptions()).check(case, context(surfaces)))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_clean_case_has_no_findings(seed: int) -> None:
    """Whatever part was scanned, however fine, in any frame."""
    coverage = COVERAGES[seed % 4]
    triangles = 16_000 if coverage != "full" else (4_000, 16_000, 30_000)[seed % 3]
    surfaces = {
        name: turned(mesh) for name, mesh in surfaces_of(pair(seed, coverage=coverage, triangles=triangles)).items()
    }
    assert check(surfaces) == []


@pytest.mark.parametrize("coverage", COVERAGES)
def test_upper_and_lower_are_told_apart_alone(coverage: str) -> None:
    """By the palate, without a name and without the other arch."""
    identity = Identity(IdentityOptions())
    for seed in range(1000, 1002):
        jaws = pair(seed, coverage=coverage)
        assert identity.arch_of(shape_of(jaws.upper)) == "upper"
        assert identity.arch_of(shape_of(jaws.lower)) == "lower"


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_exchanged_arches_are_found(seed: int) -> None:
    """Both scans ask for their names to be checked."""
    jaws = surfaces_of(pair(seed, coverage=COVERAGES[seed % 4]))
    found = check({**jaws, "upper": jaws["lower"], "lower": jaws["upper"]})
    assert {(finding.code, finding.scan, finding.severity) for finding in found} >= {
        ("identity.arch-swapped", "lower", "warning")
    }
    assert set(codes(found)) == {"identity.arch-swapped"}


def test_an_upper_scan_named_lower_is_found_alone() -> None:
    """A palate is no lower arch."""
    (found,) = check({"lower": pair(1000).upper})
    assert (found.code, found.severity) == ("identity.arch-swapped", "warning")


def test_a_lower_scan_named_upper_is_noted_alone() -> None:
    """It might be an upper arch scanned without its palate: said, not held against the case."""
    (found,) = check({"upper": pair(1000).lower})
    assert (found.code, found.severity) == ("identity.arch-swapped", "info")


def test_in_doubt_nothing_is_said() -> None:
    """A margin as wide as everything leaves no verdict."""
    assert Identity(IdentityOptions(doubt=1.0)).arch_of(shape_of(pair(1000).upper)) is None


def test_a_scan_that_names_no_arch_cannot_be_wrong() -> None:
    """Only names are held against shapes."""
    assert check({"x": pair(1000).upper}, scan("x", "arch")) == []


@pytest.mark.parametrize("how", ["same file", "same bytes read twice", "moved", "written anew", "coarser"])
def test_one_arch_sent_twice_is_found(how: str) -> None:
    """Byte-equal, equal, rigidly moved, moved with noise of its own, or exported again with fewer triangles."""
    upper = pair(1001, triangles=30_000).upper
    others = {
        "moved": turned(upper),
        "written anew": with_points(
            upper, turned(upper).vertices + np.random.default_rng(5).normal(0, 0.02, upper.vertices.shape)
        ),
        "coarser": pair(1001, triangles=16_000).upper,
    }
    other = others.get(how, upper)
    scans = (scan("upper", "arch/upper"), scan("lower", "arch/lower", sha256="upper" if how == "same file" else "x"))
    found = check({"upper": upper, "lower": other}, *scans)
    assert codes(found) == ["identity.duplicate"]
    assert found[0].severity == ("warning" if how == "coarser" else "error")


def test_variants_of_one_arch_are_no_duplicates() -> None:
    """With and without ditch, before and after preparation: the same arch by name."""
    upper = pair(1001).upper
    scans = (scan("upper", "arch/upper"), scan("again", "preparation/upper"), scan("before", "preop/upper"))
    assert check({"upper": upper, "again": upper, "before": upper}, *scans) == []


def test_one_bite_sent_twice_is_found() -> None:
    """Left and right are the same file."""
    jaws = surfaces_of(pair(1001))
    scans = (*scans_of(["upper", "lower"]), scan("b1", "bite", sha256="b"), scan("b2", "bite", sha256="b"))
    surfaces = {"upper": jaws["upper"], "lower": jaws["lower"], "b1": jaws["bite-left"], "b2": jaws["bite-left"]}
    assert [(f.code, f.scan) for f in check(surfaces, *scans)] == [("identity.duplicate", "b2")]


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_a_mirrored_export_is_found(seed: int) -> None:
    """One axis with the wrong sign turns the surface inside out."""
    jaws = surfaces_of(pair(seed, coverage=COVERAGES[seed % 4]))
    mirrored = {name: with_points(mesh, mesh.vertices * [-1, 1, 1]) for name, mesh in jaws.items()}
    assert [(f.code, f.scan) for f in check(mirrored) if f.code == "identity.mirrored"] == [
        ("identity.mirrored", "upper"),
        ("identity.mirrored", "lower"),
    ]


def test_a_handful_of_triangles_is_left_to_those_who_count() -> None:
    """A cube named upper has no shape to judge; quality.mesh reports its number of triangles."""
    import trimesh

    assert check({"upper": Mesh.from_trimesh(trimesh.creation.box((60, 50, 20)))}) == []


def test_a_plane_is_no_scan() -> None:
    """Flat, as large as an arch."""
    (found,) = check({"upper": grid(60, 50)})
    assert (found.code, found.severity, found.unit) == ("identity.not-a-scan", "error", "mm")


def test_a_closed_model_is_asked_about_unless_models_are_scanned() -> None:
    """A base or a closed surface is a question, and none for a lab of plaster models."""
    upper = pair(1000).upper
    back = evolve(upper, faces=upper.faces[:, ::-1])
    closed = joined(upper, with_points(back, back.vertices + np.array([0, 0, 10])))
    (found,) = check({"upper": closed})
    assert (found.code, found.severity) == ("identity.not-a-scan", "warning")
    assert check({"upper": closed}, options=IdentityOptions(profile="model-scan")) == []


def test_a_design_is_no_arch() -> None:
    """A closed body of tooth size, too small for an arch but not by its unit."""
    (found,) = check({"upper": ball(8.0)})
    assert "design" in found.message


def test_separate_closed_crowns_are_no_scan() -> None:
    """What programs cut out of scans or make from photographs."""
    crowns = joined(*(ball(4.0, (9.0 * number, 12.0 * (number % 3), 0.0)) for number in range(6)))
    (found,) = check({"upper": crowns})
    assert "6 closed bodies" in found.message


@pytest.mark.parametrize(
    ("factor", "unit"), [(0.001, "metres"), (0.1, "centimetres"), (1 / 25.4, "inches"), (1000, "micro")]
)
def test_a_bite_in_another_unit_is_found(factor: float, unit: str) -> None:
    """Arches are measured by core.units, bites and scan bodies here."""
    jaws = surfaces_of(pair(1002))
    jaws["bite-left"] = with_points(jaws["bite-left"], jaws["bite-left"].vertices * factor)
    found = check(jaws)
    if unit in ("metres", "inches", "micro"):
        assert [(f.code, f.scan, f.severity) for f in found] == [("identity.unit", "bite-left", "error")]
        assert unit in found[0].message
    else:
        assert found == []  # 3.2 mm might be a scan body: only the other scans could tell


@pytest.mark.parametrize(
    ("factor", "unit"), [(1e-3, "metres"), (0.1, "centimetres"), (1 / 25.4, "inches"), (1e3, "micro")]
)
def test_an_arch_in_another_unit_is_an_error(factor: float, unit: str) -> None:
    """It is called by its name, and nothing is guessed about a surface of unknown size."""
    upper = pair(1000).upper
    (found,) = check({"upper": with_points(upper, upper.vertices * factor)})
    assert (found.code, found.severity) == ("identity.unit", "error")
    assert unit in found.message


def test_what_cannot_be_measured_is_left_to_those_who_read() -> None:
    """Damaged, closed and not finite scans are passed over without a crash."""
    broken = faults.not_finite(pair(1000).upper, (0.0, 0.0, 0.0))
    scans = (scan("upper", "arch/upper"), scan("lower", "arch/lower"), scan("c", "arch/lower", readable=False))
    assert check({"upper": broken}, *scans) == []


def test_forty_scans_are_looked_at() -> None:
    """Every pair is compared, variants are left alone."""
    jaws = surfaces_of(pair(1003, triangles=4_000))
    many = {f"v{number}": jaws["upper"] for number in range(38)}
    scans = (*scans_of(["upper", "lower"]), *(scan(name, "preop/upper") for name in many))
    assert check({**jaws, **many}, *scans) == []


def test_real_files_are_named(shared: Path) -> None:
    """A plaster model with a base, crowns cut out of a scan, and the same made from photographs."""
    import zipfile
    from io import BytesIO

    with zipfile.ZipFile(shared / "data/arches/orthoaid/upper_jaw.zip") as archive:
        plaster = read_mesh(BytesIO(archive.read("upper_jaw.ply")), name="upper_jaw.ply")
    assert codes(check({"upper": plaster})) == ["identity.not-a-scan"]
    crowns = []
    for name in ("sjtu-ref-0/Ref", "sjtu-pred-0/Pred"):
        with (shared / f"data/cases/{name}_Upper_Mesh_Tag=0.obj").open("rb") as stream:
            crowns.append(read_mesh(stream, name="crowns.obj"))
    found = check({"upper": crowns[0], "lower": crowns[1]})
    assert codes(found) == ["identity.not-a-scan", "identity.not-a-scan", "identity.duplicate"]


@pytest.mark.parametrize("name", ["fuze.ply", "teapot.stl", "20mm-xyz-cube.stl", "angle_block.STL"])
def test_nasty_files_never_crash(shared: Path, name: str) -> None:
    """Whatever poses as an arch gets a finding here or from core.units."""
    path = shared / "data/nasty/trimesh" / name
    with path.open("rb") as stream:
        found = check({"upper": read_mesh(stream, name=name)})
    assert codes(found) == ["identity.not-a-scan"]


def test_both_arches_in_one_file_are_no_closed_model() -> None:
    """Their normals cancel; such a file is neither of the two arches."""
    jaws = pair(1000)
    assert check({"both": joined(jaws.upper, jaws.lower)}, scan("both", "arch/both")) == []


def test_a_surface_without_area_is_no_scan() -> None:
    """Three hundred triangles in one point."""
    heap = Mesh(np.zeros((900, 3), np.float32), np.arange(900, dtype=np.int32).reshape(-1, 3))
    assert codes(check({"upper": heap})) == ["identity.not-a-scan"]


def test_arches_in_another_unit_are_not_taken_for_one() -> None:
    """In metres everything lies within a millimetre; only the unit is told."""
    jaws = {
        name: evolve(mesh, vertices=mesh.vertices / np.float32(1000)) for name, mesh in surfaces_of(pair(1200)).items()
    }
    found = [one for one in check(jaws) if one.scan in ("upper", "lower")]
    assert codes(found) == ["identity.unit"] * 2
    assert all("metres" in one.message for one in found)


def test_a_unit_that_was_told_is_not_told_again() -> None:
    """``core.units`` in an earlier step said it; both say it in the same words, so that it stands once anyway."""
    jaws = {"upper": with_points(pair(1200).upper, pair(1200).upper.vertices * 0.1)}
    case = case_of(scans_of(jaws))
    (plain,) = Units(UnitsOptions()).check(case, context(jaws))
    assert list(Identity(IdentityOptions()).check(case, context(jaws))) == [plain]
    assert list(Identity(IdentityOptions()).check(case.with_findings(plain), context(jaws))) == []


def test_large_sizes_are_written_for_people() -> None:
    """No exponents, whoever of the two says it."""
    jaws = {"upper": with_points(pair(1200).upper, pair(1200).upper.vertices * 1000)}
    (found,) = check(jaws)
    (plain,) = Units(UnitsOptions()).check(case_of(scans_of(jaws)), context(jaws))
    assert found == plain
    assert "e+" not in found.message
