"""3Shape: names for a partner, and the watched folder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from casepan.api import Case, FolderPath, NoOptions, Sample
from casepan_trios.handoff import Inbox, OpenNames
from casepan_trios.options import InboxOptions
from casepan_trios.testing import samples, scan

ReadWith = Callable[..., Any]
OPEN = tuple(s for s in samples() if s.expected.cases == 1 and s.expected.scans and s.expected.outcome == "accept")


def renamed(case: Case) -> Case:
    """The case under 3Shape's names."""
    return OpenNames(NoOptions()).apply(evolve(case, ref="K7Q2-M4"), None)  # type: ignore[arg-type]


@pytest.mark.parametrize("sample", OPEN, ids=lambda sample: sample.name)
def test_names_are_read_back_as_the_same_scans(sample: Sample, read_with: ReadWith) -> None:
    """Role and arch of every named scan survive the way to a partner and back."""
    (case,) = read_with("trios", sample.files()).cases
    named = [found for found in renamed(case).scans if found.preferred]
    jaws = {"upper": scan("upper"), "lower": scan("lower"), None: scan("bite")}
    files = {f"partner/{found.name}": jaws[found.arch] for found in named}
    assert read_with("trios", files).roles == {found.name: f"{found.role}/{found.arch or '-'}" for found in named}


def test_names_hold_the_ref_and_nothing_of_the_sender(read_with: ReadWith) -> None:
    """File names of the practice name the patient."""
    files = {f"c/Doe {jaw.title()}JawScan.stl": scan(jaw) for jaw in ("upper", "lower")}
    (case,) = read_with("trios", {**files, "c/Doe BiteScan2.stl": scan("bite")}).cases
    names = {found.name for found in renamed(case).scans}
    assert names == {"K7Q2-M4 UpperJawScan.stl", "K7Q2-M4 LowerJawScan.stl", "K7Q2-M4 BiteScan2.stl"}


def test_a_scan_of_unknown_jaw_keeps_its_name(read_with: ReadWith) -> None:
    """A name would state what nobody knows."""
    (case,) = read_with("trios", {"c/Raw Preparation scan.stl": scan("lower"), "c/x.stl": scan("upper")}).cases
    assert {found.name for found in renamed(case).scans} == {None}


def test_the_inbox_stage_tells_what_to_watch() -> None:
    """Everything in the folder is taken, unfinished downloads are not."""
    watch = Inbox(InboxOptions(path=FolderPath("in"))).watch()
    assert (watch.path, watch.settle, watch.names) == ("in", 60.0, ())
    assert "*.crdownload" in watch.skip


def test_the_inbox_refuses_an_unknown_end() -> None:
    """The source is left or moved, nothing else."""
    with pytest.raises(ValueError, match="done"):
        InboxOptions(path=FolderPath("in"), done="delete")
