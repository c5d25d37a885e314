"""A slow, plain counter with dictionaries only: what the fast code has to agree with."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np

Face = tuple[int, int, int]


def count(vertices: Any, faces: Any) -> dict[str, Any]:
    """All counts of a surface, corners with equal coordinates taken for one vertex."""
    points, shared = _weld(np.asarray(vertices).tolist())
    every = [(shared[a], shared[b], shared[c]) for a, b, c in np.asarray(faces).tolist()]
    proper = [face for face in every if len(set(face)) == 3]
    sound = list({frozenset(face): face for face in reversed(proper)}.values())
    uses = _uses(sound)
    border = [edge for edge, ways in uses.items() if len(ways) == 1]
    parts = _groups([(face[0], corner) for face in sound for corner in face])
    return {
        "vertices": len(points),
        "faces": len(sound),
        "degenerate_faces": len(every) - len(proper),
        "duplicate_faces": len(proper) - len(sound),
        "edges": len(uses),
        "boundary_edges": len(border),
        "nonmanifold_edges": sum(len(ways) > 2 for ways in uses.values()),
        "inconsistent_edges": sum(len(ways) == 2 and len(set(ways)) == 1 for ways in uses.values()),
        "nonmanifold_vertices": _pinched(sound),
        "components": sorted(Counter(parts[face[0]] for face in sound).values()),
        "loops": len(set(_groups(border).values())),
        "perimeter": sum(math.dist(points[a], points[b]) for a, b in border),
        "area": sum(_area(*(points[corner] for corner in face)) for face in sound),
    }


def _weld(vertices: list[list[float]]) -> tuple[list[tuple[float, ...]], list[int]]:
    ids: dict[tuple[float, ...], int] = {}
    shared = [ids.setdefault(tuple(v + 0.0 for v in point), len(ids)) for point in vertices]
    return list(ids), shared


def _uses(faces: Iterable[Face]) -> dict[tuple[int, int], list[bool]]:
    """For each edge, low vertex first, whether each of its faces walks along it upwards."""
    uses: dict[tuple[int, int], list[bool]] = defaultdict(list)
    for a, b, c in faces:
        for start, end in ((a, b), (b, c), (c, a)):
            uses[min(start, end), max(start, end)].append(start < end)
    return uses


def _groups(pairs: Iterable[tuple[Hashable, Hashable]]) -> dict[Hashable, Hashable]:
    """Union-find over pairs: the representative of every member."""
    parent: dict[Hashable, Hashable] = {}

    def root(node: Hashable) -> Hashable:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for one, other in pairs:
        parent[root(one)] = root(other)
    return {node: root(node) for node in list(parent)}


def _pinched(faces: Iterable[Face]) -> int:
    """Vertices whose faces, joined over the edges at that vertex, form more than one fan."""
    spokes: dict[int, list[tuple[Hashable, Hashable]]] = defaultdict(list)
    for a, b, c in faces:
        for at, one, other in ((a, b, c), (b, c, a), (c, a, b)):
            spokes[at].append((one, other))
    return sum(len(set(_groups(pairs).values())) > 1 for pairs in spokes.values())


def _area(a: tuple[float, ...], b: tuple[float, ...], c: tuple[float, ...]) -> float:
    u = [b[k] - a[k] for k in range(3)]
    v = [c[k] - a[k] for k in range(3)]
    cross = (u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0])
    return math.hypot(*cross) / 2
