"""The conformance kit over the trios adapter."""

from __future__ import annotations

from casepan.testing import AdapterConformance, ImporterConformance


class TestAdapter(AdapterConformance):
    """Declarations, hostile arrivals, other adapters' samples, damaged documents."""

    adapter = "trios"


class TestImporter(ImporterConformance):
    """Every sample."""

    stage = "trios.order"
