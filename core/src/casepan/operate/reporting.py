"""``casepan report``: the report of one case, of everything in a PATH, and the index over many of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from attrs import evolve, frozen

from casepan.arrivals.listing import FolderListing
from casepan.config.lab import LabTable
from casepan.config.options import structure_options
from casepan.errors import UsageError
from casepan.knowledge.lab_rules import read_lab_rules
from casepan.model.case import Case
from casepan.model.vocabulary import Verdict
from casepan.operate.desk import Desk, find_case, latest_case
from casepan.operate.looking import Inspection, LookOptions, look_on
from casepan.registry import Registry
from casepan.running.context import Bench, Errand
from casepan.running.deliveries import receipts_of
from casepan.running.history import history_of
from casepan.running.intake import open_source
from casepan.running.ledger import CaseRow
from casepan.running.previous import open_previous
from casepan.running.steps import RESULT_DOCUMENT, read_result, stores_of

STAGE = "report.html"


@frozen
class ReportWish:
    """What a report must be like; ``index`` is the folder that collects reports, None for files of their own."""

    variant: Literal["lab", "office", "anonymous"] = "lab"
    notation: Literal["fdi", "universal"] | None = None
    viewer: bool = True
    index: Path | None = None


@frozen
class Reported:
    """One report: its case, its verdict, where it lies, and what it says in plain text."""

    case: str
    verdict: Verdict
    path: Path
    text: str


def report_case(desk: Desk, place: str, registry: Registry, target: Path, wish: ReportWish) -> Reported:
    """Write the report of a case in the laboratory.

    Args:
        target: folder for the report.

    Raises:
        UsageError: there is no such case, or its files are gone. AdapterError: the plugin is missing.
    """
    row = find_case(desk, place)
    case, folder = latest_case(desk, row), desk.state.case(row.ref, row.revision)
    if case is None:
        raise UsageError(f"the files of {place} are no longer here", hint="Its trail is: casepan cases show")
    verdict = read_result(folder).verdict if (folder / RESULT_DOCUMENT).is_file() else None
    pipeline = desk.lab.pipelines.get(row.pipeline)
    receipts = receipts_of(folder, pipeline) if pipeline else {}
    listing = open_source(desk.state.arrival(row.arrival))
    bench = Bench.on(
        listing, stores=stores_of(folder), base=desk.lab.base, rules=read_lab_rules(desk.lab.base),
        history=lambda: history_of(folder), earlier_revision=lambda: open_previous(desk.state, row.ref, _before(desk, row)),
    )  # fmt: skip
    with bench:
        errand = Errand(row.place, row.place, receipts=receipts, verdict=verdict)
        known = {"state": row.state, "since": row.at, "why": row.reason or ""}
        return _Reporter(registry, bench, target, wish, desk.lab.lab).report(case, errand, known)


def _before(desk: Desk, row: CaseRow) -> tuple[int, str] | None:
    """Revision and arrival that were handed on before this one."""
    revision = desk.ledger.handed_on(row.ref, row.revision)
    before = desk.ledger.case(row.ref, revision) if revision is not None else None
    return (before.revision, before.arrival) if before else None


def report_path(
    path: Path, registry: Registry, target: Path, wish: ReportWish, look: LookOptions
) -> tuple[Reported, ...]:
    """Check everything in a PATH and write a report for each case.

    Raises:
        UsageError: there is no such path, or nothing in it is a case. AdapterError: the plugin is missing.
    """
    if not path.exists():
        raise UsageError("there is no such file, folder or case", place=str(path), hint="Check the path, or use --lab.")
    lab = look.lab
    rules = read_lab_rules(lab.base) if lab else {}
    listing = FolderListing.of(path)
    with Bench.on(listing, rules=rules) as bench:
        inspection = look_on(listing, bench, path, registry, evolve(look, checks=True))
        reporter = _Reporter(registry, bench, target, wish, lab.lab if lab else None)
        return tuple(_of_inspection(inspection, reporter))


def write_index(folder: Path, registry: Registry, lab: str = "") -> Path:
    """Write the index page over the reports below a folder.

    Raises:
        UsageError: there is no such folder. AdapterError: the plugin is missing.
    """
    if not folder.is_dir():
        raise UsageError("there is no such folder", place=str(folder), hint="Name the folder that holds the reports.")
    written: Path = _stage(registry, {"lab": lab}).write_index(folder)
    return written


@frozen
class _Reporter:
    """Writes reports into one folder."""

    registry: Registry
    bench: Bench
    target: Path
    wish: ReportWish
    lab: LabTable | None

    def report(self, case: Case, errand: Errand, known: Mapping[str, str] | None = None) -> Reported:
        """Write one report, over an older one of the same case.

        In a folder that collects reports each has a folder of its own, as the exporter makes them; else one file is all.

        Args:
            known: state, since when (ISO) and why, as the ledger tells them.
        """
        options: dict[str, Any] = {"variant": self.wish.variant, "viewer": self.wish.viewer}
        if self.lab is not None:
            options |= {"lab": self.lab.name, "timezone": self.lab.timezone}
        stage = _stage(self.registry, options | ({"notation": self.wish.notation} if self.wish.notation else {}))
        ctx = self.bench.sending(STAGE, "report", errand)
        files = stage.files(case, ctx, known)
        folder = self.target / errand.place if self.wish.index else self.target
        folder.mkdir(parents=True, exist_ok=True)
        page, text, card = files
        for file in files if self.wish.index else (page,):
            _write(folder / file.name, file.content)
        verdict = json.loads(card.content)["verdict"]
        return Reported(errand.place, verdict, folder / page.name, text.content.decode("utf-8"))


def _of_inspection(inspection: Inspection, reporter: _Reporter) -> Iterator[Reported]:
    if not inspection.cases:
        why = inspection.findings[0].message if inspection.findings else "nothing in it is a case"
        raise UsageError(f"there is nothing to report on: {why}", place=str(inspection.path))
    for looked in inspection.cases:
        name = f"case-{looked.case.digest[:6]}"  # not the name of a file or folder: those are names of patients
        case = evolve(looked.case, ref=name, findings=looked.findings)
        yield reporter.report(case, Errand(name, name, verdict=looked.verdict))


def _stage(registry: Registry, told: dict[str, Any]) -> Any:
    """The exporter; it says itself what it needs to be installed."""
    options: Any = structure_options(registry.options_type(STAGE), told, place="casepan report")
    return registry.build(STAGE, options)


def _write(path: Path, content: bytes) -> None:
    """A file for its owner only: reports name patients."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    part.write_bytes(content)
    part.replace(path)
