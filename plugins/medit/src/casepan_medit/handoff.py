"""How cases arrive in a watched folder, and how they go on under this ecosystem's names.

Unfinished downloads are left alone until they are whole.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve

from casepan.api import Case, Context, NoOptions, Scan, Watch
from casepan_medit.options import DownloadsOptions

_TAILS: Mapping[tuple[str, str | None], str] = {
    ("arch", "upper"): "maxillary",
    ("arch", "lower"): "mandibular",
    ("preop", "upper"): "upperjaw-situ",
    ("preop", "lower"): "lowerjaw-situ",
    ("scanbody", "upper"): "upperjaw-marker",
    ("scanbody", "lower"): "lowerjaw-marker",
    ("gingiva", "upper"): "upperjaw-gingiva",
    ("gingiva", "lower"): "lowerjaw-gingiva",
}
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


class Downloads:
    """The importer ``medit.downloads``: tells the supervisor what to observe; the case is read by whoever recognises it."""

    def __init__(self, options: DownloadsOptions) -> None:
        self.options = options

    def watch(self) -> Watch:
        """The folder to observe."""
        given = self.options
        return Watch(given.path, settle=given.settle, give_up=given.give_up, done=given.done, names=given.names)


class MeditNames:
    """The transformer ``medit.names``: names scans as Medit Link does, with the case's ref in front."""

    def __init__(self, options: NoOptions) -> None:
        self.options = options

    def apply(self, case: Case, _ctx: Context) -> Case:
        """The case with names for its preferred scans; one that Medit has no word for keeps its own."""
        return evolve(case, scans=tuple(_named(scan, case.ref) for scan in case.scans))


def _named(scan: Scan, ref: str) -> Scan:
    role = "arch" if scan.role in ("preparation", "antagonist", "edentulous") else scan.role
    tail = _TAILS.get((role, scan.arch))
    if role == "bite" and 0 < (scan.number or 1) <= len(_ORDINALS):
        tail = f"occlusion{_ORDINALS[(scan.number or 1) - 1]}"
    if tail is None or not scan.preferred or not scan.readable:
        return scan
    return evolve(scan, name=f"{ref}-{tail}.{scan.file.suffix}")
