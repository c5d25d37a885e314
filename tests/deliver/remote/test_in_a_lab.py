"""Destinations in a ``lab.toml``: what ``casepan check`` and a run say of them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from casepan.config.loader import load_lab
from casepan.errors import SecretError
from casepan.operate.setting_up import check_lab_file
from casepan.running.supervisor import run_once
from casepan.testing import scan_bytes, small_scan

from .rig.proxy import FaultProxy
from .rig.servers import Server
from .rig.serving import TOKEN

LAB = """
version = 1
[lab]
name = "Test laboratory"
min_free = 0
[adapters.deliver]
[pipelines.p]
[[pipelines.p.import]]
use = "core.inbox"
with = {{ path = "inbox", settle = 0.05 }}
[[pipelines.p.export]]
use = "{use}"
id = "mill"
on_unknown = "{on_unknown}"
time_limit = 2
retry = {{ attempts = 2, first_delay = 0.05, max_delay = 0.1 }}
with = {{ {options} }}
"""


@pytest.fixture
def lab(tmp_path: Path) -> Callable[..., Path]:
    """A lab.toml with one export, and one case in its inbox."""

    def write(use: str, options: str, on_unknown: str = "hold") -> Path:
        (tmp_path / "inbox" / "case").mkdir(parents=True, exist_ok=True)
        for arch in ("upper", "lower"):
            (tmp_path / "inbox" / "case" / f"{arch}.stl").write_bytes(scan_bytes(small_scan(arch), "stl"))
        (tmp_path / "token").write_text(TOKEN)
        path = tmp_path / "lab.toml"
        path.write_text(LAB.format(use=use, options=options, on_unknown=on_unknown))
        return path

    return write


def test_plain_ftp_is_refused_by_check_and_by_run(lab: Callable[..., Path]) -> None:
    """With the reason and the way that works, and nothing is imported."""
    path = lab("deliver.remote", 'url = "ftp://mill.example.com/in"')
    (problem,) = check_lab_file(path).problems
    assert "use sftp://" in problem.reason
    done = subprocess.run(
        [sys.executable, "-m", "casepan", "run", "--lab", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "use sftp://" in done.stderr
    assert "Traceback" not in done.stderr


def test_check_online_asks_each_destination(lab: Callable[..., Path], portal: Server, tmp_path: Path) -> None:
    """One line for each export; what is wrong comes with its remedy, and nothing is sent."""
    url = f"http://127.0.0.1:{portal.port}/{tmp_path.name}/cases"
    path = lab("deliver.http", f'url = "{url}", token = {{ file = "token" }}')
    (row,) = check_lab_file(path, online=True).health
    assert (row.name, row.ok) == ("p/mill", True)
    (tmp_path / "token").write_text("wrong")
    result = check_lab_file(path, online=True)
    assert (result.health[0].ok, result.exit_code) == (False, 6)
    assert "does not let us in" in result.health[0].detail
    assert portal.copies(tmp_path.name) == 0


@pytest.mark.parametrize(("on_unknown", "state", "copies"), [("hold", "unknown", 1), ("resend", "sent", 2)])
def test_the_lab_decides_about_a_portal_that_cannot_be_asked(
    on_unknown: str, state: str, copies: int, lab: Callable[..., Path], portal: Server, tmp_path: Path,
    proxy_to: Callable[[Server], FaultProxy],
) -> None:  # fmt: skip
    """Held for a person; or sent again, which this portal takes as a second copy."""
    proxy = proxy_to(portal)
    proxy.committed = lambda: portal.copies(tmp_path.name) > 0
    url = f"http://127.0.0.1:{proxy.port}/{tmp_path.name}/cases"
    path = lab("deliver.http", f'url = "{url}", token = {{ file = "token" }}', on_unknown)
    (case,) = run_once(load_lab(path)).cases
    assert (case.deliveries[0].state, portal.copies(tmp_path.name)) == (state, copies)


def test_the_examples_of_the_readme_are_right(repository: Path, tmp_path: Path) -> None:
    """Every export of ``deliver.remote`` and ``deliver.http`` in it is one that ``casepan check`` takes."""
    text = (repository / "plugins" / "deliver" / "README.md").read_text("utf-8")
    blocks = re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    shown = [block for block in blocks if "deliver.remote" in block or "deliver.http" in block]
    assert len(shown) >= 2
    for block in shown:
        head = 'version = 1\n[lab]\nname = "Test"\n[[pipelines.crowns.import]]\nuse = "core.inbox"\nwith = { path = "inbox" }\n'
        tables = "" if "[adapters.deliver]" in block else "[adapters.deliver]\n"
        path = tmp_path / "lab.toml"
        path.write_text(head + tables + block)
        problems = check_lab_file(path).problems
        assert [problem.reason for problem in problems if not isinstance(problem, SecretError)] == []
