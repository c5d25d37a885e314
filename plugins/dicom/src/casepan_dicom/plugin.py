"""The plugin ``dicom``: what it declares."""

from __future__ import annotations

from casepan.api import API_VERSION, AdapterInfo, hookimpl


@hookimpl
def casepan_adapter() -> AdapterInfo:
    """DICOM."""
    return AdapterInfo(
        name="dicom",
        title="DICOM",
        api_version=API_VERSION,
        summary="writes and reads encapsulated STL and OBJ objects",
    )
