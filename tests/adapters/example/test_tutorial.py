"""The author's guide: its blocks are pieces of the plugin, and what it tells to run runs."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from casepan.cli.app import app

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(repository: Path, language: str) -> list[str]:
    """The fenced blocks of one language."""
    text = (repository / "docs/authors/your-first-plugin.md").read_text(encoding="utf-8")
    return [content for name, content in BLOCK.findall(text) if name == language]


def test_every_python_block_is_a_piece_of_the_plugin(repository: Path) -> None:
    """A reader who copies from the page gets what the tests run."""
    folder = repository / "plugins/example/src/casepan_example"
    source = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    pieces = blocks(repository, "python")
    assert len(pieces) > 4
    assert [piece for piece in pieces if piece not in source] == []


def test_the_entry_point_is_the_plugins_own(repository: Path) -> None:
    """The lines shown stand in its pyproject.toml."""
    (piece,) = blocks(repository, "ini")
    assert piece in (repository / "plugins/example/pyproject.toml").read_text(encoding="utf-8")


def test_what_the_page_runs_says_what_the_page_shows(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sample is written and inspected as told."""
    monkeypatch.chdir(tmp_path)
    (session,) = blocks(repository, "pycon")
    parsed = doctest.DocTestParser().get_doctest(session, {}, "guide", None, None)
    assert doctest.DocTestRunner(verbose=False).run(parsed).failed == 0
    (console,) = blocks(repository, "console")
    command, _, shown = console.partition("\n")
    result = CliRunner().invoke(app, command.removeprefix("$ casepan ").split())
    assert result.exit_code == 0
    assert result.output.startswith(shown)


def test_the_lab_file_of_the_page_is_valid(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """casepan check has nothing to complain about."""
    monkeypatch.chdir(tmp_path)
    (lab,) = blocks(repository, "toml")
    (tmp_path / "lab.toml").write_text(lab, encoding="utf-8")
    (tmp_path / "inbox").mkdir()
    result = CliRunner().invoke(app, ["check"])
    assert result.exit_code == 0, result.output
