"""A run from an inbox to receipts, with real child processes and fake stages."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from casepan.config.lab import AdapterTable, When
from casepan.errors import AdapterError, ConfigError, StateError
from casepan.operate.deciding import decide
from casepan.operate.desk import Desk
from casepan.running.layout import StateFolder
from casepan.running.quarantine import read_reason

SENTINEL = "Sentinel Surname"


def only(report: Any) -> Any:
    """The one case of a report."""
    (case,) = report.cases
    return case


def test_a_case_goes_from_the_inbox_to_its_receipt(fake: Any, act: Any, send: Any) -> None:
    """Every step once, one delivery, one receipt, exit code 0, the source untouched."""
    source = fake.drop()
    before = {path.name: path.read_bytes() for path in source.iterdir()}
    report = fake.run(fake.lab(act(), export=(send(),)))
    case = only(report)
    assert (case.case.state, case.case.verdict, report.exit_code) == ("handed-on", "accept", 0)
    assert [delivery.state for delivery in case.deliveries] == ["sent"]
    assert (fake.root / "out/out" / f"{case.case.ref}.txt").read_text() == case.deliveries[0].key
    assert {path.name: path.read_bytes() for path in source.iterdir()} == before


def test_a_second_run_does_nothing(fake: Any, act: Any, send: Any) -> None:
    """What was seen is not read again, what was sent is not sent again."""
    fake.drop()
    lab = fake.lab(act(), export=(send(),))
    fake.run(lab)
    calls = fake.traces()
    report = fake.run(lab)
    assert fake.traces() == calls
    assert (report.cases, report.exit_code) == ((), 0)


def test_the_same_order_under_another_name_is_only_seen_again(fake: Any, act: Any, send: Any) -> None:
    """Same key, same content: recorded, not run."""
    fake.drop(order={"id": "v"})
    lab = fake.lab(act(), export=(send(),))
    first = only(fake.run(lab)).case
    fake.drop("a copy", order={"id": "v"})
    again = only(fake.run(lab)).case
    assert (again.ref, again.revision) == (first.ref, 1)
    assert fake.traces()["act-nothing"] == 1
    ledger = fake.ledger()
    kinds = [event.kind for event in ledger.events(first.ref)]
    ledger.close()
    assert kinds.count("case.seen-again") == 1


def accept(fake: Any, lab: Any, place: str) -> None:
    """A person accepts a held case."""
    ledger = fake.ledger()
    decide(Desk(lab, StateFolder(fake.root / "state"), ledger), place, "accept", by="anna", note="seen")
    ledger.close()


def test_new_content_is_the_next_revision_at_a_place_of_its_own(fake: Any, act: Any, send: Any) -> None:
    """Held until somebody has seen it, then ``NAME-r2`` beside ``NAME``; nothing is overwritten."""
    fake.drop()
    lab = fake.lab(act(), export=(send(),))
    ref = only(fake.run(lab)).case.ref
    fake.drop(body="longer")
    case = only(fake.run(lab)).case
    assert (case.place, case.state, case.reason) == (f"{ref}-r2", "review", "case.revised")
    accept(fake, lab, case.place)
    fake.run(lab)
    assert {path.name for path in (fake.root / "out/out").iterdir()} == {f"{ref}.txt", f"{ref}-r2.txt"}


def test_replace_sends_every_revision_to_one_place(fake: Any, send: Any) -> None:
    """``on_existing = "replace"``."""
    fake.drop()
    lab = fake.lab(export=(send(on_existing="replace"),))
    fake.run(lab)
    fake.drop(body="longer")
    accept(fake, lab, only(fake.run(lab)).case.place)
    second = only(fake.run(lab))
    (file,) = (fake.root / "out/out").iterdir()
    assert file.read_text() == second.deliveries[0].key


def test_findings_decide_who_gets_the_case(fake: Any, look: Any, send: Any) -> None:
    """A warning holds the case for review; only the exports that take ``review`` get it."""
    fake.drop()
    report = fake.run(fake.lab(look(), export=(send("cad"), send("office", on=("review",)))))
    case = only(report)
    assert (case.case.state, report.exit_code) == ("review", 5)
    assert [(delivery.export, delivery.state) for delivery in case.deliveries] == [("office", "sent")]
    assert not (fake.root / "out/cad").exists()


def test_the_labs_table_overrules_severity(fake: Any, look: Any) -> None:
    """``[verdict]`` turns a warning into acceptance."""
    fake.drop()
    report = fake.run(evolve(fake.lab(look()), verdict={"mesh.hole": "accept"}))
    assert only(report).case.verdict == "accept"


def test_a_rejected_case_lies_in_quarantine_with_its_findings(fake: Any, look: Any, send: Any) -> None:
    """REASON.txt lists the findings, names the files and the commands."""
    fake.drop()
    report = fake.run(fake.lab(look(severity="error"), export=(send("cad"), send("office", on=("reject",)))))
    case = only(report)
    ledger = fake.ledger()
    ledger.close()
    text = (fake.root / "state/quarantine" / case.case.ref / "REASON.txt").read_text()
    assert (case.case.state, report.exit_code) == ("quarantine", 5)
    assert [delivery.export for delivery in case.deliveries] == ["office"]
    for part in ("mesh.hole", SENTINEL, f"casepan quarantine release {case.case.ref}", str(fake.root / "inbox")):
        assert part in text


def test_fail_on_stops_before_later_steps(fake: Any, look: Any, act: Any) -> None:
    """The steps behind never run."""
    fake.drop()
    report = fake.run(fake.lab(look(fail_on="warning"), act()))
    assert only(report).case.verdict == "reject"
    assert fake.traces()["act-nothing"] == 0


def test_hold_asks_for_a_person_whatever_the_verdict(fake: Any, look: Any, send: Any) -> None:
    """``hold = "office"`` on a step with a finding that the table accepts."""
    fake.drop()
    lab = evolve(fake.lab(look(hold="office"), export=(send(),)), verdict={"mesh.hole": "accept"})
    assert only(fake.run(lab)).case.state == "office"


def test_when_chooses_steps_and_exports(fake: Any, act: Any, send: Any) -> None:
    """Rush work takes the rush road only."""
    fake.drop()
    lab = fake.lab(act(), act("later"), export=(send("rush", when=When(rush=True)), send("all", when=When(rush=False))))
    assert [delivery.export for delivery in only(fake.run(lab)).deliveries] == ["all"]


def test_after_gives_earlier_receipts_to_later_exports(fake: Any, send: Any) -> None:
    """The second destination sees the receipt of the first."""
    fake.drop()
    case = only(fake.run(fake.lab(export=(send("cad"), send("office", after=("cad",)))))).case
    receipt = json.loads((fake.root / f"state/cases/{case.ref}/r1/deliveries/office.json").read_text())
    assert receipt["proof"]["after"] == "cad"


def test_an_arrival_nobody_knows_goes_to_quarantine(fake: Any) -> None:
    """It says so, and the arrival can be tried again."""
    folder = fake.root / "inbox" / SENTINEL
    folder.mkdir()
    (folder / "letter.txt").write_text("hello")
    report = fake.run(fake.lab())
    (row,) = report.quarantined
    text = (fake.root / "state/quarantine" / row.id / "REASON.txt").read_text()
    assert (row.code, report.exit_code) == ("CP125", 5)
    assert SENTINEL in text
    assert f"casepan quarantine retry {row.id}" in text


def test_a_case_that_cannot_be_read_does_not_stop_the_others(fake: Any, send: Any) -> None:
    """One order is bad; its neighbour is delivered."""
    fake.drop("bad", order={"bad": True})
    fake.drop("good")
    report = fake.run(fake.lab(export=(send(),)))
    assert [case.case.state for case in report.cases] == ["handed-on"]
    assert [row.reason for row in report.quarantined] == ["this order cannot be read"]


def test_a_case_error_in_a_step_is_not_tried_again(fake: Any, act: Any) -> None:
    """It would fail the same way; REASON.txt has the place and the hint."""
    fake.drop()
    case = only(fake.run(fake.lab(act("case-error")))).case
    text = (fake.root / "state/quarantine" / case.ref / "REASON.txt").read_text()
    assert (case.state, case.attempts, fake.traces()["act-case-error"]) == ("quarantine", 1, 1)
    assert "upper.stl" in text
    assert "Scan again." in text


def test_a_single_run_takes_an_incomplete_order_at_once(fake: Any, send: Any) -> None:
    """Nobody comes back to a single run."""
    fake.drop(order={"files": ["lower.stl"]})
    assert only(fake.run(fake.lab(export=(send(),)))).case.state == "handed-on"


def test_nothing_outside_the_private_files_names_the_patient(fake: Any, act: Any, look: Any, send: Any) -> None:
    """Ledger, log, folder names, what was delivered: references only."""
    fake.drop()
    fake.run(fake.lab(act(), look(), export=(send("office", on=("review",)),)))
    state = fake.root / "state"
    for path in (state / "log/casepan.jsonl", *state.glob("ledger.sqlite*")):
        assert SENTINEL.encode() not in path.read_bytes()
    outside = [path for path in state.rglob("*") if "source" not in path.parts]
    assert not [path for path in outside if SENTINEL in path.name]


def test_the_state_folder_is_private(fake: Any, act: Any, send: Any) -> None:
    """0700 and 0600 throughout; what was delivered is readable by others."""
    fake.drop()
    fake.run(fake.lab(act(), export=(send(),)))
    state = fake.root / "state"
    for path in (state, *state.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    (sent,) = (fake.root / "out/out").iterdir()
    assert stat.S_IMODE(sent.stat().st_mode) & 0o044


def test_the_log_is_json_with_references_only(fake: Any, act: Any) -> None:
    """One object a line; the verdict carries the reference."""
    fake.drop()
    ref = only(fake.run(fake.lab(act()))).case.ref
    lines = [json.loads(line) for line in (fake.root / "state/log/casepan.jsonl").read_text().splitlines()]
    assert any(line["kind"] == "case.verdict" and line["ref"] == ref for line in lines)
    assert all(line["schema"] == 1 and line["at"].endswith("Z") for line in lines)


def test_progress_is_told_as_it_happens(fake: Any, act: Any) -> None:
    """``on_progress`` hears of each step."""
    fake.drop()
    heard: list[str] = []
    fake.run(fake.lab(act()), on_progress=lambda event: heard.append(event.kind))
    assert heard.index("step.done") < heard.index("case.verdict")


def test_an_inbox_that_is_not_there_is_said(fake: Any) -> None:
    """A share that is not mounted is no empty inbox."""
    (fake.root / "inbox").rmdir()
    report = fake.run(fake.lab())
    assert (report.unreachable, report.exit_code) == (("p/inbox",), 5)


def test_low_disk_space_pauses_intake(fake: Any, act: Any) -> None:
    """Nothing new is taken, and the report says why."""
    from casepan.contract.options import ByteCount

    fake.drop()
    lab = fake.lab(act())
    report = fake.run(evolve(lab, lab=evolve(lab.lab, min_free=ByteCount(1 << 60))))
    assert report.paused
    assert (report.cases, report.exit_code) == ((), 5)


def test_unknown_pipelines_and_stages_stop_before_anything_is_taken(fake: Any, act: Any) -> None:
    """Typed errors, no state folder."""
    lab = fake.lab(act())
    with pytest.raises(ConfigError, match="no pipeline 'q'"):
        fake.run(lab, pipelines=["q"])
    broken = evolve(lab.pipelines["p"], steps=(evolve(act(), use="fake.nothing"),))
    with pytest.raises(AdapterError):
        fake.run(evolve(lab, pipelines={"p": broken}))
    assert not (fake.root / "state").exists()


def test_a_state_folder_that_cannot_be_made_is_a_state_error(fake: Any) -> None:
    """A file lies where the state folder should be."""
    (fake.root / "state").write_text("")
    with pytest.raises(StateError):
        fake.run(fake.lab())


def test_two_cases_of_one_arrival_in_parallel_keep_apart(fake: Any, act: Any, send: Any) -> None:
    """Four arrivals, two children: four references, four deliveries."""
    for number in range(4):
        fake.drop(f"patient {number}")
    report = fake.run(fake.lab(act(), export=(send(),)))
    assert len({case.case.ref for case in report.cases}) == 4
    assert len(list((fake.root / "out/out").iterdir())) == 4


def test_reasons_can_be_read_back(fake: Any, act: Any) -> None:
    """``read_reason`` gives the text, and None where there is nothing."""
    from casepan.running.layout import StateFolder

    fake.drop()
    ref = only(fake.run(fake.lab(act("case-error")))).case.ref
    state = StateFolder(fake.root / "state")
    assert "in quarantine" in (read_reason(state, ref) or "")
    assert read_reason(state, "NONE-00") is None
    assert isinstance(state.root, Path)


def test_a_run_over_an_empty_or_known_inbox_waits_for_nothing(fake: Any) -> None:
    """Whoever has an hour's settling time gets an answer at once when there is nothing new."""
    assert fake.run(fake.lab(settle=3600.0)).exit_code == 0
    fake.drop()
    assert len(fake.run(fake.lab()).cases) == 1
    assert fake.run(fake.lab(settle=3600.0)).exit_code == 0


