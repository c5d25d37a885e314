"""Pictures show what is there, where it is."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
import pytest
from attrs import evolve

from casepan.errors import CorruptFile
from casepan.mesh import Frame, Heat, Mesh, Scale, draw, guess_frame, render
from casepan.mesh.pictures.font import text_strokes, text_width
from casepan.mesh.pictures.png import png
from casepan.mesh.pictures.raster import visible_faces
from casepan.mesh.pictures.shade import hollows
from casepan.testing import small_scan

from . import shapes

UP = Frame(np.array([0.0, 0, 1]), np.array([0.0, 1, 0]), np.array([0.0, 0, -1]))
WHITE = np.array([255, 255, 255])


def pixels(data: bytes) -> Any:
    """A PNG with the row filter "up" read back, chunk sums checked: uint8 (height, width, channels)."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(data):
        (size,), kind = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + size]
        assert struct.unpack(">I", data[at + 8 + size : at + 12 + size])[0] == zlib.crc32(kind + body)
        chunks[kind], at = body, at + 12 + size
    width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert depth == 8
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, -1)
    assert (rows[:, 0] == 2).all()
    return np.cumsum(rows[:, 1:], axis=0, dtype=np.uint8).reshape(height, width, {2: 3, 6: 4}[colour])


def covered(picture: Any) -> Any:
    """Which pixels are not the white background."""
    return (picture[..., :3].astype(int) < 250).any(axis=2)


def test_png_holds_the_pixels() -> None:
    """What is written is read back, with and without transparency."""
    for channels in (3, 4):
        image = np.random.default_rng(0).integers(0, 256, (7, 11, channels), np.uint8)
        np.testing.assert_array_equal(pixels(png(image)), image)


def test_a_sheet_fills_its_outline_without_gaps() -> None:
    """Faces far larger than a pixel leave no hole, and the outline is where the sheet ends."""
    shown = covered(pixels(render([(shapes.grid(4, 3), None)], size=(400, 300), scale_bar=False, frame=UP)))
    rows, columns = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
    assert shown[rows[1] : rows[-1], columns[1] : columns[-1]].all()
    assert (columns[-1] - columns[0]) / (rows[-1] - rows[0]) == pytest.approx(4 / 3, rel=0.01)


@pytest.mark.parametrize("size", [(60, 40), (400, 300)])
def test_every_pixel_shows_the_nearest_face_at_its_centre(size: tuple[int, int]) -> None:
    """The z-buffer agrees with a search over all faces for every pixel."""
    rng = np.random.default_rng(5)
    places = (rng.uniform(0, 1, (60, 3)) * [size[0], size[1], 5]).astype(np.float32).T
    faces = rng.integers(0, 60, (25, 3)).astype(np.int32)
    seen = visible_faces(places, faces, size).reshape(size[1], size[0])
    for x, y in rng.integers(0, size, (150, 2)).tolist():
        best, nearest = -1, -np.inf
        for k, face in enumerate(faces):
            (ax, bx, cx), (ay, by, cy), depth = places[:, face].astype(float)
            whole = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
            if whole == 0:
                continue
            v = ((x + 0.5 - ax) * (cy - ay) - (cx - ax) * (y + 0.5 - ay)) / whole
            w = ((bx - ax) * (y + 0.5 - ay) - (x + 0.5 - ax) * (by - ay)) / whole
            if min(v, w, 1 - v - w) >= 0 and depth @ [1 - v - w, v, w] > nearest:
                best, nearest = k, depth @ [1 - v - w, v, w]
        assert seen[y, x] == best


def test_the_nearer_scan_hides_the_other() -> None:
    """Of two coloured sheets the one towards the viewer is seen, whatever the order they are given in."""
    red = evolve(shapes.grid(), vertex_colours=np.tile(np.array([220, 30, 30], np.uint8), (63, 1)))
    blue = evolve(shapes.moved(shapes.grid(), z=2), vertex_colours=np.tile(np.array([30, 30, 220], np.uint8), (63, 1)))
    for scans in ([(red, None), (blue, None)], [(blue, None), (red, None)]):
        middle = pixels(render(scans, size=(100, 100), frame=UP))[50, 50].astype(int)
        assert middle[2] > middle[0] + 60


def test_own_colours_of_faces_and_vertices_are_shown() -> None:
    """Face colours paint whole faces; plain ignores them."""
    sheet = shapes.grid(2, 1)
    halves = np.repeat(np.array([[230, 40, 40], [40, 230, 40]], np.uint8), 2, axis=0)
    painted = evolve(sheet, face_colours=halves)
    left, right = pixels(render([(painted, None)], size=(200, 120), frame=UP))[60, [60, 140]].astype(int)
    assert left[0] > left[1] + 60
    assert right[1] > right[0] + 60
    plain = pixels(render([(painted, None)], size=(200, 120), frame=UP, colours="plain"))[60, [60, 140]]
    np.testing.assert_allclose(plain[0].astype(int), plain[1].astype(int), atol=3)


