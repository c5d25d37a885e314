"""``core.require-scans``, ``core.mesh-sanity`` and ``core.units``."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from attrs import evolve

from casepan.mesh.surface import Mesh
from casepan.model.case import Case
from casepan.model.files import ClosedFile, FileRef
from casepan.running.context import Bench
from casepan.stages.mesh_sanity import MeshSanity, MeshSanityOptions
from casepan.stages.require_scans import RequireScans, RequireScansOptions
from casepan.stages.units import Units, UnitsOptions
from casepan.testing import scan_bytes, small_scan

from .conftest import MakeBench, case_of

UPPER, LOWER, BITE = ("upper.stl", "arch", "upper"), ("lower.stl", "arch", "lower"), ("bite.stl", "bite", None)


@pytest.fixture
def bench(bench_of: MakeBench) -> Bench:
    """Upper, lower and bite as STL."""
    return bench_of({f"{role}.stl": scan_bytes(small_scan(role), "stl") for role in ("upper", "lower", "bite")})


def missing(case: Case, options: RequireScansOptions | None = None) -> list[tuple[str, str]]:
    """Severity and message of what is missing."""
    check = RequireScans(options or RequireScansOptions())
    return [(finding.severity, finding.message) for finding in check.check(case, None)]  # type: ignore[arg-type]


def test_upper_lower_and_bite_are_complete(bench: Bench) -> None:
    """Nothing is missing."""
    assert missing(case_of(bench, UPPER, LOWER, BITE)) == []


@pytest.mark.parametrize("absent", [UPPER, LOWER, BITE])
def test_each_absent_scan_is_named(bench: Bench, absent: tuple[str, str, str | None]) -> None:
    """One error, naming the arch or the bite."""
    kept = [scan for scan in (UPPER, LOWER, BITE) if scan != absent]
    ((severity, message),) = missing(case_of(bench, *kept))
    assert severity == "error"
    assert absent[0].partition(".")[0] in message


def test_a_shared_occlusion_frame_is_a_bite(bench: Bench) -> None:
    """Arches that the layout says share one frame need no bite scan, unless the lab says otherwise."""
    case = case_of(bench, UPPER, LOWER)
    framed = evolve(case, scans=tuple(evolve(scan, frame="itero:occlusion") for scan in case.scans))
    assert missing(framed) == []
    assert len(missing(framed, RequireScansOptions(frame_is_bite=False))) == 1


def test_two_different_frames_are_no_bite(bench: Bench) -> None:
    """Each arch in its own frame says nothing of how they meet."""
    case = case_of(bench, UPPER, LOWER)
    upper, lower = case.scans
    framed = evolve(case, scans=(evolve(upper, frame="a"), evolve(lower, frame="b")))
    assert len(missing(framed)) == 1


def test_each_requirement_can_be_switched_off(bench: Bench) -> None:
    """A lab that makes night guards of one arch says so."""
    assert missing(case_of(bench, UPPER), RequireScansOptions(lower=False, bite=False)) == []


def test_an_unnamed_arch_asks_instead_of_failing(bench: Bench) -> None:
    """A preparation without an arch may be the missing one: a warning that names the scan."""
    case = case_of(bench, ("upper.stl", "preparation", None), LOWER, BITE)
    ((severity, message),) = missing(case)
    assert severity == "warning"
    assert "names no arch" in message


def test_a_closed_case_is_not_judged(bench: Bench) -> None:
    """A DXD says nothing of what it holds; its own finding asks."""
    case = evolve(case_of(bench), closed=(ClosedFile(FileRef("a.dxd", 1, "0"), "dxd", "download as .stl"),))
    assert missing(case) == []


def test_good_scans_are_sane(bench: Bench) -> None:
    """No finding on generated jaws, by sanity and by units."""
    case = case_of(bench, UPPER, LOWER, BITE)
    assert list(MeshSanity(MeshSanityOptions()).check(case, bench.working("core.mesh-sanity", "s"))) == []
    assert list(Units(UnitsOptions()).check(case, bench.working("core.units", "u"))) == []


def test_an_unreadable_scan_is_a_finding(bench_of: MakeBench) -> None:
    """A cut-off STL is reported with the reader's reason; the check goes on with the next scan."""
    whole = scan_bytes(small_scan("upper"), "stl")
    bench = bench_of({"upper.stl": whole[:5000], "lower.stl": whole})
    case = case_of(bench, UPPER, ("lower.stl", "arch", "lower"))
    (finding,) = MeshSanity(MeshSanityOptions()).check(case, bench.working("core.mesh-sanity", "s"))
    assert (finding.code, finding.scan) == ("mesh.unreadable", "upper")
    assert "upper.stl" not in finding.message


def test_coordinates_that_are_no_numbers_are_a_finding(bench_of: MakeBench) -> None:
    """One NaN in a binary STL."""
    data = bytearray(scan_bytes(small_scan("upper"), "stl"))
    data[84 + 12 : 84 + 16] = struct.pack("<f", float("nan"))
    bench = bench_of({"upper.stl": bytes(data)})
    (finding,) = MeshSanity(MeshSanityOptions()).check(case_of(bench, UPPER), bench.working("core.mesh-sanity", "s"))
    assert finding.code == "mesh.not-finite"


def test_counts_have_limits(bench: Bench) -> None:
    """Too few and too many triangles are told with value and limit."""
    case = case_of(bench, UPPER)
    for options in (MeshSanityOptions(min_faces=10_000), MeshSanityOptions(max_faces=500)):
        (finding,) = MeshSanity(options).check(case, bench.working("core.mesh-sanity", "s"))
        assert finding.code == "mesh.face-count"
        assert finding.limit in (10_000, 500)


@pytest.mark.parametrize(
    ("factor", "unit"), [(0.001, "metres"), (0.1, "centimetres"), (1 / 25.4, "inches"), (1000.0, "micrometres")]
)
def test_a_unit_slip_is_named(bench_of: MakeBench, factor: float, unit: str) -> None:
    """An arch in another unit is an error that names the likely one."""
    arch = small_scan("upper")
    scaled = Mesh((arch.vertices * np.float32(factor)).astype(np.float32), arch.faces)
    bench = bench_of({"upper.stl": scan_bytes(scaled, "stl")})
    (finding,) = Units(UnitsOptions()).check(case_of(bench, UPPER), bench.working("core.units", "u"))
    assert finding.code == "identity.unit"
    assert unit in finding.message


def test_only_arches_are_measured(bench_of: MakeBench) -> None:
    """A scan body of 4 mm is no arch in centimetres."""
    arch = small_scan("upper")
    tiny = Mesh((arch.vertices * np.float32(0.06)).astype(np.float32), arch.faces)
    bench = bench_of({"body.stl": scan_bytes(tiny, "stl")})
    case = case_of(bench, ("body.stl", "scanbody", "upper"))
    assert list(Units(UnitsOptions()).check(case, bench.working("core.units", "u"))) == []
