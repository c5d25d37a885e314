"""Answers to real cases: what runs again, what is refused, what survives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest

from casepan.contract.specs import ValidatorSpec
from casepan.errors import StateError, UsageError
from casepan.knowledge.completeness import completeness_rules, lacks
from casepan.model.case import Case
from casepan.model.finding import Finding
from casepan.model.prescription import WorkItem
from casepan.model.vocabulary import KINDS
from casepan.operate.answering import advice, answer
from casepan.operate.deciding import decide
from casepan.operate.desk import asked_case, show_case
from casepan.registry import Registry
from casepan.running.answers import parse_target
from casepan.running.ledger import Ledger
from casepan.running.rebuilding import rebuild

from .conftest import LAB, OFFICE

UNNAMED = {"upper": "upper.stl", "lower": "lower.stl", "bite": "thing.stl"}
ANSWERS = ["scan.other.role=bite", "item.new.teeth=26", "item.new.kind=crown"]


def give(lab: Any, place: str, *assignments: str) -> Any:
    """Anna answers."""
    with lab.desk() as desk:
        return answer(desk, place, assignments, by="anna", note="rang them")


def test_an_answer_lets_the_case_go_on_and_the_source_stays_untouched(lab: Any) -> None:
    """The unnamed scan is the bite: checked again, handed on; the same answer once more changes nothing."""
    lab.drop("Roe", **UNNAMED)
    before = {path: path.read_bytes() for path in (lab.root / "inbox").rglob("*.stl")}
    lab.run()
    place = lab.only().place
    assert give(lab, place, *ANSWERS).changed
    assert lab.only().state == "checking"
    lab.run()
    assert (lab.only().state, lab.delivered("cad")) == ("handed-on", {place})
    assert {path: path.read_bytes() for path in (lab.root / "inbox").rglob("*.stl")} == before
    assert not give(lab, place, "scan.other.role=bite").changed


def test_only_the_steps_that_depend_on_an_answer_run_again(lab: Any) -> None:
    """A word of the order changes nothing that a look at the scans depends on."""
    lab.drop("Roe", **UNNAMED)
    lab.run()
    place = lab.only().place
    give(lab, place, "rx.rush=yes", "practice=bright")
    lab.run()
    assert (lab.ran(place, "require-scans"), lab.ran(place, "mesh-sanity")) == (1, 1)
    give(lab, place, "scan.other.role=bite")
    lab.run()
    assert (lab.ran(place, "require-scans"), lab.ran(place, "mesh-sanity")) == (2, 2)


def test_what_checks_say_they_read_are_fields_of_a_case() -> None:
    """A misspelt one would let a step run never again."""
    specs = Registry.load().stages(ValidatorSpec)
    read = {name for spec in specs for name in spec.reads}  # type: ignore[attr-defined]
    assert "scans" in read
    assert read <= set(attrs.fields_dict(Case))


def test_nothing_is_half_done_when_one_of_several_answers_is_wrong(lab: Any) -> None:
    """The good one is not kept either, and the case stays where it is."""
    lab.drop("Roe", **UNNAMED)
    lab.run()
    place = lab.only().place
    with pytest.raises(UsageError, match="not a tooth"):
        give(lab, place, "scan.other.role=bite", "item.new.kind=crown", "item.new.teeth=19")
    with lab.desk() as desk:
        assert desk.ledger.desk(place, 1).answers == ()
    assert lab.only().state == "office"


def test_a_case_in_work_takes_no_answers(lab: Any) -> None:
    """Its child would not know; nor does one that is closed."""
    lab.drop("Roe", **UNNAMED)
    lab.run()
    place = lab.only().place
    give(lab, place, "rx.rush=yes")
    with lab.desk() as desk:
        claim = desk.ledger.claim_case("somebody", ["p"], lease=60.0)
        with pytest.raises(StateError, match="in work right now"):
            answer(desk, place, ["rx.rush=no"], by="anna")
        desk.ledger.give_back(claim)
        desk.ledger.close_case(place, 1, who="anna")
        with pytest.raises(StateError, match="closed"):
            answer(desk, place, ["rx.rush=no"], by="anna")


TWO = """
import sys, time
from pathlib import Path
import casepan.operate.answering as answering
from casepan.errors import StateError
from casepan.operate.desk import open_desk

mine, other, place, value = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]
checked = answering.checked

def waiting(*arguments):
    made = checked(*arguments)
    mine.touch()
    while not other.exists():
        time.sleep(0.01)
    return made

