"""Writing rows that were lost: only for a new, empty ledger."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from casepan.model.case import CaseKey
from casepan.model.vocabulary import Verdict
from casepan.running.ledger.arrivals import ArrivalTransitions
from casepan.running.ledger.people import PeopleTransitions
from casepan.running.planned import PlannedDelivery


class RestoringTransitions(ArrivalTransitions, PeopleTransitions):
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
    ) -> None:
        """A case whose folder exists.

        Args:
            verdict, content, hold: of its result, None when its steps have not all run.
            sent: keys of the deliveries that have a receipt; the outcome of all others is unknown.
        """
        state = "checking" if verdict is None else self.state_after(verdict, hold)
        with self.transaction():
            self.change(
                "insert into cases(ref, revision, key_hash, digest, adapter, arrival, pipeline, state, verdict, content,"
                " received, at) values(?,?,?,?,?,?,?,?,?,?,?,?)",
                ref, revision, self.key_hash(key), digest, key.adapter, arrival, pipeline, state, verdict, content,
                self.now(), self.now(),
            )  # fmt: skip
            self.plan(ref, revision, pipeline, deliveries)
            for delivery in deliveries:
                self.change(
                    "update deliveries set state=?, after='', attempts=1, intent_at=?, not_before=?, code=?, reason=?"
                    " where key=?",
                    *(("sent", None, None, None, None) if delivery.key in sent else self._doubt()), delivery.key,
                )  # fmt: skip
            self.event("case.restored", ref, revision, state=state)
            self.finish_if_handed_on(ref, revision)

    def _doubt(self) -> tuple[str, float, float, str, str]:
        return "unknown", self.clock(), 0.0, "CP143", "the ledger was rebuilt, and there is no receipt"
