"""The laboratory's own case numbers: ``"{yy}-{n:05}"`` becomes ``26-00417``."""

from __future__ import annotations

import string
from datetime import UTC, date, datetime, tzinfo
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from casepan.config.lab import LabTable

_DATE_PARTS = ("yyyy", "yy", "mm", "dd")


def problem_of(pattern: str) -> str | None:
    """What is wrong with a pattern, None when nothing is."""
    try:
        parts = [(name, form) for _, name, form, _ in string.Formatter().parse(pattern) if name is not None]
    except ValueError as error:
        return str(error)
    unknown = [name for name, _ in parts if name not in (*_DATE_PARTS, "n")]
    if unknown:
        return f"{{{unknown[0]}}} means nothing here; there are {{yyyy}}, {{yy}}, {{mm}}, {{dd}} and {{n}}"
    if sum(name == "n" for name, _ in parts) != 1:
        return "must hold {n} once, such as {n:05}"
    if any(form and not (name == "n" and form.isdigit()) for name, form in parts):
        return "only {n} takes a width, such as {n:05}"
    return None


def on_day(pattern: str, day: date) -> str:
    """The pattern with its date filled in and ``{n}`` left: ``"26-{n:05}"``. Each such text counts for itself."""
    text = pattern
    for name, value in (("yyyy", f"{day:%Y}"), ("yy", f"{day:%y}"), ("mm", f"{day:%m}"), ("dd", f"{day:%d}")):
        text = text.replace(f"{{{name}}}", value)
    return text


def zone(name: str) -> tzinfo:
    """The laboratory's time zone."""
    from zoneinfo import ZoneInfo

    return UTC if name == "UTC" else ZoneInfo(name)


def today(timezone: str) -> date:
    """The day it is in the laboratory."""
    return datetime.now(zone(timezone)).date()


def pattern_now(lab: LabTable) -> str:
    """The lab's pattern with today's date filled in and ``{n}`` left; empty when it gives no numbers."""
    return on_day(lab.number, today(lab.timezone)) if lab.number else ""
