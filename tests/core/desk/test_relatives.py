"""Other cases that one may have to do with are proposed, and only where they really fit."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from casepan.errors import StateError
from casepan.knowledge.completeness import shipped_rules
from casepan.model.case import CaseKey, Patient
from casepan.model.finding import Finding
from casepan.running.facts import facts_of, named_findings, tokens_of
from casepan.running.relatives import relations_of


def proposed(new: Any, waiting: Any) -> list[str]:
    """Codes of the findings about a case, when that one waits."""
    found = relations_of(new, (), [("R3TD-9X", 1)], shipped_rules, lambda _, __: waiting)
    return [finding.code for finding in found.findings]


def test_a_bite_is_proposed_to_a_case_that_lacks_one(case: Any, scan: Any) -> None:
    """And linked, for lists."""
    waiting = case(scan("u", arch="upper"), scan("l", arch="lower"))
    found = relations_of(case(scan("b", "bite")), (), [("R3TD-9X", 2)], shipped_rules, lambda _, __: waiting)
    assert found.links == (("maybe-completes", "R3TD-9X"),)
    assert "R3TD-9X-r2" in found.findings[0].message


def test_what_does_not_fit_is_not_proposed(case: Any, scan: Any) -> None:
    """A case that holds more than that, one that fills nothing, one of another practice, one whose folder is gone."""
    waiting, bite = case(scan("u", arch="upper"), scan("l", arch="lower")), scan("b", "bite")
    assert proposed(case(bite, scan("x", arch="upper")), waiting) == []
    assert proposed(case(scan("x", arch="upper")), waiting) == []
    assert proposed(case(), waiting) == []
    assert proposed(evolve(case(bite), practice="one"), evolve(waiting, practice="two")) == []
    assert proposed(evolve(case(bite), practice="One"), evolve(waiting, practice="one")) == ["case.maybe-completes"]

    def gone(_: str, __: int) -> Any:
        raise StateError("gone")

    assert relations_of(case(bite), (), [("R3TD-9X", 1)], shipped_rules, gone).findings == ()


def test_a_twin_asks_for_a_person(case: Any) -> None:
    """The same scan under another name is a warning with a link."""
    found = relations_of(case(), ("R3TD-9X",), (), shipped_rules, lambda _, __: case())
    assert [(f.code, f.severity) for f in found.findings] == [("case.maybe-duplicate", "warning")]
    assert found.links == (("maybe-duplicate", "R3TD-9X"),)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Patient(first="Ann", last="Roe"), Patient(name="roe, ANN")),
        (Patient(reference="77"), Patient(reference="77", name="X")),
        (Patient(guid="g"), Patient(guid="G")),
    ],
)
def test_arrivals_of_one_patient_share_a_token(one: Any, other: Any, case: Any) -> None:
    """In either order of names, in capitals or not; two patients share none."""
    cases = [evolve(case(), patient=p, key=CaseKey("trios", str(n))) for n, p in enumerate((one, other, Patient()))]
    first, second, third = (set(tokens_of(each)) for each in cases)
    assert first & second
    assert not first & third


def test_a_folder_named_after_the_patient_shares_it_too(case: Any) -> None:
    """What people called a folder is often the patient; a vendor's own number never is."""
    folder = evolve(case(), key=CaseKey("core", "Ann ROE"))
    order = evolve(case(), key=CaseKey("trios", "x"), patient=Patient(first="Ann", last="Roe"))
    assert set(tokens_of(folder)) & set(tokens_of(order))


def test_findings_have_ids_that_stay(case: Any) -> None:
    """Equal when the steps run again, unique when two findings are alike."""
    holes = tuple(Finding("mesh.hole", "warning", "a hole", scan="u", value=v) for v in (1.0, 2.0))
    again = (Finding("case.revised", "warning", "new"), *holes)
    ids = [name for name, _ in named_findings(holes)]
    assert len(set(ids)) == 2
    assert [name for name, _ in named_findings(again)][1:] == ids
    assert facts_of(case(findings=holes)).findings[0][1:] == ["mesh.hole", "warning", "", "u", 1.0, None, None]