def test_a_matrix_puts_a_scan_into_the_common_frame() -> None:
    """A scan moved by its matrix appears beside the other."""
    shift = np.eye(4)
    shift[0, 3] = 20
    shown = covered(
        pixels(render([(shapes.grid(), None), (shapes.grid(), shift)], size=(300, 100), frame=UP, scale_bar=False))
    )
    columns = shown.any(axis=0)
    assert np.count_nonzero(np.diff(columns.astype(int)) == 1) == 2


def test_views_look_from_their_sides() -> None:
    """The front shows the lips' side with the patient's right at the left of the picture; left and right mirror."""
    lips = shapes.mesh([[-1, 5, 0], [1, 5, 0], [0, 5, 1]], [[0, 2, 1]])
    right = shapes.moved(shapes.grid(2, 1), 6)
    frame = Frame(np.array([0.0, 0, 1]), np.array([0.0, 1, 0]), np.array([0.0, 0, 1]))
    front, back, left, right_view, top = (
        covered(pixels(render([(shapes.joined(lips, right), None)], view, (200, 120), scale_bar=False, frame=frame)))
        for view in ("front", "back", "left", "right", "occlusal")
    )
    assert front[:, :100].sum() < front[:, 100:].sum()
    np.testing.assert_array_equal(front, back[:, ::-1])
    np.testing.assert_array_equal(left, right_view[:, ::-1])
    assert top.sum() > front.sum()


def test_the_frame_is_guessed_from_an_open_arch() -> None:
    """The occlusal side is that of the mean normal, the lips are where the horseshoe is narrow."""
    turn = np.linspace(-0.5 * np.pi, 0.5 * np.pi, 60)
    rows = [
        np.stack([-np.cos(turn) * r * 1.3, np.sin(turn) * r, np.full(60, z)], 1)
        for r, z in ((18, 0), (20, 6), (26, 6), (28, 0))
    ]
    ids = np.arange(240).reshape(4, 60)
    a, b, c, d = ids[:-1, :-1].ravel(), ids[1:, :-1].ravel(), ids[1:, 1:].ravel(), ids[:-1, 1:].ravel()
    faces = np.stack([a, c, b, a, d, c], 1).reshape(-1, 3)
    arch = shapes.mesh(np.concatenate(rows), faces)
    if guess_frame(arch).occlusal[2] < 0:
        arch = shapes.mesh(arch.vertices, arch.faces[:, ::-1])
    frame = guess_frame(arch)
    np.testing.assert_array_equal(frame.occlusal, [0, 0, 1])
    np.testing.assert_array_equal(frame.front, [-1, 0, 0])
    np.testing.assert_array_equal(guess_frame(arch, "upper").up, [0, 0, -1])
    np.testing.assert_array_equal(frame.right, [0, 1, 0])


def test_a_heat_map_has_its_colours_and_a_legend_beside_the_scan() -> None:
    """Low is blue, high is red, unknown is grey, and the legend stands free at the right."""
    sheet = shapes.grid(4, 1)
    values = sheet.vertices[:, 0].astype(float) - 1
    values[values > 1.5] = np.nan
    heat = Heat([values], Scale(-1, 1, "mm", "gap"))
    picture = pixels(render([(sheet, None)], size=(400, 300), colours=heat, frame=UP)).astype(int)
    shown = np.flatnonzero(covered(picture)[150, :290])
    low, high, unknown = (picture[150, shown[0] + int(share * len(shown))] for share in (0.03, 0.45, 0.97))
    assert low[2] > low[0]
    assert high[0] > high[2] + 60
    assert np.ptp(unknown) < 6
    assert covered(picture)[:150, 310:].any()


def test_markers_and_scale_bar_are_drawn() -> None:
    """A red disc stands at its place, and the bar at the lower left."""
    sheet = shapes.grid(20, 20)
    marked = pixels(render([(sheet, None)], size=(400, 400), markers=[((10, 10, 0), "1")], frame=UP)).astype(int)
    bare = pixels(render([(sheet, None)], size=(400, 400), scale_bar=False, frame=UP)).astype(int)
    spot = marked[191:209, 191:209].reshape(-1, 3)
    assert (spot[:, 0] > spot[:, 1] + 100).any()
    assert covered(marked)[375:, :150].any()
    assert not covered(bare)[375:, :150].any()


def test_a_transparent_background_is_transparent() -> None:
    """Outside the scan alpha is 0, inside 255, at the outline between, and no white shines through."""
    picture = pixels(render([(shapes.sphere(), None)], size=(200, 200), scale_bar=False, transparent=True))
    alpha = picture[..., 3]
    assert (alpha[0, 0], alpha[100, 100]) == (0, 255)
    assert ((alpha > 0) & (alpha < 255)).any()


