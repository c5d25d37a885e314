"""``casepan stats``: how many cases were right the first time, what held the others, and how long they waited."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from itertools import product
from typing import Any

from attrs import define, field, frozen

from casepan.config.suggest import did_you_mean
from casepan.errors import UsageError
from casepan.knowledge.numbers import zone
from casepan.operate.desk import Desk
from casepan.operate.lines import instant
from casepan.operate.printing import document, heading, table
from casepan.running.clients import current_clients
from casepan.running.ledger import CaseRow, EventRow

KEYS = ("practice", "scanner", "finding")
HOLDS = ("review", "office")
VERDICTS = ("case.verdict", "case.restored")
TOUCHED = ("case.decided", "case.answered")
NOBODY = "-"
MOST_CAUSES = 30
"""Rows of causes on a page."""
COUNTS = ("cases", "checked", "first_time_right", "percent", "remakes", "review_hours", "office_hours")
WORDS = ("cases", "checked", "right the first time", "%", "remakes", "hours in review", "hours at the office")


@frozen
class Story:
    """What became of one case.

    Attributes:
        checked: False while it has no verdict; right: True when it was handed on as it came, without a hold.
        causes: codes of the findings that held it, or would have held it.
        hours: hours that it waited in each hold.
    """

    ref: str
    practice: str
    scanner: str
    checked: bool
    right: bool
    remake: bool
    causes: tuple[str, ...]
    hours: Mapping[str, float]


@frozen
class Group:
    """The numbers of some cases; ``keys`` say which."""

    keys: tuple[str, ...]
    stories: tuple[Story, ...]

    @property
    def causes(self) -> tuple[tuple[str, int], ...]:
        """Codes and how many cases each held, the most frequent first."""
        found = Counter(code for story in self.stories for code in story.causes)
        return tuple(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    @property
    def numbers(self) -> dict[str, Any]:
        """The counts by their names; ``percent`` is of the checked ones, None without any."""
        checked, right = (sum(getattr(one, name) for one in self.stories) for name in ("checked", "right"))
        return {
            "cases": len(self.stories),
            "checked": checked,
            "first_time_right": right,
            "percent": round(100 * right / checked) if checked else None,
            "remakes": sum(one.remake for one in self.stories),
            **{f"{hold}_hours": round(sum(one.hours.get(hold, 0.0) for one in self.stories), 1) for hold in HOLDS},
        }


@frozen
class Count:
    """One month, grouped; ``total`` counts each case once."""

    month: str
    by: tuple[str, ...]
    groups: tuple[Group, ...]
    total: Group

    def document(self) -> dict[str, Any]:
        """As a JSON object."""
        groups = [
            {**dict(zip(self.by, one.keys, strict=True)), **one.numbers, "causes": dict(one.causes)}
            for one in self.groups
        ]
        total = {**self.total.numbers, "causes": dict(self.total.causes)}
        return {"schema": 1, "month": self.month, "by": list(self.by), "groups": groups, "total": total}

    def rows(self) -> tuple[tuple[object, ...], ...]:
        """A table: the group's keys, its numbers, its causes."""
        return tuple(
            (*group.keys, *("" if value is None else value for value in group.numbers.values()), _listed(group.causes))
            for group in self.groups
        )


def count(desk: Desk, *, by: str = "practice", month: str | None = None, now: datetime | None = None) -> Count:
    """Count the cases that came in a month.

    Args:
        by: some of ``KEYS``, separated by commas. A case with several causes counts in the group of each.
        month: ``2026-11`` in the laboratory's zone; None: this one.

    Raises:
        UsageError: no such month or key.
    """
    keys = _keys(by)
    here = zone(desk.lab.lab.timezone)
    moment = (now or datetime.now(UTC)).astimezone(here)
    name = month or f"{moment:%Y-%m}"
    start, end = month_of(name, here)
    rows = desk.ledger.first_revisions(instant(start), instant(end))
    latest = {row.ref: row for row in desk.ledger.latest_of([row.ref for row in rows])}
    trails = desk.ledger.trails(row.ref for row in rows)
    stories = tuple(story_of(row, latest[row.ref], trails.get(row.ref, ()), moment) for row in rows)
    return Count(name, keys, tuple(_groups(stories, keys)), Group((), stories))


