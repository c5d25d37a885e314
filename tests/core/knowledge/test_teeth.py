"""FDI teeth and the notations that are translated to them."""

from __future__ import annotations

import pytest

from casepan.errors import CaseError
from casepan.knowledge.teeth import (
    NOTATIONS,
    ROWS,
    Notation,
    arch_of,
    from_fdi,
    from_palmer,
    from_universal,
    parse_teeth,
    side_of,
    to_palmer,
    to_universal,
)
from casepan.model.prescription import FDI_TEETH

ALL = sorted(FDI_TEETH)


def test_rows_hold_every_tooth_once() -> None:
    """The four rows together are the 52 teeth of ISO 3950."""
    assert sorted(tooth for row in ROWS for tooth in row) == ALL
    assert len(ALL) == 52


@pytest.mark.parametrize(
    ("universal", "fdi"),
    [
        *(("1", 18), ("8", 11), ("9", 21), ("16", 28), ("17", 38), ("24", 31), ("25", 41), ("32", 48)),
        *(("A", 55), ("E", 51), ("F", 61), ("J", 65), ("K", 75), ("O", 71), ("P", 81), ("T", 85)),
    ],
)
def test_universal_corners_of_every_quadrant(universal: str, fdi: int) -> None:
    """The ends of every quadrant stand where the ADA's chart puts them, in both directions."""
    assert from_universal(universal) == fdi
    assert to_universal(fdi) == universal


