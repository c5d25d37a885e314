"""The documentation runs: every toml block loads, every console block is executed, every generated page is fresh."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from casepan.config.loader import load_lab
from casepan.knowledge.rx import read_rx
from casepan.registry import Registry

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ELSEWHERE = ("pip ", "uv ", "python3 ", ".ci/", "git ", "systemctl ", "sudo ")
"""What sets the machine up is run by CI and by the packaging tests, not from inside the test suite."""


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return [body for kind, body in FENCE.findall(page.read_text("utf-8")) if kind == language]


def pages_with(language: str) -> list[Path]:
    """Pages that have such a block."""
    return [page for page in PAGES if blocks(page, language)]


def name_of(page: Path) -> str:
    """Readable test ids."""
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", pages_with("toml"), ids=name_of)
def test_every_toml_block_is_valid(page: Path, tmp_path: Path) -> None:
    """A block is a complete lab.toml, or begins with ``# rx.toml``."""
    for number, body in enumerate(blocks(page, "toml")):
        if body.startswith("# rx.toml"):
            assert read_rx(body.encode(), name="rx.toml", place="rx.toml") is not None
            continue
        file = tmp_path / f"{number}.toml"
        file.write_text(body, encoding="utf-8")
        assert load_lab(file).version == 1


@pytest.mark.parametrize("page", pages_with("console"), ids=name_of)
def test_every_console_block_runs(page: Path, tmp_path: Path) -> None:
    """The ``$ casepan`` lines of a page, in their order, in one folder with sample exports in ``Downloads`` and ``inbox``."""
    _put_samples(tmp_path)
    folder, ran = tmp_path, 0
    for body in blocks(page, "console"):
        for line in (line[2:] for line in body.splitlines() if line.startswith("$ ")):
            if line.startswith("cd "):
                folder = (folder / line[3:]).resolve()
            elif not line.startswith(ELSEWHERE):
                _run(line, folder)
                ran += 1
    assert ran or all(
        line.startswith(("$ pip", "$ uv")) for body in blocks(page, "console") for line in body.splitlines()
    )


def test_generated_pages_are_fresh() -> None:
    """The reference says what the code does."""
    command = [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_links_between_pages_lead_somewhere() -> None:
    """Relative links of every page exist."""
    broken = [
        f"{name_of(page)}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []


def _put_samples(folder: Path) -> None:
    samples = Registry.load(["itero", "example"]).samples()
    next(sample for sample in samples["example"] if sample.demo).write(folder / "inbox")
    zipped = next(s for s in samples["itero"] if any(path.endswith(".zip") for path in s.files()))
    (content,) = (data for path, data in zipped.files().items() if path.endswith(".zip"))
    (folder / "Downloads").mkdir()
    (folder / "Downloads" / "OrthoCAD_Export_70000001.zip").write_bytes(content)


def _run(line: str, folder: Path) -> None:
    words = shlex.split(line)
    assert words[0] == "casepan", line
    process = subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
    )
    if "--watch" in words:
        time.sleep(3)
        process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=120)
    assert "Traceback" not in said, said
    assert process.returncode in ({0, 130} if "--watch" in words else {0}), f"{line}\n{said}"
