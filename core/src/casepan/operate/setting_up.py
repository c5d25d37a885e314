"""Set a lab up and say what is wrong with it: ``init``, ``check``, ``schema``, ``adapters``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from attrs import frozen

from casepan.config.checks import Advice, inspect_lab
from casepan.config.destinations import Destination
from casepan.config.lab import Lab
from casepan.config.loader import load_lab, load_partly
from casepan.config.options import structure_options
from casepan.config.schema import lab_schema
from casepan.config.secrets import fetch_secret
from casepan.config.template import SCHEMA_PATH, lab_template
from casepan.contract.specs import HealthCheck, ObserverSpec
from casepan.errors import CasepanError, ConfigError, UsageError
from casepan.model.documents import to_plain
from casepan.registry import CORE, Plugin, Registry
from casepan.running.context import Bench, Errand
from casepan.running.plan import id_of


@frozen
class LabCheck:
    """What ``casepan check`` found.

    Attributes:
        problems: what keeps the lab from running, in the order of the file.
        advice: what works and is probably not meant.
        destinations: what each export takes, and what will not get there.
        health: answers of the outside world, with ``--online``.
        summary: one sentence when all is well.
    """

    problems: tuple[CasepanError, ...]
    advice: tuple[Advice, ...] = ()
    destinations: tuple[Destination, ...] = ()
    health: tuple[HealthCheck, ...] = ()
    summary: str = ""

    @property
    def exit_code(self) -> int:
        """The exit code of the gravest problem; 6 when only the outside world does not answer."""
        if self.problems:
            return min(problem.exit_code for problem in self.problems)
        return 0 if all(row.ok for row in self.health) else 6

    def document(self) -> dict[str, Any]:
        """The answer as a JSON object."""
        return {
            "schema": 1,
            "ok": self.exit_code == 0,
            "problems": [
                {"code": problem.code, "place": problem.place, "reason": problem.reason, "hint": problem.hint}
                for problem in self.problems
            ],
            "advice": to_plain(self.advice),
            "destinations": [destination.document() for destination in self.destinations],
            "health": to_plain(self.health),
        }


@frozen
class AdapterRow:
    """One line of ``casepan adapters``.

    ``state`` is ``installed``, or against a lab.toml ``enabled`` or ``available``; ``broken`` in any case.
    """

    name: str
    state: str
    distribution: str
    version: str
    title: str = ""
    formats: tuple[str, ...] = ()
    evidence: str | None = None
    problem: str | None = None

    def document(self) -> dict[str, Any]:
        """The row as a JSON object."""
        return {**to_plain(self), "formats": list(self.formats)}


def write_lab(folder: Path, name: str) -> tuple[Path, ...]:
    """Write ``lab.toml``, its JSON Schema and an empty inbox.

    Raises:
        UsageError: there is a lab.toml already.
    """
    target = folder / "lab.toml"
    if target.exists():
        raise UsageError("there is a lab.toml already", place=str(target), hint="Edit it, or choose another folder.")
    registry = Registry.load()
    enabled = [plugin.name for plugin in registry.plugins if plugin.name not in (CORE, "example")]
    schema = folder / SCHEMA_PATH
    schema.parent.mkdir(parents=True, exist_ok=True)
    (folder / "inbox").mkdir(exist_ok=True)
    schema.write_text(json.dumps(lab_schema(registry), indent=2) + "\n", encoding="utf-8")
    target.write_text(lab_template(name, enabled), encoding="utf-8")
    return target, schema


def check_lab_file(path: Path, overrides: Sequence[str] = (), *, online: bool = False) -> LabCheck:
    """Check a lab.toml and everything it names. Changes nothing."""
    try:
        lab, problems = load_partly(path, overrides)
    except ConfigError as error:
        return LabCheck(error.problems or (error,))
    if lab is None:
        return LabCheck(problems)
    registry = Registry.load(lab.adapters)
    checked = inspect_lab(lab, registry)
    found = _in_file_order((*problems, *checked.problems))
    if found:
        return LabCheck(found, checked.advice, checked.destinations)
    health = _health(lab, registry) if online else ()
    count = len(lab.pipelines)
    enabled = ", ".join(sorted(lab.adapters)) or "no adapters"
    away = sum(not row.ok for row in health)
    well = f"the file is right, but {away} of {len(health)} do not answer as they should" if away else "all is well"
    summary = f"{path}: {well} ({count} pipeline{'s' if count != 1 else ''}; {enabled})"
    return LabCheck((), checked.advice, checked.destinations, health, summary)


def _in_file_order(problems: Sequence[CasepanError]) -> tuple[CasepanError, ...]:
    """By line; what the loader and the checks both noticed at one place is told once, in the loader's words."""
    first: dict[tuple[str | None, str], CasepanError] = {}
    for problem in problems:
        first.setdefault((problem.place, problem.reason.partition(":")[0]), problem)
    return tuple(sorted(first.values(), key=lambda problem: _line(problem.place)))


