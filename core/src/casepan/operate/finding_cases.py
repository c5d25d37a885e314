"""``casepan find``: cases by whatever somebody has at hand: a number, a practice, a tooth, a day, an order number, a name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta

from attrs import field, frozen

from casepan.arrivals.names import folded
from casepan.config.practices import Client
from casepan.errors import UsageError
from casepan.knowledge.kinds import kind_from_words
from casepan.knowledge.numbers import zone
from casepan.model.case import CaseKey
from casepan.model.prescription import FDI_TEETH
from casepan.model.vocabulary import KINDS
from casepan.operate.desk import Desk
from casepan.operate.lines import instant, work_text
from casepan.running.clients import current_clients
from casepan.running.facts import NAMED_BY_FOLDER
from casepan.running.layout import REFERENCE, parse_place
from casepan.running.ledger import CaseRow
from casepan.running.ledger.lists import Matches
from casepan.running.searching import find_names, forget_all, name_parts

MOST = 50
LONGEST = 200
"""Signs of a question that make sense; longer ones are a slip of the clipboard."""
FEWEST_LETTERS = 3
"""Of a practice's name, before a part of it is enough."""


@frozen
class Hit:
    """One case that was found: its latest revision, what is ordered, and by which words of the question."""

    row: CaseRow
    work: str
    by: tuple[str, ...]


@frozen
class Found:
    """What was found.

    Attributes:
        hits: the newest first, at most as many as were asked for; total: how many there are.
        tried: what the text was taken for; notes: why something was not looked at.
    """

    hits: tuple[Hit, ...]
    total: int
    tried: tuple[str, ...]
    notes: tuple[str, ...] = ()


@frozen
class _Question:
    """One question to one lab."""

    desk: Desk
    text: str
    by: str
    most: int
    said: bool
    """True when the asker named what the text is."""
    now: datetime
    notes: list[str] = field(factory=list)

    def practice(self) -> Matches | None:
        """By id, name or alias of a practice, or a part of one."""
        clients, doubt = current_clients(self.desk.lab.base, self.desk.state)
        self.notes.extend(finding.message for finding in doubt)
        ids = {client.practice.id for client in clients or () if _is_called(client, self.text)}
        ids |= {name for name in self.desk.ledger.practices_seen() if folded(name) == folded(self.text)}
        return self.desk.ledger.by_practice(sorted(ids), self.most) if ids else self._nothing("no practice")

    def number(self) -> Matches | None:
        """By the lab's own number, or its last digits."""
        found = self.desk.ledger.by_number(self.text, self.most) if re.search(r"\d", self.text) else Matches()
        return found if found.total or self.said else None

    def tooth(self) -> Matches | None:
        """By an FDI tooth."""
        if self.text.isdecimal() and int(self.text) in FDI_TEETH:
            return self.desk.ledger.by_tooth(int(self.text), self.most)
        return self._nothing("no FDI tooth number (11 to 48, 51 to 85)")

    def kind(self) -> Matches | None:
        """By a kind of work."""
        kind = folded(self.text).replace(" ", "-")
        if kind not in KINDS and self.said:
            kind = kind_from_words(self.text)
        if kind in KINDS and (kind != "other" or folded(self.text) == "other"):
            return self.desk.ledger.by_kind(kind, self.most)
        return self._nothing(f"no kind of work; there are {', '.join(KINDS)}")

    def date(self) -> Matches | None:
        """By the day on which it came, in the laboratory's zone."""
        here = zone(self.desk.lab.lab.timezone)
        day = day_of(self.text, self.now.astimezone(here).date())
        if day is None:
            return self._nothing("no day; write it as 2026-11-22, today or yesterday")
        start, end = (datetime.combine(one, time(), here) for one in (day, day + timedelta(days=1)))
        return self.desk.ledger.by_time(instant(start), instant(end), self.most)

    def ref(self) -> Matches | None:
        """By casepan's own reference, or how it begins."""
        beginning = parse_place(self.text)[0]
        if re.fullmatch(r"[A-Z0-9]{4}(-[A-Z0-9]{0,2})?", beginning):
            found = self.desk.ledger.by_ref(beginning, self.most)
            return found if found.total or self.said or _is_ref(self.text) else None
        return self._nothing("no reference such as K7Q2-M4")

    def vendor(self) -> Matches | None:
        """By the scanner's own id of the case, the order number, or the patient's number there."""
        ledger = self.desk.ledger
        keys = [ledger.key_hash(CaseKey(adapter, self.text)) for adapter in (NAMED_BY_FOLDER, *self.desk.lab.adapters)]
        tokens = [f"{kind}\0{folded(self.text)}" for kind in ("key", "order", "patient", "guid")]
        found = ledger.by_identity(keys, tokens, self.most)
        return found if found.total or self.said else None

    def name(self) -> Matches | None:
        """By the patient's name; that somebody looked is written down before anything is told."""
        if not name_parts(self.text):
            return self._nothing("no name")
        if not self.desk.lab.lab.name_index:
            forget_all(self.desk.state)
            words = "names were not searched: [lab] name_index = false"
            if self.said:
                raise UsageError(words, hint="Search by number, practice, tooth, kind or day instead.")
            self.notes.append(words)
            return None
        refs = find_names(self.desk.state, self.desk.ledger, self.text)
        self.desk.ledger.names_were_read(who=self.by, found=len(refs))
        return self.desk.ledger.by_refs(refs, self.most)

    def _nothing(self, words: str) -> Matches | None:
        """It cannot be that: a mistake when the asker said so, else one possibility less."""
        if self.said:
            raise UsageError(f"this is {words}", hint="casepan find --help shows what can be asked.")
        return None


