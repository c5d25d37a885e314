"""One morning of a lab, played from docs/guide/a-morning.md: 40 arrivals, every question answered, at noon nothing waits."""

from __future__ import annotations

import json
import os
import pickle
import re
import time
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from casepan.operate.desk import Desk, open_desk

from .morning_lab import ON_THE_PAGE, MorningLab
from .night import DECOMPOSED, LONG, RTL, night
from .page import Command, differences, script_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "guide" / "a-morning.md"
PATIENCE = 900
"""Seconds that one worker waits for another on a very busy machine."""
HELD = {
    "no bite": "completeness.missing-scan", "swapped": "identity.arch-swapped", "rescan": "case.revised",
    "closed": "format.closed", "duplicate": "case.maybe-duplicate", "unknown practice": "practice.unknown",
}  # fmt: skip


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> MorningLab:
    """The lab at noon: the whole page has been played, by one of pytest's workers; the others wait for it."""
    own = tmp_path_factory.getbasetemp()
    home = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "a-morning"
    try:
        home.mkdir()
    except FileExistsError:
        return waited_for(home / "noon")
    lab = MorningLab.at(home / "lab")
    try:
        for part in script_of(PAGE):
            lab.play(part) if isinstance(part, Command) else lab.happens(part.name)
    finally:
        (home / "noon.part").write_bytes(pickle.dumps(lab))
        (home / "noon.part").replace(home / "noon")
    return lab


def waited_for(noon: Path) -> MorningLab:
    """The lab that another worker has played."""
    for _ in range(PATIENCE):
        if noon.exists():
            found: MorningLab = pickle.loads(noon.read_bytes())
            return found
        time.sleep(1)
    raise AssertionError("the other worker never came to noon")


@pytest.fixture
def desk(morning: MorningLab) -> Iterator[Desk]:
    """Its ledger."""
    with open_desk(morning.root / "lab.toml") as opened:
        yield opened


def story(desk: Desk, morning: MorningLab, name: str) -> list[tuple[str, str | None]]:
    """What people and verdicts did to a case: kind of event, and who or what came out."""
    told = [(event.kind, json.loads(event.detail)) for event in desk.ledger.events(morning.place(name))]
    return [
        (kind, detail.get("who") or detail.get("state"))
        for kind, detail in told
        if "who" in detail or kind == "case.verdict"
    ]


def test_the_page_of_the_guide_is_what_happened(morning: MorningLab) -> None:
    """Every command of the page was typed, and every answer that it shows was given."""
    assert morning.untrue == []
    assert set(ON_THE_PAGE) <= set(morning.cases)


@pytest.mark.parametrize(
    ("shown", "problems"),
    [
        (("K7Q2-M4  2026-01-02 07:30  seconds 0.4", "ready"), ()),
        (("…", "ready"), ()),
        (("K7Q2-M4  2026-01-02 07:30  seconds 0.4",), ("+ ready",)),
        (("…", "gone"), ("- gone",)),
        (("ready", "…", "K7Q2-M4  2026-01-02 07:30  seconds 0.4"), ("the lines come in another order",)),
    ],
)
def test_a_page_that_is_not_true_is_noticed(shown: tuple[str, ...], problems: tuple[str, ...]) -> None:
    """A line too much, one too few, another order; days and times are let pass, and what ``…`` leaves out."""
    said = ("K7Q2-M4 2026-11-23 12:00 seconds 1", "ready")
    assert differences(Command("cases show K7Q2-M4", shown), said, ordered=True) == problems


def test_the_night_is_the_one_that_was_planned() -> None:
    """40 arrivals of five scanners: 3 missing bites, 2 swapped, 1 rescan, 2 closed, 4 rush, 1 duplicate, 1 unknown practice."""
    came = night()
    assert len(came) == 40
    assert Counter(one.trouble for one in came if one.trouble) == {
        "no bite": 3, "swapped": 2, "rescan": 1, "closed": 2, "duplicate": 1, "unknown practice": 1,
    }  # fmt: skip
    assert sum(one.rush for one in came) == 4
    assert {one.door for one in came} == {"portal", "mail", "park"}


