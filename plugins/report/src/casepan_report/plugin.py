"""The plugin ``report``: what it declares."""

from __future__ import annotations

from collections.abc import Iterable

from casepan.api import API_VERSION, AdapterInfo, ExporterSpec, NameLimits, hookimpl


@hookimpl
def casepan_adapter() -> AdapterInfo:
    """Case report."""
    return AdapterInfo(
        name="report",
        title="Case report",
        api_version=API_VERSION,
        summary="one HTML file per case that a technician understands in ten seconds",
    )


@hookimpl
def casepan_exporters() -> Iterable[ExporterSpec]:
    """The report and the tray ticket."""
    return (
        ExporterSpec(
            "report.html",
            "the case report: one HTML file with verdict, order, pictures, findings and a 3D viewer",
            "casepan_report.export:ReportExport",
            "casepan_report.options:ReportOptions",
            probe=True,
            names=NameLimits("none"),
            not_carried=("scans, documents and all other files: only pictures of them",),
        ),
        ExporterSpec(
            "report.ticket",
            "the tray ticket: number, practice, teeth, material, shade, due day and a QR code, to be printed",
            "casepan_report.export:TicketExport",
            "casepan_report.options:TicketOptions",
            probe=True,
            names=NameLimits("none"),
            not_carried=("scans, documents and all other files", "findings"),
        ),
    )
