"""The picture itself: scans placed, seen, lit, smoothed and written over."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import define, evolve
from numpy.typing import NDArray

from casepan.mesh.finite import require_finite
from casepan.mesh.pictures.camera import Camera, Frame, View, guess_frame, look
from casepan.mesh.pictures.overlay import draw_legend, draw_marker, draw_scale_bar, legend_width
from casepan.mesh.pictures.png import png
from casepan.mesh.pictures.raster import sampled_faces, visible_faces
from casepan.mesh.pictures.scene import Colours, Heat, Scene, scene_of, shaded
from casepan.mesh.pictures.shade import hollows
from casepan.mesh.surface import ByteArray, FloatArray, Mesh

Place = NDArray[np.float64] | None
Marker = tuple[Sequence[float], str]
Ids = NDArray[np.intp]

_BLOCK = 1 << 15  # pixels lit together: what belongs to them stays in the processor's cache
_OFFSETS = ((-0.125, -0.375), (0.375, -0.125), (0.125, 0.375), (-0.375, 0.125))  # of a rotated 2 x 2 grid, in pixels
_SHADOW = np.float32(0.45)


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


def render(
    meshes: Sequence[tuple[Mesh, Place]],
    view: View = "occlusal",
    size: tuple[int, int] = (1200, 900),
    colours: Colours = "own",
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
    colours: Colours = "own",
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
    picture, shown = _drawn(placed, camera, size, colours, 4 if transparent else 3)
    if scale_bar:
        draw_scale_bar(picture, camera.scale, unit)
    if isinstance(colours, Heat):
        draw_legend(picture, colours.scale, unit)
    for place, text in markers:
        x, y, _ = camera.project(np.array([place], np.float32))[:, 0].tolist()
        draw_marker(picture, x, y, text, unit)
    return Drawing(_without_white(picture) if transparent else picture, camera, shown)


_NOTHING = Mesh(np.empty((0, 3), np.float32), np.empty((0, 3), np.int32))


def _used(mesh: Mesh) -> FloatArray:
    """The vertices that faces use."""
    uses = np.bincount(mesh.faces.ravel(), minlength=len(mesh.vertices))
    return mesh.vertices if uses.all() else mesh.vertices[uses > 0]


def _placed(mesh: Mesh, matrix: NDArray[np.float64]) -> Mesh:
    """The scan moved by a 4 x 4 matrix, colours kept."""
    moved = mesh.vertices @ matrix[:3, :3].T.astype(np.float32) + matrix[:3, 3].astype(np.float32)
    return evolve(mesh, vertices=moved.astype(np.float32))


def _drawn(
    meshes: Sequence[Mesh], camera: Camera, size: tuple[int, int], colours: Colours, channels: int
) -> tuple[ByteArray, FloatArray]:
    """The lit scans over white, uint8 (height, width, channels), and how near they are, NaN where there is nothing."""
    picture = np.full((size[1], size[0], channels), 255, np.uint8)
    picture[..., 3:] = 0
    depth = np.full((size[1], size[0]), np.nan, np.float32)
    window = camera.window(size)
    part = evolve(camera, middle=camera.middle - [window[1].start, window[0].start])
    scene = scene_of(meshes, part, colours)
    if depth[window].size:
        picture[window], depth[window] = _lit(scene, camera.scale, depth[window].shape, channels)
    return picture, depth


def _lit(scene: Scene, scale: float, shape: tuple[int, ...], channels: int) -> tuple[ByteArray, FloatArray]:
    """The part of the picture that shows anything, and how near it is."""
    height, width = shape
    seen = visible_faces(scene.places, scene.faces, (width, height))
    pixels = np.flatnonzero(seen >= 0)
    colours, depth = np.empty((3, len(pixels)), np.float32), np.zeros(height * width, np.float32)
    for begin in range(0, len(pixels), _BLOCK):
        part = pixels[begin : begin + _BLOCK]
        colours[:, begin : begin + _BLOCK], depth[part] = shaded(scene, seen.take(part), *_centres(part, width))
    covered, near = (seen >= 0).reshape(shape), depth.reshape(shape)
    shadow = 1 - _SHADOW * hollows(near, covered, round(min(max(1.6 * scale, 3), 80)), 2.5).ravel()
    picture = np.full((height * width, channels), 255, np.uint8)
    picture[:, 3:] = 0
    colours *= shadow.take(pixels)
    picture[pixels] = _bytes([*colours, np.float32(1)], len(pixels), channels)
    edge = _steps(covered, near, 4 / scale)
    picture[np.flatnonzero(edge)] = _smooth(scene, edge, shadow, channels)
    return picture.reshape(height, width, channels), np.where(covered, near, np.float32(np.nan))


def _centres(pixels: Ids, width: int) -> tuple[FloatArray, FloatArray]:
    """The x and y of pixel centres."""
    y, x = np.divmod(pixels.astype(np.int32), np.int32(width))
    return x.astype(np.float32) + np.float32(0.5), y.astype(np.float32) + np.float32(0.5)


def _smooth(scene: Scene, edge: NDArray[np.bool_], shadow: FloatArray, channels: int) -> ByteArray:
    """The pixels at outlines and steps drawn as the mean of four points each."""
    height, width = edge.shape
    pixels = np.flatnonzero(edge)
    slots = np.full(edge.size, -1, np.int32)
    slots[pixels] = np.arange(len(pixels), dtype=np.int32)
    total, hits = np.zeros((3, len(pixels)), np.float32), np.zeros(len(pixels), np.float32)
    found = sampled_faces(scene.places, scene.faces, (width, height), _OFFSETS, slots)
    for (dx, dy), faces in zip(_OFFSETS, found, strict=True):
        hit = np.flatnonzero(faces >= 0)
        x, y = _centres(pixels.take(hit), width)
        total[:, hit] += shaded(scene, faces.take(hit), x + np.float32(dx), y + np.float32(dy))[0]
        hits[hit] += 1
    cover = hits / np.float32(len(_OFFSETS))
    mean = total / np.maximum(hits, 1) * cover + (1 - cover)
    return _bytes([*(mean * shadow.take(pixels)), cover], len(pixels), channels)


def _bytes(values: Sequence[FloatArray | np.float32], count: int, channels: int) -> ByteArray:
    """Red, green, blue and coverage from 0 to 1 as bytes, uint8 (count, channels)."""
    pixels = np.empty((count, channels), np.uint8)
    for column in range(channels):
        pixels[:, column] = values[column].clip(0, 1) * np.float32(255) + np.float32(0.5)
    return pixels


def _steps(covered: NDArray[np.bool_], depth: FloatArray, most_mm: float) -> NDArray[np.bool_]:
    """Pixels beside which the outline or a step in depth runs."""
    edge = np.zeros(covered.shape, bool)
    for one, other in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        step = (covered[one] != covered[other]) | (np.abs(depth[one] - depth[other]) > most_mm)
        edge[one] |= step
        edge[other] |= step
    return edge


def _without_white(picture: ByteArray) -> ByteArray:
    """The picture with the white behind it taken out again."""
    cover = picture[..., 3:] / np.float32(255)
    colour = (picture[..., :3] / np.float32(255) - (1 - cover)) / np.maximum(cover, np.float32(1e-6))
    return np.concatenate([(colour.clip(0, 1) * 255 + 0.5).astype(np.uint8), picture[..., 3:]], axis=2)
