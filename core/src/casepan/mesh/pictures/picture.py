"""The picture itself: scans placed, seen, lit, smoothed and written over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from attrs import define
from numpy.typing import NDArray

from casepan.mesh import kernels
from casepan.mesh.area import along, normal_sums
from casepan.mesh.finite import require_finite
from casepan.mesh.pictures.camera import Camera, Frame, View, guess_frame, look
from casepan.mesh.pictures.overlay import Scale, draw_legend, draw_marker, draw_scale_bar, heat_colours, legend_width
from casepan.mesh.pictures.png import png
from casepan.mesh.pictures.raster import corner_weights, face_blocks, visible_faces
from casepan.mesh.pictures.shade import hollows, lit
from casepan.mesh.surface import ByteArray, FloatArray, IntArray, Mesh

Place = NDArray[np.float64] | None
Marker = tuple[Sequence[float], str]
Ids = NDArray[np.intp]

# Warm stone, then tints that stay apart when several scans are shown together.
_PLAIN = np.array([[0.90, 0.84, 0.74], [0.72, 0.80, 0.88], [0.80, 0.88, 0.74], [0.88, 0.78, 0.84]], np.float32)
_BLOCK = 1 << 15  # pixels lit together: what belongs to them stays in the processor's cache
_ROWS = 16  # rows of pixels turned into bytes together, for the same reason
_NO_VALUE = np.array([0.80, 0.80, 0.80], np.float32)
_OFFSETS = ((-0.125, -0.375), (0.375, -0.125), (0.125, 0.375), (-0.375, 0.125))  # of a rotated 2 x 2 grid, in pixels


@define(frozen=True)
class Heat:
    """One value per vertex of each scan, shown as colours.

    Attributes:
        values: for each scan float (n,), NaN where there is no value, or None for a scan without any.
        scale: what the colours mean.
    """

    values: Sequence[NDArray[np.floating] | None]
    scale: Scale


@define(frozen=True, eq=False)
class Drawing:
    """A picture and what lies where in it.

    Attributes:
        pixels: uint8 (height, width, 3) RGB on white, or (height, width, 4) RGBA.
        camera: brings places of the common frame to pixels.
        depth: float32 (height, width), towards the viewer in mm, NaN where nothing is shown.
    """

    pixels: ByteArray
    camera: Camera
    depth: FloatArray

    def place(self, where: Sequence[float], slack_mm: float = 0.5) -> tuple[float, float] | None:
        """The pixel x and y of a place, or None where it lies outside the picture or behind what is shown."""
        x, y, depth = self.camera.project(np.array([where], np.float32))[:, 0].tolist()
        height, width = self.depth.shape
        if not (0 <= x < width and 0 <= y < height):
            return None
        shown = float(self.depth[int(y), int(x)])
        return None if shown > depth + slack_mm else (x, y)


@define(frozen=True, eq=False)
class _Scene:
    """All scans as one.

    Attributes:
        places: float32 (3, n), x and y in pixels, depth.
        faces: int32 (m, 3).
        values: float32 (n, 9), of each vertex its place again, its normal in picture axes, and its colour from 0 to 1:
            one row is fetched faster than nine numbers.
        face_colours: float32 (m, 3), NaN where the vertices have the colour; None without any.
    """

    places: FloatArray
    faces: IntArray
    values: FloatArray
    face_colours: FloatArray | None


def render(
    meshes: Sequence[tuple[Mesh, Place]],
    view: View = "occlusal",
    size: tuple[int, int] = (1200, 900),
    colours: Literal["own", "plain"] | Heat = "own",
    markers: Sequence[Marker] = (),
    scale_bar: bool = True,
    transparent: bool = False,
    frame: Frame | None = None,
) -> bytes:
    """A PNG picture of one or several scans, drawn without a display.

    Args:
        meshes: scans with the 4 x 4 matrix that brings each into the common frame, or None where it is in it.
        view: the side to look from; left and right are the patient's.
        size: width and height in pixels.
        colours: the scans' own colours where they have any, one plain colour each, or values with a legend.
        markers: places in the common frame with a short text each, drawn as numbered discs.
        scale_bar: whether to draw a bar with its length in mm.
        transparent: whether the background is transparent rather than white.
        frame: the directions of the mouth; guessed from the first scan when not given.

    Raises:
        CorruptFile: a coordinate is not finite.
        ValueError: the picture is smaller than 16 pixels, or a heat map does not fit the scans.
    """
    return png(draw(meshes, view, size, colours, markers, scale_bar, transparent, frame).pixels)


def draw(
    meshes: Sequence[tuple[Mesh, Place]],
    view: View = "occlusal",
    size: tuple[int, int] = (1200, 900),
    colours: Literal["own", "plain"] | Heat = "own",
    markers: Sequence[Marker] = (),
    scale_bar: bool = True,
    transparent: bool = False,
    frame: Frame | None = None,
) -> Drawing:
    """What :func:`render` draws, with the way from places to pixels. Arguments and errors are the same."""
    if min(size) < 16:
        raise ValueError("a picture needs at least 16 by 16 pixels")
    require_finite(*(mesh for mesh, _ in meshes))
    placed = [mesh if place is None else _placed(mesh, place) for mesh, place in meshes]
    unit = max(9.0, min(size) / 62)
    clouds = [_used(mesh) for mesh in placed]
    frame = frame or guess_frame(placed[0] if placed else _NOTHING)
    legend = 4 * unit + legend_width(colours.scale, unit) if isinstance(colours, Heat) else 3.2 * unit
    camera = look(frame, view, clouds, size, (legend, 3.2 * unit))
    picture, shown = _drawn(_scene(placed, camera, colours), camera, size)
    if scale_bar:
        draw_scale_bar(picture, camera.scale, unit)
    if isinstance(colours, Heat):
        draw_legend(picture, colours.scale, unit)
    for place, text in markers:
        x, y, _ = camera.project(np.array([place], np.float32))[:, 0].tolist()
        draw_marker(picture, x, y, text, unit)
    return Drawing(_pixels(picture, transparent), camera, shown)


_NOTHING = Mesh(np.empty((0, 3), np.float32), np.empty((0, 3), np.int32))


def _used(mesh: Mesh) -> FloatArray:
    """The vertices that faces use."""
    used = np.zeros(len(mesh.vertices), bool)
    used[mesh.faces.ravel()] = True
    return mesh.vertices if used.all() else mesh.vertices[used]


def _placed(mesh: Mesh, matrix: NDArray[np.float64]) -> Mesh:
    """The scan moved by a 4 x 4 matrix, colours kept."""
    from attrs import evolve

    moved = mesh.vertices @ matrix[:3, :3].T.astype(np.float32) + matrix[:3, 3].astype(np.float32)
    return evolve(mesh, vertices=moved.astype(np.float32))


def _scene(meshes: Sequence[Mesh], camera: Camera, colours: Literal["own", "plain"] | Heat) -> _Scene:
    shifts = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes])
    faces = [mesh.faces + np.int32(shift) for mesh, shift in zip(meshes, shifts, strict=False)]
    vertices = np.concatenate([np.empty((0, 3), np.float32)] + [mesh.vertices for mesh in meshes])
    every = np.concatenate([np.empty((0, 3), np.int32), *faces])
    if isinstance(colours, Heat) and [len(mesh.vertices) for mesh in meshes] != _lengths(colours, meshes):
        raise ValueError("a heat map needs one value per vertex of each scan")
    places, sums = camera.project(vertices), normal_sums(vertices, every)
    values = np.empty((len(vertices), 9), np.float32)
    values[:, :3] = places.T
    for column, axis in enumerate(camera.axes, start=3):
        values[:, column] = along(sums, axis)
    for number, (mesh, shift) in enumerate(zip(meshes, shifts, strict=False)):
        values[shift : shift + len(mesh.vertices), 6:] = _colours(mesh, colours, number)
    return _Scene(places, every, values, _face_colours(meshes, colours))


def _lengths(heat: Heat, meshes: Sequence[Mesh]) -> list[int]:
    values = [*heat.values, *[None] * (len(meshes) - len(heat.values))]
    return [len(mesh.vertices) if value is None else len(value) for mesh, value in zip(meshes, values, strict=True)]


def _colours(mesh: Mesh, colours: Literal["own", "plain"] | Heat, number: int) -> FloatArray:
    """The colour of each vertex, float32 (n, 3), or one for all, (3,)."""
    plain = np.asarray(_PLAIN[number % len(_PLAIN)])
    if isinstance(colours, Heat):
        values = colours.values[number] if number < len(colours.values) else None
        if values is None:
            return plain
        known = np.isfinite(values)
        return np.where(known[:, None], heat_colours(values.astype(np.float32), colours.scale), _NO_VALUE)
    if colours == "own" and mesh.vertex_colours is not None:
        return np.asarray(mesh.vertex_colours, np.float32) / np.float32(255)
    return plain


def _face_colours(meshes: Sequence[Mesh], colours: Literal["own", "plain"] | Heat) -> FloatArray | None:
    """The colour of each face, NaN where its vertices have one; None when no scan has face colours."""
    if colours != "own" or not any(mesh.vertex_colours is None and mesh.face_colours is not None for mesh in meshes):
        return None
    parts = []
    for mesh in meshes:
        own = mesh.face_colours if mesh.vertex_colours is None else None
        parts.append(np.full((len(mesh.faces), 3), np.nan, np.float32) if own is None else own / np.float32(255))
    return np.concatenate(parts).astype(np.float32)


def _drawn(scene: _Scene, camera: Camera, size: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    """The lit scans, float32 (height, width, 4), and how near to the viewer they are, NaN where there is nothing."""
    width, height = size
    seen = visible_faces(scene.places, scene.faces, size)
    pixels = np.flatnonzero(seen >= 0)
    picture = np.ones((height * width, 4), np.float32)
    picture[:, 3] = 0
    depth = np.zeros(height * width, np.float32)
    for begin in range(0, len(pixels), _BLOCK):
        part = pixels[begin : begin + _BLOCK]
        picture[part, :3], depth[part] = _shaded(scene, seen[part], *_centres(part, width))
    picture[pixels, 3] = 1
    _smooth_edges(picture, scene, seen, depth, camera, size)
    covered = (seen >= 0).reshape(height, width)
    drawn = _extent(np.flatnonzero(covered.any(axis=1))), _extent(np.flatnonzero(covered.any(axis=0)))
    dark = hollows(depth.reshape(height, width)[drawn], covered[drawn], round(min(max(1.6 * camera.scale, 3), 80)), 2.5)
    finished = picture.reshape(height, width, 4)
    finished[drawn][..., :3] *= (1 - np.float32(0.45) * dark)[..., None]
    return finished, np.where(covered, depth.reshape(height, width), np.float32(np.nan))


def _extent(places: Ids) -> slice:
    """From the first to the last of some places."""
    return slice(places[0], places[-1] + 1) if len(places) else slice(0, 0)


def _centres(pixels: Ids, width: int) -> tuple[FloatArray, FloatArray]:
    """The x and y of pixel centres."""
    y, x = np.divmod(pixels, width)
    return x.astype(np.float32) + np.float32(0.5), y.astype(np.float32) + np.float32(0.5)


def _shaded(scene: _Scene, faces: IntArray | Ids, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Colour (k, 3) and depth (k,) of points of visible faces."""
    mixed = _mixed(scene, faces, x, y)
    depth, normals, colours = mixed[:, 0], mixed[:, 1:4], mixed[:, 4:]
    if scene.face_colours is not None:
        own = scene.face_colours.take(faces, axis=0)
        colours = np.where(np.isnan(own), colours, own)
    return lit(colours, normals, 0.8), depth


