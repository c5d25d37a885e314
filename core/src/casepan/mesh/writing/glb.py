"""GLB (binary glTF 2.0), for viewers."""

from __future__ import annotations

import json
from typing import Any, BinaryIO

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from casepan.mesh.surface import Mesh, Texture
from casepan.mesh.writing.beside import MISSING_IMAGE, filled_uv, image_suffix
from casepan.mesh.writing.loss import Loss, colour_losses

_FLOAT, _UINT, _UBYTE = 5126, 5125, 5121
_MIME = {".png": "image/png", ".jpg": "image/jpeg"}


def write_glb(mesh: Mesh, file: BinaryIO) -> tuple[Loss, ...]:
    """One node, coordinates untouched in millimetres (``asset.extras.unit`` says so; glTF itself means metres)."""
    losses = colour_losses(mesh, "GLB", holds=frozenset({"vertex colour", "texture"}))
    scene = _Scene()
    faces, vertices, colours = mesh.faces, mesh.vertices, mesh.vertex_colours
    if mesh.texture is not None:
        uv, holes = filled_uv(mesh.texture)
        losses += holes + (() if mesh.texture.image else (MISSING_IMAGE,))
        vertex, pairs, faces = _split_seams(mesh, uv)
        vertices = mesh.vertices[vertex]
        colours = None if colours is None else colours[vertex]
        scene.attributes["TEXCOORD_0"] = scene.add(pairs, "VEC2", _FLOAT)
        _add_image(scene, mesh.texture)
    scene.attributes["POSITION"] = scene.add(vertices, "VEC3", _FLOAT, bounds=True)
    if colours is not None:
        scene.attributes["COLOR_0"] = scene.add(_with_alpha(colours), "VEC4", _UBYTE, normalized=True)
    scene.indices = scene.add(faces.astype(np.uint32).reshape(-1), "SCALAR", _UINT)
    file.write(scene.pack())
    return losses


def _split_seams(mesh: Mesh, uv: NDArray[np.float32]) -> tuple[NDArray[Any], NDArray[np.float32], NDArray[Any]]:
    """glTF keeps UV on vertices: one vertex per different pair of place and UV, with v counted from the top."""
    rows = np.empty(mesh.faces.size, [("vertex", "<i4"), ("uv", "<u4", 2)])
    rows["vertex"] = mesh.faces.reshape(-1)
    rows["uv"] = np.ascontiguousarray(uv).reshape(-1, 2).view(np.uint32)
    distinct, inverse = np.unique(rows, return_inverse=True)
    pairs = np.ascontiguousarray(distinct["uv"]).view(np.float32).copy()
    pairs[:, 1] = 1 - pairs[:, 1]
    return distinct["vertex"], pairs, inverse.reshape(-1, 3)


def _with_alpha(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.concatenate([colours, np.full((len(colours), 1), 255, np.uint8)], axis=1)


def _add_image(scene: _Scene, texture: Texture) -> None:
    if texture.image is None:
        return
    view = scene.append(texture.image)
    mime = _MIME[image_suffix(texture.image)]
    scene.document["images"] = [{"bufferView": view, "mimeType": mime}]
    scene.document["textures"] = [{"source": 0}]
    scene.material["pbrMetallicRoughness"]["baseColorTexture"] = {"index": 0}


@define
class _Scene:
    """A glTF document in the making, and its binary chunk."""

    document: dict[str, Any] = field(factory=dict)
    attributes: dict[str, int] = field(factory=dict)
    material: dict[str, Any] = field(
        factory=lambda: {"doubleSided": True, "pbrMetallicRoughness": {"metallicFactor": 0, "roughnessFactor": 0.8}}
    )
    indices: int = 0
    views: list[dict[str, int]] = field(factory=list)
    accessors: list[dict[str, Any]] = field(factory=list)
    binary: bytearray = field(factory=bytearray)

    def append(self, data: bytes) -> int:
        """Put bytes into the binary chunk at a multiple of four; the number of their view."""
        self.views.append({"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data)})
        self.binary += data + b"\0" * (-len(data) % 4)
        return len(self.views) - 1

    def add(
        self, array: NDArray[Any], kind: str, component: int, *, bounds: bool = False, normalized: bool = False
    ) -> int:
        """Add an array; the number of its accessor."""
        entry: dict[str, Any] = {
            "bufferView": self.append(np.ascontiguousarray(array).tobytes()),
            "componentType": component,
            "count": len(array),
            "type": kind,
        }
        if bounds and len(array) and np.isfinite(array).all():
            entry |= {"min": array.min(axis=0).tolist(), "max": array.max(axis=0).tolist()}
        if normalized:
            entry["normalized"] = True
        self.accessors.append(entry)
        return len(self.accessors) - 1

    def pack(self) -> bytes:
        """The whole file."""
        primitive = {"attributes": self.attributes, "indices": self.indices, "material": 0, "mode": 4}
        document = {
            "asset": {"version": "2.0", "generator": "casepan", "extras": {"unit": "millimetre"}},
            "scene": 0,
            "scenes": [{"nodes": [0]}],
            "nodes": [{"mesh": 0}],
            "meshes": [{"primitives": [primitive]}],
            "materials": [self.material],
            "accessors": self.accessors,
            "bufferViews": self.views,
            "buffers": [{"byteLength": len(self.binary)}],
            **self.document,
        }
        text = json.dumps(document, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 4)
        total = 12 + 8 + len(text) + 8 + len(self.binary)
        head = b"glTF" + (2).to_bytes(4, "little") + total.to_bytes(4, "little")
        return head + _chunk(b"JSON", text) + _chunk(b"BIN\0", bytes(self.binary))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "little") + kind + data
