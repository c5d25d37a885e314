"""``casepan run --dry-run``: what would be taken, and where it would go. Nothing is written, nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from casepan.arrivals.settling import list_arrivals
from casepan.config.checks import refuse_unusable
from casepan.config.lab import Lab, Pipeline
from casepan.config.options import structure_options
from casepan.config.practices import Client, load_practices
from casepan.contract.stages import Watch
from casepan.knowledge.clients import with_client
from casepan.model.case import Case
from casepan.model.documents import to_plain
from casepan.operate.looking import Inspection, LookOptions, look_at
from casepan.registry import Registry
from casepan.running.plan import chosen_pipelines, id_of, planned


@frozen
class Rehearsal:
    """One arrival as a run would see it; names are shown because a person asked for them."""

    pipeline: str
    arrival: str
    recognised: str
    cases: int
    steps: tuple[str, ...]
    exports: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """The row as a JSON object."""
        return {**to_plain(self), "steps": list(self.steps), "exports": list(self.exports)}


def rehearse(lab: Lab, pipelines: Sequence[str] | None = None) -> tuple[Rehearsal, ...]:
    """Look at every inbox and recognise what lies there. Exports are those an accepted case would go to, with what matched.

    Raises:
        ConfigError: lab.toml is wrong, or there is no such pipeline. AdapterError: an adapter is missing or broken.
    """
    registry = Registry.load(lab.adapters)
    refuse_unusable(lab, registry)
    chosen = chosen_pipelines(lab, pipelines)
    return tuple(row for name in chosen for row in _of_pipeline(name, lab.pipelines[name], lab, registry))


def _of_pipeline(name: str, pipeline: Pipeline, lab: Lab, registry: Registry) -> Iterator[Rehearsal]:
    steps = tuple(id_of(step) for step in pipeline.steps)
    clients = load_practices(lab.base)
    for step in pipeline.import_:
        options: Any = structure_options(registry.options_type(step.use), step.with_, place=str(lab.path))
        watch = registry.build(step.use, options).watch()
        for arrival in _paths(watch, lab.base):
            looked = look_at(arrival, registry, LookOptions(lab=lab))
            exports = tuple(
                dict.fromkeys(way for case in looked.cases for way in _ways(pipeline, case.case, clients, watch))
            )
            yield Rehearsal(name, arrival.name, _recognised(looked), len(looked.cases), steps, exports)


def _ways(pipeline: Pipeline, case: Case, clients: Sequence[Client] | None, watch: Watch) -> Iterator[str]:
    """Exports that would take the case once it is accepted, each with what of it matched."""
    known = case if clients is None else with_client(case, clients, inbox=watch.path)
    for one in planned(pipeline, known, "accept", ""):
        yield f"{one.export} ({one.why})" if one.why else one.export


def _paths(watch: Any, base: Path) -> Iterator[Path]:
    inbox = base / watch.path
    if not inbox.is_dir():
        return
    for name in sorted(list_arrivals(watch, base)):
        yield inbox / name


def _recognised(looked: Inspection) -> str:
    if looked.cases:
        return ", ".join(f"{case.recognition.stage} ({case.recognition.confidence})" for case in looked.cases)
    return looked.findings[0].code if looked.findings else "nothing"
