"""What must hold in ``lab.toml`` beyond types: ids, references, folders, words.

Read from raw tables, so that a wrong type in one place does not hide a broken rule in another.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from casepan.config.options import Problem
from casepan.config.overrides import SECTIONS, effective_id
from casepan.config.positions import KeyPath
from casepan.config.suggest import closest, did_you_mean
from casepan.contract.specs import STAGE_NAME
from casepan.model.files import SOURCE
from casepan.model.finding import CODE

_ID = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_AT_LEAST_ONE = frozenset({"workers", "max_parallel", "parallel", "rate", "attempts"})


@frozen
class RawStep:
    """A step as it stands in the file."""

    pipeline: str
    section: str
    path: KeyPath
    table: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Its id, given or by default."""
        return effective_id(self.table)


def broken_rules(table: Mapping[str, Any], base: Path) -> Iterator[Problem]:
    """Every broken rule of a parsed ``lab.toml`` that lies in ``base``."""
    steps = tuple(_steps(table))
    yield from _placeholders(table, ())
    yield from _timezone(_table(table, "lab"))
    yield from _number_pattern(_table(table, "lab"))
    yield from _names(table, steps)
    yield from _doubles(steps)
    yield from _after(steps)
    yield from _folders(table, steps, base)
    yield from _secrets(_table(table, "secrets"))
    yield from _numbers(table, ())
    yield from _whens(table, steps)


