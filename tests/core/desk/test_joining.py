"""Late files, two arrivals of one case, two cases in one arrival, the same twice: joined and parted by people only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from casepan.errors import StateError, UsageError
from casepan.operate.deciding import decide
from casepan.operate.desk import show_case
from casepan.operate.joining import Shows, add, duplicate_of, merge, split

from .conftest import stl

PAIR = {"upper": "upper.stl", "lower": "lower.stl"}


def findings(lab: Any, place: str) -> dict[str, str]:
    """Code to message."""
    with lab.desk() as desk:
        case = show_case(desk, place).case
        assert case is not None
        return {finding.code: finding.message for finding in case.findings}


def scans(lab: Any, place: str) -> dict[str, Any]:
    """Id to scan, as the steps left them."""
    with lab.desk() as desk:
        case = show_case(desk, place).case
        assert case is not None
        return {scan.id: scan for scan in case.scans}


def test_a_late_bite_is_joined_as_the_next_revision(lab: Any) -> None:
    """Recognised by its name, kept in a snapshot of its own, handed on; the same file again is nothing new."""
    lab.drop("Roe", **PAIR)
    lab.run()
    ref, bite = lab.only().ref, lab.late("Bite scan.stl", stl("bite"))
    with lab.desk() as desk:
        joined = add(desk, ref, [bite], by="anna")
        assert (joined.place, joined.changed) == (f"{ref}-r2", True)
    assert {place: row.state for place, row in lab.rows().items()} == {ref: "closed", f"{ref}-r2": "checking"}
    bite.unlink()
    lab.run()
    assert lab.rows()[f"{ref}-r2"].state == "handed-on"
    (there,) = lab.delivered("cad")
    assert there == f"{ref}-r2"
    assert stl("bite") in [path.read_bytes() for path in (lab.root / "cad" / there).glob("*.stl")]
    with lab.desk() as desk:
        assert not add(desk, f"{ref}-r2", [lab.late("again.stl", stl("bite"))], by="anna", shows=Shows("bite")).changed


def test_a_second_addition_keeps_the_first(lab: Any) -> None:
    """A photo, then a rescan: the old arch is carried along, not preferred any more; nothing lost."""
    lab.drop("Roe", **PAIR)
    lab.run()
    ref = lab.only().ref
    with lab.desk() as desk:
        add(desk, ref, [lab.late("photo.jpg", b"\xff\xd8\xff"), lab.late("bite.stl", stl("bite"))], by="anna")
        add(desk, ref, [lab.late("upper.stl", stl("upper", 1))], by="ben")
    lab.run()
    found = scans(lab, f"{ref}-r3")
    assert {name: scan.preferred for name, scan in found.items()} == {
        "upper-arch": False, "lower-arch": True, "bite": True, "upper-arch-2": True,
    }  # fmt: skip
    with lab.desk() as desk:
        case = show_case(desk, f"{ref}-r3").case
        assert case is not None
        assert [item.what for item in case.attachments] == ["picture"]
    assert lab.rows()[f"{ref}-r3"].state == "handed-on"


def test_what_cannot_be_joined_is_refused_and_leaves_nothing(lab: Any) -> None:
    """A nameless scan, a folder, an archive, a file that is not there, two of one name, a role no scan has."""
    lab.drop("Roe", **PAIR)
    lab.run()
    ref, thing = lab.only().ref, lab.late("thing.stl", stl("bite"))
    other = lab.root / "other" / "thing.stl"
    other.parent.mkdir()
    other.write_bytes(b"x")
    wrong: dict[str, tuple[list[Path], Shows | None]] = {
        "nothing in the name": ([thing], None),
        "a folder": ([lab.root / "desk"], None),
        "packed": ([lab.late("case.zip", b"PK")], None),
        "not there": ([lab.root / "desk" / "no.stl"], None),
        "one name": ([thing, other], Shows("bite")),
        "no role": ([thing], Shows("bitte")),
        "no arch": ([thing], Shows("bite", "left")),
    }
    for words, (files, shows) in wrong.items():
        with lab.desk() as desk, pytest.raises(UsageError, match=words) as caught:
            add(desk, ref, files, by="anna", shows=shows)
        assert str(lab.root) not in caught.value.reason
    home = lab.root / "state" / "cases" / ref
    assert sorted(path.name for path in home.iterdir()) == ["r1"]
    with lab.desk() as desk:
        assert add(desk, ref, [thing], by="anna", shows=Shows("bite")).changed


def test_a_case_in_work_is_not_joined_to(lab: Any) -> None:
    """Nothing is half-done: no folder, no row."""
    lab.drop("Roe", **PAIR)
    lab.run()
    ref = lab.only().ref
    with lab.desk() as desk:
        desk.ledger.retry_case(ref, 1, who="anna")
        assert desk.ledger.claim_case("somebody", ["p"], lease=60.0)
        with pytest.raises(StateError, match="in work"):
            add(desk, ref, [lab.late("bite.stl", stl("bite"))], by="anna")
        assert [row.revision for row in desk.ledger.cases()] == [1]
    assert [path.name for path in (lab.root / "state" / "cases" / ref).iterdir()] == ["r1"]


def test_a_late_arrival_is_proposed_and_joined_only_by_a_person(lab: Any) -> None:
    """The bite came under the same order number: a finding and a link; merged, the first case goes on and the other closes."""
    lab.drop("Roe", order='reference = "R-1042"', **PAIR)
    lab.run()
    first = lab.only().ref
    lab.drop("Late", order='reference = "r-1042"', bite="bite.stl")
    lab.run()
    late = next(row for row in lab.rows().values() if row.ref != first)
    assert (late.state, late.reason) == ("review", "case.maybe-completes"), "nobody rings for what a late bite lacks"
    assert first in findings(lab, late.place)["case.maybe-completes"]
    with lab.desk() as desk:
        assert desk.ledger.links(late.ref) == (("maybe-completes", first),)
        assert merge(desk, first, late.place, by="anna", note="same order").place == f"{first}-r2"
        assert not merge(desk, first, late.place, by="anna").changed
    lab.run()
    rows = lab.rows()
    assert (rows[f"{first}-r2"].state, rows[late.place].state) == ("handed-on", "closed")
    assert "case.maybe-duplicate" not in findings(lab, f"{first}-r2")
    assert sorted(scan.role for scan in scans(lab, f"{first}-r2").values()) == ["arch", "arch", "bite"]


def test_two_revisions_of_one_case_can_be_merged(lab: Any) -> None:
    """The bite came alone under the very name of the case: it is its next revision, and lacks the arches."""
    lab.drop("Roe Ann 77", **PAIR)
    lab.run()
    ref = lab.only().ref
    for name in PAIR.values():
        (lab.root / "inbox" / "Roe Ann 77" / name).unlink()
    lab.drop("Roe Ann 77", bite="bite.stl")
    lab.run()
    assert {place: row.state for place, row in lab.rows().items()} == {ref: "office", f"{ref}-r2": "review"}
    assert ref in findings(lab, f"{ref}-r2")["case.maybe-completes"]
    with lab.desk() as desk:
        assert merge(desk, f"{ref}-r1", f"{ref}-r2", by="anna").place == f"{ref}-r3"
    lab.run()
    assert {place: row.state for place, row in lab.rows().items()} == {
        ref: "closed", f"{ref}-r2": "closed", f"{ref}-r3": "handed-on",
    }  # fmt: skip


def test_scans_of_another_case_are_parted_from_it(lab: Any) -> None:
    """A case of its own without order and patient; the first goes on without them."""
    lab.drop("Roe", order='reference = "R-1"', upper="upper.stl", lower="lower.stl", bite="bite.stl")
    (lab.root / "inbox" / "Roe" / "preop.stl").write_bytes(stl("upper", 5))
    lab.run()
    ref = lab.only().ref
    extra = next(name for name, scan in scans(lab, ref).items() if scan.role == "preop")
    with lab.desk() as desk:
        parted = split(desk, ref, [extra], by="anna", note="another patient")
        assert not split(desk, ref, [extra], by="anna").changed
        for wrong in (["nothing"], [], list(scans(lab, ref))):
            with pytest.raises(UsageError, match="scan"):
                split(desk, ref, wrong, by="anna")
    lab.run()
    assert set(scans(lab, parted.place)) == {extra}
    assert extra not in scans(lab, f"{ref}-r2")
    assert lab.rows()[f"{ref}-r2"].state == "review"
    with lab.desk() as desk:
        case = show_case(desk, parted.place).case
        assert case is not None
        assert (case.prescription.reference, desk.ledger.links(parted.place)) == (None, (("split-from", ref),))


def test_the_same_scans_under_another_name_ask_for_a_person(lab: Any) -> None:
    """Held with the name of the first; said to be a duplicate it closes, said twice nothing more happens."""
    whole = {**PAIR, "bite": "bite.stl"}
    lab.drop("Roe", **whole)
    lab.run()
    first = lab.only().ref
    lab.drop("Doe", **whole)
    lab.run()
    double = next(row for row in lab.rows().values() if row.ref != first)
    assert (double.state, double.reason) == ("review", "case.maybe-duplicate")
    assert first in findings(lab, double.place)["case.maybe-duplicate"]
    with lab.desk() as desk:
        assert duplicate_of(desk, double.place, first, by="anna").changed
        assert not duplicate_of(desk, double.place, first, by="anna").changed
        with pytest.raises(UsageError, match="itself"):
            duplicate_of(desk, first, first, by="anna")
        with pytest.raises(UsageError, match="itself"):
            merge(desk, first, first, by="anna")
    assert lab.rows()[double.place].state == "closed"


def test_a_duplicate_that_is_none_is_accepted(lab: Any) -> None:
    """Overruled by name, and handed on like any other."""
    whole = {**PAIR, "bite": "bite.stl"}
    lab.drop("Roe", **whole)
    lab.drop("Doe", **whole)
    lab.run()
    held = [row for row in lab.rows().values() if row.state == "review"]
    assert len(held) == 1
    with lab.desk() as desk:
        decide(desk, held[0].place, "accept", by="anna", note="twins")
    lab.run()
    assert {row.state for row in lab.rows().values()} == {"handed-on"}
