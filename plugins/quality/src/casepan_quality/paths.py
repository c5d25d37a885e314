"""The axis of a tooth, the best path of insertion over several, and what lies under a tooth's widest line along it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from casepan.mesh import Mesh
from casepan.mesh.dentition.crest import Floats
from casepan.mesh.dentition.places import Placement
from casepan_quality.shapes import plane_of, spread

_POINTS = 6_000
_MIDDLE, _TABLE_MM = 0.3, 3.0  # of a tooth's width, and mm across: where its top is looked for
_HALF, _ACROSS_MM = 0.5, 7.0  # of its width, and mm across: what belongs to it
_APART, _GAP_MM = 0.75, 0.6  # of its width: a stump ends by so much before it; its place may be off by a quarter
_DEPTHS = (3.0, 2.5, 2.0, 1.5)  # mm: what is tried of a stump, which is 3 to 5 mm high
_GUM_MM = 1.5  # of a visible crown that may belong to the gums
_WALL = 0.6  # cosine between a face and the axis below which it is a wall
_OUTWARDS = 0.5  # cosine between a wall and the way out: the walls of fissures look inwards
_FEWEST = 100  # faces: less is no tooth
_CONE, _STEP = 25, 1.0  # degrees round the mean axis in which a path is looked for
_NEARLY = 0.02  # of the walls' area: paths as good as the best one, in the middle of which it is taken
_SECTORS, _BIN_MM = 24, 0.4
_FULL = 4  # points that make a place of the outline
_SLANT = 0.5  # tangent of the slants from which an axis is looked for
_CLEARLY = 0.8  # of the upright axis' unevenness: more makes a slanted one no better
_MISSING = 0.01  # what a sector without wall counts, as unevenness
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
        widest: the two teeth whose axes differ most, and by how many degrees.
    """

    direction: Floats
    widest: tuple[Tooth, Tooth, float]


@define(frozen=True)
class Undercut:
    """What lies under the widest line of a tooth: how deep, how much, and where it is deepest."""

    depth_mm: float
    area_mm2: float
    place: tuple[float, float, float]


def tooth_of(mesh: Mesh, placement: Placement, fdi: int, *, prepared: bool) -> Tooth | None:
    """The upper part of a tooth, None where the scan shows too little of one.

    A prepared tooth is looked at as far down as it stands apart from its neighbours, and not at all where it does not.
    Others touch: they are cut where their places end, and where their gums may begin.
    """
    surface = mesh.welded()
    plane = placement.arch.relief.plane
    flat = plane.flat(surface.vertices)
    along, across = placement.arch.unrolled(flat)
    beside, width = np.abs(along - placement.arch.position(fdi)), placement.arch.width(fdi)
    table = (beside < _MIDDLE * width) & (np.abs(across) < _TABLE_MM)
    if not table.any():
        return None
    top = float(np.percentile(flat[table, 2], 90))
    for depth in _DEPTHS if prepared else (placement.crown_height(fdi) - _GUM_MM,):
        own = (beside < (_APART if prepared else _HALF) * width) & (np.abs(across) < _ACROSS_MM)
        own &= flat[:, 2] > top - depth
        faces = _connected(surface, np.flatnonzero(own[surface.faces].all(axis=1)), table)
        reach = beside[surface.faces[faces]]
        if len(faces) >= _FEWEST and (not prepared or float(reach.max()) < _APART * width - _GAP_MM):
            return _tooth(surface, faces, fdi, plane.axes[2])
    return None


def _tooth(surface: Mesh, faces: NDArray[np.intp], fdi: int, up: Floats) -> Tooth:
    points, normals, area = _spread(surface, faces)
    axis = _axis(points, normals, up)
    middle = points[points @ axis > np.percentile(points @ axis, 80)].mean(axis=0)
    return Tooth(fdi, middle, axis, points, normals, area)


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
    corners = surface.vertices[surface.faces[faces]].astype(np.float64)
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    doubled = np.linalg.norm(cross, axis=1)
    total = np.cumsum(doubled)
    if not total[-1] > 0:
        return np.empty((0, 3)), np.empty((0, 3)), 0.0
    chosen = np.searchsorted(total, (np.arange(_POINTS) + 0.5) / _POINTS * total[-1])
    normals = cross[chosen] / np.maximum(doubled[chosen, None], 1e-12)
    return spread(surface, faces, _POINTS), normals, float(total[-1] / 2 / _POINTS)


