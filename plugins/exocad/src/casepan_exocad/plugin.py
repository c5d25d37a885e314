"""The plugin ``exocad``: what it declares."""

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
    hookimpl,
)


@hookimpl
def casepan_adapter() -> AdapterInfo:
    """exocad projects, and the scanners that export in their style."""
    from casepan_exocad.personal import PERSONAL

    return AdapterInfo(
        name="exocad",
        title="exocad projects",
        api_version=API_VERSION,
        summary="writes project folders for exocad DentalCAD, and reads those that scanners export in this style",
        scanners=("Shining 3D Aoralscan", "any scanner that exports exocad-style folders", "exocad DentalDB"),
        formats=("stl", "ply", "obj"),
        evidence="real",
        openness=Openness(
            open="STL, PLY or OBJ of every scan, named by role; the order as XML in .dentalProject",
            closed="the laboratory's material configuration inside .dentalProject is compressed; it is kept, not read",
            colour="PLY and OBJ carry it, STL does not",
            prescription="teeth, type, material, shade, connectors, practice and notes; many scanners leave the teeth out",
            arrives="one folder per case: <case>.dentalProject, <case>-upperjaw, -lowerjaw, -TotalJaw0 and so on",
            lost="due day, doctor and implant system have no field in .dentalProject",
        ),
        personal=PERSONAL,
    )


@hookimpl
def casepan_importers() -> Iterable[ImporterSpec]:
    """One reads every project folder."""
    return (
        ImporterSpec(
            "exocad.folder",
            "read an exocad-style project folder of any scanner: meshes by their names, order from .dentalProject",
            "casepan_exocad.reading:FolderReader",
        ),
    )


@hookimpl
def casepan_exporters() -> Iterable[ExporterSpec]:
    """One hands cases to exocad."""
    return (
        ExporterSpec(
            "exocad.project",
            "a project folder that DentalDB imports and CAD opens, with .dentalProject and scans under exocad's names",
            "casepan_exocad.handoff:ProjectFolder",
            "casepan_exocad.options:ProjectOptions",
            probe=True,
            formats=("ply", "obj", "stl"),
            names=NameLimits("layout"),
            not_carried=STAYS_AT_HOME,
        ),
    )


@hookimpl
def casepan_recognise(listing: Listing) -> Iterable[Recognition]:
    """exocad-style projects in an arrival."""
    from casepan_exocad.arrival import recognise

    return recognise(listing)


@hookimpl
def casepan_findings() -> Iterable[FindingDoc]:
    """What the importer can notice."""
    return (
        FindingDoc(
            "exocad.project-unreadable",
            "warning",
            "The .dentalProject cannot be read",
            "The file is cut off or damaged, so teeth, materials and shades are missing. The scans are read all the same.",
            "A copy to the server that broke off in the middle of the XML.",
            "Ask for the case again, or take teeth and materials from the order itself.",
        ),
        FindingDoc(
            "exocad.matrix-unclear",
            "warning",
            "The matrices do not serve all scans",
            "A .matrix4 or .scanInfo says how the scan files lie in exocad's scene. It is damaged, or names only some of "
            "the scans. With a matrix for some of them only, scans of one case would lie centimetres apart.",
            "A .scanInfo from before a scan was added.",
            "casepan then uses the .matrix4, or no matrix at all. Compare the scans with each other before you measure.",
        ),
        FindingDoc(
            "exocad.scan-missing",
            "warning",
            "A scan that the project announces did not come",
            "A tooth of the .dentalProject says that scan bodies, situation or gingiva were scanned; no such file came. "
            "exocad will look for it.",
            "ScanAbutmentScan is true for 36, and there is no -lowerjaw-marker file.",
            "Ask the office for the scan, or untick it in DentalDB.",
        ),
        FindingDoc(
            "exocad.scan-unannounced",
            "info",
            "A scan came that no tooth announces",
            "There is a scan of scan bodies, situation or gingiva, but no tooth of the .dentalProject says so. exocad "
            "ignores such a file.",
            "A -lowerjaw-marker file, and ScanAbutmentScan is false for every tooth.",
            "Tick the scan for its tooth in DentalDB.",
        ),
    )


@hookimpl
def casepan_samples() -> Iterable[Sample]:
    """Generated arrivals, one for each tree that is known."""
    from casepan_exocad.testing import samples

    return samples()
