"""Names that do not collide, also where upper and lower case are one."""

from __future__ import annotations

from collections.abc import Collection


def unique_name(name: str, taken: Collection[str]) -> str:
    """The name, or with ``-2``, ``-3`` … before its extension, so that its case-folded form is not in ``taken``."""
    stem, dot, suffix = name.rpartition(".")
    if not stem:
        stem, dot, suffix = name, "", ""
    candidate, count = name, 1
    while candidate.casefold() in taken:
        count += 1
        candidate = f"{stem}-{count}{dot}{suffix}"
    return candidate
