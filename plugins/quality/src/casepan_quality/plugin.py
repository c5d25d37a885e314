"""The plugin ``quality``: what it declares."""

from __future__ import annotations

from collections.abc import Iterable

from casepan.api import API_VERSION, AdapterInfo, FindingDoc, ValidatorSpec, hookimpl

SURFACES = ("scans", "prescription")
"""What the checks of surfaces look at: they run again only when a scan or the order changes."""


@hookimpl
def casepan_adapter() -> AdapterInfo:
    """Checks of any scanner's case."""
    return AdapterInfo(
        name="quality",
        title="Quality checks",
        api_version=API_VERSION,
        summary="tells in seconds whether the laboratory can start, and what to ask the office",
    )


@hookimpl
def casepan_validators() -> Iterable[ValidatorSpec]:
    """One check for each question a technician asks."""
    return (
        ValidatorSpec(
            "quality.completeness",
            "all scans and all words of the order that this work needs have come",
            "casepan_quality.completeness:Completeness",
            "casepan_quality.options:CompletenessOptions",
            reads=("scans", "closed", "prescription", "patient"),
        ),
        ValidatorSpec(
            "quality.identity",
            "every file shows what its name says: a scan of the mouth, the right arch, once, not mirrored, in millimetres",
            "casepan_quality.identity:Identity",
            "casepan_quality.options:IdentityOptions",
            reads=SURFACES,
        ),
        ValidatorSpec(
            "quality.bite",
            "the arches stand in occlusion, meet on both sides, and the bite scans lie on them",
            "casepan_quality.bite:Bite",
            "casepan_quality.options:BiteOptions",
            reads=SURFACES,
        ),
        ValidatorSpec(
            "quality.implant",
            "implant system, platform and scan body are known here, and the scan body is really in its scan",
            "casepan_quality.implant:Implants",
            "casepan_quality.options:ImplantOptions",
            reads=SURFACES,
        ),
        ValidatorSpec(
            "quality.coverage",
            "the scans show the ordered teeth, their neighbours and their opponents, and enough around them",
            "casepan_quality.coverage:Coverage",
            "casepan_quality.geometry_options:CoverageOptions",
            reads=SURFACES,
        ),
        ValidatorSpec(
            "quality.margin",
            "ordered crowns stand on prepared teeth, and no hole hides their finish lines",
            "casepan_quality.margin:Margin",
            "casepan_quality.geometry_options:MarginOptions",
            reads=SURFACES,
        ),
        ValidatorSpec(
            "quality.insertion",
            "undercuts and parallelism of teeth that carry one bridge or partial denture, along its best path: advice only",
            "casepan_quality.insertion:Insertion",
            "casepan_quality.geometry_options:InsertionOptions",
        ),
        ValidatorSpec(
            "quality.mesh",
            "the surface of every scan is sound: holes, loose parts, spikes, noise, double layers, flipped or coarse parts",
            "casepan_quality.mesh:MeshQuality",
            "casepan_quality.geometry_options:MeshOptions",
            reads=SURFACES,
        ),
    )


@hookimpl
def casepan_findings() -> Iterable[FindingDoc]:
    """Every code the checks can raise."""
    from casepan_quality.findings import FINDINGS
    from casepan_quality.geometry_findings import GEOMETRY

    return (*FINDINGS, *GEOMETRY)