def month_of(text: str, here: tzinfo) -> tuple[datetime, datetime]:
    """The first moment of a month, and of the next one.

    Raises:
        UsageError: it is no month.
    """
    found = re.fullmatch(r"(\d{4})-(\d{2})", text)
    year, number = (int(part) for part in found.groups()) if found else (0, 0)
    if not (1970 <= year <= 2200 and 1 <= number <= 12):
        raise UsageError("there is no such month", place=text, hint="Write it as 2026-11.")
    return datetime(year, number, 1, tzinfo=here), datetime(year + number // 12, number % 12 + 1, 1, tzinfo=here)


def _keys(by: str) -> tuple[str, ...]:
    keys = tuple(dict.fromkeys(filter(None, (part.strip() for part in by.split(",")))))
    unknown = [key for key in keys if key not in KEYS]
    if unknown or not keys:
        hint = did_you_mean(unknown[0], KEYS) if unknown else f"There are: {', '.join(KEYS)}."
        raise UsageError("cases cannot be counted by that", place=by, hint=hint)
    return keys


def _groups(stories: Sequence[Story], keys: tuple[str, ...]) -> Iterator[Group]:
    found: dict[tuple[str, ...], list[Story]] = {}
    for story in stories:
        values = {"practice": (story.practice,), "scanner": (story.scanner,), "finding": story.causes or (NOBODY,)}
        for key in product(*(values[name] for name in keys)):
            found.setdefault(key, []).append(story)
    for key, members in sorted(found.items()):
        yield Group(key, tuple(members))


def story_of(first: CaseRow, latest: CaseRow, trail: Iterable[EventRow], now: datetime) -> Story:
    """What became of a case, from its trail (oldest first) and its first and latest revision."""
    holds = _Holds(now)
    untouched, checked, arrived, causes = True, False, first.state == "ready", dict[str, None]()
    for event in trail:
        detail: dict[str, Any] = json.loads(event.detail)
        state = str(detail.get("state", ""))
        holds.hear(event, state)
        verdict = event.kind in VERDICTS and state != "checking"
        checked = checked or verdict
        if verdict and (state not in ("ready", "handed-on") or detail.get("codes")):
            causes |= dict.fromkeys(_codes(str(detail.get("codes", ""))))
            untouched = untouched and event.revision != first.revision
        if event.revision == first.revision:
            untouched = untouched and event.kind not in TOUCHED
            arrived = arrived or event.kind == "case.handed-on"
    return Story(
        first.ref, latest.practice or NOBODY, first.adapter, checked, checked and untouched and arrived,
        latest.remake_of is not None, tuple(causes), holds.hours(),
    )  # fmt: skip


def _codes(text: str) -> tuple[str, ...]:
    """Codes of findings; what stands there when only a step asked for a person is no code."""
    return tuple(code for code in text.split(", ") if re.fullmatch(r"[a-z0-9-]+\.[a-z0-9-]+", code))


@define
class _Holds:
    """Adds up how long the revisions of a case are held."""

    now: datetime
    open: dict[int | None, tuple[str, datetime]] = field(factory=dict)
    sums: dict[str, float] = field(factory=dict)

    def hear(self, event: EventRow, state: str) -> None:
        """Every event of the trail ends a hold; a verdict, or opening a case again, may begin one."""
        at = datetime.fromisoformat(event.at)
        self._close(event.revision, at)
        begun = "review" if event.kind == "case.reopened" else state if event.kind in VERDICTS else ""
        if begun in HOLDS:
            self.open[event.revision] = (begun, at)

    def hours(self) -> Mapping[str, float]:
        """Hours in each hold, those that last included."""
        for revision in tuple(self.open):
            self._close(revision, self.now)
        return {hold: seconds / 3600 for hold, seconds in self.sums.items()}

    def _close(self, revision: int | None, at: datetime) -> None:
        hold, since = self.open.pop(revision, ("", at))
        if hold:
            # The clock may have been set back.
            self.sums[hold] = self.sums.get(hold, 0.0) + max(0.0, (at - since).total_seconds())


def as_csv(counted: Count) -> str:
    """The table with a header line, for spreadsheets: UTF-8 with a mark, cells that look like formulas as text."""
    target = io.StringIO()
    target.write("\ufeff")
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow((*counted.by, *COUNTS, "causes"))
    writer.writerows([_tame(cell) for cell in row] for row in counted.rows())
    return target.getvalue()


def _tame(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+@\t\r" and cell else cell


def as_pages(desk: Desk, counted: Count, titles: Mapping[str, str]) -> str:
    """One page of A4 for each practice: its numbers, its scanners, what held its cases.

    Args:
        titles: code of a finding to what it means.
    """
    clients, _ = current_clients(desk.lab.base, desk.state)
    names = {client.practice.id: client.practice.name for client in clients or ()}
    pages = [
        _page(
            group,
            names.get(group.keys[0], "Unknown practice" if group.keys[0] == NOBODY else group.keys[0]),
            counted.month,
            titles,
        )
        for group in _groups(counted.total.stories, ("practice",))
    ]
    nothing = heading(f"{desk.lab.lab.name}, {counted.month}", "No case came in this month.")
    return document(f"{desk.lab.lab.name}, {counted.month}", pages or [nothing])


def _page(group: Group, name: str, month: str, titles: Mapping[str, str]) -> str:
    scanners = [(one.keys[0], *_shown(one)) for one in _groups(group.stories, ("scanner",))]
    causes = [(code, titles.get(code, ""), cases) for code, cases in group.causes]
    left = len(causes) - MOST_CAUSES
    more = f'<p class="more">… and {left} more</p>' if left > 0 else ""
    return (
        heading(f"{name}, {month}", _sentence(group))
        + table(("scanner", *WORDS), [*scanners, ("all", *_shown(group))])
        + "<h2>What held cases</h2>\n"
        + table(("finding", "what it means", "cases"), causes[:MOST_CAUSES], texts=2)
        + more
    )


def _sentence(group: Group) -> str:
    numbers = group.numbers
    if not numbers["checked"]:
        return f"{numbers['cases']} cases, none of them checked yet."
    right, checked = numbers["first_time_right"], numbers["checked"]
    return f"{right} of {checked} cases could be started as they came ({numbers['percent']} %)."


def _shown(group: Group) -> tuple[object, ...]:
    return tuple("" if value is None else value for value in group.numbers.values())


def _listed(causes: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{code} {cases}" for code, cases in causes)
