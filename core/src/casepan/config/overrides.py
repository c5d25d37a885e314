"""``--set pipelines.crowns.steps.mesh.with.x=1``: changes to ``lab.toml`` for one run."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from casepan.config.positions import KeyPath
from casepan.config.suggest import did_you_mean
from casepan.errors import ConfigError

SECTIONS = ("import", "steps", "export")


def effective_id(step: Any) -> str:
    """The id of a raw step table: its own, else the part of ``use`` after the dot; empty when it has neither."""
    if not isinstance(step, Mapping):
        return ""
    own, use = step.get("id"), step.get("use")
    return str(own) if own else str(use or "").partition(".")[2]


def apply_override(table: dict[str, Any], override: str) -> KeyPath:
    """Set one value in a parsed ``lab.toml`` and return the path that was set; steps are addressed by their id.

    Raises:
        ConfigError: not of the form KEY=VALUE, or a pipeline or step that is not there: says which there are.
    """
    key, equals, text = override.partition("=")
    place = f"--set {key.strip()}"
    if not equals:
        hint = "Write KEY=VALUE, for example pipelines.crowns.steps.mesh.with.limit=2."
        raise ConfigError("a setting needs a key and a value", place=place, hint=hint)
    *parents, last = _keys(key, place)
    value = _value(text.strip(), place)
    node: Any = table
    path: KeyPath = ()
    for position, part in enumerate(parents):
        step, node = _descend(node, part, parents[:position], place)
        path = (*path, step)
    if not isinstance(node, dict):
        raise ConfigError(f"{'.'.join(parents)} holds no keys", place=place, hint="Set a whole step by its own keys.")
    if parents == ["pipelines"]:
        raise ConfigError("a whole pipeline cannot be set here", place=place, hint="Set its keys one by one.")
    node[last] = value
    return (*path, last)


def _keys(key: str, place: str) -> list[str]:
    """The parts of a dotted TOML key: ``verdict."mesh.hole"`` has two."""
    node: Any
    try:
        node = tomllib.loads(f"{key} = 0")
    except (ValueError, RecursionError):
        node = None
    keys = []
    while isinstance(node, dict) and len(node) == 1:
        ((part, node),) = node.items()
        keys.append(part)
    if node != 0:
        hint = 'Join names with dots; put a name that holds a dot in quotes: verdict."mesh.hole".'
        raise ConfigError("not a key of lab.toml", place=place, hint=hint)
    return keys


def _descend(node: Any, part: str, before: list[str], place: str) -> tuple[str | int, Any]:
    """One level down, by key or by a step's id; missing tables are made, missing pipelines and steps are not."""
    in_pipeline = len(before) > 1 and before[0] == "pipelines"
    if isinstance(node, list) and in_pipeline and before[2:] in (["import"], ["steps"], ["export"]):
        ids = [effective_id(step) for step in node]
        if part not in ids:
            raise _absent(f"pipeline {before[1]!r} has no {part!r} under {before[-1]}", part, ids, place)
        return ids.index(part), node[ids.index(part)]
    if not isinstance(node, dict):
        raise ConfigError(f"{'.'.join(before)} holds no keys", place=place)
    if part not in node and before == ["pipelines"]:
        raise _absent(f"there is no pipeline {part!r}", part, list(node), place)
    if part not in node and in_pipeline and len(before) == 2 and part in SECTIONS:
        raise _absent(f"pipeline {before[1]!r} has no {part}", part, [name for name in SECTIONS if name in node], place)
    return part, node.setdefault(part, {})


def _absent(reason: str, part: str, known: Sequence[str], place: str) -> ConfigError:
    there = f"There is: {', '.join(known)}." if known else "There is none."
    near = did_you_mean(part, known) if known else None
    hint = f"{near} {there}" if near and near.startswith("Did") else there
    return ConfigError(reason, place=place, hint=hint)


def _value(text: str, place: str) -> Any:
    """A TOML value; anything that does not begin like one of TOML's brackets or quotes may be a bare string."""
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        if text[:1] in ('"', "'", "[", "{"):
            raise ConfigError("the value is not valid TOML", place=place, hint="Mind the shell's quotes.") from None
        return text
    return parsed["value"] if len(parsed) == 1 else text
