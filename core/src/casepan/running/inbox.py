"""The inboxes of the pipelines as the supervisor sees them: names, sizes and times, never a byte of content."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import define, field

from casepan.arrivals.settling import Arrival, Settling, poll, settle
from casepan.config.lab import ImportStep, Lab
from casepan.config.options import structure_options
from casepan.contract.specs import ImporterSpec
from casepan.contract.stages import Watch
from casepan.errors import CaseError, ConfigError, NotReady
from casepan.registry import Registry
from casepan.running.intake import Landed, write_landed
from casepan.running.plan import id_of
from casepan.running.shop import Shop

SHORTEST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
TOGETHER = 32
"""Arrivals that enter the ledger in one transaction; commands beside the supervisor wait no longer than for these."""


@define
class Inbox:
    """One import step: where it looks, and what it remembers between two looks.

    Attributes:
        unreachable: why the folder cannot be listed now, None when it can. Without names.
    """

    pipeline: str
    step: str
    base: Path
    watch: Watch
    unreachable: str | None = None
    _memory: Settling = field(factory=Settling)

    @property
    def settle(self) -> float:
        """Seconds between two equal listings before an arrival is taken."""
        return self.watch.settle

    @property
    def moves(self) -> bool:
        """True when the source is moved away once every receipt is there."""
        return self.watch.done != "leave"

    @property
    def pause(self) -> float:
        """Seconds between two looks."""
        return min(max(self.watch.settle / 3, SHORTEST_PAUSE), LONGEST_PAUSE)

    def look(self, shop: Shop, *, patient: bool) -> None:
        """List the folder once; arrivals that have been still long enough enter the ledger.

        The clock is the monotonic one, so that a clock set back makes nobody wait. A share that vanished is noted and looked
        for again; when it returns, its arrivals are known by their fingerprints.

        Args:
            patient: True when files that an order names are waited for.
        """
        before = self.unreachable
        try:
            found, self._memory = poll(self.watch, self._memory, time.monotonic(), base=self.base)
        except (NotReady, CaseError) as error:
            self.unreachable = error.reason
            if before != self.unreachable:
                shop.journal.note("inbox.unreachable", pipeline=self.pipeline, inbox=self.step, reason=error.reason)
            return
        self.unreachable = None
        new = [arrival for arrival in found if not shop.ledger.knows_arrival(_fingerprint(arrival))]
        for start in range(0, len(new), TOGETHER):
            with shop.together():
                for arrival in new[start : start + TOGETHER]:
                    self._enter(arrival, shop, patient)

    def is_unsettled(self, shop: Shop) -> bool:
        """True when something new lies there that has not been still for long enough."""
        later = time.monotonic() + self.watch.settle
        due, _ = settle(self._memory, self._memory.listed, later, self.watch, base=self.base)
        return not all(shop.ledger.knows_arrival(_fingerprint(arrival)) for arrival in due)

    def _enter(self, arrival: Arrival, shop: Shop, patient: bool) -> None:
        fingerprint = _fingerprint(arrival)
        landed = Landed(
            str(arrival.root.absolute()), arrival.names, self.pipeline, self.step, fingerprint, arrival.doubt
        )
        name = shop.ledger.new_arrival_id()
        write_landed(shop.state.arrival(name), landed)
        shop.ledger.arrival_settled(
            name,
            pipeline=self.pipeline,
            inbox=self.step,
            spot=landed.spot,
            fingerprint=fingerprint,
            give_up=self.watch.give_up,
            patient=patient,
        )
        shop.journal.note("arrival.settled", arrival=name, pipeline=self.pipeline)


def _fingerprint(arrival: Arrival) -> str:
    return f"{arrival.root}\0{arrival.id}"


def inboxes_of(lab: Lab, registry: Registry, pipelines: Sequence[str]) -> tuple[Inbox, ...]:
    """The inboxes of these pipelines.

    Raises:
        ConfigError: an import step that cannot watch, or whose options do not fit.
    """
    return tuple(
        Inbox(name, id_of(step), lab.base, _watch(lab, registry, step))
        for name in pipelines
        for step in lab.pipelines[name].import_
    )


def _watch(lab: Lab, registry: Registry, step: ImportStep) -> Watch:
    spec = registry.spec(step.use)
    if not isinstance(spec, ImporterSpec) or not spec.watches:
        raise ConfigError(f"{step.use} watches no inbox", place=str(lab.path), hint="Use core.inbox under import.")
    options: Any = structure_options(registry.options_type(step.use), step.with_, place=str(lab.path))
    watch: Watch = registry.build(step.use, options).watch()
    return watch
