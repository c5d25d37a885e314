"""The rules as pytest classes: an author subclasses one with one line."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from casepan.testing.conformance.observing import Failure
from casepan.testing.conformance.running import (
    Rules,
    adapter_rules,
    exporter_rules,
    importer_rules,
    try_adapter,
    try_exporter,
    try_importer,
)


class _Conformance(ABC):
    """One test per rule. ``exempt`` names rules that do not apply, each with the reason that is shown."""

    exempt: ClassVar[Mapping[str, str]] = {}

    @classmethod
    @abstractmethod
    def rules(cls) -> Rules:
        """The rules by name."""

    @abstractmethod
    def failures(self, rule: str) -> tuple[Failure, ...]:
        """What one rule finds."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One test for each rule."""
        metafunc.parametrize("rule", list(self.rules()))

    def test_rule(self, rule: str) -> None:
        """The rule holds for every subject it is tried on."""
        if rule in self.exempt:
            pytest.skip(self.exempt[rule])
        failures = self.failures(rule)
        said = (self.rules()[rule].__doc__ or rule).strip()
        assert not failures, "\n  ".join([said, *map(str, failures)])


class AdapterConformance(_Conformance):
    """What an adapter declares, and how it treats arrivals that are not its own.

    class TestConformance(AdapterConformance):
        adapter = "acme"
    """

    adapter: ClassVar[str]

    @classmethod
    def rules(cls) -> Rules:
        """The rules by name."""
        return adapter_rules()

    def failures(self, rule: str) -> tuple[Failure, ...]:
        """What one rule finds."""
        return try_adapter(self.adapter, rule)


class ImporterConformance(_Conformance):
    """What must hold for every sample that an importer reads.

    class TestOrders(ImporterConformance):
        stage = "acme.order"
    """

    stage: ClassVar[str]

    @classmethod
    def rules(cls) -> Rules:
        """The rules by name."""
        return importer_rules()

    def failures(self, rule: str) -> tuple[Failure, ...]:
        """What one rule finds."""
        return try_importer(self.stage, rule)


class ExporterConformance(_Conformance):
    """What an exporter that writes below a folder keeps, whatever goes wrong there.

    class TestPackage(ExporterConformance):
        stage = "acme.package"
        options = {"path": "out"}

    Attributes:
        options: as in ``lab.toml``; folders in them are relative.
        given: files that the options name as ``../given/NAME``.
    """

    stage: ClassVar[str]
    options: ClassVar[Mapping[str, Any]] = {}
    given: ClassVar[Mapping[str, bytes]] = {}

    @classmethod
    def rules(cls) -> Rules:
        """The rules by name."""
        return exporter_rules()

    def failures(self, rule: str) -> tuple[Failure, ...]:
        """What one rule finds."""
        return try_exporter(self.stage, rule, self.options, self.given)
