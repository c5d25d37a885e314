"""``quality.completeness`` and the rules behind it."""

from __future__ import annotations

from typing import Any

import pytest

from casepan.api import Case, ConfigError, Finding, Implant, Patient, Scan, WorkItem
from casepan.config.options import Misfit
from casepan.knowledge.completeness import NO_ORDER, lacks, rules_from, shipped_rules, work_of
from casepan.model.files import ClosedFile, FileRef
from casepan.model.vocabulary import KINDS
from casepan_quality.completeness import Completeness
from casepan_quality.options import CompletenessOptions

from .conftest import case_of, context, pair, scan

UPPER, LOWER, BITE = scan("u", "preparation/upper"), scan("l", "antagonist/lower"), scan("b", "bite")
FULL = (UPPER, LOWER, BITE)
CROWN = WorkItem("1", (24,), "crown", material="zirconia", shade="A2")
IMPLANT = WorkItem(
    "1", (24,), "implant-crown", material="zirconia", implant=Implant("Maker", "System", "4.1"), scan_body="SB 1"
)


def check(case: Case, options: CompletenessOptions | None = None, rules: Any = None) -> list[Finding]:
    """All findings."""
    return list(Completeness(options or CompletenessOptions()).check(case, context(rules=rules)))


def asked(case: Case, rules: Any = None) -> list[tuple[str, str]]:
    """Severity and message of what is more than a note."""
    return [(found.severity, found.message) for found in check(case, rules=rules) if found.severity != "info"]


def test_a_complete_crown_has_nothing_to_ask() -> None:
    """Preparation, antagonist, bite, tooth, material and shade."""
    assert asked(case_of(FULL, CROWN)) == []


@pytest.mark.parametrize(
    ("absent", "words"), [(UPPER, "prepared arch (upper)"), (LOWER, "opposing arch (lower)"), (BITE, "no bite")]
)
def test_each_missing_scan_of_a_crown_is_an_error(absent: Scan, words: str) -> None:
    """One error that names the scan, the arch and the tooth."""
    case = case_of([one for one in FULL if one is not absent], CROWN)
    (found,) = [finding for finding in check(case) if finding.severity == "error"]
    assert found.code == "completeness.missing-scan"
    assert words in found.message
    assert found.teeth == (24,)


def test_arches_in_one_frame_are_a_bite() -> None:
    """A layout that promises occlusion needs no bite scan; two frames do."""
    framed = [scan("u", "preparation/upper", frame="f"), scan("l", "antagonist/lower", frame="f")]
    apart = [scan("u", "preparation/upper", frame="f"), scan("l", "antagonist/lower", frame="g")]
    assert asked(case_of(framed, CROWN)) == []
    assert [severity for severity, _ in asked(case_of(apart, CROWN))] == ["error"]


def test_a_single_arch_is_enough_for_work_on_one_arch() -> None:
    """A study model or a retainer of the upper arch needs no lower one."""
    for kind in ("model", "retainer", "tray"):
        assert asked(case_of([scan("u", "arch/upper")], WorkItem("1", (11, 21), kind))) == []


def test_without_an_order_one_arch_is_a_question_not_a_fault() -> None:
    """Nobody knows what is ordered: ask for the rest, reject nothing."""
    found = check(case_of([scan("u", "arch/upper")]))
    assert {finding.severity for finding in found} == {"info", "warning"}
    assert "completeness.no-prescription" in {finding.code for finding in found}


def test_without_an_order_two_arches_in_occlusion_are_complete() -> None:
    """A missing prescription alone is a note."""
    framed = [scan("u", "arch/upper", frame="f"), scan("l", "arch/lower", frame="f")]
    assert asked(case_of(framed)) == []


def test_an_order_can_be_required() -> None:
    """``require_rx`` turns the note into an error."""
    found = check(case_of([]), CompletenessOptions(require_rx=True))
    assert next(f for f in found if f.code == "completeness.no-prescription").severity == "error"


def test_no_scan_at_all_is_an_error() -> None:
    """An order alone, or nothing, is not a case one can start."""
    assert ("error", "there is no scan of the arch for this case") in asked(case_of([]))


def test_an_implant_crown_needs_its_scan_body_and_its_names() -> None:
    """Scan body scan, system, platform, scan body type."""
    assert asked(case_of([*FULL, scan("s", "scanbody/upper")], IMPLANT)) == []
    bare = WorkItem("1", (24,), "implant-crown", material="zirconia")
    messages = " ".join(message for _, message in asked(case_of(FULL, bare)))
    assert all(
        words in messages for words in ("scan body (upper)", "implant system", "platform", "the scan body is not")
    )


