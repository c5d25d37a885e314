"""The conformance kit over the itero adapter."""

from __future__ import annotations

from casepan.testing import AdapterConformance, ImporterConformance


class TestAdapter(AdapterConformance):
    """Declarations, hostile arrivals, other adapters' samples, damaged documents."""

    adapter = "itero"


class TestImporter(ImporterConformance):
    """Every sample."""

    stage = "itero.order"
