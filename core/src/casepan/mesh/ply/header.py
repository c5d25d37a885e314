"""The text header of a PLY file. Free of numpy, so that an inventory can use it."""

from __future__ import annotations

import re

from attrs import define

from casepan.errors import CorruptFile

TYPES = {
    **dict.fromkeys(("char", "int8"), "i1"),
    **dict.fromkeys(("uchar", "uint8"), "u1"),
    **dict.fromkeys(("short", "int16"), "i2"),
    **dict.fromkeys(("ushort", "uint16"), "u2"),
    **dict.fromkeys(("int", "int32"), "i4"),
    **dict.fromkeys(("uint", "uint32"), "u4"),
    **dict.fromkeys(("int64", "longlong"), "i8"),
    **dict.fromkeys(("uint64", "ulonglong"), "u8"),
    **dict.fromkeys(("float", "float32"), "f4"),
    **dict.fromkeys(("double", "float64"), "f8"),
}
"""PLY's names of number types, old and new, as numpy's codes without byte order."""

ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
_LONGEST_HEADER = 1 << 18
_LINE = re.compile(rb"\r\n|\n|\r")


@define(frozen=True)
class Property:
    """One property: its numpy code and, for a list, the numpy code of its length."""

    name: str
    code: str
    length_code: str | None = None

    @property
    def size(self) -> int:
        """Bytes of one value."""
        return int(self.code[1])


@define(frozen=True)
class Element:
    """One element: how many rows of which properties."""

    name: str
    count: int
    properties: tuple[Property, ...]

    def names(self) -> frozenset[str]:
        """Names of all properties."""
        return frozenset(each.name for each in self.properties)

    def smallest_row(self, ascii_text: bool) -> int:
        """The fewest bytes that one row can take: lists empty, numbers of one digit with one blank behind."""
        if ascii_text:
            return 2 * len(self.properties)
        return sum(int(each.length_code[1]) if each.length_code else each.size for each in self.properties)


@define(frozen=True)
class Header:
    """A parsed header; ``end`` is the offset of the first byte behind it, ``order`` numpy's byte order or ``""`` for
    ascii."""

    order: str
    elements: tuple[Element, ...]
    comments: tuple[str, ...]
    end: int

    def element(self, *names: str) -> Element | None:
        """The first element with one of these names."""
        return next((each for each in self.elements if each.name in names), None)

    def texture_names(self) -> tuple[str, ...]:
        """Image names of ``comment TextureFile NAME`` lines; names may hold blanks."""
        found = (re.match(r"texturefile\s+(.+)", comment, re.IGNORECASE) for comment in self.comments)
        return tuple(match[1].strip() for match in found if match)


def parse_header(data: bytes, name: str = "") -> Header:
    """Read the header and check every declared count against the bytes that are there.

    Raises:
        CorruptFile: not a PLY, a header line that makes no sense, or more rows than the file can hold.
    """
    lines, end = _header_lines(data, name)
    return _Parser(name).parse(lines, end, len(data))


def _header_lines(data: bytes, name: str) -> tuple[list[str], int]:
    head = data[:_LONGEST_HEADER]
    match = re.search(rb"(?:^|[\r\n])[ \t]*end_header[ \t]*(\r\n|\n|\r)", head)
    if match is None:
        match = re.search(rb"[\r\n][ \t]*end_header[ \t]*()\Z", head)
    if not head.startswith(b"ply") or match is None:
        why = "the PLY header does not end" if head.startswith(b"ply") else "this is not a PLY"
        raise CorruptFile(why, place=name or None, offset=0 if not head.startswith(b"ply") else len(head))
    lines = _LINE.split(head[: match.start(1)])
    end = match.start(1) + 1 if re.match(rb"ply[ \t]*\r(?!\n)", head) else match.end()
    return [line.decode("utf-8", "replace").strip() for line in lines], end


class _Parser:
    """Collects elements line by line; a wrong line is reported with its number."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.order: str | None = None
        self.elements: list[tuple[str, int, list[Property]]] = []
        self.comments: list[str] = []
        self.line = 0

    def parse(self, lines: list[str], end: int, size: int) -> Header:
        for self.line, line in enumerate(lines, 1):
            words = line.split()
            if words and self.line > 1:
                self._take(line, words)
        if self.order is None:
            raise self._fault("the PLY header does not name its format")
        elements = tuple(Element(label, count, tuple(each)) for label, count, each in self.elements)
        self._check_counts(elements, size - end)
        return Header(self.order, elements, tuple(self.comments), end)

    def _take(self, line: str, words: list[str]) -> None:
        match words:
            case ["format", form, *_] if form in ORDERS:
                self.order = ORDERS[form]
            case ["comment" | "obj_info", *_]:
                self.comments.append(line.partition(" ")[2].strip())
            case ["element", label, count] if count.isascii() and count.isdigit() and len(count) < 19:
                self.elements.append((label, int(count), []))
            case ["property", "list", length, code, label] if self.elements and length in TYPES and code in TYPES:
                self._add(Property(label, TYPES[code], TYPES[length]))
            case ["property", code, label] if self.elements and code in TYPES:
                self._add(Property(label, TYPES[code]))
            case ["end_header"]:
                pass
            case _:
                raise self._fault("this line of the PLY header makes no sense")

    def _add(self, new: Property) -> None:
        properties = self.elements[-1][2]
        if any(each.name == new.name for each in properties):
            raise self._fault("this property is declared twice")
        if new.length_code is not None and new.length_code.startswith("f"):
            raise self._fault("a list cannot have a fractional length")
        properties.append(new)

    def _check_counts(self, elements: tuple[Element, ...], room: int) -> None:
        for element in elements:
            need = element.count * element.smallest_row(ascii_text=self.order == "")
            room -= need
            if room < (-1 if self.order == "" else 0):
                raise self._fault(
                    f"the header declares {element.count} rows of one element, more than the file can hold"
                )

    def _fault(self, reason: str) -> CorruptFile:
        return CorruptFile(reason, place=self.name or None, line=self.line)
