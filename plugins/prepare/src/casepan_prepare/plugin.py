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
            "prepare.repair",
            "mend small faults of every scan and say each; never its outline, nor where an ordered tooth's finish line runs",
            "casepan_prepare.repair:Repair",
            "casepan_prepare.options:RepairOptions",
        ),
        TransformerSpec(
            "prepare.orient",
            "bring the whole case to the occlusal frame by one rigid transform that stands in the manifest",
            "casepan_prepare.orient:Orient",
            "casepan_prepare.options:OrientOptions",
        ),
        TransformerSpec(
            "prepare.simplify",
            "fewer triangles, nowhere farther from the scan than a tolerance that is measured; borders kept",
            "casepan_prepare.simplify:Simplify",
            "casepan_prepare.options:SimplifyOptions",
        ),
        TransformerSpec(
            "prepare.model",
            "a closed, labelled model of each arch for the printer, both in occlusion, solid or hollow",
            "casepan_prepare.model:Model",
            "casepan_prepare.options:ModelOptions",
        ),
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
    from casepan_prepare.findings import FINDINGS
    from casepan_prepare.hiding.findings import FINDINGS as HIDING

    return (*FINDINGS, *HIDING)
