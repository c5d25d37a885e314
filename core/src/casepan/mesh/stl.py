"""Read STL, binary and ASCII. A binary file is told by its size, never by its header."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import define
from numpy.typing import NDArray

from casepan.errors import CorruptFile
from casepan.mesh.sniff import STL_HEADER, STL_RECORD, declared_triangles, fits_binary_stl, is_ascii_stl
from casepan.mesh.stl_text import read_text
from casepan.mesh.surface import ByteArray, Mesh
from casepan.mesh.weld import weld_field

RECORD = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
"""One triangle of a binary STL, 50 bytes."""

_CORNERS = np.dtype([("corners", "<f4", (3, 3))])


@define(frozen=True, eq=False)
class Soup:
    """Unwelded triangles.

    Attributes:
        records: structured (m,) with a field ``corners``, float32 (3, 3): those of the file itself where it is binary.
        face_colours: uint8 (m, 3) or None.
        notes: what the header said.
    """

    records: NDArray[Any]
    face_colours: ByteArray | None
    notes: dict[str, Any]

    def weld(self) -> Mesh:
        """The triangles as a mesh with every vertex stored once; faces keep their order."""
        vertices, inverse = weld_field(self.records, "corners")
        faces = inverse.reshape(-1, 3)
        mesh = Mesh(vertices, faces, face_colours=self.face_colours, format="stl", notes=self.notes)
        return mesh.as_welded()


def read_stl(data: bytes, name: str = "") -> Soup:
    """The triangles of a binary or ASCII STL.

    Raises:
        CorruptFile: truncated, empty, not an STL, or without a triangle.
    """
    count = declared_triangles(data)
    if fits_binary_stl(count, len(data)):
        return _read_binary(data, count)
    if is_ascii_stl(data):
        corners, notes = read_text(data, name)
        return Soup(corners.reshape(-1, 9).view(_CORNERS).reshape(-1), None, notes)
    raise _refusal(data, count, name)


def _refusal(data: bytes, count: int, name: str) -> CorruptFile:
    """The reason why these bytes are not a readable STL."""
    size = len(data)
    if not size:
        return CorruptFile("the file is empty", place=name or None, offset=0)
    if size < STL_HEADER:
        return CorruptFile(f"{size} bytes are too few for an STL", place=name or None, offset=size)
    if not count:
        more = f" although {size - STL_HEADER} bytes follow" if size > STL_HEADER else ""
        return CorruptFile(f"the STL holds no triangles: its header counts 0{more}", place=name or None, offset=80)
    whole = (size - STL_HEADER) // STL_RECORD
    return CorruptFile(
        f"the STL is damaged or not an STL: its header counts {count} triangles, there are bytes for {whole}",
        place=name or None,
        offset=size,
    )


def _read_binary(data: bytes, count: int) -> Soup:
    records = np.frombuffer(data, RECORD, count, STL_HEADER)
    notes: dict[str, Any] = {"header": _printable(data[:80]), "ascii": False}
    surplus = len(data) - STL_HEADER - STL_RECORD * count
    if surplus:
        notes["surplus_bytes"] = surplus
    colours = _face_colours(records["attribute"], data[:80], notes)
    return Soup(records, colours, notes)


def _printable(header: bytes) -> str:
    return header.split(b"\0", 1)[0].decode("utf-8", "replace").strip()


def _face_colours(
    words: np.ndarray[Any, np.dtype[np.uint16]], header: bytes, notes: dict[str, Any]
) -> ByteArray | None:
    """Colours of the attribute words, in the convention of VisCAM or, with ``COLOR=`` in the header, of Magics.

    VisCAM: bits 0-4 blue, 5-9 green, 10-14 red, bit 15 set when the colour is valid. Magics: bits 0-4 red, 5-9 green,
        10-14 blue,
    bit 15 clear when the face has its own colour, set when it takes the colour of the part (facts/destinations.md,
    "doc").
    """
    if not words.any() and b"COLOR=" not in header:
        return None
    at = header.find(b"COLOR=")
    magics = at >= 0 and at + 9 <= 80
    own = (words & 0x8000 == 0) if magics else (words & 0x8000 != 0)
    if not own.any() and not magics:
        notes["attribute_words"] = "present, but without a valid colour"
        return None
    channels = np.stack([words >> 10 & 31, words >> 5 & 31, words & 31], axis=1)
    rgb = _eight_bits(channels[:, ::-1] if magics else channels)
    part = np.frombuffer(header[at + 6 : at + 9], np.uint8) if magics else np.array([255, 255, 255], np.uint8)
    notes["colour_convention"] = "magics" if magics else "viscam"
    return np.where(own[:, None], rgb, part)


def _eight_bits(channels: np.ndarray[Any, np.dtype[np.uint16]]) -> ByteArray:
    """0..31 spread over 0..255 so that 31 becomes 255."""
    return ((channels.astype(np.uint16) * 255 + 15) // 31).astype(np.uint8)
