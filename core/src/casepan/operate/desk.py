"""A lab's desk: its configuration, its state folder and its ledger, opened for one command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from casepan.config.lab import Lab
from casepan.config.loader import load_lab
from casepan.errors import StateError, UsageError
from casepan.model.case import Case
from casepan.model.documents import SCHEMA
from casepan.running.answers import overlaid
from casepan.running.comparing import describe, differences
from casepan.running.durable import private_folder, write_document
from casepan.running.intake import CASE_DOCUMENT, read_case
from casepan.running.layout import StateFolder, parse_place, place_of
from casepan.running.ledger import ArrivalRow, CaseRow, DeliveryRow, EventRow, Ledger
from casepan.running.quarantine import read_reason
from casepan.running.steps import RESULT_DOCUMENT, read_result


@frozen
class Desk:
    """An opened lab."""

    lab: Lab
    state: StateFolder
    ledger: Ledger


@frozen
class CaseFile:
    """All that is known of one revision of a case; ``marks``: id of a finding to whether the lab agreed with it."""

    row: CaseRow
    case: Case | None
    deliveries: tuple[DeliveryRow, ...]
    events: tuple[EventRow, ...]
    reason: str | None
    marks: Mapping[str, bool] = {}


@frozen
class Quarantined:
    """One line of ``casepan quarantine list``."""

    subject: str
    what: str
    code: str | None
    reason: str | None
    since: str


@contextmanager
def open_desk(path: Path, overrides: Sequence[str] = ()) -> Iterator[Desk]:
    """Open a lab for reading and for decisions.

    Raises:
        ConfigError: lab.toml is wrong. UsageError: nothing has run here yet. StateError: the ledger cannot be used.
    """
    lab = load_lab(path, overrides)
    state = StateFolder(lab.state)
    if not state.ledger.is_file():
        raise UsageError("nothing has run here yet", place=str(lab.state), hint="Start with: casepan run")
    ledger = Ledger(state.ledger)
    ledger.keeper = lambda ref, document: keep_desk(state, ref, document)
    try:
        yield Desk(lab, state, ledger)
    finally:
        ledger.close()


def keep_desk(state: StateFolder, ref: str, document: Mapping[str, Any]) -> None:
    """Write what people decided about a case beside it, so that ``ledger rebuild`` finds it again."""
    path = state.desk(ref)
    private_folder(path.parent)
    write_document(path, {"schema": SCHEMA, **document})


def list_cases(desk: Desk, *, state: str | None = None, pipeline: str | None = None) -> tuple[CaseRow, ...]:
    """Every revision of every case, newest last."""
    return desk.ledger.cases(state=state, pipeline=pipeline)


def find_case(desk: Desk, place: str) -> CaseRow:
    """The revision that ``K7Q2-M4`` (the latest) or ``K7Q2-M4-r2`` names.

    Raises:
        UsageError: there is none.
    """
    ref, revision = parse_place(place)
    row = desk.ledger.case(ref, revision)
    if row is None:
        raise UsageError(f"there is no case {place}", hint="casepan cases list shows them all.")
    return row


def show_case(desk: Desk, place: str) -> CaseFile:
    """All that is known of a case, with its trail."""
    row = find_case(desk, place)
    case = latest_case(desk, row)
    return CaseFile(
        row,
        case,
        desk.ledger.deliveries(row.ref, row.revision),
        desk.ledger.events(row.ref),
        read_reason(desk.state, row.place),
        {one.id: one.agrees for one in desk.ledger.findings_of(row.ref, row.revision) if one.agrees is not None},
    )


def latest_case(desk: Desk, row: CaseRow) -> Case | None:
    """The case as the last finished attempt left it, else as it was read, None when its folder is gone.

    What the desk knows is always of this moment.
    """
    folder = desk.state.case(row.ref, row.revision)
    known = desk.ledger.desk(row.ref, row.revision)
    if (folder / RESULT_DOCUMENT).is_file():
        case = read_result(folder).case
        return evolve(case, desk=evolve(known, changes=case.desk.changes, rush_reason=case.desk.rush_reason))
    document = folder / CASE_DOCUMENT
    return evolve(read_case(document), desk=known) if document.is_file() else None


def asked_case(desk: Desk, row: CaseRow) -> Case:
    """The case as it was read, with the answers that people have given since: what the next answer is held against.

    Raises:
        StateError: its folder is gone or damaged.
    """
    folder = desk.state.case(row.ref, row.revision)
    case = read_case(folder / CASE_DOCUMENT)
    return overlaid(case, desk.ledger.desk(row.ref, row.revision), lambda revision: _read(desk, row.ref, revision))


def _read(desk: Desk, ref: str, revision: int) -> Case | None:
    document = desk.state.case(ref, revision) / CASE_DOCUMENT
    return read_case(document) if document.is_file() else None


def seen_case(desk: Desk, place: str, revision: int | None) -> CaseRow:
    """The revision that somebody looked at and now decides about.

    Args:
        revision: as the person says, None when ``place`` says it or there is only one.

    Raises:
        UsageError: there is no such case, or it has several revisions and none was named.
        StateError: a newer one came meanwhile; says what it changed.
    """
    ref, named = parse_place(place)
    latest, said = find_case(desk, ref), named or revision
    if said is None and latest.revision > 1:
        hint = f"Say which one you looked at: {latest.place}, or --revision {latest.revision}."
        raise UsageError(f"this case has {latest.revision} revisions", hint=hint)
    row = find_case(desk, f"{ref}-r{said}") if said else latest
    newer = desk.ledger.newer_revision(row.ref, row.revision)
    if newer is not None:
        hint = f"Look at it first: casepan cases show {place_of(ref, newer)}"
        raise StateError(f"revision {newer} came meanwhile: {what_changed(desk, row, newer)}", hint=hint)
    return row


def what_changed(desk: Desk, row: CaseRow, newer: int) -> str:
    """The differences between two revisions in words without private text."""
    old, new = _read(desk, row.ref, row.revision), _read(desk, row.ref, newer)
    if old is None or new is None:
        return "the folder of one of them is gone"
    return describe(differences(old, new))


def list_quarantine(desk: Desk) -> tuple[Quarantined, ...]:
    """Cases and arrivals that cannot be processed."""
    cases = [
        Quarantined(row.place, "case", row.code, row.reason, row.at) for row in desk.ledger.cases(state="quarantine")
    ]
    arrivals: list[ArrivalRow] = list(desk.ledger.arrivals(state="quarantined"))
    return (*cases, *(Quarantined(row.id, "arrival", row.code, row.reason, row.at) for row in arrivals))


def show_quarantined(desk: Desk, subject: str) -> str:
    """The text of a REASON.txt.

    Raises:
        UsageError: nothing of that name lies there.
    """
    reason = read_reason(desk.state, subject)
    if reason is None:
        raise UsageError(f"{subject} is not in quarantine", hint="casepan quarantine list shows what is.")
    return reason
