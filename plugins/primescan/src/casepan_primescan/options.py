"""Options of the Primescan importers."""

from __future__ import annotations

from typing import Literal

from attrs import frozen
from attrs.validators import matches_re

from casepan import api
from casepan.api import Duration, FolderPath, option


@frozen
class ExportOptions:
    """How exports of Primescan, CEREC and DS Core are read."""

    shared_frame: bool = option(
        True,
        "open exports hold both arches in one occlusion frame",
        source="inferred: CEREC exports after the buccal registration; no vendor text says so",
    )


@frozen
class DownloadsOptions:
    """Where DS Core's and Connect's downloads land and when they are taken."""

    path: FolderPath = option(doc="folder that the files are downloaded into")
    settle: Duration = option(
        Duration(60.0),
        "an arrival is taken when it was still for so long",
        source="a DXD of 200 MB takes a while to arrive",
    )
    give_up: Duration = option(Duration(7200.0), "an arrival with missing files is taken all the same after this time")
    done: str = option(
        "leave",
        "`leave`, or `move:FOLDER` to move the source away once every receipt is there",
        validator=matches_re(r"leave|move:.+"),
    )
    names: tuple[str, ...] = option((), "names to take, such as `*.dxd`; empty takes everything")


@frozen
class PackageOptions(api.PackageOptions):
    """How a case goes on as a DS Core download."""

    form: Literal["folder", "zip"] = option("zip", "one folder or one zip per case; DS Core gives zips")
