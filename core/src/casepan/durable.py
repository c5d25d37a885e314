"""Writing so that it survives a power cut: flush the file, flush its folder, then rename."""

from __future__ import annotations

import os
import sys
from hashlib import sha256
from pathlib import Path
from typing import IO, BinaryIO

CHUNK = 1 << 20


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to disk. Windows has no such call and flushes them with the files."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folders(folder: Path, mode: int = 0o777) -> None:
    """Make a folder and those above it, each flushed into the one above: a file is safe only when its folder is."""
    if folder.is_dir():
        return
    if folder.parent != folder:
        make_folders(folder.parent, mode)
    folder.mkdir(mode=mode, exist_ok=True)
    sync_folder(folder.parent)


def write_flushed(path: Path, content: bytes) -> None:
    """Write a new file and flush it."""
    with path.open("wb") as target:
        target.write(content)
        target.flush()
        os.fsync(target.fileno())


def copy_flushed(source: BinaryIO, path: Path) -> tuple[int, str]:
    """Copy a stream into a new file, flush it, and return its size and SHA-256."""
    digest, size = sha256(), 0
    with path.open("wb") as target:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            target.write(chunk)
        target.flush()
        os.fsync(target.fileno())
    return size, digest.hexdigest()


def hash_file(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as source:
        return hash_stream(source)


def hash_stream(source: IO[bytes]) -> str:
    """SHA-256 of the rest of a stream."""
    digest = sha256()
    while chunk := source.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
