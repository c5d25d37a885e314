"""Does every kind of work find its way? Read from ``lab.toml`` alone, before any case has come."""

from __future__ import annotations

from collections.abc import Iterator

from casepan.config.lab import Export, Lab, Pipeline
from casepan.config.positions import KeyPath
from casepan.model.vocabulary import KINDS


def kinds_without_a_route(pipeline: Pipeline) -> tuple[str, ...]:
    """Kinds of work that no export of a pipeline takes when they are accepted, as far as ``when.kind`` tells."""
    if not pipeline.export:
        return ()
    wanted = pipeline.when.kind if pipeline.when and pipeline.when.kind else KINDS
    taken = {kind for export in pipeline.export if "accept" in export.on for kind in _kinds_of(export)}
    return tuple(kind for kind in wanted if kind not in taken)


def unknown_destinations(lab: Lab, destinations: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Practice and destination, for each practice that names an export which no pipeline has."""
    exports = {export.id for pipeline in lab.pipelines.values() for export in pipeline.export}
    return ((name, export) for name, export in destinations.items() if export not in exports)


def routes(lab: Lab) -> Iterator[tuple[KeyPath, tuple[str, ...]]]:
    """Place of each pipeline and the kinds that find no way out of it."""
    for name, pipeline in lab.pipelines.items():
        missing = kinds_without_a_route(pipeline)
        if missing:
            yield ("pipelines", name), missing


def _kinds_of(export: Export) -> tuple[str, ...]:
    return export.when.kind if export.when and export.when.kind else KINDS
