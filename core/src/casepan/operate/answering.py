"""Answers to what a case asks: set fields over what its files say, and know for each finding which command answers it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence

from attrs import frozen

from casepan.errors import CasepanError
from casepan.knowledge.completeness import completeness_rules
from casepan.knowledge.lab_rules import read_lab_rules
from casepan.model.case import Case
from casepan.model.finding import Finding
from casepan.operate.desk import Desk, asked_case, find_case
from casepan.operate.revising import Draft, publish
from casepan.running.answers import NEW, READERS, checked
from casepan.running.intake import CASE_DOCUMENT, read_case
from casepan.running.ledger import CaseRow
from casepan.running.quarantine import take_out

WHO = "--by NAME"


@frozen
class Answered:
    """What an answer led to.

    Attributes:
        place: the revision that is checked next; a new one when the case was handed on already.
        targets: what was set, none of them new when ``changed`` is False.
    """

    place: str
    targets: tuple[str, ...]
    changed: bool = True


def answer(desk: Desk, place: str, assignments: Sequence[str], *, by: str, note: str = "") -> Answered:
    """Set fields of a case over what its files say, all or none; the steps that depend on them run again.

    What was handed on already is not touched: the answers make its next revision, which waits for review.

    Args:
        assignments: ``TARGET=VALUE`` as ``scan.bite-1.role=bite``, ``item.1.teeth=26``, ``item.new.kind=crown``,
            ``rx.due=2026-01-31``, ``practice=bright``.

    Raises:
        UsageError: a target or value that does not fit. StateError: the case is in work or closed, or somebody else
            answered it, or a newer revision came, a moment ago.
    """
    row = find_case(desk, place)
    seen = desk.ledger.last_answer(row.ref)
    case = asked_case(desk, row)
    answers = tuple(one for one in checked(assignments, case) if not _stands(desk, row, one))
    targets = tuple(target for target, _ in answers)
    if not answers:
        return Answered(row.place, targets, changed=False)
    if desk.ledger.is_sent(row.ref, row.revision):
        revision = _as_revision(desk, row, answers, seen, by, note)
        return Answered(revision, targets)
    desk.ledger.answer(row.ref, row.revision, answers, seen=seen, who=by, note=note)
    take_out(desk.state, row.place)
    return Answered(row.place, targets)


def _stands(desk: Desk, row: CaseRow, wanted: tuple[str, str]) -> bool:
    """True when the last answer to the same target is the same."""
    given = [one for one in desk.ledger.desk(row.ref, row.revision).answers if one.target == wanted[0]]
    return bool(given) and given[-1].value == wanted[1]


def _as_revision(desk: Desk, row: CaseRow, answers: Sequence[tuple[str, str]], seen: int, by: str, note: str) -> str:
    case = read_case(desk.state.case(row.ref, row.revision) / CASE_DOCUMENT)
    draft = Draft.of(desk, row)
    try:
        return publish(desk, draft, case, "case.answered-anew", by=by, note=note, answers=answers, seen=seen)
    finally:
        shutil.rmtree(draft.folder, ignore_errors=True)


def advice(desk: Desk, case: Case, finding: Finding) -> str | None:
    """The command that answers a finding, None when it asks nothing.

    Placeholders stand in capitals; everything else can be typed as it is.
    """
    if finding.severity == "info":
        return None
    place = case.ref if case.revision == 1 else f"{case.ref}-r{case.revision}"
    found = ADVICE.get(finding.code, _accept)(desk, case, finding)
    group = "" if found.startswith("practices ") else "cases "
    return f"casepan {group}{found.replace('CASE', place, 1)}"


def _accept(_: Desk, __: Case, ___: Finding) -> str:
    return f"accept CASE {WHO} --note TEXT"


def _missing_scan(_: Desk, case: Case, finding: Finding) -> str:
    """Say which arch or role a scan has that is there, else bring the scan."""
    if finding.scan:
        return f"set CASE scan.{finding.scan}.arch=upper|lower {WHO}"
    unknown = [scan.id for scan in case.scans if scan.role == "other"]
    if unknown:
        return f"set CASE scan.{unknown[0]}.role=ROLE {WHO}"
    return f"add CASE FILE {WHO}"


def _missing_field(desk: Desk, case: Case, finding: Finding) -> str:
    """The rules' words for a field stand at the beginning of the message."""
    needs = completeness_rules(_rules(desk)).fields
    titles = sorted(needs, key=lambda name: len(needs[name].title), reverse=True)
    field = next((name for name in titles if finding.message.startswith(needs[name].title)), "FIELD")
    field = {"implant": "implant.system", "platform": "implant.platform"}.get(field, field)
    if field in READERS["rx"]:
        return f"set CASE rx.{field}=VALUE {WHO}"
    items = [item.id for item in case.prescription.items if set(item.teeth) <= set(finding.teeth)]
    return f"set CASE {' '.join(f'item.{name}.{field}=VALUE' for name in items) or f'item.ID.{field}=VALUE'} {WHO}"


def _rules(desk: Desk) -> Mapping[str, object]:
    try:
        own: Mapping[str, object] = read_lab_rules(desk.lab.base).get("completeness", {})
    except CasepanError:
        return {}  # broken rules are for `casepan rules check`
    return own


def _of_scan(field: str, value: str) -> Callable[[Desk, Case, Finding], str]:
    return lambda _, __, finding: f"set CASE scan.{finding.scan or 'ID'}.{field}={value} {WHO}"


def _plain(words: str) -> Callable[[Desk, Case, Finding], str]:
    return lambda _, __, ___: f"{words} {WHO}"


def _linked(kind: str, words: str) -> Callable[[Desk, Case, Finding], str]:
    def say(desk: Desk, case: Case, finding: Finding) -> str:
        others = [other for name, other in desk.ledger.links(case.ref) if name == kind and other in finding.message]
        return f"{words.replace('OTHER', others[0] if others else 'OTHER')} {WHO}"

    return say


NEW_ITEM = f"set CASE item.{NEW}.teeth=TEETH item.{NEW}.kind=KIND"
ADVICE: Mapping[str, Callable[[Desk, Case, Finding], str]] = {
    "completeness.missing-scan": _missing_scan,
    "completeness.missing-field": _missing_field,
    "completeness.no-prescription": _plain(NEW_ITEM),
    "arrival.teeth-marked": _plain(NEW_ITEM),
    "arrival.incomplete": _plain("add CASE FILE"),
    "arrival.no-scans": _plain("add CASE FILE"),
    "colour.missing-texture": _accept,
    "identity.arch-swapped": _of_scan("arch", "upper|lower"),
    "identity.not-a-scan": _of_scan("role", "ROLE"),
    "identity.duplicate": _of_scan("preferred", "no"),
    "rx.no-reference": _plain("set CASE rx.reference=NUMBER"),
    "rx.conflict": _plain("set CASE item.ID.FIELD=VALUE"),
    "practice.unknown": _plain("practices link CASE ID"),
    "case.maybe-duplicate": _linked("maybe-duplicate", "duplicate-of CASE OTHER"),
    "case.maybe-completes": lambda _, __, finding: f"merge {_other_place(finding)} CASE {WHO}",
    "implant.unknown": _plain("set CASE item.ID.implant.system=SYSTEM"),
}
"""Finding code to what answers it; all others are answered by accepting the case, after a talk with the office or not."""


def _other_place(finding: Finding) -> str:
    """The case that a ``case.maybe-completes`` names: its message is ``it holds just what PLACE lacks …``."""
    words = finding.message.split()
    return words[words.index("what") + 1] if "what" in words else "OTHER"
