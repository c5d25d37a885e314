"""``casepan stats``: what a month was like, by practice, scanner and finding."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import evolve

from casepan.errors import UsageError
from casepan.operate.counting import Count, Group, as_csv, as_pages, count

from .conftest import HOLE, MISSING

SPIKE = evolve(HOLE, code="mesh.spike")


def counted(lab: Any, **more: Any) -> Count:
    """The count, at the lab's own time."""
    with lab.desk() as desk:
        return count(desk, now=lab.clock.moment, **more)


def by_key(made: Count) -> dict[tuple[str, ...], Group]:
    """Groups by their keys."""
    return {one.keys: one for one in made.groups}


def accept(lab: Any, place: str) -> None:
    """Somebody accepts a case that was held."""
    with lab.desk() as desk:
        desk.ledger.decide(place, 1, "accept", [], who="anna")


def test_a_month_by_practice(lab: Any) -> None:
    """Right is what went through as it came; causes and hours of the others."""
    lab.take(practice="bright")
    held = lab.take(practice="bright", findings=[HOLE, SPIKE])
    office = lab.take(findings=[MISSING], hold="office")
    bad = lab.take(findings=[MISSING])
    remade = lab.take(practice="bright", send=False)
    lab.clock.move(hours=3)
    accept(lab, held)
    with lab.desk() as desk:
        desk.ledger.mark_remake(remade, held, reason="margin", who="anna")
    lab.clock.move(hours=1)
    groups = by_key(counted(lab))
    assert groups[("bright",)].numbers == {
        "cases": 3, "checked": 3, "first_time_right": 2, "percent": 67, "remakes": 1, "review_hours": 3.0,
        "office_hours": 0.0,
    }  # fmt: skip
    assert groups[("bright",)].causes == (("mesh.hole", 1), ("mesh.spike", 1))
    unknown = groups[("-",)].numbers
    assert (unknown["cases"], unknown["first_time_right"], unknown["office_hours"]) == (2, 0, 4.0)
    assert {office, bad} == {one.ref for one in groups[("-",)].stories}


def test_groups_by_several_keys(lab: Any) -> None:
    """A case counts under each of its causes, and once in the total."""
    lab.take(adapter="itero", findings=[HOLE, SPIKE])
    lab.take(adapter="trios")
    made = counted(lab, by="scanner, finding")
    assert set(by_key(made)) == {("itero", "mesh.hole"), ("itero", "mesh.spike"), ("trios", "-")}
    assert made.total.numbers["cases"] == 2
    document = made.document()
    assert document["groups"][0]["scanner"] == "itero"
    assert document["total"]["causes"] == {"mesh.hole": 1, "mesh.spike": 1}


def test_a_hold_is_remembered_when_the_finding_is_gone(lab: Any) -> None:
    """An answer makes the case be checked again; that it was asked stays in the trail."""
    place = lab.take(findings=[HOLE])
    lab.clock.move(hours=2)
    with lab.desk() as desk:
        desk.ledger.answer(place, 1, [("rx.notes", "x")], seen=0, who="anna")
        claim = desk.ledger.claim_case("me", ["p"], lease=10.0)
        desk.ledger.verdict_reached(claim, "accept", content="d", hold=None, deliveries=[])
    (group,) = counted(lab).groups
    assert (group.causes, group.numbers["first_time_right"], group.numbers["review_hours"]) == (
        (("mesh.hole", 1),),
        0,
        2.0,
    )


def test_a_case_in_work_is_not_counted_as_wrong(lab: Any) -> None:
    """It counts as a case, and has no share in the percentage."""
    place = lab.take(findings=[HOLE])
    with lab.desk() as desk:
        assert desk.ledger.retry_case(place, 1, who="anna")
        rows = desk.ledger.first_revisions("2026", "2027")
    assert [row.state for row in rows] == ["checking"]
    from casepan.operate.counting import story_of

    story = story_of(rows[0], rows[0], (), lab.clock.moment)
    assert (story.checked, story.right) == (False, False)
    assert Group((), (story,)).numbers["percent"] is None


