"""``quality.implant`` and the table of implant systems."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from casepan.api import ConfigError, Finding, Implant, Scan, WorkItem, implant_table, match_system
from casepan.config.options import Misfit
from casepan.knowledge.implants import implants_from
from casepan.mesh import Mesh
from casepan.mesh.dentition.places import place_teeth
from casepan_quality.implant import Implants
from casepan_quality.options import ImplantOptions

from .conftest import case_of, context, pair, scan
from .test_identity import joined, turned

OWN = {
    "implants": {
        "complete": True,
        "systems": {"straumann-bone-level": {"library": "BL CARES", "scan_bodies": ["CARES RC", "Mono RC"]}},
    }
}


def item(
    system: str | None, platform: str | None = None, maker: str | None = "Straumann", body: str | None = None
) -> WorkItem:
    """An implant crown on 36."""
    return WorkItem("1", (36,), "implant-crown", implant=Implant(maker, system, platform), scan_body=body)


def check(
    *items: WorkItem, rules: Any = None, surfaces: dict[str, Mesh] | None = None, scans: tuple[Scan, ...] = ()
) -> list[Finding]:
    """All findings."""
    return list(Implants(ImplantOptions()).check(case_of(scans, *items), context(surfaces, rules)))


def told(*items: WorkItem, rules: Any = None) -> list[tuple[str, str]]:
    """Severity and message."""
    return [(finding.severity, finding.message) for finding in check(*items, rules=rules)]


def test_a_known_system_has_nothing_to_ask() -> None:
    """As the maker writes it, with a platform it has, in any spelling of signs and cases."""
    assert told(item("Bone Level", "RC")) == []
    assert told(item("bone-level", "RC 4.1 mm")) == []
    assert told(item("Straumann Bone Level", "NC", maker=None)) == []


def test_a_synonym_is_suggested_and_not_replaced() -> None:
    """The order keeps its words."""
    ordered = item("BLT", "RC")
    assert told(ordered) == [
        ("info", "Straumann BLT probably means Straumann Bone Level; the order's words were left as they are")
    ]
    assert ordered.implant == Implant("Straumann", "BLT", "RC")


def test_an_unknown_system_is_a_note_until_the_table_is_complete() -> None:
    """The shipped list is short: only a laboratory can say that it is whole."""
    assert told(item("Quattrocone", maker="Medentika")) == [
        ("info", "Medentika Quattrocone is not in the table of implants")
    ]
    ((severity, _),) = told(item("Quattrocone", maker="Medentika"), rules={"implants": {"complete": True}})
    assert severity == "warning"


def test_a_misspelt_system_is_not_taken_for_granted() -> None:
    """What it may mean is said, and it stays unknown."""
    assert told(item("Bone Levle")) == [
        ("info", "Straumann Bone Levle is not in the table of implants; Straumann Bone Level is like it")
    ]


def test_the_makers_own_systems_count() -> None:
    """A word of another maker's system means nothing."""
    match = match_system(Implant("Nobel Biocare", "Bone Level"), implant_table({}))
    assert match.how != "name"


def test_a_platform_must_belong_to_the_system() -> None:
    """RN is a platform of Tissue Level, not of Bone Level."""
    ((_, message),) = told(item("Bone Level", "RN"))
    assert message == "Straumann Bone Level has no platform RN; it has SC, NC, RC"


def test_a_system_without_a_library_cannot_be_made() -> None:
    """Only a complete table says so."""
    assert told(item("Bone Level", "RC"), rules=OWN) == []
    assert told(item("Tissue Level", "RN"), rules=OWN) == [
        ("warning", "there is no CAD library for Straumann Tissue Level in the table")
    ]


def test_a_scan_body_must_be_known_to_the_library() -> None:
    """A wrong one gives a misfit that nobody sees before the mouth."""
    assert told(item("Bone Level", "RC", body="Mono RC"), rules=OWN) == []
    (found,) = check(item("Bone Level", "RC", body="Elos RC"), rules=OWN)
    assert (found.code, found.severity, found.teeth) == ("implant.scan-body", "warning", (36,))


