"""The plugin ``prepare``: what it declares."""

from __future__ import annotations

from collections.abc import Iterable

from casepan.api import API_VERSION, AdapterInfo, FindingDoc, TransformerSpec, hookimpl


@hookimpl
def casepan_adapter() -> AdapterInfo:
    """Preparation."""
    return AdapterInfo(
        name="prepare",
        title="Preparation",
        api_version=API_VERSION,
        summary="repairs, orients, simplifies and pseudonymises cases and makes printable models",
    )


@hookimpl
def casepan_transformers() -> Iterable[TransformerSpec]:
    """One step for each way of getting a case ready."""
    return (
        TransformerSpec(
            "prepare.pseudonymise",
            "replace names of people by keyed pseudonyms in files and fields, and search every byte for what is left",
            "casepan_prepare.hiding.pseudonymise:Pseudonymise",
            "casepan_prepare.hiding.options:PseudonymiseOptions",
        ),
    )


@hookimpl
def casepan_findings() -> Iterable[FindingDoc]:
    """Every code the steps can raise."""
    from casepan_prepare.hiding.findings import FINDINGS as HIDING

    return HIDING
