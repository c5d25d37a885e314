"""rx.toml under what the scanner delivered."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from casepan.knowledge.rx import RxFile, merge_rx
from casepan.model.case import Patient
from casepan.model.finding import Finding
from casepan.model.prescription import Implant, Prescription, WorkItem


def merged(
    order: Prescription, rx: Prescription, patient: Patient | None = None, rx_patient: Patient | None = None
) -> tuple[Prescription, Patient, tuple[Finding, ...]]:
    """Merge two orders and two patients."""
    return merge_rx(order, patient or Patient(), RxFile(rx, rx_patient or Patient()))


def messages(findings: tuple[Finding, ...]) -> list[str]:
    """What the findings say, each being a warning of the one code."""
    assert all((finding.code, finding.severity) == ("rx.conflict", "warning") for finding in findings)
    assert all(finding.hint for finding in findings)
    return [finding.message for finding in findings]


def test_an_empty_order_takes_everything() -> None:
    """Items, fields and patient come from the file when the scanner delivered none of them."""
    rx = Prescription((WorkItem("1", (11,), "crown", provenance={"kind": "rx"}),), reference="R", due=date(2026, 1, 31))
    order, patient, findings = merged(Prescription(), rx, rx_patient=Patient(last="Synthetic"))
    assert order.items == rx.items
    assert (order.reference, order.due, patient.last) == ("R", date(2026, 1, 31), "Synthetic")
    assert order.provenance == {"reference": "rx", "due": "rx", "items": "rx"}
    assert findings == ()


def test_only_gaps_are_filled() -> None:
    """Delivered values keep their provenance, filled ones come from "rx"."""
    mine = WorkItem("a", (11,), "crown", material="zirconia", provenance={"kind": "file", "material": "file"})
    theirs = WorkItem("1", (11,), "crown", material="zirconia", shade="A2", shade_guide="VITA Classical")
    order, _, findings = merged(Prescription((mine,)), Prescription((theirs,)))
    (item,) = order.items
    assert (item.id, item.shade, item.shade_guide) == ("a", "A2", "VITA Classical")
    assert item.provenance == {"kind": "file", "material": "file", "shade": "rx", "shade_guide": "rx"}
    assert findings == ()


def test_a_differing_value_stays_and_is_told() -> None:
    """The scanner's value wins; the finding names tooth, field and both values."""
    order, _, findings = merged(
        Prescription((WorkItem("1", (24,), "crown", material="zirconia"),)),
        Prescription((WorkItem("1", (24,), "crown", material="pmma", material_text="temp"),)),
    )
    assert order.items[0].material == "zirconia"
    assert order.items[0].material_text is None
    assert messages(findings) == [
        "tooth 24: material differs between the order and the prescription file: zirconia and pmma"
    ]
    assert findings[0].teeth == (24,)


def test_same_words_in_another_case_agree() -> None:
    """Case and blanks are no difference."""
    _, _, findings = merged(Prescription(practice="Park  Practice"), Prescription(practice="park practice"))
    assert findings == ()


@pytest.mark.parametrize("name", ["reference", "remake_of", "practice", "doctor", "licence", "ship_to", "notes"])
def test_private_fields_are_named_but_never_quoted(name: str) -> None:
    """A conflict about names and numbers says which field, not what."""
    one: dict[str, Any] = {name: "Sentinel One"}
    two: dict[str, Any] = {name: "Sentinel Two"}
    order, _, findings = merged(Prescription(**one), Prescription(**two))
    assert getattr(order, name) == "Sentinel One"
    assert len(messages(findings)) == 1
    assert name.replace("_", " ") in findings[0].message
    assert "Sentinel" not in repr(findings)


def test_patient_conflicts_are_named_but_never_quoted() -> None:
    """The patient of the scanner stays; nothing of either is shown."""
    _, patient, findings = merged(
        Prescription(), Prescription(), Patient(last="Sentinel"), Patient(first="Sam", last="Planted")
    )
    assert (patient.first, patient.last) == ("Sam", "Sentinel")
    assert messages(findings) == ["the patient's last name differs between the order and the prescription file"]


def test_dates_are_quoted() -> None:
    """Days are no names, and the office needs them."""
    _, _, findings = merged(Prescription(due=date(2026, 1, 31)), Prescription(due=date(2026, 2, 1)))
    assert messages(findings) == ["due differs between the order and the prescription file: 2026-01-31 and 2026-02-01"]


def test_rush_is_taken_when_the_scanner_said_nothing() -> None:
    """False without provenance is no answer."""
    order, _, findings = merged(Prescription(), Prescription(rush=True, provenance={"rush": "rx"}))
    assert order.rush
    assert order.provenance["rush"] == "rx"
    assert findings == ()


@pytest.mark.parametrize(("mine", "theirs"), [(True, False), (False, True)])
def test_a_delivered_rush_stays(mine: bool, theirs: bool) -> None:
    """An answer that was delivered is not turned round."""
    order, _, findings = merged(
        Prescription(rush=mine, provenance={"rush": "file"}), Prescription(rush=theirs, provenance={"rush": "rx"})
    )
    assert order.rush is mine
    assert messages(findings) == [f"rush differs between the order and the prescription file: {mine} and {theirs}"]


