"""Scans whose surface is no longer the one that came, or no longer that of the revision before."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from attrs import frozen

from casepan.api import Case, Context, ExportContext, Scan
from casepan.mesh import Mesh
from casepan_report.frames import moves_of, since
from casepan_report.shapes import Shape, Shapes, shape_of

_MOST_STEPS = 50
_SAME_MM = 0.005


@frozen(eq=False)
class Repair:
    """A scan as it was and as it is now."""

    before: Shape
    after: Shape


@frozen(eq=False)
class Revision:
    """What a new revision changed.

    Attributes:
        number: of the revision that was handed on before.
        pairs: each changed scan in that revision and in this one.
    """

    number: int
    pairs: tuple[Repair, ...]


def revision_of(case: Case, shapes: Shapes, ctx: ExportContext) -> Revision | None:
    """The changed scans beside what they were, None without a revision before or where it is gone."""
    found = ctx.previous() if case.desk.changes else None
    if found is None:
        return None
    old, old_ctx = found
    before = {scan.id: scan for scan in old.scans}
    moves = moves_of([scan for scan in old.scans if scan.preferred and scan.readable])
    pairs = []
    for change in case.desk.changes:
        now, then = shapes.shape(change.name), before.get(change.name)
        shape = shape_of(then, old_ctx) if now and then and change.distance_mm is not None else None
        if now is not None and isinstance(shape, Shape):
            matrix = moves.get(change.name)
            pairs.append(Repair(shape if matrix is None else shape.moved(matrix), now))
    return Revision(old.revision, tuple(pairs))


def repairs_of(shapes: Shapes, ctx: Context) -> Iterator[Repair]:
    """The scans that steps have changed; a mere change of format is none."""
    for after in shapes.shown:
        origin = _first(after.scan, ctx)
        before = shape_of(origin, ctx) if origin is not None else None
        if isinstance(before, Shape) and origin is not None:
            before = _beside(before, origin, after)
            if not _same(before.mesh, after.mesh):
                yield Repair(before, after)


def _beside(before: Shape, origin: Scan, after: Shape) -> Shape:
    """The scan as it came, brought to where it is shown now: a turn of the whole case is no repair."""
    turned = since(origin, after.scan)
    matrix = turned if after.move is None else after.move @ turned
    return before if np.allclose(matrix, np.eye(4)) else before.moved(matrix)


def _first(scan: Scan, ctx: Context) -> Scan | None:
    """The scan as it came, None when it still is, or when nobody knows any more."""
    found: Scan | None = None
    for _ in range(_MOST_STEPS):
        earlier = ctx.earlier(scan.derived_from) if scan.derived_from else None
        if earlier is None or earlier.file.sha256 == scan.file.sha256:
            break
        found = scan = earlier
    return found


def _same(one: Mesh, other: Mesh) -> bool:
    if one.faces.shape != other.faces.shape or one.vertices.shape != other.vertices.shape:
        return False
    return bool((np.abs(_sorted(one) - _sorted(other)) <= _SAME_MM).all())


def _sorted(mesh: Mesh) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Coordinates axis by axis, without regard to the order of vertices."""
    return np.sort(mesh.vertices, axis=0)
