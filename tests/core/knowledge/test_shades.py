"""Shades and their guides."""

from __future__ import annotations

import pytest

from casepan.knowledge.shades import (
    BLEACH,
    CHROMASCOP,
    NATURAL_DIE,
    SHADES,
    VITA_3D_MASTER,
    VITA_CLASSICAL,
    guide_from_words,
    parse_shade,
)


@pytest.mark.parametrize(("guide", "shade"), [(guide, shade) for guide, shades in SHADES.items() for shade in shades])
def test_every_shade_of_every_guide_is_known(guide: str, shade: str) -> None:
    """A bare shade names its guide, because no shade stands in two of them."""
    assert parse_shade(shade) == (shade, guide)


@pytest.mark.parametrize(
    ("text", "shade", "guide"),
    [
        ("a2", "A2", VITA_CLASSICAL),
        (" Vita A2 ", "A2", VITA_CLASSICAL),
        ("Shade: A3,5", "A3.5", VITA_CLASSICAL),
        ("VITA 3D-Master 3M2", "3M2", VITA_3D_MASTER),
        ("2l1,5", "2L1.5", VITA_3D_MASTER),
        ("OM1", "0M1", VITA_3D_MASTER),
        ("bl 3", "BL3", BLEACH),
        ("Chromascop 110", "110", CHROMASCOP),
        ("ND 7", "ND7", NATURAL_DIE),
    ],
)
def test_shades_are_read_as_people_write_them(text: str, shade: str, guide: str) -> None:
    """Case, commas, the guide's name and the letter O for zero do not matter."""
    assert parse_shade(text) == (shade, guide)


@pytest.mark.parametrize(
    ("text", "guide"),
    [
        ("A2, neck A3", VITA_CLASSICAL),
        ("A2/A3", VITA_CLASSICAL),
        ("A2 or 2M1", None),
        ("like the neighbour", None),
        ("C5", None),
    ],
)
def test_words_that_say_more_than_a_shade_stay(text: str, guide: str | None) -> None:
    """Nothing of the order is dropped; the guide is named when there is only one."""
    assert parse_shade(text) == (text, guide)


@pytest.mark.parametrize("text", [None, "", "  ", "---", "n/a", "None"])
def test_no_shade_is_none(text: str | None) -> None:
    """An empty field and its usual stand-ins are no shade."""
    assert parse_shade(text) == (None, None)


@pytest.mark.parametrize(
    ("text", "guide"),
    [
        ("VITA Lumin", VITA_CLASSICAL),
        ("VITA classical A1-D4", VITA_CLASSICAL),
        ("VITA Toothguide 3D-MASTER", VITA_3D_MASTER),
        ("Chromascop", CHROMASCOP),
        ("Natural Die Material", NATURAL_DIE),
        ("House guide", None),
        (None, None),
    ],
)
def test_guides_are_known_by_name(text: str | None, guide: str | None) -> None:
    """The names that scanners' programs show lead to one of our guides, any other to none."""
    assert guide_from_words(text) == guide


def test_guides_have_as_many_shades_as_the_printed_ones() -> None:
    """16 classical shades, 26 + 3 of the 3D-Master, 4 bleach, 20 Chromascop, 9 dies."""
    assert [len(shades) for shades in SHADES.values()] == [16, 29, 4, 20, 9]
