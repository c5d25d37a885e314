"""HPS faces and, for the open schemas, coordinates and colours."""

from __future__ import annotations

from typing import Any

import numpy as np

from casepan.errors import ClosedFormat, CorruptFile
from casepan.mesh.hps.document import Document, decoded, parse_document
from casepan.mesh.hps.metadata import facet_colour, texture_images
from casepan.mesh.hps.program import ProgramError, run_program
from casepan.mesh.hps.texture import corner_uv
from casepan.mesh.opening import Source, load
from casepan.mesh.surface import ByteArray, IntArray, Mesh, Texture

CLOSED_HINT = "Ask the sender for STL or PLY, or export it with the vendor's own software."


def read_hps(data: bytes, name: str = "") -> Mesh:
    """The mesh of a schema CA or CC file, vertices exactly as stored.

    Raises:
        ClosedFormat: schema CE, whose coordinates are encrypted, or CB, of which no file is known.
        CorruptFile: damaged, cut off, or without a triangle.
    """
    document = parse_document(data, name)
    if not document.is_open:
        raise ClosedFormat(_closed_reason(document.schema), place=name or None, hint=CLOSED_HINT)
    vertices = np.frombuffer(document.coordinates(), "<f4").reshape(-1, 3).astype(np.float32)
    faces = _faces(document)
    if not len(faces):
        raise CorruptFile("the HPS file holds no triangles", place=name or None)
    return Mesh(
        vertices,
        faces,
        vertex_colours=_vertex_colours(document),
        texture=_texture(document, faces),
        format="hps",
        notes=_notes(document),
    )


def connectivity(source: Source, *, name: str = "") -> IntArray:
    """Faces of an HPS file of any schema, also one whose coordinates are closed: int32 (m, 3), indices into its
    vertices.

    Raises:
        CorruptFile: not an HPS file, or its face program is damaged.
    """
    data, name = load(source, name=name)
    return _faces(parse_document(data, name))


def _faces(document: Document) -> IntArray:
    try:
        indices = run_program(document.program(), document.facet_count, document.vertex_count)
    except ProgramError as error:
        raise CorruptFile(f"HPS: {error.reason}", place=document.name or None, offset=error.offset) from error
    return np.array(indices, np.int32).reshape(-1, 3)


def _closed_reason(schema: str) -> str:
    if schema == "CE":
        return "the coordinates of this 3Shape scan are encrypted (schema CE)"
    return f"schema {schema} of this 3Shape file cannot be read"


def _vertex_colours(document: Document) -> ByteArray | None:
    """Three or four bytes a vertex (RGB or RGBA)."""
    element = document.root.find("VertexColorSets/VertexColorSet")
    if element is None:
        return None
    data = np.frombuffer(decoded(element, document.name), np.uint8)
    width = len(data) // max(document.vertex_count, 1)
    if width not in (3, 4) or width * document.vertex_count != len(data):
        raise CorruptFile("HPS: the vertex colours do not fit the vertices", place=document.name or None)
    return np.array(data.reshape(-1, width)[:, :3])


def _texture(document: Document, faces: IntArray) -> Texture | None:
    element = document.root.find(".//PerVertexTextureCoord")
    if element is None:
        return None
    uv = corner_uv(decoded(element, document.name), faces, document.vertex_count, document.name)
    images = texture_images(document)
    return Texture(uv, images[0] if images else None)


def _notes(document: Document) -> dict[str, Any]:
    notes: dict[str, Any] = {"schema": document.schema}
    colour = facet_colour(document)
    if colour is not None:
        notes["facet_colour"] = colour
    if document.root.find(".//PerVertexTextureCoord") is not None:
        notes["texture_red_blue_swapped"] = True
    return notes
