"""``bite.clearance``: generated preparations with a known distance to their antagonists."""

from __future__ import annotations

from typing import Any

import pytest

from casepan.api import Finding, Implant, WorkItem
from casepan.testing import JawPair
from casepan_quality.bite import Bite
from casepan_quality.options import BiteOptions

from .conftest import case_of, context, pair, scans_of
from .test_bite import in_frame, moved

SEEDS = (1500, 1501)


def check(jaws: JawPair, *items: WorkItem, deeper: float = 0.0) -> list[Finding]:
    """Only what is said about room, the lower arch moved up by ``deeper`` mm."""
    surfaces = in_frame({"upper": jaws.upper, "lower": moved(jaws.lower, z=deeper)}, 5)
    found = Bite(BiteOptions()).check(case_of(scans_of(surfaces), *items), context(surfaces))
    return [finding for finding in found if finding.code == "bite.clearance"]


def crown(tooth: int, material: Any = "zirconia", **more: Any) -> WorkItem:
    """A crown."""
    return WorkItem("1", (tooth,), more.pop("kind", "crown"), material=material, **more)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("tooth", [16, 36, 11])
def test_a_reduced_tooth_has_room(seed: int, tooth: int) -> None:
    """Generated preparations are 1.5 mm and more from the antagonist."""
    assert check(pair(seed, preparations=(tooth,)), crown(tooth)) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_too_little_room_is_measured_at_the_tooth(seed: int) -> None:
    """A lithium disilicate crown needs 1.5 mm; the bite is 0.9 mm too deep."""
    jaws = pair(seed, preparations=(36,))
    (found,) = check(jaws, crown(36, "lithium-disilicate"), deeper=0.9)
    assert found.teeth == (36,)
    assert found.limit == 1.5
    assert found.value == pytest.approx(1.0, abs=0.45)
    assert found.where_mm is not None


def test_an_uncut_tooth_has_no_room() -> None:
    """A crown on a tooth in full contact."""
    (found,) = check(pair(1500), crown(36))
    assert found.value is not None
    assert found.value < 0.5


def test_the_material_decides() -> None:
    """What is enough for zirconia and metal is too little for the others."""
    jaws = pair(1501, preparations=(46,))
    told = {
        material: len(check(jaws, crown(46, material), deeper=0.5))
        for material in ("zirconia", "gold", "resin", "unknown")
    }
    assert told == {"zirconia": 0, "gold": 0, "resin": 1, "unknown": 0}


def test_work_that_leaves_the_chewing_surface_is_passed_over() -> None:
    """Veneers, pontics, implants and primary teeth."""
    jaws = pair(1500)
    assert check(jaws, crown(11, kind="veneer"), crown(36, kind="pontic"), crown(75)) == []
    assert check(jaws, crown(36, implant=Implant("M", "S"))) == []


def test_partial_scans_make_no_claim() -> None:
    """On a quadrant the place that was found may be the neighbour's."""
    assert check(pair(1502, preparations=(36,), coverage="quadrant-left"), crown(36), deeper=0.9) == []
