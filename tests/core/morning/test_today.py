"""``casepan today``: every case stands where somebody looks for it, and it fits one screen."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve

from casepan.errors import UsageError
from casepan.model.case import Patient
from casepan.model.finding import Finding
from casepan.operate.desk import Desk
from casepan.operate.morning import Line, Morning, Section, fitting, morning, since_when
from casepan.running.ledger import Ledger

from .conftest import HOLE, MISSING, MONDAY, PRACTICES

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 7, 40, tzinfo=BERLIN)
CLOSED = Finding("format.closed", "warning", "only the vendor's software reads it")


def look(lab: Any, **more: Any) -> Morning:
    """The morning, with the lab's clock."""
    with lab.desk() as desk:
        return morning(desk, now=lab.clock.moment, **more)


def places(made: Morning) -> dict[str, list[str]]:
    """Section to the places in it."""
    return {one.id: [line.place for line in one.lines] for one in made.sections}


def test_every_case_stands_where_somebody_looks_for_it(lab: Any) -> None:
    """What is old and done is left out; what is held stays however old it is."""
    lab.clock.move(days=-7)
    lab.take()
    old = lab.take(findings=[HOLE])
    lab.clock.move(days=7)
    good = lab.take()
    stuck = lab.take(send=False)
    office = lab.take(findings=[MISSING], hold="office", practice="bright")
    rush = lab.take(rush=True)
    late = lab.take(late_risk=True, due=date(2026, 11, 25))
    closed = lab.take(findings=[CLOSED])
    bad = lab.take(findings=[MISSING])
    found = places(look(lab))
    assert found["new"] == [good, stuck, office, rush, late, closed, bad]
    assert found["ready"] == [good, stuck, rush, late]
    assert (found["review"], found["call"], found["quarantine"]) == ([old, closed], [office], [bad])
    assert (found["rush"], found["closed"]) == ([rush, late], [closed])
    assert found.keys() == {"new", "ready", "review", "call", "rush", "closed", "quarantine"}


def test_a_call_has_number_and_point_in_the_language_of_the_practice(lab: Any) -> None:
    """The point is the first thing of the telephone script, and names nobody."""
    lab.take(findings=[MISSING], hold="office", practice="bright", patient=Patient(name="Zacharias Sentinel"))
    lab.take(findings=[MISSING], hold="office")
    made = look(lab)
    known, unknown = next(one for one in made.sections if one.id == "call").lines
    assert known.phone == "+49 30 5550100"
    assert known.point is not None
    assert "fehlt" in known.point
    assert unknown.phone is None
    assert unknown.point is not None
    assert "missing" in unknown.point
    assert "Sentinel" not in json.dumps(made.document())


def test_an_office_that_stays_silent_is_listed_until_somebody_talks(lab: Any) -> None:
    """``remind_after`` counts from the last talk."""
    place = lab.take(findings=[MISSING], hold="office", practice="bright")
    assert "silent" not in places(look(lab))
    lab.clock.move(hours=3)
    (line,) = next(one for one in look(lab).sections if one.id == "silent").lines
    assert (line.place, line.phone) == (place, "+49 30 5550100")
    assert "since 2026-11-23 06:00, never asked" in line.what
    with lab.desk() as desk:
        desk.ledger.contacted(place, 1, how="phone", who="anna", note="")
    assert "silent" not in places(look(lab))


def test_overdue_work_is_late_and_finished_work_is_not(lab: Any) -> None:
    """The day is that of the laboratory's zone."""
    lab.take(due=date(2026, 11, 20))
    held = lab.take(due=date(2026, 11, 20), findings=[HOLE])
    (line,) = next(one for one in look(lab).sections if one.id == "rush").lines
    assert (line.place, line.what) == (held, "late since 2026-11-20")


def test_a_rush_says_why(lab: Any) -> None:
    """The reason that came with the order."""
    from casepan.model.decided import Desk as Known

    lab.take(rush=True, desk=Known(rush_reason="the patient travels"))
    (line,) = next(one for one in look(lab).sections if one.id == "rush").lines
    assert line.what == "rush: the patient travels"


def test_deliveries_that_need_somebody_say_what_is_known(lab: Any) -> None:
    """Failed, unknown, and tried again later with the hour in the lab's zone."""
    lab.take(send=False)
    lab.clock.move(hours=1)
    with lab.desk() as desk:
        claim = desk.ledger.claim_case("me", ["p"], lease=10.0)
        row = desk.ledger.next_delivery(claim)
        desk.ledger.begin_send(claim, row.key, destination="d", parallel=1, rate=None)
        desk.ledger.send_failed(claim, row.key, "CP140", "the share is away", delay=3600.0)
    (line,) = next(one for one in look(lab).sections if one.id == "deliveries").lines
    assert line.what == "cad: retry: the share is away; again at 08:00"
    lab.clock.move(hours=2)
    (line,) = next(one for one in look(lab).sections if one.id == "deliveries").lines
    assert line.what.endswith("again with the next run")


def test_a_broken_list_of_practices_and_a_clock_set_back_are_said_first(lab: Any) -> None:
    """The page is made all the same, with the last good list."""
    lab.take(findings=[MISSING], hold="office", practice="bright")
    look(lab)
    (lab.root / "practices.toml").write_text("[practices", encoding="utf-8")
    lab.clock.move(hours=-2)
    made = look(lab)
    assert made.sections[0].id == "trouble"
    clock, broken = (line.what for line in made.sections[0].lines)
    assert "120 minutes behind" in clock
    assert "practices.toml" in broken
    assert next(one for one in made.sections if one.id == "call").lines[0].phone == "+49 30 5550100"


