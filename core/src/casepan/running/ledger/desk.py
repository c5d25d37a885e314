"""Transitions at the desk: answers, talks, who works on it, relations between cases, and revisions that people make."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from datetime import date, datetime

from attrs import frozen

from casepan.errors import StateError
from casepan.model.case import CaseKey
from casepan.model.decided import Answer, Decision, Desk
from casepan.running.ledger.arrivals import ArrivalTransitions
from casepan.running.ledger.cases import SENT
from casepan.running.ledger.facts import INHERITED
from casepan.running.ledger.people import ANSWER_COLUMNS, ANSWERED, PeopleTransitions

WORDS = {
    "case.contacted": "contact", "case.closed": "close", "case.reopened": "reopen", "case.cancelled": "close",
    "case.merged": "close", "case.duplicate": "close",
}  # fmt: skip


@frozen
class NewRevision:
    """A revision that a person makes of one that is there.

    Attributes:
        base: the revision that it is made from; digest, meshes: of its files.
        kind: of the event that tells of it; who, note: of the person.
        write: puts its folder where it belongs, inside the transaction; it is given the number.
        answers: target and value of answers that come with it.
        outdated: True when the base may be one that a newer revision follows.
    """

    base: int
    digest: str
    meshes: Sequence[str]
    kind: str
    who: str
    note: str
    write: Callable[[int], None]
    answers: Sequence[tuple[str, str]] = ()
    outdated: bool = False


class DeskTransitions(ArrivalTransitions, PeopleTransitions):
    """Each is one transaction, an event, and may be repeated."""

    def desk(self, ref: str, revision: int) -> Desk:
        """What people know and decided: answers to this and earlier revisions, decisions about this one."""
        row = self.one("select * from cases where ref=? and revision=?", ref, revision)
        if row is None:
            return Desk()
        answers = self.all(
            f"select {ANSWER_COLUMNS} from answers where ref=? and revision<=? order by id", ref, revision
        )
        return Desk(
            number=row["number"],
            due=date.fromisoformat(row["lab_due"]) if row["lab_due"] else None,
            late_risk=bool(row["late_risk"]),
            assignee=row["assignee"],
            department=row["department"],
            remake_of=row["remake_of"],
            remake_reason=row["remake_reason"],
            answers=tuple(_answer(row) for row in answers),
            decisions=tuple(
                _decision(row) for row in self._decided(ref) if row["revision"] == revision and row["kind"] != ANSWERED
            ),
        )

    def last_answer(self, ref: str) -> int:
        """Number of the latest answer, 0 when there is none: what somebody who answers has seen."""
        row = self.one("select coalesce(max(id), 0) from answers where ref=?", ref)
        return int(row[0]) if row else 0

    def handed_on(self, ref: str, before: int) -> int | None:
        """The latest revision before this one that was accepted and is on its way, or may be at a destination."""
        row = self.one(
            "select max(c.revision) from cases c where c.ref=? and c.revision<? and c.verdict='accept'"
            f" and (c.state in ('ready', 'handed-on') or {SENT})",
            ref, before,
        )  # fmt: skip
        return row[0] if row else None

    def is_sent(self, ref: str, revision: int) -> bool:
        """True when a revision was accepted and is, or may be, at a destination."""
        row = self.one(
            f"select 1 from cases c where c.ref=? and c.revision=? and c.verdict='accept' and {SENT}", ref, revision
        )
        return row is not None

    def answer(
        self, ref: str, revision: int, answers: Sequence[tuple[str, str]], *, seen: int, who: str, note: str = ""
    ) -> None:
        """Keep answers, all or none, and have the case checked again.

        Args:
            answers: targets and values, both already checked against the case.
            seen: :meth:`last_answer` when they were checked.

        Raises:
            StateError: it is in work or closed, somebody answered meanwhile, or a newer revision came.
        """
        with self.transaction():
            row = self._idle(ref, revision)
            if row["state"] == "arriving":
                raise StateError("this case is just arriving", hint="Answer once it was checked.")
            self.refuse_outdated(ref, revision)
            self._insert_answers(ref, revision, answers, seen, who, note)
            self.check_again(ref, revision)
            self.keep(ref)

    def _insert_answers(
        self, ref: str, revision: int, answers: Sequence[tuple[str, str]], seen: int, who: str, note: str
    ) -> None:
        if self.last_answer(ref) != seen:
            raise StateError(
                "somebody else answered this case a moment ago; nothing of yours was kept",
                hint="Look at it again with `casepan cases show`, then answer what is still open.",
            )
        rows = [(ref, revision, target, value, who, note, self.now()) for target, value in answers]
        self.change_many("insert into answers(ref, revision, target, value, who, note, at) values(?,?,?,?,?,?,?)", rows)
        targets = " ".join(target for target, _ in answers)
        self.event(ANSWERED, ref, revision, targets=targets, who=who, note=note)

    def make_revision(self, ref: str, new: NewRevision, *, seen: int) -> int:
        """A person joins, parts or answers what was handed on already: the next revision, which is to be checked.

        The revisions that were held, or were still to be checked or sent, are closed: this one takes their place.

        Raises:
            StateError: as :meth:`answer`; or its folder cannot be written, then nothing has happened.
        """
        with self.transaction():
            self._idle(ref, new.base)
            if not new.outdated:
                self.refuse_outdated(ref, new.base)
            last = self.one("select max(revision) from cases where ref=?", ref)
            revision = (last[0] if last else new.base) + 1
            self.change(
                "insert into cases(ref, revision, key_hash, digest, adapter, arrival, pipeline, state, priority, rush, due,"
                f" received, at, {INHERITED}) select ref, ?, key_hash, ?, adapter, arrival, pipeline, 'checking', priority,"
                f" rush, due, ?, ?, {INHERITED} from cases where ref=? and revision=?",
                revision, new.digest, self.now(), self.now(), ref, new.base,
            )  # fmt: skip
            self.add_meshes(ref, revision, new.meshes)
            self.event(new.kind, ref, revision, base=new.base, who=new.who, note=new.note)
            if new.answers:
                self._insert_answers(ref, revision, new.answers, seen, new.who, new.note)
            self.supersede(ref, revision, replaced=True)
            new.write(revision)
            self.keep(ref)
        return revision

    def make_case(
        self, key: CaseKey, parent: tuple[str, int], *, digest: str, meshes: Sequence[str], write: Callable[[str], None],
        who: str, note: str, number: str = "",
    ) -> str:  # fmt: skip
        """A part of another case becomes a case of its own; its reference.

        Args:
            number: the pattern of the lab's own number with ``{n}`` left in it; empty gives it none.
        """
        with self.transaction():
            ref = self._new_ref()
            self.change(
                "insert into cases(ref, revision, key_hash, digest, adapter, arrival, pipeline, state, priority, received, at)"
                " select ?, 1, ?, ?, adapter, arrival, pipeline, 'checking', priority, ?, ? from cases"
                " where ref=? and revision=?",
                ref, self.key_hash(key), digest, self.now(), self.now(), *parent,
            )  # fmt: skip
            self.add_meshes(ref, 1, meshes)
            if number:
                self.give_number(ref, number)
            self.link(ref, "split-from", parent[0], who=who)
            self.event("case.split-off", ref, 1, other=parent[0], who=who, note=note)
            write(ref)
            self.keep(ref)
        return ref

    def case_of_key(self, key: CaseKey) -> str | None:
        """The reference of the case with this key."""
        row = self.one("select ref from cases where key_hash=? limit 1", self.key_hash(key))
        return row["ref"] if row else None

    def give_up(self, ref: str, revision: int, kind: str, relation: str, other: str, *, who: str, note: str) -> bool:
        """Close a case because another one holds the same, or all of it. False when that was done already.

        Args:
            kind: of the event; relation: ``"duplicate-of"`` or ``"merged-into"``.

        Raises:
            StateError: it is in work.
        """
        with self.transaction():
            if (relation, other) in self.links(ref):
                return False
            self._idle(ref, revision)
            self.link(ref, relation, other, who=who)
            return self.close_case(ref, revision, who=who, kind=kind, note=note)

    def contacted(self, ref: str, revision: int, *, how: str, who: str, note: str) -> None:
        """Somebody talked with the office. Every call is one talk, also the second one with the same words."""
        with self.transaction():
            if self.one("select 1 from cases where ref=? and revision=?", ref, revision) is None:
                raise StateError("there is no such case in the ledger")
            self.event("case.contacted", ref, revision, how=how, who=who, note=note)
            self.keep(ref)

    def reopen_case(self, ref: str, revision: int, *, who: str, note: str = "") -> bool:
        """A closed case is held for review again, or checked if it never was. False when it is open."""
        with self.transaction():
            row = self.one("select * from cases where ref=? and revision=?", ref, revision)
            if row is None:
                raise StateError("there is no such case in the ledger")
            if row["state"] != "closed":
                return False
            self.refuse_outdated(ref, revision)
            state = "checking" if row["content"] is None else "review"
            self.change(
                "update cases set state=?, attempts=0, interrupted=0, not_before=0, cancel=0, code='CP120', reason=?, at=?"
                " where ref=? and revision=?",
                state, f"{who} opened it again", self.now(), ref, revision,
            )  # fmt: skip
            self.event("case.reopened", ref, revision, who=who, note=note)
            self.keep(ref)
        return True

    def assign(self, ref: str, *, to: str | None, department: str | None, who: str) -> bool:
        """Who works on all revisions of a case, and where; None leaves a value. False when it is so already."""
        with self.transaction():
            changed = self.change(
                "update cases set assignee=coalesce(?1, assignee), department=coalesce(?2, department) where ref=?3"
                " and (assignee is not coalesce(?1, assignee) or department is not coalesce(?2, department))",
                to, department, ref,
            )  # fmt: skip
            if changed:
                self.event("case.assigned", ref, None, to=to, department=department, who=who)
                self.keep(ref)
        return bool(changed)

    def mark_remake(self, ref: str, old: str, *, reason: str, who: str) -> bool:
        """This case replaces an old one. False when the ledger says so already."""
        with self.transaction():
            changed = self.change(
                "update cases set remake_of=?1, remake_reason=?2 where ref=?3"
                " and (remake_of is not ?1 or remake_reason is not ?2)",
                old, reason, ref,
            )  # fmt: skip
            if changed:
                self.link(ref, "remake-of", old, who=who)
                self.event("case.remake", ref, None, other=old, who=who, note=reason)
                self.keep(ref)
        return bool(changed)


def _answer(row: sqlite3.Row) -> Answer:
    at = datetime.fromisoformat(row["at"])
    return Answer(row["target"], row["value"], row["who"], at, row["note"], row["revision"])


def _decision(row: sqlite3.Row) -> Decision:
    detail = json.loads(row["detail"])
    what = detail["verdict"] if row["kind"] == "case.decided" else WORDS[row["kind"]]
    note = ": ".join(filter(None, (detail.get("how"), detail.get("note", ""))))
    at = datetime.fromisoformat(detail.get("decided") or row["at"])
    return Decision(what, detail.get("who", ""), at, note, tuple(detail.get("overruled", "").split()))