answering.checked = waiting
with open_desk(Path("lab.toml")) as desk:
    try:
        answering.answer(desk, place, [f"rx.notes={value}"], by=value)
    except StateError as error:
        sys.exit(error.reason)
"""


def test_of_two_answers_at_once_one_counts_and_the_other_is_told(lab: Any) -> None:
    """Two processes that both have seen the case before either of them answered."""
    lab.drop("Roe", **UNNAMED)
    lab.run()
    place = lab.only().place
    marks = [str(lab.root / name) for name in ("one", "two")]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", TWO, mine, other, place, Path(mine).name], cwd=lab.root, stderr=subprocess.PIPE, text=True
        )
        for mine, other in (marks, marks[::-1])
    ]  # fmt: skip
    said = [process.communicate(timeout=60)[1] for process in running]
    assert sorted(process.returncode for process in running) == [0, 1]
    assert "somebody else answered this case a moment ago" in "".join(said)
    with lab.desk() as desk:
        assert len(desk.ledger.desk(place, 1).answers) == 1


def test_the_order_of_answers_is_that_of_giving_them_also_when_the_clock_is_set_back(tmp_path: Path) -> None:
    """The later one counts, whatever its time says."""
    moment = [1_700_000_000.0]
    ledger = Ledger(tmp_path / "ledger.sqlite", clock=lambda: moment[0])
    with ledger.transaction():
        ledger.change(
            "insert into cases(ref, revision, key_hash, digest, adapter, arrival, pipeline, state, received, at)"
            " values('K7Q2-M4', 1, 'k', 'd', 'core', 'A', 'p', 'review', '', '')"
        )
    ledger.answer("K7Q2-M4", 1, [("rx.rush", "yes")], seen=0, who="anna")
    moment[0] -= 86_400.0
    ledger.answer("K7Q2-M4", 1, [("rx.rush", "no")], seen=ledger.last_answer("K7Q2-M4"), who="ben")
    given = ledger.desk("K7Q2-M4", 1).answers
    assert [answer.by for answer in given] == ["anna", "ben"]
    assert given[1].at < given[0].at
    assert ledger.verify() == ()
    ledger.close()


def test_answers_and_decisions_survive_a_lost_ledger(lab: Any) -> None:
    """A copy lies beside the case: what was answered, accepted, assigned and linked is there again."""
    lab.drop("Roe", **UNNAMED)
    lab.drop("Doe", seed=1, upper="upper.stl", lower="lower.stl")
    lab.run()
    doe, roe = _by_scans(lab)
    give(lab, roe, *ANSWERS)
    lab.run()
    with lab.desk() as desk:
        decide(desk, doe, "accept", by="ben", note="no bite needed")
        desk.ledger.assign(doe, to="ben", department=None, who="anna")
    lab.run()
    before = {place: (row.state, row.verdict, row.assignee) for place, row in lab.rows().items()}
    for path in (lab.root / "state").glob("ledger.sqlite*"):
        path.unlink()
    assert rebuild(lab.loaded()) == 2
    after = {place: (row.state, row.verdict, row.assignee) for place, row in lab.rows().items()}
    assert after == before
    with lab.desk() as desk:
        assert [one.target for one in desk.ledger.desk(roe, 1).answers] == [
            "scan.other.role", "item.lab-1.teeth", "item.lab-1.kind"
        ]  # fmt: skip
        assert [(one.what, one.by, one.note) for one in desk.ledger.desk(doe, 1).decisions] == [
            ("accept", "ben", "no bite needed")
        ]
        assert desk.ledger.verify() == ()
    lab.run()
    assert lab.delivered("cad") == {roe, doe}


def test_an_answer_that_was_not_checked_when_the_ledger_was_lost_is_checked(lab: Any) -> None:
    """The result on disk is older than the answer: it counts no more."""
    lab.drop("Roe", **UNNAMED)
    lab.run()
    place = lab.only().place
    give(lab, place, *ANSWERS)
    for path in (lab.root / "state").glob("ledger.sqlite*"):
        path.unlink()
    rebuild(lab.loaded())
    assert lab.only().state == "checking"
    lab.run()
    assert lab.only().state == "handed-on"


def test_an_export_of_the_ledger_hides_what_people_typed(lab: Any) -> None:
    """Values and notes come out as salted hashes; who did what and when stays."""
    lab.drop("Roe", **UNNAMED)
    lab.run()
    with lab.desk() as desk:
        answer(desk, lab_place(desk), ["rx.notes=Sentinel Surname"], by="anna", note="Doctor Sentinel said so")
        text = "\n".join(desk.ledger.export())
    assert "Sentinel" not in text
    assert '"target": "rx.notes"' in text
    assert "case.answered" in text
    assert "anna" in text


def lab_place(desk: Any) -> str:
    """The one case there is."""
    return str(desk.ledger.cases()[0].place)


def test_what_was_handed_on_becomes_a_new_revision_by_an_answer(lab: Any) -> None:
    """The delivered one is not touched; the new one waits for review and says which field changed."""
    lab.drop("Roe", upper="upper.stl", lower="lower.stl", bite="bite.stl")
    lab.run()
    ref = lab.only().ref
    assert give(lab, ref, "item.new.teeth=26", "item.new.kind=crown").place == f"{ref}-r2"
    lab.run()
    row = lab.rows()[f"{ref}-r2"]
    assert (row.state, row.reason, lab.delivered("cad")) == ("review", "case.revised", {ref})
    with lab.desk() as desk:
        shown = show_case(desk, row.place)
        assert shown.case is not None
        assert {change.name for change in shown.case.desk.changes} == {"item.lab-1.teeth", "item.lab-1.kind"}
        decide(desk, row.place, "accept", by="anna", note="")
    lab.run()
    assert lab.delivered("cad") == {ref, f"{ref}-r2"}


@pytest.mark.parametrize(("existing", "names"), [("revise", {"", "-v2"}), ("replace", {""})])
def test_what_a_held_case_has_sent_is_not_overwritten_by_its_answer(lab: Any, existing: str, names: set[str]) -> None:
    """The report of the held case stays beside the one of the answered case, unless the lab wants it replaced."""
    lab.write(LAB + OFFICE.format(existing=existing))
    lab.drop("Roe", **UNNAMED)
    lab.run()
    place = lab.only().place
    give(lab, place, "scan.other.role=bite")
    lab.run()
    assert lab.only().state == "handed-on"
    assert lab.delivered("office") == {f"{place}{name}" for name in names}


def test_every_question_names_the_command_that_answers_it(lab: Any) -> None:
    """With the ids of this very case, ready to type."""
    lab.drop("Roe", **UNNAMED)
    lab.drop("Doe", seed=1, upper="upper.stl", lower="lower.stl")
    lab.run()
    with lab.desk() as desk:
        said = set()
        for row in desk.ledger.cases():
            asked = asked_case(desk, row)
            shown = show_case(desk, row.place).case
            assert shown is not None
            said |= {advice(desk, asked, finding) for finding in shown.findings}
    assert {"set" if " set " in line else "add" for line in said if line} == {"set", "add"}
    assert any(line and "scan.other.role=ROLE" in line for line in said)


def test_every_finding_that_asks_has_a_command(lab: Any, case: Any) -> None:
    """Whatever a plugin can raise: what is no information is answered, at the least by accepting it."""
    lab.run()
    pages = [page for page in Registry.load().finding_docs().values() if page.severity != "info"]
    assert len(pages) > 20
    with lab.desk() as desk:
        for page in pages:
            line = advice(desk, case(), Finding(page.code, "warning", page.title))
            assert line is not None
            assert line.startswith(("casepan cases ", "casepan practices link "))
            assert "K7Q2-M4" in line
            assert "CASE" not in line
            assert line.split()[2] in ("accept", "add", "set", "merge", "duplicate-of", "link")


def test_the_command_for_a_missing_field_names_a_field_that_can_be_set(lab: Any, case: Any) -> None:
    """For every field that any kind of work may lack."""
    lab.run()
    kinds: Any = KINDS[:8]
    work = case(items=tuple(WorkItem(str(n), (n,), kind=kind) for n, kind in enumerate(kinds, 11)))
    found = [lack for lack in lacks(work, completeness_rules({})) if lack.what == "field"]
    assert len(found) > 3
    with lab.desk() as desk:
        for lack in found:
            finding = Finding("completeness.missing-field", "warning", lack.sentence, teeth=lack.teeth)
            line = advice(desk, work, finding)
            assert line is not None
            targets = [word.partition("=")[0] for word in line.split() if "=" in word]
            assert [str(parse_target(target, work)) for target in targets] == targets


def _by_scans(lab: Any) -> tuple[str, str]:
    """Places: the case without an unnamed scan, then the one with it."""
    with lab.desk() as desk:
        rows = desk.ledger.cases()
        first = [row.place for row in rows if len(asked_case(desk, row).scans) == 2]
        second = [row.place for row in rows if len(asked_case(desk, row).scans) == 3]
    return first[0], second[0]
