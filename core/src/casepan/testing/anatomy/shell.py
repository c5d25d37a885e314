"""One arch as an open shell of the wanted number of triangles, in the common frame."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from casepan.mesh.surface import Mesh
from casepan.testing.anatomy.border import caught, faces_of
from casepan.testing.anatomy.cells import row
from casepan.testing.anatomy.colour import paint
from casepan.testing.anatomy.crowns import LOWER, UPPER
from casepan.testing.anatomy.noise import Floats
from casepan.testing.anatomy.occlusion import CLEARANCE_MM, Ceiling, into_world
from casepan.testing.anatomy.person import Person
from casepan.testing.anatomy.sheet import Sheet, sample, spread

Faces = NDArray[np.int64]
_NOISE_MM = 0.006
_CLOSE_ENOUGH = 0.04
_TRIES = 5
_COARSE_PITCH = 1.6


@frozen(eq=False)
class Shell:
    """One arch.

    Attributes:
        mesh: the surface, coloured, in the common frame.
        islands: how many scraps float beside it.
        sheet: what it was cut from.
        world: (u, v, 3) the sheet's points in the common frame, mm.
        colours: (u, v, 3) the sheet's colours.
    """

    mesh: Mesh
    islands: int
    sheet: Sheet
    world: Floats
    colours: NDArray[np.uint8]


def shell(
    person: Person, arch: str, kinds: Mapping[int, str], ceiling: Ceiling, triangles: int, coverage: str
) -> Shell:
    """Grow one arch of a person whose teeth already meet, with ``triangles`` faces within 5 %."""
    cells = row(person, arch, kinds)
    pitch = _COARSE_PITCH
    for attempt in range(_TRIES):
        sheet = spread(person, arch, cells, sample(cells, arch, pitch))
        world = worn(into_world(person, arch, sheet.points), sheet, arch, ceiling)
        kept = caught(person, arch, sheet, coverage)
        faces = largest_part(faces_of(sheet, kept, arch), kept.size)
        if attempt and abs(len(faces) / triangles - 1) < _CLOSE_ENOUGH:
            break
        pitch *= math.sqrt(len(faces) / triangles)
    colours = paint(person, sheet)
    mesh, islands = _finished(person, arch, world.reshape(-1, 3), faces, colours.reshape(-1, 3))
    return Shell(mesh, islands, sheet, world, colours)


def worn(world: Floats, sheet: Sheet, arch: str, ceiling: Ceiling) -> Floats:
    """Lower crowns cut back where they would enter the upper ones, which leaves the facets of a real bite."""
    if arch == UPPER:
        return world
    cut = world.copy()
    crowns = cut[:, sheet.crown_rows]
    crowns[..., 2] = np.minimum(crowns[..., 2], ceiling.over(crowns) - CLEARANCE_MM)
    return cut


def largest_part(faces: Faces, count: int) -> Faces:
    """The faces of the part with the most of them."""
    ends = np.concatenate([faces[:, :2], faces[:, 1:]])
    graph = coo_array((np.ones(len(ends), dtype=np.int8), (ends[:, 0], ends[:, 1])), shape=(count, count))
    labels = connected_components(graph, directed=False)[1][faces[:, 0]]
    return np.asarray(faces[labels == np.bincount(labels).argmax()])


def _finished(
    person: Person, arch: str, vertices: Floats, faces: Faces, colours: NDArray[np.uint8]
) -> tuple[Mesh, int]:
    """Drop what no face uses, add the scanner's noise and the islands."""
    rng = person.random(30 if arch == UPPER else 31)
    used, faces = np.unique(faces, return_inverse=True)
    vertices = vertices[used] + rng.normal(0.0, _NOISE_MM, (len(used), 3))
    parts = [_Part(vertices, faces.reshape(-1, 3), colours[used])]
    edge = _border(parts[0].faces)
    for at in rng.choice(edge, person.gums[arch].islands):
        parts += _scrap(rng, parts[0], at, -1.0 if arch == LOWER else 1.0)
    starts = np.cumsum([0, *(len(p.vertices) for p in parts)])
    mesh = Mesh(
        vertices=np.concatenate([p.vertices for p in parts]).astype(np.float32),
        faces=np.concatenate([p.faces + s for p, s in zip(parts, starts, strict=False)]).astype(np.int32),
        vertex_colours=np.concatenate([p.colours for p in parts]),
    )
    return mesh, len(parts) - 1


@frozen(eq=False)
class _Part:
    vertices: Floats
    faces: Faces
    colours: NDArray[np.uint8]


def _scrap(rng: np.random.Generator, main: _Part, at: int, apical: float) -> list[_Part]:
    """A bit of the border that the scanner caught beside the shell: a copy, moved away from the teeth."""
    place = main.vertices[at]
    near = np.linalg.norm(main.vertices[main.faces[:, 0]] - place, axis=1) < rng.uniform(0.5, 1.4)
    outward = place[:2] - main.vertices[:, :2].mean(axis=0)
    outward *= rng.uniform(1.5, 3.0) / np.linalg.norm(outward)
    move = np.array([outward[0], outward[1], apical * rng.uniform(1.5, 4.0)])
    if not near.any():
        return []
    used, faces = np.unique(main.faces[near], return_inverse=True)
    return [_Part(main.vertices[used] + move, faces.reshape(-1, 3), main.colours[used])]


def _border(faces: Faces) -> NDArray[np.int64]:
    """Vertices on edges with a single face."""
    edges = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    key = edges[:, 0] * (faces.max() + 1) + edges[:, 1]
    unique, counts = np.unique(key, return_counts=True)
    return np.unique(unique[counts == 1] // (faces.max() + 1))
