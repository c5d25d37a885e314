"""OBJ: colours, textures, polygons, every way of writing an index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from casepan.errors import CorruptFile
from casepan.mesh import read_mesh

SQUARE = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0.5\n"
COORDINATES = "vt 0 0\nvt 1 0 0\nvt 1 1\nvt 0 1\n"


def read(text: str, images: Callable[[str], bytes | None] | None = None) -> Any:
    """Read an OBJ from text."""
    return read_mesh(text.encode(), name="a.obj", images=images)


@pytest.mark.parametrize(
    "faces",
    [
        "f 1 2 3\nf 1 3 4\n",
        "f 1/1 2/2 3/3\nf 1/1 3/3 4/4\n",
        "f 1/1/1 2/2/1 3/3/1\nf 1//1 3//1 4//1\n",
        "f 1// 2// 3//\nf 1/ 3/ 4/\n",
        "f -4 -3 -2\nf -4 -2 -1\n",
        "f 1 2 3 4\n",
        "f 1 2 \\\n 3 4\n",
        "f 1 2 \\\r\n 3 4\r\n",
        "  f\t1 2 3 4 # the last face\n",
        "o f\ng f 1 2 3\nusemtl f\ns 1\nvn 0 0 1\nvp 1\nl 1 2\np 3\nf 1 2 3 4\n",
        "\rf 1 2 3 4\r",
        "f 1 2 3 4",
    ],
)
def test_indices_are_read_however_they_are_written(faces: str) -> None:
    """Slashes, negative indices, polygons, continued lines, comments and foreign lines give the same two triangles."""
    mesh = read(SQUARE + COORDINATES + faces)
    assert mesh.faces.tolist() == [[0, 1, 2], [0, 2, 3]]
    assert mesh.vertices.tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0.5]]


def test_negative_indices_count_from_their_own_line() -> None:
    """-1 is the vertex above the face, not the last of the file."""
    mesh = read("v 0 0 0\nv 1 0 0\nv 0 1 0\nf -3 -2 -1\nv 5 5 5\nf -4 -3 -1\n")
    assert mesh.faces.tolist() == [[0, 1, 2], [0, 1, 3]]


@pytest.mark.parametrize(
    ("face", "line"),
    [("f 0 1 2", 5), ("f 1 2 5", 5), ("f 1 2 -5", 5), ("f 1 2 x", 5), ("f 1 2 1.5", 5), ("\n\nf 1 2 9", 7)],
)
def test_index_that_is_not_there_is_refused_with_its_line(face: str, line: int) -> None:
    """0, beyond the end, before the start, a word and a fraction are no vertices."""
    with pytest.raises(CorruptFile) as caught:
        read(f"{SQUARE}{face}\n")
    assert caught.value.line == line


@pytest.mark.parametrize(
    "text",
    [
        "v 1 2\nf 1 1 1\n",
        "v 1 2 x\nf 1 1 1\n",
        f"{SQUARE}f 1/9 2/9 3/9\n",
        f"mtllib a\n{SQUARE}vt 1\nf 1/1 2/1 3/1\n",
        "v",
        "f 1 2 3\n",
    ],
)
def test_nonsense_is_refused(text: str) -> None:
    """Too few coordinates, words for numbers and texture coordinates that are not there."""
    with pytest.raises(CorruptFile):
        read(text)


@pytest.mark.parametrize("text", ["# nothing\n", SQUARE, f"{SQUARE}f 1 2\n", f"{SQUARE}p 1 2 3\n"])
def test_file_without_a_triangle_is_refused(text: str) -> None:
    """Points, lines and comments are not a surface."""
    with pytest.raises(CorruptFile, match="no triangles"):
        read(text)


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        ("0 0.5 1", [0, 128, 255]),
        ("0 128 255", [0, 128, 255]),
        ("1.0 0 0.5 1", [0, 128, 255]),
        ("nan 0 1", [0, 0, 255]),
    ],
)
def test_vertex_colour_on_the_vertex_line(tail: str, expected: list[int]) -> None:
    """Fractions or bytes, with a weight before them or not; NaN is black."""
    lines = "".join(f"v {x} {x * x} 0 {tail}\n" for x in range(3))
    mesh = read(f"{lines}f 1 2 3\n")
    assert mesh.vertex_colours.tolist() == [expected] * 3
    assert mesh.colour == "vertex"


def test_mixed_vertex_lines_are_read() -> None:
    """A vertex without colour among coloured ones is black."""
    mesh = read("v 0 0 0 1 0 0\nv 1 0 0\nv 0 1 0 0 1 0\nf 1 2 3\n")
    assert mesh.vertex_colours.tolist() == [[255, 0, 0], [0, 0, 0], [0, 255, 0]]


def test_medit_header_is_noted() -> None:
    """The first line of a Medit export is kept, for it names the maker; nowhere else it counts."""
    assert read(f"#<MEDIT>\n{SQUARE}f 1 2 3\n").notes["header"] == "#<MEDIT>"
    assert "header" not in read(f"# x\n#<MEDIT>\n{SQUARE}f 1 2 3\n").notes


def test_texture_is_found_through_the_material_library() -> None:
    """mtllib and map_Kd lead to the image; both files are fetched by their names, options left out."""
    files = {"my scan.mtl": b"newmtl a\nKd 1 1 1\nmap_Kd -s 1 1 1 -clamp on my image.png\n", "my image.png": b"\x89PNG"}
    text = f"mtllib my scan.mtl\nusemtl a\n{SQUARE}{COORDINATES}f 1/1 2/2 3/3 4/4\n"
    mesh = read(text, images=files.get)
    assert (mesh.texture.name, mesh.texture.image) == ("my image.png", b"\x89PNG")
    assert mesh.texture.uv.tolist() == [[[0, 0], [1, 0], [1, 1]], [[0, 0], [1, 1], [0, 1]]]


def test_missing_material_library_is_a_texture_without_image() -> None:
    """The scan is textured, the image is what is missing."""
    mesh = read(f"mtllib gone.mtl\n{SQUARE}{COORDINATES}f 1/1 2/2 3/3\n", images=lambda name: None)
    assert mesh.colour == "texture"
    assert mesh.texture.image is None
    assert mesh.notes["missing_material_library"] is True


def test_coordinates_without_any_image_are_no_texture() -> None:
    """vt lines alone do not colour a scan; an image that the caller knows does."""
    text = f"{SQUARE}{COORDINATES}f 1/1 2/2 3\n"
    plain = read(text)
    assert plain.texture is None
    assert "texture_coordinates" in plain.notes
    known = read(text, images=lambda name: b"image" if name == "" else None)
    assert known.texture.image == b"image"
    assert np.isnan(known.texture.uv[0, 2]).all()


def test_image_of_the_first_used_material_is_taken() -> None:
    """Several materials: the first that the faces use, the others are noted."""
    library = b"newmtl a\nmap_Kd a.png\nnewmtl b\nmap_kd b.png\nnewmtl c\nKd 1 0 0\n"
    text = f"mtllib x.mtl\nusemtl c\nusemtl b\n{SQUARE}{COORDINATES}f 1/1 2/2 3/3\n"
    mesh = read(text, images=lambda name: library if name == "x.mtl" else None)
    assert mesh.texture.name == "b.png"
    assert mesh.notes["further_textures"] == ("a.png",)


def test_faces_with_another_image_do_not_wear_the_first() -> None:
    """Their coordinates mean a picture that is not there; polygons keep their own material, names may hold blanks."""
    library = b"newmtl the a\nmap_Kd a.png\nnewmtl b\nmap_Kd b.png\nnewmtl c\nmap_Kd a.png\n"
    faces = "usemtl the a\nf 1/1 2/2 3/3\nusemtl b\nf 1/1 2/2 3/3 4/1\nusemtl c\nf 1/1 2/2 4/3\n"
    text = f"mtllib x.mtl\n{SQUARE}{COORDINATES}f 2/1 3/2 4/3\n{faces}"
    mesh = read(text, images=lambda name: library if name == "x.mtl" else None)
    assert mesh.texture.name == "a.png"
    assert np.isnan(mesh.texture.uv).all(axis=(1, 2)).tolist() == [False, False, True, True, False]


def test_one_line_may_name_several_libraries() -> None:
    """Names with blanks are tried whole first, then as several names; what is missing of them is noted."""
    libraries = {"one.mtl": b"newmtl a\nKd 1 0 0\n", "two.mtl": b"newmtl b\nmap_Kd b.png\n"}
    text = f"mtllib one.mtl two.mtl\nusemtl b\n{SQUARE}{COORDINATES}f 1/1 2/2 3/3\n"
    mesh = read(text, images=libraries.get)
    assert mesh.texture.name == "b.png"
    assert "missing_material_library" not in mesh.notes
    assert read(text, images={"two.mtl": libraries["two.mtl"]}.get).notes["missing_material_library"] is True


def test_microsoft_not_a_number_is_read() -> None:
    """1.#IND and nan are coordinates that are not finite."""
    mesh = read("v 1.#IND -1.#INF nan\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    assert not mesh.is_finite


def test_byte_order_mark_and_hash_in_names_do_no_harm() -> None:
    """A BOM before the first line, # inside a name."""
    mesh = read(f"\ufeffv 9 9 9\n{SQUARE}g a#b\nf 2 3 4 # c \\\nf 2 4 5\n")
    assert mesh.faces.tolist() == [[1, 2, 3], [1, 3, 4]]
