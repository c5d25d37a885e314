"""Whatever is sent: all checks together say something, and none of them crashes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

import numpy as np
import pytest
from attrs import evolve

from casepan.api import Case, Finding, WorkItem
from casepan.mesh import Mesh
from casepan.testing import faults
from casepan_quality.plugin import casepan_validators

from .conftest import case_of, context, pair, scan, scans_of, surfaces_of
from .test_identity import ball, grid


def load(target: str) -> type:
    """The class behind ``package.module:Name``."""
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)  # type: ignore[no-any-return]


def run_all(case: Case, surfaces: Mapping[str, Mesh]) -> list[Finding]:
    """Every check of this plugin with its default options."""
    found: list[Finding] = []
    for spec in casepan_validators():
        stage = load(spec.factory)(load(spec.options or "")())
        found += stage.check(case, context(surfaces))
    return found


def upper() -> Mesh:
    """A sound arch."""
    return pair(1300).upper


def box() -> Mesh:
    """Twelve triangles of the size of an arch."""
    import trimesh

    return Mesh.from_trimesh(trimesh.creation.box((60, 50, 20)))


def nan_colours() -> Mesh:
    """What is left of colours that were no numbers: black."""
    mesh = upper()
    return evolve(mesh, vertex_colours=np.zeros((len(mesh.vertices), 3), np.uint8))


BAD: Mapping[str, Callable[[], Mesh]] = {
    "twelve triangles": box,
    "closed model": lambda: ball(30.0),
    "points": lambda: Mesh(upper().vertices, np.empty((0, 3), np.int32)),
    "nothing": lambda: Mesh(np.empty((0, 3), np.float32), np.empty((0, 3), np.int32)),
    "one point": lambda: Mesh(np.zeros((60, 3), np.float32), np.arange(60, dtype=np.int32).reshape(-1, 3)),
    "plane": lambda: grid(60, 50),
    "not finite": lambda: faults.not_finite(upper(), (0.0, 0.0, 0.0)),
    "a line": lambda: Mesh(
        np.linspace([0, 0, 0], [60, 0, 0], 900).astype(np.float32), np.arange(900, dtype=np.int32).reshape(-1, 3)
    ),
    "micrometres": lambda: evolve(upper(), vertices=upper().vertices * np.float32(1000)),
    "metres": lambda: evolve(upper(), vertices=upper().vertices / np.float32(1000)),
    "lower named upper": lambda: pair(1301).lower,
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_scans_get_a_finding(kind: str) -> None:
    """About this very scan, beside a sound one."""
    surfaces = {"upper": BAD[kind](), "lower": pair(1300).lower}
    found = run_all(case_of(scans_of(surfaces)), surfaces)
    assert any(finding.scan == "upper" for finding in found)


def test_colours_that_are_no_numbers_are_told_and_no_obstacle() -> None:
    """The shape is judged as ever; that the colours are lost is a note."""
    surfaces = {"upper": nan_colours(), "lower": pair(1300).lower}
    found = run_all(case_of(scans_of(surfaces)), surfaces)
    assert [(f.scan, f.severity) for f in found if f.code == "colour.lost"] == [("upper", "info")]
    assert not [f for f in found if f.severity == "error"]


def test_a_damaged_file_gets_a_finding() -> None:
    """Its error is told, the other scans are judged."""
    found = run_all(case_of(scans_of(["upper", "lower"])), {"lower": pair(1300).lower})
    assert ("mesh.unreadable", "upper") in {(f.code, f.scan) for f in found}


def test_a_damaged_variant_gets_a_finding() -> None:
    """Whichever scan of an arch is preferred, a file that cannot be read is told; a sound variant is not judged twice."""
    jaws = surfaces_of(pair(1300))
    variants = (scan("raw", "arch/upper", preferred=False), scan("whole", "arch/upper", preferred=False))
    found = run_all(case_of((*scans_of(jaws), *variants)), {**jaws, "whole": jaws["upper"]})
    assert ("mesh.unreadable", "raw") in {(f.code, f.scan) for f in found}
    assert not [f for f in found if f.scan == "whole" and f.code.startswith("mesh.")]


def test_an_order_without_scans_gets_a_finding() -> None:
    """Nothing to look at is not nothing to say."""
    found = run_all(case_of([], WorkItem("1", (24,), "crown", material="zirconia")), {})
    assert [f.code for f in found if f.severity == "error"] == ["completeness.missing-scan"] * 3


def test_forty_scans_and_no_order() -> None:
    """All variants are looked at; the missing order is told."""
    jaws = surfaces_of(pair(1300, triangles=4_000))
    many = {f"v{number}": jaws["upper"] for number in range(36)}
    scans = (*scans_of(jaws), *(scan(name, "preop/upper", preferred=False) for name in many))
    found = run_all(case_of(scans), {**jaws, **many})
    assert "completeness.no-prescription" in {f.code for f in found}
    assert not [f for f in found if f.severity == "error"]


def test_findings_tell_no_names() -> None:
    """Only ids of scans, numbers and words: a file's name is often a patient's."""
    case = case_of([scan("s1", "arch/upper", label="Jane Roe"), scan("s2", "arch/lower")], reference="Jane Roe")
    found = run_all(case, {"s1": pair(1300).lower, "s2": pair(1300).upper})
    assert found
    assert not [f for f in found if "Roe" in f"{f.message} {f.hint}"]
