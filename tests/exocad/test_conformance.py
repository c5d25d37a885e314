"""The conformance kit over the plugin ``exocad``."""

from __future__ import annotations

from casepan.testing import AdapterConformance, ExporterConformance, ImporterConformance
from casepan_exocad.testing import configured, tooth


class TestAdapter(AdapterConformance):
    """Declarations, hostile arrivals, other adapters' samples, damaged documents."""

    adapter = "exocad"


class TestImporter(ImporterConformance):
    """Every sample."""

    stage = "exocad.folder"


class TestProject(ExporterConformance):
    """The small project."""

    stage = "exocad.project"
    options = {"path": "out"}  # noqa: RUF012


class TestClonedProject(ExporterConformance):
    """The project made from the laboratory's own."""

    stage = "exocad.project"
    options = {"path": "out", "template": "../given/ours.dentalProject"}  # noqa: RUF012
    given = {"ours.dentalProject": configured(tooth(11))}  # noqa: RUF012
