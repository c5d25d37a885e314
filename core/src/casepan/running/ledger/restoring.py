"""Writing rows that were lost: only for a new, empty ledger."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from casepan.model.case import CaseKey
from casepan.model.vocabulary import Verdict
from casepan.running.ledger.cases import FIRST_FENCE
from casepan.running.ledger.desk import DeskTransitions
from casepan.running.ledger.people import ANSWER_COLUMNS, MARK_COLUMNS
from casepan.running.planned import CaseFacts, PlannedDelivery


class RestoringTransitions(DeskTransitions):
    """What ``casepan ledger rebuild`` writes."""

    def restore_arrival(self, arrival: str, *, pipeline: str, inbox: str, spot: str, fingerprint: str) -> None:
        """An arrival whose folder exists. It is taken again: cases that it holds are known by their content."""
        with self.transaction():
            self.change(
                "insert or ignore into arrivals(id, pipeline, inbox, spot, fingerprint, state, patient, give_up, at)"
                " values(?,?,?,?,?,'settled',0,0,?)",
                arrival, pipeline, inbox, self.hashed(spot), self.hashed(fingerprint), self.now(),
            )  # fmt: skip
            self.event("arrival.restored", None, None, arrival=arrival)

    def restore_case(
        self,
        key: CaseKey,
        ref: str,
        revision: int,
        digest: str,
        *,
        arrival: str,
        pipeline: str,
        verdict: Verdict | None,
        content: str | None,
        hold: str | None,
        deliveries: Sequence[PlannedDelivery],
        sent: Collection[str],
        closed: bool = False,
        meshes: Sequence[str] = (),
        facts: CaseFacts | None = None,
    ) -> None:
        """A case whose folder exists.

        Args:
            verdict, content, hold: of its result or a later decision, None when its steps have not all run.
            sent: keys of the deliveries that have a receipt; the outcome of all others is unknown.
            closed: True when a person closed it.
        """
        state = "closed" if closed else "checking" if verdict is None else self.state_after(verdict, hold)
        with self.transaction():
            self.change(
                "insert into cases(ref, revision, key_hash, digest, adapter, arrival, pipeline, state, verdict, content,"
                " received, at, fence) values(?,?,?,?,?,?,?,?,?,?,?,?,?)",
                ref, revision, self.key_hash(key), digest, key.adapter, arrival, pipeline, state, verdict, content,
                self.now(), self.now(), FIRST_FENCE,
            )  # fmt: skip
            self.plan(ref, revision, pipeline, deliveries)
            for delivery in deliveries:
                self.change(
                    "update deliveries set state=?, after='', attempts=1, intent_at=?, not_before=?, code=?, reason=?"
                    " where key=?",
                    *(("sent", None, None, None, None) if delivery.key in sent else self._doubt()), delivery.key,
                )  # fmt: skip
            self.add_meshes(ref, revision, meshes)
            self.add_facts(ref, revision, facts or CaseFacts())
            self.event("case.restored", ref, revision, state=state)
            self.finish_if_handed_on(ref, revision)
            if closed:
                self.withdraw(ref, revision)
            elif verdict in ("accept", "review"):
                self.supersede(ref, revision)

    def restore_desk(self, ref: str, document: Mapping[str, Any]) -> None:
        """What people had answered and decided about a case, from the copy beside it (:meth:`desk_document`)."""
        with self.transaction():
            names = ("number", "assignee", "department", "remake_of", "remake_reason")
            self.change(
                f"update cases set {', '.join(f'{name}=?' for name in names)} where ref=?",
                *(document.get(name) for name in names), ref,
            )  # fmt: skip
            columns = ANSWER_COLUMNS.split(", ")
            self.change_many(
                f"insert into answers(ref, {ANSWER_COLUMNS}) values(?,?,?,?,?,?,?)",
                [(ref, *(answer[name] for name in columns)) for answer in document.get("answers", ())],
            )
            marked = tuple(name.strip('"') for name in MARK_COLUMNS.split(", "))
            self.change_many(
                f"insert into marks(ref, {MARK_COLUMNS}) values(?,?,?,?,?,?,?,?,?)",
                [(ref, *(mark[name] for name in marked)) for mark in document.get("marks", ())],
            )
            for one in document.get("decisions", ()):
                detail = {**json.loads(one["detail"])}
                self.event(one["kind"], ref, one["revision"], **{"decided": one["at"], **detail})
            for one in document.get("links", ()):
                self.link(ref, one["kind"], one["other"], who=one["who"])

    def _doubt(self) -> tuple[str, float, float, str, str]:
        return "unknown", self.clock(), 0.0, "CP143", "the ledger was rebuilt, and there is no receipt"
