"""Packages: folders and zips that leave the laboratory complete and proven, or are not there at all.

Every exporter that writes files shares this: a package is written under ``NAME.part``, flushed, read back and compared, the
fence is asked, then it is renamed. The rename is the delivery. A seal inside says which delivery it is and what it holds.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from attrs import field, frozen

from casepan import __version__
from casepan.arrivals.names import folded, safe_name
from casepan.contract.context import ExportContext
from casepan.durable import CHUNK, copy_flushed, hash_file, hash_stream, make_folders, sync_folder
from casepan.errors import DeliveryError, DeliveryRefused, FenceLost
from casepan.model.documents import dumps
from casepan.model.files import FileRef
from casepan.model.records import Receipt

SHARING = (32, 33)
"""Windows: another program holds the file open, or has a part of it locked."""
FOUND = "found and read back by a probe"
EARLIEST = (1980, 1, 1, 0, 0, 0)
_DAMAGED = (OSError, EOFError, KeyError, RuntimeError, ValueError, zlib.error, zipfile.BadZipFile)


@frozen
class PackageFile:
    """One file of a package.

    Attributes:
        name: its path in the package, POSIX, subfolders allowed.
        content: a file of the case, or bytes made for this package.
        what: what it is, for the seal.
    """

    name: str = field(repr=False)
    content: FileRef | bytes = field(repr=False)
    what: str = ""

    @property
    def sha256(self) -> str:
        """Lower-case hex digest of its bytes."""
        return sha256(self.content).hexdigest() if isinstance(self.content, bytes) else self.content.sha256

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.size

    def open(self, ctx: ExportContext) -> BinaryIO:
        """Its bytes as a stream."""
        return BytesIO(self.content) if isinstance(self.content, bytes) else ctx.open(self.content)


@frozen
class Seal:
    """The document in a package by which a probe knows it: delivery key, and name and checksum of every file.

    Attributes:
        name: its file name. The default begins with a dot, so that importers of other programs leave it alone.
        more: what else it says. ``not_carried``, a list of sentences without names, stands in the receipt as well.
    """

    name: str = ".casepan.json"
    more: Mapping[str, Any] = field(factory=dict, repr=False)

    @property
    def proof(self) -> dict[str, str]:
        """What a receipt says of it."""
        return proof_of_seal(self.more)


SEAL = Seal()


def deliver_folder(
    ctx: ExportContext, path: str, files: Sequence[PackageFile], *, name: str | None = None, seal: Seal = SEAL
) -> Receipt:
    """Deliver files as one folder; the same key once more only proves what is there.

    Args:
        path: the folder that gets the package, relative to ``ctx.base``.
        name: of the package, ``ctx.place`` by default. It must contain the place, so that revisions stay apart.

    Raises:
        DeliveryRefused: something else lies at that place, or a file has a name that not every system takes.
        DeliveryError: the folder cannot be written now.
        FenceLost: another process owns the case.
    """
    with as_delivery_errors(path):
        if present := probe_folder(ctx, path, name=name, seal=seal.name):
            return present
        target = ctx.base / path / (name or ctx.place)
        part = target.with_name(f"{target.name}.part")
        _remove(part)
        with _leaving_nothing(part, ctx):
            make_folders(part)
            sealed = sealed_files(ctx, files, seal)
            for file in sealed:
                _write_file(file, part / file.name, ctx)
            for folder in sorted({(part / file.name).parent for file in sealed}, reverse=True):
                sync_folder(folder)
            _commit_folder(part, target, ctx)
        return _receipt(ctx, target, files, {"verified": "size and sha256 read back", **seal.proof})


def deliver_zip(
    ctx: ExportContext,
    path: str,
    files: Sequence[PackageFile],
    *,
    name: str | None = None,
    seal: Seal = SEAL,
    compress: bool = False,
) -> Receipt:
    """Deliver files as one zip, ``NAME.zip``; equal input gives equal bytes. Arguments and errors as ``deliver_folder``."""
    with as_delivery_errors(path):
        if present := probe_zip(ctx, path, name=name, seal=seal.name):
            return present
        target = ctx.base / path / f"{name or ctx.place}.zip"
        make_folders(target.parent)
        part = target.with_name(f"{target.name}.part")
        sealed = sealed_files(ctx, files, seal)
        with _leaving_nothing(part, ctx):
            with part.open("wb") as stream:
                _write_zip(stream, sealed, ctx, compress=compress)
            if not _zip_holds(part, {file.name: file.sha256 for file in sealed}):
                raise DeliveryError("the zip was not written as it is", hint="Check the disk or the share.")
            _may_commit(target, ctx)
            part.replace(target)
        sync_folder(target.parent)
        return _receipt(ctx, target, files, {"verified": "members read back", **seal.proof})


def probe_folder(ctx: ExportContext, path: str, *, name: str | None = None, seal: str = SEAL.name) -> Receipt | None:
    """The receipt, if the folder is there with this delivery's key and every file as its seal says."""
    target = ctx.base / path / (name or ctx.place)
    try:
        document = json.loads((target / seal).read_bytes())
        files = files_of_seal(document, ctx.key)
        if files is None or any(hash_file(target / name) != content for name, content in files.items()):
            return None
    except _DAMAGED:
        return None
    sync_folder(target.parent)  # whoever renamed it may have died before it did this
    return Receipt(ctx.key, str(target), ctx.now(), {"verified": FOUND, **proof_of_seal(document)}, files)


