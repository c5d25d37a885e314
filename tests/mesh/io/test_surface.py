"""The scan object: welding with colours, size, finiteness, the way to trimesh and back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import trimesh

from casepan.mesh import Mesh, Texture


def doubled(mesh: Any) -> Mesh:
    """The same surface with every face on vertices of its own."""
    faces = np.arange(mesh.faces.size, dtype=np.int32).reshape(-1, 3)
    colours = None if mesh.vertex_colours is None else mesh.vertex_colours[mesh.faces.reshape(-1)]
    return Mesh(mesh.vertices[mesh.faces.reshape(-1)], faces, colours, mesh.face_colours, mesh.texture)


def test_equal_colours_survive_the_weld(coloured: Any) -> None:
    """Corners that agree on place and colour become one coloured vertex; faces keep order and colour."""
    welded: Any = doubled(coloured).welded()
    assert len(welded.vertices) == len(coloured.vertices)
    assert np.array_equal(welded.vertices[welded.faces], coloured.vertices[coloured.faces])
    assert np.array_equal(welded.vertex_colours[welded.faces], coloured.vertex_colours[coloured.faces])
    assert np.array_equal(welded.face_colours, coloured.face_colours)
    assert "weld_colour_conflicts" not in welded.notes


def test_colours_that_disagree_are_counted(coloured: Any) -> None:
    """The first colour at a place wins, and the mesh says how many lost."""
    loose: Any = doubled(coloured)
    loose.vertex_colours[-1] = 255 - loose.vertex_colours[-1]
    assert loose.welded().notes["weld_colour_conflicts"] == 1


def test_weld_is_computed_once(patch: Mesh) -> None:
    """Every check gets the same welded object."""
    loose = doubled(patch)
    assert loose.welded() is loose.welded()


def test_extent_counts_only_what_faces_use(patch: Mesh) -> None:
    """A stray vertex far away does not make the scan larger; a mesh without faces has no size."""
    far = Mesh(np.vstack([patch.vertices, [[1000, 0, 0]]]).astype(np.float32), patch.faces)
    assert far.extent_mm == patch.extent_mm
    assert patch.extent_mm == pytest.approx((4, 3, np.ptp(np.sin(np.arange(5))) / 3), abs=1e-6)
    assert Mesh(patch.vertices, patch.faces[:0]).extent_mm == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("fixture", ["patch", "coloured", "textured"])
def test_trimesh_and_back_changes_nothing(fixture: str, request: pytest.FixtureRequest) -> None:
    """Vertices, faces, their order and the richest colour come back."""
    mesh: Mesh = request.getfixturevalue(fixture)
    surface = mesh.to_trimesh()
    back = Mesh.from_trimesh(surface)
    assert isinstance(surface, trimesh.Trimesh)
    assert np.array_equal(back.vertices, mesh.vertices)
    assert np.array_equal(back.faces, mesh.faces)
    assert (str(back.vertices.dtype), str(back.faces.dtype), back.colour) == ("float32", "int32", mesh.colour)


def test_trimesh_merges_and_drops_nothing() -> None:
    """Degenerate and duplicate faces and doubled vertices reach the plugin author."""
    mesh = Mesh(np.zeros((4, 3), np.float32), np.array([[0, 1, 2], [0, 1, 2], [3, 3, 3]], np.int32))
    surface = mesh.to_trimesh()
    assert (len(surface.vertices), len(surface.faces)) == (4, 3)


def test_face_colours_go_to_trimesh_and_back(coloured: Any) -> None:
    """Without vertex colours the face colours are the visual."""
    mesh = Mesh(coloured.vertices, coloured.faces, face_colours=coloured.face_colours)
    back: Any = Mesh.from_trimesh(mesh.to_trimesh())
    assert np.array_equal(back.face_colours, coloured.face_colours)


def test_plain_trimesh_has_no_colour() -> None:
    """trimesh's own default grey is not a scanned colour."""
    assert Mesh.from_trimesh(trimesh.creation.box()).colour == "none"


def test_uv_of_trimesh_becomes_a_texture(patch: Mesh) -> None:
    """Texture coordinates that trimesh keeps per vertex are seen from the faces."""
    uv = np.ascontiguousarray(patch.vertices[:, :2])
    picture = SimpleNamespace(save=lambda buffer, format: buffer.write(f"a {format}".encode()))
    visual = SimpleNamespace(kind="texture", uv=uv, material=SimpleNamespace(image=picture))
    surface: Any = SimpleNamespace(vertices=patch.vertices, faces=patch.faces, visual=visual, metadata={})
    texture: Any = Mesh.from_trimesh(surface).texture
    assert isinstance(texture, Texture)
    assert np.array_equal(texture.uv, uv[patch.faces])
    assert texture.image == b"a PNG"
    visual.material = None
    bare: Any = Mesh.from_trimesh(surface)
    assert bare.texture.image is None
