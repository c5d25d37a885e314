"""Pictures as bytes that a page can hold: encoded small, without anything else that was in the file they came from."""

from __future__ import annotations

import io
from base64 import b64encode
from typing import TYPE_CHECKING

import pypdfium2
from attrs import frozen
from PIL import Image, ImageOps, UnidentifiedImageError

from casepan.api import CorruptFile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_PIXELS = 100_000_000
_QUALITY = 80
_BROKEN = (OSError, ValueError, SyntaxError, Image.DecompressionBombError, UnidentifiedImageError)


@frozen
class Picture:
    """An encoded picture (WebP) with its size in pixels."""

    webp: bytes
    width: int
    height: int

    @property
    def address(self) -> str:
        """The picture as a ``data:`` address."""
        return f"data:image/webp;base64,{b64encode(self.webp).decode('ascii')}"


def encoded(image: Image.Image, quality: int = _QUALITY) -> Picture:
    """A picture without metadata."""
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=quality, method=2, exif=b"", icc_profile=b"", xmp=b"")
    return Picture(stream.getvalue(), *image.size)


def from_pixels(pixels: NDArray[np.uint8]) -> Picture:
    """A drawn picture, (height, width, 3) or (height, width, 4)."""
    return encoded(Image.fromarray(pixels))


def thumbnail(picture: Picture, width: int) -> Picture:
    """The same picture, this wide."""
    image = Image.open(io.BytesIO(picture.webp))
    return encoded(image.resize((width, max(1, round(width * picture.height / picture.width)))), quality=70)


def photo(content: bytes, most: int = 900) -> Picture:
    """A photo of the case, upright, at most so many pixels wide or high.

    Raises:
        CorruptFile: it is no picture, or too large a one.
    """
    try:
        with Image.open(io.BytesIO(content)) as image:
            if image.width * image.height > MOST_PIXELS:
                raise CorruptFile("the picture has too many pixels")
            image.draft("RGB", (2 * most, 2 * most))
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except _BROKEN as error:
        raise CorruptFile("the picture cannot be read") from error
    upright.thumbnail((most, most))
    return encoded(upright)


def first_page(content: bytes, width: int = 900) -> tuple[Picture, int]:
    """The first page of a PDF, this many pixels wide, and the number of pages.

    Raises:
        CorruptFile: it is no PDF, it is locked, or it has no page.
    """
    try:
        document = pypdfium2.PdfDocument(content)
        try:
            page = document[0]
            across, down = page.get_size()
            if not (across > 0 and down > 0 and down / across < 10):
                raise CorruptFile("the first page of the PDF has no usual shape")
            image = page.render(scale=width / across, may_draw_forms=False).to_pil()
            return encoded(image.convert("RGB")), len(document)
        finally:
            document.close()
    except (pypdfium2.PdfiumError, IndexError, *_BROKEN) as error:
        raise CorruptFile("the PDF cannot be shown") from error


def sampled(image: bytes) -> NDArray[np.uint8] | None:
    """The pixels of a texture, uint8 (height, width, 3), None when it is no picture or too large a one."""
    import numpy as np

    try:
        with Image.open(io.BytesIO(image)) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                return None
            return np.asarray(opened.convert("RGB"))
    except _BROKEN:
        return None
