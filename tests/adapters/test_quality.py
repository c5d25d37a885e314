"""Every adapter says what it knows and how well."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

ADAPTERS = ("trios", "itero", "primescan", "medit", "carestream", "example", "exocad", "dicom")


@pytest.mark.parametrize("name", ADAPTERS)
def test_claims_carry_evidence_and_exemptions_a_reason(name: str, repository: Path) -> None:
    """No claim without a source, no exemption without a reason."""
    path = repository / f"plugins/{name}/src/casepan_{name}/quality.toml"
    quality = tomllib.loads(path.read_text(encoding="utf-8"))
    assert quality["tier"] in ("bronze", "silver", "gold")
    assert quality["claims"]
    assert all(claim["evidence"] in ("real", "code", "documented", "inferred") for claim in quality["claims"])
    assert all(claim["claim"] and claim["source"] for claim in quality["claims"])
    assert all(exemption["rule"] and exemption["reason"] for exemption in quality.get("exemptions", ()))
