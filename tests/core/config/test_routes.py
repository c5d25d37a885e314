"""``casepan check`` tells before the first case which kinds of work find no way, and what practices name wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

from casepan.arrivals.listing import FolderListing
from casepan.arrivals.recognise import recognise
from casepan.config.checks import inspect_lab
from casepan.config.loader import load_lab
from casepan.operate.rehearsing import rehearse
from casepan.registry import Registry
from casepan.running.plan import matched
from casepan.testing import scan_bytes, small_scan

LAB = """
version = 1
[lab]
name = "L"
[pipelines.p]
when = { kind = ["crown", "inlay", "splint"] }
[[pipelines.p.import]]
use = "core.inbox"
with = { path = "inbox", settle = "0s" }
[[pipelines.p.export]]
use = "core.folder"
id = "cad"
when = { kind = ["crown", "inlay"] }
with = { path = "out" }
"""


def _advice(folder: Path, text: str = LAB) -> list[str]:
    (folder / "lab.toml").write_text(text)
    return [one.text for one in inspect_lab(load_lab(folder / "lab.toml"), Registry.load(())).advice]


def test_a_kind_that_no_export_takes_is_named(tmp_path: Path) -> None:
    """Only those that the pipeline takes in the first place."""
    assert [text for text in _advice(tmp_path) if "splint" in text and "crown" not in text]
    whole = LAB + '[[pipelines.p.export]]\nuse = "core.zip"\nwith = { path = "zips" }\n'
    assert not [text for text in _advice(tmp_path, whole) if "kinds of work" in text]


def test_a_destination_that_is_not_there_is_named(tmp_path: Path) -> None:
    """practices.toml and lab.toml are written by different people."""
    (tmp_path / "practices.toml").write_text('[practices.a]\nname = "A"\ndestination = "mil"\n')
    assert [text for text in _advice(tmp_path) if "'mil'" in text]


def test_a_broken_list_of_practices_stops_the_check(tmp_path: Path) -> None:
    """With the line."""
    (tmp_path / "practices.toml").write_text("[practices.a]\nphone = 3\n")
    (tmp_path / "lab.toml").write_text(LAB)
    problems = inspect_lab(load_lab(tmp_path / "lab.toml"), Registry.load(())).problems
    assert [problem.place for problem in problems if "practices.toml" in (problem.place or "")]


def test_a_rehearsal_says_what_matched(tmp_path: Path) -> None:
    """Which export, and because of which work item; an export that does not take the case is not there."""
    arrival = tmp_path / "inbox" / "one"
    arrival.mkdir(parents=True)
    for role, name in (("upper", "upper.stl"), ("lower", "lower.stl")):
        (arrival / name).write_bytes(scan_bytes(small_scan(role), "stl"))
    (arrival / "rx.toml").write_text('version = 1\n[[items]]\nteeth = [26]\nkind = "crown"\n')
    (tmp_path / "lab.toml").write_text(
        LAB + '[[pipelines.p.export]]\nuse = "core.zip"\nwhen = { rush = true }\nwith = { path = "zips" }\n'
    )
    (row,) = rehearse(load_lab(tmp_path / "lab.toml"))
    assert row.exports == ("cad (crown of item 1)",)


def test_everything_that_can_match_is_said() -> None:
    """Nothing to say where there is no ``when``."""
    from casepan.config.lab import When
    from casepan.model.case import Case, CaseKey, Origin

    case = Case("K7Q2-M4", CaseKey("core", "x"), Origin("core.generic"), practice="bright")
    when = When(
        practice=("bright",), adapter=("core",), verdict=("accept",), rush=False, closed=False, destination=False
    )
    words = "practice bright; adapter core; the verdict; no rush; no closed files; no destination named"
    assert (matched(when, case), matched(None, case)) == (words, "")


def test_an_adapter_that_sleeps_is_named(tmp_path: Path) -> None:
    """Installed, not enabled, and perhaps the one that knows this arrival."""
    (tmp_path / "order.xyz").write_bytes(b"something of somebody's")
    registry = Registry.load(())
    names = [item.name for item in registry.available]
    if not names:
        pytest.fail("the development environment has every adapter installed")
    result = recognise(FolderListing.of(tmp_path), registry)
    assert result.error is not None
    assert all(name in (result.error.hint or "") for name in names)
