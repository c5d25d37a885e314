"""The hooks of the iTero adapter."""

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
    """Align iTero, with its card."""
    from casepan_itero.personal import PERSONAL

    return AdapterInfo(
        name="itero",
        title="Align iTero",
        api_version=API_VERSION,
        summary="iTero scans as OrthoCAD and restorative exports of the MyiTero portal",
        scanners=("iTero Element", "iTero Lumina", "MyiTero", "OrthoCAD"),
        formats=("stl", "ply"),
        evidence="real",
        openness=Openness(
            open="STL and PLY of both arches, with a manifest that names every file",
            closed="nothing that an export holds; the full scan stays in the MyiTero portal",
            colour="PLY: per vertex (OrthoCAD) or as a picture beside the mesh (restorative); STL has none",
            prescription="in the manifest: teeth, materials, shades, bridges, due day, doctor, notes; no practice name",
            arrives="zip downloaded from the MyiTero portal; the Lab Connector API is open to contract partners only",
            lost="there is no bite scan: the arches in occlusion are the bite; teeth-up exports lose it",
        ),
        personal=PERSONAL,
    )


@hookimpl
def casepan_importers() -> Iterable[ImporterSpec]:
    """One reads both families, one watches a folder of downloads."""
    yield ImporterSpec(
        name="itero.order",
        summary="Read iTero exports of both families",
        factory="casepan_itero.reading:OrderImporter",
        options="casepan_itero.options:OrderOptions",
    )
    yield ImporterSpec(
        name="itero.downloads",
        summary="Watch a folder for downloads from the MyiTero portal",
        factory="casepan_itero.handoff:Downloads",
        options="casepan_itero.options:DownloadsOptions",
        watches=True,
    )


@hookimpl
def casepan_exporters() -> Iterable[ExporterSpec]:
    """One hands a case to a partner in this ecosystem."""
    yield ExporterSpec(
        name="itero.package",
        summary="An export with manifest as MyiTero gives it, for a partner who works with iTero",
        factory="casepan_itero.handoff:Package",
        options="casepan_itero.options:PackageOptions",
        probe=True,
        names=NameLimits("layout"),
        not_carried=STAYS_AT_HOME,
    )


@hookimpl
def casepan_recognise(listing: Listing) -> Iterable[Recognition]:
    """The iTero orders in an arrival."""
    from casepan_itero.arrival import recognise

    return recognise(listing)


@hookimpl
def casepan_findings() -> Iterable[FindingDoc]:
    """What this adapter asks and reports."""
    yield FindingDoc(
        code="arrival.arch-conflict",
        severity="warning",
        title="Name and order disagree on the jaw",
        cause="The file name says one jaw and the order's manifest the other. Neither is believed.",
        example='`upper_jaw_with_ditch_#300000005.ply` listed with `JawId="Lower"`.',
        remedy="Look at the scan and say which jaw it shows with `casepan cases set`.",
    )
    yield FindingDoc(
        code="arrival.role-conflict",
        severity="info",
        title="Name and order disagree on the role",
        cause="The manifest lists a scan from before the preparation as an ordinary jaw. The file name is believed.",
        example='`upper_jaw_pretreatment_#300000005.ply` listed with `SubType="Jaw"`.',
        remedy="Nothing, unless the scan is not the pre-operative one.",
    )
    yield FindingDoc(
        code="arrival.role-unknown",
        severity="info",
        title="A scan has an unknown name",
        cause="An export holds a mesh whose name no rule knows. It is kept with the role `other`.",
        example="`70000001_shell_occlusion_u_cut_1.stl`, a part cut out by a laboratory.",
        remedy="Look at it once; if it is needed, say what it is with `casepan cases set`.",
    )


@hookimpl
def casepan_samples() -> Iterable[Sample]:
    """Generated arrivals of every layout."""
    from casepan_itero.testing import samples

    return samples()
