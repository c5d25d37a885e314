"""Options of the Medit importer."""

from __future__ import annotations

from attrs import frozen

from casepan.api import option


@frozen
class ExportOptions:
    """How Medit Link exports are read."""

    teeth_from_name: bool = option(True, "offer FDI teeth that the practice marked with # in the case name")
