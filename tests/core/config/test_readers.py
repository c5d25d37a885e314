"""Options of reading importers and closed formats, per adapter."""

from __future__ import annotations

from pathlib import Path

import pytest

from casepan.config.checks import check_lab
from casepan.config.lab import Lab
from casepan.config.loader import load_lab
from casepan.config.readers import accepts_closed, reader_options
from casepan.errors import ConfigError
from casepan.operate.looking import LookOptions, look_at
from casepan.registry import Registry

REGISTRY = Registry.load(["trios"])


def lab_of(folder: Path, tables: str) -> Lab:
    """A lab with these tables."""
    file = folder / "lab.toml"
    file.write_text(f'version = 1\n[lab]\nname = "Test"\n{tables}\n', encoding="utf-8")
    return load_lab(file)


def test_a_reader_gets_the_labs_options(tmp_path: Path) -> None:
    """What stands under ``with`` reaches the importer; without it the defaults count."""
    lab = lab_of(tmp_path, '[adapters.trios]\nwith = { order = { prefer = "processed" } }')
    assert check_lab(lab, REGISTRY) == ()
    assert reader_options(lab, REGISTRY, "trios.order").prefer == "processed"
    assert reader_options(None, REGISTRY, "trios.order").prefer == "raw"


def test_core_generic_takes_options_too(tmp_path: Path) -> None:
    """``[adapters.core]`` is allowed when it says something."""
    lab = lab_of(tmp_path, "[adapters.core]\nwith = { generic = { in_occlusion = true } }")
    assert check_lab(lab, REGISTRY) == ()
    assert reader_options(lab, REGISTRY, "core.generic").in_occlusion is True


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ('{ ordr = { prefer = "raw" } }', "Did you mean 'order'?"),
        ("{ inbox = {} }", "no reader 'inbox'"),
        ('{ order = { prefr = "raw" } }', "prefer"),
        ('{ order = { prefer = "cooked" } }', "prefer"),
    ],
)
def test_wrong_options_are_told_with_their_line(tmp_path: Path, given: str, expected: str) -> None:
    """The reader's name and its options are checked like those of any step."""
    lab = lab_of(tmp_path, f"[adapters.trios]\nwith = {given}")
    (problem,) = check_lab(lab, REGISTRY)
    assert isinstance(problem, ConfigError)
    assert expected in str(problem)
    assert "lab.toml:5" in str(problem)


def test_a_lab_that_owns_the_software_is_not_nagged(tmp_path: Path) -> None:
    """``closed = "accept"``: the closed file is mere information, and the verdict is accept."""
    sample = next(s for s in REGISTRY.samples()["trios"] if s.expected.closed and not s.expected.scans)
    arrival = sample.write(tmp_path / "inbox")
    advise = lab_of(tmp_path, "[adapters.trios]")
    assert not accepts_closed(advise, "trios")
    assert look_at(arrival, REGISTRY, LookOptions(lab=advise)).worst == "review"
    accept = lab_of(tmp_path, '[adapters.trios]\nclosed = "accept"')
    looked = look_at(arrival, REGISTRY, LookOptions(lab=accept))
    assert looked.worst == "accept"
    (finding,) = [finding for finding in looked.cases[0].findings if finding.code == "format.closed"]
    assert finding.severity == "info"
    assert "not checked" in finding.message
