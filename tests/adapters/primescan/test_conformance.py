"""The conformance kit over the primescan adapter."""

from __future__ import annotations

from casepan.testing import AdapterConformance, ExporterConformance, ImporterConformance


class TestAdapter(AdapterConformance):
    """Declarations, hostile arrivals, other adapters' samples, damaged documents."""

    adapter = "primescan"


class TestImporter(ImporterConformance):
    """Every sample."""

    stage = "primescan.export"


class TestPackage(ExporterConformance):
    """The package for a partner, as folder."""

    stage = "primescan.package"
    options = {"form": "folder"}  # noqa: RUF012


class TestZippedPackage(ExporterConformance):
    """The package for a partner, as zip."""

    stage = "primescan.package"
    options = {"form": "zip"}  # noqa: RUF012
