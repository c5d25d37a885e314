"""``core.folder``: one folder per case, complete or not there at all."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen

from casepan.contract.context import ExportContext
from casepan.contract.options import FolderPath, option
from casepan.durable import copy_flushed, hash_file, make_folders, sync_folder, write_flushed
from casepan.errors import DeliveryError, DeliveryRefused, FenceLost
from casepan.model.case import Case
from casepan.model.records import Receipt
from casepan.stages.packing import MANIFEST, Packed, PackingOptions, manifest, pack


@frozen
class FolderOptions(PackingOptions):
    """Where the folders go; a network share mounted on this machine is fine."""

    path: FolderPath = option(FolderPath("out"), "folder that gets one folder per case")


class FolderExport:
    """Write ``NAME.part``, verify every file by reading it back, then rename: the rename is the delivery."""

    def __init__(self, options: FolderOptions) -> None:
        self.options = options

    def deliver(self, case: Case, ctx: ExportContext) -> Receipt:
        """The folder with scans, documents and ``manifest.json``.

        Raises:
            DeliveryRefused: something else lies at that place.
            DeliveryError: the folder cannot be written now.
            FenceLost: another process owns the case.
        """
        with as_delivery_errors(self.options.path):
            present = self.probe(ctx)
            if present:
                return present
            target = self._target(ctx)
            part = target.with_name(f"{target.name}.part")
            shutil.rmtree(part, ignore_errors=True)
            make_folders(part)
            packed = pack(case, self.options)
            write_package(packed, manifest(case, packed, ctx, private=self.options.private), part, ctx)
            self._commit(part, target, ctx)
            return Receipt(ctx.key, str(target), ctx.now(), {"verified": "size and sha256 read back"}, _hashes(packed))

    def probe(self, ctx: ExportContext) -> Receipt | None:
        """The receipt, if the folder is there with this delivery's key and every file as the manifest says."""
        target = self._target(ctx)
        document = read_manifest(target / MANIFEST)
        if document.get("key") != ctx.key:
            return None
        files = {item["name"]: item["sha256"] for item in document["files"]}
        if not all(
            (target / name).is_file() and hash_file(target / name) == content for name, content in files.items()
        ):
            return None
        sync_folder(target.parent)  # whoever renamed it may have died before it did this
        return Receipt(ctx.key, str(target), ctx.now(), {"verified": "found and read back by a probe"}, files)

    def _target(self, ctx: ExportContext) -> Path:
        return ctx.base / self.options.path / ctx.place

    def _commit(self, part: Path, target: Path, ctx: ExportContext) -> None:
        old = target.with_name(f"{target.name}.old")
        if not ctx.fence_ok():
            raise FenceLost("another process owns this case now")
        if target.exists():
            if not ctx.replace:
                raise DeliveryRefused(
                    "something else lies at this place",
                    place=str(target),
                    hint="Move it away, then: casepan deliveries resend",
                )
            shutil.rmtree(old, ignore_errors=True)
            target.rename(old)
        part.rename(target)
        sync_folder(target.parent)
        shutil.rmtree(old, ignore_errors=True)


def write_package(packed: tuple[Packed, ...], document: bytes, folder: Path, ctx: ExportContext) -> None:
    """Copy all files and the manifest into a folder, flushed, each checked against its checksum after reading it back.

    Raises:
        DeliveryError: what was written is not what was meant.
    """
    for item in packed:
        with ctx.open(item.file) as source:
            copy_flushed(source, folder / item.name)
        if hash_file(folder / item.name) != item.file.sha256:
            raise DeliveryError("a file was not written as it is", place=item.name, hint="Check the disk or the share.")
    write_flushed(folder / MANIFEST, document)
    sync_folder(folder)


def read_manifest(path: Path) -> Mapping[str, Any]:
    """The manifest at a destination, empty when there is none or it is damaged."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


@contextmanager
def as_delivery_errors(place: str) -> Iterator[None]:
    """Turn what the file system says into delivery errors with a remedy."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        denied = error.errno in (errno.EACCES, errno.EPERM, errno.EROFS)
        hint = "Free some space there." if full else "Give casepan the right to write there." if denied else None
        reason = f"the folder cannot be written: {error.strerror or type(error).__name__}"
        raise DeliveryError(reason, place=place, hint=hint or "Check that the disk or share is there.") from error


def _hashes(packed: tuple[Packed, ...]) -> dict[str, str]:
    return {item.name: item.file.sha256 for item in packed}
