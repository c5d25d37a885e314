"""The inboxes of the pipelines as the supervisor sees them: names, sizes and times, never a byte of content."""

from __future__ import annotations

from pathlib import Path

from attrs import define

from casepan.contract.stages import Watch
from casepan.running.ledger import Ledger

SHORTEST_PAUSE, LONGEST_PAUSE = 0.2, 10.0


@define
class Inbox:
    """One import step: where it looks, and what of it is known already."""

    pipeline: str
    step: str
    root: Path
    watch: Watch
    ledger: Ledger

    @property
    def settle(self) -> float:
        """Seconds between two equal listings before an arrival is taken."""
        return self.watch.settle

    @property
    def pause(self) -> float:
        """Seconds between two looks."""
        return min(max(self.watch.settle / 3, SHORTEST_PAUSE), LONGEST_PAUSE)
