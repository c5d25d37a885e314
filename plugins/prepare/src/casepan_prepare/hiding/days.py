"""The ways in which one day is written: a birth date beside initials tells as much as a name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

_WRITTEN = re.compile(r"\s*(\d{1,4})[-./\s](\d{1,2})[-./\s](\d{1,4})(?:[T\s].*)?", re.DOTALL)
_GLUED = re.compile(r"\s*((?:19|20)\d\d)(\d\d)(\d\d)\s*")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def dates_of(text: str) -> tuple[str, ...]:
    """A day in all the ways it may be written elsewhere; nothing for what is no day, or none of the last two centuries.

    ``03/04/1980`` is taken both as the Americans and as the others write it.
    """
    found = _WRITTEN.fullmatch(text) or _GLUED.fullmatch(text)
    if found is None:
        return ()
    one, two, three = (int(part) for part in found.groups())
    orders = ((one, two, three),) if one > 31 else ((three, two, one), (three, one, two))
    days = [day for order in orders if (day := _day(*order)) is not None]
    return tuple(dict.fromkeys(form for day in days for form in _forms(day)))


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if 1850 < year < 2100 else None
    except ValueError:
        return None


def _forms(day: date) -> Iterator[str]:
    year, short = str(day.year), f"{day.year % 100:02}"
    for one, two in ((day.day, day.month), (day.month, day.day)):
        for mark in ("-", ".", "/"):
            yield from (f"{one:02}{mark}{two:02}{mark}{year}", f"{one}{mark}{two}{mark}{year}")
        yield from (f"{one:02}{mark}{two:02}{mark}{short}" for mark in ("-", "."))
        yield f"{one:02}{two:02}{year}"
    yield from (f"{year}{mark}{day.month:02}{mark}{day.day:02}" for mark in ("-", ".", "/", "", " "))
    month = _MONTHS[day.month - 1]
    for name in (month, month[:3]):
        yield from (f"{day.day} {name} {year}", f"{day.day}. {name} {year}", f"{name} {day.day}, {year}")
        yield from (f"{day.day:02} {name} {year}", f"{day.day:02}-{name}-{year}", f"{name} {day.day} {year}")
