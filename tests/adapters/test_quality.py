"""Every adapter says what it knows and how well."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

ADAPTERS = ("primescan", "medit", "carestream", "example")


@pytest.mark.parametrize("name", ADAPTERS)
def test_claims_carry_evidence_and_exemptions_a_reason(name: str, repository: Path) -> None:
    """No claim without a source, no exemption without a reason."""
    quality = tomllib.loads((repository / "plugins" / name / "quality.toml").read_text(encoding="utf-8"))
    assert quality["schema"] == 1
    assert quality["tier"] in ("bronze", "silver", "gold")
    assert quality["claims"]
    assert all(claim["evidence"] in ("real", "documented", "inferred") for claim in quality["claims"])
    assert all(claim["what"] and claim["source"] for claim in quality["claims"])
    assert all(exemption["rule"] and exemption["reason"] for exemption in quality.get("exemptions", ()))
