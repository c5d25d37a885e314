"""Textures without what was written into them: comments, camera data, profiles, and whatever follows the picture."""

from __future__ import annotations

import struct
import zlib

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"pHYs", b"bKGD"}
)
_BLANK = b"prVt"
"""An ancillary, private chunk, safe to copy: every reader passes over it."""

_JPEG_KEPT = (0xE0, 0xEE)
"""JFIF, and Adobe's word on how colours are stored, without which they come out wrong."""


def without_words(picture: bytes) -> bytes | None:
    """A picture of the same length with its metadata blanked; None when it is neither a whole JPEG nor a whole PNG.

    The length stays, so that a picture inside a GLB can be cleaned in its place.
    """
    if picture.startswith(_PNG):
        return _png(picture)
    return _jpeg(picture) if picture.startswith(b"\xff\xd8\xff") else None


def _png(picture: bytes) -> bytes | None:
    made, at = bytearray(picture), len(_PNG)
    while at + 12 <= len(picture):
        size, kind = struct.unpack_from(">I4s", picture, at)
        end = at + 12 + size
        if end > len(picture):
            return None
        if kind not in _PNG_KEPT:
            body = _BLANK + bytes(size)
            made[at + 4 : end] = body + zlib.crc32(body).to_bytes(4, "big")
        at = end
        if kind == b"IEND":
            made[at:] = bytes(len(made) - at)
            return bytes(made)
    return None


def _jpeg(picture: bytes) -> bytes | None:
    """Segments up to the first scan are looked at one by one; between and behind the scans nothing may stand but scans."""
    made, at = bytearray(picture), 2
    while at + 2 <= len(picture) and picture[at] == 0xFF:
        marker = picture[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xD9:
            made[at + 2 :] = bytes(len(made) - at - 2)
            return bytes(made)
        size = int.from_bytes(picture[at + 2 : at + 4], "big")
        end = at + 2 + size
        if size < 2 or end > len(picture):
            return None
        _blank_segment(made, at, end, marker)
        at = _behind_scan(picture, end) if marker == 0xDA else end
    return None


def _blank_segment(made: bytearray, at: int, end: int, marker: int) -> None:
    if marker in _JPEG_KEPT:
        kept = at + 4 + (14 if marker == 0xE0 else 12)  # what follows is a thumbnail or somebody's own
        made[min(kept, end) : end] = bytes(max(0, end - kept))
        if marker == 0xE0:
            made[at + 16 : min(at + 18, end)] = bytes(max(0, min(at + 18, end) - at - 16))
    elif 0xE0 < marker <= 0xEF or marker == 0xFE:
        made[at + 4 : end] = bytes(end - at - 4)


def _behind_scan(picture: bytes, at: int) -> int:
    """The next marker that is no restart and no stuffed byte."""
    while (at := picture.find(b"\xff", at)) >= 0:
        following = picture[at + 1 : at + 2]
        if following and following[0] not in (0x00, 0xFF, *range(0xD0, 0xD8)):
            return at
        at += 1 if following == b"\xff" else 2
    return len(picture)
