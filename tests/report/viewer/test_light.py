"""Scans made light for the 3D viewer: how true they stay, how they are packed, how they fit a budget."""

from __future__ import annotations

import io
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from trimesh.proximity import closest_point_naive

from casepan.mesh import Mesh, Texture, distance
from casepan.testing import jaw_pair
from casepan_report.viewer.far import distances_to_rings
from casepan_report.viewer.fitting import TOLERANCES_MM, Material, fit
from casepan_report.viewer.heat import Warmth, legend
from casepan_report.viewer.lighter import Draft, Lighter
from casepan_report.viewer.octree import Octree
from casepan_report.viewer.packing import Grid, packed
from casepan_report.viewer.shades import vertex_shades


@pytest.fixture(scope="module")
def jaw() -> Mesh:
    """An upper arch fine enough to be simplified."""
    return jaw_pair(2, triangles=60_000).upper.welded()


def lightened(mesh: Mesh, tolerance_mm: float, channels: NDArray[np.uint8] | None = None) -> Lighter:
    """A scan simplified to a tolerance."""
    blank = np.empty((len(mesh.vertices), 0), np.uint8)
    tree = Octree.of(mesh, blank if channels is None else channels)
    return Draft.of(tree, tolerance_mm).finished(tree.points)


def shown(mesh: Mesh, light: Lighter) -> Mesh:
    """What is left of a scan."""
    return Mesh(mesh.vertices[light.kept], light.faces)


@pytest.mark.parametrize("tolerance_mm", [0.02, 0.05, 0.2])
def test_no_point_of_a_scan_lies_farther_from_the_lighter_one_than_is_stated(jaw: Mesh, tolerance_mm: float) -> None:
    """An independent measure finds no distance above the stated error, and that is within the tolerance."""
    light = lightened(jaw, tolerance_mm)
    surface = shown(jaw, light)
    rough = distance(jaw, surface, limit_mm=2.0)  # never too small, but too large beside faces of very unequal size
    suspects = rough.vertices[np.argsort(rough.distance_mm)[-30:]]
    asked = np.concatenate([suspects, np.arange(0, len(jaw.vertices), 700)])
    exact = closest_point_naive(surface.to_trimesh(), jaw.vertices[asked])[1]  # type: ignore[no-untyped-call]
    assert len(rough.vertices) == len(jaw.vertices)
    assert exact.max() <= light.error_mm + 1e-5
    assert light.error_mm <= tolerance_mm


def test_a_larger_tolerance_leaves_fewer_faces(jaw: Mesh) -> None:
    """Each step of the tolerance makes the scan lighter, the finest one already below the original."""
    counts = [len(lightened(jaw, tolerance).faces) for tolerance in (0.02, 0.05, 0.2)]
    assert len(jaw.faces) > counts[0] > counts[1] > counts[2]


def test_the_border_stays_where_it_was(jaw: Mesh) -> None:
    """Every border vertex of the scan is a vertex of the lighter one."""
    light = lightened(jaw, 0.1)
    assert set(np.unique(jaw.edges.boundary)) <= set(light.kept.tolist())


def test_faces_keep_their_sense(jaw: Mesh) -> None:
    """The lighter surface faces the same way: its area vectors add up to those of the scan."""

    def total(mesh: Mesh) -> NDArray[np.float64]:
        a, b, c = (mesh.vertices[mesh.faces[:, k]].astype(np.float64) for k in range(3))
        return np.asarray(np.cross(b - a, c - a).sum(axis=0))

    before, after = total(jaw), total(shown(jaw, lightened(jaw, 0.05)))
    assert np.linalg.norm(before - after) < 0.01 * np.linalg.norm(before)


def test_an_edge_of_colour_is_not_blurred(jaw: Mesh) -> None:
    """No two vertices of clearly different colour are merged, however flat the surface is."""
    x, y = np.meshgrid(np.arange(40, dtype=np.float32), np.arange(40, dtype=np.float32))
    vertices = np.stack([x.ravel() * 0.1, y.ravel() * 0.1, np.zeros(1600, np.float32)], axis=1)
    corner = np.arange(1600).reshape(40, 40)[:-1, :-1].ravel()
    quads = np.stack([corner, corner + 1, corner + 41, corner, corner + 41, corner + 40], axis=1)
    sheet = Mesh(vertices, quads.reshape(-1, 3).astype(np.int32))
    shades = np.where(vertices[:, :1] < 2.0, np.uint8(60), np.uint8(200)).astype(np.uint8)
    plain, striped = lightened(sheet, 0.05), lightened(sheet, 0.05, shades)
    assert len(plain.kept) < len(striped.kept)
    corners = shades[striped.kept, 0][striped.faces]
    mixed = striped.faces[corners.min(axis=1) != corners.max(axis=1)]
    assert np.ptp(sheet.vertices[striped.kept][mixed][:, :, 0], axis=1).max() < 1.0


