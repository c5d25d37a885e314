"""One arch as an open shell of the wanted number of triangles, in the common frame."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from casepan.testing.anatomy.border import caught, faces_of
from casepan.testing.anatomy.cells import Cell, row
from casepan.testing.anatomy.colour import paint
from casepan.testing.anatomy.crowns import LOWER, UPPER
from casepan.testing.anatomy.noise import Floats
from casepan.testing.anatomy.occlusion import CLEARANCE_MM, Ceiling, into_world
from casepan.testing.anatomy.person import Person
from casepan.testing.anatomy.sheet import NOISE_MM, Sheet, sample, spread

Faces = NDArray[np.int64]
_CLOSE_ENOUGH = 0.02
_TRIES = 5
_COARSE_PITCH = 1.6


@frozen(eq=False)
class Shell:
    """One arch: vertices (n, 3) mm, faces (m, 3), colours (n, 3), how many islands float beside it, and its cells."""

    vertices: Floats
    faces: Faces
    colours: NDArray[np.uint8]
    islands: int
    sheet: Sheet

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The places of the teeth, patient's left to right."""
        return self.sheet.cells


def shell(
    person: Person, arch: str, kinds: Mapping[int, str], ceiling: Ceiling, triangles: int, coverage: str
) -> Shell:
    """Grow one arch of a person whose teeth already meet, with ``triangles`` faces within 5 %."""
    cells = row(person, arch, kinds)
    pitch, found = _COARSE_PITCH, 0
    for attempt in range(_TRIES):
        sheet = spread(person, arch, cells, sample(cells, arch, pitch))
        world = worn(into_world(person, arch, sheet.points), sheet, arch, ceiling)
        faces = largest_part(faces_of(sheet, caught(person, arch, sheet, coverage), arch), world.size // 3)
        found = len(faces)
        if attempt and abs(found / triangles - 1) < _CLOSE_ENOUGH:
            break
        pitch *= math.sqrt(found / triangles)
    colours = paint(person, arch, sheet)
    return _finished(person, arch, sheet, world.reshape(-1, 3), faces, colours)


def worn(world: Floats, sheet: Sheet, arch: str, ceiling: Ceiling) -> Floats:
    """Lower crowns cut back where they would enter the upper ones, which leaves the facets of a real bite."""
    if arch == LOWER:
        crowns = world[:, sheet.crown_rows]
        crowns[..., 2] = np.minimum(crowns[..., 2], ceiling.over(crowns) - CLEARANCE_MM)
    return world


def largest_part(faces: Faces, count: int) -> Faces:
    """The faces of the part with the most of them."""
    ends = np.concatenate([faces[:, :2], faces[:, 1:]])
    graph = coo_array((np.ones(len(ends), dtype=np.int8), (ends[:, 0], ends[:, 1])), shape=(count, count))
    labels = connected_components(graph, directed=False)[1][faces[:, 0]]
    return faces[labels == np.bincount(labels).argmax()]


def _finished(
    person: Person, arch: str, sheet: Sheet, vertices: Floats, faces: Faces, colours: NDArray[np.uint8]
) -> Shell:
    used, faces = np.unique(faces, return_inverse=True)
    faces = faces.reshape(-1, 3)
    vertices, colours = vertices[used], colours.reshape(-1, 3)[used]
    rng = person.random(30 if arch == UPPER else 31)
    vertices = vertices + rng.normal(0.0, NOISE_MM, vertices.shape)
    vertices, faces, colours, islands = _with_islands(person, arch, rng, vertices, faces, colours)
    return Shell(vertices, faces, colours, islands, sheet)


def _with_islands(
    person: Person, arch: str, rng: np.random.Generator, vertices: Floats, faces: Faces, colours: NDArray[np.uint8]
) -> tuple[Floats, Faces, NDArray[np.uint8], int]:
    """Scraps of gum that the scanner caught beside the shell: copies of bits of its border, moved away from the teeth."""
    away = -1.0 if arch == LOWER else 1.0
    edge = _border(faces)
    centre = vertices[:, :2].mean(axis=0)
    made = 0
    for at in rng.choice(edge, person.gums[arch].islands):
        near = np.linalg.norm(vertices[faces].mean(axis=1) - vertices[at], axis=1) < rng.uniform(0.5, 1.4)
        if near.sum() < 2:
            continue
        outward = vertices[at, :2] - centre
        outward *= rng.uniform(1.5, 3.0) / np.linalg.norm(outward)
        used, scrap = np.unique(faces[near], return_inverse=True)
        moved = vertices[used] + np.array([outward[0], outward[1], away * rng.uniform(1.5, 4.0)])
        faces = np.concatenate([faces, scrap.reshape(-1, 3) + len(vertices)])
        vertices, colours = np.concatenate([vertices, moved]), np.concatenate([colours, colours[used]])
        made += 1
    return vertices, faces, colours, made


def _border(faces: Faces) -> NDArray[np.int64]:
    """Vertices on edges with a single face."""
    edges = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    key = edges[:, 0] * (faces.max() + 1) + edges[:, 1]
    unique, counts = np.unique(key, return_counts=True)
    return np.unique(unique[counts == 1] // (faces.max() + 1))