def test_a_case_opened_again_waits_again(lab: Any) -> None:
    """Closing ends a hold, opening begins one, and a clock set back makes none negative."""
    place = lab.take(findings=[HOLE])
    lab.clock.move(hours=1)
    with lab.desk() as desk:
        desk.ledger.close_case(place, 1, who="anna")
        lab.clock.move(hours=5)
        desk.ledger.reopen_case(place, 1, who="anna")
    lab.clock.move(hours=1)
    assert counted(lab).total.numbers["review_hours"] == 2.0
    lab.clock.move(hours=-24)
    assert counted(lab, month="2026-11").total.numbers["review_hours"] == 1.0


def test_duplicates_are_no_cases(lab: Any) -> None:
    """What turned out to be another case is not counted."""
    one, two = lab.take(findings=[HOLE]), lab.take(findings=[HOLE])
    with lab.desk() as desk:
        desk.ledger.give_up(two, 1, "case.duplicate", "duplicate-of", one, who="anna", note="")
    assert [story.ref for story in counted(lab).total.stories] == [one]


def test_months_begin_and_end_in_the_laboratorys_zone(lab: Any) -> None:
    """23:30 UTC on the last of November is December in Berlin."""
    lab.clock.moment = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    lab.take()
    assert counted(lab, month="2026-11").total.stories == ()
    assert len(counted(lab, month="2026-12").total.stories) == 1
    assert counted(lab).month == "2026-12"


@pytest.mark.parametrize("month", ["2026-13", "2026-00", "November", "26-11", "", "9999-01"])
def test_a_month_that_is_none_is_refused(lab: Any, month: str) -> None:
    """With how to write one; nothing named is this month."""
    if not month:
        assert counted(lab, month=None).month == "2026-11"
        return
    with pytest.raises(UsageError, match="no such month"):
        counted(lab, month=month)


@pytest.mark.parametrize("by", ["", ",", "dentist", "practice,pratice"])
def test_a_key_that_is_none_is_refused(lab: Any, by: str) -> None:
    """With those there are."""
    with pytest.raises(UsageError, match="counted by"):
        counted(lab, by=by)


def test_a_spreadsheet_gets_numbers_and_no_formulas(lab: Any) -> None:
    """UTF-8 with a mark; a practice called like a formula is text."""
    lab.take(practice="=cmd()", findings=[HOLE])
    text = as_csv(counted(lab))
    assert text.startswith("\ufeff")
    header, row = csv.reader(io.StringIO(text[1:]))
    assert header[:4] == ["practice", "cases", "checked", "first_time_right"]
    assert row[0] == "'=cmd()"
    assert row[-1] == "mesh.hole 1"


def test_each_practice_has_its_page(lab: Any) -> None:
    """By its name, with what the findings mean; everything is escaped."""
    lab.take(practice="bright", findings=[HOLE])
    lab.take()
    lab.take(practice="<b>")
    with lab.desk() as desk:
        made = count(desk, by="finding", now=lab.clock.moment)
        page = as_pages(desk, made, {"mesh.hole": "A hole <in> the scan"})
        empty = as_pages(desk, count(desk, month="2020-01"), {})
    assert page.count('<section class="page">') == 3
    for words in (
        "Bright Smiles, 2026-11",
        "Unknown practice",
        "&lt;b&gt;",
        "A hole &lt;in&gt; the scan",
        "0 of 1 cases",
    ):
        assert words in page
    assert "<b>" not in page
    assert "No case came" in empty


def test_the_command_writes_table_spreadsheet_and_pages(lab: Any, say: Any) -> None:
    """And says what a month without cases is."""
    lab.take(practice="bright", findings=[HOLE])
    table = say("stats", "--month", "2026-11", "--csv", lab.root / "s.csv", "--html", lab.root / "s.html")
    assert table.splitlines()[1].startswith("bright\t1\t1\t0\t0\t0\t")
    assert table.splitlines()[2].startswith("all\t1\t")
    assert (lab.root / "s.csv").read_bytes().startswith(b"\xef\xbb\xbfpractice,")
    assert "Bright Smiles" in (lab.root / "s.html").read_text("utf-8")
    assert json.loads(say("stats", "--month", "2026-11", "--json"))["by"] == ["practice"]
    assert say("stats", "--month", "2025-01") == "No case came in 2025-01.\n"
    with pytest.raises(UsageError, match="cannot be written"):
        say("stats", "--csv", lab.root / "nowhere" / "s.csv")
