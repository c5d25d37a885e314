"""Zip archives as they come from anywhere: names decoded by evidence, nothing unpacked to disk, every lie caught."""

from __future__ import annotations

import calendar
import stat
import struct
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import IO, BinaryIO, NoReturn, cast
from zipfile import BadZipFile, ZipFile, ZipInfo

from attrs import frozen

from casepan.arrivals.codepages import DEFAULT_ORDER, decode_names
from casepan.contract.listing import HEAD_BYTES, READ_BYTES, Entry
from casepan.errors import ClosedFormat, CorruptFile, LimitExceeded, StateError, UnsafeArchive
from casepan.model.files import IgnoredFile

IN_MEMORY = 64 * 1024 * 1024
CHUNK = 1024 * 1024
LONGEST_PATH = 1024
"""Letters of a member's path. A zip could hold 65,535 bytes, no export needs 300, and patterns get slow on thousands."""
_UTF8_FLAG = 0x800
_ENCRYPTED = 0x1
_UNICODE_PATH = 0x7075
_HINT = "Do not unpack it by hand; ask the sender what this is."


@frozen
class ArchiveLimits:
    """What an archive may hold.

    Attributes:
        entries: members; the largest real export seen has some hundreds.
        unpacked: bytes of all members together.
        ratio: unpacked to packed size, judged only above ``free`` bytes; meshes as text reach about 10.
        free: unpacked bytes for which the ratio does not matter.
    """

    entries: int = 50_000
    unpacked: int = 8 << 30
    ratio: float = 100.0
    free: int = 64 << 20


LIMITS = ArchiveLimits()


class Archive:
    """A zip opened for looking and reading. Use it as a context manager or call ``close``.

    Attributes:
        members: its files, paths as in the archive with ``/``, sorted; sizes as the directory claims.
        set_aside: junk of file managers and links, with the reason.
        encoding: the code page that names without the UTF-8 flag were read with, None when none was needed.

    Raises:
        CorruptFile: no zip, or a damaged one.
        UnsafeArchive: absolute names, names that lead out, overlapping or doubled members, more than the limits allow.
    """

    def __init__(
        self,
        stream: BinaryIO,
        *,
        place: str = "",
        limits: ArchiveLimits = LIMITS,
        order: Sequence[str] = DEFAULT_ORDER,
    ) -> None:
        self.place = place
        self._stream = stream
        self._zip = _opened(stream, place)
        infos = [info for info in self._zip.infolist() if not info.orig_filename.endswith(("/", "\\"))]
        _check_sizes(infos, place, limits)
        _check_overlap(infos, self._zip.start_dir, place)
        names, self.encoding = _names_of(infos, order)
        _check_names(names, place)
        self._infos, self.set_aside = _sorted_out(dict(zip(names, infos, strict=True)))
        self.members = tuple(Entry(name, info.file_size, _mtime(info)) for name, info in sorted(self._infos.items()))

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self._stream.close()

    def close(self) -> None:
        """Let go of the file."""
        self._stream.close()

    def head(self, name: str, size: int = HEAD_BYTES) -> bytes:
        """The first bytes of a member."""
        return next(self._chunks(name, size), b"")[:size]

    def tail(self, name: str, size: int) -> bytes:
        """The last bytes of a member; reads all of it, since a zip can only be read from its start."""
        kept = b""
        for chunk in self._chunks(name):
            kept = (kept + chunk)[-size:]
        return kept

    def read(self, name: str, limit: int = READ_BYTES) -> bytes:
        """A whole member, at most ``limit`` bytes. Raises ``LimitExceeded`` when it is larger."""
        if self._infos[name].file_size > limit:
            raise LimitExceeded(
                f"this file is larger than the {limit >> 20} MiB that may be read here", place=self._at(name)
            )
        return b"".join(self._chunks(name))

    def open(self, name: str) -> BinaryIO:
        """A member as a seekable stream: in memory up to 64 MiB, else in an unnamed temporary file.

        Raises:
            CorruptFile: damaged. ClosedFormat: behind a password. StateError: the temporary folder is full.
        """
        size = self._infos[name].file_size
        target = BytesIO() if size <= IN_MEMORY else cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115
        try:
            for chunk in self._chunks(name):
                target.write(chunk)
        except OSError as error:
            target.close()
            reason = f"cannot unpack into the temporary folder: {error.strerror}"
            raise StateError(reason, hint="Make room on that disk, or let TMPDIR name another one.") from error
        except BaseException:
            target.close()
            raise
        target.seek(0)
        return target

    def _at(self, name: str) -> str:
        return f"{self.place}!{name}" if self.place else name

    def _chunks(self, name: str, size: int = CHUNK) -> Iterator[bytes]:
        """The content in pieces. At its end, checksum and size must be what the directory says."""
        info, done = self._infos[name], 0
        try:
            with self._member(name, info) as member:
                while chunk := member.read(size):
                    done += len(chunk)
                    yield chunk
        except (BadZipFile, zlib.error, EOFError, OSError, struct.error, ValueError) as error:
            raise CorruptFile(f"a damaged member of a zip: {type(error).__name__}", place=self._at(name)) from error
        if done != info.file_size:
            raise CorruptFile(f"the zip promises {info.file_size} bytes and holds {done}", place=self._at(name))

    def _member(self, name: str, info: ZipInfo) -> IO[bytes]:
        if info.flag_bits & _ENCRYPTED:
            raise ClosedFormat(
                "this member of a zip is protected by a password",
                place=self._at(name),
                hint="Ask the sender for an archive without a password.",
            )
        try:
            return self._zip.open(info)
        except NotImplementedError as error:
            hint = "Ask the sender to pack an ordinary zip, or unpack it and drop the folder."
            raise CorruptFile(
                "packed with a method that this program does not know", place=self._at(name), hint=hint
            ) from error