def test_universal_agrees_with_the_published_formulas() -> None:
    """U = 9-p, 8+p, 25-p, 24+p in quadrants 1 to 4, p being the FDI position."""
    by_quadrant = {1: lambda p: 9 - p, 2: lambda p: 8 + p, 3: lambda p: 25 - p, 4: lambda p: 24 + p}
    for tooth in (tooth for tooth in ALL if tooth < 50):
        assert int(to_universal(tooth)) == by_quadrant[tooth // 10](tooth % 10)


@pytest.mark.parametrize("written", [3, "3", "03", "#3", " # 3 "])
def test_universal_number_is_read_however_it_is_written(written: str | int) -> None:
    """Numbers, leading zeros and the American '#' all mean the same tooth."""
    assert from_universal(written) == 16


@pytest.mark.parametrize("letter", ["a", "A"])
def test_primary_letters_are_read_in_either_case(letter: str) -> None:
    """Primary teeth have letters, whatever their case."""
    assert from_universal(letter) == 55


@pytest.mark.parametrize("wrong", ["0", "33", "51", "U", "", "AS", "1.5", "-1", True])
def test_what_is_no_universal_tooth_is_refused(wrong: str | int) -> None:
    """Supernumeraries and anything else that has no FDI number raise a typed error with a remedy."""
    with pytest.raises(CaseError, match="not a tooth number in Universal notation") as caught:
        from_universal(wrong)
    assert caught.value.hint == "Permanent teeth are 1 to 32, primary teeth A to T."


@pytest.mark.parametrize(
    ("written", "fdi"),
    [
        *(("UR6", 16), ("ur 6", 16), ("6UR", 16), ("6⏌", 16), ("6┘", 16), ("UL1", 21), ("⎿1", 21), ("└1", 21)),
        *(("LL8", 38), ("⎾8", 38), ("┌8", 38), ("LR2", 42), ("2⏋", 42), ("2┐", 42)),
        *(("URE", 55), ("⎿A", 61), ("LLB", 72), ("LRC", 83)),
    ],
)
def test_palmer_is_read_in_letters_and_signs(written: str, fdi: int) -> None:
    """Quadrant letters, Unicode's dentistry signs and box-drawing corners name the same quadrants."""
    assert from_palmer(written) == fdi


@pytest.mark.parametrize("wrong", ["6", "UR9", "OR6", "URF", "UR", ""])
def test_what_is_no_palmer_tooth_is_refused(wrong: str) -> None:
    """A missing quadrant, position 9 and German quadrant letters are refused."""
    with pytest.raises(CaseError, match="not a tooth number in Palmer notation"):
        from_palmer(wrong)


@pytest.mark.parametrize("tooth", ALL)
def test_every_tooth_survives_both_notations(tooth: int) -> None:
    """FDI to Universal and Palmer and back gives the same tooth."""
    assert from_universal(to_universal(tooth)) == tooth
    assert from_palmer(to_palmer(tooth)) == tooth


@pytest.mark.parametrize(
    ("tooth", "arch", "side"), [(11, "upper", "right"), (28, "upper", "left"), (31, "lower", "left")]
)
def test_permanent_teeth_have_arch_and_side(tooth: int, arch: str, side: str) -> None:
    """Quadrants 1 to 4 run from the upper right to the lower right."""
    assert (arch_of(tooth), side_of(tooth)) == (arch, side)


@pytest.mark.parametrize(
    ("tooth", "arch", "side"), [(55, "upper", "right"), (61, "upper", "left"), (85, "lower", "right")]
)
def test_primary_teeth_have_arch_and_side(tooth: int, arch: str, side: str) -> None:
    """Quadrants 5 to 8 lie like 1 to 4."""
    assert (arch_of(tooth), side_of(tooth)) == (arch, side)


@pytest.mark.parametrize("wrong", [0, 9, 19, 29, 50, 56, 90, 111])
def test_arch_of_no_tooth_is_refused(wrong: int) -> None:
    """A number that is no FDI tooth has no arch."""
    with pytest.raises(CaseError, match="not a tooth number in FDI notation"):
        arch_of(wrong)


@pytest.mark.parametrize("written", [24, "24", "#24", "2.4"])
def test_fdi_number_is_read_however_it_is_written(written: str | int) -> None:
    """FDI numbers may carry the dot that some countries write."""
    assert from_fdi(written) == 24


@pytest.mark.parametrize(
    ("text", "teeth"),
    [
        ("13,12,11", (13, 12, 11)),
        ("13/12 11;21", (13, 12, 11, 21)),
        ("24-26", (24, 25, 26)),
        ("26-24", (26, 25, 24)),
        ("24 – 26", (24, 25, 26)),
        ("24 bis 26", (24, 25, 26)),
        ("24 to 26 and 36", (24, 25, 26, 36)),
        ("13-23", (13, 12, 11, 21, 22, 23)),
        ("42-32", (42, 41, 31, 32)),
        ("53-63", (53, 52, 51, 61, 62, 63)),
        ("24, 24, 24-25", (24, 25)),
        ("#11, 2.4", (11, 24)),
        ("", ()),
        ("  ", ()),
    ],
)
def test_lists_and_ranges_are_read(text: str, teeth: tuple[int, ...]) -> None:
    """Any separator works, ranges run along the arch, order stays as written, doubles go."""
    assert parse_teeth(text) == teeth


@pytest.mark.parametrize(
    ("text", "notation", "teeth"),
    [("3-5", "universal", (16, 15, 14)), ("8-9, A", "universal", (11, 21, 55)), ("UR1-UL2", "palmer", (11, 21, 22))],
)
def test_lists_are_read_in_their_own_notation(text: str, notation: Notation, teeth: tuple[int, ...]) -> None:
    """The notation is given, and ranges work in each of them."""
    assert notation in NOTATIONS
    assert parse_teeth(text, notation) == teeth


@pytest.mark.parametrize("text", ["13-43", "11-55", "11-12-13"])
def test_a_range_across_arches_is_refused(text: str) -> None:
    """From the upper to the lower arch there is no way along the teeth."""
    with pytest.raises(CaseError, match="not a range of teeth within one arch"):
        parse_teeth(text)


def test_long_text_is_not_quoted() -> None:
    """A text too long to be teeth may be a name and stays out of the message."""
    with pytest.raises(CaseError) as caught:
        parse_teeth("SentinelPatient")
    assert "Sentinel" not in str(caught.value)
