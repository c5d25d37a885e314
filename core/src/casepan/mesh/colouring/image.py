"""Pictures of textures as pixels. Pillow is imported here, when a texture has to be read, and nowhere else in core."""

from __future__ import annotations

import warnings
from io import BytesIO

import numpy as np

from casepan.errors import AdapterError, CorruptFile, LimitExceeded
from casepan.mesh.surface import ByteArray

_FORMATS = ("JPEG", "PNG", "BMP")
_MOST_PIXELS = 1 << 28
"""Of one texture: 16,384 by 16,384, four times the side of any scanner's."""


def decode(image: bytes) -> ByteArray:
    """The pixels of an encoded picture, uint8 (height, width, 3) RGB; transparency is ignored.

    Raises:
        AdapterError: Pillow is not installed.
        CorruptFile: this is no picture, or a damaged one.
        LimitExceeded: more than 268 million pixels.
    """
    try:
        from PIL import Image
    except ImportError:
        raise AdapterError(
            "reading a texture needs the package Pillow, which is not installed",
            hint='Install it with: pip install "casepan[textures]"',
        ) from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(BytesIO(image), formats=_FORMATS) as picture:
                if picture.width * picture.height > _MOST_PIXELS:
                    raise LimitExceeded("the texture has far too many pixels", hint="Is this picture a texture?")
                return np.asarray(picture.convert("RGB"), np.uint8)
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise CorruptFile("the picture of the texture cannot be read") from error
