"""Options of importers that read, ``[adapters.trios] with = { order = { prefer = "raw" } }`` by the stage's short name, and of
checks outside of a pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casepan.config.lab import Lab
from casepan.config.options import structure_options
from casepan.registry import Registry


def reader_options(lab: Lab | None, registry: Registry, stage: str) -> Any:
    """The options that a lab gives to a reading importer, its defaults where it gives none.

    Raises:
        ConfigError: they do not fit (``casepan check`` says so before).
    """
    plugin, _, short = stage.partition(".")
    place = f"[adapters.{plugin}] with.{short}"
    return structure_options(registry.options_type(stage), reader_table(lab, stage), place=place)


def reader_table(lab: Lab | None, stage: str) -> Mapping[str, Any]:
    """What a lab writes for a reading importer, empty where it writes nothing."""
    plugin, _, short = stage.partition(".")
    table = lab.adapters.get(plugin) if lab else None
    return table.with_.get(short, {}) if table else {}


def check_options(lab: Lab | None, registry: Registry, stage: str) -> Any:
    """The options that a lab gives to a validator, its defaults where no pipeline uses it or pipelines differ.

    Raises:
        ConfigError: they do not fit (``casepan check`` says so before).
    """
    kind = registry.options_type(stage)
    steps = [step for pipeline in lab.pipelines.values() for step in pipeline.steps] if lab else []
    given = [step.with_ for step in steps if step.use == stage]
    agreed = given[0] if given and all(one == given[0] for one in given) else {}
    return structure_options(kind, agreed, place=f"{stage}: with")


def accepts_closed(lab: Lab | None, plugin: str) -> bool:
    """True when the lab owns the vendor's software and takes its closed files as complete."""
    table = lab.adapters.get(plugin) if lab else None
    return table is not None and table.closed == "accept"
