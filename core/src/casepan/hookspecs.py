"""The hook specs, one function each. A plugin implements those it needs with ``@hookimpl``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from casepan.contract.listing import Listing, Recognition
    from casepan.contract.specs import (
        AdapterInfo,
        Event,
        ExporterSpec,
        FindingDoc,
        HealthCheck,
        ImporterSpec,
        ObserverSpec,
        Sample,
        TransformerSpec,
        ValidatorSpec,
    )

PROJECT = "casepan"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def casepan_adapter() -> AdapterInfo:  # type: ignore[empty-body]
    """Say who the plugin is. Every plugin implements this one."""


@hookspec
def casepan_importers() -> Iterable[ImporterSpec]:  # type: ignore[empty-body]
    """Declare importers."""


@hookspec
def casepan_validators() -> Iterable[ValidatorSpec]:  # type: ignore[empty-body]
    """Declare validators."""


@hookspec
def casepan_transformers() -> Iterable[TransformerSpec]:  # type: ignore[empty-body]
    """Declare transformers."""


@hookspec
def casepan_exporters() -> Iterable[ExporterSpec]:  # type: ignore[empty-body]
    """Declare exporters."""


@hookspec
def casepan_observers() -> Iterable[ObserverSpec]:  # type: ignore[empty-body]
    """Declare observers. One is at work where ``[adapters.PLUGIN] with`` holds a table of its name."""


@hookspec
def casepan_findings() -> Iterable[FindingDoc]:  # type: ignore[empty-body]
    """Document every finding code the plugin can raise."""


@hookspec
def casepan_recognise(listing: Listing) -> Iterable[Recognition]:  # type: ignore[empty-body]
    """Name the cases of the plugin's layouts in an arrival, one recognition per case; nothing when it is not theirs."""


@hookspec
def casepan_health(options: Any) -> Iterable[HealthCheck]:  # type: ignore[empty-body]
    """Check what the plugin needs outside this machine, for ``casepan check --online``."""


@hookspec
def casepan_on_event(event: Event) -> None:
    """Observe what happens. An observer that raises is reported and never stops the run."""


@hookspec
def casepan_samples() -> Iterable[Sample]:  # type: ignore[empty-body]
    """Give generated arrivals of the plugin's ecosystem."""
