"""``core.convert`` and ``core.rename``."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from attrs import evolve

from casepan.mesh import read_mesh
from casepan.model.case import Case
from casepan.running.context import Bench
from casepan.stages.convert import Convert, ConvertOptions
from casepan.stages.rename import Rename, RenameOptions
from casepan.testing import scan_bytes, small_scan

from .conftest import MakeBench, case_of


def converted(bench: Bench, case: Case, **options: str) -> Case:
    """The case after ``core.convert``."""
    return Convert(ConvertOptions(**options)).apply(case, bench.working("core.convert", "convert"))  # type: ignore[arg-type]


def named(case: Case, template: str | None = None) -> list[str | None]:
    """The scans' names after ``core.rename``."""
    options = RenameOptions(template) if template else RenameOptions()
    return [scan.name for scan in Rename(options).apply(case, None).scans]  # type: ignore[arg-type]


def test_a_scan_in_the_wanted_format_is_left_as_it_is(bench_of: MakeBench) -> None:
    """Not one byte changes, so that its checksum still proves where it came from."""
    bench = bench_of({"upper.ply": scan_bytes(small_scan("upper"), "ply")})
    case = case_of(bench, ("upper.ply", "arch", "upper"))
    assert converted(bench, case, format="ply").scans == case.scans


def test_colour_and_geometry_survive_the_way_to_ply(bench_of: MakeBench) -> None:
    """OBJ with vertex colour to PLY: the same surface, the same colours, and where it came from."""
    mesh = small_scan("upper")
    bench = bench_of({"upper.obj": scan_bytes(mesh, "obj")})
    case = case_of(bench, ("upper.obj", "arch", "upper"))
    after = converted(bench, case, format="ply")
    (scan,) = after.scans
    made = bench.mesh(scan)
    source = bench.mesh(case.scans[0])
    np.testing.assert_array_equal(made.vertices, source.vertices)
    np.testing.assert_array_equal(made.vertex_colours, source.vertex_colours)
    assert (scan.format, scan.derived_from, scan.file.store) == ("ply", case.scans[0].file.sha256, "convert")
    assert after.findings == ()


def test_lost_colour_is_said_aloud(bench_of: MakeBench) -> None:
    """STL holds no colour: a warning names the scan; a lab that wants it dropped is not nagged."""
    bench = bench_of({"upper.ply": scan_bytes(small_scan("upper"), "ply")})
    case = case_of(bench, ("upper.ply", "arch", "upper"))
    (finding,) = converted(bench, case, format="stl").findings
    assert (finding.code, finding.severity, finding.scan) == ("format.loss", "warning", "upper")
    assert converted(bench, case, format="stl", colour="drop").findings == ()


def test_what_cannot_be_read_goes_on_untouched(bench_of: MakeBench) -> None:
    """Closed and broken scans are carried along as they came."""
    bench = bench_of({"upper.stl": b"garbage", "lower.dcm": b"<HPS>"})
    case = case_of(bench, ("upper.stl", "arch", "upper"), ("lower.dcm", "arch", "lower"))
    case = evolve(case, scans=(case.scans[0], evolve(case.scans[1], readable=False)))
    assert converted(bench, case, format="ply").scans == case.scans


def test_converting_twice_gives_equal_bytes(bench_of: MakeBench) -> None:
    """The same input has the same output, so a step that runs again changes nothing."""
    bench = bench_of({"upper.stl": scan_bytes(small_scan("upper"), "stl")})
    case = case_of(bench, ("upper.stl", "arch", "upper"))
    assert converted(bench, case, format="ply").scans[0].file == converted(bench, case, format="ply").scans[0].file


def test_default_names_hold_ref_arch_and_role(bench_of: MakeBench) -> None:
    """Empty fields leave no double separators."""
    bench = bench_of(dict.fromkeys(("a.stl", "b.stl", "c.stl"), b"x"))
    case = case_of(bench, ("a.stl", "preparation", "upper"), ("b.stl", "antagonist", "lower"), ("c.stl", "bite", None))
    assert named(case) == ["K7Q2-M4-upper-preparation.stl", "K7Q2-M4-lower-antagonist.stl", "K7Q2-M4-bite.stl"]


def test_a_template_may_use_every_field(bench_of: MakeBench) -> None:
    """Date of receipt, teeth, number, variant and revision."""
    bench = bench_of({"a.ply": b"x"})
    case = case_of(
        bench, ("a.ply", "preparation", "upper"), revision=2, received_at=datetime(2026, 3, 2, 23, tzinfo=UTC)
    )
    scan = evolve(case.scans[0], teeth=(24, 26), number=3, variant="with-ditch")
    case = evolve(case, scans=(scan,))
    template = "{date}_{ref}_{revision}_{arch}_{role}_{tooth}_{number}_{variant}_{scan}.{ext}"
    assert named(case, template) == ["2026-03-02_K7Q2-M4_r2_upper_preparation_24+26_3_with-ditch_a.ply"]


def test_equal_names_are_told_apart(bench_of: MakeBench) -> None:
    """Two scans of one role get a number, also where upper and lower case are one."""
    bench = bench_of({"a.stl": b"x", "b.stl": b"y"})
    case = case_of(bench, ("a.stl", "bite", None), ("b.stl", "bite", None))
    assert named(case, "{role}.{ext}") == ["bite.stl", "bite-2.stl"]


@pytest.mark.parametrize("template", ["{patient}.{ext}", "{ref", "{0}.stl"])
def test_a_template_with_unknown_fields_is_refused(template: str) -> None:
    """The lab learns it from `casepan check`, not from the first case."""
    with pytest.raises(ValueError, match="template"):
        RenameOptions(template)


def test_written_files_can_be_read_again(bench_of: MakeBench) -> None:
    """Every format the stage writes is one the kernel reads."""
    mesh = small_scan("lower")
    bench = bench_of({"lower.ply": scan_bytes(mesh, "ply")})
    case = case_of(bench, ("lower.ply", "arch", "lower"))
    for form in ("stl", "obj"):
        (scan,) = converted(bench, case, format=form, colour="drop").scans
        with bench.open(scan.file) as stream:
            assert len(read_mesh(stream, name=scan.file.name).faces) == len(mesh.faces)
