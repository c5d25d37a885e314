"""What a new revision changed, in words, fields and millimetres."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
from attrs import evolve

from casepan.errors import CorruptFile
from casepan.model.prescription import Implant, WorkItem
from casepan.running.comparing import describe, differences, finding_of, measured
from casepan.testing import small_scan


def test_scans_are_added_removed_and_changed(case: Any, scan: Any) -> None:
    """A scan is the same by its content, else by its id; a new role alone is a change too."""
    old = case(scan("upper", content="u1"), scan("lower"), scan("bite-1", "bite"), scan("other", "other", content="o"))
    new = case(scan("upper", content="u2"), scan("lower"), scan("preop", "preop"), scan("bite-2", "bite", content="o"))
    found = {(change.name, change.how) for change in differences(old, new)}
    assert found == {("upper", "changed"), ("preop", "added"), ("bite-2", "changed"), ("bite-1", "removed")}


def test_fields_are_compared_by_the_names_that_set_takes(case: Any) -> None:
    """Added, changed and removed; private words stay out of the sentence and out of repr."""
    old = case(items=(WorkItem("1", (16,), shade="A2", implant=Implant(system="S")),))
    new = case(items=(WorkItem("1", (16,), shade="A3"),))
    new = evolve(new, prescription=evolve(new.prescription, due=date(2026, 1, 31), reference="Sentinel"))
    changes = differences(old, new)
    assert {(change.name, change.how) for change in changes} == {
        ("item.1.shade", "changed"), ("item.1.implant", "removed"), ("rx.due", "added"), ("rx.reference", "added"),
    }  # fmt: skip
    assert "Sentinel" not in describe(changes) + repr(changes)
    assert differences(old, old) == ()


def test_the_largest_distance_between_old_and_new_surface_is_measured(case: Any, scan: Any) -> None:
    """Both ways, in millimetres: a scan moved by 2 mm, one that was cut, and one that came unchanged."""
    mesh = small_scan("upper")
    moved = evolve(mesh, vertices=mesh.vertices + np.array([0, 0, 2], np.float32))
    half = evolve(mesh, faces=mesh.faces[mesh.vertices[mesh.faces[:, 0], 0] < 0])
    meshes = {"m1": mesh, "m2": moved, "h1": mesh, "h2": half}
    old = case(scan("moved", content="m1"), scan("half", content="h1"), scan("same"))
    new = case(scan("moved", content="m2"), scan("half", content="h2"), scan("same", "bite"))

    def read(of: Any) -> Any:
        return meshes[of.file.sha256]

    by_name = {c.name: c.distance_mm for c in measured(differences(old, new), old, new, read, read)}
    assert 1.0 < (by_name["moved"] or 0.0) <= 2.0
    assert (by_name["half"] or 0.0) > 10.0
    assert by_name["same"] is None


def test_what_cannot_be_read_has_no_distance(case: Any, scan: Any) -> None:
    """A closed or damaged scan is a change all the same."""

    def broken(of: Any) -> Any:
        raise CorruptFile("no mesh")

    old = case(scan("a", content="1"), scan("b", content="2", readable=False))
    new = case(scan("a", content="3"), scan("b", content="4"))
    changes = measured(differences(old, new), old, new, broken, broken)
    assert [(change.name, change.distance_mm) for change in changes] == [("a", None), ("b", None)]
    assert finding_of(changes).value is None


def test_the_finding_says_what_changed(case: Any) -> None:
    """A warning, so that it waits for a person; nothing that counts is said too."""
    finding = finding_of(())
    assert (finding.code, finding.severity) == ("case.revised", "warning")
    assert "nothing that counts" in finding.message
