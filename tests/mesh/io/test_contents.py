"""The inventory of open formats is what their headers declare."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest

from casepan.errors import CorruptFile
from casepan.mesh import Mesh, inventory, write_mesh


def written(mesh: Mesh, form: str) -> bytes:
    """A mesh as the bytes of a file."""
    buffer = io.BytesIO()
    write_mesh(mesh, buffer, format=form)
    return buffer.getvalue()


@pytest.mark.parametrize("fixture", ["patch", "coloured", "textured"])
@pytest.mark.parametrize("form", ["stl", "ply", "obj"])
def test_counts_and_colour_are_told_without_reading(fixture: str, form: str, request: pytest.FixtureRequest) -> None:
    """Faces and vertices are those of the file; colour as far as the format holds it (OBJ in a stream has no image)."""
    mesh: Mesh = request.getfixturevalue(fixture)
    facts = inventory(written(mesh, form))
    assert (facts.format, facts.readable, facts.faces) == (form, True, len(mesh.faces))
    assert facts.vertices == (None if form == "stl" else len(mesh.vertices))
    held = {"stl": ("none",), "ply": (mesh.colour,), "obj": (mesh.colour, "none")}
    assert facts.colour in held[form]


def test_face_colour_and_magics_header_are_told(coloured: Mesh, binary_stl: Callable[..., bytes]) -> None:
    """Faces of a PLY, the COLOR= of a Magics STL."""
    mesh = Mesh(coloured.vertices, coloured.faces, face_colours=coloured.face_colours)
    assert inventory(written(mesh, "ply")).colour == "face"
    assert inventory(binary_stl(np.zeros((1, 3, 3)), header=b"COLOR=abcd")).colour == "face"


def test_texture_names_are_told() -> None:
    """The images that a PLY asks for, with blanks in their names."""
    data = b"ply\nformat ascii 1.0\ncomment TextureFile my scan.jpg\nelement vertex 0\nelement face 0\nend_header\n"
    facts = inventory(data)
    assert (facts.textures, facts.colour, facts.readable) == (("my scan.jpg",), "texture", False)


def test_textured_obj_is_told() -> None:
    """Texture coordinates with a material library."""
    facts = inventory(b"mtllib a.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nf 1/1 2/1 3/1\n")
    assert (facts.colour, facts.faces, facts.vertices) == ("texture", 1, 3)


def test_ascii_stl_is_counted(triangle_text: str) -> None:
    """Facets of all solids; an empty one is not readable."""
    assert inventory(f"solid\n{triangle_text * 3}endsolid".encode()).faces == 3
    assert inventory(b"solid a\nendsolid a\n").readable is False


@pytest.mark.parametrize("data", [b"", b"garbage", bytes(500), b"ply\nelement"])
def test_what_is_no_mesh_is_refused(data: bytes) -> None:
    """No inventory of nothing."""
    with pytest.raises(CorruptFile):
        inventory(data, name="a.stl")
