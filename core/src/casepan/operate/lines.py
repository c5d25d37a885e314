"""Short texts of lists: what is ordered, moments in the laboratory's zone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo

Work = tuple[str, str, str]
"""Kind, material and teeth (``"26 27"``) of a work item."""
MOST_ITEMS = 3


def work_text(items: Iterable[Work]) -> str:
    """``crown 26 zirconia, pontic 27``; a long order is cut."""
    words = [
        " ".join(filter(None, (kind, teeth, "" if material == "unknown" else material)))
        for kind, material, teeth in items
    ]
    more = [f"{len(words) - MOST_ITEMS} more"] if len(words) > MOST_ITEMS else []
    return ", ".join(words[:MOST_ITEMS] + more)


def instant(moment: datetime) -> str:
    """A moment as the ledger writes it, in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def local(at: str, here: tzinfo) -> datetime:
    """A moment of the ledger in the laboratory's zone."""
    return datetime.fromisoformat(at).astimezone(here)


def clock(at: str, here: tzinfo) -> str:
    """``2026-11-22 07:40`` in the laboratory's zone."""
    return f"{local(at, here):%Y-%m-%d %H:%M}"
