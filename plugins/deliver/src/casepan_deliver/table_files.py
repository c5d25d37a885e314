"""Adding rows to a file once, and knowing afterwards that they were added.

Under a lock, the whole new file is written beside the old one, flushed and read back; the intent (delivery key, checksum) is
written down; then the new file takes the place of the old. The rename is the delivery. An intent counts as done unless its
unfinished file still lies there: so a program that takes the file away for its import, or a person who sorts it, does not
make casepan add the same rows again. All of this lies in ``.casepan`` inside the folder, which therefore must stay.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from hashlib import sha256
from pathlib import Path

from attrs import frozen

from casepan.api import DeliveryError, DeliveryRefused, ExportContext, FenceLost, Receipt

HOME = ".casepan"
PATIENCE = 30.0
"""Seconds to wait for another delivery that adds to the same folder; each takes well under one."""


@frozen
class TableFile:
    """One file of a folder.

    Attributes:
        folder: the folder; name: of the file; shared: True when deliveries add to it, False when it is one delivery's own.
    """

    folder: Path
    name: str
    shared: bool

    @property
    def path(self) -> Path:
        """The file that people and programs read."""
        return self.folder / self.name

    @property
    def intents(self) -> Path:
        """What was added, one JSON object a line."""
        return self.folder / HOME / f"{self.name}.jsonl"

    def add(self, ctx: ExportContext, head: bytes, rows: bytes) -> Receipt:
        """Add rows, unless this delivery already did.

        Args:
            head: what a new file begins with.

        Raises:
            DeliveryRefused: the file that is there has other columns, or is another delivery's own.
            DeliveryError: the folder cannot be written now, or others hold it for too long. FenceLost: not ours any more.
        """
        with _as_delivery_errors(self.folder), self._locked():
            if known := self._added(ctx.key):
                return self._receipt(ctx, known, "found by its delivery key")
            content = (head if self._begins_anew(ctx) else self._before(head)) + rows
            part = self._part(ctx.key)
            _write_verified(part, content)
            _sync(part.parent)  # an intent must never outlive the unfinished file that belongs to it
            if not ctx.fence_ok():
                raise FenceLost("another process owns this delivery now")
            checksum = sha256(content).hexdigest()
            self._intend(ctx.key, checksum)
            part.replace(self.path)
            _sync(self.folder)
            return self._receipt(ctx, checksum, "checksum read back before the rename")

    def find(self, ctx: ExportContext) -> Receipt | None:
        """The receipt, if this delivery's rows were added, also when the file was taken away since."""
        with _as_delivery_errors(self.folder):
            if not self.intents.is_file():
                return None
            with self._locked():
                known = self._added(ctx.key)
        return self._receipt(ctx, known, "found by its delivery key") if known else None

    def _part(self, key: str) -> Path:
        """The unfinished file of one delivery. It goes away by the rename only: while it lies there, nothing was added."""
        return self.folder / HOME / f"{self.name}.{key[:16]}.part"

    def _added(self, key: str) -> str | None:
        """Checksum of the file with the rows of a delivery, None when they were never added."""
        found = [str(one["sha256"]) for one in self._read_intents() if one.get("key") == key]
        return found[-1] if found and not self._part(key).exists() else None

    def _read_intents(self) -> Iterator[dict[str, object]]:
        with suppress(FileNotFoundError):
            for line in self.intents.read_bytes().splitlines():
                with suppress(ValueError):  # cut off by a power loss: then its file was never renamed
                    yield json.loads(line)

    def _begins_anew(self, ctx: ExportContext) -> bool:
        if self.shared:
            return False
        if self.path.exists() and not ctx.replace:
            raise DeliveryRefused(
                "a table of another delivery lies at this place",
                place=str(self.path),
                hint="Move it away, then: casepan deliveries resend",
            )
        return True

    def _before(self, head: bytes) -> bytes:
        """What the file holds so far."""
        try:
            before = self.path.read_bytes()
        except FileNotFoundError:
            before = b""
        if before and not before.startswith(head):
            raise DeliveryRefused(
                "the table that is there has other columns, or another program wrote it anew",
                place=str(self.path),
                hint="Move it away, then: casepan deliveries resend",
            )
        return before if before.endswith(b"\n") else before + b"\n" if before else head

    def _intend(self, key: str, checksum: str) -> None:
        with self.intents.open("ab+") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - 1))
            cut = stream.read(1) not in (b"", b"\n")
            stream.write(b"\n" * cut + json.dumps({"key": key, "sha256": checksum}).encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        _sync(self.intents.parent)

    def _receipt(self, ctx: ExportContext, checksum: str, proof: str) -> Receipt:
        return Receipt(ctx.key, str(self.path), ctx.now(), {"verified": proof}, {self.name: checksum})

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """The lock falls with the process that holds it."""
        home = self.folder / HOME
        _make_folder(home)
        with (home / "lock").open("ab") as handle:
            deadline = time.monotonic() + PATIENCE
            while not _try_lock(handle.fileno()):
                if time.monotonic() > deadline:
                    raise DeliveryError("another program holds the table's lock", place=str(home / "lock"))
                time.sleep(0.02)
            yield


def _try_lock(handle: int) -> bool:
    if os.name == "nt":
        import importlib

        windows = importlib.import_module("msvcrt")
        os.lseek(handle, 0, os.SEEK_SET)
        lock = partial(windows.locking, handle, windows.LK_NBLCK, 1)
    else:
        import fcntl

        lock = partial(fcntl.flock, handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        lock()
    except OSError:
        return False
    return True


def _make_folder(folder: Path) -> None:
    """With those above it, each flushed into the one above: a file is safe only when its folder is."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync(folder.parent)


def _write_verified(path: Path, content: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    if path.read_bytes() != content:
        raise DeliveryError("the table was not written as it is", hint="Check the disk or the share.")


def _sync(folder: Path) -> None:
    """Flush a folder's entries; Windows has no such call."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _as_delivery_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DeliveryError(
            f"the table cannot be written: {error.strerror or type(error).__name__}",
            place=str(folder),
            hint="Close it in other programs; check space, rights, and that the disk or share is there.",
        ) from error
