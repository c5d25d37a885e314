"""The supervisor's side of a child: what it may record, and what its end means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from attrs import define, field

from casepan.config.lab import Export, Pipeline
from casepan.contract.specs import ExporterSpec
from casepan.errors import FenceLost, StateError
from casepan.knowledge.numbers import pattern_now
from casepan.model.case import CaseKey
from casepan.model.documents import to_plain
from casepan.running import quarantine
from casepan.running.deliveries import delay_before
from casepan.running.layout import place_of
from casepan.running.ledger import ArrivalClaim, CaseClaim, DeliveryRow, PlannedDelivery
from casepan.running.ledger.rows import DeliveryState
from casepan.running.plan import id_of
from casepan.running.planned import CaseFacts
from casepan.running.quarantine import Reason
from casepan.running.shop import Shop
from casepan.running.steps import read_result
from casepan.running.wire import Message

FILE_SIZE_LIMIT = 4 << 30
NOT_READY_PAUSE = 5.0
FIRST_CRASH_PAUSE = 0.5
LONGEST_CRASH_PAUSE = 60.0
SLOT_PAUSE = 0.5
BETWEEN_DELIVERIES = 60.0


def _job(shop: Shop, pipeline: Pipeline, **more: Any) -> Message:
    return {
        "state": str(shop.state.root), "pipeline": pipeline.name, "memory": pipeline.memory_limit,
        "file_size": FILE_SIZE_LIMIT, **more,
    }  # fmt: skip


def crash_pause(attempts: int) -> float:
    """Seconds before a case whose child died is tried again."""
    return float(min(FIRST_CRASH_PAUSE * 2 ** (attempts - 1), LONGEST_CRASH_PAUSE))


@define
class ArrivalWork:
    """Taking one arrival.

    Attributes:
        taken: True once that is recorded; whatever its child does then is no more of its business.
    """

    shop: Shop
    claim: ArrivalClaim
    taken: bool = False

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline whose inbox it lies in."""
        return self.shop.lab.pipelines[self.claim.pipeline]

    @property
    def limit(self) -> float:
        """The pipeline's time limit."""
        return self.pipeline.time_limit

    def job(self) -> Message:
        """Take this arrival."""
        return _job(self.shop, self.pipeline, do="arrival", arrival=self.claim.id, patient=self.claim.patient)

    def answer(self, message: Message, extend: Callable[[float], None], *, more: bool) -> Message:
        """Register a case, or note that it stands in its folder. The time limit stays as it is."""
        del extend, more
        ledger = self.shop.ledger
        if message["ask"] == "register":
            due = date.fromisoformat(message["due"]) if message["due"] else None
            got = ledger.register_case(
                self.claim,
                CaseKey(message["adapter"], message["vendor_id"]),
                message["digest"],
                priority=self.pipeline.priority,
                rush=message["rush"],
                due=due,
                meshes=message["meshes"],
                number=pattern_now(self.shop.lab.lab),
            )
            self.shop.touched.add((got.ref, got.revision))
            kind = "case.seen-again" if got.known else "case.registered"
            self.shop.journal.note(kind, got.ref, revision=got.revision, arrival=self.claim.id)
            return {"ref": got.ref, "revision": got.revision, "known": got.known}
        ledger.case_arrived(self.claim, message["ref"], message["revision"])
        return {}

    def took(self, end: Message) -> bool:
        """True when all of it was taken and the child may go on with a case of it; recorded then, in a transaction."""
        if end["failures"]:
            return False
        self._arrived(end)
        self.shop.ledger.arrival_taken(self.claim)
        self.shop.journal.note("arrival.taken", arrival=self.claim.id, cases=len(end["taken"]))
        return True

    def stands(self) -> None:
        """What :meth:`took` recorded is in the ledger for good."""
        self.taken = True
        quarantine.take_out(self.shop.state, self.claim.id)

    def ended(self, end: Message, died: str | None, words: str) -> None:
        """Waiting, to be tried again, or in quarantine, if it was not taken."""
        if self.taken:
            return
        error = end.get("error")
        if error is None and died is not None:
            error = {"kind": "crash", "code": "CP126", "reason": died, "place": None, "hint": None}
        if error is not None:
            self._failed(error, words)
        elif "waits" in end:
            self._wait("CP130", f"{end['waits']} files that the order names are not there yet")
        elif end["failures"]:
            with self.shop.together():
                self._arrived(end)
                self._quarantine(end["failures"][0], words)
        else:
            self.stopped()  # all was well, but could not be recorded

    def _arrived(self, end: Message) -> None:
        for case in end["taken"]:
            if not case["known"]:
                self.shop.ledger.case_arrived(self.claim, case["ref"], case["revision"])

    def stopped(self) -> None:
        """Due again."""
        if not self.taken:
            self.shop.ledger.arrival_interrupted(self.claim)

    def lost(self) -> None:
        """Nothing to give back."""
        self.shop.journal.note("arrival.fence-lost", arrival=self.claim.id)

    def _failed(self, error: Message, words: str) -> None:
        if error["kind"] == "fence":
            self.lost()
            return
        if error["kind"] == "state":
            self.stopped()
            raise StateError(error["reason"], place=error["place"], hint=error["hint"])
        if error["kind"] == "not-ready":
            self._wait(error["code"], error["reason"])
        elif error["kind"] == "crash" and self.claim.attempts < self.pipeline.attempts:
            pause = crash_pause(self.claim.attempts)
            self.shop.ledger.arrival_failed(self.claim, error["code"], error["reason"], delay=pause)
            self.shop.journal.note("arrival.attempt-failed", arrival=self.claim.id, code=error["code"])
        else:
            self._quarantine(error, words)

    def _wait(self, code: str, reason: str) -> None:
        self.shop.ledger.arrival_waits(self.claim, code, reason, delay=NOT_READY_PAUSE)
        self.shop.journal.note("arrival.waits", arrival=self.claim.id, code=code)

    def _quarantine(self, error: Message, words: str) -> None:
        reason = Reason(error["code"], error["reason"], error["place"], error["hint"], details=words)
        quarantine.put_arrival(self.shop.state, self.claim.id, reason)
        self.shop.ledger.arrival_quarantined(self.claim, error["code"], error["reason"])
        self.shop.arrivals.add(self.claim.id)
        self.shop.journal.note("arrival.quarantined", arrival=self.claim.id, code=error["code"])


