"""``casepan today``: what came, what can start, whom to ring, what is late. No names of patients in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property
from typing import Any

from attrs import define, evolve, field, frozen

from casepan.config.practices import Client
from casepan.errors import CasepanError, ConfigError, StateError, UsageError
from casepan.knowledge.completeness import Rules, completeness_rules, lacks
from casepan.knowledge.lab_rules import read_lab_rules
from casepan.knowledge.letters import Texts, languages, letter_texts, write_letter
from casepan.knowledge.numbers import zone
from casepan.model.case import Case
from casepan.operate.deciding import silent_offices
from casepan.operate.desk import Desk, latest_case
from casepan.operate.lines import Work, clock, instant, local, work_text
from casepan.running.clients import calendar_of, current_clients
from casepan.running.layout import place_of
from casepan.running.ledger import CaseRow, DeliveryRow
from casepan.running.ledger.lists import OPEN

EVENING = time(18)
"""When a laboratory's day ends, if nobody says otherwise."""
CLOCK_BEHIND = 60.0
"""Seconds that the clock may stand behind the last entry of the ledger before somebody should look."""
LONGEST_BREAK = 31
"""Days to look back for the last working day."""
BROKEN = (CasepanError, OSError)


@frozen
class Line:
    """One line of a section.

    Attributes:
        place: case, or id of an arrival; empty for what concerns the whole laboratory.
        what: why it stands here; point: what to say on the telephone, in the language of the practice.
        at: since when, UTC as the ledger writes it; due: the day by which it must leave.
    """

    place: str = ""
    number: str | None = None
    practice: str | None = None
    work: str = ""
    state: str = ""
    what: str = ""
    phone: str | None = None
    point: str | None = None
    at: str | None = None
    due: str | None = None


@frozen
class Section:
    """One heading; ``id`` is for programs."""

    id: str
    title: str
    lines: tuple[Line, ...]


@frozen
class Morning:
    """One look at the laboratory.

    Attributes:
        at, since: aware, in the laboratory's zone; sections: only those with something in them, in the order of reading.
    """

    lab: str
    at: datetime
    since: datetime
    sections: tuple[Section, ...]

    @property
    def title(self) -> str:
        """``Today, Monday 23 November 2026``."""
        return f"Today, {self.at:%A} {self.at.day} {self.at:%B %Y}"

    @property
    def summary(self) -> str:
        """``12 new, 3 call the office`` …"""
        return ", ".join(f"{len(one.lines)} {one.id}" for one in self.sections) or "nothing to do"

    def document(self) -> dict[str, Any]:
        """As a JSON object; all lines, times in UTC."""
        return {
            "schema": 1, "lab": self.lab, "day": self.at.date().isoformat(), "at": instant(self.at),
            "since": instant(self.since),
            "sections": [
                {"id": one.id, "title": one.title, "total": len(one.lines), "lines": [_plain(line) for line in one.lines]}
                for one in self.sections
            ],
        }  # fmt: skip


def _plain(line: Line) -> dict[str, Any]:
    names = ("place", "number", "practice", "work", "state", "what", "phone", "point", "at", "due")
    return {name: getattr(line, name) for name in names}


def morning(desk: Desk, *, since: str | None = None, now: datetime | None = None) -> Morning:
    """What a laboratory wants to know in the morning.

    Args:
        since: see :func:`since_when`.

    Raises:
        UsageError: ``since`` is no time. StateError: the ledger cannot be used.
    """
    here = zone(desk.lab.lab.timezone)
    moment = (now or datetime.now(UTC)).astimezone(here)
    start = since_when(since, moment, _works(desk))
    return Morning(
        desk.lab.lab.name, moment, start, tuple(one for one in _Look.at(desk, moment, start).sections() if one.lines)
    )


def since_when(text: str | None, now: datetime, works: Callable[[date], bool]) -> datetime:
    """The moment after which things are new, in the zone of ``now``.

    Args:
        text: ``18:00`` (the last time it was that late), ``2026-11-20`` or ``2026-11-20T18:00``; None: the evening of the
            last working day.

    Raises:
        UsageError: it is none of these, or lies ahead.
    """
    if text is None:
        days = (now.date() - timedelta(days=back) for back in range(1, LONGEST_BREAK))
        day = next((day for day in days if works(day)), now.date() - timedelta(days=1))
        return datetime.combine(day, EVENING, now.tzinfo)
    try:
        if re.fullmatch(r"\d{1,2}:\d{2}", text):
            at = datetime.combine(now.date(), time.fromisoformat(text.zfill(5)), now.tzinfo)
            return at if at <= now else datetime.combine(now.date() - timedelta(days=1), at.timetz())
        given = datetime.fromisoformat(text)
        at = given if given.tzinfo else given.replace(tzinfo=now.tzinfo)
    except ValueError:
        hint = "Write a time of day (18:00), a day (2026-11-20) or both (2026-11-20T18:00)."
        raise UsageError("--since is no time", place=text, hint=hint) from None
    if at > now:
        raise UsageError("--since lies ahead", place=text, hint=f"It is {now:%Y-%m-%d %H:%M} in the laboratory.")
    return at.astimezone(now.tzinfo)


