"""What every piece of the supervisor's work needs, and what such a piece can do."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Protocol

from attrs import define, field, frozen

from casepan.config.lab import Lab
from casepan.registry import Registry
from casepan.running.journal import Journal
from casepan.running.layout import StateFolder
from casepan.running.ledger import Ledger
from casepan.running.wire import Message


@define
class Latest:
    """What a run worked on, for its report.

    Attributes:
        most: how much is remembered, the latest; None remembers everything.
    """

    most: int | None = None
    _kept: dict[Hashable, None] = field(factory=dict)

    def add(self, one: Hashable) -> None:
        """It was worked on, perhaps once more."""
        self._kept.pop(one, None)
        self._kept[one] = None
        if self.most is not None and len(self._kept) > self.most:
            del self._kept[next(iter(self._kept))]

    def __contains__(self, one: object) -> bool:
        return one in self._kept


@frozen
class Shop:
    """What every piece of work needs.

    Attributes:
        touched: cases (reference, revision) that this run worked on; arrivals: arrivals that it put into quarantine.
    """

    lab: Lab
    state: StateFolder
    ledger: Ledger
    registry: Registry
    journal: Journal
    touched: Latest = field(factory=Latest)
    arrivals: Latest = field(factory=Latest)

    @contextmanager
    def together(self) -> Iterator[None]:
        """One transaction for several transitions; what is noted meanwhile is told once it stands."""
        with self.journal.later(), self.ledger.transaction():
            yield


class Work(Protocol):
    """One child's errand."""

    @property
    def limit(self) -> float:
        """Seconds from the start until the child is killed."""

    def job(self) -> Message:
        """What the child is told first."""

    def answer(self, message: Message, extend: Callable[[float], None], *, more: bool) -> Message:
        """Record what the child asks for.

        Args:
            extend: sets a new time limit, counted from now.
            more: False when nothing new is to be begun.

        Raises:
            FenceLost: the claim is lost. StateError: the state folder cannot be written. Nothing was recorded then.
        """

    def ended(self, end: Message, died: str | None, words: str) -> None:
        """The child is gone.

        Args:
            end: its last message, empty when it died.
            died: how it died, None when it ended as it should.
            words: what it printed last; private.

        Raises:
            StateError: the state folder cannot be written any more; the work was given back.
        """

    def stopped(self) -> None:
        """The supervisor stopped it for its own reasons: give the work back."""

    def lost(self) -> None:
        """Another process owns it: note that, and leave it alone."""
