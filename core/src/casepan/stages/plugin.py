"""The built-in stages, declared like any plugin's."""

from __future__ import annotations

from collections.abc import Iterable

from casepan import __version__
from casepan.contract.listing import Listing, Recognition
from casepan.contract.specs import (
    API_VERSION,
    AdapterInfo,
    ExporterSpec,
    FindingDoc,
    ImporterSpec,
    NameLimits,
    Sample,
    TransformerSpec,
    ValidatorSpec,
)
from casepan.hookspecs import hookimpl


@hookimpl
def casepan_adapter() -> AdapterInfo:
    """Core itself."""
    return AdapterInfo(
        name="core",
        title=f"casepan {__version__}",
        api_version=API_VERSION,
        summary="inboxes, any scanner's STL, PLY and OBJ, the basic checks, folders and zips",
        formats=("stl", "ply", "obj"),
        evidence="real",
    )


@hookimpl
def casepan_importers() -> Iterable[ImporterSpec]:
    """The inbox, and the reader for scanners without an adapter of their own."""
    return (
        ImporterSpec(
            "core.inbox",
            "take folders, zips and loose meshes from a folder and ask every adapter whose they are",
            "casepan.stages.inbox:Inbox",
            "casepan.stages.inbox:InboxOptions",
            watches=True,
        ),
        ImporterSpec(
            "core.generic",
            "read any other scanner's STL, PLY and OBJ by the role words in its file names",
            "casepan.stages.generic:GenericReader",
            "casepan.stages.generic:GenericOptions",
        ),
    )


@hookimpl
def casepan_validators() -> Iterable[ValidatorSpec]:
    """The checks without which nothing should leave the lab's inbox."""
    return (
        ValidatorSpec(
            "core.require-scans",
            "upper, lower and a bite must be there",
            "casepan.stages.require_scans:RequireScans",
            "casepan.stages.require_scans:RequireScansOptions",
            standalone=False,
            reads=("scans", "closed"),
        ),
        ValidatorSpec(
            "core.mesh-sanity",
            "every scan is readable, finite, large enough and not too large",
            "casepan.stages.mesh_sanity:MeshSanity",
            "casepan.stages.mesh_sanity:MeshSanityOptions",
            standalone=False,
            reads=("scans",),
        ),
        ValidatorSpec(
            "core.units",
            "every arch has the size of a mouth in millimetres",
            "casepan.stages.units:Units",
            "casepan.stages.units:UnitsOptions",
            reads=("scans",),
        ),
    )


@hookimpl
def casepan_transformers() -> Iterable[TransformerSpec]:
    """Conversion and naming."""
    return (
        TransformerSpec(
            "core.convert",
            "write all scans in one mesh format and say what is lost",
            "casepan.stages.convert:Convert",
            "casepan.stages.convert:ConvertOptions",
            version=2,
        ),
        TransformerSpec(
            "core.rename",
            "name the files for the lab by a template",
            "casepan.stages.rename:Rename",
            "casepan.stages.rename:RenameOptions",
        ),
    )


@hookimpl
def casepan_exporters() -> Iterable[ExporterSpec]:
    """Folders and zips."""
    return (
        ExporterSpec(
            "core.folder",
            "one folder per case with a manifest and checksums",
            "casepan.stages.folder:FolderExport",
            "casepan.stages.folder:FolderOptions",
            probe=True,
            names=NameLimits("kept"),
        ),
        ExporterSpec(
            "core.zip",
            "one zip per case with a manifest and checksums",
            "casepan.stages.zip:ZipExport",
            "casepan.stages.zip:ZipOptions",
            probe=True,
            names=NameLimits("kept"),
        ),
    )


@hookimpl
def casepan_recognise(listing: Listing) -> Iterable[Recognition]:
    """Whatever has meshes may be any scanner's export."""
    from casepan.stages.generic import recognise_generic

    return recognise_generic(listing)


@hookimpl
def casepan_findings() -> Iterable[FindingDoc]:
    """Every code core can raise."""
    from casepan.stages.findings import FINDINGS

    return FINDINGS


@hookimpl
def casepan_samples() -> Iterable[Sample]:
    """Arrivals of no particular scanner, and a broken one."""
    from casepan.testing.samples import core_samples

    return core_samples()
