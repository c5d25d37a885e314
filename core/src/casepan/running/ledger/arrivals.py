"""Transitions of arrivals, and the registration of the cases found in them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date
from itertools import islice

from casepan.model.case import CaseKey
from casepan.running.ledger.facts import INHERITED, FactTransitions
from casepan.running.ledger.rows import ArrivalClaim, ArrivalRow, Registration

ALPHABET = "2345679CDFGHJKMNPQRTVWXY"
"""No letters or digits that look alike, no vowels but Y: a reference is read out on the telephone and spells no word."""

ARRIVAL_COLUMNS = (
    "id, pipeline, inbox, spot, fingerprint, state, patient, give_up, attempts, not_before, fence, code, reason, at"
)


def draw(*lengths: int) -> str:
    """A random reference of groups of these lengths."""
    number, letters = secrets.randbelow(len(ALPHABET) ** sum(lengths)), []
    for _ in range(sum(lengths)):
        number, place = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[place])
    drawn = iter(letters)
    return "-".join("".join(islice(drawn, length)) for length in lengths)


class ArrivalTransitions(FactTransitions):
    """What happens to an arrival between the inbox and its cases."""

    def arrival_settled(
        self, arrival: str, *, pipeline: str, inbox: str, spot: str, fingerprint: str, give_up: float, patient: bool
    ) -> bool:
        """A new arrival lies still. An earlier one of the same place and name that still waits is superseded.

        Args:
            arrival: id whose ``arrival.json`` is already written.
            spot, fingerprint: texts; they are stored as salted hashes.
            give_up: seconds after which missing files are no longer waited for; ``patient`` False never waits.

        Returns:
            False when this fingerprint is known.
        """
        now, place, mark = self.clock(), self.hashed(spot), self.hashed(fingerprint)
        with self.transaction():
            rows = self.all(
                "select fingerprint, state, give_up from arrivals where fingerprint=? or spot=?", mark, place
            )
            if any(row["fingerprint"] == mark for row in rows):
                return False
            until = next((row["give_up"] for row in rows if row["state"] == "waiting"), now + give_up)
            if rows:
                self.change(
                    "update arrivals set state='superseded' where spot=? and state in ('waiting', 'settled')", place
                )
            self.change(
                "insert into arrivals(id, pipeline, inbox, spot, fingerprint, state, patient, give_up, at)"
                " values(?,?,?,?,?,'settled',?,?,?)",
                arrival, pipeline, inbox, place, mark, patient, until, self.now(),
            )  # fmt: skip
            self.event("arrival.settled", None, None, arrival=arrival, pipeline=pipeline)
        return True

    def new_arrival_id(self) -> str:
        """An id that no arrival has."""
        while True:
            arrival = "A" + draw(3, 4)
            if not self.one("select 1 from arrivals where id=?", arrival):
                return arrival

    def knows_arrival(self, fingerprint: str) -> bool:
        """True when an arrival of this fingerprint was seen before, whatever became of it."""
        return self.one("select 1 from arrivals where fingerprint=?", self.hashed(fingerprint)) is not None

    def claim_arrival(self, owner: str, pipelines: Sequence[str]) -> ArrivalClaim | None:
        """The oldest arrival that is due, for one owner; None when nothing is due."""
        now, marks = self.clock(), ",".join("?" * len(pipelines))
        row = self.one(
            "select * from arrivals indexed by arrivals_by_turn"
            f" where state in ('settled', 'waiting') and not_before<=? and pipeline in ({marks}) order by at, id limit 1",
            now, *pipelines,
        )  # fmt: skip
        if row is None:
            return None
        with self.transaction():
            if not self.change(
                "update arrivals set state='taking', owner=?, fence=fence+1, attempts=attempts+1"
                " where id=? and fence=? and state=?",
                owner, row["id"], row["fence"], row["state"],
            ):  # fmt: skip
                return None  # somebody was quicker
        patient = bool(row["patient"]) and now < row["give_up"]
        return ArrivalClaim(row["id"], row["pipeline"], row["inbox"], row["fence"] + 1, row["attempts"] + 1, patient)

    def arrival_waits(self, claim: ArrivalClaim, code: str, reason: str, *, delay: float) -> None:
        """Not complete yet: look again after ``delay`` seconds, or when it changes. Does not count as an attempt."""
        with self.transaction():
            self._end_arrival(claim, "waiting", code, reason, not_before=self.clock() + delay)
            self.change("update arrivals set attempts=attempts-1 where id=?", claim.id)
            self.event("arrival.waits", None, None, arrival=claim.id, code=code)

    def arrival_failed(self, claim: ArrivalClaim, code: str, reason: str, *, delay: float) -> None:
        """The child crashed or ran out of time: try again after ``delay`` seconds."""
        with self.transaction():
            self._end_arrival(claim, "settled", code, reason, not_before=self.clock() + delay)
            self.event("arrival.attempt-failed", None, None, arrival=claim.id, code=code)

    def arrival_interrupted(self, claim: ArrivalClaim) -> None:
        """The work was stopped for a reason that is not the arrival's own: due again, no attempt lost."""
        with self.transaction():
            self._end_arrival(claim, "settled", None, None)
            self.change("update arrivals set attempts=attempts-1 where id=?", claim.id)

    def arrival_taken(self, claim: ArrivalClaim) -> None:
        """Every case in it is registered and stands in its folder."""
        with self.transaction():
            self._end_arrival(claim, "taken", None, None)
            self.event("arrival.taken", None, None, arrival=claim.id)

    def arrival_quarantined(self, claim: ArrivalClaim, code: str, reason: str) -> None:
        """It cannot be processed as it is."""
        with self.transaction():
            self._end_arrival(claim, "quarantined", code, reason)
            self.event("arrival.quarantined", None, None, arrival=claim.id, code=code)

    def retry_arrival(self, arrival: str) -> bool:
        """A person wants it tried again. False when it is not in quarantine."""
        return self._move_arrival(arrival, "settled", "arrival.retry")

    def discard_arrival(self, arrival: str) -> bool:
        """A person does not want it. False when it is not in quarantine."""
        return self._move_arrival(arrival, "discarded", "arrival.discarded")

    def _move_arrival(self, arrival: str, state: str, kind: str) -> bool:
        with self.transaction():
            moved = self.change(
                "update arrivals set state=?, attempts=0, interrupted=0, not_before=0, code=null, reason=null"
                " where id=? and state='quarantined'",
                state, arrival,
            )  # fmt: skip
            if moved:
                self.event(kind, None, None, arrival=arrival)
        return bool(moved)

    def _end_arrival(
        self, claim: ArrivalClaim, state: str, code: str | None, reason: str | None, not_before: float = 0.0
    ) -> None:
        self.must_change(
            "update arrivals set state=?, owner=null, code=?, reason=?, not_before=? where id=? and fence=? and state='taking'",
            state, code, reason, not_before, claim.id, claim.fence,
        )  # fmt: skip

    def _guard_arrival(self, claim: ArrivalClaim) -> None:
        """Inside a transaction: only the present owner may go on."""
        self.must_find("select 1 from arrivals where id=? and fence=? and state='taking'", claim.id, claim.fence)

    def register_case(
        self,
        claim: ArrivalClaim,
        key: CaseKey,
        digest: str,
        *,
        priority: int = 0,
        rush: bool = False,
        due: date | None = None,
        meshes: Sequence[str] = (),
        number: str = "",
    ) -> Registration:
        """Give a case that was read its reference: known content, the next revision, or a new case.

        A case that this very arrival registered before its child was killed gets the same reference again.

        Args:
            meshes: content hashes of its scans.
            number: the pattern of the lab's own number with ``{n}`` left in it; a new case gets the next one.
        """
        key_hash = self.key_hash(key)
        with self.transaction():
            self._guard_arrival(claim)
            rows = self.all("select * from cases where key_hash=? order by revision", key_hash)
            for row in rows:
                if row["digest"] == digest:
                    known = row["state"] != "arriving"
                    if known:
                        self.event("case.seen-again", row["ref"], row["revision"], arrival=claim.id)
                    else:
                        self.change(
                            "update cases set arrival=? where ref=? and revision=?",
                            claim.id,
                            row["ref"],
                            row["revision"],
                        )
                    return Registration(row["ref"], row["revision"], known)
            ref, revision = (rows[-1]["ref"], rows[-1]["revision"] + 1) if rows else (self._new_ref(), 1)
            self.change(
                "insert into cases(ref, revision, key_hash, digest, adapter, arrival, pipeline, state, priority, rush, due,"
                " received, at)"
                " values(?,?,?,?,?,?,?,'arriving',?,?,?,?,?)",
                ref, revision, key_hash, digest, key.adapter, claim.id, claim.pipeline,
                priority, rush, due.isoformat() if due else None, self.now(), self.now(),
            )  # fmt: skip
            if rows:
                self._inherit(ref, revision)
            elif number:
                self.give_number(ref, number)
            self.add_meshes(ref, revision, meshes)
            self.event("case.registered", ref, revision, arrival=claim.id, pipeline=claim.pipeline, digest=digest)
        return Registration(ref, revision, known=False)

    def _inherit(self, ref: str, revision: int) -> None:
        """What the desk knows of a case stays with it: its number, who works on it, what it replaces."""
        self.change(
            f"update cases set ({INHERITED}) = (select {INHERITED} from cases p where p.ref=cases.ref"
            " and p.revision=cases.revision-1) where ref=? and revision=?", ref, revision,
        )  # fmt: skip

    def give_number(self, ref: str, pattern: str) -> str:
        """Inside a transaction: the next number of a pattern, which no other case has, also after an old ledger was restored."""
        row = self.one("select value from counters where name=?", pattern)
        count = int(row["value"]) if row else 0
        while True:
            count += 1
            number = pattern.format(n=count)
            if not self.one("select 1 from cases where number=? and ref<>?", number, ref):
                break
        self.change("insert or replace into counters(name, value) values(?,?)", pattern, count)
        self.change("update cases set number=? where ref=?", number, ref)
        return number

    def key_hash(self, key: CaseKey) -> str:
        """What stands for the vendor's identity of a case, which may be a name."""
        return self.hashed(f"{key.adapter}\0{key.vendor_id}")

    def _new_ref(self) -> str:
        while True:
            ref = draw(4, 2)
            if not self.one("select 1 from cases where ref=?", ref):
                return ref

    def case_arrived(self, claim: ArrivalClaim, ref: str, revision: int) -> None:
        """``case.json`` stands in its folder: the case may be worked on."""
        with self.transaction():
            self._guard_arrival(claim)
            if self.change(
                "update cases set state='checking', at=? where ref=? and revision=? and state='arriving'",
                self.now(), ref, revision,
            ):  # fmt: skip
                self.event("case.arrived", ref, revision)

    def arrival(self, arrival: str) -> ArrivalRow | None:
        """One arrival."""
        rows = self.arrivals(arrival=arrival)
        return rows[0] if rows else None

    def arrivals(self, *, arrival: str | None = None, state: str | None = None) -> tuple[ArrivalRow, ...]:
        """Arrivals, oldest first."""
        found = self.all(
            f"select {ARRIVAL_COLUMNS} from arrivals where (?1 is null or id=?1) and (?2 is null or state=?2) order by at, id",
            arrival, state,
        )  # fmt: skip
        return tuple(ArrivalRow(**{**dict(row), "patient": bool(row["patient"])}) for row in found)