def test_a_case_whose_files_are_gone_costs_its_point_only(lab: Any) -> None:
    """The ledger still knows that the office must be called."""
    place = lab.take(findings=[MISSING], hold="office", practice="bright")
    for path in lab.state.case(place, 1).iterdir():
        path.write_text("{", encoding="utf-8")
    (line,) = next(one for one in look(lab).sections if one.id == "call").lines
    assert (line.phone, line.point) == ("+49 30 5550100", None)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("18:00", "2026-11-22T18:00:00+01:00"),
        ("6:30", "2026-11-23T06:30:00+01:00"),
        ("2026-11-20", "2026-11-20T00:00:00+01:00"),
        ("2026-10-20T18:00", "2026-10-20T18:00:00+02:00"),
        ("2026-11-22T18:00Z", "2026-11-22T19:00:00+01:00"),
        (None, "2026-11-20T18:00:00+01:00"),
    ],
)
def test_since_is_a_moment_in_the_laboratorys_zone(text: str | None, wanted: str) -> None:
    """A time of day is the last one; nothing said is the evening of the last working day."""
    assert since_when(text, NOW, lambda day: day.weekday() < 5).isoformat() == wanted


@pytest.mark.parametrize("text", ["soon", "25:00", "", "2030-01-01"])
def test_since_that_is_no_past_time_is_refused(text: str) -> None:
    """With what may be written instead."""
    with pytest.raises(UsageError, match="--since"):
        since_when(text, NOW, lambda _: True)


def test_since_without_any_working_day_is_yesterday() -> None:
    """A calendar that closes everything ends somewhere."""
    assert since_when(None, NOW, lambda _: False).isoformat() == "2026-11-22T18:00:00+01:00"


def test_the_calendar_says_when_the_last_working_day_was(lab: Any) -> None:
    """Friday's cases are new on Monday."""
    lab.write("[lab.calendar]\n")
    lab.clock.move(days=-2)
    weekend = lab.take()
    lab.clock.move(days=2)
    assert places(look(lab))["new"] == [weekend]


def test_an_empty_lab_says_so(lab: Any, say: Any) -> None:
    """Before the first run it is an error; after it there is nothing to do."""
    with pytest.raises(UsageError, match="nothing has run here yet"):
        say("today")
    with lab.desk():
        pass
    assert "nothing to do" in say("today")
    assert json.loads(say("today", "--json"))["sections"] == []


def test_long_sections_lose_rows_and_say_how_many() -> None:
    """Short ones are shown whole; a line with something to say takes two rows."""
    many = Section("new", "New", tuple(Line(f"C{n}") for n in range(100)))
    few = Section("call", "Call", (Line("X", point="say"), Line("Y", point="say")))
    shown = fitting((many, few), 20)
    assert shown == (13, 2)
    assert fitting((many,), 200) == (100,)
    assert fitting((many,), 2) == (0,)


def test_the_screen_is_not_longer_than_the_terminal(lab: Any, say: Any, monkeypatch: Any) -> None:
    """And no line is wider."""
    lab.clock.move(days=-700)
    for _ in range(12):
        lab.take(findings=[HOLE])
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("LINES", "22")
    lines = say("today", "--since", "2020-01-01").splitlines()
    assert len(lines) <= 22
    assert max(map(len, lines)) <= 60
    assert sum("… and" in line for line in lines) == 2
    assert "12 new" in lines[1]


def test_json_has_every_line_and_times_in_utc(lab: Any, say: Any) -> None:
    """Programs cut for themselves."""
    lab.clock.move(days=-700)
    place = lab.take(findings=[HOLE], practice="bright", number="26-{n:05}")
    document = json.loads(say("today", "--json", "--since", "2020-01-01"))
    assert document["since"] == "2019-12-31T23:00:00.000Z"
    new = document["sections"][0]
    assert (new["id"], new["total"]) == ("new", 1)
    line = new["lines"][0]
    assert (line["place"], line["number"], line["practice"]) == (place, "26-00001", "bright")
    assert line["work"] == "crown 26 zirconia"
    assert line["at"].endswith("Z")


def test_closed_and_duplicate_cases_are_nobodys_morning(lab: Any) -> None:
    """What somebody has settled is gone from the page."""
    place = lab.take(findings=[HOLE])
    with lab.desk() as desk:
        desk.ledger.close_case(place, 1, who="anna")
    assert look(lab).sections == ()
    assert look(lab).summary == "nothing to do"


def test_letters_in_an_unknown_language_fall_back_to_english(lab: Any) -> None:
    """A practice whose language has no texts is called all the same."""
    lab.write(practices=PRACTICES.replace('"de"', '"tlh"'))
    lab.take(findings=[MISSING], hold="office", practice="bright")
    (line,) = next(one for one in look(lab).sections if one.id == "call").lines
    assert line.point is not None


def test_broken_rules_of_letters_leave_the_findings_words(lab: Any) -> None:
    """`casepan rules check` says what is wrong with them."""
    (lab.root / "rules" / "letters").mkdir(parents=True)
    (lab.root / "rules" / "letters" / "de.toml").write_text('schema = 1\nnonsense = "x"\n', encoding="utf-8")
    lab.take(findings=[MISSING], hold="office", practice="bright")
    (line,) = next(one for one in look(lab).sections if one.id == "call").lines
    assert line.point == MISSING.message


def test_the_morning_is_made_from_the_desk_alone(lab: Any) -> None:
    """The public function takes a desk; its document names the day in the laboratory."""
    with lab.desk() as desk:
        assert isinstance(desk, Desk)
        assert isinstance(desk.ledger, Ledger)
        made = morning(desk, now=MONDAY.replace(hour=23))
    assert made.document()["day"] == "2026-11-24"
    assert evolve(made, lab="x").lab == "x"
