"""The colour of any point of a surface, and how far two colourings of one surface are apart."""

from __future__ import annotations

import numpy as np
from attrs import define
from numpy.typing import NDArray

from casepan.mesh.area import face_areas
from casepan.mesh.surface import ByteArray, FloatArray, Mesh, Texture

Floats = NDArray[np.float64]

# Where each face is looked at: its middle, the middles of its sides, and half-way from the middle to its corners.
_POINTS = np.array(
    [[2, 2, 2], [3, 3, 0], [0, 3, 3], [3, 0, 3], [4, 1, 1], [1, 4, 1], [1, 1, 4]], np.float32
) / np.float32(6)
_MOST_FACES = 150_000  # looked at; of more, every second, third … face
# sRGB to CIE XYZ at the white of daylight D65 (IEC 61966-2-1), already divided by that white.
_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = np.array([0.9505, 1.0, 1.089])


@define(frozen=True, eq=False)
class Colours:
    """A surface's colour, ready to be asked: its texture, else its vertices', else its faces' colours.

    Attributes:
        mesh: the surface.
        pixels: uint8 (height, width, 3), the texture's picture, or None when there is none to be used.
    """

    mesh: Mesh
    pixels: ByteArray | None = None

    def at(self, faces: NDArray[np.intp], weights: FloatArray) -> FloatArray:
        """RGB 0 to 255 of points of some faces, float32 (k, w, 3); NaN where a texture has no coordinates.

        Args:
            faces: (k,), face ids.
            weights: float32 (w, 3), barycentric places, the same in each face.
        """
        mesh = self.mesh
        if mesh.texture is not None and self.pixels is not None:
            return sample(self.pixels, np.einsum("wc,fcx->fwx", weights, mesh.texture.uv[faces]))
        if mesh.vertex_colours is not None:
            corners = mesh.vertex_colours[mesh.faces[faces]].astype(np.float32)
            return np.asarray(np.einsum("wc,fcx->fwx", weights, corners), np.float32)
        assert mesh.face_colours is not None
        return np.repeat(mesh.face_colours[faces].astype(np.float32)[:, None], len(weights), axis=1)


def sample(pixels: ByteArray, uv: FloatArray) -> FloatArray:
    """Colours of a picture at texture coordinates (..., 2), between the four nearest pixels; float32 (..., 3).

    Coordinates outside 0 to 1 start again at the other side, as OBJ and glTF have it. NaN gives NaN.
    """
    height, width = pixels.shape[:2]
    known = np.asarray(np.isfinite(uv).all(axis=-1, keepdims=True))
    inside = np.where(known, uv, 0).astype(np.float64)
    inside = np.where((inside < 0) | (inside > 1), inside - np.floor(inside), inside)
    x = np.clip(inside[..., 0] * width - 0.5, 0, width - 1)
    y = np.clip((1 - inside[..., 1]) * height - 0.5, 0, height - 1)
    left, top = np.floor(x).astype(np.intp), np.floor(y).astype(np.intp)
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    across, down = (x - left)[..., None], (y - top)[..., None]
    upper = pixels[top, left] * (1 - across) + pixels[top, right] * across
    lower = pixels[bottom, left] * (1 - across) + pixels[bottom, right] * across
    return np.where(known, upper * (1 - down) + lower * down, np.nan).astype(np.float32)


def corner_colours(texture: Texture, pixels: ByteArray) -> FloatArray:
    """The texture's colour at every corner of every face, float32 (m, 3, 3); NaN without coordinates."""
    return sample(pixels, texture.uv)


def colour_error(before: Colours, after: Colours, percent: float = 95.0) -> float:
    """The colour difference that this share of the surface keeps to, CIELAB 1976 (ΔE*ab).

    Seven points of each face are compared and count by area; untextured places do not count. 1.2 is what half of all
    people see between two teeth side by side, 2.7 what half of them accept (Paravina 2015).

    Args:
        before, after: two colourings of the same faces.
    """
    count = len(before.mesh.faces)
    faces = np.arange(0, count, -(-count // _MOST_FACES)) if count else np.empty(0, np.intp)
    one, other = (_lab(colours.at(faces, _POINTS)) for colours in (before, after))
    gaps = np.sqrt(((one - other) ** 2).sum(axis=-1)).ravel()
    areas = np.repeat(face_areas(before.mesh.vertices, before.mesh.faces[faces]), len(_POINTS)).astype(np.float64)
    known = np.isfinite(gaps) & np.isfinite(areas)
    return _percentile(gaps[known], areas[known], percent)


def _percentile(values: Floats, weights: Floats, percent: float) -> float:
    """The value that this share of the weight does not exceed; 0 without any."""
    if not len(values):
        return 0.0
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    place = int(np.searchsorted(reached, percent / 100 * reached[-1]))
    return float(values[order][min(place, len(values) - 1)])


def _lab(rgb: FloatArray) -> Floats:
    """CIELAB of sRGB colours 0 to 255."""
    values = rgb.astype(np.float64) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    xyz = linear @ _TO_XYZ.T / _WHITE
    root = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)
