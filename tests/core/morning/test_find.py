"""``casepan find``: by whatever is at hand; by name only through an index that says nothing without its key."""

from __future__ import annotations

import json
import shutil
import sqlite3
from typing import Any

import pytest

from casepan.errors import StateError, UsageError
from casepan.model.case import Patient
from casepan.model.prescription import WorkItem
from casepan.operate.finding_cases import Found, find
from casepan.running.keeping import purge
from casepan.running.rebuilding import rebuild
from casepan.running.searching import catch_up, name_parts

from .conftest import HOLE, MONDAY

PEOPLE = (
    Patient(first="Jörg", last="Müller-Lüdenscheidt"), Patient(name="O'Brien, Ann"), Patient(first="Ørsted", last="Muller"),
    Patient(name="Zoë Ångström"), Patient(name="Иванов Пётр"),
)  # fmt: skip


def look(lab: Any, text: str, **more: Any) -> Found:
    """What is found, at the lab's own time."""
    with lab.desk() as desk:
        return find(desk, text, by="anna", now=lab.clock.moment, **more)


def found(lab: Any, text: str) -> set[str]:
    """Places that a text finds."""
    return {hit.row.place for hit in look(lab, text).hits}


def reads(lab: Any) -> list[dict[str, Any]]:
    """Who looked for names, and how many cases that found."""
    with lab.desk() as desk:
        return [json.loads(one.detail) for one in desk.ledger.events() if one.kind == "names.read"]


@pytest.fixture
def cases(lab: Any) -> dict[str, str]:
    """Cases that differ in everything that can be asked; word to place."""
    lab.clock.move(days=-2)
    old = lab.take(
        vendor="Order 4711", practice="bright", items=[WorkItem("1", (11, 21), "veneer")], number="26-{n:05}"
    )
    lab.clock.move(days=2)
    new = lab.take(items=[WorkItem("1", (26,), "implant-crown")], findings=[HOLE], number="26-{n:05}")
    return {"old": old, "new": new}


@pytest.mark.parametrize(
    ("text", "wanted", "way"),
    [
        ("26-00001", "old", "number"),
        ("002", "new", "number"),
        ("number 26-00001", "old", "number"),
        ("bright", "old", "practice"),
        ("strahl", "old", "practice"),
        ("practice BRIGHT SMILES", "old", "practice"),
        ("26", "new", "tooth"),
        ("tooth 11", "old", "tooth"),
        ("Veneer", "old", "kind"),
        ("kind implant crown", "new", "kind"),
        ("2026-11-21", "old", "date"),
        ("21.11.2026", "old", "date"),
        ("today", "new", "date"),
        ("Order 4711", "old", "vendor"),
        ("vendor order 4711", "old", "vendor"),
    ],
)
def test_a_case_is_found_by_what_is_at_hand(lab: Any, cases: dict[str, str], text: str, wanted: str, way: str) -> None:
    """And the answer says by what."""
    (hit,) = look(lab, text).hits
    assert hit.row.place == cases[wanted]
    assert way in hit.by


def test_a_reference_is_found_also_by_its_beginning(lab: Any, cases: dict[str, str]) -> None:
    """In small letters, and with a revision behind it."""
    place = cases["new"]
    assert found(lab, place.lower()) == {place}
    assert found(lab, f"{place}-r2") == {place}
    assert place in found(lab, f"ref {place[:4]}")
    assert reads(lab) == []


def test_days_are_those_of_the_laboratory(lab: Any) -> None:
    """What came at 23:30 UTC came the next day in Berlin."""
    lab.clock.moment = MONDAY.replace(hour=23, minute=30)
    place = lab.take()
    assert found(lab, "2026-11-24") == {place}
    assert found(lab, "yesterday") == set()
    assert found(lab, "today") == {place}


