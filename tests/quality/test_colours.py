"""What colours tell: the same from a texture as from vertices, and nothing from a picture that cannot be read."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from attrs import evolve

from casepan.mesh import Mesh
from casepan.mesh.colouring.shapes import as_texture
from casepan_quality.geometry_options import MeshOptions
from casepan_quality.mesh import MeshQuality

from .conftest import case_of, codes, context, pair, scan


@cache
def coloured() -> Mesh:
    """A sound arch with vertex colours."""
    return pair(1310, colour=True).upper


def painted(colour: tuple[int, int, int]) -> Mesh:
    """The arch with a patch in one colour."""
    mesh = coloured()
    colours = np.array(mesh.vertex_colours)
    middle = mesh.vertices[len(mesh.vertices) // 2]
    colours[np.linalg.norm(mesh.vertices - middle, axis=1) < 9] = colour
    return evolve(mesh, vertex_colours=colours)


def told(mesh: Mesh) -> list[str]:
    """The codes about its colours."""
    found = MeshQuality(MeshOptions()).check(case_of([scan("it", "arch/upper")]), context({"it": mesh}))
    return [code for code in codes(found) if code.startswith("colour.")]


@pytest.mark.parametrize("colour", [(130, 20, 25), (255, 255, 255)])
def test_a_texture_is_judged_like_vertex_colours(colour: tuple[int, int, int]) -> None:
    """Blood and blown highlights; the sound arch has nothing."""
    textured, _ = as_texture(painted(colour))
    assert textured.colour == "texture"
    assert told(textured) == told(painted(colour)) == ["colour.moisture"]
    assert told(as_texture(coloured())[0]) == []


def test_a_picture_that_cannot_be_read_says_nothing() -> None:
    """Missing or damaged: its loss is told by who reads the file."""
    textured, _ = as_texture(painted((130, 20, 25)))
    assert textured.texture is not None
    for image in (None, b"no picture", textured.texture.image[: len(textured.texture.image or b"") // 2]):  # type: ignore[index]
        assert told(evolve(textured, texture=evolve(textured.texture, image=image))) == []


def test_places_without_texture_are_no_sign() -> None:
    """Faces that the picture does not cover."""
    textured, _ = as_texture(coloured())
    assert textured.texture is not None
    bare = evolve(textured, texture=evolve(textured.texture, uv=np.full_like(textured.texture.uv, np.nan)))
    assert told(bare) == []


def test_black_is_no_colour() -> None:
    """What a reader makes of colours that are no numbers; a dark patch alone is none of it."""
    black = np.zeros((len(coloured().vertices), 3), np.uint8)
    assert told(evolve(coloured(), vertex_colours=black)) == ["colour.lost"]
    assert told(painted((0, 0, 0))) == []