def test_a_surface_too_small_for_a_cube_is_kept() -> None:
    """A scan smaller than one cube would vanish in it; it is divided until it is there again."""
    tetrahedron = Mesh(
        np.array([[0, 0, 0], [0.05, 0, 0], [0, 0.05, 0], [0, 0, 0.05]], np.float32),
        np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]], np.int32),
    )
    light = lightened(tetrahedron, 0.02)
    assert len(light.faces) == 4
    assert light.error_mm == 0


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ((0.2, 0.2, 0.5), 0.5),
        ((0.5, -2.0, 0.0), 2.0),
        ((-3.0, -4.0, 0.0), 5.0),
        ((0.1, 0.1, 0.0), 0.0),
        ((1, 1, 0), 0.5**0.5),
    ],
)
def test_the_distance_to_a_triangle_is_that_to_its_inside_edge_or_corner(
    point: tuple[float, float, float], expected: float
) -> None:
    """Points above the inside, beside an edge and past a corner have the distance geometry gives them."""
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    faces, ring = np.array([[0, 1, 2]], np.int32), np.array([1], np.int32)
    assert distances_to_rings(np.array([point], np.float32), ring, vertices, faces)[0] == pytest.approx(
        expected, abs=1e-6
    )


def test_a_vertex_without_faces_is_infinitely_far() -> None:
    """What has vanished has no distance."""
    vertices = np.zeros((4, 3), np.float32)
    faces, ring = np.array([[0, 1, 2]], np.int32), np.array([3], np.int32)
    assert np.isinf(distances_to_rings(vertices[:1], ring, vertices, faces))[0]


class Reader:
    """Reads a block as packing.py tells it, independently of the browser's code."""

    def __init__(self, block: bytes) -> None:
        self.data, self.at = np.frombuffer(zlib.decompress(block), np.uint8), 0

    def take(self, count: int, size: int) -> NDArray[np.int64]:
        """The next numbers, unfolded."""
        part = self.data[self.at : self.at + count * size].reshape(size, count).astype(np.int64)
        self.at += count * size
        folded = sum(part[k] << (8 * k) for k in range(size))
        return np.asarray((folded >> 1) ^ -(folded & 1))


def test_a_packed_scan_comes_back_as_it_was(jaw: Mesh) -> None:
    """Places to a step, colours, heat and faces exactly, in the layout that is documented; nothing is left over."""
    light = lightened(jaw, 0.03)
    grid, count = Grid.of(jaw.vertices, 0.03), len(light.kept)
    steps, colours = grid.steps(jaw.vertices[light.kept]), jaw.vertex_colours
    assert colours is not None
    shades, heat = colours[light.kept], (np.arange(count) % 256).astype(np.uint8)
    reader = Reader(packed(steps, light.faces, shades, heat))
    places = np.stack([np.cumsum(reader.take(count, 2)) % 65536 for _ in range(3)], axis=1)
    green, red, blue = (np.cumsum(reader.take(count, 1)) % 256 for _ in range(3))
    back = np.stack([(red + green) % 256, green, (blue + green) % 256], axis=1)
    warmth = np.cumsum(reader.take(count, 1)) % 256
    first, second, third = (reader.take(len(light.faces), 3) for _ in range(3))
    lead = np.cumsum(first)
    faces = np.stack([lead, lead + second, lead + third], axis=1)
    assert reader.at == len(reader.data)
    assert np.abs(grid.places(steps) - jaw.vertices[light.kept]).max() <= grid.step_mm * 0.51
    assert (places == steps).all()
    assert (back == shades).all()
    assert (warmth == heat).all()
    assert _cycles(faces) == _cycles(light.faces)


def _cycles(faces: NDArray[Any]) -> list[tuple[int, ...]]:
    """The faces, each turned to its smallest corner, sorted."""
    return sorted(tuple(np.roll(face, -int(face.argmin())).tolist()) for face in faces)


def material(mesh: Mesh) -> Material:
    """A coloured scan for the page."""
    return Material(mesh, mesh.vertex_colours, None)


@pytest.mark.parametrize("budget", [2_000_000, 250_000, 120_000])
def test_the_smallest_tolerance_that_fits_the_budget_is_taken(jaw: Mesh, budget: int) -> None:
    """The data stay within the budget, and the achieved error within the tolerance."""
    found = fit([material(jaw), material(jaw)], budget)
    assert found.size <= budget
    assert found.tolerance_mm in TOLERANCES_MM
    assert 0 < found.error_mm <= found.tolerance_mm


def test_a_budget_no_tolerance_fits_is_kept_all_the_same(jaw: Mesh) -> None:
    """Below the coarsest tolerance the scans become rough, and nothing is promised."""
    found = fit([material(jaw)], 6_000)
    assert found.size <= 6_000
    assert found.blocks[0].faces > 100
    assert np.isinf(found.tolerance_mm)


