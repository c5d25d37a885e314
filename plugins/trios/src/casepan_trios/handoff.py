"""How 3Shape cases arrive (a watched folder) and how a case goes on to a partner who works with 3Shape (its names)."""

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
from casepan_trios.layout import FRAME
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


class Package:
    """The exporter ``trios.package``: an open export as Unite writes it, ``<ref> UpperJawScan.stl`` and so on.

    Preparation and antagonist have the names of portal downloads. Such exports hold no order: it stands in ``rx.json``.
    Closed scans of 3Shape's own go along untouched.
    """

    def __init__(self, options: PackageOptions) -> None:
        self.options = options

    def deliver(self, case: Case, ctx: ExportContext) -> Receipt:
        """The package with every preferred scan. Raises as ``casepan.api.deliver_package``."""
        scans = [scan for scan in case.scans if scan.preferred and (scan.readable or scan.format in ("hps", "dcm"))]
        files, nameless = named_scans(ctx, scans, lambda scan: _stem(scan, ctx.place), other=f"{ctx.place} ")
        files.append(PackageFile("rx.json", rx_document(case.prescription, private=self.options.private), "order"))
        told = (*left_out(case, scans, private=self.options.private), *nameless, *_not_carried(case, scans))
        return deliver_package(ctx, self.options, files, not_carried=told)

    def probe(self, ctx: ExportContext) -> Receipt | None:
        """The receipt, if the package of this delivery is there and whole."""
        return probe_package(ctx, self.options)


def _not_carried(case: Case, scans: Iterable[Scan]) -> Iterator[str]:
    if case.prescription.items:
        yield "an open export holds no order: it stands in rx.json"
    if any(scan.frame != FRAME for scan in scans if scan.role == "arch"):
        yield "the layout promises arches in occlusion; check that these are"


def _named(scan: Scan, ref: str) -> Scan:
    """The scan with 3Shape's name; one of a role that 3Shape has no word for, or of an unknown jaw, keeps its own."""
    stem = _stem(scan, ref)
    if stem is None:
        return scan
    return evolve(scan, name=f"{stem}.{scan.file.suffix}" if scan.file.suffix else stem)


def _stem(scan: Scan, ref: str) -> str | None:
    """3Shape's name for a scan, None when it has none."""
    jaw = {"upper": "Upper", "lower": "Lower"}.get(scan.arch or "")
    words = (_RAW if scan.variant == "raw" else _WORDS).get(scan.role, _WORDS.get(scan.role))
    if words is None or (jaw is None and scan.role != "bite"):
        return None
    number = "" if scan.number is None else str(scan.number)
    return f"{ref} {'' if scan.role == 'bite' else jaw}{words}{number}"
