"""casepan's test kit: generated jaws, scan files and faults.

Importing it costs nothing; its parts load when they are used. Faults are in :mod:`casepan.testing.faults`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from casepan.testing.jaws import JawPair, jaw_pair, lower_scan, upper_scan
    from casepan.testing.scans import scan_bytes, small_scan
    from casepan.testing.truth import Hole, HoleTruth, ToothTruth, Truth

_WHERE = {
    "Hole": "truth",
    "HoleTruth": "truth",
    "JawPair": "jaws",
    "ToothTruth": "truth",
    "Truth": "truth",
    "jaw_pair": "jaws",
    "lower_scan": "jaws",
    "scan_bytes": "scans",
    "small_scan": "scans",
    "upper_scan": "jaws",
}

__all__ = [
    "Hole",
    "HoleTruth",
    "JawPair",
    "ToothTruth",
    "Truth",
    "jaw_pair",
    "lower_scan",
    "scan_bytes",
    "small_scan",
    "upper_scan",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
