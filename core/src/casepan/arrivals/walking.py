"""What lies in a folder, by name, size and time; nothing is opened and no link is followed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from casepan.arrivals.archive import junk_reason
from casepan.errors import CaseError, LimitExceeded, NotReady

MOST_FILES = 50_000
DEEPEST = 64
_JUNCTION = 0xA0000003


@frozen
class Seen:
    """One thing met while walking: a plain file, or with ``why`` something that is left alone.

    Attributes:
        path: POSIX, relative to where the walk began, as found; undecodable bytes are surrogate escapes.
        size: bytes; mtime_ns: nanoseconds since the epoch.
        why: the reason for leaving it alone, None for a plain file.
    """

    path: str
    size: int
    mtime_ns: int
    why: str | None = None


def walk(root: Path, most: int = MOST_FILES) -> tuple[Seen, ...]:
    """Everything below a folder, sorted by path.

    Raises:
        LimitExceeded: more files, or folders deeper inside each other, than one arrival can hold.
        NotReady: something vanished meanwhile. CaseError: a folder may not be read.
    """
    seen: list[Seen] = []
    for one in _walk(root, "", 0):
        seen.append(one)
        if len(seen) > most:
            raise LimitExceeded(
                f"more than {most} files in one arrival", place=str(root), hint="Drop one case at a time."
            )
    return tuple(sorted(seen, key=lambda one: one.path))


def look(path: Path, name: str) -> Seen:
    """One file as ``Seen``. Raises as ``walk`` does."""
    try:
        return _seen(name, path.lstat())
    except OSError as error:
        raise unreadable(error, str(path)) from error


def _walk(folder: Path, prefix: str, depth: int) -> Iterator[Seen]:
    if depth > DEEPEST:
        raise LimitExceeded(f"folders more than {DEEPEST} deep", place=str(folder), hint="Drop the case's own folder.")
    try:
        with os.scandir(folder) as found:
            inside = [(entry.name, os.lstat(entry.path)) for entry in found]  # Windows' scandir tells stale sizes
    except OSError as error:
        raise unreadable(error, str(folder)) from error
    for name, status in inside:
        if is_folder(status):
            yield from _walk(folder / name, f"{prefix}{name}/", depth + 1)
        else:
            yield _seen(prefix + name, status)


def is_folder(status: os.stat_result) -> bool:
    """True for a real folder, neither a link nor a Windows junction."""
    return stat.S_ISDIR(status.st_mode) and getattr(status, "st_reparse_tag", 0) != _JUNCTION


def _seen(path: str, status: os.stat_result) -> Seen:
    why = junk_reason(path)
    if stat.S_ISLNK(status.st_mode) or stat.S_ISDIR(status.st_mode):
        why = "a link; links are never followed"
    elif not stat.S_ISREG(status.st_mode):
        why = "no file but a device, pipe or socket"
    return Seen(path, status.st_size, status.st_mtime_ns, why)


def unreadable(error: OSError, place: str) -> CaseError | NotReady:
    """The typed error for a file or folder of an arrival that cannot be read."""
    if isinstance(error, FileNotFoundError):
        return NotReady("a file of the arrival vanished", place=place, hint="Wait until nobody moves it any more.")
    return CaseError(
        f"cannot be read: {error.strerror or type(error).__name__}",
        place=place,
        hint="Give the account that runs casepan the right to read it, then release the case.",
    )
