"""Names of places in the state folder."""

from __future__ import annotations

import pytest

from casepan.running.layout import parse_place


@pytest.mark.parametrize(
    ("text", "ref", "revision"),
    [
        ("K7Q2-M4", "K7Q2-M4", None),
        ("k7q2-m4-r2", "K7Q2-M4", 2),
        ("pmc4-r4", "PMC4-R4", None),
        ("PMC4-R4", "PMC4-R4", None),
        ("pmc4-r4-r12", "PMC4-R4", 12),
    ],
)
def test_a_place_is_a_reference_and_perhaps_a_revision(text: str, ref: str, revision: int | None) -> None:
    """Also in small letters, and when the reference itself ends as a revision does."""
    assert parse_place(text) == (ref, revision)
