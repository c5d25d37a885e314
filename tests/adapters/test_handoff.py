"""The watch stages of the portals, and the names under which cases go on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from attrs import evolve

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


NAMED = [
    ("medit.names", "second-vocabulary"),
    ("medit.names", "exocad-style"),
    ("medit.names", "two-occlusions"),
    ("primescan.names", "dscore-bite"),
    ("primescan.names", "local-obj"),
    ("carestream.names", "restoration"),
    ("carestream.names", "save-ply"),
]


@pytest.mark.parametrize(("stage", "sample"), NAMED)
def test_a_case_under_the_ecosystems_names_is_read_back(
    stage: str, sample: str, read_with: Callable[..., Any], tmp_path: Path
) -> None:
    """Every preferred scan keeps role and arch on the way to a partner and back, and no name of the sender goes along."""
    plugin = stage.partition(".")[0]
    (arrival,) = [one for one in REGISTRY.samples()[plugin] if one.name == sample]
    files = arrival.files()
    (case,) = read_with(plugin, files).cases
    named = REGISTRY.build(stage).apply(evolve(case, ref="K7Q2-M4"), None)
    prefix = next(iter(files)).partition("/")[0]
    packed = {}
    for scan in named.scans:
        path = scan.file.path.rpartition("!")[2]
        content = files.get(f"{prefix}/{path}") or zip_member(files[prefix], path)
        packed[f"K7Q2-M4/{scan.name}"] = content
    again = read_with(plugin, packed)
    assert sorted(again.roles.values()) == sorted(f"{scan.role}/{scan.arch or '-'}" for scan in named.scans)
    assert not any(word in "".join(packed).casefold() for word in ("roe", "doe", "tmp-", "pat001"))


def zip_member(content: bytes, path: str) -> bytes:
    """One member of a zip."""
    with ZipFile(BytesIO(content)) as archive:
        return archive.read(path)


def test_scans_without_a_word_keep_their_own_name(read_with: Callable[..., Any]) -> None:
    """Variants, closed files and other objects are not renamed."""
    samples = {(plugin, one.name): one for plugin, many in REGISTRY.samples().items() for one in many}
    for plugin, sample in (("medit", "meditmesh"), ("primescan", "dxd"), ("carestream", "raw-data")):
        (case,) = read_with(plugin, samples[plugin, sample].files()).cases
        assert {scan.name for scan in REGISTRY.build(f"{plugin}.names").apply(case, Clock()).scans} == {None}


class Clock:
    """The only part of a context that these stages ask."""

    def now(self) -> datetime:
        """A fixed time."""
        return datetime(2026, 9, 10, tzinfo=UTC)