def _table(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = table.get(key)
    return value if isinstance(value, Mapping) else {}


def _pipelines(table: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((name, one) for name, one in _table(table, "pipelines").items() if isinstance(one, Mapping))


def _steps(table: Mapping[str, Any]) -> Iterator[RawStep]:
    for name, pipeline in _pipelines(table):
        for section in SECTIONS:
            listed = pipeline.get(section)
            for index, step in enumerate(listed if isinstance(listed, list) else ()):
                if isinstance(step, Mapping):
                    yield RawStep(name, section, ("pipelines", name, section, index), step)


def _placeholders(value: Any, path: KeyPath) -> Iterator[Problem]:
    """``${...}`` is refused everywhere: nothing in the file is ever expanded."""
    if isinstance(value, str) and "${" in value:
        hint = 'Write the value itself; for a password a reference: { env = "NAME" }.'
        yield Problem(path, "'${' is not expanded in lab.toml", hint)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _placeholders(key, (*path, key))
            yield from _placeholders(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _placeholders(item, (*path, index))


def _timezone(lab: Mapping[str, Any]) -> Iterator[Problem]:
    zone = lab.get("timezone")
    if isinstance(zone, str) and not is_timezone(zone):
        from zoneinfo import available_timezones

        near = closest(zone, available_timezones())
        hint = f"Did you mean {near!r}?" if near else 'Write an IANA name such as "Europe/Berlin".'
        yield Problem(("lab", "timezone"), f"{zone!r} is no time zone", hint)


def _number_pattern(lab: Mapping[str, Any]) -> Iterator[Problem]:
    from casepan.knowledge.numbers import problem_of

    pattern = lab.get("number")
    wrong = problem_of(pattern) if isinstance(pattern, str) and pattern else None
    if wrong:
        yield Problem(("lab", "number"), wrong, 'Write number = "{yy}-{n:05}".')


def is_timezone(zone: str) -> bool:
    """True for ``UTC`` and for every IANA zone that this machine knows."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if zone == "UTC":
        return True
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _names(table: Mapping[str, Any], steps: tuple[RawStep, ...]) -> Iterator[Problem]:
    hint = "Use lower-case letters, digits, '-' and '_'."
    for name, _ in _pipelines(table):
        if not _ID.fullmatch(name):
            yield Problem(("pipelines", name), "is no name for a pipeline", hint)
    for step in steps:
        own, use = step.table.get("id"), step.table.get("use")
        if isinstance(own, str) and own and not _ID.fullmatch(own):
            yield Problem((*step.path, "id"), f"{own!r} is no id", hint)
        if own == SOURCE:
            yield Problem((*step.path, "id"), f"{own!r} is taken by casepan itself", "Choose another id.")
        if isinstance(use, str) and not STAGE_NAME.fullmatch(use):
            wanted = 'Write plugin.stage, such as "core.inbox".'
            yield Problem((*step.path, "use"), f"{use!r} is no name of a stage", wanted)
    for code in _table(table, "verdict"):
        if not CODE.fullmatch(code):
            yield Problem(("verdict", code), "is no finding code", 'Put the code in quotes: "mesh.hole" = "review".')


def _doubles(steps: tuple[RawStep, ...]) -> Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    for step in steps:
        if (step.pipeline, step.id) in seen:
            path = (*step.path, "id" if "id" in step.table else "use")
            hint = f'Give this step an id of its own: id = "{step.id}-2".'
            yield Problem(path, f"the id {step.id!r} stands twice in pipeline {step.pipeline!r}", hint)
        seen |= {(step.pipeline, step.id)} if step.id else set()


def _after(steps: tuple[RawStep, ...]) -> Iterator[Problem]:
    exports = [step for step in steps if step.section == "export"]
    for step in exports:
        ids = [other.id for other in exports if other.pipeline == step.pipeline and other.id != step.id]
        for index, name in enumerate(_strings(step.table.get("after"))):
            if name not in ids:
                hint = did_you_mean(name, ids) or "There is no other export in this pipeline."
                yield Problem((*step.path, "after", index), f"{name!r} is no other export of this pipeline", hint)
    yield from _cycles(exports)


def _cycles(exports: list[RawStep]) -> Iterator[Problem]:
    """Exports that wait for themselves by way of others: what is left after all that can go have gone."""
    waits = {(step.pipeline, step.id): set(_strings(step.table.get("after"))) - {step.id} for step in exports}
    known = {key: {name for name in names if (key[0], name) in waits} for key, names in waits.items()}
    while ready := [key for key, names in known.items() if not names]:
        for pipeline, done in ready:
            del known[pipeline, done]
            for (other, _), names in known.items():
                if other == pipeline:
                    names.discard(done)
    for step in exports:
        if (step.pipeline, step.id) in known:
            hint = "Take one of them out of 'after'."
            yield Problem((*step.path, "after"), "these exports wait for each other", hint)


def _strings(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _folders(table: Mapping[str, Any], steps: tuple[RawStep, ...], base: Path) -> Iterator[Problem]:
    state = _resolved(base, _table(table, "lab").get("state", "state"))
    imports = [(step, folder) for step in steps if step.section == "import" if (folder := _folder(step, base))]
    for position, (step, folder) in enumerate(imports):
        path = (*step.path, "with", "path")
        for other, taken in imports[:position]:
            if _overlap(folder, taken):
                reason = f"overlaps the import folder of {other.pipeline}.{other.id}"
                yield Problem(path, reason, "Give each import a folder of its own, none inside another.")
        if _overlap(folder, state):
            yield Problem(path, "overlaps the state folder", "Keep [lab] state and every inbox apart.")
        exports = [one for one in steps if one.section == "export" and one.pipeline == step.pipeline]
        for export in exports:
            if _inside(_folder(export, base), folder):
                hint = "Export to a folder outside the inbox, or it takes in its own output."
                yield Problem((*export.path, "with", "path"), "lies in an import folder of its own pipeline", hint)
    for step in steps:
        if step.section == "export" and _inside(_folder(step, base), state):
            hint = "Export to a folder of its own: casepan tidies its state folder up."
            yield Problem((*step.path, "with", "path"), "lies in the state folder", hint)


def _folder(step: RawStep, base: Path) -> str | None:
    return _resolved(base, _table(step.table, "with").get("path"))


def _resolved(base: Path, path: Any) -> str | None:
    if not isinstance(path, str) or not path.strip() or "\0" in path:
        return None
    return os.path.normcase(os.path.realpath(base / path))


def _inside(inner: str | None, outer: str | None) -> bool:
    return inner is not None and outer is not None and (inner == outer or Path(outer) in Path(inner).parents)


def _overlap(one: str | None, other: str | None) -> bool:
    return _inside(one, other) or _inside(other, one)


def _secrets(secrets: Mapping[str, Any]) -> Iterator[Problem]:
    for name, reference in secrets.items():
        if isinstance(reference, Mapping) and "secret" in reference:
            hint = 'Write { env = "NAME" } or { file = "PATH" }.'
            yield Problem(("secrets", name), "a named secret cannot point to another one", hint)


def _numbers(value: Any, path: KeyPath) -> Iterator[Problem]:
    """Counts below one would stop the work silently. Options of stages (``with``) have rules of their own."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _numbers(item, (*path, index))
    for key, item in value.items() if isinstance(value, Mapping) else ():
        if key in _AT_LEAST_ONE and type(item) is int and item < 1:
            yield Problem((*path, key), "must be at least 1")
        elif key == "keep_days" and type(item) is int and item < 0:
            yield Problem((*path, key), "must not be negative")
        elif key != "with":
            yield from _numbers(item, (*path, key))


def _whens(table: Mapping[str, Any], steps: tuple[RawStep, ...]) -> Iterator[Problem]:
    known = ("core", *_table(table, "adapters"))
    places: list[tuple[KeyPath, Mapping[str, Any]]] = [(("pipelines", name), one) for name, one in _pipelines(table)]
    for path, holder in (*places, *((step.path, step.table) for step in steps)):
        when = _table(holder, "when")
        for index, word in enumerate(_strings(when.get("adapter"))):
            if word not in known:
                reason = f"adapter {word!r} is not enabled here"
                yield Problem((*path, "when", "adapter", index), reason, did_you_mean(word, known))
