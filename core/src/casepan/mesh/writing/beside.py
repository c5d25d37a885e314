"""The files that belong to a textured mesh file: where they go and what is in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from casepan.mesh.surface import FloatArray, Texture
from casepan.mesh.writing.loss import Loss

_STREAM = Loss("texture image", "an open file has no place beside it for the image")
MISSING_IMAGE = Loss("texture image", "the image was not there when the scan was read")
_HOLES = Loss("untextured faces", "corners without a texture coordinate were given 0, 0")


def image_suffix(image: bytes) -> str:
    """``.png`` or ``.jpg``, by content."""
    return ".png" if image.startswith(b"\x89PNG") else ".jpg"


def put_image(texture: Texture, beside: Path | None) -> tuple[str | None, tuple[Loss, ...]]:
    """Write the image beside the mesh file under the same name; its file name, and what was lost."""
    if texture.image is None:
        return None, (MISSING_IMAGE,)
    if beside is None:
        return None, (_STREAM,)
    path = beside.with_name(beside.stem + image_suffix(texture.image))
    path.write_bytes(texture.image)
    return path.name, ()


def filled_uv(texture: Texture) -> tuple[FloatArray, tuple[Loss, ...]]:
    """Texture coordinates with 0 in place of NaN, and the loss if there were any."""
    missing = np.isnan(texture.uv)
    if not missing.any():
        return texture.uv, ()
    return np.where(missing, np.float32(0), texture.uv), (_HOLES,)
