"""``report.html`` and ``report.ticket``: packages that are complete and proven, or not there at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from casepan.api import (
    Case,
    ExportContext,
    PackageFile,
    Receipt,
    deliver_folder,
    deliver_zip,
    probe_folder,
    probe_zip,
)
from casepan_report.contents import gather, with_pictures
from casepan_report.index import card, index_page, read_cards
from casepan_report.options import ReportOptions, TicketOptions
from casepan_report.page import page
from casepan_report.showing import viewer_part_of
from casepan_report.summary import summary
from casepan_report.ticket import ticket_page

CARD = "case.json"
INDEX = "index.html"


class ReportExport:
    """One folder or zip per case: the report, its card for the index, and its summary as plain text."""

    def __init__(self, options: ReportOptions) -> None:
        self.options = options

    def deliver(self, case: Case, ctx: ExportContext) -> Receipt:
        """The package with ``CASE.html``, ``CASE.txt`` and ``case.json``. Raises as ``casepan.api.deliver_folder``."""
        return self.probe(ctx) or _deliver(ctx, self.options.path, self.options.form, self.files(case, ctx))

    def probe(self, ctx: ExportContext) -> Receipt | None:
        """The receipt, if the package is there with this delivery's key and every file as its seal says."""
        return _probe(ctx, self.options.path, self.options.form)

    def files(self, case: Case, ctx: ExportContext, known: Mapping[str, str] | None = None) -> tuple[PackageFile, ...]:
        """What a package holds. ``known``: where the case stands in the laboratory, see ``Standing.told``."""
        report = gather(case, ctx, self.options, known)
        name = f"{report.name}.html"
        with ThreadPoolExecutor(1) as beside:
            turning = beside.submit(viewer_part_of, report) if report.turnable else None
            report = with_pictures(report, ctx)
        viewer = turning.result() if turning else None
        return (
            PackageFile(name, page(report, viewer), "report"),
            PackageFile(f"{report.name}.txt", summary(report).encode(), "summary"),
            PackageFile(CARD, card(report, name), "card"),
        )

    def write_index(self, folder: Path) -> Path:
        """Write the index page over the reports below a folder, and return it."""
        target = folder / INDEX
        part = target.with_name(f"{INDEX}.part")
        part.write_bytes(index_page(read_cards(folder, CARD), self.options.lab))
        part.replace(target)
        return target


class TicketExport:
    """One tray ticket per case, to be printed."""

    def __init__(self, options: TicketOptions) -> None:
        self.options = options

    def deliver(self, case: Case, ctx: ExportContext) -> Receipt:
        """The package with ``CASE-ticket.html``. Raises as ``casepan.api.deliver_folder``."""
        file = PackageFile(f"{ctx.place}-ticket.html", ticket_page(case, ctx.place, self.options), "ticket")
        return _deliver(ctx, self.options.path, self.options.form, (file,))

    def probe(self, ctx: ExportContext) -> Receipt | None:
        """The receipt, if the package is there."""
        return _probe(ctx, self.options.path, self.options.form)


def _deliver(ctx: ExportContext, path: str, form: str, files: Sequence[PackageFile]) -> Receipt:
    return (deliver_zip if form == "zip" else deliver_folder)(ctx, path, files)


def _probe(ctx: ExportContext, path: str, form: str) -> Receipt | None:
    return (probe_zip if form == "zip" else probe_folder)(ctx, path)
