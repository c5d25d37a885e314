"""Where a case stands in the laboratory when the report is made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from attrs import frozen

_WORDS = {
    "arriving": "arriving",
    "checking": "being checked",
    "ready": "ready, being handed on",
    "review": "held: somebody has to look at it",
    "office": "held: the practice has been asked",
    "handed-on": "handed on",
    "quarantine": "set aside: it cannot go on",
    "closed": "closed",
}
_HELD = ("review", "office", "quarantine")


@frozen
class Standing:
    """The state of a case.

    Attributes:
        state: what a person reads; held: whether it waits for somebody.
        since: when it got there; why: what holds it, without names.
    """

    state: str
    held: bool
    since: datetime | None
    why: str

    @classmethod
    def told(cls, known: Mapping[str, str]) -> Standing | None:
        """The state as the ledger tells it: ``state``, ``since`` (ISO), ``why``; None where there is no laboratory."""
        state = known.get("state", "")
        if not state:
            return None
        since = known.get("since")
        held = state in _HELD
        return cls(
            _WORDS.get(state, state), held, datetime.fromisoformat(since) if since else None, known.get("why", "")
        )
