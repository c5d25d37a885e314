"""Binary PLY, little endian: vertex colour, face colour, texture coordinates per face corner."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from casepan.mesh.surface import Mesh
from casepan.mesh.writing.beside import filled_uv, put_image
from casepan.mesh.writing.loss import Loss

_RGB = ("red", "green", "blue")
_BLOCK = 1 << 16
_Fields = dict[str, tuple[str, NDArray[Any]]]


def write_ply(mesh: Mesh, file: BinaryIO, beside: Path | None) -> tuple[Loss, ...]:
    """Everything a scan object holds; the image of a texture goes beside the file."""
    losses: tuple[Loss, ...] = ()
    comments = []
    vertices: _Fields = {axis: ("<f4", mesh.vertices[:, k]) for k, axis in enumerate("xyz")}
    vertices |= _colours(mesh.vertex_colours)
    faces: _Fields = {"count vertex_indices": ("u1", np.asarray(3)), "vertex_indices": ("<i4", mesh.faces)}
    if mesh.texture is not None:
        image, lost = put_image(mesh.texture, beside)
        uv, holes = filled_uv(mesh.texture)
        losses = lost + holes
        comments = [f"comment TextureFile {image}"] if image else []
        faces |= {"count texcoord": ("u1", np.asarray(6)), "texcoord": ("<f4", uv.reshape(-1, 6))}
    faces |= _colours(mesh.face_colours)
    file.write(_header(mesh, comments, vertices, faces))
    _write_rows(file, vertices, len(mesh.vertices))
    _write_rows(file, faces, len(mesh.faces))
    return losses


def _colours(colours: NDArray[np.uint8] | None) -> _Fields:
    return {} if colours is None else {label: ("u1", colours[:, k]) for k, label in enumerate(_RGB)}


def _header(mesh: Mesh, comments: list[str], vertices: _Fields, faces: _Fields) -> bytes:
    lines = ["ply", "format binary_little_endian 1.0", "comment millimetres, written by casepan", *comments]
    lines += [f"element vertex {len(mesh.vertices)}", *_properties(vertices)]
    lines += [f"element face {len(mesh.faces)}", *_properties(faces), "end_header", ""]
    return "\n".join(lines).encode()


def _properties(fields: _Fields) -> list[str]:
    names = {"<f4": "float", "<i4": "int", "u1": "uchar"}
    lines = []
    for label, (code, _) in fields.items():
        if label.startswith("count "):
            continue
        length = "list uchar " if f"count {label}" in fields else ""
        lines.append(f"property {length}{names[code]} {label}")
    return lines


def _write_rows(file: BinaryIO, fields: _Fields, count: int) -> None:
    """Interleave the columns block by block."""
    row = np.dtype([(label, code, column.shape[1:]) for label, (code, column) in fields.items()])
    for begin in range(0, count, _BLOCK):
        rows = np.empty(min(_BLOCK, count - begin), row)
        for label, (_, column) in fields.items():
            rows[label] = column[begin : begin + _BLOCK] if column.ndim else column
        file.write(rows.tobytes())
