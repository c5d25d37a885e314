"""Run rules and gather what does not hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from casepan.contract.specs import ImporterSpec
from casepan.errors import CasepanError
from casepan.testing.conformance import adapting, exporting, importing
from casepan.testing.conformance.observing import Failure, Observed, observed, plugin, words

Rules = Mapping[str, Callable[..., Iterable[Any]]]


def _named(rules: Iterable[Callable[..., Iterable[Any]]]) -> Rules:
    return {rule.__name__.replace("_", "-"): rule for rule in rules}


def adapter_rules() -> Rules:
    """Rules for an adapter as a whole, by name."""
    return _named(adapting.RULES)


def importer_rules() -> Rules:
    """Rules for every sample of an importer, by name."""
    return _named(importing.RULES)


def exporter_rules() -> Rules:
    """Rules for an exporter that writes below a folder, by name."""
    return _named(exporting.RULES)


def check_adapter(name: str) -> tuple[Failure, ...]:
    """What does not hold of an installed adapter and its importers, empty when all is well.

    Raises:
        AdapterError: it is not installed, or cannot be loaded.
    """
    importers = [spec.name for spec in plugin(name).stages if isinstance(spec, ImporterSpec) and not spec.watches]
    whole = [failure for rule in adapter_rules() for failure in try_adapter(name, rule)]
    return (*whole, *(f for stage in importers for rule in importer_rules() for f in try_importer(stage, rule)))


def check_exporter(
    stage: str, options: Mapping[str, Any] | None = None, given: Mapping[str, bytes] | None = None
) -> tuple[Failure, ...]:
    """What does not hold of an exporter, empty when all is well.

    Args:
        options: as in ``lab.toml``; folders in them are relative.
        given: files that the options name as ``../given/NAME``.
    """
    return tuple(failure for rule in exporter_rules() for failure in try_exporter(stage, rule, options or {}, given))


def try_adapter(name: str, rule: str) -> tuple[Failure, ...]:
    """What one rule finds about an adapter."""
    return tuple(Failure(rule, subject, what) for subject, what in adapter_rules()[rule](name))


def try_importer(stage: str, rule: str) -> tuple[Failure, ...]:
    """What one rule finds about an importer, over all samples of its adapter that are not another importer's."""
    check = importer_rules()[rule]
    seen = [one for one in observed(stage.partition(".")[0]) if _concerns(one, stage)]
    judged = [one for one in seen if one.error is None or check is importing.reads_without_an_error]
    return tuple(Failure(rule, one.sample.name, what) for one in judged for what in check(one))


def try_exporter(
    stage: str, rule: str, options: Mapping[str, Any], given: Mapping[str, bytes] | None = None
) -> tuple[Failure, ...]:
    """What one rule finds about an exporter."""
    with exporting.Rigged(stage, options, given) as rig:
        try:
            return tuple(Failure(rule, stage, what) for what in exporter_rules()[rule](rig))
        except CasepanError as error:
            return (Failure(rule, stage, f"raised {words(error)}"),)


def _concerns(seen: Observed, stage: str) -> bool:
    expected = seen.sample.expected.stage
    return expected is None or expected == stage or expected.startswith("core.")