@pytest.mark.parametrize(
    ("asked", "person"),
    [
        ("Mueller", {0, 2}),
        ("MÜLLER", {0, 2}),
        ("Mu\u0308ller jorg", {0}),
        ("Lüdenscheidt Müller Jörg", {0}),
        ("muller-ludenscheidt", {0}),
        ("obrien", {1}),
        ("ann o'brien", {1}),
        ("name O’Brien", {1}),
        ("orsted", {2}),
        ("angstrom zoe", {3}),
        ("ИВАНОВ", {4}),
        ("Müller Ann", set()),
        ("Mull", set()),
    ],
)
def test_names_are_found_in_any_order_and_spelling(lab: Any, asked: str, person: set[int]) -> None:
    """All parts of the question must be in the name; a part of a part is not enough."""
    places = [lab.take(patient=one) for one in PEOPLE]
    assert found(lab, asked) == {places[index] for index in person}
    assert reads(lab) == [{"found": len(person), "who": "anna"}]


def test_a_case_without_a_name_is_found_by_its_folders(lab: Any) -> None:
    """Generic arrivals are called by their folder, mostly the patient."""
    place = lab.take(adapter="core", vendor="Sentinel_Zacharias 12", patient=Patient())
    assert found(lab, "zacharias sentinel") == {place}


def test_the_index_says_nothing_without_its_key(lab: Any) -> None:
    """No name, no readable file, and other hashes with another key."""
    lab.take(patient=Patient(name="Zacharias Sentinel"))
    look(lab, "Sentinel")
    folder = lab.state.root / "names"
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())
    for path in lab.state.root.glob("[ln]*/**/*"):
        assert b"entinel" not in path.read_bytes().lower()
    first = sqlite3.connect(folder / "index.sqlite").execute("select hash from parts").fetchall()
    (folder / "key").unlink()
    assert len(look(lab, "Sentinel").hits) == 1
    second = sqlite3.connect(folder / "index.sqlite").execute("select hash from parts").fetchall()
    assert len(first) == len(second) == 2
    assert not set(first) & set(second)


def test_a_lab_without_the_index_has_none(lab: Any) -> None:
    """Switching it off removes what was there; asking for a name says why."""
    place = lab.take()
    assert found(lab, "Roe") == {place}
    lab.write("name_index = false")
    answer = look(lab, "Roe")
    assert answer.hits == ()
    assert answer.notes == ("names were not searched: [lab] name_index = false",)
    assert not (lab.state.root / "names").exists()
    with pytest.raises(UsageError, match="name_index"):
        look(lab, "name Roe")
    assert len(reads(lab)) == 1


def test_new_cases_are_found_at_once_and_purged_ones_no_more(lab: Any) -> None:
    """The index is caught up by who asks; purging cleans it also when nobody asks again."""
    old = lab.take()
    assert found(lab, "Roe") == {old}
    lab.clock.move(days=100)
    new = lab.take()
    assert found(lab, "Roe") == {old, new}
    with lab.desk() as desk:
        assert purge(desk.lab, now=lab.clock.moment).cases == (old,)
    rows = (
        sqlite3.connect(lab.state.root / "names" / "index.sqlite").execute("select distinct ref from parts").fetchall()
    )
    assert rows == [(new,)]
    assert found(lab, "Roe") == {new}


def test_a_rebuilt_ledger_has_its_index(lab: Any) -> None:
    """The old one knew another ledger's events."""
    place = lab.take()
    assert found(lab, "Roe") == {place}
    for path in lab.state.root.glob("ledger.sqlite*"):
        path.unlink()
    with pytest.raises(StateError, match="still is a ledger"):
        lab.state.ledger.touch()
        with lab.desk() as desk:
            rebuild(desk.lab)
    for path in lab.state.root.glob("ledger.sqlite*"):
        path.unlink()
    from casepan.config.loader import load_lab

    rebuild(load_lab(lab.file))
    rows = (
        sqlite3.connect(lab.state.root / "names" / "index.sqlite").execute("select distinct ref from parts").fetchall()
    )
    assert rows == [(place,)]
    assert found(lab, "Roe") == {place}


