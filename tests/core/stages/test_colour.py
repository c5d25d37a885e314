"""Colour through ``core.convert`` and ``casepan convert``: kept, baked, drawn, and what that costs."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attrs import evolve

from casepan.errors import UsageError
from casepan.mesh import Mesh, Texture, read_mesh, write_mesh
from casepan.mesh.colouring import fit_colour
from casepan.mesh.colouring.sampling import Colours, colour_error, sample
from casepan.mesh.pictures.png import png
from casepan.model.case import Scan
from casepan.operate.converting import convert_path
from casepan.running.context import Bench
from casepan.stages.convert import Convert, ConvertOptions
from casepan.testing import scan_bytes, small_scan

from .conftest import MakeBench, case_of


def converted(bench: Bench, scan: Scan, **options: object) -> tuple[Scan, tuple[str, ...], float | None]:
    """A scan after ``core.convert``, the severities of what it says, and the colour difference it states."""
    case = evolve(case_of(bench), scans=(scan,))
    after = Convert(ConvertOptions(**options)).apply(case, bench.working("core.convert", f"step-{len(bench.stores)}"))  # type: ignore[arg-type]
    value = after.findings[0].value if after.findings else None
    return after.scans[0], tuple(finding.severity for finding in after.findings), value


def quad(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], **more: Any) -> Mesh:
    """Two triangles of 10 mm that wear a whole picture."""
    vertices = np.array([[0, 0, 0], [10, 0, 0], [10, 10, 0], [0, 10, 0]], np.float32)
    faces = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    uv = (vertices[:, :2] / 10).astype(np.float32)[faces]
    return evolve(Mesh(vertices, faces, texture=Texture(uv, png(pixels), "a.png")), **more)


def test_colours_come_back_from_a_texture_as_they_were(bench_of: MakeBench) -> None:
    """PLY to OBJ with a texture and back to PLY: no vertex differs by more than one level, and the error is stated."""
    mesh = small_scan("upper")
    bench = bench_of({"upper.ply": scan_bytes(mesh, "ply")})
    (scan,) = case_of(bench, ("upper.ply", "arch", "upper")).scans
    drawn, said, there = converted(bench, scan, format="obj", colour="texture")
    assert (drawn.colour, sorted(file.suffix for file in drawn.textures), said) == (
        "texture",
        ["mtl", "png"],
        ("info",),
    )
    back, said, again = converted(bench, drawn, format="ply", colour="vertex")
    assert (back.colour, back.textures, said) == ("vertex", (), ("info",))
    assert there is not None and again is not None and max(there, again) < 1
    before, after = bench.mesh(scan).vertex_colours, bench.mesh(back).vertex_colours
    assert before is not None and after is not None
    assert np.abs(before.astype(int) - after.astype(int)).max() <= 1
    assert (back.faces, back.vertices) == (len(mesh.faces), len(mesh.vertices))


def test_a_texture_finer_than_the_triangles_is_a_warning(bench_of: MakeBench, tmp_path: Path) -> None:
    """A stripe between two vertices is lost in baking, and the finding says by how much and what is allowed."""
    stripes = np.tile(np.repeat([[[0] * 3], [[255] * 3]], 8, axis=0), (4, 64, 1)).astype(np.uint8)
    write_mesh(quad(stripes), tmp_path / "a.ply")
    bench = bench_of({name: (tmp_path / name).read_bytes() for name in ("a.ply", "a.png")})
    (scan,) = case_of(bench, ("a.ply", "arch", "upper")).scans
    made, said, value = converted(bench, evolve(scan, textures=(bench.reference("a.png"),)), colour="vertex")
    assert (made.colour, said) == ("vertex", ("warning",))
    assert value is not None and value > 20


def test_a_smooth_texture_bakes_exactly() -> None:
    """Where a texture is what lies between its corners, the stated error is nothing but rounding."""
    ramp = np.tile(np.linspace(100, 200, 64)[None, :, None], (64, 1, 3)).astype(np.uint8)
    made, (loss,) = fit_colour(quad(ramp), "vertex", "ply")
    assert loss.delta_e is not None and loss.delta_e < 1
    assert made.texture is None and made.vertex_colours is not None
    assert made.vertex_colours[:, 0].tolist() == [100, 200, 200, 100]


def test_the_error_is_the_one_between_black_and_white() -> None:
    """CIELAB: black and white are 100 apart, and areas count, not faces."""
    black = quad(np.zeros((4, 4, 3), np.uint8))
    grey = [evolve(black, vertex_colours=np.full((4, 3), level, np.uint8), texture=None) for level in (0, 255)]
    assert colour_error(Colours(grey[0]), Colours(grey[1])) == pytest.approx(100, abs=0.1)
    assert colour_error(Colours(grey[0]), Colours(grey[0])) == 0


def test_texture_coordinates_wrap_and_read_between_pixels() -> None:
    """The origin is at the lower left, 1.5 is 0.5 again, and NaN has no colour."""
    picture = np.array([[[0, 0, 0], [100, 0, 0]], [[0, 200, 0], [0, 0, 250]]], np.uint8)
    uv = np.array([[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.5, 0.75], [1.75, -0.75], [np.nan, 0]], np.float32)
    got = sample(picture, uv)
    expected = [[0, 200, 0], [0, 0, 250], [0, 0, 0], [50, 0, 0], [0, 0, 250]]
    np.testing.assert_allclose(got[:5], expected, atol=1e-3)
    assert np.isnan(got[5]).all()


def test_face_colours_go_to_vertices_where_a_format_has_no_place_for_them() -> None:
    """OBJ holds none: the mean of the faces round a vertex, with the error; PLY keeps them."""
    mesh = evolve(
        quad(np.zeros((4, 4, 3), np.uint8)), texture=None, face_colours=np.array([[9, 9, 9], [99, 99, 99]], np.uint8)
    )
    made, (loss,) = fit_colour(mesh, "keep", "obj")
    assert (made.colour, loss.what) == ("vertex", "face colour")
    assert loss.delta_e is not None and loss.delta_e > 5
    assert fit_colour(mesh, "keep", "ply") == (mesh, ())
    drawn, (loss,) = fit_colour(mesh, "texture", "glb")
    assert drawn.colour == "texture" and loss.delta_e == 0


@pytest.mark.parametrize("image", [None, b"no picture", b"\x89PNG\r\n\x1a\n cut"])
def test_a_texture_without_its_picture_keeps_the_vertex_colours(image: bytes | None) -> None:
    """What cannot be baked is said, and nothing is invented."""
    mesh = quad(np.zeros((4, 4, 3), np.uint8), vertex_colours=np.full((4, 3), 7, np.uint8))
    assert mesh.texture is not None
    made, (loss,) = fit_colour(evolve(mesh, texture=evolve(mesh.texture, image=image)), "vertex", "ply")
    assert (made.colour, loss.what, loss.delta_e) == ("vertex", "texture", None)
    assert made.vertex_colours is mesh.vertex_colours


def test_untextured_corners_are_white_and_said() -> None:
    """A corner without coordinates has no colour of its own."""
    mesh = quad(np.zeros((4, 4, 3), np.uint8))
    assert mesh.texture is not None
    uv = mesh.texture.uv.copy()
    uv[1, 2] = np.nan
    made, losses = fit_colour(evolve(mesh, texture=evolve(mesh.texture, uv=uv)), "vertex", "ply")
    assert made.vertex_colours is not None and made.vertex_colours[3].tolist() == [255, 255, 255]
    assert [loss.what for loss in losses] == ["texture detail", "colour of untextured faces"]


def test_pictures_beside_the_first_are_said_to_be_lost(bench_of: MakeBench) -> None:
    """In every shape of colour that is asked for; the places that wore another picture are not coloured by the first."""
    library = b"newmtl a\nmap_Kd a.png\nnewmtl b\nmap_Kd b.png\n"
    grey = png(np.full((4, 4, 3), 90, np.uint8))
    text = (
        "mtllib a.mtl\nv 0 0 0\nv 9 0 0\nv 0 9 0\nv 9 9 0\nv 9 9 9\nvt 0 0\nvt 1 0\nvt 0 1\n"
        "usemtl a\nf 1/1 2/2 3/3\nusemtl b\nf 2/1 4/2 5/3\n"
    )
    bench = bench_of({"a.obj": text.encode(), "a.mtl": library, "a.png": grey, "b.png": grey})
    (scan,) = case_of(bench, ("a.obj", "arch", "upper")).scans
    scan = evolve(scan, textures=tuple(bench.reference(name) for name in ("a.mtl", "a.png", "b.png")))
    for form, colour in (("ply", "keep"), ("ply", "vertex"), ("glb", "texture")):
        case = evolve(case_of(bench), scans=(scan,))
        options = ConvertOptions(format=form, colour=colour)  # type: ignore[arg-type]
        after = Convert(options).apply(case, bench.working("core.convert", f"{form}-{colour}"))
        assert "warning further textures" in {
            f"{one.severity} {one.message.partition(' is lost')[0]}" for one in after.findings
        }
        if colour == "vertex":
            colours = bench.mesh(after.scans[0]).vertex_colours
            assert colours is not None
            assert colours[:, 0].tolist() == [90, 90, 90, 255, 255]


def test_a_scan_that_has_the_wanted_colour_is_not_written_again(bench_of: MakeBench) -> None:
    """Vertex colour in the wanted format stays byte for byte."""
    bench = bench_of({"upper.ply": scan_bytes(small_scan("upper"), "ply")})
    (scan,) = case_of(bench, ("upper.ply", "arch", "upper")).scans
    known = evolve(scan, colour="vertex")
    assert converted(bench, known, format="ply", colour="vertex") == (known, (), None)


def test_companions_of_other_scans_are_left_alone(bench_of: MakeBench) -> None:
    """``upper`` does not take the texture of ``upper-2``."""
    names = ("upper.ply", "upper-2.ply")
    bench = bench_of(dict.fromkeys(names, scan_bytes(small_scan("upper"), "ply")))
    case = case_of(bench, *((name, "arch", "upper") for name in reversed(names)))
    after = Convert(ConvertOptions(format="obj", colour="texture")).apply(
        case, bench.working("core.convert", "convert")
    )
    assert [sorted(file.name for file in scan.textures) for scan in after.scans] == [
        ["upper-2.mtl", "upper-2.png"],
        ["upper.mtl", "upper.png"],
    ]


def test_glb_is_written_with_its_colours(bench_of: MakeBench) -> None:
    """For viewers; the scan says its new format."""
    bench = bench_of({"upper.ply": scan_bytes(small_scan("upper"), "ply")})
    (scan,) = case_of(bench, ("upper.ply", "arch", "upper")).scans
    made, said, _ = converted(bench, scan, format="glb")
    assert (made.format, made.colour, said) == ("glb", "vertex", ())
    with bench.open(made.file) as stream:
        assert stream.read(4) == b"glTF"


def test_the_command_bakes_as_the_stage_does(tmp_path: Path) -> None:
    """``--colour texture`` there, ``--colour vertex`` back; what is written says its colour, and costs are sentences."""
    (tmp_path / "a.ply").write_bytes(scan_bytes(small_scan("lower"), "ply"))
    (there,) = convert_path(tmp_path / "a.ply", tmp_path / "b.obj", colour="texture")
    (back,) = convert_path(tmp_path / "b.obj", tmp_path / "c.ply", colour="vertex")
    (bare,) = convert_path(tmp_path / "a.ply", tmp_path / "d.stl")
    assert (there.colour, back.colour, bare.colour) == ("texture", "vertex", "none")
    assert "ΔE" in there.losses[0] and "baked to vertices" in back.losses[0]
    one, other = (read_mesh(BytesIO((tmp_path / name).read_bytes())).vertex_colours for name in ("a.ply", "c.ply"))
    assert one is not None and other is not None
    assert np.abs(one.astype(int) - other.astype(int)).max() <= 1


def test_the_command_refuses_an_unknown_wish(tmp_path: Path) -> None:
    """A typing error is a usage error that names the choices, for a file and for a folder."""
    (tmp_path / "a.ply").write_bytes(scan_bytes(small_scan("lower"), "ply"))
    for source, target in ((tmp_path / "a.ply", tmp_path / "b.ply"), (tmp_path, tmp_path / "out")):
        with pytest.raises(UsageError, match="vertices"):
            convert_path(source, target, colour="vertices")
