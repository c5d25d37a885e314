"""The conformance kit over the itero adapter."""

from __future__ import annotations

from casepan.testing import AdapterConformance, ExporterConformance, ImporterConformance


class TestAdapter(AdapterConformance):
    """Declarations, hostile arrivals, other adapters' samples, damaged documents."""

    adapter = "itero"


class TestImporter(ImporterConformance):
    """Every sample."""

    stage = "itero.order"


class TestPackage(ExporterConformance):
    """The package for a partner, as folder."""

    stage = "itero.package"
    options = {"form": "folder"}  # noqa: RUF012


class TestZippedPackage(ExporterConformance):
    """The package for a partner, as zip."""

    stage = "itero.package"
    options = {"form": "zip"}  # noqa: RUF012