def test_today_shows_exactly_what_came(morning: MorningLab) -> None:
    """Whoever has to be looked at, rung or hurried for, each with its reason; nobody else."""
    today, states = morning.seen["morning"]
    planned = {(one.name if one.trouble != "rescan" else "at the CAD"): one.trouble for one in night() if one.trouble}
    held = {line["place"]: line["what"] for section in ("review", "call") for line in today[section]}
    places = {morning.place(name): trouble for name, trouble in planned.items()}
    assert {place.removesuffix("-r2"): what for place, what in held.items()} == {
        place: HELD[trouble] for place, trouble in places.items()
    }
    assert len(today["new"]) == 40
    assert Counter(states.values()) == {"handed-on": 31, "review": 7, "office": 3}
    assert {line["place"] for line in today["rush"]} == {morning.place(one.name) for one in night() if one.rush}
    (late,) = [line for line in today["rush"] if "must leave by" in line["what"]]
    assert late["place"] == morning.place("trios rush and late")
    closed = {morning.place(name) for name, trouble in planned.items() if trouble == "closed"}
    assert {line["place"] for line in today["closed"]} == closed
    assert set(today) == {"new", "ready", "review", "call", "rush", "closed"}


def test_whoever_must_be_rung_has_a_number_and_a_sentence(morning: MorningLab) -> None:
    """The practice's own phone, and what to say."""
    today, _ = morning.seen["morning"]
    assert {line["phone"] for line in today["call"]} == {"+49 30 5550101", "+41 44 5550103"}
    assert all("bite is missing" in line["point"] for line in today["call"])


def test_at_noon_everything_is_handed_on_or_stated(morning: MorningLab) -> None:
    """One place at the CAD for each case, two for the rescanned one; one case was sent back, one was another one again."""
    today, states = morning.seen["noon"]
    assert set(today) == {"new", "ready", "rush", "closed", "quarantine"}
    open_ones = {place: state for place, state in states.items() if state not in ("handed-on", "closed")}
    assert open_ones == {morning.place("closed, sent back"): "quarantine"}
    assert [line["what"] for line in today["quarantine"]] == ["rejected by anna"]
    handed_on = {place for place, state in states.items() if state == "handed-on"}
    assert len({place.partition("-r")[0] for place in handed_on}) == len(night()) - 2
    assert {path.name for path in (morning.root / "out" / "cad").iterdir()} == handed_on
    again = morning.place("at the CAD")
    assert {place for place in handed_on if place.startswith(again)} == {again, f"{again}-r3"}


def test_what_lies_at_the_cad_is_whole(morning: MorningLab) -> None:
    """Every file of every place is the one that its manifest names; what a person decided travels along."""
    for place in (morning.root / "out" / "cad").iterdir():
        manifest = json.loads((place / "manifest.json").read_text("utf-8"))
        files = {path.name: sha256(path.read_bytes()).hexdigest() for path in place.iterdir() if path.is_file()}
        assert {file["name"]: file["sha256"] for file in manifest["files"]}.items() <= files.items()
    accepted = morning.root / "out" / "cad" / f"{morning.place('at the CAD')}-r3" / "manifest.json"
    (decision,) = json.loads(accepted.read_text("utf-8"))["desk"]["decisions"]
    assert (decision["by"], decision["note"], decision["overruled"]) == ("anna", "new margin at 26", ["case.revised"])


STORIES: dict[str, list[tuple[str, str]]] = {
    "trios rush and late": [("verdict", "ready"), ("assigned", "anna")],
    "no bite, joined": [("verdict", "office"), ("contacted", "anna"), ("added", "anna"), ("verdict", "ready")],
    "no bite, merged": [("verdict", "office"), ("contacted", "anna"), ("joined", "anna"), ("verdict", "ready")],
    "no bite, exported again": [("verdict", "office"), ("contacted", "Jörg"), ("verdict", "ready")],
    "late bite": [("verdict", "review"), ("merged", "anna")],
    "swapped in itero": [("verdict", "review"), ("answered", "anna"), ("verdict", "ready")],
    "closed, sent again": [("verdict", "review"), ("contacted", "anna"), ("verdict", "ready")],
    "closed, sent back": [("verdict", "review"), ("decided", "anna")],
    "nobody knows them": [("verdict", "review"), ("answered", "anna"), ("verdict", "ready")],
    "twice": [("verdict", "review"), ("duplicate", "anna")],
    "at the CAD": [("verdict", "ready"), ("verdict", "review"), ("verdict", "review"), ("decided", "anna")],
}


@pytest.mark.parametrize("name", STORIES)
def test_the_ledger_tells_the_story_of_a_case(morning: MorningLab, desk: Desk, name: str) -> None:
    """Who did what, and what came out, in the order in which it happened."""
    assert story(desk, morning, name) == [(f"case.{kind}", who) for kind, who in STORIES[name]]