def probe_zip(ctx: ExportContext, path: str, *, name: str | None = None, seal: str = SEAL.name) -> Receipt | None:
    """The receipt, if the zip is there with this delivery's key and every member as its seal says."""
    target = ctx.base / path / f"{name or ctx.place}.zip"
    try:
        with zipfile.ZipFile(target) as archive:
            document = json.loads(archive.read(seal))
            files = files_of_seal(document, ctx.key)
    except _DAMAGED:
        return None
    if files is None or not _zip_holds(target, files):
        return None
    sync_folder(target.parent)  # whoever renamed it may have died before it did this
    return Receipt(ctx.key, str(target), ctx.now(), {"verified": FOUND, **proof_of_seal(document)}, files)


def sealed_files(ctx: ExportContext, files: Sequence[PackageFile], seal: Seal = SEAL) -> tuple[PackageFile, ...]:
    """The files of a package and, as the last one, the seal over them: for destinations that are no folder.

    Raises:
        DeliveryRefused: a file has a name that not every system takes, or that another one has.
    """
    listed = [{"name": file.name, "what": file.what, "size": file.size, "sha256": file.sha256} for file in files]
    document = {**seal.more, "schema": 1, "casepan": __version__, "key": ctx.key, "files": listed}
    sealed = (*files, PackageFile(seal.name, dumps(document).encode("utf-8"), "seal"))
    _refuse_bad_names([file.name for file in sealed])
    return sealed


def files_of_seal(document: Any, key: str) -> dict[str, str] | None:
    """Name to SHA-256 of the sealed files, None when the parsed seal is of another delivery or no seal at all."""
    if not isinstance(document, dict) or document.get("key") != key or not isinstance(document.get("files"), list):
        return None
    files = [item for item in document["files"] if isinstance(item, dict)]
    return {str(item.get("name")): str(item.get("sha256")) for item in files}


def proof_of_seal(document: Any) -> dict[str, str]:
    """What a parsed seal adds to a receipt: what the delivery could not carry, in one line; nothing when it does not say."""
    told = document.get("not_carried") if isinstance(document, Mapping) else None
    return {"not carried": "; ".join(map(str, told)) or "nothing"} if isinstance(told, list) else {}


@contextmanager
def as_delivery_errors(place: str) -> Iterator[None]:
    """Turn what the file system says into delivery errors with a remedy."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        denied = error.errno in (errno.EACCES, errno.EPERM, errno.EROFS)
        if getattr(error, "winerror", None) in SHARING or error.errno in (errno.EBUSY, errno.ETXTBSY):
            advice = "Another program has a file there open; casepan tries again by itself."
            raise DeliveryError("a file there is held open", place=place, hint=advice) from error
        hint = "Free some space there." if full else "Give casepan the right to write there." if denied else None
        reason = f"the folder cannot be written: {error.strerror or type(error).__name__}"
        raise DeliveryError(reason, place=place, hint=hint or "Check that the disk or share is there.") from error


@contextmanager
def _leaving_nothing(part: Path, ctx: ExportContext) -> Iterator[None]:
    """Take a half-written package away when it fails: a full disk needs its room. Whoever lost the case leaves it alone."""
    try:
        yield
    except Exception:
        if ctx.fence_ok():
            _remove(part)
        raise


def _remove(part: Path) -> None:
    if part.is_dir():
        shutil.rmtree(part, ignore_errors=True)
    else:
        with suppress(OSError):
            part.unlink()


def _refuse_bad_names(names: Iterable[str]) -> None:
    known: set[str] = set()
    for name in names:
        if folded(name) in known or any(safe_name(part) != part for part in name.split("/")):
            raise DeliveryRefused(
                "a file of the package has a name that not every system takes, or that another one has",
                place=name,
                hint="Rename the scans first, for example with core.rename.",
            )
        known.add(folded(name))


def _write_file(file: PackageFile, target: Path, ctx: ExportContext) -> None:
    make_folders(target.parent)
    with file.open(ctx) as source:
        copy_flushed(source, target)
    if hash_file(target) != file.sha256:
        raise DeliveryError("a file was not written as it is", place=file.name, hint="Check the disk or the share.")


def _write_zip(stream: BinaryIO, files: Iterable[PackageFile], ctx: ExportContext, *, compress: bool) -> None:
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(stream, "w", method, compresslevel=1 if compress else None) as archive:
        for file in files:
            info = zipfile.ZipInfo(file.name, EARLIEST)
            info.compress_type, info.file_size = method, file.size
            with file.open(ctx) as source, archive.open(info, "w") as member:
                shutil.copyfileobj(source, member, CHUNK)
    stream.flush()
    os.fsync(stream.fileno())


def _commit_folder(part: Path, target: Path, ctx: ExportContext) -> None:
    _may_commit(target, ctx)
    old = target.with_name(f"{target.name}.old")
    if target.exists():
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
    try:
        part.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)  # the earlier revision stays where it was until this one can take its place
        raise
    sync_folder(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def _may_commit(target: Path, ctx: ExportContext) -> None:
    if not ctx.fence_ok():
        raise FenceLost("another process owns this case now")
    if target.exists() and not ctx.replace:
        raise DeliveryRefused(
            "something else lies at this place",
            place=str(target),
            hint="Move it away, then: casepan deliveries resend",
        )


def _zip_holds(path: Path, files: Mapping[str, str]) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            for name, content in files.items():
                with archive.open(name) as member:
                    if hash_stream(member) != content:
                        return False
    except _DAMAGED:
        return False
    return True


def _receipt(ctx: ExportContext, target: Path, files: Iterable[PackageFile], proof: Mapping[str, str]) -> Receipt:
    hashes = {file.name: file.sha256 for file in files}
    return Receipt(ctx.key, str(target), ctx.now(), proof, hashes)
