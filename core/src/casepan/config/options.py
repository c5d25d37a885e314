"""Strict reading of TOML values into attrs classes: nothing is coerced, all problems are found at once.

``"false"`` is no boolean, ``1`` is no boolean, ``3.0`` is no integer; the only widening is an integer where a float is
asked for. (cattrs, which reads casepan's own documents, coerces by default and reports without paths.)
"""

from __future__ import annotations

import math
import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import attrs

from casepan.config.lab import Lab, Pipeline
from casepan.config.positions import KeyPath
from casepan.config.suggest import closest, did_you_mean
from casepan.contract.options import ByteCount, Duration, FilePath, FolderPath, Secret
from casepan.errors import AdapterError, ConfigError

T = TypeVar("T")

_NOT_IN_FILE: Mapping[type, frozenset[str]] = {Lab: frozenset({"path"}), Pipeline: frozenset({"name"})}
"""Fields that the loader fills in itself."""

SECRET_HINT = 'Write { env = "NAME" }, { file = "PATH" } or { secret = "NAME" } with a name from [secrets].'
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?) ?(ms|s|m|min|h|d|w)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_BYTES = re.compile(r"(\d{1,18}(?:\.\d{1,9})?) ?(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)")
_POWERS = {"B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12} | {
    "KiB": 1 << 10,
    "MiB": 1 << 20,
    "GiB": 1 << 30,
    "TiB": 1 << 40,
}

_KEPT: dict[tuple[type, str], Any] = {}
"""Options that a warm process has made for its children; empty everywhere else."""


@attrs.frozen
class Problem:
    """One thing that does not fit.

    Attributes:
        path: keys and list positions from the top of the table.
        reason: what is wrong, without the key's name.
        hint: what to write instead.
    """

    path: KeyPath
    reason: str
    hint: str | None = None


class Misfit(Exception):
    """The value does not fit its type."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        super().__init__()
        self.problems = tuple(problems)


def dotted(path: KeyPath) -> str:
    """The path as people write it: ``pipelines.crowns.steps[2].with.x``, list positions counted from 1."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            name = part if re.fullmatch(r"[\w-]+", part) else f'"{part}"'
            text += f".{name}" if text else name
    return text


def structure_options(kind: type[T], table: Mapping[str, Any], *, place: str) -> T:
    """The options of a stage from its ``with`` table.

    Raises:
        ConfigError: with every problem in ``problems``, each at ``place`` (``lab.toml:12``).
    """
    known = _KEPT.get((kind, repr(table))) if _KEPT else None
    if known is not None:
        return typing.cast("T", known)
    try:
        return typing.cast("T", read(kind, table, ("with",)))
    except Misfit as misfit:
        problems = tuple(
            ConfigError(f"{dotted(problem.path)}: {problem.reason}", place=place, hint=problem.hint)
            for problem in misfit.problems
        )
        raise ConfigError("the options do not fit", place=place, problems=problems) from None


def keep_options(kind: type, table: Mapping[str, Any]) -> None:
    """Read a table now, so that the children of a warm process find its options made. Raises as ``structure_options``."""
    _KEPT[kind, repr(table)] = structure_options(kind, table, place="")


@cache
def keys_of(kind: type) -> Mapping[str, tuple[attrs.Attribute[Any], Any]]:
    """Key in the file to attribute and type; a trailing underscore of a field's name (``with_``) is no part of its key.

    Raises:
        AdapterError: not an attrs class, or one whose annotations cannot be resolved.
    """
    try:
        hints = typing.get_type_hints(kind)
        fields = attrs.fields(kind)
    except (NameError, TypeError, attrs.exceptions.NotAnAttrsClassError) as error:
        raise AdapterError(
            f"the options class {kind.__module__}.{kind.__qualname__} cannot be read: {error}",
            hint="Options are attrs classes whose types are imported at run time. Tell the plugin's author.",
        ) from error
    return {
        attribute.name.rstrip("_"): (attribute, hints[attribute.name])
        for attribute in fields
        if attribute.init and attribute.name not in _NOT_IN_FILE.get(kind, ())
    }


def read(kind: Any, value: Any, path: KeyPath = ()) -> Any:
    """The value as ``kind``: a scalar, Literal, NewType of the contract, container, union or attrs class.

    Raises:
        Misfit: it does not fit; with all problems.
        AdapterError: a type that options cannot have.
    """
    if kind is Any:
        return value
    if kind in _SCALARS:
        return _SCALARS[kind](value, path)
    if hasattr(kind, "__supertype__"):
        return read(kind.__supertype__, value, path)
    origin = get_origin(kind)
    if origin is Literal:
        return _read_literal(get_args(kind), value, path)
    if origin in (Union, types.UnionType):
        return _read_union(get_args(kind), value, path)
    if origin in _CONTAINERS:
        return _CONTAINERS[origin](get_args(kind), value, path)
    if isinstance(kind, type) and attrs.has(kind):
        return _read_class(kind, value, path)
    raise AdapterError(f"options cannot have the type {kind!r}", hint="Tell the plugin's author.")


