"""The plugin ``carestream``: what it declares."""

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
    """One product line under two brands."""
    from casepan_carestream.personal import PERSONAL

    return AdapterInfo(
        name="carestream",
        title="Carestream / DEXIS",
        api_version=API_VERSION,
        summary="ScanFlow save folders and packages of CS Connect and IS Connect",
        scanners=("CS 3500", "CS 3600", "CS 3700", "CS 3800", "IS 3600", "IS 3700", "IS 3800", "ScanFlow"),
        formats=("stl", "ply"),
        evidence="real",
        openness=Openness(
            open="STL or PLY, one choice per save (on DEXIS part of the Premium plan)",
            closed="DICOM .dcm (header readable), raw data .cszx and .csz",
            colour="PLY probably carries vertex colour (not confirmed), STL has none",
            prescription="none that a program can read: the lab's own form comes as a PDF beside the package",
            arrives="save folder <date> - <time> - <name>, or ZIP and PDF of the portal",
            lost="teeth, work, shade and material; the mesh names hold no patient and no case",
        ),
        personal=PERSONAL,
    )


@hookimpl
def casepan_importers() -> Iterable[ImporterSpec]:
    """One reads every layout, one watches a folder of downloads."""
    return (
        ImporterSpec(
            "carestream.export",
            "read ScanFlow save folders, portal packages, DICOM headers and raw data names",
            "casepan_carestream.reading:ExportReader",
            "casepan_carestream.options:ExportOptions",
        ),
        ImporterSpec(
            "carestream.packages",
            "watch a folder for packages of CS Connect and IS Connect",
            "casepan_carestream.handoff:Packages",
            "casepan_carestream.options:PackagesOptions",
            watches=True,
        ),
    )


@hookimpl
def casepan_transformers() -> Iterable[TransformerSpec]:
    """One gives scans the names of this ecosystem."""
    return (
        TransformerSpec(
            "carestream.names",
            "name scans by ScanFlow's catalogue, for a partner who works with Carestream or DEXIS",
            "casepan_carestream.handoff:CatalogueNames",
        ),
    )


@hookimpl
def casepan_exporters() -> Iterable[ExporterSpec]:
    """One hands a case to a partner in this ecosystem."""
    return (
        ExporterSpec(
            "carestream.package",
            "a save folder as ScanFlow writes it, for a partner who lives there",
            "casepan_carestream.handoff:Package",
            "casepan.api:PackageOptions",
            probe=True,
            names=NameLimits("layout"),
            not_carried=STAYS_AT_HOME,
        ),
    )


@hookimpl
def casepan_recognise(listing: Listing) -> Iterable[Recognition]:
    """ScanFlow cases in an arrival."""
    from casepan_carestream.arrival import recognise

    return recognise(listing)


@hookimpl
def casepan_findings() -> Iterable[FindingDoc]:
    """What the importer can notice."""
    from casepan_carestream.findings import FINDINGS

    return FINDINGS


@hookimpl
def casepan_samples() -> Iterable[Sample]:
    """Generated arrivals, one for each tree of this ecosystem that is known."""
    from casepan_carestream.testing import samples

    return samples()
