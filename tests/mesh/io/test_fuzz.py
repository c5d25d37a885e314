"""A minute's share of the long fuzz run: damaged files give meshes or typed errors, nothing else."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest

COUNT = int(os.environ.get("CASEPAN_FUZZ_COUNT", "3000"))


@pytest.fixture(scope="module")
def fuzz(repository: Path) -> ModuleType:
    """The script that also makes the long run."""
    spec = importlib.util.spec_from_file_location("fuzz_readers", repository / "benchmarks" / "fuzz" / "readers.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_damaged_files_give_meshes_or_typed_errors(fuzz: ModuleType) -> None:
    """Bit flips, cuts, inflated counts and swapped bytes over every reader: no other exception, no wrong array."""
    corpus = fuzz.seeds(fuzz.default_shared())
    seen = {fuzz.outcome(*fuzz.sample(number, corpus)) for number in range(COUNT)}
    assert {"read", "CorruptFile"} <= seen <= {"read", "CorruptFile", "ClosedFormat"}


def test_every_made_seed_is_sound(fuzz: ModuleType) -> None:
    """The undamaged files are read, so that the damage is what is tested."""
    outcomes = {name: fuzz.outcome(name, data) for name, data in fuzz.made_seeds()}
    assert {name for name, result in outcomes.items() if result != "read"} == {"CE.dcm"}


def test_mutations_are_repeatable(fuzz: ModuleType) -> None:
    """A failure can be shown again by its number."""
    corpus = fuzz.made_seeds()
    assert [fuzz.sample(number, corpus) for number in range(50)] == [
        fuzz.sample(number, corpus) for number in range(50)
    ]
