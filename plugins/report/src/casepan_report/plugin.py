"""The plugin ``report``: what it declares."""

from __future__ import annotations

from casepan.api import API_VERSION, AdapterInfo, hookimpl


@hookimpl
def casepan_adapter() -> AdapterInfo:
    """Case report."""
    return AdapterInfo(
        name="report",
        title="Case report",
        api_version=API_VERSION,
        summary="one HTML file per case that a technician understands in ten seconds",
    )
