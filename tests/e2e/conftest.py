"""A lab in a temporary folder, and the real command line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import define

LAB = """
version = 1
[lab]
name = "Test laboratory"
[verdict]
"case.maybe-duplicate" = "accept"    # the cases of these tests share their scans
{adapters}
[pipelines.crowns]
[[pipelines.crowns.import]]
use = "core.inbox"
with = {{ path = "inbox", settle = "0.2s" }}
[[pipelines.crowns.steps]]
use = "core.require-scans"
[[pipelines.crowns.steps]]
use = "core.mesh-sanity"
[[pipelines.crowns.steps]]
use = "core.units"
[[pipelines.crowns.steps]]
use = "core.convert"
[[pipelines.crowns.steps]]
use = "core.rename"
[[pipelines.crowns.export]]
use = "core.folder"
id = "cad"
with = {{ path = "out" }}
"""
ADAPTERS = ("trios", "itero", "primescan", "medit", "carestream")


@define
class LabFolder:
    """A lab on disk; ``said`` collects everything its commands ever printed."""

    root: Path
    said: str = ""

    @property
    def inbox(self) -> Path:
        """Where exports are dropped."""
        return self.root / "inbox"

    def casepan(self, *arguments: str, ends: int | None = 0) -> str:
        """Standard output of ``casepan ARGUMENTS``, which must end with this code (None: any)."""
        done = subprocess.run(
            [sys.executable, "-m", "casepan", *arguments], cwd=self.root, capture_output=True, text=True, check=False
        )
        self.said += done.stdout + done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        assert ends is None or done.returncode == ends, f"ended {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture
def lab(tmp_path: Path) -> LabFolder:
    """A crown-and-bridge lab with all five ecosystems."""
    tables = "\n".join(f"[adapters.{name}]" for name in ADAPTERS)
    (tmp_path / "lab.toml").write_text(LAB.format(adapters=tables), encoding="utf-8")
    (tmp_path / "inbox").mkdir()
    return LabFolder(tmp_path)


@pytest.fixture
def drop(lab: LabFolder) -> Callable[[dict[str, bytes]], None]:
    """Put files into the lab's inbox, path to bytes."""

    def put(files: dict[str, bytes]) -> None:
        for path, content in files.items():
            target = lab.inbox / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)

    return put
