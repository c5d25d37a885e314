"""The conformance kit over the carestream adapter."""

from __future__ import annotations

from casepan.testing import AdapterConformance, ImporterConformance


class TestAdapter(AdapterConformance):
    """Declarations, hostile arrivals, other adapters' samples, damaged documents."""

    adapter = "carestream"


class TestImporter(ImporterConformance):
    """Every sample."""

    stage = "carestream.export"
