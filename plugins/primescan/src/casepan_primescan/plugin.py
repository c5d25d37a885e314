"""The plugin ``primescan``: what it declares."""

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
    """Primescan, Omnicam, CEREC, inLab and DS Core."""
    from casepan_primescan.personal import PERSONAL

    return AdapterInfo(
        name="primescan",
        title="Dentsply Sirona Primescan",
        api_version=API_VERSION,
        summary="DS Core downloads, DXD files, Connect case folders and local STL or OBJ exports",
        scanners=("Primescan", "Primescan 2", "Omnicam", "CEREC", "Connect", "inLab", "DS Core"),
        formats=("stl", "ply", "obj"),
        evidence="real",
        openness=Openness(
            open="STL, PLY and .exocad downloads of DS Core; STL or OBJ of the local software",
            closed="DXD: patient, practice and time can be read, the surfaces cannot; .lab, .rst, .con likewise",
            colour="OBJ and PLY may hold colour (not confirmed), STL has none",
            prescription="none in the files; it stands in DS Core or in the order sheet (PDF, XPS) beside them",
            arrives="DS Core download or order folder, Connect case folder, DXD by mail or portal",
            lost="teeth, work, shade and material: they never leave DS Core",
        ),
        personal=PERSONAL,
    )


@hookimpl
def casepan_importers() -> Iterable[ImporterSpec]:
    """One reads every layout, one watches a folder of downloads."""
    return (
        ImporterSpec(
            "primescan.export",
            "read DS Core and Connect downloads, DXD files and local exports of CEREC software",
            "casepan_primescan.reading:ExportReader",
            "casepan_primescan.options:ExportOptions",
        ),
        ImporterSpec(
            "primescan.downloads",
            "watch a folder for DS Core's and Connect's downloads",
            "casepan_primescan.handoff:Downloads",
            "casepan_primescan.options:DownloadsOptions",
            watches=True,
        ),
    )


@hookimpl
def casepan_transformers() -> Iterable[TransformerSpec]:
    """One gives scans the names of this ecosystem."""
    return (
        TransformerSpec(
            "primescan.names",
            "name scans as DS Core's exocad download does, for a partner who imports such downloads",
            "casepan_primescan.handoff:DsCoreNames",
        ),
    )


@hookimpl
def casepan_exporters() -> Iterable[ExporterSpec]:
    """One hands a case to a partner in this ecosystem."""
    return (
        ExporterSpec(
            "primescan.package",
            'a DS Core download "as .exocad", for a partner who lives there',
            "casepan_primescan.handoff:Package",
            "casepan_primescan.options:PackageOptions",
            probe=True,
            names=NameLimits("layout"),
            not_carried=STAYS_AT_HOME,
        ),
    )


@hookimpl
def casepan_recognise(listing: Listing) -> Iterable[Recognition]:
    """Primescan cases in an arrival."""
    from casepan_primescan.arrival import recognise

    return recognise(listing)


@hookimpl
def casepan_findings() -> Iterable[FindingDoc]:
    """What the importer can notice."""
    return (
        FindingDoc(
            "primescan.no-identity",
            "warning",
            "Nothing tells which case this is",
            "Local exports are called UpperJaw and LowerJaw in every case; only their folder tells cases apart.",
            "UpperJaw.stl and LowerJaw.stl dropped without a folder.",
            "Put the files into a folder named after the case, or give the case its patient by hand.",
        ),
        FindingDoc(
            "primescan.record-unreadable",
            "warning",
            "The record inside the DXD cannot be read",
            "The DXD is a zip with a damaged DentalCase.xml, so patient, practice and identity are unknown.",
            "A DXD that was changed by another program.",
            "Download the DXD again from DS Core.",
        ),
        FindingDoc(
            "primescan.teeth-from-name",
            "info",
            "The teeth were read from a name",
            "Exports hold no teeth, but the practice marked FDI teeth with # in the name of the file or folder.",
            "A DXD named with #11,21.",
            "Compare with the order in DS Core.",
        ),
    )


@hookimpl
def casepan_samples() -> Iterable[Sample]:
    """Generated arrivals, one for each tree of this ecosystem that is known."""
    from casepan_primescan.testing import samples

    return samples()
