"""Writers keep every coordinate, say what they lose, and write the same bytes every time."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from casepan.errors import UsageError
from casepan.mesh import Mesh, Texture, read_mesh, write_mesh

FORMATS = ("stl", "ply", "obj", "glb")


def to_bytes(mesh: Mesh, form: str) -> tuple[bytes, list[str]]:
    """The file, and what was lost."""
    buffer = io.BytesIO()
    losses = write_mesh(mesh, buffer, format=form)
    return buffer.getvalue(), [loss.what for loss in losses]


def glb(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The JSON and binary chunks of a GLB, with the lengths checked."""
    magic, version, total = struct.unpack_from("<4sII", data)
    size, kind = struct.unpack_from("<I4s", data, 12)
    assert (magic, version, total, kind) == (b"glTF", 2, len(data), b"JSON")
    binary_size, binary_kind = struct.unpack_from("<I4s", data, 20 + size)
    assert binary_kind == b"BIN\0"
    assert 28 + size + binary_size == len(data)
    return json.loads(data[20 : 20 + size]), data[28 + size :]


def accessor(document: dict[str, Any], binary: bytes, index: int, dtype: str, width: int) -> np.ndarray[Any, Any]:
    """The numbers of one accessor."""
    entry = document["accessors"][index]
    view = document["bufferViews"][entry["bufferView"]]
    assert view["byteOffset"] % 4 == 0
    return np.frombuffer(binary, dtype, entry["count"] * width, view["byteOffset"]).reshape(-1, width)


@pytest.mark.parametrize("fixture", ["patch", "coloured", "textured"])
@pytest.mark.parametrize("form", FORMATS)
def test_the_same_mesh_gives_the_same_bytes(fixture: str, form: str, request: pytest.FixtureRequest) -> None:
    """Nothing of time, place or source name is in a file."""
    mesh: Mesh = request.getfixturevalue(fixture)
    first = to_bytes(mesh, form)
    assert first == to_bytes(mesh, form)
    assert b"Doe" not in first[0]


@pytest.mark.parametrize(
    ("form", "lost"),
    [
        ("stl", ["vertex colour", "face colour"]),
        ("ply", []),
        ("obj", ["face colour"]),
        ("glb", ["face colour"]),
    ],
)
def test_colours_that_do_not_fit_are_told(coloured: Any, form: str, lost: list[str]) -> None:
    """Every kind of colour is either in the file or in the losses."""
    assert to_bytes(coloured, form)[1] == lost


@pytest.mark.parametrize(
    ("form", "lost"), [("stl", ["texture"]), ("ply", ["texture image"]), ("obj", ["texture image"]), ("glb", [])]
)
def test_texture_that_does_not_fit_is_told(textured: Any, form: str, lost: list[str]) -> None:
    """A stream has no place for an image beside it; GLB holds it inside."""
    assert to_bytes(textured, form)[1] == lost


@pytest.mark.parametrize("form", ["ply", "obj"])
def test_texture_goes_beside_the_file_under_its_name(textured: Any, form: str, tmp_path: Path) -> None:
    """The image (and MTL) take the target's name, not that of the source, and reading finds them again."""
    target = tmp_path / f"K7Q2 M4.{form}"
    assert write_mesh(textured, target) == ()
    expected = {target.name, "K7Q2 M4.jpg", *(["K7Q2 M4.mtl"] if form == "obj" else [])}
    assert {path.name for path in tmp_path.iterdir()} == expected
    back: Any = read_mesh(target, images=lambda name: (tmp_path / name).read_bytes())
    assert back.texture.image == textured.texture.image
    assert back.texture.name == "K7Q2 M4.jpg"
    assert np.array_equal(back.texture.uv, textured.texture.uv)
    assert np.array_equal(back.vertices[back.faces], textured.vertices[textured.faces])


@pytest.mark.parametrize("form", ["ply", "obj", "glb"])
def test_missing_image_and_missing_coordinates_are_told(textured: Any, form: str) -> None:
    """What the source did not have cannot be written."""
    uv = textured.texture.uv.copy()
    uv[0, 0] = np.nan
    holed = Mesh(textured.vertices, textured.faces, texture=Texture(uv, None, "gone.jpg"))
    data, lost = to_bytes(holed, form)
    assert sorted(lost) == ["texture image", "untextured faces"]
    assert b"gone.jpg" not in data


