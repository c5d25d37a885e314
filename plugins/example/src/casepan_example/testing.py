"""A generated arrival of the invented scanner."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from casepan.api import Expected, Sample
from casepan.testing import scan_bytes, small_scan

PARTS = ("upper", "lower", "bite")


def one_case() -> Mapping[str, bytes]:
    """A folder with ``case.json`` and three meshes."""
    order = {
        "scanner": "Example Scanner",
        "id": "E-0042",
        "scans": {p: f"{p}.stl" for p in PARTS},
        "crowns": {"26": "A2"},
    }
    meshes = {f"E-0042/{part}.stl": scan_bytes(small_scan(part), "stl") for part in PARTS}
    return {"E-0042/case.json": json.dumps(order).encode(), **meshes}


def samples() -> Iterable[Sample]:
    """What must come out of it."""
    roles = {"upper.stl": "arch/upper", "lower.stl": "arch/lower", "bite.stl": "bite/-"}
    expected = Expected("example.export", roles, (26,), "E-0042")
    return (Sample("folder", "a folder with case.json", one_case, expected, demo=True),)
