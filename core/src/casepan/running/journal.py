"""The JSON log ``state/log/casepan.jsonl``: one object a line, rotated, references only."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from casepan.contract.specs import Event
from casepan.running.clock import utc_text
from casepan.running.durable import FILE_MODE

FILE = "casepan.jsonl"
LARGEST = 5 * 1024 * 1024
KEPT = 5
LINE = json.JSONEncoder(ensure_ascii=False)


class Journal:
    """Writes events to the log and hands them to whoever listens.

    Files are rotated and readable by this user only. A line that cannot be written is lost: the ledger's trail is the truth, and
    the next transition says what is wrong with the disk.
    """

    def __init__(self, folder: Path, listeners: tuple[Callable[[Event], None], ...] = ()) -> None:
        self._path = folder / FILE
        self._handle: int | None = None
        self._size = 0
        self._listeners = listeners
        self._held: list[Event] | None = None

    def note(self, kind: str, ref: str | None = None, **detail: str | float | None) -> Event:
        """Record that something happened. Nothing here may hold a name of a patient, a file or a folder."""
        event = Event(kind, ref, utc_text(time.time()), detail)
        if self._held is None:
            self._tell((event,))
        else:
            self._held.append(event)
        return event

    @contextmanager
    def later(self) -> Iterator[None]:
        """What is noted inside is told at the end, and not at all when an error ends it: it did not happen then."""
        if self._held is not None:
            yield
            return
        held: list[Event] = []
        self._held = held
        try:
            yield
        finally:
            self._held = None
        if held:
            self._tell(held)

    def _tell(self, events: Sequence[Event]) -> None:
        lines = "".join(f"{_line(event)}\n" for event in events)
        with suppress(OSError):
            self._write(lines.encode("utf-8", "backslashreplace"))
        for event in events:
            for listener in self._listeners:
                listener(event)

    def close(self) -> None:
        """Close the file."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _write(self, lines: bytes) -> None:
        if self._handle is not None and self._size + len(lines) > LARGEST:
            self.close()
            for number in reversed(range(KEPT)):
                older, newer = (self._path.with_name(f"{FILE}.{n}" if n else FILE) for n in (number + 1, number))
                newer.replace(older) if newer.exists() else None
        if self._handle is None:
            self._handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, FILE_MODE)
            self._size = os.fstat(self._handle).st_size
        self._size += os.write(self._handle, lines)


def _line(event: Event) -> str:
    return LINE.encode({"schema": 1, "at": event.at, "kind": event.kind, "ref": event.ref, **event.detail})
