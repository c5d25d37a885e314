"""Transitions that a person causes, and what people ask the ledger. Every one may be repeated without harm."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from casepan.errors import StateError
from casepan.model.vocabulary import Verdict
from casepan.running.layout import place_of
from casepan.running.ledger.deliveries import DeliveryTransitions
from casepan.running.ledger.rows import EventRow
from casepan.running.ledger.schema import LATEST
from casepan.running.ledger.store import event_hash
from casepan.running.planned import PlannedDelivery

EXPORT_SCHEMA = 1
TABLES = (
    "arrivals", "cases", "steps", "deliveries", "slots", "events",
    "counters", "answers", "links", "findings", "items", "meshes", "marks", "tokens",
)  # fmt: skip
ANSWER_COLUMNS = "target, value, who, at, note, revision"
MARK_COLUMNS = 'revision, finding, code, agrees, value, "limit", who, at'
ANSWERED = "case.answered"
DECISIONS = ("case.decided", "case.contacted", "case.closed", "case.reopened", "case.cancelled", "case.merged",
             "case.duplicate", ANSWERED)  # fmt: skip
"""Events in which people decided or answered something about one revision."""
PRIVATE = {"answers": ("value", "note"), "cases": ("remake_reason",)}
"""Columns that hold what people typed; an export has hashes of them."""


class PeopleTransitions(DeliveryTransitions):
    """Decisions. A case in work refuses them: its child would not know."""

    keeper: Callable[[str, Mapping[str, Any]], None] | None = None
    """Is given, inside the transaction, what people decided about a case: a copy beside the case outlives the ledger."""

    def decide(
        self,
        ref: str,
        revision: int,
        verdict: Verdict,
        deliveries: Sequence[PlannedDelivery],
        *,
        who: str,
        note: str = "",
        overruled: Sequence[str] = (),
        content: str | None = None,
    ) -> bool:
        """A person accepts or rejects a case that has been checked.

        Args:
            content: hash of the check that the decision and its deliveries are about.
            overruled: codes of the findings that an acceptance overrules.

        Returns:
            False when the case already stands so.

        Raises:
            StateError: it is in work, was never checked, is closed, or a newer revision came meanwhile.
        """
        with self.transaction():
            row = self._idle(ref, revision)
            if row["content"] is None:
                raise StateError(
                    "this case has not been checked yet",
                    hint="`casepan run` checks it; if it lies in quarantine: `casepan quarantine retry`.",
                )
            if content not in (None, row["content"]):
                raise StateError("this case was checked again a moment ago", hint="Look at it: `casepan cases show`.")
            if row["verdict"] == verdict and row["state"] in ("ready", "handed-on", "quarantine"):
                return False
            state = {"accept": "ready", "review": "review", "reject": "quarantine"}[verdict]
            if verdict == "accept":
                self.refuse_outdated(ref, revision)
                self.supersede(ref, revision)
            code, reason = ("CP120", f"rejected by {who}") if verdict == "reject" else (None, None)
            self.change(
                "update cases set state=?, verdict=?, code=?, reason=?, at=? where ref=? and revision=?",
                state, verdict, code, reason, self.now(), ref, revision,
            )  # fmt: skip
            self.plan(ref, revision, row["pipeline"], deliveries)
            self.event(
                "case.decided", ref, revision, verdict=verdict, who=who, note=note, overruled=" ".join(overruled)
            )
            self.finish_if_handed_on(ref, revision)
            self.keep(ref)
        return True

    def refuse_outdated(self, ref: str, revision: int) -> None:
        """What was decided about this revision was decided before the next one came.

        Raises:
            StateError: there is a newer one that is not closed.
        """
        newer = self.newer_revision(ref, revision)
        if newer is not None:
            raise StateError(
                "a newer revision of this case came meanwhile",
                hint=f"Look at it first: `casepan cases show {place_of(ref, newer)}`, or close it.",
            )

    def newer_revision(self, ref: str, revision: int) -> int | None:
        """The latest revision after this one that is not closed, None when there is none."""
        row = self.one("select max(revision) from cases where ref=? and revision>? and state<>'closed'", ref, revision)
        return row[0] if row else None

    def keep(self, ref: str) -> None:
        """Inside a transaction: hand what people decided about a case to the keeper."""
        if self.keeper is not None:
            self.keeper(ref, self.desk_document(ref))

    def desk_document(self, ref: str) -> Mapping[str, Any]:
        """What people answered and decided about all revisions of a case, as a JSON object. Private."""
        row = self.one("select * from cases where ref=? order by revision desc limit 1", ref)
        columns = ("number", "assignee", "department", "remake_of", "remake_reason")
        return {
            **({name: row[name] for name in columns} if row else {}),
            "answers": [
                dict(row) for row in self.all(f"select {ANSWER_COLUMNS} from answers where ref=? order by id", ref)
            ],
            "decisions": [dict(row) for row in self._decided(ref)],
            "marks": [
                dict(row) for row in self.all(f"select {MARK_COLUMNS} from marks where ref=? order by 1, 2", ref)
            ],
            "links": [dict(row) for row in self.all("select kind, other, who, at from links where ref=?", ref)],
        }

    def _decided(self, ref: str) -> list[sqlite3.Row]:
        """Decisions and answers, in the order in which they were made, whatever the clock said."""
        marks = ",".join("?" * len(DECISIONS))
        return self.all(
            f"select revision, kind, detail, at from events where ref=? and kind in ({marks})"
            " and detail like '%\"who\":%' order by id",
            ref, *DECISIONS,
        )  # fmt: skip

    def retry_case(self, ref: str, revision: int, *, who: str) -> bool:
        """Run the steps again, with all attempts. False when it is already on its way."""
        with self.transaction():
            row = self._idle(ref, revision)
            if row["state"] in ("checking", "arriving"):
                return False
            self.check_again(ref, revision)
            self.change("delete from steps where ref=? and revision=?", ref, revision)
            self.event("case.retry", ref, revision, who=who)
        return True

    def check_again(self, ref: str, revision: int) -> None:
        """Inside a transaction: the steps are due again, with all attempts; what was not sent is not sent."""
        self.change(
            "update cases set state='checking', verdict=null, content=null, attempts=0, interrupted=0, not_before=0,"
            " code=null, reason=null, at=? where ref=? and revision=?", self.now(), ref, revision,
        )  # fmt: skip
        self.withdraw(ref, revision)

    def close_case(self, ref: str, revision: int, *, who: str, kind: str = "case.closed", note: str = "") -> bool:
        """Nothing more happens to it; deliveries that have not begun are withdrawn. False when it is closed already.

        A case in work is marked: its supervisor ends the child and closes it then.
        """
        with self.transaction():
            row = self.one("select * from cases where ref=? and revision=?", ref, revision)
            if row is None:
                raise StateError("there is no such case in the ledger")
            if row["state"] == "closed":
                return False
            self.withdraw(ref, revision)
            if row["owner"] is None:
                self.change(
                    "update cases set state='closed', at=? where ref=? and revision=?", self.now(), ref, revision
                )
            else:
                self.change("update cases set cancel=1 where ref=? and revision=?", ref, revision)
            self.event(kind, ref, revision, who=who, note=note)
            self.keep(ref)
        return True

    def resend(self, key: str, *, who: str) -> bool:
        """Send again, whatever is known. False when it is already due."""
        with self.transaction():
            row = self._known(key)
            if row["state"] == "sending":
                raise StateError("this delivery is being sent right now", hint="Wait for its outcome.")
            if row["state"] in ("pending", "retry") and row["not_before"] <= self.clock():
                return False
            self.change(
                "update deliveries set state='pending', attempts=0, not_before=0, code=null, reason=null, receipt=null, at=?"
                " where key=?", self.now(), key,
            )  # fmt: skip
            self.change(
                "update cases set state='ready' where ref=? and revision=? and state='handed-on'",
                row["ref"],
                row["revision"],
            )
            self.event("delivery.resend", row["ref"], row["revision"], key=key, who=who)
        return True

    def resolve(self, key: str, *, arrived: bool, who: str) -> bool:
        """A person has looked: it arrived, or it did not and is sent again. False when nothing was unknown."""
        with self.transaction():
            row = self._known(key)
            if row["state"] not in ("unknown", "failed"):
                return False
            self.event("delivery.resolved", row["ref"], row["revision"], key=key, who=who, arrived=int(arrived))
            self.change("update deliveries set state='unknown' where key=?", key)
            if arrived:
                self._sent(key, None)
            else:
                self.change("update deliveries set state='pending', attempts=0, not_before=0 where key=?", key)
        return True

    def _idle(self, ref: str, revision: int) -> sqlite3.Row:
        row = self.one("select * from cases where ref=? and revision=?", ref, revision)
        if row is None:
            raise StateError("there is no such case in the ledger", hint="`casepan cases list` shows the references.")
        if row["owner"] is not None:
            raise StateError(
                "this case is in work right now", hint="Wait a moment, or cancel it: `casepan cases cancel`."
            )
        if row["state"] == "closed":
            raise StateError("this case is closed", hint="`casepan cases reopen` opens it again.")
        return row

    def _known(self, key: str) -> sqlite3.Row:
        row = self.one("select * from deliveries where key=?", key)
        if row is None:
            raise StateError(
                "there is no such delivery in the ledger", hint="`casepan deliveries list` shows the keys."
            )
        return row

    def purged(self, ref: str, revision: int) -> None:
        """The files of a finished case are about to be removed; what is left of it is this ledger."""
        with self.transaction():
            self.change(
                "update deliveries set state='withdrawn', not_before=null where ref=? and revision=? and state<>'sent'",
                ref, revision,
            )  # fmt: skip
            self.event("case.purged", ref, revision)

    def is_handed_on(self, arrival: str) -> bool:
        """True when an arrival was taken and every case that came in it has all its receipts."""
        row = self.one(
            "select exists(select 1 from arrivals where id=?1 and state='taken') and exists(select 1 from cases where arrival=?1)"
            " and not exists(select 1 from cases c where arrival=?1 and state<>'handed-on' and not (state='closed' and exists("
            "select 1 from cases n where n.ref=c.ref and n.revision>c.revision)))", arrival,
        )  # fmt: skip
        return bool(row and row[0])

    def events(self, ref: str | None = None, *, limit: int = 1000) -> tuple[EventRow, ...]:
        """The trail of one case, or of everything, oldest first."""
        rows = self.all("select * from events where (?1 is null or ref=?1) order by id desc limit ?2", ref, limit)
        return tuple(EventRow(**dict(row)) for row in reversed(rows))

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """How many arrivals, cases and deliveries stand in each state: what ``casepan status`` shows."""
        return {
            table: {row["state"]: row["n"] for row in self.all(f"select state, count(*) n from {table} group by state")}
            for table in ("arrivals", "cases", "deliveries")
        }

    def work_left(self, pipelines: Sequence[str], *, patience: float) -> bool:
        """True when a case is still to be checked, or an arrival or a delivery falls due within ``patience`` seconds."""
        marks, soon = ",".join("?" * len(pipelines)), self.clock() + patience
        row = self.one(
            f"select exists(select 1 from cases where state='checking' and pipeline in ({marks})) or"
            f" exists(select 1 from arrivals indexed by arrivals_by_turn where state in ('settled', 'waiting') and not_before<=?"
            f" and pipeline in ({marks})) or"
            " exists(select 1 from deliveries where state in ('pending', 'retry', 'unknown') and not_before<=?"
            f" and pipeline in ({marks}))",
            *pipelines, soon, *pipelines, soon, *pipelines,
        )  # fmt: skip
        return bool(row and row[0])

    def export(self) -> Iterator[str]:
        """Everything as JSON lines: what it is, then each row with its table. As of one moment, while others may go on.

        What people typed (values of answers, notes) is exported as salted hashes, and the salt stays behind: names could be
        among it, and with the salt they could be guessed. Events keep their own hashes, so the trail of an export is
        checked by comparing it with the ledger's.
        """
        with self.snapshot():
            yield _line(schema=EXPORT_SCHEMA, kind="casepan-ledger", version=LATEST, at=self.now())
            for table in TABLES:
                for row in self.all(f"select * from {table} order by 1, 2"):
                    yield _line(table=table, **self._without_names(table, dict(row)))

    def _without_names(self, table: str, row: dict[str, Any]) -> dict[str, Any]:
        hidden = {name: self._hidden(row[name]) for name in PRIVATE.get(table, ())}
        if table == "events":
            detail = json.loads(row["detail"])
            if detail.get("note"):
                hidden["detail"] = json.dumps({**detail, "note": self._hidden(detail["note"])}, sort_keys=True)
        return {**row, **hidden}

    def _hidden(self, text: str | None) -> str | None:
        return f"sha256:{self.hashed(text)}" if text else text

    def verify(self) -> tuple[str, ...]:
        """What is wrong with the ledger: SQLite's own check, and every break in the trail. Empty when all is well."""
        check = self.one("pragma integrity_check")
        problems = [] if check and check[0] == "ok" else [f"SQLite: {check[0] if check else 'no answer'}"]
        last: dict[str | None, str] = {}
        for row in self.all("select * from events order by id"):
            wanted = event_hash(row["previous"], row["ref"], row["revision"], row["kind"], row["detail"], row["at"])
            if row["hash"] != wanted or row["previous"] != last.get(row["ref"], ""):
                problems.append(
                    f"event {row['id']} of {row['ref'] or 'the arrivals'} was changed, or one before it is missing"
                )
            last[row["ref"]] = row["hash"]
        return tuple(problems)

    def backup(self, target: Path) -> None:
        """Copy the ledger while it is in use, with SQLite's own online back-up.

        Raises:
            StateError: the target exists or cannot be written.
        """
        if target.exists():
            raise StateError("the back-up's file exists already", place=str(target), hint="Choose another name.")
        copy = sqlite3.connect(target)
        try:
            self._db.backup(copy)
        except sqlite3.Error as error:
            raise StateError(f"the back-up failed: {error}", place=str(target)) from error
        finally:
            copy.close()

    def vacuum(self) -> None:
        """Give unused space back to the disk."""
        self._db.execute("vacuum")


def _line(**values: object) -> str:
    return json.dumps(values, ensure_ascii=False)
