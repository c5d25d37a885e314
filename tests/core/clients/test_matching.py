"""Whose case is it: proofs, words, rivals, wishes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from casepan.config.practices import parse_practices
from casepan.knowledge.clients import evidence_of, match, with_client
from casepan.model.case import Case, CaseKey, Origin
from casepan.model.prescription import Prescription, WorkItem

CLIENTS = parse_practices(
    """
[practices.bright]
name = "Bright Smiles"
aliases = ["Bright Dental GmbH"]
[practices.bright.keys]
licences = ["D-123"]
inboxes = ["inbox/bright"]
vendor_ids = ["778899"]
doctors = ["Dr. Ada Lamp"]
senders = ["scan@bright.example"]
[practices.bright.defaults]
shade_guide = "VITA classical"
material = { crown = "zirconia" }
[practices.dim]
name = "Dim Smiles"
keys = { doctors = ["Dr. Ada Lamp"], ship_to = ["1 Dark Lane"] }
""",
    Path("practices.toml"),
)


def case(*items: WorkItem, arrival: str | None = None, **order: Any) -> Case:
    """A case whose order says this."""
    return Case(
        "K7Q2-M4",
        CaseKey("core", "x"),
        Origin("core.generic", arrival=arrival),
        prescription=Prescription(items, **order),
    )


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (case(licence="d-123"), "licence"),
        (case(raw={"CustomerID": "778899"}), "vendor-id"),
        (case(raw={"order": {"from": "Scan@Bright.example"}}), "sender"),
        (case(practice="BRIGHT  SMILES"), "name"),
        (case(practice="Bright Dental GmbH."), "name"),
    ],
)
def test_each_key_is_found(made: Case, kind: str) -> None:
    """By licence, vendor id, sender, name and alias, whatever their case and spacing."""
    found = match(made, CLIENTS)
    assert found.practice is not None
    assert (found.practice.id, found.evidence[0]) == ("bright", kind)


def test_the_inbox_is_a_proof() -> None:
    """A folder that only this practice drops into, as lab.toml writes it or by its last part."""
    found = match(case(), CLIENTS, inbox="inbox/bright")
    assert found.practice is not None
    assert found.practice.id == "bright"


def test_a_proof_beats_words() -> None:
    """The order names one practice, its licence belongs to another: the licence holds."""
    found = match(case(practice="Dim Smiles", licence="D-123"), CLIENTS)
    assert found.practice is not None
    assert found.practice.id == "bright"


def test_words_that_two_share_prove_nothing() -> None:
    """Both have the same dentist: a person is asked, and both are named."""
    found = match(case(doctor="Dr. Ada Lamp"), CLIENTS)
    assert (found.practice, set(found.rivals)) == (None, {"bright", "dim"})
    (finding,) = with_client(case(doctor="Dr. Ada Lamp"), CLIENTS).findings
    assert (finding.code, finding.severity) == ("practice.unknown", "warning")
    assert "bright" in finding.message


def test_an_unknown_practice_is_a_finding_without_its_name() -> None:
    """Findings are logged: the order's words stay in the order."""
    made = with_client(case(practice="Sentinel Dental"), CLIENTS)
    (finding,) = made.findings
    assert (made.practice, made.client, finding.code) == (None, None, "practice.unknown")
    assert "Sentinel" not in f"{finding.message}{finding.hint}"


def test_what_was_linked_is_remembered() -> None:
    """An order's word for a practice that a person explained once."""
    made = case(practice="BS Mitte")
    (evidence,) = [f"{kind}:{text}" for kind, text in evidence_of(made) if kind == "name"]
    found = match(made, CLIENTS, {evidence: "bright"})
    assert found.practice is not None
    assert (found.practice.id, found.evidence[0]) == ("bright", "linked")


def test_wishes_fill_only_what_is_unknown() -> None:
    """Provenance says whose word each field is; what the order says stays."""
    items = (
        WorkItem("1", (26,), kind="crown", shade="A2"),
        WorkItem("2", (27,), kind="crown", material="gold", shade="A3", shade_guide="VITA 3D-Master"),
        WorkItem("3", (28,), kind="crown", material_text="something new"),
        WorkItem("4", (36,), kind="inlay"),
    )
    made = with_client(case(*items, licence="D-123"), CLIENTS)
    assert made.client is not None
    assert [item.material for item in made.prescription.items] == ["zirconia", "gold", "unknown", "unknown"]
    assert [item.shade_guide for item in made.prescription.items] == ["VITA classical", "VITA 3D-Master", None, None]
    assert made.prescription.items[0].provenance == {"material": "practice", "shade_guide": "practice"}
    assert made.prescription.items[1] == items[1]
    (finding,) = made.findings
    assert (finding.code, finding.severity) == ("practice.defaults", "info")
    assert "item 1" in finding.message


def test_a_person_s_word_needs_no_proof() -> None:
    """``casepan cases set CASE practice=dim`` against all evidence."""
    made = with_client(evolve(case(licence="D-123"), practice="dim"), CLIENTS)
    assert made.client is not None
    assert made.client.id == "dim"


def test_a_practice_that_left_the_list_is_asked_about() -> None:
    """The case names an id that practices.toml no longer has."""
    made = with_client(evolve(case(), practice="gone"), CLIENTS)
    assert [finding.code for finding in made.findings] == ["practice.unknown"]
