"""Options of the Carestream importers."""

from __future__ import annotations

from attrs import frozen
from attrs.validators import matches_re

from casepan.api import Duration, FolderPath, option


@frozen
class ExportOptions:
    """How ScanFlow exports are read."""

    normal_bites: tuple[str, ...] = option(
        ("Normal Bite", "Mordida normal"),
        "names of the habitual bite; of several mandibles the one placed by such a bite is worked on",
    )


@frozen
class PackagesOptions:
    """Where packages of CS Connect and IS Connect land and when they are taken."""

    path: FolderPath = option(doc="folder that the files are downloaded into")
    settle: Duration = option(
        Duration(120.0),
        "an arrival is taken when it was still for so long",
        source="ZIP and PDF of one case are two downloads",
    )
    give_up: Duration = option(Duration(7200.0), "an arrival with missing files is taken all the same after this time")
    done: str = option(
        "leave",
        "`leave`, or `move:FOLDER` to move the source away once every receipt is there",
        validator=matches_re(r"leave|move:.+"),
    )
    names: tuple[str, ...] = option(("*.zip", "*.pdf"), "names to take; a PDF joins the ZIP of its name")
