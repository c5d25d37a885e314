"""Observers that ``lab.toml`` has a table for: each in a thread of its own, so that none can hold up or break the run."""

from __future__ import annotations

import logging
import queue
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from casepan.config.lab import Lab
from casepan.config.options import structure_options
from casepan.config.secrets import fetch_secret
from casepan.contract.specs import Event, ObserverSpec, StageSpec
from casepan.contract.stages import Observer
from casepan.knowledge.lab_rules import read_lab_rules
from casepan.registry import Registry
from casepan.running.context import Bench, StageContext
from casepan.running.layout import StateFolder

MOST_WAITING = 10_000
"""Events that an observer may be behind; later ones are not shown to it."""
PAUSE = 60.0
"""Seconds after which an observer is called without events."""
PATIENCE = 10.0
"""Seconds that all observers together have for what is left when a run ends."""

log = logging.getLogger("casepan.observers")


@frozen
class ObservingContext(StageContext):
    """Implements ``casepan.contract.context.ObserverContext``."""

    @property
    def base(self) -> Path:
        """The folder that relative paths in ``lab.toml`` count from."""
        return self.bench.base


@define(eq=False)
class Watcher:
    """One observer and its thread."""

    name: str
    observer: Observer
    ctx: ObservingContext
    events: queue.SimpleQueue[Event | None] = field(factory=queue.SimpleQueue)
    thread: threading.Thread = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.thread = threading.Thread(target=self._run, name=f"observer {self.name}", daemon=True)
        self.thread.start()

    def tell(self, event: Event | None) -> None:
        """Note an event for it, or with None that there will be no more; never waits."""
        if event is None or self.events.qsize() < MOST_WAITING:
            self.events.put(event)

    def _run(self) -> None:
        more = True
        while more:
            gathered, more = self._gather()
            try:
                self.observer.observe(gathered, self.ctx)
            except Exception as error:
                log.warning("observer %s failed: %s", self.name, type(error).__name__)

    def _gather(self) -> tuple[tuple[Event, ...], bool]:
        """What has happened, at the latest after a pause; and whether more may come."""
        gathered: list[Event] = []
        try:
            event = self.events.get(timeout=PAUSE)
            while event is not None:
                gathered.append(event)
                event = self.events.get_nowait()
        except queue.Empty:
            return tuple(gathered), True
        return tuple(gathered), False


class Observers:
    """All observers of a run."""

    def __init__(self, lab: Lab, registry: Registry, state: StateFolder) -> None:
        found = list(configured(lab, registry))
        self._scratch = Path(tempfile.mkdtemp(prefix="casepan-")) if found else None
        self._watchers = [
            Watcher(spec.name, registry.build(spec.name, options), context_of(lab, state, self._scratch, spec.name))
            for spec, options in found
            if self._scratch
        ]

    def tell(self, event: Event) -> None:
        """A listener of the journal."""
        for watcher in self._watchers:
            watcher.tell(event)

    def close(self) -> None:
        """Let them finish what they have, for a few seconds."""
        for watcher in self._watchers:
            watcher.tell(None)
        deadline = time.monotonic() + PATIENCE
        for watcher in self._watchers:
            watcher.thread.join(max(0.0, deadline - time.monotonic()))
            if watcher.thread.is_alive():
                log.warning("observer %s did not finish in time", watcher.name)
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)


def configured(lab: Lab, registry: Registry) -> Iterator[tuple[StageSpec, Any]]:
    """Observers that the lab has a table for, with their options.

    Raises:
        ConfigError: the options do not fit.
    """
    for spec in registry.stages(ObserverSpec):
        table = lab.adapters[spec.plugin].with_ if spec.plugin in lab.adapters else {}
        if spec.short in table:
            place = f"adapters.{spec.plugin}.with.{spec.short}"
            options: Any = structure_options(registry.options_type(spec.name), table[spec.short], place=place)
            yield spec, options


def context_of(lab: Lab, state: StateFolder, scratch: Path, stage: str) -> ObservingContext:
    """The context of one observer, also for whoever sends something in its name: no case, but secrets, memory and rules.

    Args:
        scratch: a folder that is there, for its ``out``.
    """
    bench = Bench(
        None,
        scratch,
        base=lab.base,
        secrets=lambda reference: fetch_secret(reference, lab),
        memory=state.memory,
        rules=read_lab_rules(lab.base),
    )
    return ObservingContext(bench, stage, "observer", bench.out_folder("observer"))
