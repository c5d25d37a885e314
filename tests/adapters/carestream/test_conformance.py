"""The conformance kit over the carestream adapter."""

from __future__ import annotations

from casepan.testing import AdapterConformance, ExporterConformance, ImporterConformance


class TestAdapter(AdapterConformance):
    """Declarations, hostile arrivals, other adapters' samples, damaged documents."""

    adapter = "carestream"


class TestImporter(ImporterConformance):
    """Every sample."""

    stage = "carestream.export"


class TestPackage(ExporterConformance):
    """The package for a partner, as folder."""

    stage = "carestream.package"
    options = {"form": "folder"}  # noqa: RUF012


class TestZippedPackage(ExporterConformance):
    """The package for a partner, as zip."""

    stage = "carestream.package"
    options = {"form": "zip"}  # noqa: RUF012
