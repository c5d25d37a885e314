"""Transitions of a case that is worked on. Each carries the fence of the claim it is made under."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from casepan.model.vocabulary import Verdict
from casepan.running.layout import place_of
from casepan.running.ledger.facts import FactTransitions
from casepan.running.ledger.rows import CaseClaim, CaseRow
from casepan.running.planned import CaseFacts, PlannedDelivery

CASE_COLUMNS = (
    "ref, revision, key_hash, digest, adapter, arrival, pipeline, state, verdict, content, priority, rush, due,"
    " attempts, not_before, owner, fence, code, reason, received, at,"
    " number, practice, assignee, department, lab_due, late_risk, remake_of, remake_reason, observed, would"
)
FIRST_FENCE = 1
"""Of a claim before which nobody has worked on the case: it has left nothing yet."""
MAX_INTERRUPTIONS = 10
"""A case in work when the supervisor dies this often is held responsible for it."""

DUE = (
    "select ref, revision from cases where state='checking' and not_before<=:now"
    " union select ref, revision from deliveries where state in ('pending', 'retry', 'unknown') and not_before<=:now"
    " union select ref, revision from deliveries where state='sending'"
)
"""Cases with work: found through the indexes of open states, so that 100,000 finished ones cost nothing.

Whoever asks must cross join: SQLite then begins with these few, and not with all cases."""
SENT = (
    "exists(select 1 from deliveries d where d.ref=c.ref and d.revision=c.revision"
    " and d.state in ('sent', 'sending', 'unknown'))"
)
"""A case ``c`` is, or may be, at one of its destinations."""
BEHIND = (
    "exists(select 1 from cases e where e.ref=cases.ref and e.revision<cases.revision and e.state='checking'"
    " and e.owner is not null)"
)
"""A revision waits while the one before it is being checked: only then it is known what it changes."""
SCHEDULED = {
    "arrivals": ("not_before", "give_up"),
    "cases": ("not_before", "lease_until"),
    "deliveries": ("not_before", "intent_at"),
    "slots": ("taken",),
}
"""Columns in seconds since the epoch."""
OWNED = "ref=? and revision=? and fence=? and owner is not null"
HEAD = "(select hash from events where ref=? order by id desc limit 1)"


class CaseTransitions(FactTransitions):
    """What happens to a case from its first step to its verdict."""

    def claim_case(
        self,
        owner: str,
        pipelines: Sequence[str],
        *,
        lease: float,
        full: Sequence[str] = (),
        plans: Mapping[str, str] = {},
        arrival: str | None = None,
    ) -> CaseClaim | None:
        """The most urgent case with work that is due: steps to run, or a delivery to send or to ask about.

        One conditional update gives out a new fence, which voids every earlier claim.

        Args:
            owner: who asks.
            lease: seconds for which nobody else may take it, renewed with :meth:`renew`.
            full: adapters that have all the cases in work that the lab allows.
            plans: what each pipeline is now (:func:`casepan.running.plan.plan_hash`), kept with the case.
            arrival: None is returned when the most urgent case came in another one.
        """
        names = {f"p{index}": name for index, name in enumerate(pipelines)}
        blocked = {f"f{index}": name for index, name in enumerate(full)}
        row = self._db.execute(
            "select cases.ref, cases.revision, state, pipeline, adapter, arrival, fence, attempts, plan"
            f" from ({DUE}) open cross join cases on cases.ref=open.ref and cases.revision=open.revision"
            " where (owner is null or (lease_until<:now and owner<>:owner))"
            f" and pipeline in ({','.join(':' + name for name in names)})"
            f" and adapter not in ({','.join(':' + name for name in blocked)})"
            f" and state<>'arriving' and (state<>'checking' or not_before<=:now) and not {BEHIND}"
            " order by priority desc, rush desc, due is null, due, received, cases.ref limit 1",
            {"now": self.clock(), "owner": owner, **names, **blocked},
        ).fetchone()
        if row is None or arrival not in (None, row["arrival"]):
            return None
        with self.transaction():
            plan = plans.get(row["pipeline"], row["plan"])
            if not self.change(
                "update cases set owner=?, fence=fence+1, lease_until=?, attempts=attempts+(state='checking'), plan=?"
                " where ref=? and revision=? and fence=? and state=?",
                owner, self.clock() + lease, plan, row["ref"], row["revision"], row["fence"], row["state"],
            ):  # fmt: skip
                return None  # somebody was quicker
            if row["plan"] not in (None, plan):
                self.event("case.plan-changed", row["ref"], row["revision"], state=row["state"])
            if row["fence"]:
                self._doubt_sends(row["ref"], row["revision"])
        attempts = row["attempts"] + (row["state"] == "checking")
        return CaseClaim(
            row["ref"], row["revision"], row["pipeline"], row["adapter"], row["arrival"],
            row["fence"] + 1, attempts, row["state"],
        )  # fmt: skip

    def _doubt_sends(self, ref: str, revision: int) -> None:
        """Inside a transaction: whoever was sending lost its claim, so nobody knows whether it arrived."""
        for row in self.all("select key from deliveries where ref=? and revision=? and state='sending'", ref, revision):
            self.change("update slots set freed=? where key=? and freed is null", self.clock(), row["key"])
            self.change(
                "update deliveries set state='unknown', not_before=0, code='CP143', reason='its sender lost the case'"
                " where key=?", row["key"],
            )  # fmt: skip

    def renew(self, claim: CaseClaim, *, lease: float) -> bool:
        """Keep a claim; False when it was lost."""
        with self.transaction():
            kept = self.change(
                f"update cases set lease_until=? where {OWNED}",
                self.clock() + lease,
                claim.ref,
                claim.revision,
                claim.fence,
            )
        return bool(kept)

    def owns(self, claim: CaseClaim) -> bool:
        """True while the claim holds and nobody cancelled the case: what ``fence_ok`` answers."""
        row = self.one(f"select cancel from cases where {OWNED}", claim.ref, claim.revision, claim.fence)
        return row is not None and not row["cancel"]

    def give_back(self, claim: CaseClaim) -> None:
        """The work that was due is done, or must wait; a lost claim is no error here."""
        with self.transaction():
            self._release(claim, "owner=null")

    def interrupt(self, claim: CaseClaim) -> None:
        """The work was stopped for a reason that is not the case's own: it is due again and loses no attempt."""
        with self.transaction():
            self._release(claim, "owner=null, attempts=max(0, attempts-(state='checking'))")

    def _release(self, claim: CaseClaim, what: str, *values: object) -> int:
        """Inside a transaction: the change that ends a claim; 0 when it was lost before."""
        self._proven.discard(claim)
        return self.change(f"update cases set {what} where {OWNED}", *values, claim.ref, claim.revision, claim.fence)

    def step_done(
        self, claim: CaseClaim, step: str, *, stage: str, version: int, input_hash: str, seconds: float
    ) -> None:
        """A step's output stands complete in its folder.

        Raises:
            FenceLost: another process owns the case.
        """
        with self.transaction():
            self.must_own(claim)
            self.change(
                "insert or replace into steps(ref, revision, step, stage, version, input, seconds, fence, at)"
                " values(?,?,?,?,?,?,?,?,?)",
                claim.ref, claim.revision, step, stage, version, input_hash, seconds, claim.fence, self.now(),
            )  # fmt: skip
            self.event("step.done", claim.ref, claim.revision, step=step, seconds=round(seconds, 3))

    def steps_done(self, ref: str, revision: int) -> Mapping[str, str]:
        """Finished steps and the hash of what each was made from."""
        rows = self.all("select step, input from steps where ref=? and revision=?", ref, revision)
        return {row["step"]: row["input"] for row in rows}

    def verdict_reached(
        self,
        claim: CaseClaim,
        verdict: Verdict,
        *,
        content: str,
        hold: str | None,
        deliveries: Sequence[PlannedDelivery],
        code: str | None = None,
        reason: str | None = None,
        codes: str = "",
        facts: CaseFacts | None = None,
    ) -> tuple[int, ...]:
        """All steps ran: the case gets its state, and the destinations that take the verdict get their deliveries.

        Args:
            content: hash of the case that the steps left.
            hold: ``"review"`` or ``"office"`` when a step asks for a person whatever the verdict.
            codes: of the findings that hold it, or would hold it; they stay in the trail when the findings change.
            facts: for lists, counts and proposals.

        Returns:
            Earlier revisions that were held and are closed now, because this one takes their place.

        Raises:
            FenceLost: another process owns the case.
        """
        state = self.state_after(verdict, hold)
        with self.transaction():
            self.must_own(claim)
            self.change(
                "update cases set state=?, verdict=?, content=?, code=?, reason=?, not_before=0, at=? where ref=? and revision=?",
                state, verdict, content, code, reason, self.now(), claim.ref, claim.revision,
            )  # fmt: skip
            more = self.plan(claim.ref, claim.revision, claim.pipeline, deliveries)
            if claim.fence > FIRST_FENCE:
                self.forget_facts(claim.ref, claim.revision)
            self.add_facts(claim.ref, claim.revision, facts or CaseFacts())
            why = {"codes": codes} if codes else {}
            self.event("case.verdict", claim.ref, claim.revision, verdict=verdict, state=state, **why)
            if not more:
                self.finish_if_handed_on(claim.ref, claim.revision)
            return () if verdict == "reject" else self.supersede(claim.ref, claim.revision)

    def supersede(self, ref: str, revision: int, *, replaced: bool = False) -> tuple[int, ...]:
        """Inside a transaction: close the held revisions before this one, which nobody needs to decide about any more.

        Args:
            replaced: True when a person made this one of them: then also those that are still to be checked or sent.
        """
        if revision == 1:
            return ()
        rows = self.all(
            "select revision from cases c where ref=? and revision<? and owner is null"
            " and (state in ('review', 'office', 'quarantine')"
            f" or (? and (state='checking' or (state='ready' and not {SENT}))))",
            ref, revision, replaced,
        )  # fmt: skip
        for row in rows:
            self.change(
                "update cases set state='closed', at=? where ref=? and revision=?", self.now(), ref, row["revision"]
            )
            self.withdraw(ref, row["revision"])
            self.event("case.superseded", ref, row["revision"], by=revision)
        return tuple(row["revision"] for row in rows)

    def withdraw(self, ref: str, revision: int) -> None:
        """Inside a transaction: deliveries that have not begun are not made."""
        self.change(
            "update deliveries set state='withdrawn', not_before=null where ref=? and revision=?"
            " and state in ('waiting', 'pending', 'retry', 'failed')", ref, revision,
        )  # fmt: skip

    @staticmethod
    def state_after(verdict: Verdict, hold: str | None) -> str:
        """Where a verdict leads; a step that asks for a person holds also what would be rejected: somebody is asked."""
        if hold:
            return hold
        return {"accept": "ready", "review": "review", "reject": "quarantine"}[verdict]

    def attempt_failed(self, claim: CaseClaim, code: str, reason: str, *, delay: float) -> None:
        """The child crashed or ran out of its limits: the case is tried again after ``delay`` seconds."""
        with self.transaction():
            self.must_own(claim)
            then = self.clock() + delay
            self._release(claim, "owner=null, not_before=?, code=?, reason=?, at=?", then, code, reason, self.now())
            self.event("attempt.failed", claim.ref, claim.revision, code=code, attempt=claim.attempts)

    def case_quarantined(self, claim: CaseClaim, code: str, reason: str) -> None:
        """The case cannot be processed, or its attempts are used up."""
        with self.transaction():
            self.must_own(claim)
            self._release(claim, "state='quarantine', owner=null, code=?, reason=?, at=?", code, reason, self.now())
            self.event("case.quarantined", claim.ref, claim.revision, code=code)

    def case_cancelled(self, claim: CaseClaim) -> None:
        """A person cancelled it while it was in work, and its child is gone."""
        with self.transaction():
            self.must_own(claim)
            self._release(claim, "state='closed', owner=null, cancel=0, at=?", self.now())
            self.event("case.cancelled", claim.ref, claim.revision)

    def plan(self, ref: str, revision: int, pipeline: str, deliveries: Sequence[PlannedDelivery]) -> bool:
        """Insert deliveries, inside a transaction; those that exist stay as they are, withdrawn ones are due again.

        Returns:
            True when any of them are new, or due again.
        """
        rows = self.all("select key, export, state from deliveries where ref=? and revision=?", ref, revision)
        states = {row["key"]: row["state"] for row in rows}
        live = {row["export"]: row["state"] for row in rows if row["state"] != "withdrawn"}
        live |= {delivery.export: states.get(delivery.key, "new") for delivery in deliveries}
        for delivery in deliveries:
            # A destination that takes no part in this verdict cannot hold up the others.
            after = [name for name in delivery.after if live.get(name, "sent") != "sent"]
            state = "waiting" if after else "pending"
            there = sum(r["export"] == delivery.export and r["state"] in ("sent", "sending", "unknown") for r in rows)
            place = _place(ref, revision, delivery, there)
            if delivery.key not in states:
                self.change(
                    "insert into deliveries(key, ref, revision, pipeline, export, position, after, state, not_before, at, place)"
                    " values(?,?,?,?,?,?,?,?,?,?,?)",
                    delivery.key, ref, revision, pipeline, delivery.export, delivery.position, " ".join(after),
                    state, 0.0, self.now(), place,
                )  # fmt: skip
            elif states[delivery.key] == "withdrawn":
                self.change(
                    "update deliveries set state=?, after=?, attempts=0, not_before=0, code=null, reason=null, at=?, place=?"
                    " where key=?", state, " ".join(after), self.now(), place, delivery.key,
                )  # fmt: skip
        return any(states.get(delivery.key, "withdrawn") == "withdrawn" for delivery in deliveries)

    def finish_if_handed_on(self, ref: str, revision: int) -> None:
        """Inside a transaction: a ready case with every receipt is handed on."""
        handed_on = self.change(
            "update cases set state='handed-on', at=? where ref=? and revision=? and state='ready' and not exists("
            "select 1 from deliveries d where d.ref=cases.ref and d.revision=cases.revision"
            " and d.state not in ('sent', 'withdrawn'))",
            self.now(), ref, revision,
        )  # fmt: skip
        if handed_on:
            self.event("case.handed-on", ref, revision)

    def must_own(self, claim: CaseClaim) -> None:
        """Only the present owner may go on; inside a transaction it stays the owner until that ends.

        Raises:
            FenceLost: another process owns the case.
        """
        if claim in self._proven:
            return
        head = self.must_find(
            f"select {HEAD} from cases where {OWNED}", claim.ref, claim.ref, claim.revision, claim.fence
        )[0]
        if self._db.in_transaction:
            self._proven.add(claim)
            self._heads[claim.ref] = head or ""

    def clock_was_set_back(self, seconds: float) -> None:
        """Everything that is to happen later would happen later still: move it back as far as the clock was."""
        with self.transaction():
            for table, columns in SCHEDULED.items():
                for column in columns:
                    self.change(f"update {table} set {column}={column}-? where {column}>?", seconds, self.clock())
            self.event("clock.set-back", None, None, seconds=round(seconds))

    def seconds_behind(self) -> float:
        """How far the clock stands behind the last entry of the trail; 0 when it goes right."""
        row = self.one("select at from events order by id desc limit 1")
        last = datetime.fromisoformat(row["at"]).timestamp() if row else 0.0
        return max(0.0, last - self.clock())

    def recover(self) -> int:
        """Start-up under the exclusive lock: whoever owned something is dead.

        Claimed work is due again at once and does not count against its attempts, unless it was interrupted very often;
        a delivery that was being sent has an unknown outcome. Returns how many rows were picked up.
        """
        with self.transaction():
            found = self.change(
                "update arrivals set state='settled', owner=null, fence=fence+1, interrupted=interrupted+1,"
                " attempts=attempts-(interrupted<?) where state='taking'", MAX_INTERRUPTIONS,
            )  # fmt: skip
            rows = self.all("select ref, revision from cases where owner is not null")
            self.change(
                "update cases set owner=null, fence=fence+1, interrupted=interrupted+1,"
                " attempts=max(0, attempts-(interrupted<? and state='checking')) where owner is not null", MAX_INTERRUPTIONS,
            )  # fmt: skip
            for row in rows:
                self.event("case.interrupted", row["ref"], row["revision"])
            self.change(
                "update deliveries set state='unknown', not_before=0, code='CP143', reason='casepan ended while sending'"
                " where state='sending'"
            )
            self.change("update slots set freed=? where freed is null", self.clock())
        return found + len(rows)

    def case(self, ref: str, revision: int | None = None) -> CaseRow | None:
        """One revision of a case, the latest when none is named."""
        row = self.one(
            f"select {CASE_COLUMNS} from cases where ref=? and (?2 is null or revision=?2) order by revision desc limit 1",
            ref, revision,
        )  # fmt: skip
        return case_row(dict(row)) if row else None

    def cases(self, *, state: str | None = None, pipeline: str | None = None) -> tuple[CaseRow, ...]:
        """Cases in the order in which they came."""
        wanted = {name: value for name, value in (("state", state), ("pipeline", pipeline)) if value is not None}
        where = f"where {' and '.join(f'{name}=?' for name in wanted)}" if wanted else ""
        rows = self.all(f"select {CASE_COLUMNS} from cases {where} order by received, ref, revision", *wanted.values())
        return tuple(case_row(dict(row)) for row in rows)


def _place(ref: str, revision: int, delivery: PlannedDelivery, there: int) -> str:
    """The name at the destination: nothing that lies there is overwritten, unless the lab wants just that.

    Args:
        there: how many deliveries of other content of this very revision are, or may be, there.
    """
    if delivery.replace:
        return ref
    return place_of(ref, revision) + (f"-v{there + 1}" if there else "")


def _routes(deliveries: Sequence[PlannedDelivery]) -> str:
    """Which exports take the case, and why: ``"cad (crown of item 1), office"``."""
    return ", ".join(f"{one.export} ({one.why})" if one.why else one.export for one in deliveries)


def case_row(row: dict[str, object]) -> CaseRow:
    """One row of the table as a value."""
    truths = {name: bool(row[name]) for name in ("rush", "late_risk", "observed")}
    return CaseRow(**{**row, **truths})  # type: ignore[arg-type]
