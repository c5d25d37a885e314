"""Options of the TRIOS stages."""

from __future__ import annotations

from typing import Literal

from attrs import frozen
from attrs.validators import matches_re

from casepan.api import Duration, FilePath, FolderPath, PackageOptions, option


@frozen
class OrderOptions:
    """Options of ``trios.order``."""

    prefer: Literal["raw", "processed"] = option(
        "raw",
        "which scan to work on when an order holds both: `raw` as scanned, `processed` as edited afterwards",
    )


@frozen
class InboxOptions:
    """Options of ``trios.inbox``: where 3Shape cases land and when they are taken."""

    path: FolderPath = option(doc="folder that exports and downloads land in")
    settle: Duration = option(
        Duration(60.0),
        "an arrival is taken when it was still for so long",
        source="Unite and the portal write the files of one export one after the other",
    )
    give_up: Duration = option(Duration(7200.0), "an arrival with missing files is taken all the same after this time")
    done: str = option(
        "leave",
        "`leave`, or `move:FOLDER` to move the source away once every receipt is there",
        validator=matches_re(r"leave|move:.+"),
    )
    names: tuple[str, ...] = option((), "patterns of names to take; empty takes everything")


@frozen(kw_only=True)
class DentalSystemOptions(PackageOptions):
    """Options of ``trios.dental-system``."""

    materials: FilePath = option(doc="`Materials.xml`, copied out of any order of the laboratory's own Dental System")
    manufacturers: FilePath = option(doc="`Manufacturers.3ml`, copied out of the same order; it is never opened")
