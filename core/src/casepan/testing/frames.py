"""Coordinate frames in which scanners export a pair of jaws."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import evolve

from casepan.mesh.surface import Mesh
from casepan.testing.anatomy.crowns import LOWER, UPPER, arch_of
from casepan.testing.anatomy.noise import Floats
from casepan.testing.truth import Truth, point

_SAME = np.eye(3)
_SKULL_Y = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
_OVER = np.diag([-1.0, 1.0, -1.0])
FRAMES: Mapping[str, Mapping[str, Floats]] = {
    "z-up": {UPPER: _SAME, LOWER: _SAME},
    "y-up": {UPPER: _SKULL_Y, LOWER: _SKULL_Y},
    "teeth-up": {UPPER: _OVER, LOWER: _SAME},
}


def turned(mesh: Mesh, frame: str, arch: str) -> Mesh:
    """A mesh of the common frame in another one; bites go with the lower arch."""
    vertices = mesh.vertices @ FRAMES[frame][arch].T
    return evolve(mesh, vertices=np.ascontiguousarray(vertices, dtype=np.float32))


def turned_truth(truth: Truth, frame: str) -> Truth:
    """The truth with all its points in another frame."""
    turns = FRAMES[frame]
    holes = tuple(evolve(h, centre=point(turns[h.arch] @ h.centre)) for h in truth.holes)
    teeth = {}
    for tooth in truth.teeth.values():
        turn = turns[arch_of(tooth.fdi)]
        line = tuple(point(turn @ p) for p in tooth.finish_line)
        teeth[tooth.fdi] = evolve(tooth, centre=point(turn @ tooth.centre), finish_line=line)
    return evolve(truth, teeth=teeth, holes=holes, frame=frame)
