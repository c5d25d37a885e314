"""Every nasty file has one known outcome."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from casepan.errors import CorruptFile
from casepan.mesh import read_mesh

# faces, vertices, colour, extent in file units
READ = {
    "assimp/box_longline.obj": (944, 8, "none", (1, 1, 1)),
    "assimp/cube_binary_header_with_RN_newline.ply": (12, 8, "none", (1, 1, 1)),
    "assimp/cube_with_vertexcolors.obj": (12, 8, "vertex", (1, 1, 1)),
    "assimp/sphereWithHole.stl": (285, 146, "none", (3, 3, 3)),
    "assimp/triangle_with_empty_solid.stl": (1, 3, "none", (2, 2, 0)),
    "numpy-stl/Cube.stl": (12, 8, "none", (2, 2, 2)),
    "numpy-stl/HalfDonut.stl": (288, 144, "none", (3, 0.5, 3)),
    "numpy-stl/Moon_Chinese.stl": (116, 60, "none", (1.628, 0.35, 3)),
    "openmesh/cube-minimal-degenerated.obj": (16, 8, "none", (1, 1, 1)),
    "openmesh/cube-minimal-extra-elements.ply": (12, 8, "none", (2, 2, 2)),
    "openmesh/cube-minimal-vertex-colors-as-vc-lines.obj": (12, 8, "none", (1, 1, 1)),
    "opensourceortho/golden_bounds_ascii.stl": (2, 6, "none", (14, 8, 3)),
    "opensourceortho/golden_degenerate_ascii.stl": (1, 2, "none", (1, 1, 1)),
    "tinyobjloader/cube-vertexcol.obj": (12, 8, "vertex", (2, 2, 2)),
    "tinyobjloader/test-nan.obj": (36, 76, "none", (556, 548.8, 559.2)),
    "trimesh/20mm-xyz-cube.stl": (260, 132, "face", (20, 20, 20)),
    "trimesh/angle_block.STL": (704, 398, "none", (1.339, 1, 1.352)),
    "trimesh/cube.OBJ": (12, 8, "none", (1, 1, 1)),
    "trimesh/fuze.ply": (1000, 502, "texture", (0.073, 0.074, 0.215)),
    "trimesh/metadata.ply": (2, 4, "none", (8, 8, 0)),
    "trimesh/multibody.stl": (32, 20, "none", (0.636, 1.088, 0.34)),
    "trimesh/nancolor.obj": (12, 8, "vertex", (1, 1, 1)),
    "trimesh/negative_indices.obj": (12, 8, "none", (2, 2, 2)),
    "trimesh/notenoughindices.obj": (1, 3, "none", (1000, 500, 0)),
    "trimesh/obj_with_no_face_in_chunk.obj": (1, 3, "none", (3, 3, 3)),
    "trimesh/polygonfaces.obj": (3, 5, "none", (1000, 500, 1000)),
    "trimesh/reference.obj": (1610, 845, "vertex", (148.57, 187.78, 106.579)),
    "trimesh/reference.ply": (1610, 845, "vertex", (148.253, 188.562, 103.307)),
    "trimesh/shared.STL": (24, 14, "none", (2, 2, 1)),
    "trimesh/soup.stl": (100, 300, "none", (0.997, 0.997, 0.993)),
    "trimesh/teapot.stl": (894, 480, "none", (63.17, 39.308, 29.481)),
    "trimesh/unit_cube.STL": (12, 8, "none", (1, 1, 1)),
}
REFUSED = {
    "assimp/crash-30d6d0f7c529b3b66b4131700b7a4580cd7082df.ply": "header does not end",
    "assimp/malformed.obj": "vertex that is not there",
    "openmesh/pointCloudBadEncoding.ply": "holds no triangles",
    "tinyobjloader/invalid-face-definition.obj": "holds no triangles",
    "tinyobjloader/issue-140-zero-face-idx.obj": "vertex that is not there",
    "trimesh/empty.stl": "holds no triangles",
    "trimesh/face_in_group_name.obj": "holds no triangles",
    "trimesh/obj_points.obj": "holds no triangles",
    "trimesh/ply_empty_header.ply": "holds no triangles",
    "trimesh/points_ascii_with_lists.ply": "holds no triangles",
    "trimesh/points_emptyface.ply": "holds no triangles",
    "trimesh/stl_empty_bin.stl": "holds no triangles",
}
ZIPPED = "trimesh/ascii.stl.zip"


@pytest.mark.parametrize("name", READ)
def test_nasty_file_is_read_whole(name: str, shared: Path) -> None:
    """Faces, shared vertices, colour and size are those of INDEX.md (polygons triangulated)."""
    mesh = read_mesh(shared / "data" / "nasty" / name)
    faces, vertices, colour, extent = READ[name]
    assert (len(mesh.faces), len(mesh.vertices), mesh.colour) == (faces, vertices, colour)
    assert mesh.extent_mm == pytest.approx(extent, abs=0.01)
    assert mesh.is_finite == (name != "tinyobjloader/test-nan.obj")


@pytest.mark.parametrize("name", REFUSED)
def test_nasty_file_is_refused_with_a_reason(name: str, shared: Path) -> None:
    """What holds no surface is never zero faces without an error, and the file is named as the place only."""
    with pytest.raises(CorruptFile, match=REFUSED[name]) as caught:
        read_mesh(shared / "data" / "nasty" / name)
    assert caught.value.place == Path(name).name
    assert Path(name).stem not in caught.value.reason
    assert caught.value.line is not None or caught.value.offset is not None


def test_no_nasty_file_is_forgotten(shared: Path) -> None:
    """The tables above cover the whole folder."""
    folder = shared / "data" / "nasty"
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there == {*READ, *REFUSED, ZIPPED}


def test_zip_member_is_read_without_unpacking(shared: Path) -> None:
    """An open zip member is a source like any other."""
    with zipfile.ZipFile(shared / "data" / "nasty" / ZIPPED) as archive, archive.open("fuji_obj.stl") as member:
        mesh = read_mesh(member, name="ascii.stl")
    assert len(mesh.faces) == 344
    assert mesh.extent_mm == pytest.approx((200.9, 17.4, 7.7), abs=0.1)
