"""Arrivals made on the spot, and a context that reads them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import pytest
from attrs import frozen

from casepan.arrivals.listing import FolderListing
from casepan.model.files import FileRef

Maker = Callable[..., Path]


@frozen
class ReadingContext:
    """As much of an import context as assembling needs."""

    listing: FolderListing

    def now(self) -> datetime:
        """A fixed time."""
        return datetime(2026, 1, 31, 12, tzinfo=UTC)

    def open(self, file: FileRef) -> BinaryIO:
        """The file's bytes."""
        return self.listing.open(file.path)

    def file(self, path: str) -> FileRef:
        """The reference with its hash."""
        with self.listing.open(path) as stream:
            content = stream.read()
        return FileRef(path, len(content), sha256(content).hexdigest())


@pytest.fixture
def make_folder(tmp_path: Path) -> Maker:
    """Make a folder of files: ``make_folder("name", {"a/b.stl": b"..."})``."""

    def make(name: str, files: Mapping[str, bytes]) -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        return folder

    return make


@pytest.fixture
def make_zip(tmp_path: Path) -> Maker:
    """Make a zip of files: ``make_zip("a.zip", {"b.stl": b"..."})``; keys of bytes are names without the UTF-8 flag."""

    def make(name: str, files: Mapping[str | bytes, bytes]) -> Path:
        path = tmp_path / name
        path.write_bytes(zip_bytes(files))
        return path

    return make


@pytest.fixture
def reading() -> Callable[[Path], ReadingContext]:
    """Make the context of an arrival."""
    return lambda path: ReadingContext(FolderListing.of(path))


def zip_bytes(files: Mapping[str | bytes, bytes]) -> bytes:
    """A zip. A name given as bytes is written as it is and without the UTF-8 flag, as old programs do."""
    target = io.BytesIO()
    raw: dict[bytes, bytes] = {}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, content) in enumerate(files.items()):
            if isinstance(name, bytes):
                placeholder = f"{number:03}".encode().ljust(len(name), b"~")
                raw[placeholder] = name
                name = placeholder.decode()
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 31, 12, 0, 0)), content, zipfile.ZIP_DEFLATED)
    packed = target.getvalue()
    for placeholder, name in raw.items():
        packed = packed.replace(placeholder, name)
    return packed
