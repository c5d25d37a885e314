"""Between the scan object and ``trimesh.Trimesh``. trimesh is imported here, when it is asked for, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from casepan.mesh.surface import ByteArray, Mesh, Texture

if TYPE_CHECKING:
    from trimesh import Trimesh

_TEXTURE = "casepan_texture"
_FORMAT = "casepan_format"


def to_trimesh(mesh: Mesh) -> Trimesh:
    """The surface as a ``trimesh.Trimesh`` with the same vertices and faces in the same order, nothing merged or
    dropped.

    Vertex or face colours go along as its ``visual``; a texture, which trimesh would keep per vertex, travels in
    ``metadata``.
    """
    import trimesh

    metadata: dict[str, Any] = {} if mesh.format is None else {_FORMAT: mesh.format}
    if mesh.texture is not None:
        metadata[_TEXTURE] = mesh.texture
    return trimesh.Trimesh(
        vertices=mesh.vertices.astype(np.float64),
        faces=mesh.faces.astype(np.int64),
        vertex_colors=mesh.vertex_colours,
        face_colors=mesh.face_colours if mesh.vertex_colours is None else None,
        metadata=metadata,
        process=False,
        validate=False,
    )


def from_trimesh(surface: Trimesh) -> Mesh:
    """A ``trimesh.Trimesh`` as a scan object: coordinates as float32, vertices not merged.

    Colours are taken where they were set (not trimesh's default grey); a texture only as ``to_trimesh`` put it there,
    or as UV with the bytes of its image.
    """
    visual: Any = surface.visual
    kind = getattr(visual, "kind", None)
    faces = np.asarray(surface.faces, np.int32).reshape(-1, 3)
    return Mesh(
        np.array(surface.vertices, np.float32).reshape(-1, 3),
        np.array(faces),
        vertex_colours=_rgb(visual.vertex_colors) if kind == "vertex" else None,
        face_colours=_rgb(visual.face_colors) if kind == "face" else None,
        texture=_texture(surface, faces),
        format=surface.metadata.get(_FORMAT),
    )


def _rgb(colours: Any) -> ByteArray:
    return np.array(np.asarray(colours)[:, :3], np.uint8)


def _texture(surface: Trimesh, faces: np.ndarray[Any, np.dtype[np.int32]]) -> Texture | None:
    kept = surface.metadata.get(_TEXTURE)
    if isinstance(kept, Texture) and len(kept.uv) == len(faces):
        return kept
    uv = getattr(surface.visual, "uv", None)
    if uv is None:
        return None
    return Texture(np.asarray(uv, np.float32)[faces], _png(surface.visual))


def _png(visual: Any) -> bytes | None:
    """The image of a textured visual as PNG, when there is one."""
    from io import BytesIO

    material = getattr(visual, "material", None)
    image = getattr(material, "image", None) or getattr(material, "baseColorTexture", None)
    if image is None:
        return None
    buffer = BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()
