"""Options of the exporters: light, because ``casepan check`` reads them."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from casepan.api import FolderPath, option

Variant = Literal["lab", "office", "anonymous"]
Notation = Literal["fdi", "universal"]


@frozen
class ReportOptions:
    """Options of ``report.html``."""

    path: FolderPath = option(FolderPath("reports"), "folder that gets one folder or zip per case")
    form: Literal["folder", "zip"] = option("folder", "one folder or one zip per case")
    variant: Variant = option(
        "anonymous",
        "`anonymous` names no person, `office` leaves the laboratory's internals out, `lab` tells everything",
    )
    notation: Notation | None = option(None, "tooth numbers; by default the practice's own, else `fdi`")
    viewer: bool = option(True, "put the 3D viewer into the file")
    lab: str = option("", "name of the laboratory in the head of the report")
    timezone: str = option("UTC", "IANA zone of the times in the report, such as `Europe/Berlin`")


@frozen
class TicketOptions:
    """Options of ``report.ticket``."""

    path: FolderPath = option(FolderPath("tickets"), "folder that gets one folder or zip per case")
    form: Literal["folder", "zip"] = option("folder", "one folder or one zip per case")
    size: Literal["a5", "label"] = option("a5", "`a5` paper, or a `label` of 62 x 100 mm")
    patient: bool = option(False, "print the patient's name")
    notation: Notation | None = option(None, "tooth numbers; by default the practice's own, else `fdi`")
    code: str = option("{ref}", "what the QR code says; {ref} is the case, {number} the lab's own number")
    lab: str = option("", "name of the laboratory in the head of the ticket")
