"""Options of the Medit importers."""

from __future__ import annotations

from attrs import frozen
from attrs.validators import matches_re

from casepan.api import Duration, FolderPath, option


@frozen
class ExportOptions:
    """How Medit Link exports are read."""

    teeth_from_name: bool = option(True, "offer FDI teeth that the practice marked with # in the case name")


@frozen
class DownloadsOptions:
    """Where Medit Link's downloads land and when they are taken."""

    path: FolderPath = option(doc="folder that the files are downloaded into")
    settle: Duration = option(
        Duration(60.0),
        "an arrival is taken when it was still for so long",
        source="Medit Link writes the meshes of one export one after the other",
    )
    give_up: Duration = option(Duration(7200.0), "an arrival with missing files is taken all the same after this time")
    done: str = option(
        "leave",
        "`leave`, or `move:FOLDER` to move the source away once every receipt is there",
        validator=matches_re(r"leave|move:.+"),
    )
    names: tuple[str, ...] = option(
        ("????-??-??-*",), "names to take: exports begin with their date; empty takes everything"
    )
