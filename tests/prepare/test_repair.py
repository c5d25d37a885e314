"""``prepare.repair``: what it mends, what it says, and what it never touches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from attrs import evolve

from casepan.api import Case, Role, Scan, WorkItem
from casepan.mesh import Mesh, topology
from casepan.running.context import Bench
from casepan.testing import Hole
from casepan.testing.jaws import JawPair
from casepan_prepare.options import RepairOptions
from casepan_prepare.repair import Repair

from .conftest import MakeCase, apply, codes, pair

HOLES = (Hole(24, 1.2, "buccal"), Hole(16, 1.2, "occlusal"), Hole(21, 3.0, "buccal"))


def jaws() -> JawPair:
    """Three holes in the upper arch: beside tooth 24, on 16, and a wide one on 21."""
    return pair(2001, holes=HOLES)


def mended(case: Case, bench: Bench, **options: object) -> tuple[Case, Mesh]:
    """The case after the repair, and its upper arch."""
    after = apply(Repair(RepairOptions(**options)), case, bench)  # type: ignore[arg-type]
    return after, bench.mesh(after.scan("upper"))


def rim(mesh: Mesh) -> set[bytes]:
    """The corners of the outline."""
    (loop, *_) = topology(mesh).rims
    return {place.tobytes() for place in mesh.welded().vertices[loop.vertices]}


def across(mesh: Mesh) -> list[float]:
    """The widths of the holes, narrowest first."""
    return sorted(round(loop.across_mm, 1) for loop in topology(mesh).holes)


def test_small_holes_close_and_the_wide_one_stays(make_case: MakeCase) -> None:
    """Within the limit of 2 mm (one touches itself and counts twice); the outline keeps every corner."""
    case, bench = make_case({"upper": jaws().upper})
    after, mesh = mended(case, bench)
    assert len(across(jaws().upper)) == 3
    assert [width > 2 for width in across(mesh)] == [True]
    assert rim(mesh) == rim(jaws().upper)
    assert codes(after) == ["mesh.repaired"]
    assert "closed 3 holes up to 2 mm" in after.findings[0].message
    assert "triangles became" in after.findings[0].message


def test_provenance_counts_and_colour_are_kept(make_case: MakeCase) -> None:
    """The mended scan says what it was made from; the scan as it came is still there; colours of old corners are theirs."""
    case, bench = make_case({"upper": jaws().upper})
    after, mesh = mended(case, bench)
    scan = after.scan("upper")
    assert scan.derived_from == case.scan("upper").file.sha256
    assert (scan.faces, scan.vertices, scan.format, scan.colour) == (
        len(mesh.faces),
        len(mesh.vertices),
        "ply",
        "vertex",
    )
    before = bench.mesh(case.scan("upper")).welded()
    colours = {
        place.tobytes(): colour.tobytes() for place, colour in zip(before.vertices, colours_of(before), strict=True)
    }
    known = [
        (colours[place.tobytes()], colour.tobytes())
        for place, colour in zip(mesh.vertices, colours_of(mesh), strict=True)
        if place.tobytes() in colours
    ]
    assert len(known) > 0.99 * len(before.vertices) * 0.99
    assert all(one == other for one, other in known)


def colours_of(mesh: Mesh) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """The vertex colours of a coloured mesh."""
    assert mesh.vertex_colours is not None
    return mesh.vertex_colours


def test_the_margin_of_an_ordered_tooth_is_left_alone(make_case: MakeCase) -> None:
    """The hole beside 24 stays open and is named with its place; the one on 16 closes."""
    case, bench = make_case({"upper": jaws().upper}, WorkItem("1", teeth=(24,), kind="crown"))
    after, mesh = mended(case, bench)
    assert len(across(mesh)) == 2
    assert codes(after) == ["mesh.repaired", "mesh.hole-kept"]
    kept = after.findings[1]
    assert kept.where_mm is not None and kept.teeth == (24,)
    assert np.linalg.norm(np.subtract(jaws().truth.holes[0].centre, kept.where_mm)) < 1.5


def test_a_primary_tooth_is_protected_where_its_successor_stands(make_case: MakeCase) -> None:
    """64 stands at the place of 24, and the finding names it as it was ordered."""
    case, bench = make_case({"upper": jaws().upper}, WorkItem("1", teeth=(64,), kind="crown"))
    after, mesh = mended(case, bench)
    assert len(across(mesh)) == 2
    assert after.findings[1].teeth == (64,)


def test_near_margin_closes_it_too(make_case: MakeCase) -> None:
    """A lab that wants it gets it."""
    case, bench = make_case({"upper": jaws().upper}, WorkItem("1", teeth=(24,), kind="crown"))
    after, mesh = mended(case, bench, near_margin=True)
    assert len(across(mesh)) == 1
    assert codes(after) == ["mesh.repaired"]


def test_where_teeth_cannot_be_told_no_hole_closes(make_case: MakeCase) -> None:
    """An order, and a surface that is no arch: any hole may be at the margin."""
    bump = sheet_with_hole()
    case, bench = make_case({"upper": bump}, WorkItem("1", teeth=(24,), kind="crown"))
    after, mesh = mended(case, bench)
    assert len(across(mesh)) == 1
    assert codes(after) == ["mesh.hole-kept"]
    case, bench = make_case({"upper": bump})
    assert len(across(mended(case, bench)[1])) == 0


def sheet_with_hole() -> Mesh:
    """A plane of 20 mm with a hole of about a millimetre."""
    x, y = np.meshgrid(np.arange(41) / 2, np.arange(41) / 2, indexing="ij")
    vertices = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1).astype(np.float32)
    corner = np.add.outer(np.arange(40) * 41, np.arange(40)).ravel()
    faces = np.concatenate([corner[:, None] + [0, 41, 42], corner[:, None] + [0, 42, 1]]).astype(np.int32)
    return Mesh(vertices, faces[~(faces == 20 * 41 + 20).any(axis=1)])


def test_loose_parts_go_by_their_size_and_stay_near_the_margin(make_case: MakeCase) -> None:
    """A scrap of 0.5 mm² is dropped; beside an ordered tooth it may be a piece of its margin."""
    upper = jaws().upper
    place = np.array(jaws().truth.teeth[24].centre, np.float32) + np.array([0, 0, 3], np.float32)
    scrap = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32) + place
    count = len(upper.vertices)
    both = evolve(
        upper,
        vertices=np.concatenate([upper.vertices, scrap]),
        faces=np.concatenate([upper.faces, np.array([[count, count + 1, count + 2]], np.int32)]),
        vertex_colours=None,
    )
    case, bench = make_case({"upper": both})
    without, mesh = mended(case, bench)
    assert len(topology(mesh).components) == 1
    case, bench = make_case({"upper": both}, WorkItem("1", teeth=(24,), kind="crown"))
    _, mesh = mended(case, bench)
    assert len(topology(mesh).components) == 2
    case, bench = make_case({"upper": both})
    _, mesh = mended(case, bench, island=0.1)
    assert len(topology(mesh).components) > 1
    assert without.scan("upper").derived_from


def test_turned_triangles_are_turned_back_unless_unwanted(make_case: MakeCase) -> None:
    """Neighbours agree afterwards."""
    faces = jaws().upper.faces.copy()
    faces[5000:5040] = faces[5000:5040][:, ::-1]
    turned = evolve(jaws().upper, faces=faces)
    case, bench = make_case({"upper": turned})
    assert topology(mended(case, bench)[1]).inconsistent_edges == 0
    case, bench = make_case({"upper": turned})
    assert topology(mended(case, bench, orientation=False)[1]).inconsistent_edges > 0


def test_a_sound_scan_stays_byte_for_byte(make_case: MakeCase) -> None:
    """Nothing to do: the same file, no finding."""
    case, bench = make_case({"bite-left": sheet()})
    after = apply(Repair(RepairOptions()), case, bench)
    assert after == case


def sheet() -> Mesh:
    """A sound open surface."""
    whole = sheet_with_hole()
    return evolve(whole, faces=whole.faces[whole.faces[:, 0] < 400])


@pytest.mark.parametrize("role", ["other", "bite"])
def test_scans_without_an_arch_are_mended_too(make_case: MakeCase, role: Role) -> None:
    """The order's teeth do not matter where no margin is taken from."""
    case, bench = make_case({"thing": sheet_with_hole()}, WorkItem("1", teeth=(24,), kind="crown"))
    case = evolve(case, scans=(evolve(case.scans[0], role=role),))
    after = apply(Repair(RepairOptions()), case, bench)
    assert codes(after) == ["mesh.repaired"]


def test_what_cannot_be_opened_is_said(make_case: MakeCase) -> None:
    """Closed, garbage, NaN and twelve triangles: untouched, one finding each, never a crash; photos are no scans."""
    nan = evolve(sheet(), vertices=np.full_like(sheet().vertices, np.nan))
    few = evolve(sheet(), faces=sheet().faces[:12])
    parts: dict[str, Mesh | bytes] = {"closed": b"x", "garbage": b"x", "nan": nan, "few": few, "photo": b"x"}
    case, bench = make_case(parts)
    changes: dict[str, dict[str, Any]] = {"closed": {"readable": False}, "photo": {"role": "photo"}}
    scans: tuple[Scan, ...] = tuple(evolve(scan, **changes.get(scan.id, {})) for scan in case.scans)
    after = apply(Repair(RepairOptions()), evolve(case, scans=scans), bench)
    assert after.scans == scans
    assert [(finding.code, finding.scan) for finding in after.findings] == [
        ("prepare.untouched", name) for name in ("closed", "garbage", "nan", "few")
    ]
