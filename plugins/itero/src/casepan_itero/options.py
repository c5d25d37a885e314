"""Options of the iTero stages."""

from __future__ import annotations

from typing import Literal

from attrs import frozen
from attrs.validators import matches_re

from casepan import api
from casepan.api import Duration, FolderPath, option


@frozen
class OrderOptions:
    """Options of ``itero.order``."""

    prefer: Literal["without-ditch", "with-ditch"] = option(
        "without-ditch", "which scan of a prepared arch to work on; laboratories differ, the other one is carried along"
    )


@frozen
class DownloadsOptions:
    """Options of ``itero.downloads``: where MyiTero downloads land and when they are taken."""

    path: FolderPath = option(doc="folder that exports and downloads land in")
    settle: Duration = option(
        Duration(60.0),
        "an arrival is taken when it was still for so long",
        source="browsers write a zip under a temporary name and rename it",
    )
    give_up: Duration = option(Duration(7200.0), "an arrival with missing files is taken all the same after this time")
    done: str = option(
        "leave",
        "`leave`, or `move:FOLDER` to move the source away once every receipt is there",
        validator=matches_re(r"leave|move:.+"),
    )
    names: tuple[str, ...] = option(
        ("iTero_Export_*", "OrthoCAD_Export_*"), "patterns of names to take; empty takes everything"
    )


@frozen
class PackageOptions(api.PackageOptions):
    """How a case goes on as an iTero export."""

    form: Literal["folder", "zip"] = option("zip", "one folder or one zip per case; MyiTero gives zips")
