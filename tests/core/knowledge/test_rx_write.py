"""Orders written as rx.json."""

from __future__ import annotations

from datetime import UTC, date, datetime

from attrs import evolve

from casepan.knowledge.rx import read_rx
from casepan.knowledge.rx_write import rx_document
from casepan.model.prescription import Implant, Prescription, WorkItem

ITEMS = (
    WorkItem(
        "1", (14,), "implant-crown", "b", "zirconia", "Zirconia HT", "A2", "VITA classical", "ND3", Implant("M", "S")
    ),
    WorkItem("2", (15,), "pontic", "b", pontic_design="ovate", retention="screw", margin="chamfer", contacts="light"),
    WorkItem("3"),
)
ORDER = Prescription(
    ITEMS, "R-1", date(2026, 1, 31), datetime(2026, 2, 3, 10, tzinfo=UTC), True, "R-0", "Practice", physical=("model",)
)


def test_an_order_is_read_back_as_it_was() -> None:
    """Every field survives, but for the vendor's raw words."""
    again = read_rx(rx_document(ORDER, private=True), name="rx.json", place="rx.json").prescription
    plain = evolve(again, provenance={}, items=tuple(evolve(item, provenance={}) for item in again.items))
    assert plain == ORDER


def test_without_leave_no_name_is_written() -> None:
    """Practice, numbers and notes stay at home."""
    again = read_rx(rx_document(evolve(ORDER, notes="for Jane")), name="rx.json", place="rx.json").prescription
    assert (again.practice, again.reference, again.notes, again.remake_of) == (None, None, None, None)
    assert again.teeth == (14, 15)
    assert again.due == ORDER.due


def test_an_empty_order_is_an_empty_document() -> None:
    """Nothing is invented."""
    assert read_rx(rx_document(Prescription()), name="rx.json", place="rx.json").prescription == Prescription()
