"""One supervisor for one state folder: an exclusive lock that its children inherit."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from casepan.errors import StateError
from casepan.running.durable import FILE_MODE, state_error
from casepan.running.platform import Platform

ORPHAN_PATIENCE = 5.0
NOTE_OFFSET = 1
"""The first byte is what Windows locks; the note about the holder stands behind it and stays readable."""


@contextmanager
def supervisor_lock(path: Path, platform: Platform, *, patience: float = ORPHAN_PATIENCE) -> Iterator[int]:
    """Hold the lock and give its file handle, for children to inherit.

    Children of a supervisor that was killed end within moments, so a held lock is tried again for ``patience`` seconds when
    its supervisor is gone.

    Raises:
        StateError: somebody else holds it; the message says who.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE)
    except OSError as error:
        raise state_error(error, path) from error
    try:
        _take(handle, platform, patience)
        _write_note(handle)
        yield handle
    finally:
        os.close(handle)


def _take(handle: int, platform: Platform, patience: float) -> None:
    deadline = time.monotonic() + patience
    while not platform.try_lock(handle):
        holder = read_note(handle)
        if time.monotonic() > deadline or _is_alive(holder):
            raise StateError(
                f"another casepan is at work on this state folder ({_describe(holder)})",
                hint="Wait until it has ended, or stop it; two at once would send cases twice.",
            )
        time.sleep(0.05)


def _write_note(handle: int) -> None:
    note = {"pid": os.getpid(), "host": socket.gethostname(), "since": datetime.now(UTC).isoformat(timespec="seconds")}
    os.ftruncate(handle, 0)
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, b"\n" + json.dumps(note).encode())


def read_note(handle: int) -> dict[str, object]:
    """Who holds the lock, as far as the file tells."""
    try:
        os.lseek(handle, NOTE_OFFSET, os.SEEK_SET)
        note = json.loads(os.read(handle, 4096) or b"{}")
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def holder_of(path: Path, platform: Platform) -> dict[str, object] | None:
    """Who works on the state folder now, None when nobody does."""
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return None
    try:
        return None if platform.try_lock(handle) else read_note(handle)
    finally:
        os.close(handle)


def _is_alive(holder: dict[str, object]) -> bool:
    pid = holder.get("pid")
    if holder.get("host") != socket.gethostname() or not isinstance(pid, int):
        return True
    if os.name == "nt":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _describe(holder: dict[str, object]) -> str:
    if not holder:
        return "it did not leave its name"
    return f"process {holder.get('pid')} on {holder.get('host')} since {holder.get('since')}"
