"""Which plugins are installed, which of them are in use, and what they declare.

Entry points are read as metadata; the allow-list is applied before anything is imported. Each plugin is loaded, checked and
asked inside its own guard, so that one broken plugin is reported and all others work. pluggy's own entry-point loader is not
used: there, one bad plugin keeps the others from registering.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cached_property
from types import ModuleType
from typing import Any

import importlib_metadata
import pluggy
from attrs import field, frozen

from casepan import hookspecs
from casepan.contract.listing import Listing, Recognition
from casepan.contract.options import NoOptions
from casepan.contract.specs import API_VERSION, AdapterInfo, Event, FindingDoc, HealthCheck, Sample, StageSpec
from casepan.errors import AdapterError, NotReady

GROUP = "casepan"
CORE = "core"
HOOKS = tuple(name for name in vars(hookspecs) if name.startswith("casepan_"))
STAGE_HOOKS = (
    "casepan_importers",
    "casepan_validators",
    "casepan_transformers",
    "casepan_exporters",
    "casepan_observers",
)

log = logging.getLogger("casepan.registry")


@frozen
class Installed:
    """An entry point of group ``casepan``, as the metadata says; nothing of it is imported."""

    name: str
    module: str
    distribution: str
    version: str


@frozen
class PluginProblem:
    """Why an installed plugin cannot be used, and what to do about it."""

    name: str
    distribution: str
    version: str
    reason: str
    hint: str

    def as_error(self) -> AdapterError:
        """The problem as an error."""
        return AdapterError(self.reason, place=f"{self.distribution} {self.version}", hint=self.hint)


@frozen
class Plugin:
    """A loaded, checked plugin with what it declares."""

    name: str
    distribution: str
    version: str
    info: AdapterInfo
    hooks: pluggy.HookRelay = field(repr=False)
    stages: tuple[StageSpec, ...] = field(default=(), repr=False)
    findings: tuple[FindingDoc, ...] = field(default=(), repr=False)


class _Refused(Exception):
    """A plugin broke the contract: ``args`` are reason and hint."""


def installed_plugins() -> tuple[Installed, ...]:
    """Every entry point of group ``casepan``, sorted by name; two distributions may claim one name."""
    found = set()
    for point in importlib_metadata.entry_points(group=GROUP):
        dist = point.dist
        found.add(Installed(point.name, point.value, dist.name if dist else "unknown", dist.version if dist else "?"))
    return tuple(sorted(found, key=lambda item: (item.name, item.distribution)))


class Registry:
    """The plugins in use and their stages."""

    def __init__(
        self, plugins: tuple[Plugin, ...], problems: tuple[PluginProblem, ...], available: tuple[Installed, ...]
    ) -> None:
        self.plugins = plugins
        self.problems = problems
        self.available = available
        self._specs = {spec.name: spec for plugin in plugins for spec in plugin.stages}

    @classmethod
    def load(cls, enabled: Collection[str] | None = None, *, installed: Iterable[Installed] | None = None) -> Registry:
        """Load core and the enabled plugins; None enables every installed one.

        Args:
            enabled: plugin names; those that are not installed are ignored here (``config.checks`` reports them).
            installed: what is installed, for tests; defaults to the environment's metadata.
        """
        found = tuple(installed_plugins() if installed is None else installed)
        wanted = [item for item in found if enabled is None or item.name in enabled]
        plugins = [_load(Installed(CORE, "casepan.stages.plugin", "casepan", _core_version()))]
        problems = list(_clashes(wanted))
        clashing = {problem.name for problem in problems}
        for item in wanted:
            if item.name not in clashing:
                _load_guarded(item, plugins, problems)
        names = {item.name for item in wanted}
        return cls(tuple(plugins), tuple(problems), tuple(item for item in found if item.name not in names))

    def plugin(self, name: str) -> Plugin:
        """The loaded plugin of that name.

        Raises:
            AdapterError: it is not loaded; says why and what to do.
        """
        for plugin in self.plugins:
            if plugin.name == name:
                return plugin
        raise self._missing(name)

    def spec(self, name: str) -> StageSpec:
        """The descriptor of a stage.

        Raises:
            AdapterError: no loaded plugin declares it; says what is nearest, or which distribution to install or enable.
        """
        if name in self._specs:
            return self._specs[name]
        owner = name.partition(".")[0]
        if owner not in {plugin.name for plugin in self.plugins}:
            raise self._missing(owner)
        near = get_close_matches(name, self._specs, n=1)
        stages = ", ".join(sorted(spec for spec in self._specs if spec.startswith(f"{owner}.")))
        hint = f"Did you mean {near[0]}?" if near else f"{owner} has: {stages or 'no stages'}."
        raise AdapterError(f"there is no stage {name!r}", hint=hint)

    def stages(self, kind: type[StageSpec] = StageSpec) -> tuple[StageSpec, ...]:
        """All descriptors of a kind, sorted by name."""
        return tuple(sorted((s for s in self._specs.values() if isinstance(s, kind)), key=lambda spec: spec.name))

    def options_type(self, name: str) -> type:
        """The attrs class of a stage's options; ``NoOptions`` when it has none."""
        spec = self.spec(name)
        if spec.options is None:
            return NoOptions
        kind = _imported(spec.options, name)
        if not isinstance(kind, type):
            raise AdapterError(f"the options of {name} are no class", hint="Report it to the plugin's author.")
        return kind

    def build(self, name: str, options: Any = None) -> Any:
        """The stage object, made as ``Class(options)``; without options its defaults are used.

        Raises:
            AdapterError: the stage is unknown, cannot be imported or does not start.
        """
        kind = self.options_type(name)
        factory = _imported(self.spec(name).factory, name)
        try:
            return factory(kind() if options is None else options)
        except Exception as error:
            raise AdapterError(
                f"{name} does not start: {_words(error)}", hint="Report it to the plugin's author."
            ) from error

    def recognise(
        self, listing: Listing, on_error: Callable[[str, Exception], None] | None = None
    ) -> tuple[Recognition, ...]:
        """What every plugin recognises in an arrival. A plugin that fails here is reported and claims nothing.

        Raises:
            NotReady: a plugin sees that the arrival is still being written.
        """
        found: list[Recognition] = []
        for plugin in self.plugins:
            try:
                found += self._recognised_by(plugin, listing)
            except NotReady:
                raise
            except Exception as error:
                (on_error or _report)(plugin.name, error)
        return tuple(found)

    def _recognised_by(self, plugin: Plugin, listing: Listing) -> tuple[Recognition, ...]:
        claims = _asked(plugin.hooks, "casepan_recognise", listing=listing)
        declared = {spec.name for spec in plugin.stages}
        for claim in claims:
            if not isinstance(claim, Recognition) or claim.stage not in declared:
                raise AdapterError("casepan_recognise names a stage that the plugin does not declare")
        return claims

    def finding_docs(self) -> Mapping[str, FindingDoc]:
        """The page of every finding code that loaded plugins can raise."""
        return {doc.code: doc for plugin in self.plugins for doc in plugin.findings}

    def samples(self) -> Mapping[str, tuple[Sample, ...]]:
        """Generated arrivals by plugin name; plugins without samples are left out."""
        made = {plugin.name: _asked(plugin.hooks, "casepan_samples") for plugin in self.plugins}
        return {name: samples for name, samples in made.items() if samples}

    def health(self, name: str, options: Any) -> tuple[HealthCheck, ...]:
        """What a plugin says of the world outside this machine; a failure is an answer too."""
        try:
            return _asked(self.plugin(name).hooks, "casepan_health", options=options)
        except Exception as error:
            return (HealthCheck(name, ok=False, detail=_words(error)),)

    def publish(self, event: Event) -> None:
        """Tell all observers. One that raises is reported and never stops the run."""
        for plugin in self._observing:
            try:
                plugin.hooks.casepan_on_event(event=event)
            except Exception as error:
                _report(plugin.name, error)

    @cached_property
    def _observing(self) -> tuple[Plugin, ...]:
        """Plugins that implement ``casepan_on_event``: mostly none, and events are many."""
        return tuple(plugin for plugin in self.plugins if plugin.hooks.casepan_on_event.get_hookimpls())

    def _missing(self, name: str) -> AdapterError:
        for problem in self.problems:
            if problem.name == name:
                return problem.as_error()
        if name in {item.name for item in self.available}:
            return AdapterError(
                f"plugin {name!r} is installed but not enabled", hint=f"Add [adapters.{name}] to lab.toml."
            )
        known = [plugin.name for plugin in self.plugins] + [item.name for item in self.available]
        near = get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Install it, for example: pip install casepan-{name}"
        return AdapterError(f"there is no plugin {name!r}", hint=hint)