def _mixed(scene: _Scene, faces: IntArray | Ids, x: FloatArray, y: FloatArray) -> FloatArray:
    """Depth, normal and colour between the corners of faces, float32 (k, 7)."""
    if kernels.compiled():
        return kernels.mix(scene.values, scene.faces, faces.astype(np.int32), x, y)
    corners = scene.faces.take(faces, axis=0).T
    rows = [scene.values.take(column, axis=0) for column in corners]
    weights = corner_weights([[row[:, 0], row[:, 1]] for row in rows], x, y)
    mixed = rows[0][:, 2:] * weights[0][:, None]
    for row, weight in zip(rows[1:], weights[1:], strict=True):
        mixed += row[:, 2:] * weight[:, None]
    return np.asarray(mixed)


def _smooth_edges(
    picture: FloatArray, scene: _Scene, seen: IntArray, depth: FloatArray, camera: Camera, size: tuple[int, int]
) -> None:
    """Draw the pixels at outlines and steps again as the mean of four points each; the picture is changed in place."""
    width, height = size
    edge = _steps(seen.reshape(height, width) >= 0, depth.reshape(height, width), 4 / camera.scale)
    faces = np.flatnonzero(_near_edge(scene, edge))
    corners = scene.faces.take(faces, axis=0)
    pixels = np.flatnonzero(edge)
    slots = np.full(edge.size, -1, np.int32)
    slots[pixels] = np.arange(len(pixels), dtype=np.int32)
    total = np.zeros((len(pixels), 4), np.float32)
    for dx, dy in _OFFSETS:
        shifted = scene.places - np.array([[dx], [dy], [0]], np.float32)
        found = visible_faces(shifted, corners, size, slots)
        hit = np.flatnonzero(found >= 0)
        x, y = _centres(pixels[hit], width)
        total[hit, :3] += _shaded(scene, faces[found[hit]], x + np.float32(dx), y + np.float32(dy))[0]
        total[hit, 3] += 1
    cover = total[:, 3:] / len(_OFFSETS)
    picture[pixels, :3] = total[:, :3] / np.maximum(total[:, 3:], 1) * cover + (1 - cover)
    picture[pixels, 3] = cover[:, 0]


