"""Small surfaces and files that the reader and writer tests share."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from casepan.mesh import Mesh, Texture

TRIANGLE = """facet normal 0 0 1
  outer loop
    vertex 0 0 0
    vertex 1 0 0
    vertex 0 1 0.5
  endloop
endfacet
"""


@pytest.fixture
def triangle_text() -> str:
    """One facet of an ASCII STL, without its solid."""
    return TRIANGLE


@pytest.fixture
def patch() -> Mesh:
    """A bent strip of 4 x 5 vertices and 24 faces, no colour."""
    rows, columns = 4, 5
    y, x = np.mgrid[0:rows, 0:columns]
    vertices = np.stack([x, y, np.sin(x) / 3], axis=-1).reshape(-1, 3).astype(np.float32)
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).reshape(-1)
    first = np.stack([corner, corner + 1, corner + columns], axis=1)
    second = np.stack([corner + 1, corner + columns + 1, corner + columns], axis=1)
    return Mesh(vertices, np.concatenate([first, second]).astype(np.int32))


@pytest.fixture
def coloured(patch: Mesh) -> Mesh:
    """The strip with different colours on vertices and faces."""
    chance = np.random.default_rng(7)
    on_vertices = chance.integers(0, 256, patch.vertices.shape, np.uint8)
    on_faces = chance.integers(0, 256, patch.faces.shape, np.uint8)
    return Mesh(patch.vertices, patch.faces, on_vertices, on_faces)


@pytest.fixture
def textured(patch: Mesh) -> Mesh:
    """The strip with an image and a seam: the two halves of the faces use different parts of it."""
    uv = (patch.vertices[patch.faces][:, :, :2] / 8).astype(np.float32)
    uv[: len(uv) // 2] += np.float32(0.25)
    return Mesh(patch.vertices, patch.faces, texture=Texture(uv, b"\xff\xd8\xff image", "Doe_Jane.jpg"))


@pytest.fixture
def binary_stl() -> Callable[..., bytes]:
    """Build a binary STL from corners (m, 3, 3), attribute words and a header."""

    def build(corners: object, words: Sequence[int] = (), header: bytes = b"", count: int | None = None) -> bytes:
        rows = np.asarray(corners, "<f4").reshape(-1, 9)
        words = list(words) or [0] * len(rows)
        body = b"".join(
            bytes(12) + row.tobytes() + struct.pack("<H", word) for row, word in zip(rows, words, strict=True)
        )
        return header.ljust(80, b"\0")[:80] + struct.pack("<I", len(rows) if count is None else count) + body

    return build


@pytest.fixture
def hps() -> Callable[..., bytes]:
    """Build an HPS file: vertices, a face program, a schema, and more XML behind the geometry."""

    def build(
        vertices: object,
        program: bytes,
        faces: int,
        schema: str = "CC",
        more: str = "",
        vertex_count: int | None = None,
    ) -> bytes:
        points = np.asarray(vertices, "<f4").reshape(-1, 3)
        packed = points.tobytes()
        count = len(points) if vertex_count is None else vertex_count
        return (
            f'<HPS version="1.1"><Packed_geometry><Schema>{schema}</Schema><Binary_data><{schema} version="1.0">'
            f'<Vertices vertex_count="{count}" base64_encoded_bytes="{len(packed)}">{_base64(packed)}</Vertices>'
            f'<Facets facet_count="{faces}" base64_encoded_bytes="{len(program)}" color="8421504">{_base64(program)}'
            f"</Facets></{schema}></Binary_data></Packed_geometry>{more}</HPS>"
        ).encode()

    return build


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
