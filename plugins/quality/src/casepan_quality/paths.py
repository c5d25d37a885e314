"""The axis of a tooth, the best path of insertion over several, and what lies under a tooth's widest line along it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import combinations

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from casepan.mesh import Mesh
from casepan.mesh.area import face_areas
from casepan.mesh.dentition.crest import Floats
from casepan.mesh.dentition.places import Placement
from casepan_quality.shapes import plane_of, scattered

_POINTS = 6_000
_MIDDLE, _TABLE_MM = 0.3, 3.0  # of a tooth's width, and mm across: where its top is looked for
_HALF, _ACROSS_MM = 0.5, 6.0  # of its width, and mm across: what belongs to it
_APART, _GAP_MM = 0.75, 0.6  # of its width: a stump ends by so much before it; its place may be off by a quarter
_BROAD, _WALLS_MM = 0.62, 4.5  # of a stump's width, and mm under its top: where the walls are that show its axis
_DEPTHS = (3.0, 2.5, 2.0, 1.5)  # mm: what is tried of a stump, which is 3 to 5 mm high
_GUM_MM = 1.5  # of a visible crown that may belong to the gums
_WALL = 0.6  # cosine between a face and the axis below which it is a wall
_OUTWARDS = 0.5  # cosine between a wall and the way out: the walls of fissures look inwards
_FEWEST = 100  # faces: less is no tooth
_CONE, _STEP = 25.0, 1.0  # degrees round the mean axis in which a path is looked for
_NEARLY = 0.02  # of the walls' area: paths as good as the best one, in the middle of which it is taken
_SECTORS, _BIN_MM = 24, 0.4
_FULL = 4  # points that make a place of the outline
_LEAN, _COARSE, _FINE = 55.0, 5.0, 1.0  # degrees: how far a tooth may lean, and the steps in which that is looked for
_TAPER, _TAPERS = 0.1, 0.1  # sine of the usual angle between a wall and the axis (6 degrees), and how far it varies
_UPRIGHT = 0.35  # of the votes that a tooth lying flat would lose: most teeth stand
_ENOUGH_MM2, _ALL_MM2 = 1.0, 1.5  # of wall in a sector that count: to tell where about an axis is, and where it is
_THIN = 3  # every third point says enough about the axis
_USUAL, _CLEAR = 15.0, 0.42  # degrees: who leans by more must show walls on so much of the way round
_PLAIN_MM = 0.6  # undercut along its own axis: a stump with more is no cone, and its axis is a guess
_HARDLY = 0.05  # of the way round: less wall shows no axis
_AS_GOOD = 0.98  # of the most votes
_SURELY = 0.05  # sine of 3 degrees: a face that leans over by less may be rough


@define(frozen=True, eq=False)
class Tooth:
    """The upper part of one tooth.

    Attributes:
        fdi: its number.
        middle: float64 (3,), the middle of its top, in the file's coordinates.
        axis: float64 (3,), unit, the direction nearest to all its walls, towards the biting side.
        points, normals: float64 (k, 3), spread evenly over the part.
        area_mm2: what each point stands for.
    """

    fdi: int
    middle: Floats
    axis: Floats
    points: Floats = field(repr=False)
    normals: Floats = field(repr=False)
    area_mm2: float


@define(frozen=True, eq=False)
class Path:
    """A way on which one piece of work goes onto several teeth.

    Attributes:
        direction: float64 (3,), unit, towards the biting side.
        widest: the two teeth whose axes differ most, and by how many degrees; None where no two have plain axes.
    """

    direction: Floats
    widest: tuple[Tooth, Tooth, float] | None


@define(frozen=True)
class Undercut:
    """What lies under the widest line of a tooth: how deep, how much, and where it is deepest."""

    depth_mm: float
    area_mm2: float
    place: tuple[float, float, float]


def tooth_of(mesh: Mesh, placement: Placement, fdi: int, *, prepared: bool) -> Tooth | None:
    """The upper part of a tooth, None where the scan shows too little of one.

    The axis of a prepared tooth is looked for down to its shoulder: of one that leans, the side that hangs over lies deep.
    Its undercuts are looked for as far down as it stands apart from its neighbours, and not at all where it does not.
    Others touch: they are cut where their places end, and where their gums may begin.
    """
    surface = mesh.welded()
    place = _Place.of(surface, placement, fdi)
    if place is None:
        return None
    if not prepared:
        own = place.faces(surface, _HALF, placement.crown_height(fdi) - _GUM_MM)
        return tooth_seen(surface, own, own, fdi, place.up)
    parts = (place.faces(surface, _APART, depth) for depth in _DEPTHS)
    apart = next((part for part in parts if place.stands_apart(surface, part)), np.empty(0, np.intp))
    return tooth_seen(surface, place.faces(surface, _BROAD, _WALLS_MM), apart, fdi, place.up)


@define(frozen=True, eq=False)
class _Place:
    """Where a tooth stands: for each vertex, in shares of the tooth's width and mm from its middle, and mm under its top.

    Attributes:
        beside, across, below: float64 (v,) each; table: bool (v,), whether it belongs to the middle of the top.
        width: mm; up: float64 (3,), unit, towards the biting side.
    """

    beside: Floats = field(repr=False)
    across: Floats = field(repr=False)
    below: Floats = field(repr=False)
    table: NDArray[np.bool_] = field(repr=False)
    width: float
    up: Floats

    @classmethod
    def of(cls, surface: Mesh, placement: Placement, fdi: int) -> _Place | None:
        """The place of one tooth, None where nothing was scanned there."""
        plane, width = placement.arch.relief.plane, placement.arch.width(fdi)
        flat = plane.flat(surface.vertices)
        along, across = placement.arch.unrolled(flat)
        beside = np.abs(along - placement.arch.position(fdi)) / width
        table = (beside < _MIDDLE) & (np.abs(across) < _TABLE_MM)
        if not table.any():
            return None
        below = float(np.percentile(flat[table, 2], 90)) - flat[:, 2]
        return cls(beside, np.abs(across), below, table, width, plane.axes[2])

    def faces(self, surface: Mesh, share: float, depth: float) -> NDArray[np.intp]:
        """The faces of the tooth within a share of its width, down to a depth (mm)."""
        own = (self.beside < share) & (self.across < _ACROSS_MM) & (self.below < depth)
        return _connected(surface, np.flatnonzero(own[surface.faces].all(axis=1)), self.table)

    def stands_apart(self, surface: Mesh, faces: NDArray[np.intp]) -> bool:
        """Whether faces are many enough for a tooth, and end before its place does."""
        reach = self.beside[surface.faces[faces]].max(initial=0.0)
        return len(faces) >= _FEWEST and bool(reach < _APART - _GAP_MM / self.width)


def tooth_seen(surface: Mesh, walls: NDArray[np.intp], part: NDArray[np.intp], fdi: int, up: Floats) -> Tooth | None:
    """A tooth with the axis of some faces and the undercuts of others, None where too few walls are seen."""
    points, normals, area = _spread(surface, walls)
    axis = _axis(points, normals, area, up) if len(walls) >= _FEWEST else None
    if axis is None:
        return None
    middle = points[points @ axis >= np.percentile(points @ axis, 80)].mean(axis=0)
    return Tooth(fdi, middle, axis, *_spread(surface, part))


def _connected(surface: Mesh, faces: NDArray[np.intp], table: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Those of some faces that hang together with most of the tooth's middle: no part of a neighbour."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not len(faces):
        return faces
    used, local = np.unique(surface.faces[faces], return_inverse=True)
    ids = local.reshape(-1, 3)
    links = (np.ones(2 * len(ids), np.int8), (ids[:, [0, 0]].ravel(), ids[:, 1:].ravel()))
    _, labels = connected_components(coo_array(links, shape=(len(used),) * 2), directed=False)
    middle = labels[table[used]]
    return faces[labels[ids[:, 0]] == np.bincount(middle).argmax()] if len(middle) else faces[:0]


def _spread(surface: Mesh, faces: NDArray[np.intp]) -> tuple[Floats, Floats, float]:
    """Points spread over faces, the normals there, and the area of each point."""
    points, seen = scattered(surface, faces, _POINTS)
    corners = surface.vertices[surface.faces[seen]].astype(np.float64)
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = cross / np.maximum(np.linalg.norm(cross, axis=1, keepdims=True), 1e-12)
    area = float(face_areas(surface.vertices, surface.faces[faces]).sum(dtype=np.float64))
    return points, normals, area / _POINTS


def _axis(points: Floats, normals: Floats, area_mm2: float, up: Floats) -> Floats | None:
    """The direction (3,) all round which most of the surface stands as walls do, whatever else is there.

    A slanted one is taken only where it is clear. None where hardly any wall is seen.
    """
    found = partial(_votes, points[::_THIN], normals[::_THIN], area_mm2 * _THIN)
    directions = _cone(up, _LEAN, _COARSE)
    votes = np.array([found(direction, _ENOUGH_MM2) for direction in directions])
    votes *= 1 - _UPRIGHT * (1 - (directions @ up) ** 2)
    if votes.max() < _CLEAR:
        votes[directions @ up < np.cos(np.radians(_USUAL))] = 0
    if votes.max() < _HARDLY:
        return None
    directions = _cone(directions[votes.argmax()], _COARSE, _FINE)
    votes = np.array([found(direction, _ALL_MM2) for direction in directions])
    axis = directions[votes >= _AS_GOOD * votes.max()].mean(axis=0)
    return np.asarray(axis / np.linalg.norm(axis))


def _votes(points: Floats, normals: Floats, area_mm2: float, axis: Floats, enough_mm2: float) -> float:
    """How much of the way round an axis walls stand, outer and slightly tapered: 1 for enough of them in each sector."""
    likely = np.exp(-(((normals @ axis - _TAPER) / _TAPERS) ** 2)) * _outer(points, normals, axis)
    found = np.bincount(_sector(normals @ plane_of(axis)), likely, _SECTORS) * area_mm2
    return float(np.minimum(found / enough_mm2, 1.0).mean())


def _sector(flat: Floats) -> NDArray[np.intp]:
    """In which sector round the middle each point (k, 2) lies."""
    share = np.arctan2(flat[:, 1], flat[:, 0]) / (2 * np.pi) + 0.5
    return np.asarray((share * _SECTORS).astype(np.intp) % _SECTORS)


def best_path(teeth: Sequence[Tooth]) -> Path:
    """The direction along which the least of all teeth's walls leans over, in the middle of those as good."""
    mean = np.mean([tooth.axis for tooth in teeth], axis=0)
    directions = _cone(mean / np.linalg.norm(mean), _CONE, _STEP)
    costs = np.zeros(len(directions))
    for tooth in teeth:
        walls = tooth.normals[_outer(tooth.points, tooth.normals, tooth.axis)][::4]
        walls = walls if len(walls) else _usual_walls(tooth.axis)
        costs += np.maximum(0.0, -(directions @ walls.T)).mean(axis=1)
    best = directions[costs <= costs.min() + _NEARLY * 0.1].mean(axis=0)
    plain = [tooth for tooth in teeth if undercut(tooth, tooth.axis).depth_mm < _PLAIN_MM]
    pairs = ((one, other, _degrees(one.axis, other.axis)) for one, other in combinations(plain, 2))
    return Path(best / np.linalg.norm(best), max(pairs, key=lambda pair: pair[2], default=None))


