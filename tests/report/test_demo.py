"""``casepan demo`` ends with reports to look at."""

from __future__ import annotations

from pathlib import Path

from casepan.operate.demonstrating import run_demo, write_demo
from casepan.registry import Registry


def test_the_demo_writes_reports_of_what_went_through_and_of_what_did_not(tmp_path: Path) -> None:
    """One for each case, the rejected one too, and an index over them."""
    done = run_demo(tmp_path, Registry.load(["report"]))
    assert done.as_planned
    assert done.index == tmp_path / "reports" / "index.html"
    page = done.index.read_text("utf-8")
    states = {outcome.state for outcome in done.outcomes if outcome.ref and f"{outcome.ref}.html" in page}
    assert states == {"handed-on", "quarantine"}


def test_the_demo_needs_core_alone(tmp_path: Path) -> None:
    """Without the plugin its lab has no reports."""
    write_demo(tmp_path, Registry.load([]))
    assert "report.html" not in (tmp_path / "lab.toml").read_text("utf-8")
