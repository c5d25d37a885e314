"""The mesh inside a DICOM Encapsulated STL or OBJ object (PS3.3 A.85, PS3.5 7), found without any library.

Only as much is understood as leads to the encapsulated document: the elements are walked in order, sequences are passed over.
"""

from __future__ import annotations

import struct
from struct import unpack_from

MODELS = ("1.2.840.10008.5.1.4.1.1.104.3", "1.2.840.10008.5.1.4.1.1.104.4")
"""SOP classes of Encapsulated STL and Encapsulated OBJ Storage."""

_START = 132
_LONG = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
_IMPLICIT, _EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_CLASS, _SYNTAX, _DOCUMENT, _LENGTH = 0x00020002, 0x00020010, 0x00420011, 0x00420015
_DEEPEST = 16


def encapsulated_model(data: bytes) -> bytes | None:
    """The bytes of the mesh file in a DICOM file; None in a DICOM file of another kind, and in a damaged one."""
    try:
        return _model(data)
    except (struct.error, ValueError):
        return None


def _model(data: bytes) -> bytes | None:
    offset, explicit, document, length = _START, True, None, None
    while offset < len(data):
        tag, size, value = _element(data, offset, explicit=explicit or data[offset : offset + 2] == b"\2\0")
        if tag > _LENGTH:
            break
        offset = _after(data, value, size, explicit=explicit)
        text = data[value : value + size] if size < 1024 else b""
        if tag == _CLASS and _text(text) not in MODELS:
            return None
        if tag == _SYNTAX:
            if _text(text) not in (_IMPLICIT, _EXPLICIT):
                return None
            explicit = _text(text) == _EXPLICIT
        if tag == _DOCUMENT:
            document = data[value : value + size] if offset <= len(data) else None
        if tag == _LENGTH:
            length = int(unpack_from("<I", data, value)[0])
    return document if document is None or length is None else document[:length]


def _element(data: bytes, offset: int, *, explicit: bool) -> tuple[int, int, int]:
    """Tag and size of an element, and where its value begins."""
    group, element = unpack_from("<HH", data, offset)
    tag = group << 16 | element
    if not explicit or group == 0xFFFE:
        return tag, unpack_from("<I", data, offset + 4)[0], offset + 8
    if data[offset + 4 : offset + 6] in _LONG:
        return tag, unpack_from("<I", data, offset + 8)[0], offset + 12
    return tag, unpack_from("<H", data, offset + 6)[0], offset + 8


def _after(data: bytes, value: int, size: int, *, explicit: bool, depth: int = 0) -> int:
    """Where the next element begins; of a sequence of undefined length behind its last item."""
    if size != _UNDEFINED:
        return value + size
    if depth > _DEEPEST:
        raise ValueError("sequences nested too deep")
    offset = value
    while True:
        tag, length, inner = _element(data, offset, explicit=explicit)
        if tag in (_END, _ITEM_END):
            return inner
        offset = _after(data, inner, length, explicit=explicit, depth=depth + 1)


def _text(value: bytes) -> str:
    return value.decode("ascii", "replace").strip("\0 ")