def test_a_crown_that_names_an_implant_is_an_implant_crown() -> None:
    """Scanners call both a crown."""
    case = case_of(
        FULL, WorkItem("1", (24,), "crown", material="zirconia", implant=Implant("M", "S", "P"), scan_body="B")
    )
    assert [message for _, message in asked(case)] == [
        "there is no scan with the scan body (upper) for the implant crown"
    ]


def test_a_bridge_is_asked_for_once_with_all_its_teeth() -> None:
    """Units of one bridge share their findings."""
    units = [WorkItem(str(tooth), (tooth,), "crown", bridge="b") for tooth in (13, 12, 11)]
    ((_, message),) = asked(case_of(FULL, *units))
    assert message == "the material is not stated for the bridge"
    assert next(f for f in check(case_of(FULL, *units)) if f.severity == "warning").teeth == (11, 12, 13)


def test_work_on_both_arches_needs_both() -> None:
    """Each is the other's antagonist; the arch that did not come is asked for once."""
    items = (CROWN, WorkItem("2", (36,), "crown", material="zirconia", shade="A2"))
    assert asked(case_of([scan("u", "preparation/upper"), BITE], *items)) == [
        ("error", "there is no scan of the prepared arch (lower) for the crown"),
    ]
    splint = (WorkItem("1", (11,), "splint"), WorkItem("2", (41,), "tray"))
    assert [words for _, words in asked(case_of([scan("u", "arch/upper"), BITE], *splint))] == [
        "there is no scan of the arch (lower) for the individual tray"
    ]


def test_a_scan_without_an_arch_is_asked_about() -> None:
    """It may be the missing one: a warning that names it."""
    case = case_of([scan("x", "arch"), LOWER, BITE], CROWN)
    (found,) = [finding for finding in check(case) if finding.severity != "info"]
    assert (found.severity, found.scan) == ("warning", "x")


def test_roles_speak_for_themselves() -> None:
    """A preparation and an antagonist without arches are where the order says."""
    assert asked(case_of([scan("p", "preparation"), scan("a", "antagonist"), BITE], CROWN)) == []


def test_shade_is_not_asked_of_metal() -> None:
    """Nobody shades a gold crown."""
    gold = WorkItem("1", (24,), "crown", material="gold")
    white = WorkItem("1", (24,), "crown", material="zirconia")
    assert not any("shade" in finding.message for finding in check(case_of(FULL, gold)))
    assert any("shade" in finding.message for finding in check(case_of(FULL, white)))


def test_a_full_denture_may_want_an_impression() -> None:
    """Border moulding: a note, unless the order announces the impression."""
    denture = WorkItem("1", tuple(range(11, 18)), "full-denture", shade="A2", material="resin")
    scans = [scan("r", "edentulous/upper"), LOWER, BITE]
    found = [f for f in check(case_of(scans, denture)) if f.code == "completeness.physical"]
    assert [(f.severity, f.message) for f in found] == [
        (
            "info",
            "impression may have to come by courier for the full denture: "
            "a scan does not show how far the borders may reach, border moulding does",
        )
    ]
    announced = [
        f.message
        for f in check(case_of(scans, denture, physical=("upper impression",)))
        if f.code == "completeness.physical"
    ]
    assert announced == ["the order announces by courier: upper impression"]


def test_a_second_bite_position_is_a_recommendation() -> None:
    """For splints, two buccal scans are one position."""
    splint = WorkItem("1", (), "splint", material="resin")
    two = [scan("u", "arch/upper"), scan("l", "arch/lower"), scan("b1", "bite"), scan("b2", "bite")]
    assert any("second bite" in f.message for f in check(case_of(two, splint)))
    assert not any("second bite" in f.message for f in check(case_of([*two, scan("b3", "bite")], splint)))


def test_closed_files_are_not_judged_by_scans() -> None:
    """Their names do not say what they hold; the order is still read."""
    closed = ClosedFile(FileRef("a.dxd", 1, "0"), "dxd", "export openly")
    found = check(case_of([], WorkItem("1", (24,), "crown"), closed=(closed,)))
    assert "completeness.missing-scan" not in {finding.code for finding in found}
    assert "completeness.missing-field" in {finding.code for finding in found}


def test_a_nameless_case_is_noted() -> None:
    """Neither order number nor patient: a note, or a warning where the lab wants it."""
    nameless = case_of(FULL, CROWN, reference=None)
    (found,) = [f for f in check(nameless) if f.code == "rx.no-reference"]
    assert found.severity == "info"
    strict = check(nameless, CompletenessOptions(require_reference=True))
    assert next(f for f in strict if f.code == "rx.no-reference").severity == "warning"
    named = case_of(FULL, CROWN, reference=None, patient=Patient(guid="g"))
    assert "rx.no-reference" not in {f.code for f in check(named)}


