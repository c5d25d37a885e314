"""The connection: opening, migrating, transactions, the event trail."""

from __future__ import annotations

import json
import secrets
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from hashlib import sha256
from pathlib import Path
from typing import Any

from casepan.errors import FenceLost, StateError
from casepan.running.clock import utc_text
from casepan.running.durable import FILE_MODE
from casepan.running.ledger.schema import LATEST, MIGRATIONS

BUSY_SECONDS = 30.0
FULL = "full"
DETAIL = json.JSONEncoder(sort_keys=True, ensure_ascii=False)
PART: AbstractContextManager[None] = nullcontext()
"""A transaction inside another one."""


class Store:
    """An open ledger file. Every subclass method that changes something is one transaction.

    Args:
        path: the SQLite file; made when missing.
        clock: seconds since the epoch.

    Raises:
        StateError: it was written by a newer casepan, belongs to another machine, or is damaged.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time, host: str | None = None) -> None:
        self.path = path
        self.clock = clock
        try:
            path.touch(mode=FILE_MODE)
            self._db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
            self._db.row_factory = sqlite3.Row
            for pragma in ("journal_mode=wal", f"synchronous={FULL}", "foreign_keys=on"):
                self._db.execute(f"pragma {pragma}").fetchall()
        except (sqlite3.Error, OSError) as error:
            raise _unusable(path, error) from error
        self._at: str | None = None
        self._heads: dict[str | None, str] = {}
        self._proven: set[object] = set()
        self._migrate()
        self._bind_host(host or socket.gethostname())

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def now(self) -> str:
        """The clock as ISO text in UTC; all of a transaction happens at one moment."""
        return self._at or utc_text(self.clock())

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, flushed to disk when it returns. Inside another one it becomes a part of that.

        Raises:
            StateError: the disk is full or the file damaged; nothing was changed.
        """
        return PART if self._db.in_transaction else self._whole()

    @contextmanager
    def _whole(self) -> Iterator[None]:
        try:
            self._db.execute("begin immediate")
            self._at = utc_text(self.clock())
            yield
            self._db.execute("commit")
        except sqlite3.Error as error:
            raise _unusable(self.path, error) from error
        finally:
            self._forget()
            self._undo()

    def _forget(self) -> None:
        """What is known only while nobody else can write: when it happens, ends of trails, claims that hold."""
        self._at = None
        self._heads.clear()
        self._proven.clear()

    def _undo(self) -> None:
        """Take back what was not committed."""
        if self._db.in_transaction:
            self._db.execute("rollback")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything that is read inside is of one moment."""
        self._db.execute("begin")
        try:
            yield
        finally:
            self._db.execute("rollback")

    def all(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """All rows of a query."""
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise _unusable(self.path, error) from error

    def one(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        rows = self.all(sql, *values)
        return rows[0] if rows else None

    def change(self, sql: str, *values: Any) -> int:
        """Run one changing statement inside a transaction; the number of rows it changed."""
        return self._db.execute(sql, values).rowcount

    def change_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one changing statement for each row, inside a transaction."""
        if rows:
            self._db.executemany(sql, rows)

    def must_find(self, sql: str, *values: Any) -> sqlite3.Row:
        """The row that carries a fence; inside a transaction, which nobody else can write in, it stays there.

        Raises:
            FenceLost: it is not; somebody else owns the case.
        """
        row: sqlite3.Row | None = self._db.execute(sql, values).fetchone()
        if row is None:
            raise _lost()
        return row

    def must_change(self, sql: str, *values: Any) -> None:
        """Like :meth:`change`, for a statement that carries a fence: no row means that somebody else owns the case."""
        if self.change(sql, *values) != 1:
            raise _lost()

    def event(self, kind: str, ref: str | None, revision: int | None, /, **detail: str | float | None) -> None:
        """Append to the trail, inside a transaction. Each entry of a case holds the hash of the one before."""
        previous, text, at = self._head(ref), DETAIL.encode(detail), self.now()
        made = self._heads[ref] = event_hash(previous, ref, revision, kind, text, at)
        self.change(
            "insert into events(ref, revision, kind, detail, at, previous, hash) values(?,?,?,?,?,?,?)",
            ref, revision, kind, text, at, previous, made,
        )  # fmt: skip

    def _head(self, ref: str | None) -> str:
        """Hash of the last entry of a trail; between two of one transaction nobody else can have added any."""
        if ref in self._heads:
            return self._heads[ref]
        last = self.one("select hash from events where ref is ? order by id desc limit 1", ref)
        return last["hash"] if last else ""

    def meta(self, name: str) -> str | None:
        """A value about the ledger itself."""
        row = self.one("select value from meta where name=?", name)
        return str(row["value"]) if row else None

    def hashed(self, text: str) -> str:
        """A salted hash: names never enter the ledger, and short ones cannot be guessed back from it."""
        return sha256(f"{self._salt}\0{text}".encode("utf-8", "surrogateescape")).hexdigest()

    def _migrate(self) -> None:
        version = self._version()
        if version > LATEST:
            raise StateError(
                f"the ledger has version {version}; this casepan knows up to {LATEST}",
                place=str(self.path),
                hint="Upgrade casepan on this machine; an older one must not write to it.",
            )
        for step in range(version + 1, LATEST + 1):
            with self.transaction():
                if self._version() >= step:
                    continue
                for statement in filter(None, map(str.strip, MIGRATIONS[step].split(";"))):
                    self.change(statement)
                self.change(f"pragma user_version={step}")

    def _version(self) -> int:
        row = self.one("pragma user_version")
        return int(row[0]) if row else 0

    def _bind_host(self, host: str) -> None:
        if self.meta("salt") is None:
            with self.transaction():
                self.change("insert or ignore into meta values('salt', ?)", secrets.token_hex(16))
                self.change("insert or ignore into meta values('host', ?)", host)
        self._salt = self.meta("salt") or ""
        owner = self.meta("host")
        if owner != host:
            raise StateError(
                f"this state folder belongs to the machine {owner}",
                place=str(self.path),
                hint="One machine works on one state folder. If the lab moved: `casepan ledger rebuild` on the new machine.",
            )


def event_hash(previous: str, ref: str | None, revision: int | None, kind: str, detail: str, at: str) -> str:
    """SHA-256 over an entry of the trail and the one before it."""
    return sha256("\0".join((previous, ref or "", str(revision or ""), kind, detail, at)).encode()).hexdigest()


def _lost() -> FenceLost:
    return FenceLost("another process has taken over this case", hint="Nothing to do: the other one finishes it.")


def _unusable(path: Path, error: Exception) -> StateError:
    text = str(error)
    if "full" in text:
        reason, hint = "the disk is full", "Make room on the disk that holds the state folder, then run again."
    elif "readonly" in text or "unable to open" in text or isinstance(error, PermissionError):
        reason, hint = "it cannot be opened for writing", "Check the disk and the rights of the state folder."
    elif "locked" in text:
        reason, hint = "another program keeps it locked", "Close what has it open: a backup, a database viewer."
    else:
        reason, hint = (
            f"it is damaged or not a ledger ({text})",
            "Move it away with its -wal and -shm files; put a back-up in its place, or run `casepan ledger rebuild`.",
        )
    return StateError(f"the ledger cannot be used: {reason}", place=str(path), hint=hint)