def test_outlines_are_smooth() -> None:
    """The edge of a ball has pixels between ball and background."""
    alpha = pixels(render([(shapes.sphere(5, 96, 48), None)], size=(200, 200), scale_bar=False, transparent=True))[
        ..., 3
    ]
    between = np.count_nonzero((alpha > 0) & (alpha < 255))
    assert between > 200


def test_nothing_to_show_is_a_white_picture() -> None:
    """No scan and an empty scan give an empty picture of the right size."""
    for scans in ([], [(shapes.mesh([], []), None)]):
        picture = pixels(render(scans, size=(64, 48), scale_bar=False))
        assert picture.shape == (48, 64, 3)
        assert (picture == WHITE).all()


@pytest.mark.parametrize("radius", [3, 8, 20, 80])
def test_hollows_are_darkened_and_plains_are_not(radius: int) -> None:
    """A groove lies below its surroundings, a slope and a plain do not, whatever the cells the mean is taken from."""
    depth = np.tile(np.linspace(0, 4, 240, dtype=np.float32), (200, 1))
    depth[:, 100:104] -= 2
    covered = np.ones(depth.shape, bool)
    covered[:40] = False
    depth[:40] = 0
    dark = hollows(depth, covered, radius, 2.5)
    assert (dark[:40] == 0).all()
    assert (dark[120, 100:104] > 0.2).all()
    assert dark[120, 150:160].max() < 0.05
    np.testing.assert_allclose(dark[41], dark[120], atol=1e-4)


def test_no_face_is_shown_nearer_than_its_corners() -> None:
    """A sliver that passes a pixel's centre by a hair does not come forward over what lies before it."""
    edge_on = [[9.499985, 9.500015, 0], [11.499985, 11.500015, 0], [10.49999, 10.50001, 10]]
    before = [[-5, -5, 20], [50, -5, 20], [-5, 50, 20]]
    places = np.array([*edge_on, *before], np.float32).T
    seen = visible_faces(places, np.array([[0, 1, 2], [3, 4, 5]], np.int32), (20, 20))
    assert (seen == 1).all()
    alone = visible_faces(places, np.array([[0, 1, 2]], np.int32), (20, 20))
    assert alone.reshape(20, 20)[10, 10] == 0


def test_a_small_scan_in_a_large_picture_is_drawn_as_if_alone() -> None:
    """What is drawn depends on where the scan lies in its pixels, not on how much white is beside it."""
    scan = shapes.grid(4, 4)
    square, wide = (draw([(scan, None)], size=size, frame=UP, scale_bar=False) for size in ((220, 220), (400, 220)))
    rows, columns = (np.flatnonzero(covered(wide.pixels).any(axis=axis)) for axis in (1, 0))
    shown = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    rows, columns = (np.flatnonzero(covered(square.pixels).any(axis=axis)) for axis in (1, 0))
    alone = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    np.testing.assert_array_equal(wide.pixels[shown], square.pixels[alone])
    np.testing.assert_array_equal(wide.depth[shown], square.depth[alone])


def test_wrong_requests_are_refused() -> None:
    """A tiny picture, values that do not fit and coordinates that are no numbers are typed errors."""
    with pytest.raises(ValueError, match="16"):
        render([], size=(8, 100))
    with pytest.raises(ValueError, match="one value per vertex"):
        render([(shapes.grid(), None)], size=(64, 64), colours=Heat([np.zeros(3)], Scale(0, 1)))
    with pytest.raises(CorruptFile, match="not finite"):
        render([(shapes.mesh([[0, 0, np.nan], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]]), None)])


def test_pictures_are_repeatable() -> None:
    """The same scan gives the same bytes."""
    scan: list[tuple[Mesh, None]] = [(shapes.bumpy(), None)]
    assert render(scan, size=(120, 90)) == render(scan, size=(120, 90))


def test_every_letter_has_strokes_inside_its_width() -> None:
    """Digits, letters and units are drawn; an unknown letter becomes a question mark."""
    for letter in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZmµ²°.,:-+/()%<>=?abcxyz\u2603":
        points = np.concatenate(text_strokes(letter, 0, 10, 6))
        assert points[:, 0].min() > -1
        assert points[:, 0].max() < text_width(letter, 6) + 1
    assert text_strokes(" ", 0, 0, 6) == []
    assert text_width("10", 12) > text_width("1", 12) > 0


def test_a_drawing_tells_where_a_place_is_and_whether_it_shows() -> None:
    """Pins on a picture stand where the pixels are, and only on what can be seen."""
    scan = small_scan("lower")
    drawing = draw([(scan, None)], "occlusal", (320, 240))
    frame = guess_frame(scan, "lower")
    top = scan.vertices[(scan.vertices @ frame.occlusal).argmax()]
    place = drawing.place(top.tolist())
    assert place is not None
    assert drawing.pixels[int(place[1]), int(place[0])].tolist() != [255, 255, 255]
    assert drawing.place((top - 30 * frame.occlusal).tolist()) is None
    assert drawing.place((500.0, 0.0, 0.0)) is None
