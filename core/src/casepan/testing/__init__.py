"""casepan's test kit: generated jaws, scan files, faults, and what adapters and exporters have to keep.

Importing it costs nothing; its parts load when they are used. Faults of meshes and files are in
:mod:`casepan.testing.faults`, those of destinations in :mod:`casepan.testing.destinations`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from casepan.testing.conformance import Failure, check_adapter, check_exporter
    from casepan.testing.conformance.classes import AdapterConformance, ExporterConformance, ImporterConformance
    from casepan.testing.destinations import FaultyFolder
    from casepan.testing.hostile import Hostile, damaged_copies, hostile_arrivals
    from casepan.testing.jaws import JawPair, jaw_pair, lower_scan, upper_scan
    from casepan.testing.lookalikes import look_alikes
    from casepan.testing.papers import pdf_sheet
    from casepan.testing.repacking import packagings
    from casepan.testing.scans import scan_bytes, small_scan
    from casepan.testing.truth import Hole, HoleTruth, ToothTruth, Truth

_WHERE = {
    "AdapterConformance": "conformance.classes",
    "ExporterConformance": "conformance.classes",
    "Failure": "conformance",
    "FaultyFolder": "destinations",
    "Hole": "truth",
    "HoleTruth": "truth",
    "Hostile": "hostile",
    "ImporterConformance": "conformance.classes",
    "JawPair": "jaws",
    "ToothTruth": "truth",
    "Truth": "truth",
    "check_adapter": "conformance",
    "check_exporter": "conformance",
    "damaged_copies": "hostile",
    "hostile_arrivals": "hostile",
    "jaw_pair": "jaws",
    "look_alikes": "lookalikes",
    "lower_scan": "jaws",
    "packagings": "repacking",
    "pdf_sheet": "papers",
    "scan_bytes": "scans",
    "small_scan": "scans",
    "upper_scan": "jaws",
}

__all__ = [
    "AdapterConformance",
    "ExporterConformance",
    "Failure",
    "FaultyFolder",
    "Hole",
    "HoleTruth",
    "Hostile",
    "ImporterConformance",
    "JawPair",
    "ToothTruth",
    "Truth",
    "check_adapter",
    "check_exporter",
    "damaged_copies",
    "hostile_arrivals",
    "jaw_pair",
    "look_alikes",
    "lower_scan",
    "packagings",
    "pdf_sheet",
    "scan_bytes",
    "small_scan",
    "upper_scan",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
