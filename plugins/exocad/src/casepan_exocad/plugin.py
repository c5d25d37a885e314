"""The plugin ``exocad``: what it declares."""

from __future__ import annotations

from casepan.api import API_VERSION, AdapterInfo, hookimpl


@hookimpl
def casepan_adapter() -> AdapterInfo:
    """exocad projects."""
    return AdapterInfo(
        name="exocad",
        title="exocad projects",
        api_version=API_VERSION,
        summary="writes and reads project folders in exocad's layout",
    )
