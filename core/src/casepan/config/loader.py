"""``lab.toml`` read strictly: all problems at once, each with its line, a reason and a remedy."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, TypeVar

from attrs import evolve

from casepan.config.lab import Export, ImportStep, Lab, Pipeline, Step
from casepan.config.options import Misfit, Problem, dotted, read
from casepan.config.overrides import apply_override
from casepan.config.positions import KeyPath, line_numbers, line_of
from casepan.config.rules import broken_rules
from casepan.errors import ConfigError

S = TypeVar("S", ImportStep, Step, Export)
VERSION = 1
_AT = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
Lines = Mapping[KeyPath, int]


def load_lab(path: Path, overrides: Sequence[str] = ()) -> Lab:
    """Read ``lab.toml`` and the changes of ``--set`` into values; nothing on disk is changed or created.

    Args:
        path: the file; relative paths in it count from its folder.
        overrides: ``pipelines.crowns.steps.mesh.with.x=1``, steps by their id, values as TOML or bare strings.

    Raises:
        ConfigError: with every problem in ``problems``, in the order of the file.
    """
    lab, problems = load_partly(path, overrides)
    if lab is None or problems:
        raise _together(list(problems), path)
    return lab


def load_partly(path: Path, overrides: Sequence[str] = ()) -> tuple[Lab | None, tuple[ConfigError, ...]]:
    """As ``load_lab``, but gives what could be read beside the problems, so that a check can go on and find more.

    Returns:
        The lab without the parts that do not fit, None when hardly anything fits; and every problem, in the order of the file.

    Raises:
        ConfigError: no such file, no TOML at all, or another version.
    """
    table, lines = _parsed(read_text(path), path)
    changed, problems = _overridden(table, overrides)
    _refuse_other_version(table, lines, path)
    found = list(broken_rules(table, path.resolve().parent))
    lab, misfits = _read_what_fits(table)
    for problem in sorted((*found, *misfits), key=lambda one: line_of(one.path, lines)):
        place = _override_of(problem.path, changed) or f"{path}:{line_of(problem.path, lines)}"
        problems.append(ConfigError(_sentence(problem), place=place, hint=problem.hint))
    return (_completed(lab, path) if lab else None), tuple(problems)


def _read_what_fits(table: Mapping[str, Any]) -> tuple[Lab | None, tuple[Problem, ...]]:
    try:
        return read(Lab, table), ()
    except Misfit as misfit:
        rest = deepcopy(dict(table))
        for problem in misfit.problems:
            _leave_out(rest, problem.path)
        try:
            return read(Lab, rest), misfit.problems
        except Misfit:
            return None, misfit.problems


def _leave_out(table: dict[str, Any], path: KeyPath) -> None:
    """Take away what does not fit; steps of a list keep their places, so that line numbers stay true.

    Where a required key is missing, nothing is there to take: then the whole pipeline or table around it goes.
    """
    while path and isinstance(path[-1], int):
        path = path[:-1]  # one wrong word of a list takes the list along
    holder: Any = table
    for key in path[:-1]:
        holder = holder[key] if _has(holder, key) else {}
    if path and isinstance(holder, dict) and path[-1] in holder:
        del holder[path[-1]]
    elif len(path) > 2 and isinstance(table.get(str(path[0])), dict):
        table[str(path[0])].pop(path[1], None)


def _has(holder: Any, key: str | int) -> bool:
    return key in holder if isinstance(holder, dict) else isinstance(holder, list) and isinstance(key, int)


def read_text(path: Path) -> str:
    """The file's text; a byte order mark is dropped, line ends become ``\\n``.

    Raises:
        ConfigError: it is not there, cannot be read, or is not UTF-8.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError("there is no such file", place=str(path), hint="`casepan init` writes one.") from None
    except OSError as error:
        raise ConfigError(
            f"cannot be read: {error.strerror}", place=str(path), hint="Name the lab.toml itself."
        ) from error
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            "is not UTF-8 text", place=f"{path}:{line}", hint="Save it as UTF-8 in your editor."
        ) from error


def _parsed(text: str, path: Path) -> tuple[dict[str, Any], Lines]:
    try:
        return tomllib.loads(text), line_numbers(text)
    except (ValueError, RecursionError) as error:  # ValueError: also an integer with thousands of digits
        found = _AT.search(str(error))
        line = int(found[1]) if found and found[1] else text.count("\n") + 1
        reason = f"not valid TOML: {_AT.sub('', str(error))}"
        hint = "Text goes in double quotes, lists in square brackets; Windows paths in 'single quotes'."
        raise _together([ConfigError(reason, place=f"{path}:{line}", hint=hint)], path) from error


def _refuse_other_version(table: Mapping[str, Any], lines: Lines, path: Path) -> None:
    """Another version may mean anything: its other problems would only mislead."""
    version = table.get("version", VERSION)
    if type(version) is int and version != VERSION:
        reason = f"version {version} is not known; this casepan reads version {VERSION}"
        hint = "Upgrade casepan." if version > VERSION else f"Write version = {VERSION}."
        place = f"{path}:{line_of(('version',), lines)}"
        raise _together([ConfigError(reason, place=place, hint=hint)], path)


def _together(problems: list[ConfigError], path: Path) -> ConfigError:
    count = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
    return ConfigError(f"the configuration has {count}", place=str(path), problems=tuple(problems))


def _overridden(table: dict[str, Any], overrides: Sequence[str]) -> tuple[dict[KeyPath, str], list[ConfigError]]:
    """Apply all overrides; gives which paths they set, and the problems of those that could not be applied."""
    changed: dict[KeyPath, str] = {}
    problems = []
    for override in overrides:
        try:
            changed[apply_override(table, override)] = override.partition("=")[0].strip()
        except ConfigError as error:
            problems.append(error)
    return changed, problems


def _override_of(keys: KeyPath, changed: Mapping[KeyPath, str]) -> str | None:
    """``--set KEY`` when the problem lies in what an override has set."""
    names = [name for start, name in changed.items() if keys[: len(start)] == start]
    return f"--set {names[-1]}" if names else None


def _sentence(problem: Problem) -> str:
    return f"{dotted(problem.path)}: {problem.reason}" if problem.path else problem.reason


def _completed(lab: Lab, path: Path) -> Lab:
    pipelines = {name: _with_ids(evolve(pipeline, name=name)) for name, pipeline in lab.pipelines.items()}
    return evolve(lab, path=path.absolute(), pipelines=pipelines)  # children work in another folder


def _with_ids(pipeline: Pipeline) -> Pipeline:
    return evolve(
        pipeline,
        import_=tuple(map(_with_id, pipeline.import_)),
        steps=tuple(map(_with_id, pipeline.steps)),
        export=tuple(map(_with_id, pipeline.export)),
    )


def _with_id(step: S) -> S:
    return evolve(step, id=step.id or step.use.partition(".")[2])
