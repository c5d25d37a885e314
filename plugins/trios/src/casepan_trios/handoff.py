"""How 3Shape cases arrive (a watched folder) and how a case goes on to a partner who works with 3Shape (its names)."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve

from casepan.api import Case, Context, NoOptions, Scan, Watch
from casepan_trios.options import InboxOptions

_WORDS: Mapping[str, str] = {
    "arch": "JawScan",
    "preparation": " PreparationScan",
    "antagonist": " AntagonistScan",
    "preop": " PrePreparationScan",
    "scanbody": " AbutmentAlignmentScan",
    "bite": "BiteScan",
    "gingiva": " Gingiva",
    "edentulous": " Edentulous",
    "denture": " Denture",
    "waxup": " WaxUp",
}
_RAW: Mapping[str, str] = {"preparation": " Raw Preparation scan", "antagonist": " Raw Antagonist scan"}


class Inbox:
    """The importer ``trios.inbox``: tells the supervisor what to observe; the case is read by whoever recognises it."""

    def __init__(self, options: InboxOptions) -> None:
        self.options = options

    def watch(self) -> Watch:
        """The folder to observe; unfinished downloads in it are left alone."""
        given = self.options
        return Watch(given.path, settle=given.settle, give_up=given.give_up, done=given.done, names=given.names)


class OpenNames:
    """The transformer ``trios.names``: names scans as 3Shape's exports do, the case's ref in front of 3Shape's words."""

    def __init__(self, options: NoOptions) -> None:
        self.options = options

    def apply(self, case: Case, ctx: Context) -> Case:  # noqa: ARG002
        """The case with names for its preferred scans; variants that are only carried along keep theirs."""
        return evolve(case, scans=tuple(_named(scan, case.ref) if scan.preferred else scan for scan in case.scans))


def _named(scan: Scan, ref: str) -> Scan:
    """The scan with 3Shape's name; one of a role that 3Shape has no word for, or of an unknown jaw, keeps its own."""
    jaw = {"upper": "Upper", "lower": "Lower"}.get(scan.arch or "")
    words = (_RAW if scan.variant == "raw" else _WORDS).get(scan.role, _WORDS.get(scan.role))
    if words is None or (jaw is None and scan.role != "bite"):
        return scan
    number = "" if scan.number is None else str(scan.number)
    name = f"{ref} {'' if scan.role == 'bite' else jaw}{words}{number}"
    return evolve(scan, name=f"{name}.{scan.file.suffix}" if scan.file.suffix else name)
