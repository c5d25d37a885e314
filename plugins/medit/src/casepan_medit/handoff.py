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
from casepan_medit.options import DownloadsOptions
from casepan_medit.project import has_words_for, project_xml

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
_EXOCAD = {"maxillary": "upperjaw", "mandibular": "lowerjaw"}
_NO_WORDS = "the order has no .dentalProject: it holds work that these projects have no known word for"
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


class Package:
    """The exporter ``medit.package``: an exocad-style export of Medit Link, ``<ref>/<ref>-upperjaw.stl`` and so on.

    With an order it holds ``<ref>.dentalProject``; the whole order stands in ``rx.json`` beside it.
    """

    def __init__(self, options: PackageOptions) -> None:
        self.options = options

    def deliver(self, case: Case, ctx: ExportContext) -> Receipt:
        """The package with every preferred scan that can be read. Raises as ``casepan.api.deliver_package``."""
        project, private = has_words_for(case.prescription), self.options.private
        scans = [scan for scan in case.scans if scan.preferred and scan.readable]
        files, nameless = named_scans(
            ctx, scans, lambda scan: _stem(scan, ctx.place, project=project), other=f"{ctx.place}-"
        )
        if project:
            files.append(PackageFile(f"{ctx.place}.dentalProject", project_xml(case, private=private), "order"))
        files.append(PackageFile("rx.json", rx_document(case.prescription, private=private), "order"))
        told = (
            *left_out(case, scans, private=self.options.private),
            *nameless,
            *_not_carried(case, scans, project=project),
        )
        return deliver_package(ctx, self.options, files, not_carried=told)

    def probe(self, ctx: ExportContext) -> Receipt | None:
        """The receipt, if the package of this delivery is there and whole."""
        return probe_package(ctx, self.options)


def _stem(scan: Scan, place: str, *, project: bool) -> str | None:
    """Medit's name; beside a ``.dentalProject`` in exocad's words, as Medit Link writes them there."""
    tail = _tail(scan)
    return f"{place}-{_EXOCAD.get(tail, tail) if project else tail}" if tail else None


def _not_carried(case: Case, scans: Iterable[Scan], *, project: bool) -> Iterator[str]:
    if any(scan.role in ("preparation", "antagonist", "edentulous") for scan in scans):
        yield "preparation and antagonist are both called jaw: the ordered teeth tell which is which"
    if case.prescription.items and not project:
        yield _NO_WORDS


def _named(scan: Scan, ref: str) -> Scan:
    tail = _tail(scan)
    if tail is None or not scan.preferred or not scan.readable:
        return scan
    return evolve(scan, name=f"{ref}-{tail}.{scan.file.suffix}")


def _tail(scan: Scan) -> str | None:
    """Medit's word for a scan, None when it has none."""
    if scan.role == "bite":
        number = scan.number or 1
        return f"occlusion{_ORDINALS[number - 1]}" if 0 < number <= len(_ORDINALS) else None
    role = "arch" if scan.role in ("preparation", "antagonist", "edentulous") else scan.role
    return _TAILS.get((role, scan.arch))
