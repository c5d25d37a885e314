"""The cross-detection matrix: every sample of every plugin against all adapters at once.

Each sample comes as its plugin makes it and, where it is one folder, also zipped flat under a copy mark, zipped on a Mac
under its own name, and one folder deeper; with them come arrivals that only look like a known export.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from casepan.api import Sample
from casepan.operate.looking import Inspection, LookOptions, look_at
from casepan.registry import Registry
from casepan.testing import look_alikes, packagings

REGISTRY = Registry.load()
OWN = [(plugin, sample) for plugin, samples in REGISTRY.samples().items() for sample in samples]
SAMPLES = [*OWN, *(("look-alike", sample) for sample in look_alikes())]
IDS = [f"{plugin}-{sample.name}" for plugin, sample in SAMPLES]


def looked_at(sample: Sample, folder: Path) -> Inspection:
    """What casepan makes of a sample with every adapter enabled."""
    return look_at(sample.write(folder), REGISTRY, LookOptions())


def scans_of(inspection: Inspection) -> dict[str, str]:
    """Path to role/arch over all cases."""
    scans = [scan for looked in inspection.cases for scan in looked.case.scans]
    return {scan.file.path: f"{scan.role}/{scan.arch or '-'}" for scan in scans}


def teeth_of(inspection: Inspection) -> tuple[int, ...]:
    """All ordered teeth over all cases."""
    return tuple(sorted({tooth for looked in inspection.cases for tooth in looked.case.prescription.teeth}))


def test_every_installed_plugin_loads() -> None:
    """The matrix means nothing when a plugin is missing from it."""
    assert REGISTRY.problems == ()


def check_agrees(sample: Sample, folder: Path) -> None:
    """The right adapter claims the arrival, alone, and reads the right roles, teeth and identity."""
    inspection = looked_at(sample, folder)
    expected = sample.expected
    if expected.stage is None:
        assert inspection.cases == ()
        assert inspection.findings
        return
    assert {looked.recognition.stage for looked in inspection.cases} == {expected.stage}
    assert len(inspection.cases) == expected.cases
    if expected.scans:
        assert scans_of(inspection) == dict(expected.scans)
    assert teeth_of(inspection) == expected.teeth
    assert sum(len(looked.case.closed) for looked in inspection.cases) == expected.closed
    if expected.vendor_id is not None:
        assert inspection.cases[0].case.key.vendor_id == expected.vendor_id


@pytest.mark.parametrize(("plugin", "sample"), SAMPLES, ids=IDS)
def test_a_sample_is_read_by_its_own_adapter(plugin: str, sample: Sample, tmp_path: Path) -> None:
    """As its plugin makes it; a look-alike by core alone, or by nobody."""
    check_agrees(sample, tmp_path)


@pytest.mark.parametrize(("plugin", "sample"), SAMPLES, ids=IDS)
def test_a_sample_is_read_however_it_is_packed(plugin: str, sample: Sample, tmp_path: Path) -> None:
    """A folder also as zip with a copy mark, as zip packed on a Mac, and one folder deeper."""
    for number, other in enumerate(packagings(sample)):
        check_agrees(other, tmp_path / str(number))


def test_the_matrix_is_large_enough() -> None:
    """At least 150 arrivals, and every adapter among them."""
    assert len(SAMPLES) + sum(len(tuple(packagings(sample))) for _, sample in SAMPLES) >= 150
    assert {plugin for plugin, _ in SAMPLES} >= {
        "trios",
        "itero",
        "primescan",
        "medit",
        "carestream",
        "core",
        "look-alike",
    }


def test_names_of_samples_are_unique_in_their_plugin() -> None:
    """A sample is addressed by plugin and name."""
    names = [(plugin, sample.name) for plugin, sample in SAMPLES]
    assert len(names) == len(set(names))
