"""``quality.margin``: preparations where crowns are ordered."""

from __future__ import annotations

import numpy as np
import pytest

from casepan.api import Finding, WorkItem
from casepan.mesh import Mesh
from casepan.testing import JawPair, faults
from casepan_quality.geometry_options import MarginOptions
from casepan_quality.margin import Margin

from .conftest import case_of, codes, context, pair, scan

SEED = 4_200
PREPARED = (16, 21, 35, 43)


def prepared() -> JawPair:
    """A pair with four preparations."""
    return pair(SEED, preparations=PREPARED)


def check(mesh: Mesh, what: str, *teeth: int, kind: str = "crown") -> list[Finding]:
    """All findings about one scan with these teeth ordered."""
    items = [WorkItem(str(tooth), (tooth,), kind) for tooth in teeth]  # type: ignore[arg-type]
    return list(Margin(MarginOptions()).check(case_of([scan("it", what)], *items), context({"it": mesh})))


def test_preparations_at_their_places_are_seen() -> None:
    """Molar, incisor, premolar and canine, upper and lower."""
    assert codes(check(prepared().upper, "preparation/upper", *PREPARED)) == []
    assert codes(check(prepared().lower, "preparation/lower", *PREPARED)) == []


@pytest.mark.parametrize("fdi", [26, 11, 14, 13])
def test_a_crown_on_an_uncut_tooth_has_no_preparation(fdi: int) -> None:
    """A wrong tooth number, or the scan from before the work."""
    (found,) = check(pair(SEED).upper, "preparation/upper", fdi)
    assert (found.code, found.severity, found.teeth, found.limit) == ("margin.missing", "warning", (fdi,), 1.0)
    assert found.value is not None
    assert found.value < 1.0
    assert found.where_mm is not None
    assert np.linalg.norm(np.array(found.where_mm) - pair(SEED).truth.teeth[fdi].centre) < 5


def test_work_that_leaves_part_of_the_crown_is_not_judged() -> None:
    """Inlays and veneers keep the tooth's height; pontics have no tooth."""
    for kind in ("inlay", "veneer", "pontic", "implant-crown"):
        assert codes(check(pair(SEED).upper, "preparation/upper", 26, kind=kind)) == []


def test_a_hole_on_the_finish_line_hides_it() -> None:
    """One on the chewing surface does not."""
    truth = prepared().truth.teeth[16]
    beside = faults.hole(prepared().upper, truth.finish_line[0], 1.8)
    found = check(beside, "preparation/upper", 16)
    assert set(codes(found)) == {"margin.unclear"}
    assert np.linalg.norm(np.array(found[0].where_mm) - truth.finish_line[0]) < 1.5
    assert codes(check(faults.hole(prepared().upper, truth.centre, 1.8), "preparation/upper", 16)) == []


def test_the_finish_line_of_a_leaning_front_tooth_runs_under_its_middle() -> None:
    """A hole there is no hole of its biting edge."""
    jaws = pair(7_407, preparations=(21,))
    truth = jaws.truth.teeth[21]
    under = min(truth.finish_line, key=lambda place: float(np.hypot(*np.subtract(place, truth.centre)[:2])))
    assert set(codes(check(faults.hole(jaws.upper, under, 2.0), "preparation/upper", 21))) == {"margin.unclear"}


def test_other_scans_are_left_alone() -> None:
    """Antagonists, teeth outside a partial scan and scans without teeth show no preparation."""
    import trimesh

    ball = Mesh.from_trimesh(trimesh.creation.icosphere(subdivisions=4, radius=25.0))
    assert codes(check(pair(SEED).upper, "antagonist/upper", 26)) == []
    assert codes(check(pair(SEED, coverage="quadrant-left").upper, "preparation/upper", 17)) == []
    assert codes(check(ball, "preparation/upper", 26)) == []
    assert codes(check(pair(SEED).upper, "preparation/upper", 36)) == []


def test_in_a_partial_scan_a_preparation_nearby_is_enough() -> None:
    """Places are uncertain there."""
    jaws = pair(SEED, coverage="quadrant-left", preparations=(25,))
    assert codes(check(jaws.upper, "preparation/upper", 25)) == []


@pytest.mark.parametrize(("seed", "fdi"), [(7_607, 27), (7_604, 37), (7_613, 33)])
def test_a_low_tooth_is_not_taken_for_a_cut_one(seed: int, fdi: int) -> None:
    """Last molars and worn canines stand a millimetre lower than the teeth beside them; cut ones are narrow as well."""
    jaws = pair(seed)
    name = "upper" if fdi < 30 else "lower"
    assert codes(check(getattr(jaws, name), f"preparation/{name}", fdi)) == ["margin.missing"]


@pytest.mark.parametrize(("seed", "fdi"), [(7_670, 37), (7_680, 37)])
def test_a_cut_tooth_among_low_ones_is_seen(seed: int, fdi: int) -> None:
    """It is little lower than its neighbours, and clearly narrower than on the other side."""
    jaws = pair(seed, preparations=(fdi,))
    assert codes(check(jaws.lower, "preparation/lower", fdi)) == []