def _opened(stream: BinaryIO, place: str) -> ZipFile:
    try:
        return ZipFile(stream)
    except (BadZipFile, OSError, struct.error, ValueError, NotImplementedError) as error:
        stream.seek(0)
        start = stream.read(4)
        if not start:
            raise CorruptFile("an empty file instead of a zip", place=place) from error
        what = "a truncated or damaged zip" if start.startswith(b"PK") else "not a zip, whatever its name says"
        raise CorruptFile(what, place=place) from error


def _unsafe(reason: str, place: str) -> NoReturn:
    raise UnsafeArchive(reason, place=place, hint=_HINT)


def _check_sizes(infos: Sequence[ZipInfo], place: str, limits: ArchiveLimits) -> None:
    unpacked = sum(info.file_size for info in infos)
    packed = sum(info.compress_size for info in infos)
    if len(infos) > limits.entries:
        _unsafe(f"a zip with {len(infos)} members; {limits.entries} are allowed", place)
    if unpacked > limits.unpacked:
        _unsafe(f"a zip that unpacks to {unpacked >> 20} MiB; {limits.unpacked >> 20} MiB are allowed", place)
    if unpacked > limits.free and unpacked > limits.ratio * max(packed, 1):
        _unsafe(f"a zip that unpacks to more than {limits.ratio:.0f} times its size", place)


def _check_overlap(infos: Sequence[ZipInfo], end: int, place: str) -> None:
    """Members that share bytes are how small archives unpack to terabytes."""
    starts = sorted((info.header_offset, info.compress_size) for info in infos)
    ends = [start for start, _ in starts[1:]] + [end]
    for (start, size), following in zip(starts, ends, strict=False):
        if start + 30 + size > following:
            _unsafe("a zip whose members overlap", place)


def _check_names(names: Sequence[str], place: str) -> None:
    for name in names:
        parts = name.split("/")
        if name.startswith("/") or ".." in parts or parts[0][1:2] == ":":
            _unsafe("a zip with a name that leads out of its own folder", place)
        if "\0" in name or not parts[-1] or len(name) > LONGEST_PATH:
            _unsafe("a zip with a name that no file can have", place)
    if any(count > 1 for count in Counter(names).values()):
        _unsafe("a zip that holds two files of one name", place)


def _names_of(infos: Sequence[ZipInfo], order: Sequence[str]) -> tuple[list[str], str | None]:
    raw = [None if info.flag_bits & _UTF8_FLAG else info.orig_filename.encode("cp437") for info in infos]
    known = [
        info.orig_filename if old is None else _unicode_path(info, old) for info, old in zip(infos, raw, strict=True)
    ]
    unknown = [old for old, name in zip(raw, known, strict=True) if name is None and old is not None]
    decoded, encoding = decode_names(unknown, order)
    rest = iter(decoded)
    return [_tidy(next(rest) if name is None else name) for name in known], encoding


def _tidy(name: str) -> str:
    name = name.replace("\\", "/")
    while name.startswith("./"):
        name = name[2:]
    return name


def _unicode_path(info: ZipInfo, raw: bytes) -> str | None:
    """The name in Info-ZIP's Unicode Path field, if it still belongs to the raw name (APPNOTE 4.6.9)."""
    extra = info.extra
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        body, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == _UNICODE_PATH and len(body) > 5 and struct.unpack_from("<I", body, 1)[0] == zlib.crc32(raw):
            return body[5:].decode("utf-8", "surrogateescape")
    return None


def _sorted_out(infos: dict[str, ZipInfo]) -> tuple[dict[str, ZipInfo], tuple[IgnoredFile, ...]]:
    reasons = {name: _why_aside(name, info) for name, info in infos.items()}
    aside = tuple(IgnoredFile(name, why) for name, why in sorted(reasons.items()) if why)
    return {name: info for name, info in infos.items() if not reasons[name]}, aside


def _why_aside(name: str, info: ZipInfo) -> str | None:
    if stat.S_ISLNK(info.external_attr >> 16):
        return "a link; links are never followed"
    return junk_reason(name)


def junk_reason(path: str) -> str | None:
    """Why a path is litter of a file manager, or None when it is not."""
    parts = path.replace("!", "/").split("/")
    if "__MACOSX" in parts or parts[-1].startswith("._") or parts[-1] == ".DS_Store":
        return "litter of macOS"
    if parts[-1].casefold() in ("thumbs.db", "desktop.ini", "ehthumbs.db"):
        return "litter of Windows"
    return None


def _mtime(info: ZipInfo) -> float:
    """The DOS time taken as UTC; 0.0 when the fields hold no date."""
    year, month, day, hour, minute, second = info.date_time
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return 0.0
    return float(calendar.timegm((year, month, day, hour, minute, min(second, 59))))
