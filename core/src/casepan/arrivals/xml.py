"""XML as vendors write it: any encoding, declared rightly or wrongly, and never a document type or an entity."""

from __future__ import annotations

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from casepan.errors import CorruptFile

DEEPEST = 200
"""Elements inside each other; vendors' orders have fewer than 20, and freeing a very deep tree overflows the stack."""

_DECLARATION = re.compile(r"\A<\?xml[^>]*\?>")
_ENCODING = re.compile(rb"\A<\?xml[^>]*encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")


def read_xml(data: bytes, *, place: str = "") -> Element:
    """The root element of an XML document.

    Args:
        data: the whole document; UTF-8, UTF-16 with or without a byte order mark, or the encoding that it declares.
        place: the file's name, for errors.

    Raises:
        CorruptFile: not well-formed, a document type or entity declaration, or nested deeper than 200 elements.
    """
    text = _DECLARATION.sub("", _decode(data).strip("\0 \t\r\n\ufeff"))
    builder = _Builder(place)
    try:
        builder.parser.Parse(text.encode("utf-8", "replace"), True)
        return builder.tree.close()
    except expat.ExpatError as error:
        raise CorruptFile(
            f"not well-formed XML: {expat.ErrorString(error.code)}", place=place, line=error.lineno
        ) from error
    except AssertionError as error:  # TreeBuilder's word for a document without a root
        raise CorruptFile("an XML document without any element", place=place) from error


def _decode(data: bytes) -> str:
    """The text: a byte order mark is believed first, then the NUL bytes of UTF-16, then the declaration, then UTF-8."""
    marks = ((BOM_UTF8, "utf-8"), (BOM_UTF16_LE, "utf-16-le"), (BOM_UTF16_BE, "utf-16-be"))
    for mark, encoding in marks:
        if data.startswith(mark):
            return data.removeprefix(mark).decode(encoding, "replace")
    start = data[:64].lstrip(b" \t\r\n")
    if start[1:2] == b"\0":
        return data.decode("utf-16-le", "replace")
    if start[:1] == b"\0":
        return data.decode("utf-16-be", "replace")
    return _decode_bytes(data)


def _decode_bytes(data: bytes) -> str:
    declared = _ENCODING.match(data.lstrip())
    names = ["utf-8", "cp1252"]
    if declared and not declared[1].lower().startswith((b"utf-16", b"utf16", b"unicode", b"ucs")):
        names.insert(0, declared[1].decode("ascii"))
    for name in names:
        try:
            return data.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("utf-8", "replace")


class _Builder:
    """An expat parser that fills a tree and refuses what a scanner's document never needs."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.depth = 0
        self.tree = TreeBuilder()
        self.parser = expat.ParserCreate("utf-8", "}")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self.tree.data
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise CorruptFile(f"XML elements nested deeper than {DEEPEST}", place=self.place)
        self.tree.start(_name(tag), {_name(key): value for key, value in attributes.items()})

    def _end(self, tag: str) -> None:
        self.depth -= 1
        self.tree.end(_name(tag))

    def _refuse(self, *_: Any) -> None:
        raise CorruptFile(
            "XML with a document type or entities, which no scanner writes",
            place=self.place,
            line=self.parser.CurrentLineNumber,
            hint="Do not open this file; ask the sender where it comes from.",
        )


def _name(tag: str) -> str:
    return "{" + tag if "}" in tag else tag
