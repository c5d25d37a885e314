"""How cases arrive in a watched folder, and how they go on under this ecosystem's names.

Unfinished downloads are left alone until they are whole.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve

from casepan.api import Case, Context, NoOptions, Scan, Watch
from casepan_primescan.options import DownloadsOptions

_WORDS: Mapping[tuple[str, str | None], str] = {
    ("arch", "upper"): "upperjaw",
    ("arch", "lower"): "lowerjaw",
    ("preop", "upper"): "upperjaw-situ",
    ("preop", "lower"): "lowerjaw-situ",
    ("scanbody", "upper"): "upperjaw-marker",
    ("scanbody", "lower"): "lowerjaw-marker",
    ("gingiva", "upper"): "upperjaw-gingiva",
    ("gingiva", "lower"): "lowerjaw-gingiva",
    ("bite", None): "bite",
}


class Downloads:
    """The importer ``primescan.downloads``: tells the supervisor what to observe; the case is read by whoever recognises it."""

    def __init__(self, options: DownloadsOptions) -> None:
        self.options = options

    def watch(self) -> Watch:
        """The folder to observe."""
        given = self.options
        return Watch(given.path, settle=given.settle, give_up=given.give_up, done=given.done, names=given.names)


class DsCoreNames:
    """The transformer ``primescan.names``: names scans as DS Core's exocad download does; the folder names the case."""

    def __init__(self, options: NoOptions) -> None:
        self.options = options

    def apply(self, case: Case, ctx: Context) -> Case:
        """The case with names for its preferred scans; one that DS Core has no word for keeps its own."""
        day = (case.received_at or ctx.now()).date().isoformat()
        return evolve(case, scans=tuple(_named(scan, day) for scan in case.scans))


def _named(scan: Scan, day: str) -> Scan:
    role = "arch" if scan.role in ("preparation", "antagonist", "edentulous") else scan.role
    word = _WORDS.get((role, None if role == "bite" else scan.arch))
    if word is None or not scan.preferred or not scan.readable or (role == "bite" and (scan.number or 1) > 1):
        return scan
    return evolve(scan, name=f"{day}-00000-000-{word}.{scan.file.suffix}")
