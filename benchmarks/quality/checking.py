"""What the benchmarks give the checks: every check with its default options, and a context that holds the surfaces."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attrs import field, frozen

from casepan.api import Scan, ValidatorSpec
from casepan.mesh import Mesh
from casepan.registry import Registry


@frozen
class Bench:
    """What a check is given."""

    surfaces: Mapping[str, Mesh]
    rules: Mapping[str, Any] = field(factory=dict)
    memory: dict[str, Any] = field(factory=dict)
    log: logging.Logger = field(factory=lambda: logging.getLogger("benchmark"))
    out: Path = field(factory=Path)

    def mesh(self, scan: Scan) -> Mesh:
        """The surface of a scan."""
        return self.surfaces[scan.id]

    def now(self) -> datetime:
        """Any moment."""
        return datetime(2026, 3, 2, tzinfo=UTC)


def all_checks() -> dict[str, Any]:
    """Every check of the quality plugin, and core's own, with default options."""
    registry = Registry.load({"quality"})
    names = [spec.name for spec in registry.stages(ValidatorSpec) if spec.plugin == "quality"]
    return {name: registry.build(name) for name in (*names, "core.units", "core.mesh-sanity")}