def _works(desk: Desk) -> Callable[[date], bool]:
    table = desk.lab.lab.calendar
    return calendar_of(table).works if table else lambda _: True


@define
class _Look:
    """One look: the rows that matter, and how each section picks from them."""

    desk: Desk
    now: datetime
    since: str
    rows: tuple[CaseRow, ...]
    work: Mapping[tuple[str, int], tuple[Work, ...]]
    clients: tuple[Client, ...] | None
    troubles: tuple[str, ...]

    @classmethod
    def at(cls, desk: Desk, now: datetime, since: datetime) -> _Look:
        """Ask the ledger once."""
        rows = tuple(row for row in desk.ledger.current_cases(instant(since)) if row.state != "closed")
        clients, doubts = current_clients(desk.lab.base, desk.state)
        troubles = tuple(f"{doubt.message}; {doubt.hint or ''}".rstrip("; ") for doubt in doubts)
        work = desk.ledger.work_of((row.ref, row.revision) for row in rows)
        return cls(desk, now, instant(since), rows, work, clients, troubles)

    def sections(self) -> Iterator[Section]:
        """All sections, empty ones too."""
        yield Section("trouble", "The laboratory itself", tuple(self._trouble()))
        yield Section("new", f"New since {local(self.since, self._here):%a %H:%M}", self._those(self._is_new, _state))
        yield Section("ready", "Ready and handed on", self._those(self._is_ready, _state))
        yield Section("review", "To be looked at", self._those(lambda row: row.state == "review", _why))
        yield Section("call", "Call the office", tuple(self._calls()))
        yield Section("rush", "Rush, or hardly in time", tuple(self._urgent()))
        yield Section("closed", "Closed formats", self._closed())
        yield Section("deliveries", "Deliveries that are stuck, or unknown", tuple(self._deliveries()))
        yield Section("silent", "Offices that stay silent", tuple(self._silent()))
        yield Section("waiting", "Arrivals that wait for files", self._arrivals("waiting"))
        yield Section("quarantine", "Could not be processed", self._quarantine())
        yield Section("observed", "Observe mode: would have been held", self._those(self._is_observed, _why))

    @property
    def _here(self) -> tzinfo:
        return self.now.tzinfo or UTC

    def _those(self, wanted: Callable[[CaseRow], bool], what: Callable[[CaseRow], str]) -> tuple[Line, ...]:
        return tuple(self._line(row, what(row)) for row in self.rows if wanted(row))

    def _line(self, row: CaseRow, what: str) -> Line:
        return Line(
            row.place, row.number, row.practice, work_text(self.work.get((row.ref, row.revision), ())), row.state, what,
            at=row.at, due=row.lab_due,
        )  # fmt: skip

    def _is_new(self, row: CaseRow) -> bool:
        return row.received >= self.since

    def _is_ready(self, row: CaseRow) -> bool:
        return row.state == "ready" or (row.state == "handed-on" and row.at >= self.since)

    def _is_observed(self, row: CaseRow) -> bool:
        return row.observed and row.would != "accept"

    def _calls(self) -> Iterator[Line]:
        caller = _Caller(self.desk, {client.practice.id: client for client in self.clients or ()})
        for row in self.rows:
            if row.state == "office":
                phone, point = caller.call(row)
                yield evolve(self._line(row, row.reason or ""), phone=phone, point=point)

    def _urgent(self) -> Iterator[Line]:
        today = self.now.date().isoformat()
        for row in self.rows:
            late = row.state in OPEN and row.lab_due is not None and row.lab_due < today
            words = [*self._rush(row)]
            words += [f"late since {row.lab_due}"] if late else []
            words += [f"must leave by {row.lab_due}"] if row.late_risk and not late else []
            if words:
                yield self._line(row, ", ".join(words))

    def _rush(self, row: CaseRow) -> Iterator[str]:
        """That it is a rush case, and why if anybody said so."""
        if row.rush:
            case = _case(self.desk, row)
            reason = case.desk.rush_reason if case else None
            yield f"rush: {reason}" if reason else "rush"

    def _closed(self) -> tuple[Line, ...]:
        closed = self.desk.ledger.with_finding("format.closed")
        words = "only the vendor's own software reads it"
        return self._those(lambda row: (row.ref, row.revision) in closed, lambda _: words)

    def _deliveries(self) -> Iterator[Line]:
        for row in self.desk.ledger.troubled_deliveries():
            place = place_of(row.ref, row.revision)
            yield Line(place, state=row.state, what=self._of_delivery(row), at=row.at)

    def _of_delivery(self, row: DeliveryRow) -> str:
        words = f"{row.export}: {row.state}"
        if row.reason:
            words = f"{words}: {row.reason}"
        if row.waits and row.not_before:
            again = datetime.fromtimestamp(row.not_before, UTC).astimezone(self._here)
            words = f"{words}; again at {again:%H:%M}" if again > self.now else f"{words}; again with the next run"
        return words

    def _silent(self) -> Iterator[Line]:
        for one in silent_offices(self.desk, self.now):
            phone = _phone(self.clients, one.row.practice)
            talks = "never asked" if one.talks == 0 else f"asked {one.talks} times" if one.talks > 1 else "asked once"
            what = f"silent since {clock(instant(one.since), self._here)}, {talks}"
            yield evolve(self._line(one.row, what), phone=phone, at=instant(one.since))

    def _quarantine(self) -> tuple[Line, ...]:
        return (*self._those(lambda row: row.state == "quarantine", _why), *self._arrivals("quarantined"))

    def _arrivals(self, state: str) -> tuple[Line, ...]:
        rows = self.desk.ledger.arrivals(state=state)
        return tuple(Line(row.id, state=row.state, what=row.reason or "", at=row.at) for row in rows)

    def _trouble(self) -> Iterator[Line]:
        behind = self.desk.ledger.seconds_behind()
        if behind > CLOCK_BEHIND:
            words = (
                f"this machine's clock stands {round(behind / 60)} minutes behind the last entry of the ledger: set it"
            )
            yield Line(what=words)
        yield from (Line(what=words) for words in self.troubles)


