"""Working days of a laboratory: when work can be done, when it must leave, and whether that can hardly be kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta

from attrs import frozen

LONGEST = 366
"""Days to look ahead for a working day; a calendar that closes everything ends here."""


@frozen
class Calendar:
    """When a laboratory works.

    Attributes:
        weekend: weekdays on which it is closed (0 is Monday); closed: further days.
        lead_days: kind of work to working days it takes; default_lead for all others.
        transit_days: days on the way to the practice.
    """

    weekend: tuple[int, ...] = (5, 6)
    closed: frozenset[date] = frozenset()
    lead_days: Mapping[str, int] = {}
    default_lead: int = 5
    transit_days: int = 1

    def works(self, day: date) -> bool:
        """True on a working day."""
        return day.weekday() not in self.weekend and day not in self.closed

    def lead(self, kinds: Iterable[str]) -> int:
        """Working days that a case takes: those of its slowest work item."""
        return max((self.lead_days.get(kind, self.default_lead) for kind in kinds), default=self.default_lead)

    def ready(self, received: date, kinds: Iterable[str]) -> date:
        """The day on which a case that came on ``received`` is ready when nothing gets in the way."""
        left, day = self.lead(kinds), received
        for _ in range(LONGEST * 3):
            if left == 0:
                break
            day += timedelta(days=1)
            left -= self.works(day)
        return day

    def leaves(self, wanted: date, ship_days: Collection[int] = ()) -> date:
        """The last day on which a case can leave to be there on ``wanted``: a working day, and a ship day of the practice."""
        day = wanted - timedelta(days=self.transit_days)
        for _ in range(LONGEST):
            if self.works(day) and (not ship_days or day.weekday() in ship_days):
                break
            day -= timedelta(days=1)
        return day


def lab_due(
    calendar: Calendar, received: date, wanted: date | None, kinds: Sequence[str], ship_days: Collection[int] = ()
) -> tuple[date | None, bool]:
    """The day by which a case must leave the laboratory, and True when its usual lead time is longer than that.

    Args:
        received, wanted: days in the laboratory's own zone; ``wanted`` is the day the office asks for, None when it names none.
    """
    if wanted is None:
        return None, False
    leaves = calendar.leaves(wanted, ship_days)
    return leaves, calendar.ready(received, kinds) > leaves