def test_a_loose_tolerance_follows_from_a_small_budget(jaw: Mesh) -> None:
    """Ten times less room means a larger tolerance."""
    assert fit([material(jaw)], 100_000).tolerance_mm > fit([material(jaw)], 1_000_000).tolerance_mm


def test_colours_of_vertices_are_taken_as_they_are(jaw: Mesh) -> None:
    """A scan with vertex colours keeps them."""
    assert vertex_shades(jaw) is jaw.vertex_colours


def test_colours_of_faces_are_the_mean_at_their_corners() -> None:
    """A vertex between a red and a blue face is purple."""
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]], np.float32)
    faces = np.array([[0, 1, 2], [1, 3, 2]], np.int32)
    shades = vertex_shades(Mesh(vertices, faces, face_colours=np.array([[200, 0, 0], [0, 0, 100]], np.uint8)))
    assert shades is not None
    assert shades.tolist() == [[200, 0, 0], [100, 0, 50], [100, 0, 50], [0, 0, 100]]


def textured(image: bytes | None) -> Mesh:
    """One face over nearly the whole of an image."""
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    uv = np.array([[[0.1, 0.1], [0.9, 0.1], [0.1, 0.9]]], np.float32)
    return Mesh(vertices, np.array([[0, 1, 2]], np.int32), texture=Texture(uv, image, "skin.png"))


def test_colours_of_a_texture_are_read_at_the_corners() -> None:
    """The lower left of the image is at UV (0, 0)."""
    from PIL import Image

    picture = Image.new("RGB", (2, 2))
    for place, colour in {(0, 1): (10, 20, 30), (1, 1): (40, 50, 60), (0, 0): (70, 80, 90)}.items():
        picture.putpixel(place, colour)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    shades = vertex_shades(textured(buffer.getvalue()))
    assert shades is not None
    assert shades.tolist() == [[10, 20, 30], [40, 50, 60], [70, 80, 90]]


@pytest.mark.parametrize("image", [None, b"", b"\x89PNG\r\n\x1a\n broken", b"GIF89a"])
def test_a_texture_that_cannot_be_read_is_no_colour(image: bytes | None) -> None:
    """A missing, empty, damaged or foreign image leaves the scan plain."""
    assert vertex_shades(textured(image)) is None


def test_heat_has_a_byte_for_no_value_and_the_range_for_the_others() -> None:
    """NaN is 0, the ends of the range are 1 and 255, values beyond count as the ends."""
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0], [0, 1, 0], [2, 2, 0]], np.float32)
    scan = Mesh(corners, np.arange(6, dtype=np.int32).reshape(2, 3))
    warmth = Warmth.of(np.array([np.nan, -1.0, 2.0, np.nan, 2.0, 9.0]), (-1.0, 2.0))
    assert warmth.on(scan, scan.welded()).tolist() == [0, 1, 255, 255]


def test_a_heat_map_without_a_range_has_its_own() -> None:
    """The range is that of the known values; without any there is one all the same."""
    assert (Warmth.of(np.array([0.25, np.nan, 3.0]), None).low, Warmth.of(np.array([0.25, 3.0]), None).high) == (
        0.25,
        3.0,
    )
    empty = Warmth.of(np.array([np.nan]), None)
    assert empty.low < empty.high


def test_heat_maps_share_one_legend() -> None:
    """The legend spans all ranges, in the colours of the report's pictures."""
    found = legend([Warmth.of(np.zeros(1), (0.0, 1.0)), Warmth.of(np.zeros(1), (-0.5, 0.5))], "Gap")
    assert found is not None
    assert (found["low"], found["high"], found["title"]) == (-0.5, 1.0, "Gap")
    assert found["ramp"][0] == [41, 61, 158]
    assert legend([], "Gap") is None


def test_what_no_face_uses_does_not_count(jaw: Mesh) -> None:
    """Stray points of a file, and faces with equal corners, are neither shown nor measured."""
    count = len(jaw.vertices)
    vertices = np.concatenate([jaw.vertices, np.array([[40, 40, 40], [50, 50, 50]], np.float32)])
    faces = np.concatenate([jaw.faces, np.array([[count, count, 0]], np.int32)])
    light = lightened(Mesh(vertices, faces), 0.05)
    assert not {count, count + 1} & set(light.kept.tolist())
    assert light.error_mm <= 0.05


def test_a_scan_of_metres_still_fits_its_grid() -> None:
    """Where 65,535 steps are too few for the tolerance, the steps grow and the error says so."""
    far = Mesh(np.array([[0, 0, 0], [50_000, 0, 0], [0, 50_000, 7]], np.float32), np.array([[0, 1, 2]], np.int32))
    found = fit([Material(far, None, None)], 10_000)
    assert found.blocks[0].faces == 1
    assert found.error_mm < 1.0
    assert found.blocks[0].grid.step_mm == pytest.approx(50_000 / 65_535)
