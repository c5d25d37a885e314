"""The conformance kit over the primescan adapter."""

from __future__ import annotations

from casepan.testing import AdapterConformance, ImporterConformance


class TestAdapter(AdapterConformance):
    """Declarations, hostile arrivals, other adapters' samples, damaged documents."""

    adapter = "primescan"


class TestImporter(ImporterConformance):
    """Every sample."""

    stage = "primescan.export"
