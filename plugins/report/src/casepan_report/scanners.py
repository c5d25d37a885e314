"""What people call a scanner: the title that its plugin gives itself."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points


@cache
def scanner(adapter: str) -> str:
    """``"3Shape TRIOS"`` for ``"trios"``; the name itself where its plugin is gone or cannot be loaded."""
    if adapter == "core":
        return "scanner not known"
    for point in entry_points(group="casepan", name=adapter):
        try:
            return str(point.load().casepan_adapter().title)
        except (ImportError, AttributeError, TypeError):
            continue
    return adapter
