"""Rows as the text of a file."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from io import StringIO

from casepan.api import DeliveryRefused
from casepan_deliver.table_fields import Value
from casepan_deliver.table_options import Dialect

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
Row = Mapping[str, Value]


def csv_bytes(rows: Iterable[Row], columns: Iterable[str], dialect: Dialect, *, first: bool) -> bytes:
    """Rows as CSV.

    Args:
        first: True at the begin of a file, which has the byte order mark and the header.

    Raises:
        DeliveryRefused: a text has signs that the encoding does not know.
    """
    text = StringIO()
    end = "\r\n" if dialect.line_end == "crlf" else "\n"
    writer = csv.writer(text, delimiter=dialect.delimiter, lineterminator=end)
    names = list(columns)
    if first and dialect.header:
        writer.writerow([_cell(name, dialect) for name in names])
    writer.writerows([_cell(row[name], dialect) for name in names] for row in rows)
    encoding = "utf-8" if dialect.encoding == "utf-8-sig" and not first else dialect.encoding
    try:
        return text.getvalue().encode(encoding)
    except UnicodeEncodeError as error:
        raise DeliveryRefused(
            f"a text has signs that {dialect.encoding} does not know", hint='Set dialect.encoding = "utf-8-sig".'
        ) from error


def jsonl_bytes(rows: Iterable[Row]) -> bytes:
    """Rows as one JSON object a line."""
    return b"".join(json.dumps(dict(row), ensure_ascii=False).encode("utf-8", "replace") + b"\n" for row in rows)


def _cell(value: Value, dialect: Dialect) -> str:
    """Numbers are never guarded: a spreadsheet shall count with them. A text with line ends stays one line."""
    if value is None:
        return ""
    if isinstance(value, float):
        return str(value).replace(".", dialect.decimal)
    if isinstance(value, int):
        return str(value)
    line = " ".join(value.split())
    risky = value.startswith(_FORMULA) or line.startswith(_FORMULA)
    return f"'{line}" if dialect.guard and risky else line
