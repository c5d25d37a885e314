"""What the lab says of findings, and which thresholds follow."""

from __future__ import annotations

import json
from typing import Any

import pytest
from attrs import evolve

from casepan.errors import StateError, UsageError
from casepan.operate.marking import calibrate
from casepan.running.ledger.lists import MarkRow
from casepan.running.rebuilding import rebuild

from .conftest import HOLE, MISSING


def marks(right: list[float], wrong: list[float], limit: float | None = 1.0) -> list[MarkRow]:
    """Marks of one check."""
    said = [(value, True) for value in right] + [(value, False) for value in wrong]
    return [MarkRow(f"R{n}", 1, "a", "mesh.hole", agrees, value, limit, "mm") for n, (value, agrees) in enumerate(said)]


def test_the_threshold_keeps_all_that_was_right_and_drops_what_it_can() -> None:
    """Half way between the last that goes and the first that stays."""
    made = calibrate("mesh.hole", marks([3.0, 4.0, 5.0, 6.0, 7.0], [1.1, 1.5, 2.0, 3.5, 2.2]))
    assert (made.right, made.wrong, made.limits, made.above) == (5, 5, (1.0,), True)
    assert (made.threshold, made.dropped) == (2.6, 4)
    assert "keeps all 5" in made.words


def test_findings_below_a_limit_go_the_other_way() -> None:
    """A clearance that is too small."""
    made = calibrate("bite.clearance", marks([0.1, 0.2, 0.15, 0.12, 0.3], [0.9, 0.8, 0.25, 0.7, 0.6]))
    assert made.above is False
    assert made.threshold is not None
    assert 0.3 < made.threshold < 0.6
    assert made.dropped == 4


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (marks([2.0] * 3, [1.5]), "too few marks for a threshold: 4 with a value, 10 are needed"),
        (marks([], [2.0] * 12), "all 12 were wrong"),
        (marks([2.0] * 12, []), "the limit stays"),
        (marks([2.0] * 6, [0.5] * 6), "both sides"),
        (marks([1.1] * 6, [2.0] * 6), "no threshold drops"),
        (marks([2.0] * 6, [1.5] * 6, None), "measures nothing"),
    ],
)
def test_without_a_threshold_it_says_why(rows: list[MarkRow], words: str) -> None:
    """Honestly, and with counts."""
    made = calibrate("mesh.hole", rows)
    assert words in made.words
    assert (made.threshold, made.dropped) == (None, 0)


def test_marks_go_from_the_case_to_the_calibration(lab: Any, say: Any) -> None:
    """With the ids that `cases show` lists; said twice it changes nothing, said otherwise it counts otherwise."""
    place = lab.take(findings=[HOLE, MISSING])
    assert "Nobody has marked" in say("rules", "calibration")
    document = json.loads(say("cases", "show", place, "--json"))
    codes = [one["code"] for one in document["case"]["findings"]]
    name = document["finding_ids"][codes.index("mesh.hole")]
    assert "is marked wrong" in say("findings", "mark", place, name, "wrong", "--by", "anna")
    assert "already" in say("findings", "mark", place, name, "wrong", "--by", "anna")
    assert json.loads(say("findings", "mark", place, name, "right", "--by", "ben", "--json"))["changed"]
    assert "is marked wrong" in say("findings", "mark", place, "completeness.missing-scan", "wrong", "--by", "anna")
    shown = say("cases", "show", place)
    assert f"{name} warning mesh.hole [upper]: there is a hole (marked right)" in shown
    table = say("rules", "calibration").splitlines()
    assert table[2].startswith("mesh.hole\t1\t0\t1 mm\t\ttoo few marks")
    checks = json.loads(say("rules", "calibration", "--json"))["checks"]
    assert [(one["code"], one["right"], one["wrong"]) for one in checks] == [
        ("completeness.missing-scan", 0, 1), ("mesh.hole", 1, 0),
    ]  # fmt: skip


def test_a_finding_that_is_not_there_cannot_be_marked(lab: Any, say: Any) -> None:
    """The ones that are there are named; a code that stands for two is not enough."""
    place = lab.take(findings=[HOLE, evolve(HOLE, scan="lower")])
    with pytest.raises(UsageError, match="no such finding") as wrong:
        say("findings", "mark", place, "ffffff", "right", "--by", "anna")
    assert "mesh.hole" in str(wrong.value.hint)
    with pytest.raises(UsageError, match="several"):
        say("findings", "mark", place, "mesh.hole", "right", "--by", "anna")
    with pytest.raises(UsageError, match="no case"):
        say("findings", "mark", "ZZZZ-ZZ", "mesh.hole", "right", "--by", "anna")
    clean = lab.take()
    with pytest.raises(UsageError, match="no such finding"):
        say("findings", "mark", clean, "mesh.hole", "right", "--by", "anna")
    with lab.desk() as desk, pytest.raises(StateError, match="any more"):
        desk.ledger.mark_finding(place, 1, "ffffff", agrees=True, who="anna")


def test_marks_outlive_the_ledger(lab: Any, say: Any) -> None:
    """They lie beside the case, and are events with who and what."""
    place = lab.take(findings=[HOLE])
    say("findings", "mark", place, "mesh.hole", "wrong", "--by", "anna")
    with lab.desk() as desk:
        (event,) = [one for one in desk.ledger.events(place) if one.kind == "finding.marked"]
        before = desk.ledger.marks()
        loaded = desk.lab
    assert json.loads(event.detail)["who"] == "anna"
    for path in lab.state.root.glob("ledger.sqlite*"):
        path.unlink()
    rebuild(loaded)
    with lab.desk() as desk:
        assert [evolve(one, unit=None) for one in desk.ledger.marks()] == [evolve(one, unit=None) for one in before]
