"""Due days, late risk, and the laboratory's own numbers."""

from __future__ import annotations

from datetime import date

import pytest

from casepan.knowledge.calendar import Calendar, lab_due
from casepan.knowledge.numbers import on_day, problem_of

FRIDAY = date(2026, 11, 20)
CALENDAR = Calendar(closed=frozenset({date(2026, 11, 25)}), lead_days={"crown": 3, "model": 1}, default_lead=5)


@pytest.mark.parametrize(
    ("kinds", "ready"),
    [(("model",), date(2026, 11, 23)), (("crown",), date(2026, 11, 26)), (("crown", "splint"), date(2026, 11, 30))],
)
def test_work_is_done_on_working_days(kinds: tuple[str, ...], ready: date) -> None:
    """Weekends and closed days do not count; the slowest item decides."""
    assert CALENDAR.ready(FRIDAY, kinds) == ready


def test_it_leaves_in_time_on_a_ship_day() -> None:
    """One day on the way; a weekend, a closed day and days without a courier are stepped over backwards."""
    assert CALENDAR.leaves(date(2026, 11, 30)) == date(2026, 11, 27)
    assert CALENDAR.leaves(date(2026, 11, 26)) == date(2026, 11, 24)
    assert CALENDAR.leaves(date(2026, 11, 28), (0,)) == date(2026, 11, 23)


def test_late_risk_is_said_before_it_is_too_late() -> None:
    """The usual lead time ends after the day it must leave."""
    assert lab_due(CALENDAR, FRIDAY, date(2026, 11, 27), ("crown",)) == (date(2026, 11, 26), False)
    assert lab_due(CALENDAR, FRIDAY, date(2026, 11, 26), ("crown",)) == (date(2026, 11, 24), True)


def test_without_a_wanted_day_nothing_is_late() -> None:
    """No day is invented."""
    assert lab_due(CALENDAR, FRIDAY, None, ("crown",)) == (None, False)


def test_a_calendar_that_closes_everything_ends() -> None:
    """A week of seven closed days is a mistake, not a hang."""
    never = Calendar(weekend=(0, 1, 2, 3, 4, 5, 6))
    assert never.ready(FRIDAY, ("crown",)) > FRIDAY
    assert never.leaves(FRIDAY) < FRIDAY


@pytest.mark.parametrize(
    ("pattern", "text"),
    [("{yy}-{n:05}", "26-{n:05}"), ("{n}", "{n}"), ("L{yyyy}{mm}{dd}/{n:3}", "L20261120/{n:3}")],
)
def test_numbers_carry_the_day_and_count(pattern: str, text: str) -> None:
    """The date is filled in, the count stays open; ``format`` completes it."""
    assert problem_of(pattern) is None
    assert on_day(pattern, FRIDAY) == text
    assert on_day(pattern, FRIDAY).format(n=7)


@pytest.mark.parametrize("pattern", ["{yy}", "{n}{n}", "{day}-{n}", "{n:x}", "{n", "{yy:3}{n}"])
def test_bad_patterns_are_refused(pattern: str) -> None:
    """No count, two counts, unknown words, odd formats."""
    assert problem_of(pattern)
