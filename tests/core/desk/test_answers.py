"""Answers over a case: what may be set, what is refused, and what a later revision inherits."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from attrs import evolve

from casepan.errors import UsageError
from casepan.model.case import Case
from casepan.model.decided import Answer, Desk
from casepan.model.finding import Finding
from casepan.model.prescription import Implant, WorkItem
from casepan.running.answers import checked, overlaid

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def answered(case: Case, *assignments: str, revision: int = 1, earlier: Case | None = None) -> Case:
    """The case with answers of this revision over it."""
    base = earlier or case
    answers = tuple(Answer(t, v, "anna", NOW, revision=revision) for t, v in checked(assignments, base))
    return overlaid(case, Desk(answers=answers), lambda _: earlier)


def test_every_kind_of_field_can_be_set(case: Any, scan: Any) -> None:
    """Scans, items, the order and the practice; each with provenance lab where a field knows its own."""
    before = case(scan("other-1", "other"), items=(WorkItem("1", (16,)),))
    after = answered(
        before, "scan.other-1.role=bite", "scan.other-1.arch=upper", "scan.other-1.number=2", "scan.other-1.preferred=no",
        "item.1.teeth=26-27", "item.1.kind=crown", "item.1.material=zirconia", "item.1.shade=a3,5", "item.1.implant.system=X",
        "rx.due=2026-01-31", "rx.rush=yes", "rx.physical=model, bite", "rx.appointment=2026-02-01T10:30", "practice=bright",
    )  # fmt: skip
    (made,), (item,), order = after.scans, after.prescription.items, after.prescription
    assert (made.role, made.arch, made.number, made.preferred) == ("bite", "upper", 2, False)
    assert (item.teeth, item.kind, item.material, item.shade) == ((26, 27), "crown", "zirconia", "A3.5")
    assert (item.shade_guide, item.implant, item.provenance["teeth"]) == ("VITA Classical", Implant(system="X"), "lab")
    assert (order.due, order.rush, order.physical, after.practice) == (
        date(2026, 1, 31),
        True,
        ("model", "bite"),
        "bright",
    )
    assert order.provenance["due"] == "lab"
    assert before.scans[0].role == "other"


def test_a_new_item_of_one_command_is_one_item(case: Any) -> None:
    """Its id is the lab's own, and the next command may speak of it."""
    once = answered(case(), "item.new.teeth=26", "item.new.kind=crown")
    (item,) = once.prescription.items
    assert (item.id, item.teeth, item.kind) == ("lab-1", (26,), "crown")
    assert checked(["item.lab-1.shade=A2"], once) == (("item.lab-1.shade", "A2"),)
    assert checked(["item.new.kind=inlay"], once) == (("item.lab-2.kind", "inlay"),)


