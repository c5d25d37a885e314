"""The conformance kit over the example adapter."""

from __future__ import annotations

from casepan.testing import AdapterConformance, ImporterConformance


class TestAdapter(AdapterConformance):
    """Declarations, hostile arrivals, other adapters' samples, damaged documents."""

    adapter = "example"


class TestImporter(ImporterConformance):
    """Every sample."""

    stage = "example.export"
