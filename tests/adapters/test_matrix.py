"""The cross-detection matrix: every sample of every plugin against all adapters at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from casepan.api import Sample
from casepan.operate.looking import Inspection, LookOptions, look_at
from casepan.registry import Registry

REGISTRY = Registry.load()
SAMPLES = [(plugin, sample) for plugin, samples in REGISTRY.samples().items() for sample in samples]


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


@pytest.mark.parametrize(("plugin", "sample"), SAMPLES, ids=[f"{plugin}-{sample.name}" for plugin, sample in SAMPLES])
def test_a_sample_is_read_by_its_own_adapter(plugin: str, sample: Sample, tmp_path: Path) -> None:
    """The right adapter claims it, alone, and reads the right roles, teeth and identity."""
    inspection = looked_at(sample, tmp_path)
    expected = sample.expected
    if expected.stage is None:
        assert inspection.cases == ()
        assert inspection.findings
        return
    assert {looked.recognition.stage for looked in inspection.cases} == {expected.stage}
    assert len(inspection.cases) == expected.cases
    case = inspection.cases[0].case
    if expected.scans:
        assert scans_of(inspection) == dict(expected.scans)
    assert teeth_of(inspection) == expected.teeth
    assert sum(len(looked.case.closed) for looked in inspection.cases) == expected.closed
    if expected.vendor_id is not None:
        assert case.key.vendor_id == expected.vendor_id


def test_names_of_samples_are_unique_in_their_plugin() -> None:
    """A sample is addressed by plugin and name."""
    names = [(plugin, sample.name) for plugin, sample in SAMPLES]
    assert len(names) == len(set(names))
