"""How iTero cases arrive (downloads from the MyiTero portal) and how a case goes on to a partner who works with iTero."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from casepan.api import (
    Case,
    ExportContext,
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
from casepan_itero.layout import OCCLUSION
from casepan_itero.manifest import manifest_xml, ordered
from casepan_itero.options import DownloadsOptions, PackageOptions
from casepan_itero.rx import Exported

_JAWS = ("preparation", "antagonist", "arch", "edentulous")


class Downloads:
    """The importer ``itero.downloads``: tells the supervisor what to observe; the case is read by whoever recognises it."""

    def __init__(self, options: DownloadsOptions) -> None:
        self.options = options

    def watch(self) -> Watch:
        """The folder to observe; unfinished downloads in it are left alone."""
        given = self.options
        return Watch(given.path, settle=given.settle, give_up=given.give_up, done=given.done, names=given.names)


class Package:
    """The exporter ``itero.package``: ``iTero_Export_<ref>`` with a manifest of version 5.0.

    Cases with preparations have names of the restorative family (``upper_jaw_without_ditch_#<ref>.ply``), all others
    those of OrthoCAD (``<ref>_shell_occlusion_u.stl``). What no code of the manifest says stands in ``rx.json``.
    """

    def __init__(self, options: PackageOptions) -> None:
        self.options = options

    def deliver(self, case: Case, ctx: ExportContext) -> Receipt:
        """The package with every preferred scan that can be read. Raises as ``casepan.api.deliver_package``."""
        private = self.options.private
        scans = [scan for scan in case.scans if scan.preferred and scan.readable]
        restorative = any(scan.role in ("preparation", "antagonist") for scan in scans)
        files, nameless = named_scans(
            ctx,
            scans,
            lambda scan: _stem(scan, ctx.place, restorative=restorative),
            other=f"{ctx.place}_",
            picture="_texture",
        )
        manifest = manifest_xml(case, ctx.place, _objects(files, scans), private=private)
        files.append(PackageFile(f"itero_export_#{ctx.place}_v50.xml", manifest, "manifest"))
        files.append(PackageFile("rx.json", rx_document(case.prescription, private=private), "order"))
        told = (*left_out(case, scans, private=self.options.private), *nameless, *_not_carried(case, scans))
        return deliver_package(ctx, self.options, files, name=_package(ctx), not_carried=told)

    def probe(self, ctx: ExportContext) -> Receipt | None:
        """The receipt, if the package of this delivery is there and whole."""
        return probe_package(ctx, self.options, name=_package(ctx))


def _package(ctx: ExportContext) -> str:
    return f"iTero_Export_{ctx.place}"


def _stem(scan: Scan, place: str, *, restorative: bool) -> str | None:
    """The scan's name in one of the two families, None when neither has a word for it."""
    if scan.arch not in ("upper", "lower") or scan.role not in (*_JAWS, "preop"):
        return None
    if scan.role == "preop":
        return f"{scan.arch}_jaw_pretreatment_#{place}"
    if not restorative:
        return f"{place}_shell_occlusion_{scan.arch[0]}"
    variant = "with_ditch" if scan.variant == "with-ditch" else "without_ditch"
    return f"{scan.arch}_jaw_{variant}_#{place}"


def _objects(files: Iterable[PackageFile], scans: Sequence[Scan]) -> Iterator[Exported]:
    """The manifest's lines: meshes and their pictures."""
    by_id = {scan.id: scan for scan in scans}
    for file in files:
        scan = by_id[file.what.rpartition(" ")[2]]
        subtype = "PreTreatment_Jaw" if scan.role == "preop" else "Jaw" if scan.role in _JAWS else scan.role.title()
        jaw = scan.arch.title() if scan.arch in ("upper", "lower") else ""
        kind = "Surface" if file.what.startswith("scan") else "Texture"
        yield Exported(kind, subtype, jaw, file.name)


def _not_carried(case: Case, scans: Iterable[Scan]) -> Iterator[str]:
    if any(scan.role == "bite" for scan in scans):
        yield "iTero has no bite scan: the arches in occlusion are the bite"
    if any(scan.frame != OCCLUSION for scan in scans if scan.role in _JAWS):
        yield "the layout promises arches in occlusion; check that these are"
    if len(ordered(case.prescription)) < len(case.prescription.items):
        yield "some items have no code in the manifest: they stand in rx.json"
