"""A lab at whose desk people answer and decide: real stages, real children, small scans."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from attrs import define, evolve

from casepan.config.lab import Lab
from casepan.config.loader import load_lab
from casepan.model.case import Case, CaseKey, Origin, Scan
from casepan.model.files import FileRef
from casepan.model.prescription import Prescription, WorkItem
from casepan.operate.desk import Desk, open_desk
from casepan.running.ledger import CaseRow
from casepan.running.report import RunReport
from casepan.running.supervisor import run_once
from casepan.testing import scan_bytes, small_scan

LAB = """
version = 1
[lab]
name = "Test laboratory"
min_free = "0 B"
remind_after = "2h"
[pipelines.p]
[[pipelines.p.import]]
use = "core.inbox"
with = { path = "inbox", settle = "0.05s" }
[[pipelines.p.steps]]
use = "core.require-scans"
hold = "office"
[[pipelines.p.steps]]
use = "core.mesh-sanity"
[[pipelines.p.export]]
use = "core.folder"
id = "cad"
with = { path = "cad" }
"""
OFFICE = """
[[pipelines.p.export]]
use = "core.folder"
id = "office"
on = ["accept", "review", "reject"]
on_existing = "{existing}"
with = {{ path = "office" }}
"""


@cache
def stl(role: str, seed: int = 0) -> bytes:
    """A small scan as a file."""
    return scan_bytes(small_scan(role, seed), "stl")


@define
class DeskLab:
    """A lab in a temporary folder."""

    root: Path

    @property
    def file(self) -> Path:
        """Its lab.toml."""
        return self.root / "lab.toml"

    def write(self, text: str = LAB) -> None:
        """Another lab.toml."""
        self.file.write_text(text, encoding="utf-8")

    def drop(self, folder: str, *, seed: int = 0, order: str = "", **roles: str) -> None:
        """Scans in the inbox: role and file name; ``order`` is an rx.toml beside them."""
        target = self.root / "inbox" / folder
        target.mkdir(parents=True, exist_ok=True)
        for role, name in roles.items():
            (target / name).write_bytes(stl(role, seed))
        if order:
            (target / "rx.toml").write_text(f"version = 1\n{order}", encoding="utf-8")

    def late(self, name: str, content: bytes) -> Path:
        """A file that somebody has at hand."""
        path = self.root / "desk" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return path

    def loaded(self) -> Lab:
        """Its lab.toml as values."""
        return load_lab(self.file)

    def run(self) -> RunReport:
        """One run."""
        return run_once(self.loaded())

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        """The lab opened for decisions."""
        with open_desk(self.file) as desk:
            yield desk

    def rows(self) -> dict[str, CaseRow]:
        """Every revision by its place."""
        with self.desk() as desk:
            return {row.place: row for row in desk.ledger.cases()}

    def only(self) -> CaseRow:
        """The one case there is."""
        (row,) = self.rows().values()
        return row

    def delivered(self, export: str) -> set[str]:
        """Names at a destination."""
        folder = self.root / export
        return {path.name for path in folder.iterdir()} if folder.is_dir() else set()

    def ran(self, ref: str, step: str) -> int:
        """How often a step ran for a case."""
        with self.desk() as desk:
            return sum(event.kind == "step.done" and f'"{step}"' in event.detail for event in desk.ledger.events(ref))


@pytest.fixture
def lab(tmp_path: Path) -> DeskLab:
    """A lab with one destination; cases without a bite wait for their office."""
    (tmp_path / "inbox").mkdir()
    made = DeskLab(tmp_path)
    made.write()
    return made


def make_scan(name: str, role: Any = "arch", *, path: str = "", content: str = "", **more: Any) -> Scan:
    """A scan that nobody opens."""
    return Scan(name, role, file=FileRef(path or f"{name}.stl", 1, content or f"sha-{name}"), **more)


def make_case(*scans: Scan, items: tuple[WorkItem, ...] = (), **more: Any) -> Case:
    """A case as a reader leaves it."""
    made = Case("K7Q2-M4", CaseKey("core", "Roe Ann 7"), Origin("core.generic"), scans=scans)
    return evolve(made, prescription=Prescription(items), received_at=datetime(2026, 1, 2, tzinfo=UTC), **more)


@pytest.fixture
def scan() -> Callable[..., Scan]:
    """Makes scans."""
    return make_scan


@pytest.fixture
def case() -> Callable[..., Case]:
    """Makes cases."""
    return make_case
