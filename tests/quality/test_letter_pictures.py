"""A picture for each point of a letter that has a place, in the page and beside the text."""

from __future__ import annotations

from base64 import b64decode
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from attrs import evolve
from PIL import Image

from casepan.api import (
    Case,
    CorruptFile,
    Finding,
    Letter,
    Scan,
    letter_files,
    letter_pictures,
    letter_texts,
    write_letter,
)
from casepan.knowledge.letters import as_html, as_markdown
from casepan.mesh import Mesh

from .conftest import case_of, pair, scan

JAWS = pair(1500)
SCANS = (scan("upper", "preparation/upper"), scan("lower", "antagonist/lower"), scan("damaged", "bite"))


def open_scan(wanted: Scan) -> Mesh:
    """The made surfaces; the bite is damaged."""
    if wanted.id == "damaged":
        raise CorruptFile("ends in the middle of a triangle")
    return JAWS.upper if wanted.id == "upper" else JAWS.lower


def hole_at(tooth: int, **more: Any) -> Finding:
    """A hole on a tooth."""
    arch = "upper" if tooth < 30 else "lower"
    finding = Finding("mesh.hole", "warning", "a hole", scan=arch, teeth=(tooth,), value=1.0)
    return evolve(finding, **{"where_mm": JAWS.truth.teeth[tooth].centre, **more})


def letter_of(*findings: Finding) -> tuple[Letter, Case]:
    """A letter about these findings."""
    case = case_of(SCANS)
    letter = write_letter(case, findings, letter_texts("en", {}))
    assert letter is not None
    return letter, case


def reddest(png: bytes) -> tuple[float, float]:
    """Where the mark stands, as shares of width and height."""
    pixels = np.asarray(Image.open(BytesIO(png)).convert("RGB"), float)
    rows, columns = np.nonzero((pixels[..., 0] > 150) & (pixels[..., 1] < 90) & (pixels[..., 2] < 90))
    return float(columns.mean() / pixels.shape[1]), float(rows.mean() / pixels.shape[0])


@pytest.mark.parametrize("tooth", [11, 16, 26, 31, 36, 47])
def test_a_point_shows_its_place(tooth: int) -> None:
    """The mark stands in the picture, about in its middle, from the biting side on a chewing surface."""
    letter, case = letter_of(hole_at(tooth))
    (picture,) = letter_pictures(letter, case, open_scan)
    assert picture is not None
    assert Image.open(BytesIO(picture)).size == (400, 300)
    x, y = reddest(picture)
    assert 0.3 < x < 0.7
    assert 0.25 < y < 0.75


def test_the_worst_finding_of_a_point_is_shown() -> None:
    """Of all holes of a scan the largest."""
    small, large = hole_at(16), hole_at(26, value=4.0)
    shown = [letter_pictures(*letter_of(*found), open_scan) for found in ((small, large), (large,), (small,))]
    assert shown[0] == shown[1] != shown[2]


def test_points_without_a_scan_to_be_seen_have_no_picture() -> None:
    """No scan, a damaged scan, a place where nothing is."""
    nowhere = hole_at(16, where_mm=(500.0, 0.0, 0.0))
    found = [
        Finding("bite.open", "warning", "x", where_mm=(0.0, 0.0, 0.0)),
        Finding("mesh.spike", "warning", "x", scan="damaged", where_mm=(0.0, 0.0, 0.0)),
        Finding("mesh.unreadable", "error", "x", scan="damaged"),
        nowhere,
    ]
    letter, case = letter_of(*found)
    assert letter_pictures(letter, case, open_scan) == (None,) * 4


def test_a_point_without_a_place_shows_which_scan_is_meant() -> None:
    """The whole of it with its number; a finding with a place is better where there is one."""
    letter, case = letter_of(Finding("identity.mirrored", "warning", "x", scan="upper"))
    (picture,) = letter_pictures(letter, case, open_scan)
    assert picture is not None
    x, y = reddest(picture)
    assert x < 0.1
    assert y < 0.15
    coarse = Finding("mesh.hole", "warning", "x", scan="upper", value=99.0)
    placed = letter_pictures(*letter_of(hole_at(16)), open_scan)
    assert letter_pictures(*letter_of(coarse, hole_at(16)), open_scan) == placed


def test_pictures_are_in_the_page_and_beside_the_text() -> None:
    """The page needs nothing else; the text names files; each point has its own."""
    letter, case = letter_of(Finding("bite.open", "warning", "x"), hole_at(16), hole_at(36))
    pictures = letter_pictures(letter, case, open_scan)
    files = letter_files(letter, pictures)
    assert list(files) == ["letter.html", "letter.md", "phone.txt", "letter-2.png", "letter-3.png"]
    page, text = files["letter.html"].decode(), files["letter.md"].decode()
    assert [b64decode(part.split('"')[0]) for part in page.split("base64,")[1:]] == [*pictures[1:]]
    assert 'alt="tooth 16"' in page
    assert "![tooth 16](letter-2.png)" in text
    assert "letter-1" not in text
    assert files["phone.txt"].decode().splitlines() == list(letter.phone)


def test_without_pictures_nothing_changes() -> None:
    """A letter of words alone."""
    letter, _ = letter_of(hole_at(16))
    assert "<img" not in as_html(letter)
    assert "![" not in as_markdown(letter)
    assert as_html(letter, (None,)) == as_html(letter)


def test_five_pictures_fit_into_a_mail() -> None:
    """Half a megabyte, before it is packed for the mail."""
    letter, case = letter_of(hole_at(16))
    (picture,) = letter_pictures(letter, case, open_scan)
    assert picture is not None
    assert 5 * len(picture) < 1_000_000
