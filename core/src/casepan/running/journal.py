"""The JSON log ``state/log/casepan.jsonl``: one object a line, rotated, references only."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

from casepan.contract.specs import Event
from casepan.running.durable import FILE_MODE

FILE = "casepan.jsonl"
LARGEST = 5 * 1024 * 1024
KEPT = 5


class _Private(RotatingFileHandler):
    """Rotated files, readable by this user only. A line that cannot be written is lost: the ledger's trail is the truth."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the base class's name
        """Nobody reads a traceback for each line on a full disk; the next transition says what is wrong."""

    def _open(self):  # type: ignore[no-untyped-def]  # the base class returns a private text type
        os.close(os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, FILE_MODE))
        return super()._open()


class Journal:
    """Writes events to the log and hands them to whoever listens."""

    def __init__(self, folder: Path, listeners: tuple[Callable[[Event], None], ...] = ()) -> None:
        self._handler = _Private(folder / FILE, maxBytes=LARGEST, backupCount=KEPT, encoding="utf-8", delay=True)
        self._listeners = listeners

    def note(self, kind: str, ref: str | None = None, **detail: str | float | None) -> Event:
        """Record that something happened. Nothing here may hold a name of a patient, a file or a folder."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        event = Event(kind, ref, at, detail)
        line = json.dumps({"schema": 1, "at": at, "kind": kind, "ref": ref, **detail}, ensure_ascii=False)
        self._handler.emit(logging.LogRecord("casepan", logging.INFO, "", 0, line, None, None))
        for listener in self._listeners:
            listener(event)
        return event

    def close(self) -> None:
        """Close the file."""
        with suppress(OSError):
            self._handler.close()
