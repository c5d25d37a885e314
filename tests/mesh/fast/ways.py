"""The same work with and without compiled kernels, and surfaces to try it on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import numpy as np

from casepan.mesh import Mesh, kernels

Result = TypeVar("Result")


@contextmanager
def numpy_only() -> Iterator[None]:
    """The kernels out of the way."""
    kept, kernels._fast = kernels._fast, None
    try:
        yield
    finally:
        kernels._fast = kept


def both(work: Callable[[], Result]) -> tuple[Result, Result]:
    """What some work gives with the kernels and without."""
    with numpy_only():
        plain = work()
    return work(), plain


def fresh(mesh: Mesh) -> Mesh:
    """The same surface with nothing worked out yet."""
    return Mesh(mesh.vertices, mesh.faces, mesh.vertex_colours, mesh.face_colours)


def lattice(seed: int, size: int = 3, vertices: int = 12, faces: int = 20) -> Mesh:
    """Random faces over a coarse lattice: every special case, many times over."""
    rng = np.random.default_rng(seed)
    points = rng.integers(0, size, (vertices, 3)).astype(np.float32)
    points[rng.random(points.shape) < 0.05] *= np.float32(-1)  # some -0.0
    return Mesh(points, rng.integers(0, vertices, (faces, 3)).astype(np.int32))


def sheet(seed: int, columns: int = 40, rows: int = 30) -> Mesh:
    """A rough open sheet that runs through itself, with islands, fins, repeated, flat and flipped faces, shuffled."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:rows, :columns] * 0.3
    height = 0.5 * np.sin(x) * np.cos(y) + rng.normal(0, 0.08, x.shape)
    points = np.stack([x + rng.normal(0, 0.06, x.shape), y, height], axis=2).reshape(-1, 3)
    ids = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = (part.ravel() for part in (ids[:-1, :-1], ids[:-1, 1:], ids[1:, 1:], ids[1:, :-1]))
    faces = np.stack([a, b, c, a, c, d], axis=1).reshape(-1, 3)
    faces = faces[rng.random(len(faces)) < 0.97]
    faces[rng.random(len(faces)) < 0.01] = faces[rng.random(len(faces)) < 0.01][:1, ::-1]
    extra = [faces[:9, [1, 2, 0]], faces[:4, [0, 1, 1]], rng.integers(0, len(points), (5, 3))]
    order = rng.permutation(len(faces) + 18)
    return Mesh(points.astype(np.float32), np.concatenate([faces, *extra])[order].astype(np.int32))


def heap(seed: int, faces: int = 60) -> Mesh:
    """Unconnected faces of every size from hundredths to tens, one a kilometre away."""
    rng = np.random.default_rng(seed)
    centres, sizes = rng.normal(size=(faces, 1, 3)), 10.0 ** rng.uniform(-2, 1.5, (faces, 1, 1))
    points = (centres + sizes * rng.normal(size=(faces, 3, 3))).reshape(-1, 3)
    points[0] = 1e6
    return Mesh(points.astype(np.float32), np.arange(3 * faces, dtype=np.int32).reshape(-1, 3))


def fan(blades: int, seed: int = 0) -> Mesh:
    """Faces that all share one edge, half of them the other way round: more than eight bits count."""
    turn = np.arange(blades) * 2 * np.pi / blades
    rim = np.stack([np.cos(turn), np.sin(turn), np.full(blades, 0.5)], axis=1)
    points = np.concatenate([[[0, 0, 0], [0, 0, 1]], rim])
    last = np.arange(2, blades + 2)
    faces = np.stack([np.zeros_like(last), np.ones_like(last), last], axis=1)
    faces[::2] = faces[::2][:, [1, 0, 2]]
    return Mesh(points.astype(np.float32), np.random.default_rng(seed).permutation(faces).astype(np.int32))