def test_show_leaves_nothing_of_a_story_out(morning: MorningLab, desk: Desk) -> None:
    """Every case came, was checked, and has an intent before each receipt; `cases show` has a line for each event."""
    for name, ref in morning.cases.items():
        events = desk.ledger.events(ref)
        kinds = [event.kind for event in events]
        assert kinds[:2] == ["case.registered", "case.arrived"], name
        assert kinds.count("delivery.intent") == kinds.count("delivery.sent"), name
        assert all("delivery.intent" in kinds[:at] for at, kind in enumerate(kinds) if kind == "delivery.sent"), name
        told = morning.desk("cases", "show", ref).out.partition("What happened")[2].splitlines()[1:]
        assert [
            kind for line in told for kind in re.findall(r"(?<= )(?:case|step|delivery)\.[a-z-]+", line)[:1]
        ] == kinds
    assert morning.desk("ledger", "verify").out == "ok\n"


def test_two_people_who_answer_at_once_do_not_mix(morning: MorningLab) -> None:
    """One of them counts whole; the other was refused, or came first and was answered over."""
    ends, answers = morning.seen["two at once"]
    assert {said.code for said in ends} <= {0, 7}
    assert 0 in {said.code for said in ends}
    refused = [said.err for said in ends if said.code]
    assert all("CP160" in err for err in refused)
    last = {answer["target"]: answer for answer in answers}
    assert len(last) == 2
    assert len({(answer["by"], answer["value"]) for answer in last.values()}) == 1
    assert len(answers) == 2 * (2 - len(refused))


def test_a_broken_list_of_practices_changes_nothing(morning: MorningLab, desk: Desk) -> None:
    """The last good one stays, also for a practice that was added this morning; the trouble is said on top, with its line."""
    today, listed = morning.seen["broken"]
    assert "practices.toml cannot be read" in today["trouble"][0]["what"]
    assert listed.code == 3
    assert re.search(r"practices.toml: not valid TOML: .*line \d+", listed.err)
    rows = {row.place: row for row in desk.ledger.cases()}
    assert rows[morning.place("nobody knows them")].practice == "nord"
    assert rows[f"{morning.place('at the CAD')}-r3"].practice == "see"
    assert "practice.list-broken" in morning.desk("cases", "show", f"{morning.place('at the CAD')}-r3").out


def test_a_clock_set_back_stops_nobody(morning: MorningLab, desk: Desk) -> None:
    """What came in that hour was handed on at once; the log says what happened, and the trail keeps its order."""
    log = (morning.root / "state" / "log" / "casepan.jsonl").read_text("utf-8")
    (note,) = [json.loads(line) for line in log.splitlines() if "clock.set-back" in line]
    assert 3000 < note["seconds"] <= 3600
    times = [event.at for event in desk.ledger.events(morning.place("no bite, joined"))]
    assert times != sorted(times), "the hour was really gone back"


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("Müßiggänger", "medit umlauts"), ("mu\u0308ssigga\u0308nger", "medit umlauts"), ("Zoë Schön", "medit decomposed"),
        (DECOMPOSED, "medit decomposed"), (RTL, "medit rtl"), ("Maria Berg", "medit long"),
    ],
)  # fmt: skip
def test_a_case_is_found_by_any_name(morning: MorningLab, asked: str, name: str) -> None:
    """Umlauts composed or not, from right to left, a hundred letters; who asked is in the ledger."""
    found = morning.document("find", "name", asked, "--by", "anna")["cases"]
    assert morning.place(name) in [row["ref"] for row in found]


def test_no_name_of_a_patient_was_said_aloud(morning: MorningLab) -> None:
    """Not by any command of the morning, not in the log, not at the CAD, not in an export of the ledger."""
    names = ("Müßiggänger", RTL, DECOMPOSED, LONG, "Muster", "Roe, Ann")
    shown = [text for text in morning.printed if "is in quarantine." not in text]
    exported = morning.desk("ledger", "export").out
    log = (morning.root / "state" / "log" / "casepan.jsonl").read_text("utf-8")
    at_cad = "".join(path.read_text("utf-8") for path in (morning.root / "out" / "cad").glob("*/manifest.json"))
    places = " ".join(str(path.relative_to(morning.root)) for path in (morning.root / "out").rglob("*"))
    for said in (*shown, exported, log, at_cad, places):
        assert not [name for name in names if name in said]
