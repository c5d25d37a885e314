"""An arrival as recognition sees it: a folder, a zip or loose files, listed without unpacking or following anything."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from attrs import evolve, frozen

from casepan.arrivals.archive import LIMITS, Archive, ArchiveLimits
from casepan.arrivals.codepages import DEFAULT_ORDER
from casepan.arrivals.walking import Seen, look, unreadable, walk
from casepan.contract.listing import HEAD_BYTES, READ_BYTES, READ_TOTAL_BYTES, TAIL_BYTES, Entry, Listing
from casepan.errors import CaseError, CorruptFile, LimitExceeded, NotReady, UsageError
from casepan.model.files import IgnoredFile


@frozen
class Opening:
    """How zips are opened.

    Attributes:
        settling: True while more may still come; a truncated zip then means ``NotReady`` instead of ``CorruptFile``.
        limits: what a zip may hold.
        order: code pages for zip names without the UTF-8 flag, see ``codepages``.
    """

    settling: bool = False
    limits: ArchiveLimits = LIMITS
    order: tuple[str, ...] = DEFAULT_ORDER


class FolderListing:
    """An arrival on disk. Implements ``casepan.contract.listing.Listing``; ``close`` lets go of its zips.

    Attributes:
        root: the folder that entry paths count from: the arrival itself when it is a folder, else the folder it lies
            in.
        name: name of the folder or zip that arrived, or of the first loose file.
        entries: every file, zip members as ``a.zip!inner/b.stl``, sorted by path.
        set_aside: what is left alone and why: litter of file managers, links, devices.
        encodings: path of a zip to the code page that its names were read with, where one was needed.
    """

    def __init__(self, root: Path, name: str, found: Sequence[Seen], how: Opening) -> None:
        self.root = root
        self.name = name
        self.encodings: dict[str, str] = {}
        self._archives: dict[str, Archive] = {}
        self._read: dict[str, bytes] = {}
        aside = [IgnoredFile(seen.path, seen.why) for seen in found if seen.why]
        entries: list[Entry] = []
        try:
            for seen in found:
                if seen.why is None:
                    entries += self._entries_of(seen, how, aside)
        except BaseException:
            self.close()
            raise
        self.entries = tuple(sorted(entries, key=lambda entry: entry.path))
        self.set_aside = tuple(aside)
        self._by_path = {entry.path: entry for entry in self.entries}

    @classmethod
    def of(cls, path: Path, how: Opening | None = None) -> FolderListing:
        """The listing of a folder, a zip or a single file; ``path`` itself may be a link.

        Zips are looked into when they are the arrival itself or lie at the top of an arriving folder, by their suffix
        ``.zip``; anything else that happens to be a zip (``.dxd``, ``.3oxz``, ``.3ml``) is one opaque file, see
        ``open_archive``.

        Raises:
            UsageError: nothing is there.
            NotReady: a truncated zip while settling, or a file that vanishes.
            CorruptFile, UnsafeArchive: a zip that cannot be used.
            LimitExceeded: more files than one arrival can hold. CaseError: something may not be read.
        """
        try:
            linked = stat.S_ISLNK(os.lstat(path).st_mode)
            path = path.resolve(strict=True) if linked else path
        except OSError as error:
            raise UsageError("there is nothing of this name", place=str(path)) from error
        if path.is_dir():
            return cls(path, path.name, walk(path), how or Opening())
        return cls.of_files(path.parent, (path.name,), how)

    @classmethod
    def of_files(cls, root: Path, names: Sequence[str], how: Opening | None = None) -> FolderListing:
        """The listing of loose files that belong together, zips among them looked into. Raises as ``of`` does."""
        return cls(root, names[0], [look(root / name, name) for name in names], how or Opening())

    def __enter__(self) -> FolderListing:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all opened zips."""
        for archive in self._archives.values():
            archive.close()

    def head(self, path: str) -> bytes:
        """The first 4 KiB."""
        archive, member = self._member(path)
        if archive:
            return archive.head(member, HEAD_BYTES)
        with self.open(path) as stream:
            return stream.read(HEAD_BYTES)

    def tail(self, path: str) -> bytes:
        """The last 64 KiB."""
        archive, member = self._member(path)
        if archive:
            return archive.tail(member, TAIL_BYTES)
        with self.open(path) as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - TAIL_BYTES))
            return stream.read(TAIL_BYTES)

    def read(self, path: str) -> bytes:
        """The whole file, at most 4 MiB; 32 MiB over all files. Reading a file again costs nothing.

        Raises:
            LimitExceeded: larger than that.
        """
        if path not in self._read:
            size = self._entry(path).size
            if size > READ_BYTES or size + sum(map(len, self._read.values())) > READ_TOTAL_BYTES:
                raise LimitExceeded("too large to be read while recognising", place=path)
            with self.open(path) as stream:
                self._read[path] = stream.read(READ_BYTES)
        return self._read[path]

    def open(self, path: str) -> BinaryIO:
        """The file's bytes as a seekable stream, without a limit.

        Raises:
            CorruptFile: a damaged member of a zip. ClosedFormat: a member behind a password.
            NotReady: the file vanished. CaseError: it may not be read.
        """
        archive, member = self._member(path)
        if archive:
            return archive.open(member)
        return open_plain(self.root / path)

    def _entry(self, path: str) -> Entry:
        if path not in self._by_path:
            raise CaseError("no file of this arrival", place=path)
        return self._by_path[path]

    def _member(self, path: str) -> tuple[Archive | None, str]:
        self._entry(path)
        for prefix, archive in self._archives.items():
            if path.startswith(f"{prefix}!"):
                return archive, path[len(prefix) + 1 :]
        return None, path

    def _entries_of(self, seen: Seen, how: Opening, aside: list[IgnoredFile]) -> list[Entry]:
        if "/" in seen.path or not seen.path.lower().endswith(".zip"):
            return [Entry(seen.path, seen.size, seen.mtime_ns / 1e9)]
        archive = self._archives[seen.path] = self._open_zip(seen.path, how)
        if archive.encoding:
            self.encodings[seen.path] = archive.encoding
        aside += [evolve(item, path=f"{seen.path}!{item.path}") for item in archive.set_aside]
        return [evolve(entry, path=f"{seen.path}!{entry.path}") for entry in archive.members]

    def _open_zip(self, name: str, how: Opening) -> Archive:
        try:
            return Archive(open_plain(self.root / name), place=name, limits=how.limits, order=how.order)
        except CorruptFile as error:
            if not how.settling:
                raise
            raise NotReady(f"{error.reason}; more may still come", place=name) from error


def open_plain(path: Path) -> BinaryIO:
    """A plain file for reading; a link, a pipe or a device is refused even when it appeared a moment ago."""
    try:
        descriptor = os.open(
            path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        )
    except OSError as error:
        raise unreadable(error, str(path)) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise CaseError("no plain file", place=str(path))
    return os.fdopen(descriptor, "rb")


def open_archive(listing: Listing, path: str) -> Archive:
    """Look into a file of an arrival that is a zip under another suffix (``.dxd``, ``.3oxz``). Close it after use.

    Returns:
        The archive: ``members``, ``head(name)``, ``read(name)`` up to 4 MiB, ``open(name)``.

    Raises:
        CorruptFile: it is no zip, or a damaged one. UnsafeArchive: it is not safe to look into.
    """
    if not isinstance(listing, FolderListing):
        raise TypeError(f"archives are opened from arrivals, not from {type(listing).__name__}")
    return Archive(listing.open(path), place=path)