def test_one_item_of_the_file_may_speak_of_several_units() -> None:
    """An item over three teeth fills each delivered unit among them."""
    units = tuple(WorkItem(str(tooth), (tooth,)) for tooth in (13, 12, 11))
    order, _, findings = merged(Prescription(units), Prescription((WorkItem("1", (13, 12, 11), shade="A2"),)))
    assert [item.shade for item in order.items] == ["A2", "A2", "A2"]
    assert findings == ()


def test_of_two_items_on_a_tooth_the_one_of_its_kind_is_meant() -> None:
    """An abutment and its crown share a tooth; the crown's shade goes to the crown."""
    both = (WorkItem("1", (36,), "abutment"), WorkItem("2", (36,), "crown"))
    order, _, findings = merged(Prescription(both), Prescription((WorkItem("1", (36,), "crown", shade="A2"),)))
    assert [item.shade for item in order.items] == [None, "A2"]
    assert findings == ()


@pytest.mark.parametrize(
    ("teeth", "message"),
    [
        ((26,), "tooth 26: in the prescription file, but not in the order"),
        ((12,), "tooth 12: the order groups these teeth differently than the prescription file"),
        ((), "an item of the prescription file names no teeth and fits no item of the order"),
    ],
)
def test_items_that_fit_none_are_told_and_not_added(teeth: tuple[int, ...], message: str) -> None:
    """Nothing is ordered that the scanner's order does not hold."""
    mine = (WorkItem("1", (13, 12), "splint"), WorkItem("2", (36,), "crown"))
    order, _, findings = merged(Prescription(mine), Prescription((WorkItem("1", teeth, shade="A2"),)))
    assert order.items == mine
    assert messages(findings) == [message]


def test_a_lone_item_without_teeth_is_the_same_item() -> None:
    """One item on either side needs no teeth to be matched, and gets them."""
    order, _, _ = merged(Prescription((WorkItem("a"),)), Prescription((WorkItem("1", (24,), "crown"),)))
    assert (order.items[0].teeth, order.items[0].kind) == ((24,), "crown")
    assert order.items[0].provenance == {"teeth": "rx", "kind": "rx"}


def test_a_conflict_of_items_without_teeth_is_told() -> None:
    """A splint without teeth on either side is still the same splint."""
    mine, theirs = WorkItem("1", kind="splint"), WorkItem("1", kind="retainer")
    _, _, findings = merged(Prescription((mine,)), Prescription((theirs,)))
    assert messages(findings) == ["item: kind differs between the order and the prescription file: splint and retainer"]


def test_bridge_ids_mean_nothing_across_files() -> None:
    """Two names for the same bridge agree; a new bridge never joins a delivered one by its name."""
    mine = (
        WorkItem("1", (13,), bridge="x"),
        WorkItem("2", (12,), bridge="x"),
        WorkItem("3", (36,)),
        WorkItem("4", (37,)),
    )
    theirs = (WorkItem("1", (13, 12), bridge="front"), WorkItem("2", (36, 37), bridge="x"))
    order, _, findings = merged(Prescription(mine), Prescription(theirs))
    assert [item.bridge for item in order.items] == ["x", "x", "rx-x", "rx-x"]
    assert findings == ()


def test_differing_bridges_are_told() -> None:
    """Which units hang together is compared by teeth."""
    mine = (WorkItem("1", (13,), bridge="a"), WorkItem("2", (12,), bridge="a"))
    theirs = (WorkItem("1", (13,), bridge="b"),)
    _, _, findings = merged(Prescription(mine), Prescription(theirs))
    assert messages(findings) == [
        "tooth 13: the units of the bridge differ between the order and the prescription file"
    ]


def test_implants_merge_field_by_field() -> None:
    """The maker from the scanner and the platform from the file make one implant; a differing system is told."""
    mine = WorkItem("1", (36,), implant=Implant("Maker", "Old"))
    theirs = WorkItem("1", (36,), implant=Implant("maker", "New", "4.1"))
    order, _, findings = merged(Prescription((mine,)), Prescription((theirs,)))
    assert order.items[0].implant == Implant("Maker", "Old", "4.1")
    assert messages(findings) == [
        "tooth 36: implant system differs between the order and the prescription file: Old and New"
    ]


def test_vendor_words_survive_beside_the_files() -> None:
    """Raw properties of both are kept, the vendor's winning."""
    order, patient, _ = merged(
        Prescription(raw={"a": 1}), Prescription(raw={"a": 2, "b": 3}), Patient(raw={"x": 1}), Patient(raw={"y": 2})
    )
    assert order.raw == {"a": 1, "b": 3}
    assert patient.raw == {"x": 1, "y": 2}


def test_long_values_are_cut_in_findings() -> None:
    """A finding stays one line."""
    mine, theirs = WorkItem("1", (36,), margin="m" * 99), WorkItem("1", (36,), margin="n")
    _, _, findings = merged(Prescription((mine,)), Prescription((theirs,)))
    assert messages(findings)[0].endswith("m… and n")
    assert len(findings[0].message) < 130


def test_merging_twice_changes_nothing_more() -> None:
    """Running a case again over the same file gives the same order."""
    mine = Prescription((WorkItem("1", (11,), "crown"),))
    rx = Prescription((WorkItem("1", (11,), shade="A2", bridge="b"),), reference="R", raw={"k": 1})
    once, _, _ = merged(mine, rx)
    twice, _, findings = merged(once, rx)
    assert twice == once
    assert findings == ()