def _axis(points: Floats, normals: Floats, up: Floats) -> Floats:
    """The direction over which the walls lean equally all round, looked for from upright and from eight slants."""
    turns = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    slants = np.stack([np.cos(turns), np.sin(turns)], axis=1) @ plane_of(up).T * _SLANT + up
    upright, uneven = _settled(points, normals, up)
    found = [_settled(points, normals, slant / np.linalg.norm(slant)) for slant in slants]
    slanted, other = min(found, key=lambda pair: pair[1])
    return slanted if other < _CLEARLY * uneven else upright


def _settled(points: Floats, normals: Floats, axis: Floats) -> tuple[Floats, float]:
    """An axis that fits the walls round it, and how unequally they lean: every sector counts alike."""
    uneven = np.inf
    for _ in range(4):
        walls = _outer(points, normals, axis)
        flat = (points - points.mean(axis=0)) @ plane_of(axis)
        sector = _sector(flat)[walls]
        count = np.bincount(sector, minlength=_SECTORS)
        sums = np.stack([np.bincount(sector, column, _SECTORS) for column in normals[walls].T], axis=1)
        means = sums[count >= _FULL] / count[count >= _FULL, None]
        missing = _SECTORS - len(means)
        if missing > _SECTORS / 3:
            break
        values, vectors = np.linalg.eigh(np.cov(means.T))
        axis = np.asarray(vectors[:, 0] * np.sign(vectors[:, 0] @ axis))
        uneven = float(np.sqrt(max(values[0], 0.0))) + _MISSING * missing
    return axis, uneven


def _sector(flat: Floats) -> NDArray[np.intp]:
    """In which sector round the middle each point (k, 2) lies."""
    share = np.arctan2(flat[:, 1], flat[:, 0]) / (2 * np.pi) + 0.5
    return np.asarray((share * _SECTORS).astype(np.intp) % _SECTORS)


def best_path(teeth: Sequence[Tooth]) -> Path:
    """The direction along which the least of all teeth's walls leans over, in the middle of those as good."""
    mean = np.mean([tooth.axis for tooth in teeth], axis=0)
    directions = _cone(mean / np.linalg.norm(mean))
    costs = np.zeros(len(directions))
    for tooth in teeth:
        walls = tooth.normals[_outer(tooth.points, tooth.normals, tooth.axis)][::4]
        costs += np.maximum(0.0, -(directions @ walls.T)).mean(axis=1) if len(walls) else 0.0
    best = directions[costs <= costs.min() + _NEARLY * 0.1].mean(axis=0)
    pairs = ((one, other, _degrees(one.axis, other.axis)) for one, other in combinations(teeth, 2))
    return Path(best / np.linalg.norm(best), max(pairs, key=lambda pair: pair[2]))


def _cone(axis: Floats) -> Floats:
    """Unit directions round an axis, float64 (k, 3), a degree apart."""
    steps = np.tan(np.radians(np.arange(-_CONE, _CONE + 1, _STEP)))
    x, y = (values.ravel() for values in np.meshgrid(steps, steps))
    inside = np.hypot(x, y) <= np.tan(np.radians(_CONE))
    flat = np.stack([x[inside], y[inside]], axis=1) @ plane_of(axis).T + axis
    return np.asarray(flat / np.linalg.norm(flat, axis=1, keepdims=True))


def _degrees(one: Floats, other: Floats) -> float:
    return float(np.degrees(np.arccos(np.clip(one @ other, -1, 1))))


def _outer(points: Floats, normals: Floats, axis: Floats) -> NDArray[np.bool_]:
    """Which points lie on the outer walls of a tooth: the slopes of its chewing surface look inwards or up."""
    out = points - points.mean(axis=0)
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
