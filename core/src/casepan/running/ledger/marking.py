"""What the lab says of findings, and that somebody looked for a name."""

from __future__ import annotations

from casepan.errors import StateError
from casepan.running.ledger.people import PeopleTransitions


class MarkTransitions(PeopleTransitions):
    """Each is one transaction, an event, and may be repeated."""

    def mark_finding(self, ref: str, revision: int, finding: str, *, agrees: bool, who: str) -> bool:
        """The lab agrees with a finding, or does not. False when it said so already.

        Raises:
            StateError: there is no such finding (any more): its case was checked again.
        """
        with self.transaction():
            row = self.one("select * from findings where ref=? and revision=? and id=?", ref, revision, finding)
            if row is None:
                raise StateError("there is no such finding any more", hint="Look again: `casepan cases show`.")
            known = self.one(
                "select agrees from marks where ref=? and revision=? and finding=?", ref, revision, finding
            )
            if known is not None and bool(known["agrees"]) == agrees:
                return False
            self.change(
                'insert or replace into marks(ref, revision, finding, code, agrees, value, "limit", who, at)'
                " values(?,?,?,?,?,?,?,?,?)",
                ref, revision, finding, row["code"], agrees, row["value"], row["limit"], who, self.now(),
            )  # fmt: skip
            self.event("finding.marked", ref, revision, finding=finding, code=row["code"], agrees=int(agrees), who=who)
            self.keep(ref)
        return True

    def names_were_read(self, *, who: str, found: int) -> None:
        """Somebody looked for a patient's name; the name itself is not kept."""
        with self.transaction():
            self.event("names.read", None, None, who=who, found=found)
