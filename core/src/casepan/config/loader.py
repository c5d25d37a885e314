"""``lab.toml`` read strictly: all problems at once, each with its line, a reason and a remedy."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from attrs import evolve

from casepan.config.lab import Export, ImportStep, Lab, Pipeline, Step
from casepan.config.options import Misfit, Problem, dotted, read
from casepan.config.overrides import apply_override
from casepan.config.positions import line_numbers, line_of
from casepan.config.rules import broken_rules
from casepan.errors import ConfigError

S = TypeVar("S", ImportStep, Step, Export)
VERSION = 1
_AT = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
Place = Callable[[tuple[str | int, ...]], str]


def load_lab(path: Path, overrides: Sequence[str] = ()) -> Lab:
    """Read ``lab.toml`` and the changes of ``--set`` into values; nothing on disk is changed or created.

    Args:
        path: the file; relative paths in it count from its folder.
        overrides: ``pipelines.crowns.steps.mesh.with.x=1``, steps by their id, values as TOML or bare strings.

    Raises:
        ConfigError: with every problem in ``problems``, in the order of the file.
    """
    text = read_text(path)
    table = _parsed(text, path)
    _refuse_other_version(table, text, path)
    changed, problems = _overridden(table, overrides)
    place = _places(text, path, changed)
    found: list[Problem] = list(broken_rules(table, path.resolve().parent))
    lab: Lab | None = None
    try:
        lab = read(Lab, table)
    except Misfit as misfit:
        found += misfit.problems
    lines = line_numbers(text)
    for problem in sorted(found, key=lambda one: line_of(one.path, lines)):
        problems.append(ConfigError(_sentence(problem), place=place(problem.path), hint=problem.hint))
    if lab is None or problems:
        count = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise ConfigError(f"the configuration has {count}", place=str(path), problems=tuple(problems))
    return _completed(lab, path)


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


def config_place(path: Path, text: str) -> Place:
    """Gives ``FILE:LINE`` for a path of keys."""
    lines = line_numbers(text)
    return lambda keys: f"{path}:{line_of(keys, lines)}"


def _parsed(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _AT.search(str(error))
        line = int(found[1]) if found and found[1] else text.count("\n") + 1
        reason = f"not valid TOML: {_AT.sub('', str(error))}"
        hint = "Text goes in double quotes, lists in square brackets; Windows paths in 'single quotes'."
        problem = ConfigError(reason, place=f"{path}:{line}", hint=hint)
        raise ConfigError("the configuration has one problem", place=str(path), problems=(problem,)) from error


def _refuse_other_version(table: Mapping[str, Any], text: str, path: Path) -> None:
    """Another version may mean anything: its other problems would only mislead."""
    version = table.get("version", VERSION)
    if type(version) is int and version != VERSION:
        place = config_place(path, text)(("version",))
        hint = "Upgrade casepan." if version > VERSION else f"Write version = {VERSION}."
        problem = ConfigError(
            f"version {version} is not known; this casepan reads version {VERSION}", place=place, hint=hint
        )
        raise ConfigError("the configuration has one problem", place=str(path), problems=(problem,))


def _overridden(
    table: dict[str, Any], overrides: Sequence[str]
) -> tuple[dict[tuple[str | int, ...], str], list[ConfigError]]:
    """Apply all overrides; gives which paths they set, and the problems of those that could not be applied."""
    changed: dict[tuple[str | int, ...], str] = {}
    problems = []
    for override in overrides:
        try:
            changed[apply_override(table, override)] = override.partition("=")[0].strip()
        except ConfigError as error:
            problems.append(error)
    return changed, problems


def _places(text: str, path: Path, changed: Mapping[tuple[str | int, ...], str]) -> Place:
    in_file = config_place(path, text)

    def place(keys: tuple[str | int, ...]) -> str:
        by_override = [name for start, name in changed.items() if keys[: len(start)] == start]
        return f"--set {by_override[-1]}" if by_override else in_file(keys)

    return place


def _sentence(problem: Problem) -> str:
    return f"{dotted(problem.path)}: {problem.reason}" if problem.path else problem.reason


def _completed(lab: Lab, path: Path) -> Lab:
    pipelines = {name: _with_ids(evolve(pipeline, name=name)) for name, pipeline in lab.pipelines.items()}
    return evolve(lab, path=path, pipelines=pipelines)


def _with_ids(pipeline: Pipeline) -> Pipeline:
    return evolve(
        pipeline,
        import_=tuple(map(_with_id, pipeline.import_)),
        steps=tuple(map(_with_id, pipeline.steps)),
        export=tuple(map(_with_id, pipeline.export)),
    )


def _with_id(step: S) -> S:
    return evolve(step, id=step.id or step.use.partition(".")[2])
