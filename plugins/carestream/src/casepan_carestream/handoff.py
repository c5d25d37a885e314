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
    PackageOptions,
    Receipt,
    Scan,
    Watch,
    deliver_package,
    left_out,
    named_scans,
    probe_package,
    rx_document,
)
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


class Package:
    """The exporter ``carestream.package``: a save folder as ScanFlow writes it, ``<date> - <time> - <ref>``.

    The meshes have their names of the catalogue; the order, for which ScanFlow has no file, stands in ``rx.json``.
    """

    def __init__(self, options: PackageOptions) -> None:
        self.options = options

    def deliver(self, case: Case, ctx: ExportContext) -> Receipt:
        """The package with every preferred scan that can be read. Raises as ``casepan.api.deliver_package``."""
        save = f"{(case.received_at or ctx.now()).strftime('%Y%m%d - %H%M%S')} - {ctx.place}/"
        scans = [scan for scan in case.scans if scan.preferred and scan.readable]
        files, nameless = named_scans(ctx, scans, lambda scan: _stem(scan, save), other=save)
        files.append(
            PackageFile(f"{save}rx.json", rx_document(case.prescription, private=self.options.private), "order")
        )
        told = (*left_out(case, scans, private=self.options.private), *nameless, *_not_carried(case, scans))
        return deliver_package(ctx, self.options, files, not_carried=told)

    def probe(self, ctx: ExportContext) -> Receipt | None:
        """The receipt, if the package of this delivery is there and whole."""
        return probe_package(ctx, self.options)


def _stem(scan: Scan, save: str) -> str | None:
    word = _word(scan)
    return f"{save}{word}" if word else None


def _not_carried(case: Case, scans: Iterable[Scan]) -> Iterator[str]:
    if any(scan.role in ("preparation", "antagonist") for scan in scans):
        yield "preparation and antagonist are both called anatomy: the ordered teeth tell which is which"
    if case.prescription.items:
        yield "ScanFlow saves no order: it stands in rx.json"


def _word(scan: Scan) -> str | None:
    """The catalogue's word for a scan, None when it has none."""
    if scan.role == "bite":
        return "Normal Bite" if (scan.number or 1) == 1 else f"Extra Bite {scan.number}"
    view, arch = _VIEWS.get(scan.role), _ARCHES.get(scan.arch or "")
    return f"{arch} {view}" if view and arch else None


def _named(scan: Scan) -> Scan:
    word = _word(scan)
    if word is None or not scan.preferred or not scan.readable:
        return scan
    return evolve(scan, name=f"{word}.{scan.file.suffix}")
