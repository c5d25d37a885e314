"""Generated cases for the transforms: files in an arrival, scans that refer to them, a bench to work on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest

from casepan.api import Arch, Case, CaseKey, Origin, Prescription, Role, Scan, WorkItem
from casepan.arrivals.listing import FolderListing
from casepan.mesh import Mesh
from casepan.running.context import Bench
from casepan.testing import JawPair, jaw_pair, scan_bytes

ROLES: Mapping[str, tuple[str, str | None]] = {
    "upper": ("preparation", "upper"),
    "lower": ("antagonist", "lower"),
    "bite-left": ("bite", None),
    "bite-right": ("bite", None),
}
Work = Callable[[Any, Case], Case]
MakeCase = Callable[..., tuple[Case, Bench]]


@cache
def pair(seed: int = 2000, **more: Any) -> JawPair:
    """A pair of jaws, grown once per test process."""
    return jaw_pair(seed, **{"triangles": 16_000, **more})


def surfaces(jaws: JawPair) -> dict[str, Mesh]:
    """The surfaces of a pair by scan id."""
    bites = dict(zip(("bite-left", "bite-right"), jaws.bites, strict=False))
    return {"upper": jaws.upper, "lower": jaws.lower, **bites}


def apply(stage: Any, case: Case, bench: Bench, step: str = "step") -> Case:
    """The case after a step of this name."""
    changed = stage.apply(case, bench.working("prepare.test", step))
    assert isinstance(changed, Case)
    return changed


def codes(case: Case) -> list[str]:
    """The codes of its findings in their order."""
    return [finding.code for finding in case.findings]


@pytest.fixture
def make_case(tmp_path: Path) -> Iterator[MakeCase]:
    """Make a case of surfaces or bytes by scan id; ids that are no usual role show nothing known."""
    benches: list[Bench] = []

    def make(
        parts: Mapping[str, Mesh | bytes],
        *items: WorkItem,
        form: str = "ply",
        beside: Mapping[str, bytes] | None = None,
        **more: Any,
    ) -> tuple[Case, Bench]:
        source = tmp_path / f"source-{len(benches)}"
        source.mkdir()
        for name, content in (beside or {}).items():
            (source / name).write_bytes(content)
        for name, part in parts.items():
            (source / f"{name}.{form}").write_bytes(part if isinstance(part, bytes) else scan_bytes(part, form))
        bench = Bench.on(FolderListing.of(source), base=tmp_path)
        benches.append(bench)
        scans = []
        for name in parts:
            role, arch = ROLES.get(name, ("other", None))
            file = bench.reference(f"{name}.{form}")
            scans.append(Scan(name, cast("Role", role), cast("Arch | None", arch), file=file, format=form))
        rx = Prescription(items=items)
        case = Case(
            "K7Q2-M4", CaseKey("core", "x"), Origin("core.generic"), scans=tuple(scans), prescription=rx, **more
        )
        return case, bench

    yield make
    for bench in benches:
        bench.close()
