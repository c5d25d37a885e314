"""The rows behind a PLY header, as columns of numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
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
    reader: _Rows = _Ascii(data, header, name) if header.order == "" else _Binary(data, header, name)
    found: dict[str, Columns] = {}
    last = max((place for place, each in enumerate(header.elements) if each.name in wanted), default=-1)
    for element in header.elements[: last + 1]:
        columns = reader.read(element) if element.count and element.properties else {}
        if element.name in wanted and element.name not in found:
            found[element.name] = columns
    return found


class _Rows(ABC):
    """A body with a cursor; ``at`` and ``room`` count bytes in a binary body and numbers in a text one."""

    at: int
    room: int

    def __init__(self, data: bytes, header: Header, name: str) -> None:
        self.data = data
        self.order = header.order
        self.name = name

    def read(self, element: Element) -> Columns:
        """The columns of one element: at once when all lists are as long as in the first row, else row by row."""
        even = self._read_even(element, self._first_lengths(element))
        return self._read_uneven(element) if even is None else even

    @abstractmethod
    def _length(self, code: str, at: int) -> int:
        """The length of the list that starts at a place."""

    @abstractmethod
    def _units(self, code: str) -> int:
        """How many units a number takes."""

    @abstractmethod
    def _read_even(self, element: Element, lengths: list[int]) -> Columns | None:
        """All rows at once when every list has the given length, else None."""

    @abstractmethod
    def _gather(self, code: str, places: NDArray[np.int64]) -> AnyArray:
        """The numbers at some places."""

    @abstractmethod
    def _cut_off(self) -> CorruptFile:
        """The error for a body that ends early."""

    def _first_lengths(self, element: Element) -> list[int]:
        """List lengths of the first row, 1 for plain numbers."""
        lengths = []
        at = self.at
        for each in element.properties:
            length = 1
            if each.length_code is not None:
                length = self._length(each.length_code, at)
                at += self._units(each.length_code)
            lengths.append(length)
            at += length * self._units(each.code)
        return lengths

    def _read_uneven(self, element: Element) -> Columns:
        """Find where each value starts row by row, then gather them all together."""
        starts: list[list[int]] = [[] for _ in element.properties]
        lengths: list[list[int]] = [[] for _ in element.properties]
        steps = [(each.length_code, self._units(each.code)) for each in element.properties]
        at = self.at
        for _ in range(element.count):
            for place, (length_code, units) in enumerate(steps):
                length = 1
                if length_code is not None:
                    length = self._length(length_code, at)
                    at += self._units(length_code)
                starts[place].append(at)
                lengths[place].append(length)
                at += length * units
            if at > self.room:
                raise self._cut_off()
        self.at = at
        return {
            each.name: self._column(each, np.array(starts[place]), np.array(lengths[place]))
            for place, each in enumerate(element.properties)
        }

    def _column(self, what: Property, starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> AnyArray | Ragged:
        first = np.cumsum(lengths) - lengths
        step = np.arange(int(lengths.sum())) - np.repeat(first, lengths)
        values = self._gather(what.code, np.repeat(starts, lengths) + step * self._units(what.code))
        return values if what.length_code is None else Ragged(lengths, values)


class _Binary(_Rows):
    """Rows of a binary body, read where they stand."""

    def __init__(self, data: bytes, header: Header, name: str) -> None:
        super().__init__(data, header, name)
        self.at = header.end
        self.room = len(data)

    def _units(self, code: str) -> int:
        return int(code[1])

    def _length(self, code: str, at: int) -> int:
        width = int(code[1])
        if at + width > self.room:
            raise self._cut_off()
        raw = self.data[at : at + width]
        value = int.from_bytes(raw, "little" if self.order == "<" else "big", signed=code[0] == "i")
        if not 0 <= value <= self.room:
            raise CorruptFile(f"a list cannot have {value} values", place=self.name or None, offset=at)
        return value

    def _read_even(self, element: Element, lengths: list[int]) -> Columns | None:
        if self._row_size(element, lengths) * element.count > self.room - self.at:
            return None
        row = self._row(element, lengths)
        rows = np.frombuffer(self.data, row, element.count, self.at)
        columns: Columns = {}
        for place, each in enumerate(element.properties):
            if each.length_code is not None and (rows[f"n{place}"] != lengths[place]).any():
                return None
            values = rows[f"v{place}"]
            columns[each.name] = values if each.length_code is None else Ragged.of_table(values)
        self.at += row.itemsize * element.count
        return columns

    @staticmethod
    def _row_size(element: Element, lengths: list[int]) -> int:
        """The bytes of a row: known before numpy, which takes no rows above 2 GiB, is asked to describe it."""
        pairs = zip(element.properties, lengths, strict=True)
        return sum(length * each.size + (int(each.length_code[1]) if each.length_code else 0) for each, length in pairs)

    def _row(self, element: Element, lengths: list[int]) -> np.dtype[Any]:
        """One row as a numpy record: ``n`` the length and ``v`` the values of a property."""
        fields: list[Any] = []
        for place, (each, length) in enumerate(zip(element.properties, lengths, strict=True)):
            if each.length_code is not None:
                fields.append((f"n{place}", self.order + each.length_code))
            fields.append((f"v{place}", self.order + each.code, (length,) if each.length_code else ()))
        return np.dtype(fields)

    def _gather(self, code: str, places: NDArray[np.int64]) -> AnyArray:
        raw = np.frombuffer(self.data, np.uint8)
        values: AnyArray = raw[places[:, None] + np.arange(self._units(code))].reshape(-1).view(self.order + code)
        return values

    def _cut_off(self) -> CorruptFile:
        return CorruptFile(
            "the PLY holds fewer bytes than its header declares", place=self.name or None, offset=self.room
        )


class _Ascii(_Rows):
    """Rows of a text body: one long run of numbers."""

    def __init__(self, data: bytes, header: Header, name: str) -> None:
        super().__init__(data, header, name)
        self.numbers = self._all_numbers(header.end)
        self.at = 0
        self.room = len(self.numbers)

    def _all_numbers(self, end: int) -> Numbers:
        try:
            return tokenise(memoryview(self.data)[end:]).numbers()
        except BadNumberError as error:
            line = self.data.count(b"\n", 0, end + error.offset) + 1
            raise CorruptFile("this is not a number", place=self.name or None, line=line) from error

    def _units(self, code: str) -> int:  # noqa: ARG002 - every number is one number
        return 1

    def _length(self, code: str, at: int) -> int:  # noqa: ARG002
        if at >= self.room:
            raise self._cut_off()
        value = float(self.numbers[at])
        if not 0 <= value <= self.room or value != int(value):
            raise CorruptFile(f"a list cannot have {value:g} values", place=self.name or None)
        return int(value)

    def _read_even(self, element: Element, lengths: list[int]) -> Columns | None:
        widths = [
            length + (each.length_code is not None) for each, length in zip(element.properties, lengths, strict=True)
        ]
        size = sum(widths) * element.count
        if self.at + size > self.room:
            return None
        table = self.numbers[self.at : self.at + size].reshape(-1, sum(widths))
        columns: Columns = {}
        at = 0
        for each, wide, length in zip(element.properties, widths, lengths, strict=True):
            if each.length_code is None:
                columns[each.name] = table[:, at]
            elif (table[:, at] != length).any():
                return None
            else:
                columns[each.name] = Ragged.of_table(table[:, at + 1 : at + wide])
            at += wide
        self.at += size
        return columns

    def _gather(self, code: str, places: NDArray[np.int64]) -> AnyArray:  # noqa: ARG002
        return self.numbers[places]

    def _cut_off(self) -> CorruptFile:
        line = self.data.count(b"\n") + 1
        return CorruptFile("the PLY holds fewer numbers than its header declares", place=self.name or None, line=line)
