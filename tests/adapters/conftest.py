"""Fixtures of the adapter tests: drop files, ask one adapter alone, read what it recognises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from casepan.api import Case, NoOptions, Recognition
from casepan.running.context import Bench


@frozen
class Read:
    """What one adapter makes of an arrival."""

    claims: tuple[Recognition, ...]
    cases: tuple[Case, ...]

    @property
    def roles(self) -> dict[str, str]:
        """Path to role/arch over all cases."""
        return {scan.file.path: f"{scan.role}/{scan.arch or '-'}" for case in self.cases for scan in case.scans}

    @property
    def codes(self) -> set[str]:
        """Finding codes over all cases."""
        return {finding.code for case in self.cases for finding in case.findings}


ReadWith = Callable[..., Read]


def load(target: str | None) -> Any:
    """The object behind ``package.module:Name``; the options class of stages without options."""
    module, _, name = (target or "").partition(":")
    return getattr(import_module(module), name) if module else NoOptions


def read_path(plugin: str, path: Path, **options: Any) -> Read:
    """Recognise a path with one plugin and read every case it claims."""
    hooks = import_module(f"casepan_{plugin}.plugin")
    specs = {spec.name: spec for spec in hooks.casepan_importers()}
    with Bench.at(path) as bench:
        claims = tuple(hooks.casepan_recognise(listing=bench.listing))
        cases = []
        for claim in claims:
            spec = specs[claim.stage]
            importer = load(spec.factory)(load(spec.options)(**options))
            assert claim in tuple(importer.candidates(bench.importing(claim.stage)))
            cases.append(importer.read(claim, bench.importing(claim.stage)))
    return Read(claims, tuple(cases))


@pytest.fixture
def read_with(tmp_path: Path) -> ReadWith:
    """Write files (path to bytes; the first path part is the arrival) and read them with one plugin."""

    def read(plugin: str, files: Mapping[str, bytes], **options: Any) -> Read:
        for path, content in files.items():
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        tops = {path.split("/", 1)[0] for path in files}
        return read_path(plugin, tmp_path / tops.pop() if len(tops) == 1 else tmp_path, **options)

    return read
