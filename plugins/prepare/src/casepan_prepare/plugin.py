"""The plugin ``prepare``: what it declares."""

from __future__ import annotations

from casepan.api import API_VERSION, AdapterInfo, hookimpl


@hookimpl
def casepan_adapter() -> AdapterInfo:
    """Preparation."""
    return AdapterInfo(
        name="prepare",
        title="Preparation",
        api_version=API_VERSION,
        summary="repairs, orients, simplifies and pseudonymises cases and makes printable models",
    )