def _misfit(path: KeyPath, reason: str, hint: str | None = None) -> Misfit:
    return Misfit((Problem(path, reason, hint),))


def _called(value: Any) -> str:
    """What a value is, in the words of TOML."""
    names = {bool: "a boolean", int: "an integer", float: "a float", str: "a string", list: "a list"}
    if value is None:
        return "null"
    if _looks_like_secret(value):
        return "a reference to a secret"
    return "a table" if isinstance(value, Mapping) else names.get(type(value), "a date or time")


def _looks_like_secret(value: Any) -> bool:
    return isinstance(value, Mapping) and len(value) == 1 and set(value) <= {"env", "file", "secret"}


def _wanted(what: str, value: Any, path: KeyPath, hint: str | None = None) -> Misfit:
    if _looks_like_secret(value):
        hint = "Secrets are accepted only where a stage asks for one."
    return _misfit(path, f"must be {what}, not {_called(value)}", hint)


def _read_str(value: Any, path: KeyPath) -> str:
    if not isinstance(value, str):
        raise _wanted("a string", value, path, None if isinstance(value, Mapping | list) else "Put it in quotes.")
    return value


def _read_bool(value: Any, path: KeyPath) -> bool:
    if not isinstance(value, bool):
        raise _wanted("true or false", value, path, "Write true or false, without quotes.")
    return value


def _read_int(value: Any, path: KeyPath) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wanted("an integer", value, path, "Write a whole number, without quotes and without a point.")
    return value


def _read_float(value: Any, path: KeyPath) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _wanted("a number", value, path, "Write a number, without quotes.")
    if not _is_finite(value):
        raise _misfit(path, "must be a finite number")
    return float(value)


def _is_finite(value: float) -> bool:
    """False also for the integers that no float can hold: TOML sets them no limit."""
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _read_duration(value: Any, path: KeyPath) -> Duration:
    hint = 'Write "30s", "5m", "2h", "3d" or a number of seconds.'
    if isinstance(value, str):
        found = _DURATION.fullmatch(value.strip())
        if found is None:
            raise _misfit(path, f"{value!r} is not a duration", hint)
        return Duration(float(found[1]) * _SECONDS[found[2]])
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _wanted("a duration", value, path, hint)
    if not (_is_finite(value) and value >= 0):
        raise _misfit(path, "a duration cannot be negative or endless", hint)
    return Duration(float(value))


def _read_bytes(value: Any, path: KeyPath) -> ByteCount:
    hint = 'Write "512MiB", "4GiB" or a number of bytes.'
    if isinstance(value, str):
        found = _BYTES.fullmatch(value.strip())
        if found is None:
            raise _misfit(path, f"{value!r} is not a byte size", hint)
        return ByteCount(round(float(found[1]) * _POWERS[found[2]]))
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wanted("a byte size", value, path, hint)
    if value < 0:
        raise _misfit(path, "a byte size cannot be negative", hint)
    return ByteCount(value)


def _read_path(value: Any, path: KeyPath) -> str:
    text = _read_str(value, path)
    if not text.strip() or "\0" in text:
        raise _misfit(path, "must name a path", 'Write "." for the folder of lab.toml.')
    if text.startswith("~"):
        raise _misfit(path, "'~' is not expanded", "Write the whole path, or one relative to lab.toml.")
    return text


def _read_date(value: Any, path: KeyPath) -> date:
    day = _from_iso(date, value)
    if not isinstance(day, date) or isinstance(day, datetime):
        raise _misfit(path, "must be a date", "Write 2026-01-31.")
    return day


def _read_datetime(value: Any, path: KeyPath) -> datetime:
    moment = None if _from_iso(date, value) is not None else _from_iso(datetime, value)
    if not isinstance(moment, datetime):
        raise _misfit(
            path, "must be a date with a time", "Write 2026-01-31T10:30:00, with +01:00 if the zone is known."
        )
    return moment


def _from_iso(kind: type[date], value: Any) -> date | None:
    """A TOML date as it is, or the ISO text of one (JSON has no dates)."""
    if not isinstance(value, str):
        return value if type(value) is kind else None
    try:
        return kind.fromisoformat(value)
    except ValueError:
        return None


def _read_secret(value: Any, path: KeyPath) -> Secret:
    if not isinstance(value, Mapping):
        # The value itself may be the secret: it is never quoted.
        raise _misfit(path, "must be a reference to a secret, never the secret itself", SECRET_HINT)
    unknown = [key for key in value if key not in ("env", "file", "secret")]
    if unknown:
        raise Misfit(Problem((*path, key), "is not a kind of reference to a secret", SECRET_HINT) for key in unknown)
    if len(value) != 1:
        raise _misfit(path, "must have exactly one of env, file and secret", SECRET_HINT)
    key = next(iter(value))
    if not _read_str(value[key], (*path, key)).strip():
        raise _misfit((*path, key), "must not be empty", SECRET_HINT)
    return Secret(env=value.get("env"), file=value.get("file"), secret=value.get("secret"))


