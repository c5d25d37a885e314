"""Fixtures that every area shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real scans and nasty files; a test that needs it skips where it is absent."""
    folder = Path(os.environ.get("CASEPAN_SHARED", ROOT.parent / "shared"))
    if not (folder / "data" / "INDEX.md").is_file():
        pytest.skip("real data not found: set CASEPAN_SHARED to the folder that holds data/INDEX.md")
    return folder