def _steps(covered: NDArray[np.bool_], depth: FloatArray, most_mm: float) -> NDArray[np.bool_]:
    """Pixels beside which the outline or a step in depth runs."""
    edge = np.zeros(covered.shape, bool)
    for one, other in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        step = (covered[one] != covered[other]) | (np.abs(depth[one] - depth[other]) > most_mm)
        edge[one] |= step
        edge[other] |= step
    return edge


def _near_edge(scene: _Scene, edge: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Faces whose box, one pixel larger, holds a pixel at an edge."""
    sums = np.pad(edge.cumsum(axis=0, dtype=np.int32).cumsum(axis=1, dtype=np.int32), ((1, 0), (1, 0)))
    flat, row = sums.ravel(), sums.shape[1]
    near = np.zeros(len(scene.faces), bool)
    for begin, corners in face_blocks(scene.places[:2], scene.faces):
        left, right = _reach([corner[0] for corner in corners], edge.shape[1])
        top, bottom = (rows * row for rows in _reach([corner[1] for corner in corners], edge.shape[0]))
        count = flat.take(bottom + right) - flat.take(top + right) - flat.take(bottom + left) + flat.take(top + left)
        near[begin : begin + len(left)] = count > 0
    return near


def _reach(places: list[FloatArray], limit: int) -> tuple[Ids, Ids]:
    """The first pixel of each box, one pixel larger, and the one after its last."""
    low = np.minimum(np.minimum(places[0], places[1]), places[2])
    high = np.maximum(np.maximum(places[0], places[1]), places[2])
    return (low - 1).astype(np.intp).clip(0, limit), (high + 2).astype(np.intp).clip(0, limit)


def _pixels(picture: FloatArray, transparent: bool) -> ByteArray:
    """The finished picture as bytes: RGB on white, or RGBA."""
    if not transparent:
        pixels = np.empty((*picture.shape[:2], 3), np.uint8)
        for begin in range(0, len(picture), _ROWS):
            part = picture[begin : begin + _ROWS, :, :3].clip(0, 1)
            part *= 255
            part += np.float32(0.5)
            pixels[begin : begin + _ROWS] = part
        return pixels
    cover = picture[..., 3:]
    colour = (picture[..., :3] - (1 - cover)) / np.maximum(cover, 1e-6)  # the white behind taken out again
    return (np.concatenate([colour, cover], axis=2).clip(0, 1) * 255 + 0.5).astype(np.uint8)
