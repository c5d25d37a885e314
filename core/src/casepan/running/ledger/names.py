"""The store of the name index: keyed hashes of name parts, in a file of its own that can be thrown away at any time."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable
from pathlib import Path

from casepan.errors import StateError
from casepan.running.durable import FILE_MODE
from casepan.running.ledger.store import BUSY_SECONDS

TABLES = """
create table if not exists cursor(ledger text primary key, event integer not null) without rowid;
create table if not exists parts(
    hash text not null, ref text not null, revision integer not null, primary key(hash, ref, revision)
) without rowid;
create index if not exists parts_by_case on parts(ref, revision);
"""

Change = tuple[str, int, Collection[str]]
"""Reference, revision, and the hashes that stand for it from now on; none to forget it."""


class NameStore:
    """An open index.

    Args:
        path: made when missing, readable by this user only.

    Raises:
        StateError: it is damaged; it may be removed, the next search makes it anew.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch(mode=FILE_MODE)
        self._db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        self._script(TABLES)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def cursor(self, ledger: str) -> int:
        """The last event of this ledger that the index knows of; 0 when it knows nothing of that ledger."""
        rows = self._all("select event from cursor where ledger=?", ledger)
        return int(rows[0][0]) if rows else 0

    def update(self, ledger: str, event: int, changes: Iterable[Change], *, anew: bool = False) -> None:
        """Take in what is new up to an event, all or nothing.

        Args:
            anew: forget everything first.
        """
        try:
            self._db.execute("begin immediate")
            if anew:
                self._db.execute("delete from parts")
            for ref, revision, hashes in changes:
                self._db.execute("delete from parts where ref=? and revision=?", (ref, revision))
                self._db.executemany("insert into parts values(?,?,?)", [(name, ref, revision) for name in hashes])
            self._db.execute("delete from cursor")
            self._db.execute("insert into cursor values(?,?)", (ledger, event))
            self._db.execute("commit")
        except sqlite3.Error as error:
            raise self._damaged(error) from error
        finally:
            if self._db.in_transaction:
                self._db.execute("rollback")

    def refs_with(self, hashes: Collection[str]) -> tuple[str, ...]:
        """Cases of which one revision has all these hashes."""
        rows = self._all(
            "select distinct ref from parts where hash in (select value from json_each(?)) group by ref, revision"
            " having count(*)=?",
            json.dumps(sorted(hashes)), len(hashes),
        )  # fmt: skip
        return tuple(row[0] for row in rows)

    def _all(self, sql: str, *values: object) -> list[tuple[str, ...]]:
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise self._damaged(error) from error

    def _script(self, sql: str) -> None:
        try:
            self._db.executescript(sql)
        except sqlite3.Error as error:
            self._db.close()
            raise self._damaged(error) from error

    def _damaged(self, error: sqlite3.Error) -> StateError:
        hint = "Remove this file; the next search makes it anew."
        return StateError(f"the name index cannot be used: {error}", place=str(self.path), hint=hint)