def _line(place: str | None) -> int:
    number = (place or "").rpartition(":")[2]
    return int(number) if number.isdigit() else 0


def schema_of(what: str) -> dict[str, Any]:
    """The JSON Schema of ``lab`` (with the options of every installed plugin) or ``rx``.

    Raises:
        UsageError: neither of them.
    """
    if what == "lab":
        return lab_schema(Registry.load())
    if what == "rx":
        from casepan.knowledge.rx import rx_schema

        return rx_schema()
    raise UsageError(f"there is no schema {what!r}", hint="casepan schema lab, or casepan schema rx")


def adapter_rows(lab: Path | None = None) -> tuple[AdapterRow, ...]:
    """Every installed plugin, by name: enabled ones first loaded, others only named.

    Args:
        lab: a lab.toml whose ``[adapters]`` decide what is enabled; None only says what is installed.
    """
    registry = Registry.load(load_lab(lab).adapters if lab else None)
    rows = [_loaded_row(plugin, "enabled" if lab else "installed") for plugin in registry.plugins]
    for problem in registry.problems:
        words = f"{problem.distribution} {problem.version}: {problem.reason}. {problem.hint}"
        rows.append(AdapterRow(problem.name, "broken", problem.distribution, problem.version, problem=words))
    rows += [AdapterRow(item.name, "available", item.distribution, item.version) for item in registry.available]
    return tuple(sorted(rows, key=lambda row: (row.name != CORE, row.name, row.distribution)))


def _loaded_row(plugin: Plugin, state: str) -> AdapterRow:
    info = plugin.info
    return AdapterRow(plugin.name, state, plugin.distribution, plugin.version, info.title, info.formats, info.evidence)


def _health(lab: Lab, registry: Registry) -> tuple[HealthCheck, ...]:
    """What plugins say of the world outside, then what each export and each observer says of its own destination."""
    plugins = [row for name, table in lab.adapters.items() for row in registry.health(name, table)]
    with Bench(
        None, Path(mkdtemp()), base=lab.base, secrets=lambda reference: fetch_secret(reference, lab), owned=True
    ) as bench:
        asked = [
            row for name, use, given in _askable(lab, registry) for row in _health_of(name, use, given, registry, bench)
        ]
    return (*plugins, *asked)


def _askable(lab: Lab, registry: Registry) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Name, stage and options of everything that may have a destination outside."""
    for pipeline in lab.pipelines.values():
        for export in pipeline.export:
            yield f"{pipeline.name}/{id_of(export)}", export.use, export.with_
    for spec in registry.stages(ObserverSpec):
        adapter = lab.adapters.get(spec.plugin)
        if adapter is not None and spec.short in adapter.with_:
            yield spec.name, spec.name, adapter.with_[spec.short]


def _health_of(
    name: str, use: str, given: Mapping[str, Any], registry: Registry, bench: Bench
) -> tuple[HealthCheck, ...]:
    """The answer of a destination whose stage can ask it (``health(ctx)``); a failure is an answer too."""
    try:
        options: Any = structure_options(registry.options_type(use), given, place=name)
        stage = registry.build(use, options)
        if not hasattr(stage, "health"):
            return ()
        detail = stage.health(bench.sending(use, use.partition(".")[2], Errand("", "")))
        return (HealthCheck(name, ok=True, detail=detail),)
    except CasepanError as error:
        return (HealthCheck(name, ok=False, detail=error.reason, hint=error.hint),)
    except Exception as error:
        return (HealthCheck(name, ok=False, detail=f"its check failed with {type(error).__name__}"),)
