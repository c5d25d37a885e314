"""How cases arrive in a watched folder, and how they go on under this ecosystem's names.

Unfinished downloads are left alone until they are whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from attrs import evolve

from casepan.api import (
    Case,
    Context,
    ExportContext,
    NoOptions,
    PackageFile,
    Receipt,
    Scan,
    Watch,
    deliver_package,
    left_out,
    named_scans,
    probe_package,
    rx_document,
)
from casepan_primescan.options import DownloadsOptions, PackageOptions

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


class Package:
    """The exporter ``primescan.package``: DS Core's "download as .exocad", ``<date>-00000-000-upperjaw.ply`` and so on.

    Its project file is empty, as DS Core writes it; the order stands in ``rx.json`` beside it.
    """

    def __init__(self, options: PackageOptions) -> None:
        self.options = options

    def deliver(self, case: Case, ctx: ExportContext) -> Receipt:
        """The package with every preferred scan that can be read. Raises as ``casepan.api.deliver_package``."""
        start = _start((case.received_at or ctx.now()).date().isoformat())
        scans = [scan for scan in case.scans if scan.preferred and scan.readable]
        files, nameless = named_scans(ctx, scans, lambda scan: _stem(scan, start), other=start)
        files.append(PackageFile(f"{start.rstrip('-')}.dentalproject", b"", "empty project, as DS Core writes it"))
        files.append(PackageFile("rx.json", rx_document(case.prescription, private=self.options.private), "order"))
        told = (*left_out(case, scans, private=self.options.private), *nameless, *_not_carried(case, scans))
        return deliver_package(ctx, self.options, files, name=_package(ctx), not_carried=told)

    def probe(self, ctx: ExportContext) -> Receipt | None:
        """The receipt, if the package of this delivery is there and whole."""
        return probe_package(ctx, self.options, name=_package(ctx))


def _package(ctx: ExportContext) -> str:
    return f"{ctx.place}_exocad"


def _start(day: str) -> str:
    return f"{day}-00000-000-"


def _stem(scan: Scan, start: str) -> str | None:
    word = _word(scan)
    return f"{start}{word}" if word else None


def _not_carried(case: Case, scans: Iterable[Scan]) -> Iterator[str]:
    if any(scan.role in ("preparation", "antagonist", "edentulous") for scan in scans):
        yield "preparation and antagonist are both called jaw: the ordered teeth tell which is which"
    if case.prescription.items:
        yield "DS Core's project file is empty: the order stands in rx.json"


def _word(scan: Scan) -> str | None:
    """DS Core's word for a scan, None when it has none."""
    role = "arch" if scan.role in ("preparation", "antagonist", "edentulous") else scan.role
    return _WORDS.get((role, None if role == "bite" else scan.arch))


def _named(scan: Scan, day: str) -> Scan:
    word = _word(scan)
    if word is None or not scan.preferred or not scan.readable or (scan.role == "bite" and (scan.number or 1) > 1):
        return scan
    return evolve(scan, name=f"{_start(day)}{word}.{scan.file.suffix}")
