"""The conformance kit: what every adapter and every exporter has to keep, as rules that an author runs with one line.

    from casepan.testing import AdapterConformance

    class TestConformance(AdapterConformance):
        adapter = "acme"

Outside pytest: ``check_adapter("acme")`` gives what does not hold. Rules are functions; a rule's docstring is its sentence.
"""

from __future__ import annotations

from casepan.testing.conformance.observing import Failure
from casepan.testing.conformance.running import (
    adapter_rules,
    check_adapter,
    check_exporter,
    exporter_rules,
    importer_rules,
)

__all__ = ["Failure", "adapter_rules", "check_adapter", "check_exporter", "exporter_rules", "importer_rules"]
