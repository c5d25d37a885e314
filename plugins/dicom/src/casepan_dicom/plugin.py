"""The plugin ``dicom``: what it declares."""

from __future__ import annotations

from collections.abc import Iterable

from casepan.api import (
    API_VERSION,
    STAYS_AT_HOME,
    AdapterInfo,
    ExporterSpec,
    ImporterSpec,
    Listing,
    NameLimits,
    Openness,
    Recognition,
    Sample,
    hookimpl,
)

_MESHES = ("stl", "ply", "obj", "hps", "dicom")  # what is read here and written anew; GLB is not
_STAYS_AT_HOME = (*STAYS_AT_HOME, "files that only a vendor's software can read", "the order")


@hookimpl
def casepan_adapter() -> AdapterInfo:
    """DICOM archives and files."""
    from casepan_dicom.personal import PERSONAL

    return AdapterInfo(
        name="dicom",
        title="DICOM",
        api_version=API_VERSION,
        summary="stores scans as DICOM Encapsulated STL and OBJ objects, in folders and archives, and reads them",
        scanners=("archives and programs that store DICOM Encapsulated STL or OBJ",),
        formats=("dicom",),
        evidence="documented",
        openness=Openness(
            open="the mesh file itself lies inside the object, byte for byte",
            closed="nothing; other DICOM objects (radiographs, surfaces of scanners) are not read here",
            colour="OBJ objects carry it on the vertices, STL objects have none",
            prescription="none",
            arrives="one .dcm file per scan; a study is a case",
            lost="the order, and what a scan shows unless its title or description says it",
        ),
        personal=PERSONAL,
    )


@hookimpl
def casepan_importers() -> Iterable[ImporterSpec]:
    """One reads encapsulated meshes."""
    return (
        ImporterSpec(
            "dicom.study",
            "read a DICOM study of Encapsulated STL and OBJ objects (SOP classes 1.2.840.10008.5.1.4.1.1.104.3 to .5)",
            "casepan_dicom.reading:StudyReader",
        ),
    )


@hookimpl
def casepan_exporters() -> Iterable[ExporterSpec]:
    """One for each kind of object."""
    return (
        ExporterSpec(
            "dicom.stl",
            "one DICOM study of Encapsulated STL objects: into a folder, by STOW-RS or by C-STORE",
            "casepan_dicom.handoff:StlStudy",
            "casepan_dicom.options:DicomOptions",
            probe=True,
            formats=_MESHES,
            colour=False,
            names=NameLimits("layout", characters="ascii"),
            not_carried=_STAYS_AT_HOME,
        ),
        ExporterSpec(
            "dicom.obj",
            "one DICOM study of Encapsulated OBJ and MTL objects, with colour: into a folder, by STOW-RS or by C-STORE",
            "casepan_dicom.handoff:ObjStudy",
            "casepan_dicom.options:DicomOptions",
            probe=True,
            formats=_MESHES,
            names=NameLimits("layout", characters="ascii"),
            not_carried=(*_STAYS_AT_HOME, "pictures on surfaces: their colour goes onto the vertices"),
        ),
    )


@hookimpl
def casepan_recognise(listing: Listing) -> Iterable[Recognition]:
    """Studies of encapsulated meshes in an arrival."""
    from casepan_dicom.reading import recognise

    return recognise(listing)


@hookimpl
def casepan_samples() -> Iterable[Sample]:
    """Generated studies."""
    from casepan_dicom.testing import samples

    return samples()
