"""OBJ: colours on the vertex lines, or a texture with its MTL and image beside the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from casepan.mesh.surface import IntArray, Mesh
from casepan.mesh.writing.beside import filled_uv, put_image
from casepan.mesh.writing.loss import Loss, colour_losses

_BLOCK = 1 << 15
_MATERIAL = "scan"


def write_obj(mesh: Mesh, file: BinaryIO, beside: Path | None) -> tuple[Loss, ...]:
    """Vertices with their colours, and faces; each number in the shortest form that reads back as the same float32."""
    losses = colour_losses(mesh, "OBJ", holds=frozenset({"vertex colour", "texture"}))
    pairs: IntArray | None = None
    file.write(b"# millimetres, written by casepan\n")
    if mesh.texture is not None:
        image, lost = put_image(mesh.texture, beside)
        uv, holes = filled_uv(mesh.texture)
        losses += lost + holes
        if image is not None and beside is not None:
            _write_material(file, beside, image)
        table, inverse = np.unique(uv.reshape(-1, 2), axis=0, return_inverse=True)
        pairs = inverse.reshape(-1, 3).astype(np.int32) + np.int32(1)
        _write_lines(file, b"vt", _shortest(table))
    columns = [_shortest(mesh.vertices)]
    if mesh.vertex_colours is not None:
        columns.append(_COLOUR_TEXT[mesh.vertex_colours])
    _write_lines(file, b"v", np.concatenate(columns, axis=1) if len(columns) > 1 else columns[0])
    _write_faces(file, mesh.faces + np.int32(1), pairs)
    return losses


_COLOUR_TEXT = np.array([f"{level / 255:.6f}".rstrip("0").rstrip(".").encode() for level in range(256)])
"""Six digits of each level as a fraction of 255; they read back as the same level."""


def _write_material(file: BinaryIO, beside: Path, image: str) -> None:
    library = beside.with_name(beside.stem + ".mtl")
    library.write_text(f"newmtl {_MATERIAL}\nKd 1 1 1\nmap_Kd {image}\n", encoding="utf-8", newline="\n")
    file.write(f"mtllib {library.name}\nusemtl {_MATERIAL}\n".encode())


def _shortest(numbers: NDArray[np.float32]) -> NDArray[Any]:
    return np.ascontiguousarray(numbers, np.float32).astype("S")


def _write_lines(file: BinaryIO, keyword: bytes, words: NDArray[Any]) -> None:
    for begin in range(0, len(words), _BLOCK):
        rows = words[begin : begin + _BLOCK].tolist()
        file.write(b"".join([b"%s %s\n" % (keyword, b" ".join(row)) for row in rows]))


def _write_faces(file: BinaryIO, faces: IntArray, pairs: IntArray | None) -> None:
    for begin in range(0, len(faces), _BLOCK):
        block = slice(begin, begin + _BLOCK)
        if pairs is None:
            lines = [b"f %d %d %d\n" % tuple(row) for row in faces[block].tolist()]
        else:
            both = np.stack([faces[block], pairs[block]], axis=2).reshape(-1, 6)
            lines = [b"f %d/%d %d/%d %d/%d\n" % tuple(row) for row in both.tolist()]
        file.write(b"".join(lines))