def test_png_image_keeps_its_suffix(textured: Any, tmp_path: Path) -> None:
    """The suffix follows the content."""
    mesh = Mesh(textured.vertices, textured.faces, texture=Texture(textured.texture.uv, b"\x89PNG...", "x.jpg"))
    write_mesh(mesh, tmp_path / "a.ply")
    assert (tmp_path / "a.png").read_bytes() == b"\x89PNG..."


def test_stl_has_unit_normals_and_an_honest_header(patch: Mesh) -> None:
    """Normals have length one, or zero on a face without area; the header cannot be taken for ASCII."""
    faces = np.concatenate([patch.faces, [[3, 3, 3]]]).astype(np.int32)
    data, _ = to_bytes(Mesh(patch.vertices, faces), "stl")
    rows = np.frombuffer(data[84:], np.uint8).reshape(-1, 50)
    normals = np.ascontiguousarray(rows[:, :12]).view("<f4")
    lengths = np.linalg.norm(normals, axis=1)
    assert lengths[:-1] == pytest.approx(1, abs=1e-6)
    assert lengths[-1] == 0
    assert (normals[:-1, 2] > 0).all()
    assert not data.lower().startswith(b"solid")


def test_not_finite_coordinates_are_written_as_they_are() -> None:
    """Writing is not the place to repair or to complain."""
    mesh = Mesh(np.array([[np.nan, 0, 0], [np.inf, 0, 0], [0, -1, 0]], np.float32), np.array([[0, 1, 2]], np.int32))
    for form in ("stl", "ply", "obj"):
        back = read_mesh(to_bytes(mesh, form)[0])
        assert np.array_equal(back.vertices[back.faces], mesh.vertices[mesh.faces], equal_nan=True)
    assert "min" not in glb(to_bytes(mesh, "glb")[0])[0]["accessors"][0]


def test_glb_holds_coordinates_and_colours_exactly(coloured: Any) -> None:
    """The accessors are the arrays; colours are normalised bytes with alpha."""
    document, binary = glb(to_bytes(coloured, "glb")[0])
    primitive = document["meshes"][0]["primitives"][0]
    positions = accessor(document, binary, primitive["attributes"]["POSITION"], "<f4", 3)
    indices = accessor(document, binary, primitive["indices"], "<u4", 1)
    colours = accessor(document, binary, primitive["attributes"]["COLOR_0"], "u1", 4)
    assert np.array_equal(positions, coloured.vertices)
    assert np.array_equal(indices.reshape(-1, 3), coloured.faces)
    assert np.array_equal(colours[:, :3], coloured.vertex_colours)
    bounds = document["accessors"][primitive["attributes"]["POSITION"]]
    assert bounds["min"] == coloured.vertices.min(axis=0).tolist()


def test_glb_splits_vertices_only_at_seams(textured: Any) -> None:
    """Each corner keeps its place and its texture coordinate (v counted from the top); the image is inside."""
    document, binary = glb(to_bytes(textured, "glb")[0])
    primitive = document["meshes"][0]["primitives"][0]
    indices = accessor(document, binary, primitive["indices"], "<u4", 1).reshape(-1, 3)
    positions = accessor(document, binary, primitive["attributes"]["POSITION"], "<f4", 3)
    uv = accessor(document, binary, primitive["attributes"]["TEXCOORD_0"], "<f4", 2)
    assert np.array_equal(positions[indices], textured.vertices[textured.faces])
    assert np.allclose(uv[indices][..., 0], textured.texture.uv[..., 0])
    assert np.allclose(1 - uv[indices][..., 1], textured.texture.uv[..., 1], atol=1e-6)
    assert len(textured.vertices) < len(positions) < textured.faces.size
    image = document["bufferViews"][document["images"][0]["bufferView"]]
    assert binary[image["byteOffset"] :][: image["byteLength"]] == textured.texture.image


def test_unknown_format_is_refused_before_a_file_is_made(patch: Mesh, tmp_path: Path) -> None:
    """Neither a suffix nor a name that means nothing leaves an empty file behind."""
    with pytest.raises(UsageError):
        write_mesh(patch, tmp_path / "a.3mf")
    with pytest.raises(UsageError):
        write_mesh(patch, io.BytesIO())
    assert list(tmp_path.iterdir()) == []


def test_large_mesh_is_written_in_blocks(coloured: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks are a matter of memory only."""
    whole = {form: to_bytes(coloured, form) for form in ("stl", "ply", "obj")}
    for form in whole:
        monkeypatch.setattr(f"casepan.mesh.writing.{form}._BLOCK", 7)
        assert to_bytes(coloured, form) == whole[form]
