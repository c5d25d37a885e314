"""The tutorial adapter, tested like the others."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from casepan.api import Case, CaseKey, NoOptions, Origin, Prescription, WorkItem
from casepan_example.stages import check_shade, name_by_tooth
from casepan_example.testing import one_case, samples

ReadWith = Callable[..., Any]


def test_the_sample_is_read(read_with: ReadWith) -> None:
    """Roles, tooth, shade and identity come out as the sample says."""
    (sample,) = samples()
    read = read_with("example", sample.files())
    case = read.cases[0]
    assert read.roles == dict(sample.expected.scans)
    assert case.key.vendor_id == "E-0042"
    assert [(item.teeth, item.kind, item.shade) for item in case.prescription.items] == [((26,), "crown", "A2")]


def test_a_missing_mesh_is_waited_for(read_with: ReadWith) -> None:
    """The order names a file that is not there yet."""
    files = {path: content for path, content in one_case().items() if not path.endswith("bite.stl")}
    read = read_with("example", files)
    assert read.claims[0].missing == ("bite.stl",)
    assert read.codes == {"arrival.incomplete"}


def test_an_unknown_part_is_kept(read_with: ReadWith) -> None:
    """It becomes other, never a guess."""
    files = dict(one_case())
    order = json.loads(files["E-0042/case.json"])
    order["scans"]["wings"] = "bite.stl"
    files["E-0042/case.json"] = json.dumps(order).encode()
    assert read_with("example", files).roles["bite.stl"] == "other/-"


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b'{"scanner": "Another"}', b'{"scanner": "Example Scanner"}', b"\xff\xfe"]
)
def test_other_programs_files_are_left_alone(content: bytes, read_with: ReadWith) -> None:
    """A case.json of another program, or a damaged one, is no claim."""
    assert read_with("example", {"c/case.json": content}).claims == ()


def case_with(shade: str | None) -> Case:
    """A case with one crown."""
    items = (WorkItem("1", (26,), "crown", shade=shade),)
    return Case("K7Q2-M4", CaseKey("example", "E"), Origin("example.export"), prescription=Prescription(items))


def test_a_crown_without_a_shade_is_found() -> None:
    """The check names the tooth and nothing else."""
    check = check_shade(NoOptions()).check
    assert [finding.teeth for finding in check(case_with(None), None)] == [(26,)]
    assert list(check(case_with("A2"), None)) == []


def test_scans_are_named_by_tooth(read_with: ReadWith) -> None:
    """Without teeth the name says so."""
    case = read_with("example", one_case()).cases[0]
    change = name_by_tooth(NoOptions()).apply
    assert {scan.name for scan in change(case, None).scans} == {
        "26_upper-arch.stl",
        "26_lower-arch.stl",
        "26_bite-1.stl",
    }
    bare = evolve(case, prescription=Prescription())
    assert all(scan.name.startswith("no-teeth_") for scan in change(bare, None).scans)