@define
class CaseWork:
    """One attempt at a case: its steps if they are still to be run, and every delivery that is due.

    Attributes:
        open: key of the delivery in the child's hands, and whether it is being sent or only asked about.
        checking: True until the verdict is recorded; given_back: True once nothing more is due for now.
    """

    shop: Shop
    claim: CaseClaim
    open: tuple[str, DeliveryState] | None = None
    given_back: bool = False
    checking: bool = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.checking = self.claim.state == "checking"
        self.shop.touched.add((self.claim.ref, self.claim.revision))

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline that took the case in."""
        return self.shop.lab.pipelines[self.claim.pipeline]

    @property
    def limit(self) -> float:
        """Of the steps; each delivery has its own."""
        return self.pipeline.time_limit if self.checking else BETWEEN_DELIVERIES

    def job(self) -> Message:
        """Work on this case."""
        claim = self.claim
        done: Mapping[str, str] = self.shop.ledger.steps_done(claim.ref, claim.revision) if self.checking else {}
        return _job(
            self.shop, self.pipeline, do="case", ref=claim.ref, revision=claim.revision, arrival=claim.arrival,
            check=self.checking, done=dict(done), previous=self._previous(),
            desk=to_plain(self.shop.ledger.desk(claim.ref, claim.revision)),
        )  # fmt: skip

    def _previous(self) -> tuple[int, str] | None:
        """Revision and arrival that were handed on before this one."""
        revision = self.shop.ledger.handed_on(self.claim.ref, self.claim.revision) if self.claim.revision > 1 else None
        row = self.shop.ledger.case(self.claim.ref, revision) if revision is not None else None
        return (row.revision, row.arrival) if row else None

    def answer(self, message: Message, extend: Callable[[float], None], *, more: bool) -> Message:
        """Say whether the child still owns the case; or record what it did, and say what to do next, in one transaction."""
        if message["ask"] == "fence":
            return {"ok": self.shop.ledger.owns_send(self.claim, message["key"])}
        if message["ask"] == "relatives":
            self.shop.ledger.must_own(self.claim)
            found = self.shop.ledger.relatives(
                self.claim.ref, self.claim.revision, message["meshes"], message["tokens"]
            )
            return {"twins": found.twins, "waiting": found.waiting}
        before = self.open, self.checking, self.given_back
        try:
            with self.shop.together():
                freed = self._record(message, extend)
                answer = {} if self.checking else self._next(extend, more)
        except Exception:
            self.open, self.checking, self.given_back = before
            raise
        for place in freed:
            quarantine.take_out(self.shop.state, place)
        return answer

    def _record(self, message: Message, extend: Callable[[float], None]) -> tuple[str, ...]:
        """Places for which no reason lies in quarantine any more, once this stands."""
        ledger, claim, asked = self.shop.ledger, self.claim, message["ask"]
        if asked == "step":
            self._step_done(message)
        elif asked == "verdict":
            return self._verdict(message, extend)
        elif asked == "receipt":
            ledger.delivered(claim, message["key"], message["sha256"])
            self.open = None
            self._note("delivery.sent", key=message["key"])
        elif asked == "absent":
            row = self._row(message["key"])
            self._send_again(row, self._export(row.export))
            self._closed("delivery.absent", row.key)
        elif asked == "failed":
            self._delivery_failed(message)
        return ()

    def _step_done(self, step: Message) -> None:
        self.shop.ledger.step_done(
            self.claim, step["step"], stage=step["stage"], version=step["version"], input_hash=step["input"],
            seconds=step["seconds"],
        )  # fmt: skip
        self._note("step.done", step=step["step"], seconds=round(step["seconds"], 3))

    def ended(self, end: Message, died: str | None, words: str) -> None:
        """Done for now, to be tried again, or in quarantine; a delivery in its hands has an unknown outcome."""
        error = end.get("error")
        if error is not None and error["kind"] == "fence":
            self.lost()
            return
        sending = self.open is not None
        if sending:
            self._unknown(died or "the exporter ended without an answer")
        if error is not None and error["kind"] == "state":
            self.stopped()
            raise StateError(error["reason"], place=error["place"], hint=error["hint"])
        if error is None and died is not None:
            error = {"kind": "crash", "code": "CP126", "reason": died, "place": None, "hint": None}
        if self.checking and error is not None:
            self._attempt_failed(error, words)
            return
        if error is not None and not sending and not self.given_back:
            self._setback(error)
        self._give_back()

    def _setback(self, error: Message) -> None:
        """The child failed between deliveries: whatever was due loses a try, or a broken case would be tried for ever."""
        while (row := self.shop.ledger.next_delivery(self.claim)) is not None:
            export = self._found(row.export)
            if export is None:
                self._gone(row)
            elif row.state == "unknown":
                self._still_unknown(row, export, error["code"], error["reason"], None)
            else:
                delay = delay_before(export.retry, row.attempts + 1, None)
                self.shop.ledger.never_began(self.claim, row.key, error["code"], error["reason"], delay=delay)
            self._note("delivery.never-began", export=row.export, code=error["code"])
            self._tell_stuck(row.key)

    def stopped(self) -> None:
        """Due again; whatever was being sent has an unknown outcome."""
        if self.open is not None:
            self._unknown("casepan was stopped while sending")
        self.shop.ledger.interrupt(self.claim)

    def cancelled(self) -> None:
        """A person cancelled the case."""
        if self.open is not None:
            self._unknown("the case was cancelled while sending")
        self.shop.ledger.case_cancelled(self.claim)
        self._note("case.cancelled")

    def lost(self) -> None:
        """Whoever took over has freed the slot and doubted the delivery."""
        self._note("case.fence-lost")

    def _verdict(self, message: Message, extend: Callable[[float], None]) -> tuple[str, ...]:
        claim = self.claim
        for step in message["steps"]:
            self._step_done(step)
        deliveries = [
            PlannedDelivery(d["key"], d["export"], d["position"], tuple(d["after"]), d["replace"], d["why"])
            for d in message["deliveries"]
        ]
        held, would = message["verdict"] != "accept" or message["hold"], message["facts"]["would"]
        words = message["codes"] or "a step asks for a person"
        code, reason = ("CP120", words) if held else (None, None)
        if would not in (None, "accept"):
            reason = f"observe mode: would be held ({words})"
        rejected = message["verdict"] == "reject" and not message["hold"]
        if rejected:
            outcome = read_result(self.shop.state.case(claim.ref, claim.revision))
            quarantine.put_case(
                self.shop.state, claim.place, claim.arrival, quarantine.reason_of_case(outcome.case, outcome.codes)
            )
        superseded = self.shop.ledger.verdict_reached(
            claim, message["verdict"], content=message["content"], hold=message["hold"], deliveries=deliveries,
            code=code, reason=reason, codes=words if reason else "", facts=CaseFacts(**message["facts"]),
        )  # fmt: skip
        self.checking = False
        extend(BETWEEN_DELIVERIES)
        self._note("case.verdict", verdict=message["verdict"], codes=message["codes"])
        # An attempt that died before it was recorded may have left a reason of its own.
        return (*(place_of(claim.ref, revision) for revision in superseded), *(() if rejected else (claim.place,)))

    def _next(self, extend: Callable[[float], None], more: bool) -> Message:
        """The first delivery that is due and for which its destination has room; intents are recorded before the answer."""
        while more and (row := self.shop.ledger.next_delivery(self.claim)) is not None:
            export = self._found(row.export)
            if export is None:
                self._gone(row)
                continue
            probe = row.state == "unknown"
            if not probe and not self._begin(row, export):
                self.shop.ledger.postpone(self.claim, row.key, delay=SLOT_PAUSE)
                continue
            if probe and not self._can_ask(export):
                self._cannot_ask(row, export)
                continue
            self.open = (row.key, "unknown" if probe else "sending")
            extend(export.time_limit)
            return {"key": row.key, "export": row.export, "probe": probe, "place": row.place or self._place(export)}
        extend(BETWEEN_DELIVERIES)
        self._give_back()
        return {"done": True}

    def _give_back(self) -> None:
        if not self.given_back:
            self.shop.ledger.give_back(self.claim)
            self.given_back = True

    def _gone(self, row: DeliveryRow) -> None:
        """Somebody took the export out of lab.toml while this delivery was under way: a person decides."""
        reason = "this export is no longer in lab.toml"
        if row.state == "unknown":
            self.shop.ledger.outcome_unknown(self.claim, row.key, "CP103", reason, ask_in=None)
        else:
            self.shop.ledger.never_began(self.claim, row.key, "CP103", reason, delay=None)
        self._note("delivery.export-gone", export=row.export)
        self._tell_stuck(row.key)

    def _begin(self, row: DeliveryRow, export: Export) -> bool:
        destination = f"{row.pipeline}/{row.export}"
        return self.shop.ledger.begin_send(
            self.claim, row.key, destination=destination, parallel=export.parallel, rate=export.rate
        )

    def _place(self, export: Export) -> str:
        return self.claim.ref if export.on_existing == "replace" else self.claim.place

    def _can_ask(self, export: Export) -> bool:
        spec = self.shop.registry.spec(export.use)
        return isinstance(spec, ExporterSpec) and spec.probe

    def _cannot_ask(self, row: DeliveryRow, export: Export) -> None:
        if export.on_unknown == "resend":
            self._send_again(row, export)
            self._note("delivery.resend-unknown", export=row.export)
            return
        reason = "nobody can tell whether it arrived: this destination cannot be asked"
        self.shop.ledger.outcome_unknown(self.claim, row.key, "CP143", reason, ask_in=None)
        self._note("delivery.unknown", export=row.export)
        self._tell_stuck(row.key)

    def _send_again(self, row: DeliveryRow, export: Export) -> None:
        """Once the sender's time limit has passed; a sender that dies every time is given up like any other failure."""
        if row.attempts < export.retry.attempts:
            self.shop.ledger.certainly_absent(self.claim, row.key, time_limit=export.time_limit)
            return
        reason = f"tried {row.attempts} times, and it never arrived: {row.reason or 'the sender died'}"
        self.shop.ledger.send_failed(self.claim, row.key, "CP140", reason, delay=None)

    def _delivery_failed(self, message: Message) -> None:
        row = self._row(message["key"])
        export = self._export(row.export)
        if message["unknown"] or row.state == "unknown":
            self._still_unknown(row, export, message["code"], message["reason"], message["retry_after"])
        else:
            delay = delay_before(export.retry, row.attempts, message["retry_after"]) if message["retryable"] else None
            self.shop.ledger.send_failed(self.claim, row.key, message["code"], message["reason"], delay=delay)
        self._closed("delivery.failed", row.key, code=message["code"])

    def _unknown(self, why: str) -> None:
        """The child is gone with a delivery in its hands."""
        assert self.open is not None
        row = self._row(self.open[0])
        self._still_unknown(row, self._export(row.export), "CP143", f"nobody can tell whether it arrived: {why}", None)
        self._closed("delivery.unknown", row.key)

    def _still_unknown(
        self, row: DeliveryRow, export: Export, code: str, reason: str, retry_after: float | None
    ) -> None:
        """Ask at once after a send, later after a question that was not answered, and a person in the end."""
        pause: float | None = 0.0
        if row.state == "unknown":
            pause = delay_before(export.retry, row.asked + 1, retry_after)
        self.shop.ledger.outcome_unknown(self.claim, row.key, code, reason, ask_in=pause)

    def _attempt_failed(self, error: Message, words: str) -> None:
        ledger, claim = self.shop.ledger, self.claim
        if error["kind"] in ("crash", "not-ready") and claim.attempts < self.pipeline.attempts:
            ledger.attempt_failed(claim, error["code"], error["reason"], delay=crash_pause(claim.attempts))
            self._note("attempt.failed", code=error["code"], attempt=claim.attempts)
            return
        reason = Reason(error["code"], error["reason"], error["place"], error["hint"], details=words)
        quarantine.put_case(self.shop.state, claim.place, claim.arrival, reason)
        ledger.case_quarantined(claim, error["code"], error["reason"])
        self._note("case.quarantined", code=error["code"], attempt=claim.attempts)

    def _row(self, key: str) -> DeliveryRow:
        row = self.shop.ledger.delivery(key)
        if row is None:
            raise FenceLost("this delivery is no longer in the ledger")
        return row

    def _export(self, export: str) -> Export:
        """An export that the child has in its hands: the lab's configuration does not change during a run."""
        return next(found for found in self.pipeline.export if id_of(found) == export)

    def _found(self, export: str) -> Export | None:
        return next((found for found in self.pipeline.export if id_of(found) == export), None)

    def _closed(self, kind: str, key: str, **detail: str) -> None:
        self.open = None
        self._note(kind, key=key, **detail)
        self._tell_stuck(key)

    def _tell_stuck(self, key: str) -> None:
        """Say so when a delivery has failed for good or waits for a person: observers ring the bell then."""
        row = self._row(key)
        if row.state == "failed" or row.needs_person:
            self._note("delivery.stuck", export=row.export, state=row.state, code=row.code)

    def _note(self, kind: str, **detail: str | float | None) -> None:
        self.shop.journal.note(kind, self.claim.ref, revision=self.claim.revision, **detail)
