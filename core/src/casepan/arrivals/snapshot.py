"""A copy of an arrival in the state area, hashed while it is copied, so that nothing later depends on the inbox."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from attrs import frozen

from casepan.arrivals.listing import open_plain
from casepan.arrivals.walking import Seen, is_folder, look, unreadable, walk
from casepan.durable import sync_folder
from casepan.errors import CaseError, NotReady, StateError
from casepan.model.files import FileRef

CHUNK = 1 << 20
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_CHANGED = "a file changed while it was copied"
_WAIT = "Wait until nobody writes to it any more."


@frozen
class Snapshot:
    """The copied files; paths relative to where they were copied, names of the arrival first."""

    files: tuple[FileRef, ...]


def take_snapshot(source: Path, names: tuple[str, ...], into: Path) -> Snapshot:
    """Copy an arrival, flushed to disk, with times kept and readable by this account only.

    The source is read and never changed; links, devices and litter of file managers are left out. Every file is
    compared with itself after copying, and the whole arrival is listed again at the end.

    Args:
        source: the inbox; names: what of it makes the arrival, as ``Arrival.names``.
        into: a folder that is made when missing; the caller removes it when this raises.

    Raises:
        NotReady: something changed, appeared or vanished meanwhile.
        CaseError: a file cannot be read; ``place`` names it.
        StateError: the copy cannot be written (no space, read-only).
    """
    before = _listed(source, names)
    folders = {into}
    files = []
    for seen in before:
        target = into / seen.path
        folders |= {into / parent for parent in Path(seen.path).parents}
        _make_folder(target.parent)
        files.append(_copied(source / seen.path, target, seen))
    if _listed(source, names) != before:
        raise NotReady("files came or went while the arrival was copied", place=str(source), hint=_WAIT)
    for folder in sorted(folders, key=lambda folder: len(folder.parts), reverse=True):
        sync_folder(folder)
    return Snapshot(tuple(files))


def _listed(source: Path, names: tuple[str, ...]) -> list[Seen]:
    found: list[Seen] = []
    for name in names:
        path = source / name
        try:
            folder = is_folder(path.lstat())
        except OSError as error:
            raise unreadable(error, str(path)) from error
        found += [_below(name, seen) for seen in walk(path)] if folder else [_plain(path, name)]
    return [seen for seen in found if seen.why is None]


def _plain(path: Path, name: str) -> Seen:
    seen = look(path, name)
    if seen.why:
        raise CaseError(seen.why, place=str(path), hint="Drop the files themselves into the inbox.")
    return seen


def _below(name: str, seen: Seen) -> Seen:
    return Seen(f"{name}/{seen.path}", seen.size, seen.mtime_ns, seen.why)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise _unwritable(error, folder) from error


def _copied(path: Path, target: Path, seen: Seen) -> FileRef:
    with open_plain(path) as source:
        if _state(source) != (seen.size, seen.mtime_ns):
            raise NotReady(_CHANGED, place=str(path), hint=_WAIT)
        size, digest = _copy(source, target, str(path))
        after = _state(source)
    if after != (size, seen.mtime_ns) or look(path, seen.path) != seen:
        raise NotReady(_CHANGED, place=str(path), hint=_WAIT)
    os.utime(target, ns=(seen.mtime_ns, seen.mtime_ns))
    return FileRef(seen.path, size, digest)


def _state(source: BinaryIO) -> tuple[int, int]:
    status = os.fstat(source.fileno())
    return status.st_size, status.st_mtime_ns


def _copy(source: BinaryIO, target: Path, place: str) -> tuple[int, str]:
    digest, size = sha256(), 0
    try:
        with os.fdopen(os.open(target, _NEW_FILE, 0o600), "wb") as copy:
            while chunk := _read(source, place):
                digest.update(chunk)
                size += len(chunk)
                copy.write(chunk)
            copy.flush()
            os.fsync(copy.fileno())
    except FileExistsError as error:
        raise CaseError(
            "two names of the arrival are one to this disk: they differ only in capitals or accents",
            place=place,
            hint="Ask the sender to rename one of them.",
        ) from error
    except OSError as error:
        raise _unwritable(error, target) from error
    return size, digest.hexdigest()


def _read(source: BinaryIO, place: str) -> bytes:
    try:
        return source.read(CHUNK)
    except OSError as error:
        raise unreadable(error, place) from error


def _unwritable(error: OSError, path: Path) -> StateError:
    return StateError(
        f"the arrival cannot be copied into the state folder: {error.strerror or type(error).__name__}",
        place=str(path),
        hint="Make room on that disk, or let [lab] state point to another one.",
    )
