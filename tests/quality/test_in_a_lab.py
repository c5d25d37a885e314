"""The checks in a real run and in ``validate``: the laboratory's own rules count in both."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from casepan.operate.looking import LookOptions, look_at
from casepan.registry import Registry
from casepan.testing import scan_bytes, small_scan
from casepan_quality.mesh import MeshQuality

LAB = """
version = 1
[lab]
name = "Test laboratory"
[adapters.quality]
[pipelines.crowns]
[[pipelines.crowns.import]]
use = "core.inbox"
with = { path = "inbox", settle = "0.2s" }
[[pipelines.crowns.steps]]
use = "quality.completeness"
[[pipelines.crowns.steps]]
use = "quality.identity"
[[pipelines.crowns.steps]]
use = "quality.bite"
[[pipelines.crowns.export]]
use = "core.folder"
with = { path = "out" }
"""
RULES = '[work.unknown]\nexpected = []\nrequired = ["arch", "scanbody"]\n'


def casepan(folder: Path, *arguments: str) -> Any:
    """What a command prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "casepan", *arguments, "--json"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return json.loads(done.stdout)


def lab_in(folder: Path) -> None:
    """A lab with one arch in its inbox."""
    (folder / "lab.toml").write_text(LAB, encoding="utf-8")
    (folder / "inbox" / "Roe").mkdir(parents=True)
    (folder / "inbox" / "Roe" / "upper.stl").write_bytes(scan_bytes(small_scan("upper"), "stl"))


def test_one_arch_without_an_order_is_held_for_review(tmp_path: Path) -> None:
    """Nothing rejects, somebody is asked."""
    lab_in(tmp_path)
    (case,) = casepan(tmp_path, "run")["cases"]
    assert (case["verdict"], case["state"]) == ("review", "review")
    assert case["reason"] == "completeness.missing-scan"


def test_the_labs_own_rules_count_in_a_run_and_in_validate(tmp_path: Path) -> None:
    """With them the same arch lacks what this laboratory requires."""
    lab_in(tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "completeness.toml").write_text(RULES, encoding="utf-8")
    (case,) = casepan(tmp_path, "run")["cases"]
    assert case["verdict"] == "reject"
    looked = casepan(tmp_path, "validate", "inbox/Roe", "--lab", "lab.toml")
    words = [f["message"] for f in looked["findings"] if f["severity"] == "error"]
    assert words == ["there is no scan with the scan body for this case"]


def test_broken_rules_are_never_ignored(tmp_path: Path) -> None:
    """A run does not fall back to the shipped rules."""
    lab_in(tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "completeness.toml").write_text("[work.crown]\nrequired = 3\n", encoding="utf-8")
    result = casepan(tmp_path, "run")
    assert all(case["verdict"] != "accept" for case in result["cases"])
    command = [sys.executable, "-m", "casepan", "validate", "inbox/Roe", "--lab", "lab.toml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "work.crown.required" in done.stderr


def test_a_wrong_order_is_told_whole_and_hides_nothing_else(tmp_path: Path) -> None:
    """Each problem is a finding of its own, whether the file lies beside the export or was named."""
    lab_in(tmp_path)
    rx = tmp_path / "order.toml"
    rx.write_text('version = 1\n[[items]]\nteeth = "99"\nkind = "crwn"\n', encoding="utf-8")
    named = casepan(tmp_path, "validate", "inbox/Roe", "--rx", "order.toml")
    rx.rename(tmp_path / "inbox" / "Roe" / "rx.toml")
    beside = casepan(tmp_path, "validate", "inbox/Roe")
    for looked in (named, beside):
        wrong = [finding["message"] for finding in looked["findings"] if finding["code"] == "rx.unreadable"]
        assert sorted(message.partition("line ")[2][0] for message in wrong) == ["3", "4"]
        assert len(looked["case"]["scans"]) == 1
        assert looked["verdict"] == "reject"


def test_validate_judges_by_the_limits_of_the_lab(tmp_path: Path) -> None:
    """Where its pipelines agree on them; else the defaults count."""
    lab_in(tmp_path)
    agreed = LAB.replace('use = "quality.identity"', 'use = "quality.identity"\nwith = { largest_arch = 20.0 }')
    (tmp_path / "lab.toml").write_text(agreed, encoding="utf-8")
    assert "identity.unit" in codes_of(tmp_path)
    steps = '[pipelines.other]\n[[pipelines.other.import]]\nuse = "core.inbox"\nwith = { path = "in2" }\n'
    other = f'{steps}[[pipelines.other.steps]]\nuse = "quality.identity"\n'
    (tmp_path / "in2").mkdir()
    (tmp_path / "lab.toml").write_text(agreed + other, encoding="utf-8")
    assert "identity.unit" not in codes_of(tmp_path)


def codes_of(folder: Path) -> set[str]:
    """The codes that ``validate`` finds with the lab."""
    looked = casepan(folder, "validate", "inbox/Roe", "--lab", "lab.toml")
    return {finding["code"] for finding in looked["findings"]}


def test_a_check_that_breaks_is_no_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin's bug hides nothing that the others say, and nobody accepts what was not looked at."""
    for role in ("upper", "lower", "bite"):
        (tmp_path / f"{role}.stl").write_bytes(scan_bytes(small_scan(role), "stl"))
    registry = Registry.load(["quality"])
    monkeypatch.setattr(MeshQuality, "check", lambda *_: [])
    (sound,) = look_at(tmp_path, registry, LookOptions(checks=True)).cases
    assert sound.verdict == "accept"
    monkeypatch.setattr(MeshQuality, "check", lambda *_: 1 / 0)
    (looked,) = look_at(tmp_path, registry, LookOptions(checks=True)).cases
    assert (looked.verdict, looked.reason) == ("review", "checks that did not run: quality.mesh")
    assert [check.why for check in looked.checks if not check.ran] == ["ZeroDivisionError: division by zero"]


def test_the_verdict_says_why(tmp_path: Path) -> None:
    """People read which findings led to it; a case that can start needs no reason."""
    lab_in(tmp_path)
    scan = tmp_path / "inbox" / "Roe" / "upper.stl"
    assert verdict_of(scan).startswith("Verdict: review because of completeness.missing-scan")
    scan.write_bytes(scan.read_bytes()[:-10])
    assert verdict_of(scan) == "Verdict: reject because of mesh.unreadable"


def verdict_of(path: Path) -> str:
    """The last line for people."""
    done = subprocess.run(
        [sys.executable, "-m", "casepan", "validate", str(path)], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()[-1]
