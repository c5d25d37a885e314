"""Transitions of deliveries: intent before anything leaves, receipt after, unknown in between."""

from __future__ import annotations

from casepan.running.ledger.cases import OWNED, CaseTransitions
from casepan.running.ledger.rows import CaseClaim, DeliveryRow

DELIVERY_COLUMNS = (
    "key, ref, revision, pipeline, export, position, after, state, attempts, asked, not_before, intent_at, fence,"
    " receipt, code, reason, at, place"
)
RATE_WINDOW = 60.0


class DeliveryTransitions(CaseTransitions):
    """What happens to one export of one case."""

    def next_delivery(self, claim: CaseClaim) -> DeliveryRow | None:
        """The first delivery of the case that is due: to be sent, or to be asked about when its outcome is unknown."""
        row = self.one(
            f"select {DELIVERY_COLUMNS} from deliveries where ref=? and revision=? and state in ('pending', 'retry', 'unknown')"
            " and not_before<=? order by position limit 1",
            claim.ref, claim.revision, self.clock(),
        )  # fmt: skip
        return delivery_row(dict(row)) if row else None

    def begin_send(self, claim: CaseClaim, key: str, *, destination: str, parallel: int, rate: int | None) -> bool:
        """Record the intent to send and take a slot of the destination; flushed to disk before anything leaves.

        Returns:
            False when the destination has no free slot or its rate is used up; nothing was changed.

        Raises:
            FenceLost: another process owns the case.
        """
        now = self.clock()
        with self.transaction():
            self.must_own(claim)
            if not self._take_slot(destination, parallel, rate, key, claim.fence):
                return False
            self.must_change(
                "update deliveries set state='sending', attempts=attempts+1, intent_at=?, fence=?, at=?"
                " where key=? and state in ('pending', 'retry')",
                now, claim.fence, self.now(), key,
            )  # fmt: skip
            self.event("delivery.intent", claim.ref, claim.revision, key=key)
        return True

    def _take_slot(self, destination: str, parallel: int, rate: int | None, key: str, fence: int) -> bool:
        """Inside a transaction: False when no slot is free or the rate is used up. Old ones are used again."""
        now, rows = self.clock(), self.all("select id, taken, freed from slots where destination=?", destination)
        recent = sum(row["taken"] > now - RATE_WINDOW for row in rows)
        if sum(row["freed"] is None for row in rows) >= parallel or (rate is not None and recent >= rate):
            return False
        since = now if rate is None else now - RATE_WINDOW
        old = [row["id"] for row in rows if row["freed"] is not None and row["taken"] <= since]
        if old:
            self.change("update slots set key=?, fence=?, taken=?, freed=null where id=?", key, fence, now, old[0])
        else:
            self.change(
                "insert into slots(destination, key, fence, taken) values(?,?,?,?)", destination, key, fence, now
            )
        self.change_many("delete from slots where id=?", [(one,) for one in old[1:]])
        return True

    def owns_send(self, claim: CaseClaim, key: str) -> bool:
        """``fence_ok`` of an exporter: the claim holds, and this very try is the one the ledger knows of."""
        row = self.one(
            f"select cancel from cases where {OWNED} and exists("
            "select 1 from deliveries where key=? and state='sending' and deliveries.fence=cases.fence)",
            claim.ref, claim.revision, claim.fence, key,
        )  # fmt: skip
        return row is not None and not row["cancel"]

    def delivered(self, claim: CaseClaim, key: str, receipt: str) -> None:
        """The destination has it. Deliveries that waited for this one are due now.

        Args:
            receipt: SHA-256 of the receipt file, which is already on disk.
        """
        with self.transaction():
            self.must_own(claim)
            self._sent(key, receipt)
            self.event("delivery.sent", claim.ref, claim.revision, key=key, receipt=receipt)

    def _sent(self, key: str, receipt: str | None) -> None:
        """Inside a transaction: sent, its slot free, its successors due, its case perhaps handed on."""
        family = self.all(
            "select key, ref, revision, export, state, after from deliveries"
            " where (ref, revision) = (select ref, revision from deliveries where key=?)", key,
        )  # fmt: skip
        self.must_change(
            "update deliveries set state='sent', receipt=?, not_before=null, code=null, reason=null, at=?"
            " where key=? and state in ('sending', 'unknown')",
            receipt, self.now(), key,
        )  # fmt: skip
        self._free(key)
        sent = next(row for row in family if row["key"] == key)
        others = [row for row in family if row is not sent]
        for other in others:
            if other["state"] == "waiting":
                after = [name for name in other["after"].split() if name != sent["export"]]
                state = "waiting" if after else "pending"
                self.change("update deliveries set after=?, state=? where key=?", " ".join(after), state, other["key"])
        if all(other["state"] in ("sent", "withdrawn") for other in others):
            self.finish_if_handed_on(sent["ref"], sent["revision"])

    def _free(self, key: str) -> None:
        self.change("update slots set freed=? where key=? and freed is null", self.clock(), key)

    def send_failed(self, claim: CaseClaim, key: str, code: str, reason: str, *, delay: float | None) -> None:
        """The destination certainly did not take it: again after ``delay`` seconds, or never when that is None."""
        state = "failed" if delay is None else "retry"
        self._left(claim, key, state, None if delay is None else self.clock() + delay, code, reason)

    def never_began(self, claim: CaseClaim, key: str, code: str, reason: str, *, delay: float | None) -> None:
        """The child died before it could send anything: that was a try too. Again after ``delay`` seconds, or never."""
        with self.transaction():
            self.must_own(claim)
            self.must_change(
                "update deliveries set attempts=attempts+1, state=?, not_before=?, code=?, reason=?, at=?"
                " where key=? and state in ('pending', 'retry')",
                "failed" if delay is None else "retry", None if delay is None else self.clock() + delay, code, reason,
                self.now(), key,
            )  # fmt: skip
            self.event("delivery.never-began", claim.ref, claim.revision, key=key, code=code)

    def outcome_unknown(self, claim: CaseClaim, key: str, code: str, reason: str, *, ask_in: float | None) -> None:
        """It may have arrived: ask after ``ask_in`` seconds, or hold for a person when that is None."""
        self._left(claim, key, "unknown", None if ask_in is None else self.clock() + ask_in, code, reason)

    def certainly_absent(self, claim: CaseClaim, key: str, *, time_limit: float) -> None:
        """The destination was asked and has not got it: send again, but not before the sender's time limit has passed."""
        row = self.one("select intent_at from deliveries where key=?", key)
        earliest = (row["intent_at"] if row and row["intent_at"] else 0.0) + time_limit
        self._left(claim, key, "retry", max(earliest, self.clock()), None, None)

    def _left(
        self, claim: CaseClaim, key: str, state: str, not_before: float | None, code: str | None, reason: str | None
    ) -> None:
        with self.transaction():
            self.must_own(claim)
            self.must_change(
                "update deliveries set asked=asked+(state='unknown'), state=?, not_before=?, code=?, reason=?, at=?"
                " where key=? and state in ('sending', 'unknown')",
                state, not_before, code, reason, self.now(), key,
            )  # fmt: skip
            self._free(key)
            self.event(f"delivery.{state}", claim.ref, claim.revision, key=key, code=code)

    def postpone(self, claim: CaseClaim, key: str, *, delay: float) -> None:
        """The destination has no free slot: look again after ``delay`` seconds."""
        with self.transaction():
            self.must_own(claim)
            self.change("update deliveries set not_before=? where key=?", self.clock() + delay, key)

    def delivery(self, key: str) -> DeliveryRow | None:
        """One delivery by its key."""
        row = self.one(f"select {DELIVERY_COLUMNS} from deliveries where key=?", key)
        return delivery_row(dict(row)) if row else None

    def deliveries(
        self, ref: str | None = None, revision: int | None = None, *, state: str | None = None
    ) -> tuple[DeliveryRow, ...]:
        """Deliveries in the order of cases and exports."""
        rows = self.all(
            f"select {DELIVERY_COLUMNS} from deliveries where (?1 is null or ref=?1) and (?2 is null or revision=?2)"
            " and (?3 is null or state=?3) order by ref, revision, position",
            ref, revision, state,
        )  # fmt: skip
        return tuple(delivery_row(dict(row)) for row in rows)


def delivery_row(row: dict[str, object]) -> DeliveryRow:
    """One row of the table as a value."""
    return DeliveryRow(**{**row, "after": tuple(str(row["after"]).split())})  # type: ignore[arg-type]
