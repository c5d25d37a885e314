"""The conformance kit over the trios adapter."""

from __future__ import annotations

from casepan.testing import AdapterConformance, ExporterConformance, ImporterConformance
from casepan_trios.testing_files import materials_xml


class TestAdapter(AdapterConformance):
    """Declarations, hostile arrivals, other adapters' samples, damaged documents."""

    adapter = "trios"


class TestImporter(ImporterConformance):
    """Every sample."""

    stage = "trios.order"


class TestPackage(ExporterConformance):
    """The open export for a partner, as folder."""

    stage = "trios.package"


class TestZippedPackage(ExporterConformance):
    """The open export for a partner, as zip."""

    stage = "trios.package"
    options = {"form": "zip"}  # noqa: RUF012


class TestDentalSystem(ExporterConformance):
    """The order folder for Dental System."""

    stage = "trios.dental-system"
    options = {"materials": "../given/Materials.xml", "manufacturers": "../given/Manufacturers.3ml"}  # noqa: RUF012
    given = {  # noqa: RUF012
        "Materials.xml": materials_xml({"C1001_Z": "Zirconia", "C1001_C": "Crown"}),
        "Manufacturers.3ml": b"PK locked",
    }
