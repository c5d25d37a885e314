"""``core.zip``: the single case file, one zip per case, complete or not there at all."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

from attrs import frozen

from casepan.contract.context import ExportContext
from casepan.contract.options import FolderPath, option
from casepan.durable import hash_stream, make_folders, sync_folder
from casepan.errors import DeliveryError, DeliveryRefused, FenceLost
from casepan.model.case import Case
from casepan.model.records import Receipt
from casepan.stages.folder import as_delivery_errors
from casepan.stages.packing import MANIFEST, Packed, PackingOptions, manifest, pack

EARLIEST = (1980, 1, 1, 0, 0, 0)


@frozen
class ZipOptions(PackingOptions):
    """Where the zips go."""

    path: FolderPath = option(FolderPath("out"), "folder that gets one zip per case")
    compress: bool = option(False, "deflate the files; meshes shrink to about 45 % and take longer")


class ZipExport:
    """Write ``NAME.zip.part``, verify every member by reading it back, then rename: the rename is the delivery."""

    def __init__(self, options: ZipOptions) -> None:
        self.options = options

    def deliver(self, case: Case, ctx: ExportContext) -> Receipt:
        """The zip with scans, documents and ``manifest.json``; equal input gives equal bytes.

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
            make_folders(target.parent)
            part = target.with_name(f"{target.name}.part")
            packed = pack(case, self.options)
            with part.open("wb") as stream:
                self._write(stream, packed, manifest(case, packed, ctx, private=self.options.private), ctx)
            files = {item.name: item.file.sha256 for item in packed}
            if not _holds(part, files):
                raise DeliveryError("the zip was not written as it is", hint="Check the disk or the share.")
            self._commit(part, target, ctx)
            return Receipt(ctx.key, str(target), ctx.now(), {"verified": "members read back"}, files)

    def probe(self, ctx: ExportContext) -> Receipt | None:
        """The receipt, if the zip is there with this delivery's key and every member as the manifest says."""
        target = self._target(ctx)
        try:
            with zipfile.ZipFile(target) as archive:
                document = json.loads(archive.read(MANIFEST))
        except (OSError, EOFError, ValueError, KeyError, RuntimeError, zlib.error, zipfile.BadZipFile):
            return None
        if document.get("key") != ctx.key:
            return None
        files = {item["name"]: item["sha256"] for item in document["files"]}
        if not _holds(target, files):
            return None
        sync_folder(target.parent)  # whoever renamed it may have died before it did this
        return Receipt(ctx.key, str(target), ctx.now(), {"verified": "found and read back by a probe"}, files)

    def _target(self, ctx: ExportContext) -> Path:
        return ctx.base / self.options.path / f"{ctx.place}.zip"

    def _write(self, stream: BinaryIO, packed: tuple[Packed, ...], document: bytes, ctx: ExportContext) -> None:
        method = zipfile.ZIP_DEFLATED if self.options.compress else zipfile.ZIP_STORED
        with zipfile.ZipFile(stream, "w", method, compresslevel=1 if self.options.compress else None) as archive:
            for item in packed:
                info = zipfile.ZipInfo(item.name, EARLIEST)
                info.compress_type, info.file_size = method, item.file.size
                with ctx.open(item.file) as source, archive.open(info, "w") as member:
                    shutil.copyfileobj(source, member, 1 << 20)
            archive.writestr(zipfile.ZipInfo(MANIFEST, EARLIEST), document)
        stream.flush()
        os.fsync(stream.fileno())

    def _commit(self, part: Path, target: Path, ctx: ExportContext) -> None:
        if not ctx.fence_ok():
            raise FenceLost("another process owns this case now")
        if target.exists() and not ctx.replace:
            raise DeliveryRefused(
                "something else lies at this place",
                place=str(target),
                hint="Move it away, then: casepan deliveries resend",
            )
        part.replace(target)
        sync_folder(target.parent)


def _holds(path: Path, files: dict[str, str]) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            for name, content in files.items():
                with archive.open(name) as member:
                    if hash_stream(member) != content:
                        return False
    except (OSError, EOFError, KeyError, RuntimeError, zlib.error, zipfile.BadZipFile):
        return False
    return True
