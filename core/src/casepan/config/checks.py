"""Does ``lab.toml`` fit what is installed and what is on this machine? Looks only; changes nothing."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import attrs

from casepan.config.destinations import Destination, converted_to, destinations_of, exports
from casepan.config.lab import Export, ImportStep, Lab, Step
from casepan.config.loader import read_text
from casepan.config.options import Misfit, dotted, keys_of, read
from casepan.config.positions import KeyPath, line_numbers, line_of
from casepan.config.practices import FILE, load_practices
from casepan.config.routes import routes, unknown_destinations
from casepan.config.secrets import fetch_secret, secret_file
from casepan.config.suggest import closest, did_you_mean
from casepan.contract.options import FolderPath, Secret
from casepan.contract.specs import (
    ExporterSpec,
    ImporterSpec,
    ObserverSpec,
    StageSpec,
    TransformerSpec,
    ValidatorSpec,
)
from casepan.errors import AdapterError, CasepanError, ConfigError, SecretError

if TYPE_CHECKING:
    from casepan.registry import Registry

CORE = "core"
_READABLE = frozenset(("stl", "ply", "obj", "hps"))  # casepan.mesh.READABLE, which must not be imported here
Place = Callable[[KeyPath], str]
OwnTables = list[tuple[KeyPath, Any]]


@attrs.frozen
class Advice:
    """Something that works but is probably not meant. Printed by ``check``, never a reason to stop."""

    place: str
    text: str
    hint: str | None = None


@attrs.frozen
class Placed:
    """A step of the lab with its path in the file and, where they fit, its descriptor and its options."""

    step: ImportStep | Step | Export
    path: KeyPath
    spec: StageSpec | None = None
    options: Any = None


@attrs.frozen
class Checked:
    """What ``inspect_lab`` found: what stops the lab from running, what is only odd, and what each destination takes."""

    problems: tuple[CasepanError, ...]
    advice: tuple[Advice, ...]
    destinations: tuple[Destination, ...] = ()


def check_lab(lab: Lab, registry: Registry) -> tuple[CasepanError, ...]:
    """What keeps this lab from running: ``ConfigError``, ``SecretError`` and ``AdapterError``, each with its place."""
    return inspect_lab(lab, registry).problems


def inspect_lab(lab: Lab, registry: Registry) -> Checked:
    """Problems, in the order of the file, and advice: adapters, stages, options, secrets, folders, formats.

    Args:
        lab: as ``load_lab`` gave it.
        registry: loaded with the lab's adapters, or with all that are installed.
    """
    place = _place_in(lab)
    problems = list(_adapter_problems(lab, registry, place))
    steps = []
    for step in _steps(lab):
        placed, found = _resolved(step, lab, registry, place)
        problems += found
        steps.append(placed)
    own = list(_own_tables(lab, registry))
    problems += _secret_problems(lab, steps, own, place)
    problems += _folder_problems(lab, steps, place)
    problems += _format_problems(steps, place)
    problems += _practice_problems(lab)
    advice = (
        *_secret_advice(lab, steps, own, place),
        *_inbox_advice(lab, steps, place),
        *_conversion_advice(steps, place),
        *_format_advice(steps, place),
        *_route_advice(lab, place),
    )
    told = (*advice, *_verdict_advice(lab, registry, place))
    return Checked(tuple(sorted(problems, key=_line)), told, tuple(destinations_of(steps, place)))


def _line(problem: CasepanError) -> int:
    tail = (problem.place or "").rpartition(":")[2]
    return int(tail) if tail.isdecimal() else 0


def refuse_unusable(lab: Lab, registry: Registry) -> None:
    """What a run must not begin with: an adapter that is missing or broken, a stage or an option that is wrong.

    An inbox asks every enabled adapter, so a lab without one of them would take its cases for any scanner's. Folders and secrets
    are not looked at: they may come back while a run waits for them.

    Raises:
        ConfigError: with every problem, when lab.toml is wrong. AdapterError: a plugin is missing or broken.
    """
    place = _place_in(lab)
    problems = list(_adapter_problems(lab, registry, place))
    for step in _steps(lab):
        problems += _resolved(step, lab, registry, place)[1]
    wrong = tuple(problem for problem in problems if isinstance(problem, ConfigError))
    if wrong:
        raise ConfigError("the configuration has problems", place=str(lab.path), problems=wrong)
    for problem in problems:
        raise problem


def _place_in(lab: Lab) -> Place:
    try:
        lines = line_numbers(read_text(lab.path))
    except (ConfigError, ValueError):  # a lab made in code, or a file that has changed since: the name alone must do
        return lambda _: str(lab.path)
    return lambda path: f"{lab.path}:{line_of(path, lines)}"


def _steps(lab: Lab) -> Iterator[Placed]:
    for name, pipeline in lab.pipelines.items():
        sections: Mapping[str, tuple[ImportStep | Step | Export, ...]]
        sections = {"import": pipeline.import_, "steps": pipeline.steps, "export": pipeline.export}
        for section, steps in sections.items():
            for index, step in enumerate(steps):
                yield Placed(step, ("pipelines", name, section, index))


def _adapter_problems(lab: Lab, registry: Registry, place: Place) -> Iterator[CasepanError]:
    loaded = {plugin.name for plugin in registry.plugins}
    broken = {problem.name: problem for problem in registry.problems}
    for name in lab.adapters:
        at = place(("adapters", name))
        if name == CORE and not lab.adapters[name].with_:
            yield ConfigError("'core' is always in use", place=at, hint="Remove this table.")
        elif name in broken:
            problem = broken[name]
            whose = f"{problem.distribution} {problem.version}: {problem.reason}"
            yield AdapterError(whose, place=at, hint=problem.hint)
        elif name not in loaded:
            known = (loaded | {item.name for item in registry.available}) - {CORE}
            near = closest(name, known)
            hint = f"Did you mean {near!r}?" if near else f"Install it: pip install casepan-{name}"
            yield AdapterError(f"adapter {name!r} is not installed", place=at, hint=hint)
        else:
            yield from _reader_problems(name, lab, registry, place)


def _reader_problems(name: str, lab: Lab, registry: Registry, place: Place) -> Iterator[CasepanError]:
    """``[adapters.NAME] with``: each key is a reading importer or an observer, each value fits its options."""
    readers = [spec.short for spec in _with_own_table(registry) if spec.plugin == name]
    for short, given in lab.adapters[name].with_.items():
        path: KeyPath = ("adapters", name, "with", short)
        if short not in readers:
            near = closest(short, readers)
            hint = f"Did you mean {near!r}?" if near else f"There are: {', '.join(readers) or 'none'}."
            yield ConfigError(
                f"{name} has no reader {short!r}, and no observer of that name", place=place(path), hint=hint
            )
            continue
        try:
            read(registry.options_type(f"{name}.{short}"), given, path)
        except Misfit as misfit:
            for one in misfit.problems:
                yield ConfigError(f"{dotted(one.path)}: {one.reason}", place=place(one.path), hint=one.hint)


def _with_own_table(registry: Registry) -> Iterator[StageSpec]:
    """Stages whose options stand at their adapter, for no pipeline names them."""
    yield from (spec for spec in registry.stages(ImporterSpec) if not _watches(spec))
    yield from registry.stages(ObserverSpec)


def _watches(spec: StageSpec) -> bool:
    return isinstance(spec, ImporterSpec) and spec.watches


def _resolved(placed: Placed, lab: Lab, registry: Registry, place: Place) -> tuple[Placed, list[CasepanError]]:
    """The step with its descriptor and options, as far as they are right, and what is wrong with them."""
    use = placed.step.use
    owner = use.partition(".")[0]
    at = place((*placed.path, "use"))
    if owner != CORE and owner not in lab.adapters:
        return placed, [_not_enabled(use, owner, registry, at)]
    if owner not in {plugin.name for plugin in registry.plugins}:
        return placed, []  # told once, at [adapters.NAME]
    try:
        spec = registry.spec(use)
        kind = registry.options_type(use)
    except AdapterError as error:
        return placed, [AdapterError(error.reason, place=at, hint=error.hint)]
    placed = attrs.evolve(placed, spec=spec)
    problems = list(_misplaced(placed, at))
    try:
        return attrs.evolve(placed, options=read(kind, placed.step.with_, (*placed.path, "with"))), problems
    except Misfit as misfit:
        problems += [
            ConfigError(f"{dotted(one.path)}: {one.reason}", place=place(one.path), hint=one.hint)
            for one in misfit.problems
        ]
    except AdapterError as error:
        problems.append(AdapterError(error.reason, place=at, hint=error.hint))
    return placed, problems


def _not_enabled(use: str, owner: str, registry: Registry, at: str) -> CasepanError:
    installed = {plugin.name for plugin in registry.plugins} | {item.name for item in registry.available}
    if owner in installed:
        reason = f"{use!r} belongs to an adapter that is not enabled"
        return ConfigError(reason, place=at, hint=f"Add [adapters.{owner}].")
    near = closest(owner, installed)
    hint = f"Did you mean {near!r}?" if near else f"Install casepan-{owner} and add [adapters.{owner}]."
    return AdapterError(f"there is no adapter {owner!r} for {use!r}", place=at, hint=hint)


def _misplaced(placed: Placed, at: str) -> Iterator[CasepanError]:
    spec, section = placed.spec, placed.path[2]
    if isinstance(spec, ImporterSpec) and section == "import" and not spec.watches:
        hint = "Name an importer that watches a place, such as core.inbox; it asks this one by itself."
        yield ConfigError(f"{spec.name} cannot be named under import", place=at, hint=hint)
    for kind, word, home in _KINDS:
        if isinstance(spec, kind) and section != home:
            hint = f"Move it to [[pipelines.{placed.path[1]}.{home}]]."
            yield ConfigError(f"{spec.name} is {word}", place=at, hint=hint)


_KINDS: tuple[tuple[type[StageSpec], str, str], ...] = (
    (ImporterSpec, "an importer", "import"),
    (ValidatorSpec, "a validator", "steps"),
    (TransformerSpec, "a transformer", "steps"),
    (ExporterSpec, "an exporter", "export"),
)


def _own_tables(lab: Lab, registry: Registry) -> Iterator[tuple[KeyPath, Any]]:
    """Path and options of every table under ``[adapters.NAME] with`` that fits."""
    for spec in _with_own_table(registry):
        adapter = lab.adapters.get(spec.plugin)
        if adapter is None or spec.short not in adapter.with_:
            continue
        path: KeyPath = ("adapters", spec.plugin, "with", spec.short)
        with suppress(Misfit, AdapterError):  # told by _reader_problems
            yield path, read(registry.options_type(spec.name), adapter.with_[spec.short], path)


def _references(lab: Lab, steps: list[Placed], own: OwnTables) -> Iterator[tuple[KeyPath, Secret]]:
    """Every reference to a secret in the file, each with its path."""
    for path, options in own:
        yield from _secrets_in(options, path)
    yield from ((("secrets", name), reference) for name, reference in lab.secrets.items())
    for placed in steps:
        yield from _secrets_in(placed.options, (*placed.path, "with"))


def _secrets_in(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Secret]]:
    if isinstance(value, Secret):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _secrets_in(item, (*path, key))
    elif isinstance(value, tuple | list):
        for index, item in enumerate(value):
            yield from _secrets_in(item, (*path, index))
    elif attrs.has(type(value)):
        kind: type = type(value)
        for key, (attribute, _) in keys_of(kind).items():
            yield from _secrets_in(getattr(value, attribute.name), (*path, key))


def _secret_problems(lab: Lab, steps: list[Placed], own: OwnTables, place: Place) -> Iterator[CasepanError]:
    for path, reference in _references(lab, steps, own):
        if reference.secret in lab.secrets:
            continue  # told once, at [secrets]
        try:
            fetch_secret(reference, lab)
        except SecretError as error:
            yield SecretError(f"{dotted(path)}: {error.reason}", place=place(path), hint=error.hint)


def _secret_advice(lab: Lab, steps: list[Placed], own: OwnTables, place: Place) -> Iterator[Advice]:
    for path, reference in _references(lab, steps, own):
        file = secret_file(reference, lab) if reference.secret is None else None
        if file is not None and os.name == "posix" and _open_to_others(file):
            yield Advice(place(path), "others on this machine can read the file of this secret", "chmod 600 that file.")


def _open_to_others(file: Path) -> bool:
    try:
        return bool(stat.S_IMODE(file.stat().st_mode) & 0o077)
    except OSError:
        return False


def _folder_options(placed: Placed) -> Iterator[tuple[KeyPath, str]]:
    """Path in the file and value of every folder among the options."""
    if placed.options is None:
        return
    kind: type = type(placed.options)
    for key, (attribute, declared) in keys_of(kind).items():
        value = getattr(placed.options, attribute.name)
        if isinstance(value, str) and FolderPath in (declared, *get_args(declared)):
            yield (*placed.path, "with", key), value


def _folder_problems(lab: Lab, steps: list[Placed], place: Place) -> Iterator[CasepanError]:
    if reason := _not_writable(lab.state):
        yield ConfigError(f"lab.state: {reason}", place=place(("lab", "state")), hint="Name a folder on a local disk.")
    for placed in steps:
        reads = isinstance(placed.spec, ImporterSpec)
        for path, folder in _folder_options(placed):
            reason = _not_readable(lab.base / folder) if reads else _not_writable(lab.base / folder)
            if reason:
                hint = "Correct the path, or the rights of the account that runs casepan."
                yield ConfigError(f"{dotted(path)}: {reason}", place=place(path), hint=hint)


def _not_writable(folder: Path) -> str | None:
    """Why nothing could be written below the folder, or below the nearest folder above it that is there."""
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    if not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises where there are no rights
        return "is no folder, or lies below a file"
    return None if os.access(folder, os.W_OK | os.X_OK) else "cannot be written to"


def _not_readable(folder: Path) -> str | None:
    if not os.path.lexists(folder):
        return None  # only advice: an inbox is made at the first run, a share may be mounted later
    if not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises where there are no rights
        return "is no folder"
    return None if os.access(folder, os.R_OK | os.X_OK) else "cannot be read"


def _inbox_advice(lab: Lab, steps: list[Placed], place: Place) -> Iterator[Advice]:
    for placed in steps:
        for path, folder in _folder_options(placed) if isinstance(placed.spec, ImporterSpec) else ():
            if not os.path.lexists(lab.base / folder):
                yield Advice(place(path), "this folder is not there yet", "Create it, or mount the share.")


def _format_problems(steps: list[Placed], place: Place) -> Iterator[CasepanError]:
    for placed, spec in exports(steps):
        written = getattr(converted_to(placed, steps), "format", None)
        if spec.formats and written is not None and written not in spec.formats:
            reason = f"{spec.name} takes {', '.join(spec.formats)}, but the steps before it write {written}"
            hint = "Change the format of the step that converts."
            yield ConfigError(reason, place=place((*placed.path, "use")), hint=hint)


def _conversion_advice(steps: list[Placed], place: Place) -> Iterator[Advice]:
    for placed in steps:
        form, colour = (getattr(placed.options, key, None) for key in ("format", "colour"))
        if isinstance(placed.spec, TransformerSpec) and form == "stl" and colour not in (None, "drop"):
            text = f"STL has no colour: {placed.spec.name} reports the loss for every coloured scan"
            yield Advice(place((*placed.path, "use")), text, 'If that is meant, write colour = "drop".')


def _format_advice(steps: list[Placed], place: Place) -> Iterator[Advice]:
    for placed, spec in exports(steps):
        at = place((*placed.path, "use"))
        if converted_to(placed, steps) is None and spec.formats and not set(spec.formats).issuperset(_READABLE):
            hint = f'Add a step: use = "core.convert", with = {{ format = "{spec.formats[0]}" }}.'
            yield Advice(at, f"{spec.name} takes only {', '.join(spec.formats)}, and no step converts to it", hint)


def _practice_problems(lab: Lab) -> Iterator[CasepanError]:
    try:
        load_practices(lab.base)
    except ConfigError as error:
        yield from error.problems or (error,)


def _route_advice(lab: Lab, place: Place) -> Iterator[Advice]:
    for path, kinds in routes(lab):
        text = f"no export takes these kinds of work when they are accepted: {', '.join(kinds)}"
        yield Advice(place(path), text, "Such cases are held as case.no-route; add an export, or a kind to `when`.")
    with suppress(ConfigError):  # told by _practice_problems
        named = {one.practice.id: one.practice.destination for one in load_practices(lab.base) or ()}
        wanted = {name: export for name, export in named.items() if export}
        for name, export in unknown_destinations(lab, wanted):
            text = f"the practice {name!r} names the destination {export!r}, which no pipeline has"
            yield Advice(str(lab.base / FILE), text, "Give an export this id, and `when = { destination = true }`.")


def _verdict_advice(lab: Lab, registry: Registry, place: Place) -> Iterator[Advice]:
    known = registry.finding_docs()
    for code in lab.verdict:
        if code not in known:
            hint = did_you_mean(code, known) if closest(code, known) else "`casepan explain` lists all codes."
            yield Advice(place(("verdict", code)), f"no enabled adapter raises {code!r}", hint)
