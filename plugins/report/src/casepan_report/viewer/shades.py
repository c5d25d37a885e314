"""The colour of each vertex, whatever kind of colour a scan has."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from casepan.mesh import Mesh, Texture

Bytes = NDArray[np.uint8]
_MOST_PIXELS = 1 << 26  # a texture of 8192 x 8192; a larger picture is not unpacked


def vertex_shades(mesh: Mesh) -> Bytes | None:
    """RGB per vertex, uint8 (n, 3): its own, or the mean of what its faces show there; None for a scan without colour.

    A texture whose image is missing or unreadable counts as none: checks of the case report it.
    """
    corners = None if mesh.texture is None else _texture_at_corners(mesh.texture)
    if corners is None:
        if mesh.vertex_colours is not None:
            return mesh.vertex_colours
        if mesh.face_colours is None:
            return None
        corners = np.repeat(mesh.face_colours, 3, axis=0)
    places = mesh.faces.ravel()
    counts = np.maximum(np.bincount(places, minlength=len(mesh.vertices)), 1)
    sums = [np.bincount(places, channel, len(mesh.vertices)) for channel in corners.T]
    return np.asarray(np.stack(sums, axis=1) / counts[:, None] + 0.5, np.uint8)


def _texture_at_corners(texture: Texture) -> Bytes | None:
    """The colour of the image at each corner of each face, uint8 (3m, 3)."""
    image = None if texture.image is None else _unpacked(texture.image)
    if image is None:
        return None
    height, width = image.shape[:2]
    u, v = np.nan_to_num(texture.uv.reshape(-1, 2)).T
    column = ((u % 1) * width).astype(np.intp).clip(0, width - 1)
    row = ((1 - v % 1) * height).astype(np.intp).clip(0, height - 1)
    return np.asarray(image[row, column], np.uint8)


def _unpacked(data: bytes) -> Bytes | None:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(BytesIO(data), formats=("JPEG", "PNG")) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                return None
            return np.asarray(picture.convert("RGB"), np.uint8)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
