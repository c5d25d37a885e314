"""The conformance kit over the medit adapter."""

from __future__ import annotations

from casepan.testing import AdapterConformance, ExporterConformance, ImporterConformance


class TestAdapter(AdapterConformance):
    """Declarations, hostile arrivals, other adapters' samples, damaged documents."""

    adapter = "medit"


class TestImporter(ImporterConformance):
    """Every sample."""

    stage = "medit.export"


class TestPackage(ExporterConformance):
    """The package for a partner, as folder."""

    stage = "medit.package"
    options = {"form": "folder"}  # noqa: RUF012


class TestZippedPackage(ExporterConformance):
    """The package for a partner, as zip."""

    stage = "medit.package"
    options = {"form": "zip"}  # noqa: RUF012
