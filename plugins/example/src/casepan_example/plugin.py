"""The plugin ``example``. This module is imported at every start, so it imports ``casepan.api`` and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from casepan import api
from casepan.api import hookimpl


@hookimpl
def casepan_adapter() -> api.AdapterInfo:
    """Who this plugin is; the name equals the entry point in ``pyproject.toml``."""
    return api.AdapterInfo("example", "Example Scanner", api.API_VERSION, "the adapter of the author's guide")


@hookimpl
def casepan_importers() -> Iterable[api.ImporterSpec]:
    """What reads an arrival."""
    return (api.ImporterSpec("example.export", "read case.json and its meshes", "casepan_example.stages:ExportReader"),)


@hookimpl
def casepan_validators() -> Iterable[api.ValidatorSpec]:
    """What looks and never changes anything."""
    return (api.ValidatorSpec("example.shade", "every crown has a shade", "casepan_example.stages:check_shade"),)


@hookimpl
def casepan_transformers() -> Iterable[api.TransformerSpec]:
    """What changes the case."""
    return (api.TransformerSpec("example.names", "name scans by tooth", "casepan_example.stages:name_by_tooth"),)


@hookimpl
def casepan_recognise(listing: api.Listing) -> Iterable[api.Recognition]:
    """Whose arrival is this?"""
    from casepan_example.layout import recognise

    return recognise(listing)


@hookimpl
def casepan_findings() -> Iterable[api.FindingDoc]:
    """Every finding code the plugin can raise: title, cause, example, remedy."""
    shade = ("A crown without a shade", "The order names no shade.", "A crown on 26.", "Ask the office for the shade.")
    return (api.FindingDoc("example.no-shade", "warning", *shade),)


@hookimpl
def casepan_samples() -> Iterable[api.Sample]:
    """Generated arrivals, for tests and for ``casepan demo``."""
    from casepan_example.testing import samples

    return samples()