_SCALARS: Mapping[Any, Callable[[Any, KeyPath], Any]] = {
    str: _read_str,
    bool: _read_bool,
    int: _read_int,
    float: _read_float,
    Duration: _read_duration,
    ByteCount: _read_bytes,
    FolderPath: _read_path,
    FilePath: _read_path,
    date: _read_date,
    datetime: _read_datetime,
    Secret: _read_secret,
}


def _read_literal(choices: tuple[Any, ...], value: Any, path: KeyPath) -> Any:
    for choice in choices:
        if type(choice) is type(value) and choice == value:
            return choice
    if isinstance(value, str):
        near = closest(value, (choice for choice in choices if isinstance(choice, str)))
        hint = f"Did you mean {near!r}?" if near else None
        raise _misfit(path, f"{value!r} is not one of {', '.join(map(repr, choices))}", hint)
    raise _wanted(f"one of {', '.join(map(repr, choices))}", value, path)


def _read_union(arms: tuple[Any, ...], value: Any, path: KeyPath) -> Any:
    """The first arm that fits. A lone arm tells its own problems; of several, the one that got furthest with the fewest."""
    arms = tuple(arm for arm in arms if arm is not type(None))
    misfits = []
    for arm in arms:
        try:
            return read(arm, value, path)
        except Misfit as misfit:
            misfits.append(misfit)
    deepest = max(misfits, key=lambda one: (max(len(problem.path) for problem in one.problems), -len(one.problems)))
    if len(arms) == 1 or any(len(problem.path) > len(path) for problem in deepest.problems):
        raise deepest
    but = f", not {_called(value)}"
    first, *rest = (misfit.problems[0].reason.removesuffix(but) for misfit in misfits)
    raise _misfit(path, " or ".join((first, *(reason.removeprefix("must be ") for reason in rest))) + but)


def _read_each(kinds: Iterable[tuple[str | int, Any, Any]], path: KeyPath) -> list[Any]:
    """Every (key, kind, value) read, or the problems of all of them."""
    values: list[Any] = []
    problems: list[Problem] = []
    for key, kind, value in kinds:
        try:
            values.append(read(kind, value, (*path, key)))
        except Misfit as misfit:
            problems += misfit.problems
    if problems:
        raise Misfit(problems)
    return values


def _read_list(kinds: tuple[Any, ...], value: Any, path: KeyPath) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise _wanted("a list", value, path, "Put it in square brackets.")
    if kinds[1:] == (Ellipsis,):
        return tuple(_read_each(((index, kinds[0], item) for index, item in enumerate(value)), path))
    if len(kinds) != len(value):
        raise _misfit(path, f"must have {len(kinds)} entries, not {len(value)}")
    return tuple(_read_each(((i, kind, item) for i, (kind, item) in enumerate(zip(kinds, value, strict=True))), path))


def _read_items(kinds: tuple[Any, ...], value: Any, path: KeyPath) -> tuple[Any, ...]:
    return _read_list((kinds[0], Ellipsis), value, path)


def _read_mapping(kinds: tuple[Any, ...], value: Any, path: KeyPath) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _wanted("a table", value, path)
    return dict(zip(value, _read_each(((key, kinds[1], item) for key, item in value.items()), path), strict=True))


_CONTAINERS: Mapping[Any, Callable[[tuple[Any, ...], Any, KeyPath], Any]] = {
    tuple: _read_list,
    Sequence: _read_items,
    list: lambda kinds, value, path: list(_read_items(kinds, value, path)),
    frozenset: lambda kinds, value, path: frozenset(_read_items(kinds, value, path)),
    dict: _read_mapping,
    Mapping: _read_mapping,
}


def _read_class(kind: type, table: Any, path: KeyPath) -> Any:
    if not isinstance(table, Mapping):
        raise _wanted("a table", table, path)
    keys = keys_of(kind)
    problems = [_unknown((*path, key), keys) for key in table if key not in keys]
    values: dict[str, Any] = {}
    for key, (attribute, type_) in keys.items():
        if key not in table:
            problems += [_missing((*path, key), attribute)] if attribute.default is attrs.NOTHING else []
            continue
        try:
            values[attribute.alias or attribute.name] = read(type_, table[key], (*path, key))
        except Misfit as misfit:
            problems += misfit.problems
    if problems:
        raise Misfit(problems)
    try:
        return kind(**values)
    except (ValueError, TypeError) as error:  # what the class's own validators say
        raise _misfit(path, str(error.args[0] if error.args else error)) from error


def _missing(path: KeyPath, attribute: attrs.Attribute[Any]) -> Problem:
    doc = attribute.metadata.get("doc")
    return Problem(path, "is missing", f"Add it: {doc}." if doc else None)


def _unknown(path: KeyPath, known: Iterable[str]) -> Problem:
    return Problem(path, "is not a key here", did_you_mean(str(path[-1]), known))
