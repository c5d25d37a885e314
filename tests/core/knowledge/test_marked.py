"""Teeth marked with # in names: offered where the notation leaves no doubt, asked for where it does."""

from __future__ import annotations

import pytest

from casepan.knowledge.marked import marked_teeth, with_marked_teeth
from casepan.model.case import Case, CaseKey, Origin
from casepan.model.prescription import Prescription, WorkItem

CERTAIN = [
    ("Roe #46", "fdi", (46,)),
    ("Roe #46,47 Dr", "fdi", (46, 47)),
    ("Roe # 11, 47", "fdi", (11, 47)),
    ("#36 #37", "fdi", (36, 37)),
    ("#75", "fdi", (75,)),
    ("Roe #3", "universal", (16,)),
    ("#14 & #30", "universal", (26, 46)),
    ("#9+#10", "universal", (21, 22)),
]


@pytest.mark.parametrize(("name", "notation", "teeth"), CERTAIN)
def test_a_number_that_is_a_tooth_in_one_notation_only(name: str, notation: str, teeth: tuple[int, ...]) -> None:
    """One such number settles all others of the name."""
    marked = marked_teeth(name)
    assert (marked.notation, marked.teeth) == (notation, teeth)


@pytest.mark.parametrize("name", ["Roe #26", "#11,12", "#14", "#31 #32"])
def test_numbers_of_both_notations_are_open(name: str) -> None:
    """They are reported as written, and no tooth is guessed."""
    marked = marked_teeth(name)
    assert marked.numbers
    assert (marked.notation, marked.teeth) == (None, ())


@pytest.mark.parametrize(
    "name", ["Roe 46", "#300000005", "#11-13", "#46 - 47", "#99", "#3, #46", "#", "2026-03-46", "#146"]
)
def test_what_is_no_list_of_teeth_is_left_alone(name: str) -> None:
    """Order numbers, ranges, dates, and lists that fit neither notation."""
    assert marked_teeth(name).teeth == ()
    assert marked_teeth(name).notation is None


def case(*items: WorkItem) -> Case:
    """A case with an order."""
    return Case("K7Q2-M4", CaseKey("trios", "x"), Origin("trios.order"), prescription=Prescription(items))


def test_certain_teeth_are_offered() -> None:
    """With their provenance, and a finding that asks to compare."""
    offered = with_marked_teeth(case(), "Roe #46", "Roe #46")
    assert [(item.teeth, item.provenance) for item in offered.prescription.items] == [((46,), {"teeth": "name"})]
    assert [finding.code for finding in offered.findings] == ["arrival.teeth-from-name"]


def test_open_teeth_are_asked_for() -> None:
    """Nothing is ordered; the finding quotes the numbers and no name."""
    asked = with_marked_teeth(case(), "Roe #26")
    assert asked.prescription.items == ()
    (finding,) = asked.findings
    assert (finding.code, finding.severity) == ("arrival.teeth-marked", "warning")
    assert "26" in finding.message
    assert "Roe" not in finding.message


def test_an_order_makes_marks_superfluous() -> None:
    """What the scanner says counts."""
    ordered = case(WorkItem("1", (11,)))
    assert with_marked_teeth(ordered, "Roe #46") is ordered
