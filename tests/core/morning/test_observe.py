"""``mode = "observe"``: everything is checked, nothing is held, and what would have happened is kept. Real runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from casepan.cli.app import app
from casepan.config.loader import load_lab
from casepan.errors import ConfigError
from casepan.operate.counting import count
from casepan.operate.desk import open_desk
from casepan.operate.morning import morning
from casepan.running.rebuilding import rebuild
from casepan.running.supervisor import run_once
from casepan.testing import scan_bytes, small_scan

LAB = """
version = 1
[lab]
name = "Test laboratory"
min_free = "0 B"
{lab}
[pipelines.p]
{pipeline}
[[pipelines.p.import]]
use = "core.inbox"
with = {{ path = "inbox", settle = "0.05s" }}
[[pipelines.p.steps]]
use = "core.require-scans"
{step}
[[pipelines.p.steps]]
use = "core.mesh-sanity"
[[pipelines.p.export]]
use = "core.folder"
id = "cad"
with = {{ path = "cad" }}
{export}
"""
OBSERVE = 'mode = "observe"'


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Writes a lab, drops a case without a bite, and runs."""

    def made(**parts: str) -> Path:
        names = ("lab", "pipeline", "step", "export")
        (tmp_path / "lab.toml").write_text(
            LAB.format(**{name: parts.get(name, "") for name in names}), encoding="utf-8"
        )
        folder = tmp_path / "inbox" / f"Roe {len(list((tmp_path / 'inbox').glob('*')))}"
        folder.mkdir(parents=True)
        for seed, role in enumerate(("upper", "lower")):
            (folder / f"{role}.stl").write_bytes(scan_bytes(small_scan(role, seed), "stl"))
        run_once(load_lab(tmp_path / "lab.toml"))
        return tmp_path / "lab.toml"

    return made


def only(lab: Path) -> Any:
    """The one case there is."""
    with open_desk(lab) as desk:
        (row,) = desk.ledger.cases()
        return row


def test_what_would_be_held_goes_through_and_is_kept(run: Any, tmp_path: Path) -> None:
    """In list, page, count and `cases show`; also when the ledger is made anew."""
    lab = run(lab=OBSERVE, step='hold = "office"\nfail_on = "warning"')
    row = only(lab)
    assert (row.state, row.verdict, row.observed, row.would) == ("handed-on", "accept", True, "reject")
    assert "would be held (completeness.missing-scan" in str(row.reason)
    assert {path.name for path in (tmp_path / "cad").iterdir()} == {row.ref}
    shown = CliRunner().invoke(app, ["cases", "show", row.ref, "--lab", str(lab)], catch_exceptions=False).stdout
    assert "Observed only: it would have got reject" in shown
    with open_desk(lab) as desk:
        sections = {one.id: one for one in morning(desk).sections}
        total = count(desk).total
        steps = [json.loads(one.detail)["step"] for one in desk.ledger.events(row.ref) if one.kind == "step.done"]
    assert [line.place for line in sections["observed"].lines] == [row.ref]
    assert (total.numbers["first_time_right"], total.causes[0][0]) == (0, "completeness.missing-scan")
    assert steps == ["require-scans", "mesh-sanity"]
    for path in (tmp_path / "state").glob("ledger.sqlite*"):
        path.unlink()
    rebuild(load_lab(lab))
    assert (only(lab).observed, only(lab).would, only(lab).state) == (True, "reject", "handed-on")


def test_a_pipeline_may_observe_alone_or_decide_alone(run: Any, tmp_path: Path) -> None:
    """Its own mode comes before that of the lab."""
    assert only(run(lab=OBSERVE, pipeline='mode = "decide"')).state != "handed-on"
    with open_desk(tmp_path / "lab.toml") as desk:
        assert not desk.ledger.cases()[0].observed
    run(pipeline=OBSERVE)
    with open_desk(tmp_path / "lab.toml") as desk:
        assert [row.observed for row in desk.ledger.cases()] == [False, True]


def test_a_case_that_nobody_would_take_is_held_all_the_same(run: Any) -> None:
    """Else it would be gone, with nobody told."""
    row = only(run(lab=OBSERVE, export='on = ["review"]'))
    assert (row.state, row.observed) == ("review", False)


def test_a_case_that_does_not_match_the_pipeline_is_held(run: Any) -> None:
    """`when` is the lab's own will, not a verdict."""
    row = only(run(lab=OBSERVE, pipeline="when = { rush = true }"))
    assert (row.state, row.reason, row.observed) == ("review", "case.no-route", False)


def test_a_mode_that_is_none_is_refused(run: Any) -> None:
    """With the ones there are."""
    with pytest.raises(ConfigError, match="mode"):
        run(lab='mode = "watch"')
