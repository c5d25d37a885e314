"""The plugin ``deliver``: what it declares."""

from __future__ import annotations

from casepan.api import API_VERSION, AdapterInfo, hookimpl


@hookimpl
def casepan_adapter() -> AdapterInfo:
    """Delivery."""
    return AdapterInfo(
        name="deliver",
        title="Delivery",
        api_version=API_VERSION,
        summary="hands cases on by mail, HTTP, SFTP, S3 and WebDAV, writes tables and sends notices",
    )