WAYS: Mapping[str, Callable[[_Question], Matches | None]] = {
    "ref": _Question.ref, "number": _Question.number, "tooth": _Question.tooth, "date": _Question.date,
    "kind": _Question.kind, "practice": _Question.practice, "vendor": _Question.vendor, "name": _Question.name,
}  # fmt: skip
"""What a text can be."""
PLAIN = ("tooth", "date", "kind")
"""A text that is one of these is not taken for a name as well."""
YEARS = range(1970, 2201)
"""Further ones cannot be turned into moments of every zone."""


def find(desk: Desk, text: str, *, by: str, most: int = MOST, now: datetime | None = None) -> Found:
    """Cases that fit a text, the newest first.

    Args:
        text: taken for everything it can be; or ``tooth 26``, ``name Roe``: one of ``WAYS`` and the rest.
        by: who asks; written down when names are searched.

    Raises:
        UsageError: nothing was asked; or what was named cannot be that. StateError: the index cannot be written.
    """
    text = " ".join(text.split())
    if not text or len(text) > LONGEST:
        raise UsageError("nothing to look for" if not text else "this is too long to look for", hint=HINT)
    way, _, rest = text.partition(" ")
    said = way.casefold() in WAYS and bool(rest)
    question = _Question(desk, rest if said else text, by, most, said, now or datetime.now(UTC))
    answers = dict(_answers(question, (way.casefold(),) if said else tuple(WAYS)))
    return _found(desk, answers, question)


HINT = "For example: casepan find 26-00417, casepan find tooth 26, casepan find Roe"


def _answers(question: _Question, ways: tuple[str, ...]) -> Iterator[tuple[str, Matches]]:
    plain = False
    for way in ways:
        if way == "name" and plain:
            continue
        found = WAYS[way](question)
        if found is not None:
            plain = plain or way in PLAIN or (way == "ref" and _is_ref(question.text))
            yield way, found


def _found(desk: Desk, answers: Mapping[str, Matches], question: _Question) -> Found:
    by: dict[str, list[str]] = {}
    for way, matches in answers.items():
        for ref in matches.refs:
            by.setdefault(ref, []).append(way)
    rows = sorted(desk.ledger.latest_of(tuple(by)), key=lambda row: row.received, reverse=True)[: question.most]
    work = desk.ledger.work_of((row.ref, row.revision) for row in rows)
    hits = tuple(Hit(row, work_text(work.get((row.ref, row.revision), ())), tuple(by[row.ref])) for row in rows)
    total = max((matches.total for matches in answers.values()), default=0)
    return Found(hits, max(total, len(by)), tuple(answers), tuple(dict.fromkeys(question.notes)))


def _is_ref(text: str) -> bool:
    return REFERENCE.fullmatch(parse_place(text)[0]) is not None


def _is_called(client: Client, text: str) -> bool:
    wanted = folded(text)
    names = [folded(name) for name in (client.practice.id, client.practice.name, *client.practice.aliases) if name]
    return wanted in names or (len(wanted) >= FEWEST_LETTERS and any(wanted in name for name in names))


def day_of(text: str, today: date) -> date | None:
    """The day that a text names: ``2026-11-22``, ``22.11.2026``, ``today``, ``yesterday``; None when it names none."""
    words = {"today": today, "yesterday": today - timedelta(days=1)}
    if text.casefold() in words:
        return words[text.casefold()]
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        with suppress(ValueError):
            day = datetime.strptime(text, form).date()
            return day if day.year in YEARS else None
    return None