@define(slots=False)
class _Caller:
    """Finds the telephone number and the point of a call; a broken rules file or case costs the point, not the page."""

    desk: Desk
    clients: Mapping[str, Client]
    texts: dict[str, Texts] = field(factory=dict)

    @cached_property
    def needs(self) -> Rules:
        """What each kind of work needs."""
        return completeness_rules(self.rules.get("completeness", {}))

    @cached_property
    def rules(self) -> Mapping[str, Any]:
        """The lab's own rules, none when they are broken: `casepan rules check` tells."""
        try:
            return read_lab_rules(self.desk.lab.base)
        except BROKEN:
            return {}

    def call(self, row: CaseRow) -> tuple[str | None, str | None]:
        """Number and point, None for what nobody knows."""
        case = _case(self.desk, row)
        client = self.clients.get(row.practice or "")
        practice = client.practice if client else case.client if case else None
        try:
            point = self._point(case, practice.language if practice else "en") if case else None
        except ConfigError:
            point = _worst(case)
        return practice.phone if practice else None, point

    def _point(self, case: Case, language: str) -> str | None:
        """The first thing of the telephone script. The order's number is left out: it may be a name."""
        case = evolve(case, prescription=evolve(case.prescription, reference=None))
        found = lacks(case, self.needs)
        letter = write_letter(case, case.findings, self._texts(language), lab=self.desk.lab.lab.name, lacks=found)
        return letter.points[0].say if letter else _worst(case)

    def _texts(self, language: str) -> Texts:
        """The texts of a language, English when there are none in it; each read once."""
        if language not in self.texts:
            own = self.rules.get("letters", {})
            self.texts[language] = letter_texts(language if language in languages(own) else "en", own)
        return self.texts[language]


def _case(desk: Desk, row: CaseRow) -> Case | None:
    try:
        return latest_case(desk, row)
    except StateError:
        return None


def _worst(case: Case | None) -> str | None:
    asked = [finding for finding in case.findings if finding.severity != "info"] if case else []
    return min(asked, key=lambda finding: finding.severity != "error").message if asked else None


def _phone(clients: Iterable[Client] | None, practice: str | None) -> str | None:
    return next((one.practice.phone for one in clients or () if one.practice.id == practice), None)


def _state(row: CaseRow) -> str:
    return row.state


def _why(row: CaseRow) -> str:
    return row.reason or ""


def fitting(sections: Sequence[Section], room: int) -> tuple[int, ...]:
    """How many lines of each section are shown so that all of it takes at most ``room`` rows.

    A section takes a row for its heading, one for each line (two where there is something to say on the telephone), and one
    for the number of lines left out. The shortest sections are shown whole first: long ones lose.
    """
    shown = [0] * len(sections)
    growing = True
    while growing:
        growing = False
        for index, section in enumerate(sections):
            if shown[index] < len(section.lines):
                shown[index] += 1
                fits = sum(_rows(one, count) for one, count in zip(sections, shown, strict=True)) <= room
                shown[index] -= not fits
                growing = growing or fits
    return tuple(shown)


def _rows(section: Section, shown: int) -> int:
    said = sum(line.point is not None for line in section.lines[:shown])
    return 1 + shown + said + (shown < len(section.lines))


def columns(line: Line) -> tuple[str, ...]:
    """The cells of a line: case, number, practice, work, telephone, why."""
    return (line.place, line.number or "", line.practice or "", line.work, line.phone or "", line.what)
