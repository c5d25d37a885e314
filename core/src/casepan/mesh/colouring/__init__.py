"""Colour in another shape: a texture baked to vertices, or colours drawn into a texture, each with its measured error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from casepan.mesh.surface import Mesh
    from casepan.mesh.writing import Loss

__all__ = ["WISHES", "Wish", "fit_colour", "without_colour"]

Wish = Literal["keep", "vertex", "texture", "drop"]
WISHES: tuple[Wish, ...] = get_args(Wish)


def fit_colour(mesh: Mesh, wish: Wish, form: str) -> tuple[Mesh, tuple[Loss, ...]]:
    """A scan with its colour in the shape that is wanted, as far as the format holds it.

    Args:
        mesh: any surface; one without colour is returned as it is.
        wish: ``"keep"`` changes only what the format cannot hold otherwise (face colours of OBJ and GLB), ``"vertex"``
            bakes textures and face colours to vertices, ``"texture"`` draws vertex and face colours into a texture,
            ``"drop"`` takes all colour off.
        form: the format it will be written in.

    Returns:
        The surface, same vertices and faces; what the change costs, with the measured error.

    Raises:
        AdapterError: a texture has to be read and Pillow is not installed.
    """
    if wish == "drop":
        return without_colour(mesh), ()
    if form == "stl" or mesh.colour == "none":
        return mesh, ()
    made, changes = _fitted(mesh, wish, form)
    return made, (*_further_pictures(mesh), *changes)


def _fitted(mesh: Mesh, wish: Wish, form: str) -> tuple[Mesh, tuple[Loss, ...]]:
    from casepan.mesh.colouring.shapes import as_texture, as_vertices

    if wish == "texture":
        return as_texture(mesh)
    bare_faces = mesh.colour == "face" and form in ("obj", "glb")
    return as_vertices(mesh) if wish == "vertex" or bare_faces else (mesh, ())


def _further_pictures(mesh: Mesh) -> tuple[Loss, ...]:
    """Readers take the first picture of a texture; what wears another one has no texture coordinates."""
    from casepan.mesh.writing import Loss

    count = len(mesh.notes.get("further_textures", ())) if mesh.texture is not None else 0
    return (
        (Loss("further textures", f"the scan has {count + 1} pictures, the first alone is carried"),) if count else ()
    )


def without_colour(mesh: Mesh) -> Mesh:
    """The same surface, bare."""
    from attrs import evolve

    return evolve(mesh, vertex_colours=None, face_colours=None, texture=None)
