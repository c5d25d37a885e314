"""The conformance kit over the destinations of core."""

from __future__ import annotations

from casepan.testing import ExporterConformance


class TestFolder(ExporterConformance):
    """One folder per case."""

    stage = "core.folder"


class TestZip(ExporterConformance):
    """One zip per case."""

    stage = "core.zip"


class TestCompressedZip(ExporterConformance):
    """One compressed zip per case."""

    stage = "core.zip"
    options = {"compress": True}  # noqa: RUF012
