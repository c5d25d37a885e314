"""Small surfaces with known properties."""

from __future__ import annotations

from typing import Any

import numpy as np

from casepan.mesh.surface import Mesh


def mesh(vertices: Any, faces: Any, **more: Any) -> Mesh:
    """A surface from anything array-like."""
    return Mesh(np.asarray(vertices, np.float32).reshape(-1, 3), np.asarray(faces, np.int32).reshape(-1, 3), **more)


def grid(columns: int = 8, rows: int = 6, step: float = 1.0) -> Mesh:
    """A flat sheet in the xy plane, normals up, two faces per cell, rows * columns cells."""
    y, x = np.mgrid[: rows + 1, : columns + 1]
    ids = np.arange(x.size).reshape(x.shape)
    a, b, c, d = ids[:-1, :-1].ravel(), ids[:-1, 1:].ravel(), ids[1:, 1:].ravel(), ids[1:, :-1].ravel()
    faces = np.stack([a, b, c, a, c, d], 1).reshape(-1, 3)
    return mesh(np.stack([x, y, np.zeros_like(x)], 2).reshape(-1, 3) * step, faces)


def sphere(radius: float = 5.0, around: int = 24, down: int = 12) -> Mesh:
    """A closed sphere of latitude bands, normals outwards."""
    polar = np.linspace(0, np.pi, down + 1)[1:-1]
    turn = np.arange(around) * 2 * np.pi / around
    p, t = np.meshgrid(polar, turn, indexing="ij")
    ring = np.stack([np.sin(p) * np.cos(t), np.sin(p) * np.sin(t), np.cos(p)], 2).reshape(-1, 3)
    points = np.concatenate([[[0, 0, 1]], ring, [[0, 0, -1]]]) * radius
    ids = 1 + np.arange(len(ring)).reshape(down - 1, around)
    right = np.roll(ids, -1, axis=1)
    cap = np.stack([np.zeros(around, int), ids[0], right[0]], 1)
    base = np.stack([np.full(around, len(points) - 1), right[-1], ids[-1]], 1)
    a, b, c, d = ids[:-1].ravel(), ids[1:].ravel(), right[1:].ravel(), right[:-1].ravel()
    return mesh(points, np.concatenate([cap, np.stack([a, b, c, a, c, d], 1).reshape(-1, 3), base]))


def soup(surface: Mesh) -> Mesh:
    """The same surface with three vertices of its own for each face, as an STL file has it."""
    return mesh(surface.vertices[surface.faces].reshape(-1, 3), np.arange(surface.faces.size))


def without(surface: Mesh, *faces: int) -> Mesh:
    """The same surface without these faces."""
    return mesh(surface.vertices, np.delete(surface.faces, faces, axis=0))


def joined(*surfaces: Mesh) -> Mesh:
    """Several surfaces in one, nothing shared."""
    shifts = np.cumsum([0] + [len(s.vertices) for s in surfaces])
    faces = [s.faces + shift for s, shift in zip(surfaces, shifts, strict=False)]
    return mesh(np.concatenate([s.vertices for s in surfaces]), np.concatenate(faces))


def moved(surface: Mesh, x: float = 0, y: float = 0, z: float = 0) -> Mesh:
    """The same surface somewhere else."""
    return mesh(surface.vertices + np.array([x, y, z], np.float32), surface.faces)


def bumpy(seed: int = 0, columns: int = 40, rows: int = 30, step: float = 0.25) -> Mesh:
    """A wavy open sheet with planted defects: holes, an island, fins, flipped, duplicate and degenerate faces."""
    rng = np.random.default_rng(seed)
    sheet = grid(columns, rows, step)
    points = sheet.vertices.copy()
    points[:, 2] = 0.4 * np.sin(points[:, 0]) * np.cos(points[:, 1]) + rng.normal(0, 0.005, len(points))
    faces = np.delete(sheet.faces, rng.choice(len(sheet.faces), 6, replace=False), axis=0)
    fins = faces[rng.choice(len(faces), 3, replace=False)]
    apexes = points[fins[:, :2]].mean(axis=1) + np.array([0, 0, 0.5], np.float32)
    fin_faces = np.column_stack([fins[:, 1], fins[:, 0], len(points) + np.arange(3)])
    flipped = rng.choice(len(faces), 4, replace=False)
    faces[flipped] = faces[flipped][:, ::-1]
    degenerate = faces[:3][:, [0, 1, 1]]
    body = mesh(np.concatenate([points, apexes]), np.concatenate([faces, fin_faces, faces[5:9, [1, 2, 0]], degenerate]))
    return joined(body, moved(grid(3, 2, step), 1, 1, 5))
