"""STL: told by size, read exactly, refused when anything is missing."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
import pytest

from casepan.errors import CorruptFile
from casepan.mesh import read_mesh

CORNERS = np.array([[[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[1, 0, 0], [1, 1, 0], [0, 1, 0]]], np.float32)
Build = Callable[..., bytes]


def test_corners_are_shared_in_order_of_appearance(binary_stl: Build) -> None:
    """The weld gives each place one vertex and leaves faces in file order."""
    mesh = read_mesh(binary_stl(CORNERS))
    assert mesh.faces.tolist() == [[0, 1, 2], [1, 3, 2]]
    assert mesh.vertices.tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]]
    assert mesh.format == "stl"
    assert mesh.welded() is mesh


@pytest.mark.parametrize("header", [b"solid part", b"solid\t", b"SOLID x\nfacet normal", b"ply\nformat", b"\x1f"])
def test_header_never_decides(binary_stl: Build, header: bytes) -> None:
    """A binary STL is known by its size, whatever its first bytes pretend."""
    assert len(read_mesh(binary_stl(CORNERS, header=header), format="stl").faces) == 2


def test_surplus_bytes_are_tolerated_and_noted(binary_stl: Build) -> None:
    """One stray byte behind the last triangle costs nothing."""
    assert read_mesh(binary_stl(CORNERS) + b"\n").notes["surplus_bytes"] == 1


@pytest.mark.parametrize("count", [0, 1, 3, 2**31, 2**32 - 1])
def test_count_that_does_not_fit_the_size_is_refused(binary_stl: Build, count: int) -> None:
    """A count that hides or invents triangles is never believed."""
    with pytest.raises(CorruptFile):
        read_mesh(binary_stl(CORNERS, count=count), name="a.stl")


@pytest.mark.parametrize("size", [0, 1, 20, 83, 84, 100, 134, 183])
def test_truncated_binary_is_refused(binary_stl: Build, size: int) -> None:
    """Half a file is an error at every length."""
    with pytest.raises(CorruptFile):
        read_mesh(binary_stl(CORNERS)[:size], name="a.stl", format="stl")


def test_viscam_colours_are_kept(binary_stl: Build) -> None:
    """Bit 15 set: red in the high, blue in the low bits; a face without the bit is white."""
    red, blue = 0x8000 | 31 << 10, 0x8000 | 31
    mesh = read_mesh(binary_stl(np.tile(CORNERS, (2, 1, 1))[:3], [red, blue, 31]))
    assert mesh.face_colours is not None
    assert mesh.face_colours.tolist() == [[255, 0, 0], [0, 0, 255], [255, 255, 255]]
    assert mesh.notes["colour_convention"] == "viscam"


def test_magics_colours_are_kept(binary_stl: Build) -> None:
    """With COLOR= in the header red and blue change places, and bit 15 means the colour of the part."""
    header = b"COLOR=" + bytes([10, 20, 30, 255])
    mesh = read_mesh(binary_stl(CORNERS, [31, 0x8000], header=header))
    assert mesh.face_colours is not None
    assert mesh.face_colours.tolist() == [[255, 0, 0], [10, 20, 30]]
    assert mesh.notes["colour_convention"] == "magics"


def test_attribute_words_without_a_colour_are_no_colour(binary_stl: Build) -> None:
    """Garbage in the attribute bytes does not make a scan coloured."""
    mesh = read_mesh(binary_stl(CORNERS, [7, 9]))
    assert mesh.colour == "none"
    assert "attribute_words" in mesh.notes


def test_negative_zero_is_zero(binary_stl: Build) -> None:
    """-0.0 and 0.0 are one place."""
    corners = CORNERS.copy()
    corners[1, 0, 1] = -0.0
    assert len(read_mesh(binary_stl(corners)).vertices) == 4


def test_not_a_number_is_read_and_reported(binary_stl: Build) -> None:
    """A NaN coordinate does not stop the reader; the mesh says that it is not finite, the extent leaves it out."""
    corners = CORNERS.copy()
    corners[1, 1] = np.nan
    mesh = read_mesh(binary_stl(corners))
    assert not mesh.is_finite
    assert mesh.extent_mm == (1.0, 1.0, 0.0)


@pytest.mark.parametrize(
    "dress",
    [
        lambda text: text,
        lambda text: text.upper(),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: text.replace(" ", "\t"),
        lambda text: "  \n \t" + text,
        lambda text: "\ufeff" + text,
        lambda text: text.replace("solid a", "solid"),
        lambda text: text.replace("solid a", "solid 月球 facet normal endsolid"),
        lambda text: text.replace("0.5", "5E-1"),
        lambda text: text.replace("vertex 1", "vertex +1.000000e+00"),
    ],
)
def test_ascii_is_read_however_it_is_dressed(triangle_text: str, dress: Callable[[str], str]) -> None:
    """Letter case, white space, line ends, names and number forms do not matter."""
    mesh = read_mesh(dress(f"solid a\n{triangle_text}endsolid a\n").encode())
    assert mesh.vertices.tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0.5]]
    assert mesh.notes["ascii"] is True


def test_all_solids_are_read(triangle_text: str) -> None:
    """Two solids are one surface; their names are noted."""
    other = triangle_text.replace("0.5", "0.75")
    mesh = read_mesh(f"solid one\n{triangle_text}endsolid\n\nsolid two\n{other}endsolid two".encode())
    assert len(mesh.faces) == 2
    assert mesh.notes["solids"] == ("one", "two")


@pytest.mark.parametrize("lines", range(1, 9))
def test_cut_off_ascii_is_refused(triangle_text: str, lines: int) -> None:
    """A file cut at any line says so, and where."""
    whole = f"solid a\n{triangle_text}{triangle_text}".splitlines(keepends=True)
    with pytest.raises(CorruptFile) as caught:
        read_mesh("".join(whole[:lines]).encode(), name="a.stl")
    assert caught.value.line is not None


def test_faces_without_an_end_of_solid_are_refused(triangle_text: str) -> None:
    """A file cut exactly between two facets is still cut."""
    with pytest.raises(CorruptFile, match="does not end"):
        read_mesh(f"solid a\n{triangle_text}".encode())


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [("vertex 1", "vertex one", 5), ("outer", "outre", 3), ("endfacet", "", 12), ("1 0 0", "1 0", 5)],
)
def test_fault_is_told_with_its_line(triangle_text: str, old: str, new: str, line: int) -> None:
    """The line of the first fault is found, in the second solid too."""
    text = f"solid a\n{triangle_text.replace(old, new)}{triangle_text}endsolid a\n"
    with pytest.raises(CorruptFile) as caught:
        read_mesh(text.encode(), name="a.stl")
    assert abs((caught.value.line or 0) - line) <= 4


def test_long_ascii_is_read_in_pieces(triangle_text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces that end anywhere give the same triangles as one piece."""
    text = f"solid a\n{triangle_text * 40}endsolid a\n".encode()
    whole = read_mesh(text)
    monkeypatch.setattr("casepan.mesh.stl_text._CHUNK", 1000)
    assert np.array_equal(read_mesh(text).faces, whole.faces)
    assert len(whole.faces) == 40


def test_piece_without_a_facet_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Endless text that never becomes a facet ends in an error, not in a loop."""
    monkeypatch.setattr("casepan.mesh.stl_text._CHUNK", 64)
    with pytest.raises(CorruptFile):
        read_mesh(b"solid a\n" + b"x" * 500)


def test_empty_and_foreign_files_are_refused() -> None:
    """Nothing, a picture and random bytes are not STLs, even under that name."""
    for data in (b"", b"\x89PNG\r\n\x1a\n" + bytes(500), struct.pack("<200I", *range(9000, 9200))):
        with pytest.raises(CorruptFile):
            read_mesh(data, name="scan.stl")
