"""The unit file that the guide offers is one that systemd understands."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from casepan.errors import ConfigError
from casepan.running.report import INTERRUPTED

UNIT = Path(__file__).resolve().parents[2] / "docs" / "guide" / "casepan.service"


@pytest.fixture
def unit() -> configparser.ConfigParser:
    """The unit, its keys as they are written."""
    parser = configparser.ConfigParser(interpolation=None, delimiters="=")
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # the documented way to keep the case of keys
    parser.read_string(UNIT.read_text("utf-8"))
    return parser


def test_the_unit_starts_the_watch_and_stops_it_with_patience(unit: configparser.ConfigParser) -> None:
    """One signal to the supervisor, more time than it takes itself, and its exit code counts as success."""
    from casepan.running.supervisor import STOP_PATIENCE

    service = unit["Service"]
    assert service["ExecStart"].endswith("casepan run --watch")
    assert (service["KillMode"], int(service["SuccessExitStatus"])) == ("mixed", INTERRUPTED)
    assert int(service["TimeoutStopSec"]) > STOP_PATIENCE


def test_the_unit_is_not_restarted_for_a_wrong_lab(unit: configparser.ConfigParser) -> None:
    """Mistakes in lab.toml stay until somebody corrects them."""
    service = unit["Service"]
    assert service["Restart"] == "on-failure"
    assert str(ConfigError("wrong").exit_code) in service["RestartPreventExitStatus"].split()


def test_systemd_itself_finds_no_fault(tmp_path: Path) -> None:
    """Where systemd is installed, its own checker reads the unit."""
    checker = shutil.which("systemd-analyze")
    if checker is None:
        pytest.skip("systemd is not installed here")
    program = shutil.which("true")
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text("utf-8").replace("/opt/casepan/bin/casepan", str(program)), encoding="utf-8")
    done = subprocess.run([checker, "verify", copy], capture_output=True, text=True, check=False)
    assert "Unknown" not in done.stderr, done.stderr