WRONG = {
    "scan.bite-1.role=bitte": "Did you mean 'bite'",
    "scan.bite-1.role=photo": "role that a scan can have",
    "scan.bit-1.role=bite": "Did you mean 'bite-1'",
    "scan.bite-1.rolle=bite": "Did you mean 'role'",
    "scan.bite-1.arch=left": "Possible here: upper, lower, both",
    "scan.bite-1.number=many": "number of a scan",
    "scan.bite-1.preferred=perhaps": "neither yes nor no",
    "item.1.teeth=19": "not a tooth number",
    "item.1.teeth=13-33": "not a range",
    "item.2.teeth=26": "no item of the order '2'",
    "item.1.kind=crwn": "Did you mean 'crown'",
    "item.1.material=zircon": "Did you mean 'zirconia'",
    "item.new.teeth=26": "needs its kind",
    "rx.due=tomorrow": "no day",
    "rx.appointment=noon": "no time",
    "rx.dew=2026-01-31": "Did you mean 'due'",
    "patient.name=Roe": "nothing that can be set",
    "scan.bite-1.role": "TARGET=VALUE",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_does_not_fit_is_refused_with_what_would(wrong: str, case: Any, scan: Any) -> None:
    """A usage error that says what comes near; a good answer beside it counts no more than the bad one."""
    before = case(scan("bite-1", "bite"), items=(WorkItem("1", (16,)),))
    with pytest.raises(UsageError) as caught:
        checked(["rx.rush=yes", wrong], before)
    assert WRONG[wrong] in str(caught.value)


def test_one_target_cannot_have_two_values(case: Any) -> None:
    """Nobody guesses which one was meant; saying the same twice is fine."""
    with pytest.raises(UsageError, match="set twice"):
        checked(["rx.rush=yes", "rx.rush=no"], case())
    assert checked(["rx.rush=yes", "rx.rush=yes"], case()) == (("rx.rush", "yes"),)
    with pytest.raises(UsageError, match="nothing is set"):
        checked([], case())


def test_names_that_were_typed_are_not_quoted_in_the_reason(case: Any) -> None:
    """What is long or odd may be a name; the message stays without it."""
    with pytest.raises(UsageError) as caught:
        checked(["Sentinel Surname, born Other=1"], case())
    assert "Sentinel" not in caught.value.reason


def test_a_later_revision_inherits_what_still_answers_something(case: Any, scan: Any) -> None:
    """The same scan by content or by name, the same field with the same words of the office."""
    items = (WorkItem("1", (16,)),)
    first = case(scan("other-1", "other", path="a/x.stl"), items=items)
    rescan = case(scan("other-1", "other", path="b/X (1).stl", content="new"), items=items, revision=2)
    after = answered(rescan, "scan.other-1.role=bite", "item.1.shade=A2", "rx.rush=yes", "practice=b", earlier=first)
    assert (after.scans[0].role, after.prescription.items[0].shade, after.prescription.rush) == ("bite", "A2", True)
    assert (after.practice, after.findings) == ("b", ())


def test_an_answer_that_the_new_files_contradict_is_dropped_visibly(case: Any, scan: Any) -> None:
    """The office says 27 now; what the lab set by telephone does not silently win."""
    first = case(items=(WorkItem("1", (16,)),))
    second = case(items=(WorkItem("1", (27,)),), revision=2)
    after = answered(second, "item.1.teeth=26", earlier=first)
    assert after.prescription.items[0].teeth == (27,)
    assert [(f.code, f.severity) for f in after.findings] == [("case.answer-dropped", "warning")]
    assert "item.1.teeth" in after.findings[0].message


GONE = {
    "scan.other-1.role=bite": "info",
    "item.1.shade=A2": "info",
    "item.new.kind=crown": "warning",
}


@pytest.mark.parametrize("assignment", GONE)
def test_an_answer_to_what_is_gone_is_dropped(assignment: str, case: Any, scan: Any) -> None:
    """Another scan under the same id is not the same scan; items that the office orders now replace the lab's own."""
    first = case(scan("other-1", "other"), items=(WorkItem("1", (16,)),))
    second = case(scan("other-1", "other", path="y.stl", content="y"), items=(WorkItem("7", (26,)),), revision=2)
    after = answered(second, assignment, earlier=first)
    assert evolve(after, findings=(), desk=Desk()) == second
    assert [finding.severity for finding in after.findings] == [GONE[assignment]]


def test_an_answer_whose_revision_is_gone_is_dropped(case: Any) -> None:
    """Its folder was purged: nobody knows what the files said then."""
    desk = Desk(answers=(Answer("rx.rush", "yes", "anna", NOW),))
    after = overlaid(case(revision=2), desk, lambda _: None)
    assert not after.prescription.rush
    assert after.findings[0].code == "case.answer-dropped"


def test_what_the_reader_asked_is_settled_by_its_answer(case: Any) -> None:
    """Marked teeth and conflicts are information once somebody has said what counts; other questions stay."""
    marked = Finding("arrival.teeth-marked", "warning", "teeth are marked", hint="say them")
    shade = Finding("rx.conflict", "warning", "tooth 16: shade differs between the order and the file", teeth=(16,))
    other = Finding("rx.conflict", "warning", "tooth 17: shade differs between the order and the file", teeth=(17,))
    due = Finding("rx.conflict", "warning", "due differs between the order and the file")
    before = case(items=(WorkItem("1", (16,)),), findings=(marked, shade, other, due))
    after = answered(before, "item.1.shade=A2", "item.1.teeth=16", "rx.due=2026-01-31")
    assert [finding.severity for finding in after.findings] == ["info", "info", "warning", "info"]
    assert "answered by the laboratory" in after.findings[0].message
