"""Everything that can be read in some bytes: members of archives, compressed and encoded runs, escapes, one inside the other."""

from __future__ import annotations

import binascii
import html
import quopri
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from urllib.parse import unquote_to_bytes

from attrs import define, field, frozen

DEEPEST = 6
LARGEST = 1 << 29
"""Bytes that are unpacked from one file at most; what holds more cannot be searched."""

_OPAQUE = {b"%PDF": "PDF", b"Rar!": "RAR", b"7z\xbc\xaf": "7z", b"\xd0\xcf\x11\xe0": "OLE"}
_ENDS = (80, 128, 1024)
_RUNS = re.compile(rb"[\t\n\r\x20-\x7e]{6,}")
_LONG_RUNS = re.compile(rb"[\t\n\r\x20-\x7e]{24,}")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{8,}(?:[ \t]*\r?\n[ \t]*[A-Za-z0-9+/_-]{4,})*")
_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2}){6,}")
_ENTITY = re.compile(rb"&#?[0-9A-Za-z]{2,10};")
_ESCAPE = re.compile(rb"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
_PAGE = 1 << 22
"""Bytes of the largest text whose words are put together again; a larger one is no text that somebody wrote."""
_TAG = re.compile(rb"<!--.{0,4096}?-->|<!\[CDATA\[|\]\]>|</?[A-Za-z][^<>]{0,4096}>", re.DOTALL)
_BREAK = re.compile(
    rb"(?<=[A-Za-z\x80-\xff])-?[ \t]*\r?\n[ \t]*(?=[A-Za-z\x80-\xff])|\xc2\xad|\xe2\x80[\x8b-\x8f]|\xe2\x81\xa0|\xef\xbb\xbf"
)
_SPACED = re.compile(
    rb"(?<![A-Za-z])(?:(?:[A-Za-z]|[\xc3-\xcd][\x80-\xbf]) ){3,}(?:[A-Za-z]|[\xc3-\xcd][\x80-\xbf])(?![A-Za-z])"
)
_DEFLATED = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")
BROKEN = (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError, ValueError, IndexError)


class CannotSearchError(Exception):
    """There is something in the bytes that cannot be opened: a password, a closed format, more than the limit."""


@frozen
class Haystack:
    """Bytes to be searched. ``where`` says how they were come by (``"zip > base64"``), without names."""

    where: str
    data: bytes


@define
class _Room:
    left: int = field(factory=lambda: LARGEST)

    def take(self, data: bytes) -> bytes:
        self.left -= len(data)
        if self.left < 0:
            raise CannotSearchError("more than the limit is packed into it")
        return data


def haystacks(data: bytes) -> Iterator[Haystack]:
    """The bytes and all that is packed or written in another way inside them.

    Raises:
        CannotSearchError: a part cannot be opened.
    """
    yield from _inside(data, "bytes", 0, _Room())


def _inside(data: bytes, where: str, depth: int, room: _Room) -> Iterator[Haystack]:
    for magic, name in _OPAQUE.items():
        if data.startswith(magic):
            raise CannotSearchError(f"a {name} file")
    if depth > DEEPEST:
        raise CannotSearchError("packed or encoded too many times")
    yield Haystack(where, data)
    yield from (Haystack(where, part) for part in _ends(data))
    yield from (Haystack(f"{where} > words put together", part) for part in _put_together(data))
    for name, part in _parts(data, room):
        yield from _inside(room.take(part), f"{where} > {name}", depth + 1, room)


def _ends(data: bytes) -> Iterator[bytes]:
    """Where headers and appended text stand: short pieces, in which a short name is no chance."""
    for size in _ENDS:
        if len(data) > size:
            yield data[:size]
            yield data[-size:]
    if data.startswith(b"ply") and (end := data.find(b"end_header", 0, 1 << 18)) > 0:
        yield data[:end]
    if len(data) > 134 and int.from_bytes(data[80:84], "little") == (len(data) - 84) // 50:
        words = bytearray(2 * ((len(data) - 84) // 50))
        words[::2], words[1::2] = data[132::50][: len(words) // 2], data[133::50][: len(words) // 2]
        yield bytes(words)  # a binary STL: the attribute words of its triangles


def _parts(data: bytes, room: _Room) -> Iterator[tuple[str, bytes]]:
    if b"PK\x03\x04" in data or b"PK\x05\x06" in data:
        yield from _zip(data, room)
    yield from _inflated(data, room)
    text = _text_in(data)
    yield from _decoded(text)
    for name, sign, change in _ESCAPES:
        if sign in text and (changed := change(text)) != text:
            yield name, changed


def _text_in(data: bytes) -> bytes:
    """The whole when it is text, else its printable runs; among numbers only runs of a length that no chance makes."""
    if b"\0" not in data and _is_text(data):
        return data
    text = b"\n\0".join(_RUNS.findall(data))
    return text if 2 * len(text) > len(data) else b"\n\0".join(_LONG_RUNS.findall(text))


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _zip(data: bytes, room: _Room) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            infos = archive.infolist()
            if sum(info.file_size for info in infos) > room.left:
                raise CannotSearchError("more than the limit is packed into it")
            told = [
                info.filename.encode("utf-8", "surrogateescape") + b"\0" + info.comment + b"\0" + info.extra
                for info in infos
            ]
            yield "zip names", b"\0".join([archive.comment, *told])
            for info in infos:
                if info.flag_bits & 1:
                    raise CannotSearchError("a password")
                yield "zip", archive.read(info)
    except BROKEN as error:
        if data.startswith(b"PK"):
            raise CannotSearchError("an archive that cannot be opened") from error


def _inflated(data: bytes, room: _Room) -> Iterator[tuple[str, bytes]]:
    whole = memoryview(data)
    for found in _DEFLATED.finditer(data):
        packed = zlib.decompressobj(47)
        try:
            plain = packed.decompress(whole[found.start() :], room.left + 1)
        except zlib.error as error:
            if found.start() == 0 and found[0].startswith(b"\x1f"):
                raise CannotSearchError("a damaged gzip") from error
            continue
        if len(plain) > room.left:
            raise CannotSearchError("more than the limit is packed into it")
        if packed.eof and plain:
            yield "deflate", plain


def _decoded(text: bytes) -> Iterator[tuple[str, bytes]]:
    """Base64 and hexadecimal runs, each from every place where it may begin."""
    runs = {re.sub(rb"\s+", b"", run).translate(_URL_SAFE) for run in _BASE64.findall(text)}
    pieces = []
    for run in sorted(runs):
        for offset in range(4):
            part = run[offset : offset + (len(run) - offset) // 4 * 4]
            pieces.append(binascii.a2b_base64(part) + _last(run[offset + len(part) :]))
        if pieces[-4][:2] in (b"PK", b"\x1f\x8b", b"%P", b"Ra", b"7z") and len(run) > 40:
            yield "base64", pieces[-4]
    if pieces:
        yield "base64", b"\0\0".join(pieces)
    if hexed := [binascii.a2b_hex(run) for run in sorted(set(_HEX.findall(text)))]:
        yield "hex", b"\0\0".join(hexed)


_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def _last(rest: bytes) -> bytes:
    """The bytes of an unpadded end."""
    return binascii.a2b_base64(rest + b"=" * (4 - len(rest))) if len(rest) in (2, 3) else b""


def _without_entities(text: bytes) -> bytes:
    return _ENTITY.sub(lambda found: html.unescape(found[0].decode("ascii")).encode("utf-8", "replace"), text)


def _without_escapes(text: bytes) -> bytes:
    return _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)).encode("utf-8", "replace"), text)


def _without_soft_breaks(text: bytes) -> bytes:
    return quopri.decodestring(text)


def _put_together(data: bytes) -> Iterator[bytes]:
    """A text with words whole again that tags, line ends, hidden characters or blanks between all letters part."""
    text = _text_in(data) if len(data) < _PAGE else b""
    bare = _TAG.sub(b"", text) if b"<" in text else text
    joined = _BREAK.sub(b"", bare)
    unspaced = _SPACED.sub(lambda found: found[0].replace(b" ", b""), bare)
    yield from {bare, joined, unspaced} - {text}


_ESCAPES: tuple[tuple[str, bytes, Callable[[bytes], bytes]], ...] = (
    ("percent escapes", b"%", unquote_to_bytes),
    ("entities", b"&", _without_entities),
    ("escapes", b"\\", _without_escapes),
    ("quoted-printable", b"=", _without_soft_breaks),
)
