"""The plugin ``medit``: what it declares."""

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
    """Medit's scanners and Medit Link."""
    from casepan_medit.personal import PERSONAL

    return AdapterInfo(
        name="medit",
        title="Medit i-series",
        api_version=API_VERSION,
        summary="Medit Link exports, plain and exocad-style, as folder or zip",
        scanners=("Medit i500", "Medit i600", "Medit i700", "Medit i900", "Medit Link", "Medit Scan for Clinics"),
        formats=("stl", "ply", "obj"),
        evidence="real",
        openness=Openness(
            open="STL, OBJ or PLY of every scan, one format per export; an exocad-style export with its .dentalProject",
            closed="meditMesh and raw data: only Medit's own software opens them",
            colour="OBJ (colour on the vertices) and PLY; STL has none",
            prescription="none in a plain export; teeth, type, material and shade in the exocad-style .dentalProject",
            arrives="folder or zip named <export date>-<case>, meshes named <scan date>-<patient>-<part>",
            lost="order, shade and material stay in Medit Link unless the exocad-style export is chosen",
        ),
        personal=PERSONAL,
    )


@hookimpl
def casepan_importers() -> Iterable[ImporterSpec]:
    """One reads every layout, one watches a folder of downloads."""
    return (
        ImporterSpec(
            "medit.export",
            "read a Medit Link export: plain or exocad-style, STL, PLY or OBJ",
            "casepan_medit.reading:ExportReader",
            "casepan_medit.options:ExportOptions",
        ),
        ImporterSpec(
            "medit.downloads",
            "watch a folder for Medit Link's downloads",
            "casepan_medit.handoff:Downloads",
            "casepan_medit.options:DownloadsOptions",
            watches=True,
        ),
    )


@hookimpl
def casepan_transformers() -> Iterable[TransformerSpec]:
    """One gives scans the names of this ecosystem."""
    return (
        TransformerSpec(
            "medit.names",
            "name scans as Medit Link does, for a partner who works with Medit or exocad",
            "casepan_medit.handoff:MeditNames",
        ),
    )


@hookimpl
def casepan_exporters() -> Iterable[ExporterSpec]:
    """One hands a case to a partner in this ecosystem."""
    return (
        ExporterSpec(
            "medit.package",
            "an exocad-style export as Medit Link writes it, with .dentalProject, for a partner who lives there",
            "casepan_medit.handoff:Package",
            "casepan.api:PackageOptions",
            probe=True,
            names=NameLimits("layout"),
            not_carried=STAYS_AT_HOME,
        ),
    )


@hookimpl
def casepan_recognise(listing: Listing) -> Iterable[Recognition]:
    """Medit cases in an arrival."""
    from casepan_medit.arrival import recognise

    return recognise(listing)


@hookimpl
def casepan_findings() -> Iterable[FindingDoc]:
    """What the importer can notice."""
    return (
        FindingDoc(
            "medit.names-differ",
            "warning",
            "Folder and meshes carry different names",
            "Medit Link names the folder after the case and the meshes after the patient record they were scanned for. "
            "They differ when the clinic attached scans of another record, or renamed the case.",
            "The folder is named after one patient, the meshes inside after another.",
            "Ask the office whose scans these are before you start.",
        ),
        FindingDoc(
            "medit.no-identity",
            "warning",
            "Nothing tells which case this is",
            "The meshes are called maxillary, mandibular and so on, without the date and patient that Medit Link puts "
            "in front.",
            "Somebody renamed the files to maxillary.stl and mandibular.stl.",
            "Ask the sender to keep the names of the export, or give the case its patient by hand.",
        ),
        FindingDoc(
            "medit.teeth-from-name",
            "info",
            "The teeth were read from the case name",
            "The export holds no order, but the practice marked FDI teeth with # in the case name.",
            "A case named with #26 at its end.",
            "Compare with the order in Medit Link.",
        ),
        FindingDoc(
            "medit.project-unreadable",
            "warning",
            "The .dentalProject cannot be read",
            "The file is cut off or damaged, so teeth, materials and shades are missing.",
            "A download that broke off in the middle of the XML.",
            "Download the case again, or take the order from Medit Link.",
        ),
    )


@hookimpl
def casepan_samples() -> Iterable[Sample]:
    """Generated arrivals, one for each tree of Medit that is known."""
    from casepan_medit.testing import samples

    return samples()
