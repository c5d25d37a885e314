"""The conformance kit over the plugin ``dicom``."""

from __future__ import annotations

from casepan.testing import AdapterConformance, ExporterConformance, ImporterConformance


class TestAdapter(AdapterConformance):
    """Declarations, hostile arrivals, other adapters' samples, damaged documents."""

    adapter = "dicom"


class TestImporter(ImporterConformance):
    """Every sample."""

    stage = "dicom.study"


class TestStlFolder(ExporterConformance):
    """STL objects in a folder."""

    stage = "dicom.stl"
    options = {"path": "out"}  # noqa: RUF012


class TestObjFolder(ExporterConformance):
    """OBJ and MTL objects in a folder."""

    stage = "dicom.obj"
    options = {"path": "out"}  # noqa: RUF012
