"""The intersection of two triangles in rational numbers, by clipping: slow, plain, and independent of the fast code."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from typing import Any

Point = tuple[Fraction, Fraction, Fraction]


def meeting_pairs(vertices: Any, faces: Any) -> set[tuple[int, int]]:
    """Pairs of faces with a point in common besides what they share by index; faces without area left out."""
    points = [tuple(map(Fraction, point)) for point in vertices.tolist()]
    rows = faces.tolist()
    solid = [k for k, row in enumerate(rows) if any(_normal(*(points[i] for i in row)))]
    return {(i, j) for i, j in combinations(solid, 2) if _meet(rows[i], rows[j], points)}


def _meet(one: list[int], other: list[int], points: list[Any]) -> bool:
    shared = [points[k] for k in one if k in other]
    common = _clip([points[k] for k in one], [points[k] for k in other])
    return any(not _within(point, shared) for point in common)


def _clip(polygon: list[Point], by: list[Point]) -> list[Point]:
    """The corners of what a polygon and a triangle have in common."""
    normal = _normal(*by)
    planes = [(by[0], normal), (by[0], tuple(-n for n in normal))]
    planes += [(by[k], _cross(normal, _minus(by[(k + 1) % 3], by[k]))) for k in range(3)]
    for origin, inwards in planes:
        kept: list[Point] = []
        heights = [_dot(_minus(point, origin), inwards) for point in polygon]
        for k, point in enumerate(polygon):
            if heights[k] >= 0:
                kept.append(point)
            after = (k + 1) % len(polygon)
            if heights[k] * heights[after] < 0:
                share = heights[k] / (heights[k] - heights[after])
                kept.append(tuple(p + share * (q - p) for p, q in zip(point, polygon[after], strict=True)))
        polygon = kept
        if not polygon:
            return []
    return polygon


def _within(point: Point, shared: list[Point]) -> bool:
    """Whether a point is one of the shared corners or lies on the edge between them."""
    if point in shared:
        return True
    if len(shared) < 2:
        return False
    along, there = _minus(shared[1], shared[0]), _minus(point, shared[0])
    return not any(_cross(along, there)) and 0 <= _dot(along, there) <= _dot(along, along)


def _normal(a: Point, b: Point, c: Point) -> Any:
    return _cross(_minus(b, a), _minus(c, a))


def _minus(a: Any, b: Any) -> Any:
    return tuple(p - q for p, q in zip(a, b, strict=True))


def _cross(a: Any, b: Any) -> Any:
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def _dot(a: Any, b: Any) -> Any:
    return sum(p * q for p, q in zip(a, b, strict=True))
