"""The rows behind a PLY header, as columns of numbers."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from attrs import define
from numpy.typing import NDArray

from casepan.errors import CorruptFile
from casepan.mesh.ply.header import Element, Header, Property
from casepan.mesh.text import BadNumberError, Numbers, tokenise

AnyArray: TypeAlias = NDArray[Any]


@define(frozen=True, eq=False)
class Ragged:
    """A list property: how many values each row has, and all values one behind the other."""

    lengths: NDArray[np.int64]
    values: AnyArray

    @classmethod
    def of_table(cls, table: AnyArray) -> Ragged:
        """Lists that all have the same length, given as (rows, length)."""
        rows, length = table.shape
        return cls(np.full(rows, length, np.int64), table.reshape(-1))


Columns: TypeAlias = dict[str, "AnyArray | Ragged"]


def read_body(data: bytes, header: Header, name: str, wanted: frozenset[str]) -> dict[str, Columns]:
    """All columns of the wanted elements, by element and property; the others are only stepped over.

    Raises:
        CorruptFile: fewer bytes or numbers than declared, or something that is not a number.
    """
    reader = _Ascii(data, header, name) if header.order == "" else _Binary(data, header, name)
    found: dict[str, Columns] = {}
    last = max((place for place, each in enumerate(header.elements) if each.name in wanted), default=-1)
    for element in header.elements[: last + 1]:
        columns = reader.read(element) if element.count and element.properties else {}
        if element.name in wanted and element.name not in found:
            found[element.name] = columns
    return found


class _Binary:
    """Rows of a binary body, read where they stand."""

    def __init__(self, data: bytes, header: Header, name: str) -> None:
        self.data = data
        self.order = header.order
        self.at = header.end
        self.name = name

    def read(self, element: Element) -> Columns:
        """The columns of one element: at once when all lists have the length of the first row, else row by row."""
        lengths = self._first_lengths(element)
        if lengths is not None:
            columns = self._read_even(element, lengths)
            if columns is not None:
                return columns
        return self._read_uneven(element)

    def _first_lengths(self, element: Element) -> dict[str, int] | None:
        """List lengths of the first row, or None when that row is not whole."""
        lengths = {}
        at = self.at
        for each in element.properties:
            if each.length_code is None:
                at += each.size
                continue
            length = self._length(each.length_code, at)
            if length is None:
                return None
            lengths[each.name] = length
            at += int(each.length_code[1]) + length * each.size
        return lengths

    def _length(self, code: str, at: int) -> int | None:
        raw = self.data[at : at + int(code[1])]
        if len(raw) < int(code[1]):
            return None
        value = int.from_bytes(raw, "little" if self.order == "<" else "big", signed=code[0] == "i")
        return value if 0 <= value <= len(self.data) else None

    def _read_even(self, element: Element, lengths: dict[str, int]) -> Columns | None:
        fields: list[Any] = []
        for place, each in enumerate(element.properties):
            if each.length_code is None:
                fields.append((f"v{place}", self.order + each.code))
            else:
                fields.append((f"n{place}", self.order + each.length_code))
                fields.append((f"v{place}", self.order + each.code, (lengths[each.name],)))
        row = np.dtype(fields)
        if row.itemsize * element.count > len(self.data) - self.at:
            if not lengths:
                raise self._cut_off()
            return None
        rows = np.frombuffer(self.data, row, element.count, self.at)
        columns: Columns = {}
        for place, each in enumerate(element.properties):
            if each.length_code is not None and (rows[f"n{place}"] != lengths[each.name]).any():
                return None
            values = rows[f"v{place}"]
            columns[each.name] = values if each.length_code is None else Ragged.of_table(values)
        self.at += row.itemsize * element.count
        return columns

    def _read_uneven(self, element: Element) -> Columns:
        """Find where each value starts row by row, then gather them all together."""
        starts: list[list[int]] = [[] for _ in element.properties]
        lengths: list[list[int]] = [[] for _ in element.properties]
        at = self.at
        for _ in range(element.count):
            for place, each in enumerate(element.properties):
                length = 1
                if each.length_code is not None:
                    found = self._length(each.length_code, at)
                    if found is None:
                        raise self._cut_off(at)
                    length = found
                    at += int(each.length_code[1])
                starts[place].append(at)
                lengths[place].append(length)
                at += length * each.size
            if at > len(self.data):
                raise self._cut_off()
        self.at = at
        return {
            each.name: self._gather(each, np.array(starts[place]), np.array(lengths[place]))
            for place, each in enumerate(element.properties)
        }

    def _gather(self, what: Property, starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> AnyArray | Ragged:
        raw = np.frombuffer(self.data, np.uint8)
        first = np.cumsum(lengths) - lengths
        step = np.arange(int(lengths.sum())) - np.repeat(first, lengths)
        begins = np.repeat(starts, lengths) + step * what.size
        values = raw[begins[:, None] + np.arange(what.size)].reshape(-1).view(self.order + what.code)
        return values if what.length_code is None else Ragged(lengths, values)

    def _cut_off(self, at: int | None = None) -> CorruptFile:
        offset = len(self.data) if at is None else at
        return CorruptFile("the PLY holds fewer bytes than its header declares", place=self.name or None, offset=offset)


class _Ascii:
    """Rows of a text body: one long run of numbers with a cursor."""

    def __init__(self, data: bytes, header: Header, name: str) -> None:
        self.data = data
        self.end = header.end
        self.name = name
        self.numbers = self._all_numbers()
        self.at = 0

    def _all_numbers(self) -> Numbers:
        try:
            return tokenise(memoryview(self.data)[self.end :]).numbers()
        except BadNumberError as error:
            line = self.data.count(b"\n", 0, self.end + error.offset) + 1
            raise CorruptFile("this is not a number", place=self.name or None, line=line) from error

    def read(self, element: Element) -> Columns:
        """The columns of one element."""
        if all(each.length_code is None for each in element.properties):
            table = self._take(element.count * len(element.properties)).reshape(element.count, -1)
            return {each.name: table[:, place] for place, each in enumerate(element.properties)}
        return self._read_even(element) or self._read_uneven(element)

    def _take(self, count: int) -> Numbers:
        if self.at + count > len(self.numbers):
            raise self._cut_off()
        self.at += count
        return self.numbers[self.at - count : self.at]

    def _read_even(self, element: Element) -> Columns | None:
        """All rows at once when every list has the length that it has in the first row."""
        widths = []
        at = self.at
        for each in element.properties:
            length = self._length(at) if each.length_code else 0
            widths.append(1 + length if each.length_code else 1)
            at += widths[-1]
        width = sum(widths)
        if self.at + width * element.count > len(self.numbers):
            return None
        table = self.numbers[self.at : self.at + width * element.count].reshape(-1, width)
        columns: Columns = {}
        at = 0
        for each, wide in zip(element.properties, widths, strict=True):
            if each.length_code is None:
                columns[each.name] = table[:, at]
            elif (table[:, at] != wide - 1).any():
                return None
            else:
                columns[each.name] = Ragged.of_table(table[:, at + 1 : at + wide])
            at += wide
        self.at += width * element.count
        return columns

    def _read_uneven(self, element: Element) -> Columns:
        starts: list[list[int]] = [[] for _ in element.properties]
        lengths: list[list[int]] = [[] for _ in element.properties]
        at = self.at
        for _ in range(element.count):
            for place, each in enumerate(element.properties):
                length = 1
                if each.length_code is not None:
                    length = self._length(at)
                    at += 1
                starts[place].append(at)
                lengths[place].append(length)
                at += length
        if at > len(self.numbers):
            raise self._cut_off()
        self.at = at
        return {
            each.name: self._gather(each, np.array(starts[place]), np.array(lengths[place]))
            for place, each in enumerate(element.properties)
        }

    def _gather(self, what: Property, starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> AnyArray | Ragged:
        first = np.cumsum(lengths) - lengths
        values = self.numbers[np.repeat(starts - first, lengths) + np.arange(int(lengths.sum()))]
        return values if what.length_code is None else Ragged(lengths, values)

    def _length(self, at: int) -> int:
        if at >= len(self.numbers):
            raise self._cut_off()
        value = float(self.numbers[at])
        if not 0 <= value <= len(self.numbers) or value != int(value):
            raise CorruptFile(f"a list cannot have {value:g} values", place=self.name or None)
        return int(value)

    def _cut_off(self) -> CorruptFile:
        line = self.data.count(b"\n") + 1
        return CorruptFile("the PLY holds fewer numbers than its header declares", place=self.name or None, line=line)