def _usual_walls(axis: Floats) -> Floats:
    """The normals of a stump with the usual taper, float64 (k, 3): for one whose axis is all that can be seen of it."""
    turns = np.linspace(0, 2 * np.pi, _SECTORS, endpoint=False)
    around = np.stack([np.cos(turns), np.sin(turns)], axis=1) @ plane_of(axis).T
    return np.asarray(around * np.sqrt(1 - _TAPER**2) + axis * _TAPER)


def _cone(axis: Floats, reach: float, step: float) -> Floats:
    """Unit directions round an axis, float64 (k, 3), up to some degrees away from it and so many apart."""
    steps = np.tan(np.radians(np.arange(-reach, reach + step / 2, step)))
    x, y = (values.ravel() for values in np.meshgrid(steps, steps))
    inside = np.hypot(x, y) <= np.tan(np.radians(reach)) + 1e-9
    flat = np.stack([x[inside], y[inside]], axis=1) @ plane_of(axis).T + axis
    return np.asarray(flat / np.linalg.norm(flat, axis=1, keepdims=True))


def _degrees(one: Floats, other: Floats) -> float:
    return float(np.degrees(np.arccos(np.clip(one @ other, -1, 1))))


def _outer(points: Floats, normals: Floats, axis: Floats) -> NDArray[np.bool_]:
    """Which points lie on the outer walls of a tooth: the slopes of its chewing surface look inwards or up."""
    out = points - points.sum(axis=0) / max(len(points), 1)
    out -= np.outer(out @ axis, axis)
    out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
    outwards = np.einsum("ij,ij->i", out, normals) > _OUTWARDS
    return np.asarray(outwards & (np.abs(normals @ axis) < _WALL))


