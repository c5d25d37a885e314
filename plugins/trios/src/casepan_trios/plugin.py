"""The hooks of the TRIOS adapter."""

from __future__ import annotations

from collections.abc import Iterable

from casepan.api import (
    API_VERSION,
    STAYS_AT_HOME,
    AdapterInfo,
    ExporterSpec,
    FindingDoc,
    ImporterSpec,
    Listing,
    NameLimits,
    Openness,
    Recognition,
    Sample,
    TransformerSpec,
    hookimpl,
)


@hookimpl
def casepan_adapter() -> AdapterInfo:
    """3Shape TRIOS, with its card."""
    from casepan_trios.personal import PERSONAL

    return AdapterInfo(
        name="trios",
        title="3Shape TRIOS",
        api_version=API_VERSION,
        summary="TRIOS scans as open exports, Communicate downloads, Dental System order folders and 3OXZ orders",
        scanners=("TRIOS 3", "TRIOS 4", "TRIOS 5", "3Shape Unite", "3Shape Communicate", "3Shape Dental System"),
        formats=("stl", "ply", "obj", "hps"),
        evidence="real",
        openness=Openness(
            open="STL and PLY from Unite once the scans are post-processed; STL from the Communicate portal",
            closed="DCM of today's scanners (HPS, schema CE), 3OXZ, .3ml: carried along untouched",
            colour="PLY per vertex; DCM as texture; STL has none",
            prescription="complete in the order XML of Dental System; an open export has none (rx.toml beside it)",
            arrives="folder or zip from Unite or the Communicate portal, order folder of Dental System; no public API",
            lost="with STL: colour, the order and its margin lines; an open export names no preparation, only the jaws",
        ),
        personal=PERSONAL,
    )


@hookimpl
def casepan_importers() -> Iterable[ImporterSpec]:
    """One reads every layout, one watches a folder."""
    yield ImporterSpec(
        name="trios.order",
        summary="Read TRIOS scans and orders",
        factory="casepan_trios.reading:OrderImporter",
        options="casepan_trios.options:OrderOptions",
    )
    yield ImporterSpec(
        name="trios.inbox",
        summary="Watch a folder for TRIOS exports, downloads and orders",
        factory="casepan_trios.handoff:Inbox",
        options="casepan_trios.options:InboxOptions",
        watches=True,
    )


@hookimpl
def casepan_transformers() -> Iterable[TransformerSpec]:
    """One gives scans 3Shape's names."""
    yield TransformerSpec(
        name="trios.names",
        summary="Name scans as 3Shape exports do, for a partner who works with 3Shape",
        factory="casepan_trios.handoff:OpenNames",
    )


@hookimpl
def casepan_exporters() -> Iterable[ExporterSpec]:
    """One writes an open export, one an order folder for Dental System."""
    yield ExporterSpec(
        name="trios.package",
        summary="An open export in 3Shape's words, for a partner who works with 3Shape",
        factory="casepan_trios.handoff:Package",
        options="casepan.api:PackageOptions",
        probe=True,
        names=NameLimits("layout"),
        not_carried=STAYS_AT_HOME,
    )
    yield ExporterSpec(
        name="trios.dental-system",
        summary="An order folder to import into Dental System, with the laboratory's own tables",
        factory="casepan_trios.dental_system:DentalSystemFolder",
        options="casepan_trios.options:DentalSystemOptions",
        probe=True,
        names=NameLimits("layout"),
        not_carried=STAYS_AT_HOME,
        formats=("stl",),
        colour=False,
    )


@hookimpl
def casepan_recognise(listing: Listing) -> Iterable[Recognition]:
    """The orders of 3Shape's in an arrival."""
    from casepan_trios.arrival import recognise

    return recognise(listing)


@hookimpl
def casepan_findings() -> Iterable[FindingDoc]:
    """What this adapter asks and reports."""
    yield FindingDoc(
        code="arrival.arch-unknown",
        severity="warning",
        title="Upper or lower is not known",
        cause="The scan is named by its role, such as preparation, and neither its folder nor the teeth tell the arch.",
        example="`Raw Preparation scan.stl` and `Raw Antagonist scan.stl` downloaded without their order.",
        remedy="Say it with `casepan cases set`, or put an rx.toml with the teeth beside the export.",
    )
    yield FindingDoc(
        code="arrival.role-unknown",
        severity="info",
        title="A scan has an unknown name",
        cause="An export holds a mesh whose name no rule knows. It is kept with the role `other`.",
        example="`Extra region.stl` beside `UpperJawScan.stl`.",
        remedy="Look at it once; if it is needed, say what it is with `casepan cases set`.",
    )
    yield FindingDoc(
        code="rx.unreadable-table",
        severity="info",
        title="A table of names in the order cannot be read",
        cause="`Materials.xml` beside the order is damaged. Materials are then taken from the order itself.",
        example="A truncated `Materials.xml` in an order folder.",
        remedy="Compare the materials with the order form; ask for the order again when they matter.",
    )


@hookimpl
def casepan_samples() -> Iterable[Sample]:
    """Generated arrivals of every layout."""
    from casepan_trios.testing import samples

    return samples()