def test_a_ledger_from_a_back_up_begins_the_index_anew(lab: Any) -> None:
    """Its events stop before those that the index has seen."""
    first = lab.take()
    with lab.desk() as desk:
        desk.ledger.backup(lab.root / "copy.sqlite")
    lab.take()
    assert len(found(lab, "Roe")) == 2
    for path in lab.state.root.glob("ledger.sqlite*"):
        path.unlink()
    shutil.copy(lab.root / "copy.sqlite", lab.state.ledger)
    assert found(lab, "Roe") == {first}


def test_a_damaged_index_is_made_anew(lab: Any) -> None:
    """It can always be thrown away; a half key cannot be guessed around."""
    place = lab.take()
    look(lab, "Roe")
    (lab.state.root / "names" / "index.sqlite").write_bytes(b"no database at all" * 100)
    assert found(lab, "Roe") == {place}
    (lab.state.root / "names" / "key").write_bytes(b"short")
    with pytest.raises(StateError, match="not whole"):
        look(lab, "Roe")


def test_a_damaged_case_is_only_not_found(lab: Any) -> None:
    """A search is not the place to complain."""
    place, other = lab.take(), lab.take()
    (lab.state.case(place, 1) / "case.json").write_text("[]", encoding="utf-8")
    assert found(lab, "Roe") == {other}


def test_catching_up_removes_what_is_not_wanted(lab: Any) -> None:
    """As `ledger rebuild` does for a lab without names."""
    lab.take()
    look(lab, "Roe")
    with lab.desk() as desk:
        catch_up(lab.state, desk.ledger, wanted=False)
    assert not (lab.state.root / "names").exists()


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "nothing"), ("   ", "nothing"), ("x" * 201, "too long"), ("tooth 99", "no FDI"), ("date soon", "no day"),
     ("kind nonsense", "no kind"), ("practice nobody", "no practice"), ("ref ?", "no reference"), ("name 7", "no name"),
     ("date 0001-01-01", "no day")],
)  # fmt: skip
def test_a_question_that_cannot_be_is_refused(lab: Any, cases: dict[str, str], text: str, reason: str) -> None:
    """What was named must be that."""
    with pytest.raises(UsageError, match=reason):
        look(lab, text)


def test_nothing_found_is_an_answer(lab: Any, cases: dict[str, str], say: Any) -> None:
    """Also for texts that databases and shells like to trip over."""
    for text in ("99", "'; drop table cases --", "%", "26_%", "vendor nothing", "number 9"):
        assert look(lab, text).hits == ()
    assert "Nothing found." in say("find", "number", "9")


def test_a_broken_list_of_practices_is_noted(lab: Any) -> None:
    """The last good one is used, and without any the ids in the ledger."""
    place = lab.take(practice="bright")
    (lab.root / "practices.toml").write_text("[practices", encoding="utf-8")
    answer = look(lab, "practice bright")
    assert [hit.row.place for hit in answer.hits] == [place]
    assert "practices.toml" in answer.notes[0]


def test_more_than_are_listed_are_counted(lab: Any, say: Any) -> None:
    """The newest come first."""
    places = [lab.take() for _ in range(4)]
    answer = look(lab, "tooth 26", most=3)
    assert [hit.row.place for hit in answer.hits] == places[:0:-1]
    assert answer.total == 4
    document = json.loads(say("find", "tooth", "26", "--most", "2", "--json"))
    assert (document["total"], len(document["cases"]), document["tried"]) == (4, 2, ["tooth"])
    assert document["cases"][0]["found_by"] == ["tooth"]
    table = say("find", "26")
    assert table.splitlines()[0].split("\t")[0] == "case"
    assert "2026-11-23 06:00" in table


def test_who_asks_on_the_command_line_is_written_down(lab: Any, say: Any, monkeypatch: Any) -> None:
    """The login name, unless somebody gives another; a machine without one says so."""
    lab.take()
    say("find", "Roe", "--by", "ben")

    def nobody() -> str:
        raise KeyError("no such user")

    monkeypatch.setattr("getpass.getuser", nobody)
    say("find", "Roe")
    assert [one["who"] for one in reads(lab)] == ["ben", "unknown"]


def test_parts_of_names_without_letters_are_none() -> None:
    """Numbers are no names."""
    assert name_parts("12", "Roe 7", None, "...") == {"ro"}
