"""Where bytes come from: a path, bytes, an open file or a zip member, with gzip looked through. Free of numpy."""

from __future__ import annotations

import os
import zlib
from io import BytesIO, FileIO
from pathlib import Path
from typing import IO, TypeAlias
from zipfile import BadZipFile

from casepan.errors import CorruptFile, LimitExceeded

Source: TypeAlias = str | os.PathLike[str] | bytes | IO[bytes]

LARGEST_BYTES = 1 << 30
"""The largest mesh file that is opened, after gzip: an ASCII STL of 3.5 million triangles."""

_PIECE = 1 << 24
GZIP_MAGIC = b"\x1f\x8b"
_UNREADABLE = (OSError, EOFError, BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError)


def load(source: Source, *, name: str = "") -> tuple[bytes, str]:
    """All bytes of a source, gzip unpacked, and the name to use in errors (without ``.gz``).

    Raises:
        CorruptFile: the source cannot be read, or its gzip stream is damaged.
        LimitExceeded: it is larger than ``LARGEST_BYTES``.
        TypeError: the source is nothing that bytes can be read from.
    """
    if isinstance(source, (str, os.PathLike)):
        source = Path(source)
        name = name or source.name
    data = _read(source, name)
    if not data.startswith(GZIP_MAGIC):
        return data, name
    return _gunzip(data, name), name.removesuffix(".gz")


def _read(source: Path | bytes | IO[bytes], name: str) -> bytes:
    if not (isinstance(source, (Path, bytes)) or hasattr(source, "read")):
        raise TypeError(f"a mesh is read from a path, bytes or an open binary file, not from {type(source).__name__}")
    try:
        if isinstance(source, bytes):
            return _within_limit(source, name)
        if isinstance(source, Path):
            with source.open("rb", buffering=0) as file:
                return _read_file(file, name)
        return _read_stream(source, name)
    except _UNREADABLE as error:
        raise CorruptFile(f"the bytes cannot be read ({type(error).__name__})", place=name or None) from error


def _read_file(file: FileIO, name: str) -> bytes:
    """A file whose size is known beforehand, in one piece."""
    if os.fstat(file.fileno()).st_size > LARGEST_BYTES:
        raise _too_large(name)
    return file.readall()


def _read_stream(stream: IO[bytes], name: str) -> bytes:
    """A stream of unknown length, piece by piece, never more than the limit and a piece."""
    whole = BytesIO()  # it gives its bytes away without copying them
    while part := stream.read(_PIECE):
        if not isinstance(part, bytes):
            raise TypeError("a mesh is read from a file that is open in binary mode, not as text")
        if whole.tell() + len(part) > LARGEST_BYTES:
            raise _too_large(name)
        whole.write(part)
    return whole.getvalue()


def _gunzip(data: bytes, name: str) -> bytes:
    """Unpack one or several gzip members, never holding more than the limit and a piece."""
    whole = BytesIO()
    rest = data
    while rest.startswith(GZIP_MAGIC):
        member = zlib.decompressobj(wbits=31)
        offset = len(data) - len(rest)
        while not member.eof:
            try:
                part = member.decompress(rest, _PIECE)
            except zlib.error as error:
                raise CorruptFile("the gzip stream is damaged", place=name or None, offset=offset) from error
            if whole.tell() + len(part) > LARGEST_BYTES:
                raise _too_large(name)
            whole.write(part)
            rest = member.unconsumed_tail
            if not (part or rest or member.eof):
                raise CorruptFile("the gzip stream ends early", place=name or None, offset=len(data))
        rest = member.unused_data
    return whole.getvalue()


def _within_limit(data: bytes, name: str) -> bytes:
    if len(data) > LARGEST_BYTES:
        raise _too_large(name)
    return data


def _too_large(name: str) -> LimitExceeded:
    return LimitExceeded(
        f"the mesh is larger than {LARGEST_BYTES >> 20} MiB",
        place=name or None,
        hint="A scan is a few hundred megabytes at most: look what this file is before taking it.",
    )
