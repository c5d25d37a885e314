"""The conformance kit over the medit adapter."""

from __future__ import annotations

from casepan.testing import AdapterConformance, ImporterConformance


class TestAdapter(AdapterConformance):
    """Declarations, hostile arrivals, other adapters' samples, damaged documents."""

    adapter = "medit"


class TestImporter(ImporterConformance):
    """Every sample."""

    stage = "medit.export"
