"""What lists, counts and proposals read: findings, items, meshes, and what arrivals of one patient share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import frozen

from casepan.running.ledger.store import Store
from casepan.running.planned import CaseFacts

BY_CASE = ("findings", "items", "tokens")
INHERITED = "number, practice, assignee, department, lab_due, remake_of, remake_reason"
"""What a new revision takes over from the one before it."""
MOST = 5
"""Other cases that are named in a finding."""


@frozen
class Relatives:
    """Cases that one may have to do with.

    Attributes:
        twins: references of earlier cases with the same mesh under another key.
        waiting: reference and revision of held cases of the same patient or order that lack a scan.
    """

    twins: tuple[str, ...] = ()
    waiting: tuple[tuple[str, int], ...] = ()


class FactTransitions(Store):
    """Each is a part of the transition that records a registration or a verdict."""

    def add_meshes(self, ref: str, revision: int, meshes: Iterable[str]) -> None:
        """Inside a transaction: the meshes of a case that was registered."""
        rows = [(mesh, ref, revision) for mesh in meshes]
        self.change_many("insert or ignore into meshes(sha256, ref, revision) values(?,?,?)", rows)

    def add_facts(self, ref: str, revision: int, facts: CaseFacts) -> None:
        """Inside a transaction: the facts of a verdict."""
        here = (ref, revision)
        self.change_many(
            'insert into findings(ref, revision, id, code, severity, stage, scan, value, "limit", unit)'
            " values(?,?,?,?,?,?,?,?,?,?)",
            [(*here, *row) for row in facts.findings],
        )
        self.change_many(
            "insert or ignore into items(ref, revision, item, kind, material, teeth) values(?,?,?,?,?,?)",
            [(*here, *row) for row in facts.items],
        )
        self.change_many(
            "insert or ignore into tokens(token, ref, revision) values(?,?,?)",
            [(self.hashed(token), *here) for token in facts.tokens],
        )
        self.change(
            "update cases set practice=?, lab_due=?, late_risk=?, observed=?, would=? where ref=? and revision=?",
            facts.practice, facts.lab_due, facts.late_risk, facts.would is not None, facts.would, ref, revision,
        )  # fmt: skip
        for kind, other in facts.links:
            self.link(ref, kind, other, who="casepan")

    def forget_facts(self, ref: str, revision: int) -> None:
        """Inside a transaction: those of an earlier verdict give way to new ones."""
        for table in BY_CASE:
            self.change(f"delete from {table} where ref=? and revision=?", ref, revision)

    def link(self, ref: str, kind: str, other: str, *, who: str) -> bool:
        """Inside a transaction: a relation between two cases. False when it is known."""
        made = self.change(
            "insert or ignore into links(ref, kind, other, who, at) values(?,?,?,?,?)",
            ref,
            kind,
            other,
            who,
            self.now(),
        )
        return bool(made)

    def links(self, ref: str) -> tuple[tuple[str, str], ...]:
        """Kind and other case of each relation that a case has, in the order of kinds."""
        rows = self.all("select kind, other from links where ref=? order by kind, other", ref)
        return tuple((row["kind"], row["other"]) for row in rows)

    def relatives(self, ref: str, revision: int, meshes: Sequence[str], tokens: Sequence[str]) -> Relatives:
        """Cases that hold the same mesh, and held ones of the same patient or order that lack a scan.

        Cases that a person has set in relation to this one are left out.
        """
        hashes = [self.hashed(token) for token in tokens]
        return Relatives(self._twins(ref, meshes), self._waiting(ref, revision, hashes) if hashes else ())

    def _twins(self, ref: str, meshes: Sequence[str]) -> tuple[str, ...]:
        if not meshes:
            return ()
        rows = self.all(
            f"select distinct m.ref from meshes m where m.sha256 in ({_marks(meshes)}) and m.ref<>?"
            " and (select min(received) from cases c where c.ref=m.ref)"
            " <= (select min(received) from cases c where c.ref=?)"
            " and not exists(select 1 from links l where l.kind not like 'maybe-%'"
            " and ((l.ref=m.ref and l.other=?) or (l.ref=? and l.other=m.ref))) order by m.ref limit ?",
            *meshes, ref, ref, ref, ref, MOST,
        )  # fmt: skip
        return tuple(row["ref"] for row in rows)

    def _waiting(self, ref: str, revision: int, hashes: Sequence[str]) -> tuple[tuple[str, int], ...]:
        rows = self.all(
            "select distinct c.ref, c.revision from tokens t join cases c on c.ref=t.ref and c.revision=t.revision"
            f" where t.token in ({_marks(hashes)}) and not (c.ref=? and c.revision=?)"
            " and c.state in ('review', 'office', 'quarantine') and exists(select 1 from findings f where f.ref=c.ref"
            " and f.revision=c.revision and f.code='completeness.missing-scan' and f.severity<>'info')"
            " order by c.received, c.ref limit ?",
            *hashes, ref, revision, MOST,
        )  # fmt: skip
        return tuple((row["ref"], row["revision"]) for row in rows)


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))