def undercut(tooth: Tooth, direction: Floats) -> Undercut:
    """The undercut of a tooth seen along a direction (3,), unit, towards the biting side.

    The outline is taken in heights and sectors; at each place it is held against the widest one above it.
    """
    wall = _outer(tooth.points, tooth.normals, tooth.axis)
    points = tooth.points[wall]
    flat = (points - points.mean(axis=0)) @ plane_of(direction) if len(points) else np.empty((0, 2))
    height = points @ direction
    sector = _sector(flat)
    level = ((height.max(initial=0.0) - height) / _BIN_MM).astype(np.intp) if len(points) else sector
    shape = (_SECTORS, int(level.max(initial=0)) + 1)
    count, total = np.zeros(shape), np.zeros(shape)
    np.add.at(count, (sector, level), 1)
    np.add.at(total, (sector, level), np.hypot(flat[:, 0], flat[:, 1]))
    reach = np.where(count >= _FULL, total / np.maximum(count, 1), np.nan)
    depth = np.fmax.accumulate(np.nan_to_num(reach, nan=-np.inf), axis=1) - reach
    depth = np.where(np.isfinite(depth), depth, 0.0)
    deepest = np.unravel_index(int(depth.argmax()), shape)
    there = (sector == deepest[0]) & (level == deepest[1])
    x, y, z = (points[there].mean(axis=0) if there.any() else tooth.middle).tolist()
    leaning = float((tooth.normals[wall] @ direction < -_SURELY).sum()) * tooth.area_mm2
    return Undercut(float(depth[deepest]), leaning, (x, y, z))
