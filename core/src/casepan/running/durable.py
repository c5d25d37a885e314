"""Writing that survives power loss: temporary name, flush, rename over the old file, flush the folder."""

from __future__ import annotations

import errno
import json
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from casepan.durable import make_folders, sync_folder
from casepan.errors import StateError
from casepan.model.documents import dumps

FOLDER_MODE = 0o700
FILE_MODE = 0o600
WINDOWS = os.name == "nt"
RENAME_TRIES = 10
RENAME_PAUSE = 0.05

REMEDIES = {
    errno.ENOSPC: ("the disk is full", "Make room on the disk that holds the state folder, then run again."),
    errno.EDQUOT: ("the disk quota is used up", "Make room or raise the quota, then run again."),
    errno.EROFS: ("the disk is read-only", "Mount it for writing, then run again."),
    errno.EACCES: ("this user may not write here", "Give this user the right to write there."),
    errno.EPERM: ("this user may not write here", "Give this user the right to write there."),
    errno.EFBIG: ("a file grew beyond the limit of one case", "Look at what the step writes."),
}


def state_error(error: OSError, path: Path) -> StateError:
    """The state error for a failed write: what the system said, and what to do."""
    reason, hint = REMEDIES.get(error.errno or 0, (error.strerror or type(error).__name__, "Check the disk."))
    return StateError(f"cannot write to the state folder: {reason}", place=str(path), hint=hint)


def private_folder(path: Path) -> Path:
    """Make the folder and its parents, readable by this user only, each flushed into the one above it.

    Raises:
        StateError: it cannot be made.
    """
    try:
        make_folders(path, FOLDER_MODE)
        if path.stat().st_mode & 0o077 and not WINDOWS:
            path.chmod(FOLDER_MODE)
    except OSError as error:
        raise state_error(error, path) from error
    return path


def new_folder(path: Path) -> Path:
    """Make a private folder inside of one that is still to be published: :func:`publish_folder` flushes it.

    Raises:
        StateError: it cannot be made.
    """
    try:
        path.mkdir(FOLDER_MODE)
    except OSError as error:
        raise state_error(error, path) from error
    return path


def sync_file(path: Path) -> None:
    """Flush one file's bytes."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def sync_tree(folder: Path) -> None:
    """Flush every file and folder below, deepest first."""
    for place, _, names in os.walk(folder, topdown=False):
        for name in names:
            sync_file(Path(place, name))
        sync_folder(Path(place))


def rename_over(source: Path, target: Path) -> None:
    """Rename over an existing file. On Windows an open target refuses for a moment (virus scanners), so it is tried again."""
    for left in reversed(range(RENAME_TRIES)):
        try:
            source.replace(target)
        except PermissionError:
            if not WINDOWS or not left:
                raise
            time.sleep(RENAME_PAUSE)
        else:
            return


def write_file(path: Path, content: bytes) -> None:
    """Write a private file so that either the old or the whole new content is there, whatever happens.

    Raises:
        StateError: the disk is full, read-only or not ours.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        rename_over(temporary, path)
        sync_folder(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise state_error(error, path) from error


def write_document(path: Path, document: Mapping[str, Any]) -> bytes:
    """Write a JSON document with :func:`write_file`; what lies there now."""
    content = dumps(document, indent=None).encode("utf-8")
    write_file(path, content)
    return content


def write_new(path: Path, document: Mapping[str, Any]) -> None:
    """Write a JSON document into a folder that is still to be published: :func:`publish_folder` flushes it.

    Raises:
        StateError: the disk is full, read-only or not ours.
    """
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb") as stream:
            stream.write(dumps(document, indent=None).encode("utf-8"))
    except OSError as error:
        raise state_error(error, path) from error


def read_document(path: Path) -> dict[str, Any]:
    """A JSON document from the state folder.

    Raises:
        StateError: it is missing or damaged.
    """
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise StateError("a file of the state folder cannot be read", place=str(path)) from error
    except ValueError as error:
        raise StateError("a file of the state folder is damaged", place=str(path)) from error
    if not isinstance(document, dict):
        raise StateError("a file of the state folder is damaged", place=str(path))
    return document


def publish_folder(temporary: Path, target: Path, discard: Path) -> None:
    """Give a finished folder its name; what stood there before is moved to ``discard`` first.

    Raises:
        StateError: the disk is full, read-only or not ours.
    """
    try:
        sync_tree(temporary)
        if target.exists():
            target.replace(discard)
            shutil.rmtree(discard, ignore_errors=True)
        temporary.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise state_error(error, target) from error
