"""The watch stages of the portals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from casepan.arrivals.settling import Settling, poll
from casepan.config.options import structure_options
from casepan.contract.stages import Watch
from casepan.errors import ConfigError
from casepan.registry import Registry

REGISTRY = Registry.load()
STAGES = ("medit.downloads", "primescan.downloads", "carestream.packages")


def watch(stage: str, path: Path, **more: object) -> Watch:
    """What the stage wants observed."""
    options: Any = structure_options(REGISTRY.options_type(stage), {"path": str(path), **more}, place="lab.toml")
    made: Watch = REGISTRY.build(stage, options).watch()
    return made


@pytest.mark.parametrize("stage", STAGES)
def test_a_portal_folder_waits_longer_than_an_inbox(stage: str, tmp_path: Path) -> None:
    """Downloads of one case come one after the other."""
    assert watch(stage, tmp_path).settle >= 60
    assert watch(stage, tmp_path, settle="5s").settle == 5


@pytest.mark.parametrize("stage", STAGES)
def test_a_misspelt_done_is_refused(stage: str, tmp_path: Path) -> None:
    """Sources are moved only where the lab says so in so many words."""
    with pytest.raises(ConfigError):
        watch(stage, tmp_path, done="delete")


TAKEN = [
    ("medit.downloads", "2026-09-11-Roe.zip", ["2026-09-11-Roe.zip.crdownload", "invoice.pdf"]),
    ("primescan.downloads", "Roe.dxd", ["Roe.dxd.part"]),
    ("carestream.packages", "CSC-1.zip", ["CSC-2.zip.crdownload", "photo.jpg"]),
]


@pytest.mark.parametrize(("stage", "whole", "others"), TAKEN)
def test_only_finished_downloads_of_the_portal_are_taken(
    stage: str, whole: str, others: list[str], tmp_path: Path
) -> None:
    """What a browser is still writing, and what is none of the portal's, stays where it is."""
    for name in (whole, *others):
        (tmp_path / name).write_bytes(b"PK\5\6" + bytes(18))
    observed = watch(stage, tmp_path)
    _, state = poll(observed, Settling(), 0.0)
    arrivals, _ = poll(observed, state, observed.settle + 1)
    assert [arrival.names for arrival in arrivals] == [(whole,)]


def test_zip_and_form_of_one_case_are_one_arrival(tmp_path: Path) -> None:
    """The PDF joins the ZIP of its name, also under a copy mark."""
    for name in ("CSC-1.zip", "CSC-1.pdf", "CSC-2.zip"):
        (tmp_path / name).write_bytes(b"PK\5\6" + bytes(18))
    observed = watch("carestream.packages", tmp_path)
    _, state = poll(observed, Settling(), 0.0)
    arrivals, _ = poll(observed, state, observed.settle + 1)
    assert sorted(arrival.names for arrival in arrivals) == [("CSC-1.pdf", "CSC-1.zip"), ("CSC-2.zip",)]