def test_equal_implants_are_asked_about_once() -> None:
    """Two crowns on one unknown system: one finding with both teeth."""
    two = (WorkItem(str(n), (n,), "implant-crown", implant=Implant("X", "Y")) for n in (36, 35))
    assert [finding.teeth for finding in check(*two)] == [(35, 36)]


def test_an_order_without_a_system_is_left_to_completeness() -> None:
    """It asks for what is not stated; nothing is asked twice."""
    assert check(item(None)) == []


def test_long_words_are_cut() -> None:
    """Free text of an order does not fill the report."""
    ((_, message),) = told(item("x" * 300, maker=None))
    assert len(message) < 90


@pytest.mark.parametrize("seed", [1400, 1401, 1402])
def test_captured_scan_bodies_are_found(seed: int) -> None:
    """Each stands off the gum of the scan without it; counted by the order's implants."""
    teeth = (36, 45)
    surfaces = {"bodies": pair(seed, scan_bodies=teeth).lower, "gum": pair(seed, missing=teeth).lower}
    scans = (scan("bodies", "scanbody/lower"), scan("gum", "gingiva/lower"))
    items = [WorkItem(str(n), (n,), "implant-crown", implant=Implant()) for n in teeth]
    assert check(*items, surfaces=surfaces, scans=scans) == []
    one = {**surfaces, "bodies": pair(seed, scan_bodies=teeth[:1], missing=teeth[1:]).lower}
    (found,) = check(*items, surfaces=one, scans=scans)
    assert (found.code, found.value, found.limit) == ("implant.scan-body", 1, 2)
    none = {**surfaces, "bodies": surfaces["gum"]}
    assert [finding.value for finding in check(*items, surfaces=none, scans=scans)] == [0]


def test_a_scan_body_that_floats_is_captured() -> None:
    """Scanners do not always bridge the gap to the gums."""
    import trimesh

    gum = pair(1400, missing=(36,)).lower
    place = place_teeth(gum, "lower")
    assert place is not None
    body = trimesh.creation.icosphere(subdivisions=3, radius=2.5)
    body.apply_translation(place.middle(36) + np.array([0.0, 0.0, 5.0]))
    items = [WorkItem("1", (36,), "implant-crown", implant=Implant())]
    scans = (scan("bodies", "scanbody/lower"), scan("gum", "gingiva/lower"))
    floating = joined(gum, Mesh.from_trimesh(body))
    assert check(*items, surfaces={"bodies": floating, "gum": gum}, scans=scans) == []
    (found,) = check(*items, surfaces={"bodies": gum, "gum": gum}, scans=scans)
    assert found.where_mm is not None
    assert np.linalg.norm(np.array(found.where_mm) - place.middle(36)) < 1e-6


def test_an_order_without_implants_still_wants_one_scan_body() -> None:
    """A scan of that role shows at least one."""
    gum = pair(1400, missing=(36, 45)).lower
    scans = (scan("bodies", "scanbody/lower"), scan("gum", "arch/lower"))
    (found,) = check(surfaces={"bodies": gum, "gum": gum}, scans=scans)
    assert found.message == "no scan body stands out in the scan"


def test_without_a_scan_to_compare_nothing_is_claimed() -> None:
    """No arch without scan body, or one in another frame."""
    bodies = pair(1400, scan_bodies=(36, 45)).lower
    alone = scan("bodies", "scanbody/lower")
    assert check(surfaces={"bodies": bodies}, scans=(alone,)) == []
    elsewhere = {"bodies": bodies, "gum": turned(bodies)}
    assert check(surfaces=elsewhere, scans=(alone, scan("gum", "gingiva/lower"))) == []


def test_wrong_tables_are_named() -> None:
    """A missing name, and two systems that share a word."""
    with pytest.raises(Misfit):
        implants_from({"systems": {"own": {"maker": "M"}}})
    with pytest.raises(Misfit) as caught:
        implants_from({"systems": {"own": {"maker": "Straumann", "name": "BLT"}}})
    assert caught.value.problems[0].path == ("systems", "own")
    with pytest.raises(ConfigError):
        check(item("BLT"), rules={"implants": {"systems": {"own": {}}}})
