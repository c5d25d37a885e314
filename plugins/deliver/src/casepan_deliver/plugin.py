"""The plugin ``deliver``: what it declares."""

from __future__ import annotations

from collections.abc import Iterable

from casepan.api import API_VERSION, AdapterInfo, ExporterSpec, NameLimits, ObserverSpec, hookimpl


@hookimpl
def casepan_adapter() -> AdapterInfo:
    """Delivery."""
    return AdapterInfo(
        name="deliver",
        title="Delivery",
        api_version=API_VERSION,
        summary="hands cases on by mail, HTTP, SFTP, S3 and WebDAV, writes tables and sends notices",
    )


@hookimpl
def casepan_exporters() -> Iterable[ExporterSpec]:
    """Destinations."""
    yield ExporterSpec(
        "deliver.remote",
        "One zip or folder per case on an SFTP, S3 or WebDAV server, proven and never twice",
        "casepan_deliver.remote:RemoteExport",
        "casepan_deliver.remote_options:RemoteOptions",
        probe=True,
        names=NameLimits("kept", longest_path=1024),
    )
    yield ExporterSpec(
        "deliver.http",
        "One zip per case to the lab's own portal: form, PUT, signed PUT or resumable",
        "casepan_deliver.http_export:HttpExport",
        "casepan_deliver.http_options:HttpOptions",
        probe=True,
        names=NameLimits("kept"),
    )
    yield ExporterSpec(
        "deliver.email",
        "The zip of a case, or the letter to the office, as one mail",
        "casepan_deliver.email_export:Email",
        "casepan_deliver.email_options:EmailOptions",
        names=NameLimits("kept"),
    )
    yield ExporterSpec(
        "deliver.table",
        "One row per work item for the lab's management program: CSV, JSON lines, or a post",
        "casepan_deliver.table:Table",
        "casepan_deliver.table_options:TableOptions",
        probe=True,
        names=NameLimits("none"),
        not_carried=("scans, documents and all other files", "findings"),
    )
    yield ExporterSpec(
        "deliver.notify",
        "A notice about a case by mail or chat: ready, held, rush",
        "casepan_deliver.notify:Notify",
        "casepan_deliver.notify_options:NotifyOptions",
        names=NameLimits("none"),
        not_carried=("scans, documents and all other files", "all of the order but kinds, teeth and dates"),
    )


@hookimpl
def casepan_observers() -> Iterable[ObserverSpec]:
    """Who tells people at once."""
    yield ObserverSpec(
        "deliver.notices",
        "Tell by mail or chat what failed for good and what lies in quarantine; the morning digest goes the same way",
        "casepan_deliver.notices:Notices",
        "casepan_deliver.notify_options:NoticesOptions",
    )