def test_a_case_that_its_pipeline_does_not_take_is_held(fake: Any, act: Any, send: Any) -> None:
    """No step runs, nothing is sent, and the finding says so."""
    fake.drop()
    report = fake.run(fake.lab(act(), export=(send(),), when=When(adapter=("another",))))
    (case,) = report.cases
    assert (case.case.state, case.case.reason, report.exit_code) == ("review", "case.no-route", 5)
    assert (case.deliveries, fake.traces()["act-nothing"]) == ((), 0)


def test_a_case_that_no_destination_takes_is_held(fake: Any, act: Any, send: Any) -> None:
    """Checked, but with nowhere to go: a person must know."""
    fake.drop()
    report = fake.run(fake.lab(act(), export=(send(when=When(adapter=("another",))),)))
    (case,) = report.cases
    assert (case.case.state, case.case.reason) == ("review", "case.no-route")
    assert fake.traces()["act-nothing"] == 1


def test_an_adapter_works_on_no_more_cases_than_the_lab_allows(fake: Any, act: Any) -> None:
    """``max_parallel = 1`` with two workers: never two at once."""
    for number in range(3):
        fake.drop(f"patient {number}")
    lab = fake.lab(act("alone"), attempts=1)
    report = fake.run(evolve(lab, adapters={"fake": AdapterTable(max_parallel=1)}))
    assert [case.case.state for case in report.cases] == ["handed-on"] * 3
