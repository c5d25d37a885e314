"""A registry whose exporters die the first time, as ``DYING`` says: ``"before:FILE"`` or ``"after:FILE"`` of what they do."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

from casepan.registry import Registry


class Dying:
    """An exporter that is killed before or after it did its work."""

    def __init__(self, stage: Any) -> None:
        self.stage = stage

    def deliver(self, case: Any, ctx: Any) -> Any:
        """Die once."""
        moment, _, marker = os.environ["DYING"].partition(":")
        first = not Path(marker).exists()
        Path(marker).touch()
        if first and moment == "before":
            os._exit(9)
        receipt = self.stage.deliver(case, ctx)
        if first:
            os._exit(9)
        return receipt

    def probe(self, ctx: Any) -> Any:
        """As it is."""
        return self.stage.probe(ctx)


class DyingRegistry(Registry):
    """Everything as it is, but for the destinations."""

    def build(self, name: str, options: Any = None) -> Any:
        """The stage."""
        made = super().build(name, options)
        return Dying(made) if name.startswith("deliver.") else made


def load(enabled: Collection[str] | None = None) -> Registry:
    """What a run calls."""
    return DyingRegistry.load(enabled)
