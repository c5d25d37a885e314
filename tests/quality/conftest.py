"""Cases without files: scans by role and arch, and a context that hands out made surfaces."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

from attrs import field, frozen

from casepan.api import Arch, Case, CaseKey, Context, Finding, Origin, Prescription, Role, Scan, WorkItem
from casepan.errors import CorruptFile
from casepan.mesh.surface import Mesh
from casepan.model.files import FileRef
from casepan.testing import JawPair, jaw_pair

PLACE = {"upper": "arch/upper", "lower": "arch/lower", "bite-left": "bite", "bite-right": "bite"}


@frozen
class FakeContext:
    """Hands out surfaces by the scan's id."""

    surfaces: Mapping[str, Mesh] = field(factory=dict)
    rules: Mapping[str, Any] = field(factory=dict)
    log: logging.Logger = field(factory=lambda: logging.getLogger("tests"))
    out: Path = field(factory=Path)

    def mesh(self, scan: Scan) -> Mesh:
        """The surface, or the error of a damaged file."""
        if scan.id not in self.surfaces:
            raise CorruptFile("ends in the middle of a triangle")
        return self.surfaces[scan.id]

    def now(self) -> datetime:
        """The same moment always."""
        return datetime(2026, 3, 2, tzinfo=UTC)


def context(surfaces: Mapping[str, Mesh] | None = None, rules: Mapping[str, Any] | None = None) -> Context:
    """A context of these surfaces and of a laboratory's own rules."""
    return cast("Context", FakeContext(surfaces or {}, rules or {}))


def scan(scan_id: str, what: str, **more: Any) -> Scan:
    """A scan from ``"preparation/upper"`` or ``"bite"``; its content is its id, unless ``sha256`` is given."""
    role, _, arch = what.partition("/")
    content = more.pop("sha256", scan_id)
    return Scan(
        scan_id, cast("Role", role), cast("Arch | None", arch or None), file=FileRef(scan_id, 1, content), **more
    )


def case_of(scans: Iterable[Scan], *items: WorkItem, **order: Any) -> Case:
    """A case of scans and ordered items."""
    more = {key: order.pop(key) for key in ("closed", "patient") if key in order}
    rx = Prescription(items=items, **{"reference": "R-1", **order})
    return Case("K7Q2-M4", CaseKey("core", "x"), Origin("core.generic"), scans=tuple(scans), prescription=rx, **more)


def codes(findings: Iterable[Finding]) -> list[str]:
    """The codes in their order."""
    return [finding.code for finding in findings]


@cache
def pair(seed: int, **more: Any) -> JawPair:
    """A pair of jaws, grown once per test process. Tuning used seeds below 1,000, tests use others."""
    return jaw_pair(seed, **{"triangles": 16_000, "colour": False, **more})


def surfaces_of(jaws: JawPair) -> dict[str, Mesh]:
    """The surfaces of a pair by scan id."""
    bites = dict(zip(("bite-left", "bite-right"), jaws.bites, strict=False))
    return {"upper": jaws.upper, "lower": jaws.lower, **bites}


def scans_of(surfaces: Iterable[str], frame: str | None = "occlusion") -> tuple[Scan, ...]:
    """The scans of these surfaces as a scanner names them."""
    return tuple(scan(name, PLACE[name], frame=frame) for name in surfaces)