def _core_version() -> str:
    from casepan import __version__

    return __version__


def _manager_of(module: ModuleType) -> pluggy.PluginManager:
    """One manager per plugin, so that a hook can be asked of one plugin inside its own guard."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(module)
    manager.check_pending()
    return manager


def _clashes(wanted: list[Installed]) -> Iterator[PluginProblem]:
    by_name: dict[str, list[Installed]] = {}
    for item in wanted:
        by_name.setdefault(item.name, []).append(item)
    for name, claims in by_name.items():
        if len(claims) == 1 and name != CORE:
            continue
        both = " and ".join(f"{item.distribution} {item.version}" for item in claims)
        who = f"{both} and casepan itself" if name == CORE else both
        yield PluginProblem(
            name, claims[0].distribution, claims[0].version, f"{who} claim the name {name!r}", "Uninstall one of them."
        )


def _load_guarded(item: Installed, plugins: list[Plugin], problems: list[PluginProblem]) -> None:
    try:
        plugins.append(_load(item))
    except KeyboardInterrupt:
        raise
    except _Refused as refused:
        reason, hint = refused.args
        problems.append(PluginProblem(item.name, item.distribution, item.version, reason, hint))
    except BaseException as error:  # a plugin may even call sys.exit
        reason = f"plugin {item.name!r} fails when it is loaded: {_words(error)}"
        hint = "Upgrade or uninstall it, or report it to its author."
        problems.append(PluginProblem(item.name, item.distribution, item.version, reason, hint))


def _load(item: Installed) -> Plugin:
    module = importlib.import_module(item.module.partition(":")[0])
    hooks = _checked_hooks(item, module)
    info = _checked_info(item, hooks)
    stages = tuple(spec for hook in STAGE_HOOKS for spec in _asked(hooks, hook))
    _check_stages(item, stages)
    return Plugin(item.name, item.distribution, item.version, info, hooks, stages, _asked(hooks, "casepan_findings"))


def _checked_hooks(item: Installed, module: ModuleType) -> pluggy.HookRelay:
    """Refuse hooks that nobody would ever call: misspelt, without the decorator, or with foreign arguments."""
    for name in vars(module):
        if not name.startswith("casepan_") or not callable(getattr(module, name)):
            continue
        if name not in HOOKS:
            near = get_close_matches(name, HOOKS, n=1)
            raise _Refused(
                f"plugin {item.name!r} defines {name}, which is no hook", f"Did you mean {near[0]}?" if near else ""
            )
        if not hasattr(getattr(module, name), "casepan_impl"):
            raise _Refused(
                f"plugin {item.name!r}: {name} lacks @hookimpl", "Decorate it: from casepan.api import hookimpl"
            )
    try:
        return _manager_of(module).hook
    except pluggy.PluginValidationError as error:
        raise _Refused(f"plugin {item.name!r} breaks a hook: {error}", "See casepan's author guide.") from error


def _checked_info(item: Installed, hooks: pluggy.HookRelay) -> AdapterInfo:
    answers = hooks.casepan_adapter()
    if not answers:
        raise _Refused(f"plugin {item.name!r} does not say who it is", "Implement casepan_adapter.")
    info = answers[0]
    if not isinstance(info, AdapterInfo):
        raise _Refused(
            f"plugin {item.name!r}: casepan_adapter gives no AdapterInfo", "Report it to the plugin's author."
        )
    if info.api_version != API_VERSION:
        older = item.distribution if info.api_version < API_VERSION else "casepan"
        reason = f"plugin {item.name!r} speaks API version {info.api_version}, this casepan speaks {API_VERSION}"
        raise _Refused(reason, f"Upgrade {older}.")
    if info.name != item.name:
        raise _Refused(
            f"plugin {item.name!r} calls itself {info.name!r}", "Entry point and AdapterInfo.name must agree."
        )
    return info


def _check_stages(item: Installed, stages: tuple[StageSpec, ...]) -> None:
    seen = set()
    for spec in stages:
        if not isinstance(spec, StageSpec):
            raise _Refused(f"plugin {item.name!r} declares something that is no stage", "Return specs of casepan.api.")
        if spec.plugin != item.name:
            raise _Refused(
                f"plugin {item.name!r} declares {spec.name!r}", f"Its stages must begin with {item.name!r} and a dot."
            )
        if spec.name in seen:
            raise _Refused(f"plugin {item.name!r} declares {spec.name!r} twice", "Give each stage its own name.")
        seen.add(spec.name)


def _asked(hooks: pluggy.HookRelay, hook: str, **arguments: Any) -> tuple[Any, ...]:
    return tuple(value for answer in getattr(hooks, hook)(**arguments) for value in answer)


def _imported(target: str, stage: str) -> Any:
    module, _, name = target.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except Exception as error:
        raise AdapterError(
            f"{stage} cannot be imported: {_words(error)}", hint="Upgrade the plugin, or report it to its author."
        ) from error


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _report(plugin: str, error: Exception) -> None:
    log.warning("plugin %s failed: %s", plugin, type(error).__name__)
