"""What a pipeline means for one case: ids of steps, which of them take part, hashes of inputs, keys of deliveries."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from casepan.config.lab import Export, ImportStep, Lab, Pipeline, Step, When
from casepan.contract.specs import StageSpec, ValidatorSpec
from casepan.errors import ConfigError
from casepan.model.case import Case
from casepan.model.decided import Desk
from casepan.model.documents import to_plain
from casepan.model.vocabulary import Verdict
from casepan.registry import Registry
from casepan.running.planned import PlannedDelivery

CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def id_of(step: ImportStep | Step | Export) -> str:
    """The id of a step: its own, or what stands after the dot of its stage."""
    return step.id or step.use.partition(".")[2]


def takes_part(when: When | None, case: Case, verdict: Verdict | None = None, export: str = "") -> bool:
    """True when a case matches every key of ``when``; a verdict that is not known yet matches nothing.

    Args:
        export: id of the export that asks.
    """
    if when is None:
        return True
    items = case.prescription.items
    return (
        _any(when.kind, (item.kind for item in items))
        and _any(when.material, (item.material for item in items))
        and _any(when.practice, (case.practice,))
        and _any(when.adapter, (case.key.adapter,))
        and _any(when.verdict, (verdict,))
        and when.rush in (None, case.prescription.rush)
        and when.closed in (None, bool(case.closed))
        and when.destination in (None, _is_destination(case, export))
    )


def matched(when: When | None, case: Case) -> str:
    """What of a case that takes part made it match, without names: ``"crown of item 1; rush"``."""
    if when is None:
        return ""
    items = case.prescription.items
    words = [f"{item.kind} of item {item.id}" for item in items if item.kind in when.kind]
    words += [f"material {item.material} of item {item.id}" for item in items if item.material in when.material]
    words += [f"practice {case.practice}"] if when.practice else []
    words += [f"adapter {case.key.adapter}"] if when.adapter else []
    words += ["the verdict"] if when.verdict else []
    words += [("rush" if when.rush else "no rush")] if when.rush is not None else []
    words += [("closed files" if when.closed else "no closed files")] if when.closed is not None else []
    words += (
        ["its practice's destination" if when.destination else "no destination named"]
        if when.destination is not None
        else []
    )
    return "; ".join(words)


def _is_destination(case: Case, export: str) -> bool | None:
    """True for the export that the case's practice names, False when it names none; another one's cases match neither."""
    named = case.client.destination if case.client else None
    return None if named and named != export else named == export


def _any(wanted: Sequence[str], found: Iterable[str | None]) -> bool:
    return not wanted or any(value in wanted for value in found)


def digest(value: Any) -> str:
    """SHA-256 of a value's canonical JSON."""
    return digest_of_plain(to_plain(value))


def digest_of_plain(plain: Any) -> str:
    """The same of what ``to_plain`` made of a value."""
    return sha256(CANONICAL.encode(plain).encode("ascii")).hexdigest()


def input_hash(step: Step, spec: StageSpec, case: Case, rules: Mapping[str, Any]) -> str:
    """What a step's output depends on: stage, version, options, rules of holding, the lab's rules, and the case.

    Of the case only what the stage reads, when its spec says so.
    """
    reads = spec.reads if isinstance(spec, ValidatorSpec) else ()
    seen = to_plain({name: getattr(case, name) for name in reads}) or without_desk(case)
    return digest_of_plain([step.use, spec.version, to_plain(step.with_), step.fail_on, seen, to_plain(rules)])


def without_desk(case: Case, plain: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A plain case without what was said about it: answers have changed it already, talks and decisions never do.

    Args:
        plain: the case as ``to_plain`` gives it, if somebody has asked for that already.
    """
    kept = Desk(number=case.desk.number, due=case.desk.due)
    return {**(to_plain(case) if plain is None else plain), "desk": to_plain(kept)}


def plan_hash(pipeline: Pipeline, registry: Registry) -> str:
    """What a pipeline is now: its table in lab.toml, and the version of every stage that it uses."""
    uses = {step.use for step in pipeline.steps} | {export.use for export in pipeline.export}
    return digest([pipeline, sorted((use, registry.spec(use).version) for use in uses)])[:16]


def has_taker(pipeline: Pipeline, case: Case, verdict: Verdict) -> bool:
    """True when one of its exports takes a case with this verdict."""
    return any(_takes(export, case, verdict) for export in pipeline.export)


def _takes(export: Export, case: Case, verdict: Verdict) -> bool:
    return verdict in export.on and takes_part(export.when, case, verdict, id_of(export))


def planned(pipeline: Pipeline, case: Case, verdict: Verdict, content: str) -> tuple[PlannedDelivery, ...]:
    """The deliveries of a verdict, in the order of the pipeline."""
    return tuple(
        PlannedDelivery(
            delivery_key(case.ref, case.revision, pipeline.name, id_of(export), content),
            id_of(export),
            position,
            export.after,
            export.on_existing == "replace",
            matched(export.when, case),
        )
        for position, export in enumerate(pipeline.export)
        if _takes(export, case, verdict)
    )


def delivery_key(ref: str, revision: int, pipeline: str, export: str, content: str) -> str:
    """Case, destination and content: the same for every try, another for every other content."""
    return digest([ref, revision, pipeline, export, content])[:40]


def chosen_pipelines(lab: Lab, pipelines: Sequence[str] | None) -> tuple[str, ...]:
    """Names of pipelines, all of them when none is named.

    Raises:
        ConfigError: there is no such pipeline, or none at all.
    """
    unknown = [name for name in pipelines or () if name not in lab.pipelines]
    if unknown:
        raise ConfigError(
            f"there is no pipeline {unknown[0]!r}", place=str(lab.path), hint=f"There are: {', '.join(lab.pipelines)}."
        )
    names = tuple(pipelines) if pipelines else tuple(lab.pipelines)
    if not names:
        raise ConfigError("there is no pipeline to run", place=str(lab.path), hint="Add a [pipelines.NAME] table.")
    return names