def test_forty_scans_are_no_problem() -> None:
    """Variants and copies only add what may be used."""
    many = [scan(f"v{number}", "arch/upper") for number in range(37)]
    assert asked(case_of([*many, LOWER, BITE], CROWN)) == []


def test_a_lab_changes_single_keys() -> None:
    """What its file names is replaced, everything else stays."""
    own = {"completeness": {"work": {"crown": {"required": ["preparation"], "fields": ["shade"]}}}}
    assert asked(case_of([UPPER], CROWN), own) == []
    assert asked(case_of([UPPER], WorkItem("1", (24,), "veneer", material="zirconia")), own) == [
        ("warning", "the shade is not stated for the veneer")
    ]


def test_a_lab_defines_scans_of_its_own() -> None:
    """A new scan need can be asked for at once."""
    own = {
        "completeness": {
            "scans": {"face": {"title": "photo of the face", "roles": ["photo"]}},
            "work": {"veneer": {"expected": ["face"]}},
        }
    }
    veneer = WorkItem("1", (11,), "veneer", material="feldspathic", shade="A1")
    assert asked(case_of(FULL, veneer), own) == [("warning", "there is no photo of the face for the veneer")]


@pytest.mark.parametrize(
    ("own", "place"),
    [
        ({"work": {"crown": {"required": ["bites"]}}}, ("work", "crown", "required")),
        ({"work": {"crown": {"like": "bridge"}}}, ("work", "crown", "like")),
        ({"work": {"crown": {"like": "nothing"}}}, ("work", "crown", "like")),
        ({"work": {"crown": {"fields": ["colour"]}}}, ("work", "crown", "fields")),
        ({"fields": {"colour": {"title": "x"}}}, ("fields", "colour")),
        ({"work": {"crown": {"needs": []}}}, ("work", "crown", "needs")),
        ({"scans": {"bite": {"roles": ["bites"]}}}, ("scans", "bite", "roles", 0)),
        ({"schema": 2}, ("schema",)),
    ],
)
def test_wrong_rules_are_named(own: Any, place: tuple[str | int, ...]) -> None:
    """Unknown names, loops, keys and roles, each with its place."""
    with pytest.raises(Misfit) as caught:
        rules_from(own)
    assert place in [problem.path for problem in caught.value.problems]


def test_wrong_rules_stop_the_check() -> None:
    """A lab's broken table is an error with a remedy, never silently ignored."""
    with pytest.raises(ConfigError, match="bites"):
        check(case_of(FULL, CROWN), rules={"completeness": {"work": {"crown": {"required": ["bites"]}}}})


def test_every_kind_of_the_model_has_a_rule() -> None:
    """No order falls through: unknown kinds are judged as other work, no order as unknown work."""
    rules = shipped_rules()
    named = {kind: work_of(WorkItem("1", kind=kind), rules) for kind in KINDS}  # type: ignore[arg-type]
    assert named == {kind: kind for kind in KINDS}
    assert work_of(None, rules) == NO_ORDER


def test_arches_that_really_meet_need_no_bite_scan() -> None:
    """Measured where no layout promises a frame; jaws of two frames still need their bite."""
    for frame, severity in (("z-up", "info"), ("teeth-up", "error")):
        jaws = pair(1200, frame=frame)
        case = case_of([scan("u", "preparation/upper"), scan("l", "antagonist/lower")], CROWN)
        ctx = context({"u": jaws.upper, "l": jaws.lower})
        found = list(Completeness(CompletenessOptions()).check(case, ctx))
        (about,) = [f for f in found if "bite" in f.message]
        assert (about.code, about.severity) == ("completeness.missing-scan", severity)


def test_the_arch_round_an_implant_may_come_as_gingiva() -> None:
    """Nobody asks for a prepared arch where nothing is prepared."""
    crown = WorkItem("1", (16,), "implant-crown", material="zirconia")
    came = [scan("g", "gingiva/upper"), scan("s", "scanbody/upper"), scan("l", "arch/lower"), scan("b", "bite")]
    assert [one.name for one in lacks(case_of(came, crown), shipped_rules()) if one.level == "required"] == []
    bare = lacks(case_of(came[1:], crown), shipped_rules())
    assert bare[0].sentence == "there is no scan of the arch without the scan body (upper) for the implant crown"


@pytest.mark.parametrize(("came", "missing"), [(["arch/upper"], "lower"), (["arch/lower"], "upper"), (["arch"], None)])
def test_the_opposing_arch_is_named_where_one_arch_came(came: list[str], missing: str | None) -> None:
    """Without any order: the other one, or nobody knows."""
    (found,) = [
        one
        for one in lacks(case_of(scan(f"s{n}", what) for n, what in enumerate(came)), shipped_rules())
        if one.name == "antagonist"
    ]
    assert found.arch == missing
