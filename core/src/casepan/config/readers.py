"""Options of importers that read: ``[adapters.trios] with = { order = { prefer = "raw" } }``, by the stage's short name."""

from __future__ import annotations

from typing import Any

from casepan.config.lab import Lab
from casepan.config.options import structure_options
from casepan.registry import Registry


def reader_options(lab: Lab | None, registry: Registry, stage: str) -> Any:
    """The options that a lab gives to a reading importer, its defaults where it gives none.

    Raises:
        ConfigError: they do not fit (``casepan check`` says so before).
    """
    kind = registry.options_type(stage)
    plugin, _, short = stage.partition(".")
    table = lab.adapters.get(plugin) if lab else None
    given = table.with_.get(short, {}) if table else {}
    return structure_options(kind, given, place=f"[adapters.{plugin}] with.{short}")


def accepts_closed(lab: Lab | None, plugin: str) -> bool:
    """True when the lab owns the vendor's software and takes its closed files as complete."""
    table = lab.adapters.get(plugin) if lab else None
    return table is not None and table.closed == "accept"
