"""The page about the conformance kit says what the kit does."""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from typing import Any

import pytest

from casepan.testing.conformance import adapter_rules, importer_rules

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def page(repository: Path) -> str:
    """Its text."""
    return (repository / "docs/authors/conformance.md").read_text(encoding="utf-8")


def test_every_rule_stands_on_the_page(page: str) -> None:
    """An author finds the rule that broke."""
    rules = [*adapter_rules(), *importer_rules()]
    assert [name for name in rules if f"`{name}`" not in page] == []


def test_the_classes_of_the_page_can_be_made(page: str) -> None:
    """Each block is a whole test module, but for the import that stands above it."""
    names: dict[str, Any] = {}
    for language, code in BLOCK.findall(page):
        if language == "python":
            exec(code, names)
    assert names["TestPackage"].stage == "core.zip"
    assert set(names["TestAdapter"].exempt) <= set(adapter_rules())


def test_the_sessions_of_the_page_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They print what the page shows."""
    monkeypatch.chdir(tmp_path)
    session = "\n".join(code for language, code in BLOCK.findall(page) if language == "pycon")
    parsed = doctest.DocTestParser().get_doctest(session, {}, "page", None, None)
    assert doctest.DocTestRunner(verbose=False).run(parsed).failed == 0
