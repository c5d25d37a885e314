"""casepan's test kit: generated jaws, scan files and faults. Importing it costs nothing; its parts load when they are used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from casepan.testing.jaws import Hole as Hole
    from casepan.testing.jaws import JawPair as JawPair
    from casepan.testing.jaws import Truth as Truth
    from casepan.testing.jaws import jaw_pair as jaw_pair
    from casepan.testing.jaws import lower_scan as lower_scan
    from casepan.testing.jaws import upper_scan as upper_scan
    from casepan.testing.scans import scan_bytes as scan_bytes
    from casepan.testing.scans import small_scan as small_scan

_WHERE = {
    "Hole": "jaws",
    "JawPair": "jaws",
    "Truth": "jaws",
    "jaw_pair": "jaws",
    "lower_scan": "jaws",
    "upper_scan": "jaws",
    "scan_bytes": "scans",
    "small_scan": "scans",
}
__all__ = list(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
