"""What lists and counts ask the ledger. Nothing here changes it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

from casepan.running.ledger.cases import CASE_COLUMNS, case_row
from casepan.running.ledger.deliveries import DELIVERY_COLUMNS, delivery_row
from casepan.running.ledger.rows import CaseRow, DeliveryRow, EventRow
from casepan.running.ledger.store import Store

OPEN = ("arriving", "checking", "ready", "review", "office", "quarantine")
LIMIT_WORD = '"limit"'
TRAIL = (
    "case.verdict", "case.decided", "case.answered", "case.closed", "case.cancelled", "case.merged", "case.duplicate",
    "case.superseded", "case.reopened", "case.retry", "case.handed-on", "case.restored",
)  # fmt: skip
"""Events that begin or end a hold."""
OF_NUMBER = "(c.ref, c.revision) in (select n.ref, n.revision from cases n where {})"
"""Answered from the index of numbers alone."""
OF_CASE = "(c.ref, c.revision) in (select i.ref, i.revision from items i where {})"


@frozen
class Matches:
    """Cases that a question fits: how many, and the references of the newest."""

    total: int = 0
    refs: tuple[str, ...] = ()


@frozen
class FindingRow:
    """One finding of one revision; ``agrees`` is what the lab said of it, None when nobody has said anything."""

    id: str
    code: str
    severity: str
    stage: str
    scan: str | None
    value: float | None
    limit: float | None
    unit: str | None
    agrees: bool | None = None


@frozen
class MarkRow:
    """What the lab said of one finding."""

    ref: str
    revision: int
    finding: str
    code: str
    agrees: bool
    value: float | None
    limit: float | None
    unit: str | None


class ListQueries(Store):
    """Read-only. Times are ISO texts in UTC, as the ledger keeps them."""

    def current_cases(self, since: str) -> tuple[CaseRow, ...]:
        """Revisions that are open, or came or were handed on at ``since`` or later, in the order in which they came."""
        rows = self.all(
            f"select {CASE_COLUMNS} from cases where (ref, revision) in (select ref, revision from cases where received>=?"
            f" union select ref, revision from cases where state in ({_marks(OPEN)})"
            " union select ref, revision from cases where at>=? and state='handed-on') order by received, ref, revision",
            since, *OPEN, since,
        )  # fmt: skip
        return tuple(case_row(dict(row)) for row in rows)

    def troubled_deliveries(self) -> tuple[DeliveryRow, ...]:
        """Deliveries that failed, that are tried again, or of which nobody knows whether they arrived."""
        rows = self.all(
            f"select {DELIVERY_COLUMNS} from deliveries where state in ('failed', 'unknown', 'retry') order by at, key"
        )
        return tuple(delivery_row(dict(row)) for row in rows)

    def with_finding(self, code: str) -> frozenset[tuple[str, int]]:
        """Reference and revision of everything that has such a finding."""
        return frozenset((row["ref"], row["revision"]) for row in self.all("select * from findings where code=?", code))

    def work_of(self, cases: Iterable[tuple[str, int]]) -> Mapping[tuple[str, int], tuple[tuple[str, str, str], ...]]:
        """Kind, material and teeth (``"26 27"``) of each work item, by reference and revision."""
        wanted = set(cases)
        refs = json.dumps(sorted({ref for ref, _ in wanted}))
        found: dict[tuple[str, int], tuple[tuple[str, str, str], ...]] = {}
        for row in self.all(
            "select * from items where ref in (select value from json_each(?)) order by ref, revision, item", refs
        ):
            place = (row["ref"], row["revision"])
            if place in wanted:
                found[place] = (*found.get(place, ()), (row["kind"], row["material"], row["teeth"]))
        return found

    def latest_of(self, refs: Sequence[str]) -> tuple[CaseRow, ...]:
        """The latest revision of each case, in the order of ``refs``."""
        rows = self.all(
            f"select {CASE_COLUMNS} from cases where ref in (select value from json_each(?)) order by ref, revision",
            json.dumps(list(refs)),
        )
        found = {row["ref"]: case_row(dict(row)) for row in rows}
        return tuple(found[ref] for ref in refs if ref in found)

    def by_number(self, number: str, most: int) -> Matches:
        """Cases with this number of the lab, or one that ends with these digits (at least three)."""
        if number.isdigit() and len(number) > 2:
            return self._newest(OF_NUMBER.format("n.number like '%'||?"), most, number)
        return self._newest(OF_NUMBER.format("n.number in (?, ?)"), most, number.upper(), number.lower())

    def by_practice(self, practices: Sequence[str], most: int) -> Matches:
        """Cases of any of these practices."""
        return self._newest(f"c.practice in ({_marks(practices)})", most, *practices)

    def by_tooth(self, tooth: int, most: int) -> Matches:
        """Cases with a work item on this tooth (FDI)."""
        return self._newest(OF_CASE.format("' '||i.teeth||' ' like ?"), most, f"% {tooth} %")

    def by_kind(self, kind: str, most: int) -> Matches:
        """Cases with a work item of this kind."""
        return self._newest(OF_CASE.format("i.kind=?"), most, kind)

    def by_time(self, start: str, end: str, most: int) -> Matches:
        """Cases of which a revision came at ``start`` or later and before ``end``."""
        return self._newest("c.received>=? and c.received<?", most, start, end)

    def by_ref(self, beginning: str, most: int) -> Matches:
        """Cases whose reference begins so."""
        return self._newest("c.ref>=?1 and c.ref<?1||'~'", most, beginning)

    def by_refs(self, refs: Iterable[str], most: int) -> Matches:
        """Those of these cases that are there."""
        return self._newest("c.ref in (select value from json_each(?))", most, json.dumps(sorted(refs)))

    def by_identity(self, keys: Sequence[str], tokens: Sequence[str], most: int) -> Matches:
        """Cases with one of these vendor's keys (hashed), or one of these tokens (in the clear, see ``running.facts``)."""
        return self._newest(
            "c.key_hash in (select value from json_each(?)) or (c.ref, c.revision) in"
            " (select t.ref, t.revision from tokens t where t.token in (select value from json_each(?)))",
            most, json.dumps(list(keys)), json.dumps([self.hashed(token) for token in tokens]),
        )  # fmt: skip

    def _newest(self, where: str, most: int, *values: object) -> Matches:
        rows = self.all(
            f"select c.ref, count(*) over () as total from cases c where {where}"
            f" group by c.ref order by max(c.received) desc, c.ref limit {most:d}", *values,
        )  # fmt: skip
        return Matches(rows[0]["total"] if rows else 0, tuple(row["ref"] for row in rows))

    def practices_seen(self) -> tuple[str, ...]:
        """Practices of all cases there are."""
        rows = self.all("select distinct practice from cases where practice is not null order by 1")
        return tuple(row["practice"] for row in rows)

    def first_revisions(self, start: str, end: str) -> tuple[CaseRow, ...]:
        """The first revision of each case that came in this time, but for those that turned out to be another one."""
        rows = self.all(
            f"select {CASE_COLUMNS} from cases c where received>=? and received<?"
            " and not exists(select 1 from cases e where e.ref=c.ref and e.revision<c.revision)"
            " and not exists(select 1 from links l where l.ref=c.ref and l.kind in ('duplicate-of', 'merged-into'))"
            " order by received, ref",
            start, end,
        )  # fmt: skip
        return tuple(case_row(dict(row)) for row in rows)

    def trails(self, refs: Iterable[str]) -> Mapping[str, tuple[EventRow, ...]]:
        """What began and ended holds of these cases, oldest first."""
        found: dict[str, list[EventRow]] = {}
        for row in self.all(
            f"select * from events where ref in (select value from json_each(?)) and kind in ({_marks(TRAIL)})"
            " order by id",
            json.dumps(sorted(refs)), *TRAIL,
        ):  # fmt: skip
            found.setdefault(row["ref"], []).append(EventRow(**dict(row)))
        return {ref: tuple(events) for ref, events in found.items()}

    def findings_of(self, ref: str, revision: int) -> tuple[FindingRow, ...]:
        """Findings of one revision, with what the lab said of them, in the order of codes."""
        rows = self.all(
            f"select f.id, f.code, f.severity, f.stage, f.scan, f.value, f.{LIMIT_WORD}, f.unit, m.agrees from findings f"
            " left join marks m on m.ref=f.ref and m.revision=f.revision and m.finding=f.id"
            " where f.ref=? and f.revision=? order by f.code, f.id",
            ref, revision,
        )  # fmt: skip
        return tuple(FindingRow(**{**dict(row), "agrees": _truth(row["agrees"])}) for row in rows)

    def marks(self) -> tuple[MarkRow, ...]:
        """Everything that the lab said of findings, in the order of codes."""
        rows = self.all(
            f"select m.ref, m.revision, m.finding, m.code, m.agrees, m.value, m.{LIMIT_WORD}, f.unit from marks m"
            " left join findings f on f.ref=m.ref and f.revision=m.revision and f.id=m.finding"
            " order by m.code, m.ref, m.revision, m.finding"
        )
        return tuple(MarkRow(**{**dict(row), "agrees": bool(row["agrees"])}) for row in rows)

    def touched_after(self, event: int) -> tuple[int, Mapping[tuple[str, int], bool]]:
        """Number of the last event, and the revisions with events after that one: True when their files are gone."""
        last = self.one("select coalesce(max(id), 0) from events")
        rows: list[sqlite3.Row] = self.all(
            "select ref, revision, max(kind='case.purged') gone from events where id>? and ref is not null"
            " and revision is not null group by ref, revision", event,
        )  # fmt: skip
        return int(last[0]) if last else 0, {(row["ref"], row["revision"]): bool(row["gone"]) for row in rows}


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def _truth(value: int | None) -> bool | None:
    return None if value is None else bool(value)
