"""How cases arrive in a watched folder, and how they go on under this ecosystem's names.

Unfinished downloads are left alone until they are whole.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve

from casepan.api import Case, Context, NoOptions, Scan, Watch
from casepan_carestream.options import PackagesOptions

_ARCHES: Mapping[str, str] = {"upper": "Maxillary", "lower": "Mandibular"}
_VIEWS: Mapping[str, str] = {
    "arch": "Anatomy",
    "antagonist": "Anatomy",
    "preparation": "Anatomy",
    "preop": "Pre Scan",
    "scanbody": "Scan Body",
    "edentulous": "Edentulous",
    "denture": "Denture",
    "gingiva": "Emergence Profile",
}


class Packages:
    """The importer ``carestream.packages``: tells the supervisor what to observe; the case is read by whoever recognises it."""

    def __init__(self, options: PackagesOptions) -> None:
        self.options = options

    def watch(self) -> Watch:
        """The folder to observe."""
        given = self.options
        return Watch(given.path, settle=given.settle, give_up=given.give_up, done=given.done, names=given.names)


class CatalogueNames:
    """The transformer ``carestream.names``: names scans by ScanFlow's catalogue; the folder names the case."""

    def __init__(self, options: NoOptions) -> None:
        self.options = options

    def apply(self, case: Case, _ctx: Context) -> Case:
        """The case with names for its preferred scans; one that the catalogue has no word for keeps its own."""
        return evolve(case, scans=tuple(_named(scan) for scan in case.scans))


def _named(scan: Scan) -> Scan:
    view, arch = _VIEWS.get(scan.role), _ARCHES.get(scan.arch or "")
    word = f"{arch} {view}" if view and arch else None
    if scan.role == "bite":
        word = "Normal Bite" if (scan.number or 1) == 1 else f"Extra Bite {scan.number}"
    if word is None or not scan.preferred or not scan.readable:
        return scan
    return evolve(scan, name=f"{word}.{scan.file.suffix}")
