"""Faults of a whole case: arches missing, doubled, swapped, mirrored, in another unit, not or twice in their bite."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from attrs import evolve
from scipy.spatial import cKDTree
from specimens import Fault, Mouth, Plant, Point, Rng, Specimen, arch_of, surfaces

from casepan.mesh import Mesh
from casepan.testing import jaw_pair

Surfaces = dict[str, Mesh]

_IDENTITY, _BITE = ("quality.identity", "core.units"), ("quality.bite",)
_APART = ("bite.open", "bite.no-contact", "bite.frames")
_WAY = np.array([0.35, 0.35, -0.87])  # down and aside, as jaws go
_ANY_BITE = (*_APART, "bite.penetration", "bite.scan-off")


def case_wide(codes: tuple[str, ...], change: Callable[[Surfaces, float], None], teeth: tuple[int, ...] = ()) -> Plant:
    """A fault of the whole case: the change works on its surfaces by scan id."""

    def plant(mouth: Mouth, size: float, _rng: Rng) -> Specimen:
        found = surfaces(mouth.whole)
        change(found, size)
        return Specimen(found, teeth, codes)

    return plant


def no_antagonist(found: Surfaces, _size: float) -> None:
    """The opposing arch does not come."""
    del found["lower"]


def same_twice(mouth: Mouth, way: float, rng: Rng) -> Specimen:
    """One arch under both names: 0 the same file, 1 a moved copy, 2 made of other triangles."""
    found = surfaces(mouth.whole)
    name, other = ("upper", "lower") if rng.integers(2) else ("lower", "upper")
    again = found[name]
    if way == 1:
        again = evolve(again, vertices=again.vertices + np.array([3, -40, 12], np.float32))
    if way == 2:
        finer = jaw_pair(mouth.seed, triangles=round(mouth.triangles * 1.3))
        again = finer.upper if name == "upper" else finer.lower
    found[other] = again
    return Specimen(found, (16,), ("identity.duplicate",))


def swapped(found: Surfaces, _size: float) -> None:
    """Each arch under the other's name."""
    found["upper"], found["lower"] = found["lower"], found["upper"]


def swapped_part(mouth: Mouth, _size: float, _rng: Rng) -> Specimen:
    """The same with quadrants and scans of the front teeth."""
    coverage = ("quadrant-left", "quadrant-right", "anterior")[mouth.seed % 3]
    found = surfaces(jaw_pair(mouth.seed, triangles=mouth.triangles, coverage=coverage))
    swapped(found, 0)
    return Specimen(found, (mouth.tooth(coverage),), ("identity.arch-swapped",))


def scaled(found: Surfaces, factor: float) -> None:
    """Another unit."""
    for name, mesh in found.items():
        found[name] = evolve(mesh, vertices=(mesh.vertices * factor).astype(np.float32))


def mirrored(found: Surfaces, _size: float) -> None:
    """Left is right, and the faces are inside out."""
    for name, mesh in found.items():
        found[name] = evolve(mesh, vertices=mesh.vertices * np.array([-1, 1, 1], np.float32))


def mirrored_carefully(mouth: Mouth, _size: float, _rng: Rng) -> Specimen:
    """Left is right with the faces turned, as a careful program does: only the preparation's place tells it."""
    tooth, jaws = mouth.prepared
    name, mesh = arch_of(jaws, tooth)
    found = {name: mesh}
    mirrored(found, 0)
    turned = {name: evolve(mesh, faces=np.ascontiguousarray(mesh.faces[:, ::-1])) for name, mesh in found.items()}
    return Specimen(turned, (tooth,), ("identity.mirrored", "margin.missing"))


def lower_moved(direction: Point) -> Callable[[Surfaces, float], None]:
    """The lower arch moved so many mm."""

    def change(found: Surfaces, size: float) -> None:
        found["lower"] = shifted(found["lower"], np.array(direction) * size)

    return change


def shifted(mesh: Mesh, step: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Mesh:
    """Moved by so many mm."""
    return evolve(mesh, vertices=(mesh.vertices + step).astype(np.float32))


def aside(mouth: Mouth, size: float, rng: Rng) -> Specimen:
    """The lower arch moved so many mm in any direction along the chewing surfaces."""
    turn = rng.uniform(0, 2 * np.pi)
    found = surfaces(mouth.whole)
    found["lower"] = shifted(found["lower"], size * np.array([np.cos(turn), np.sin(turn), 0]))
    return Specimen(found, (), _ANY_BITE)


def tilted(found: Surfaces, degrees: float) -> None:
    """The lower arch turned about its left side, so that the right one opens."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    hinge = np.array([-25.0, 0, 0])
    mesh = found["lower"]
    found["lower"] = evolve(mesh, vertices=((mesh.vertices - hinge) @ turn.T + hinge).astype(np.float32))


def teeth_up(mouth: Mouth, _size: float, _rng: Rng) -> Specimen:
    """Both arches as for model making, teeth upwards."""
    found = surfaces(jaw_pair(mouth.seed, triangles=mouth.triangles, frame="teeth-up"))
    return Specimen(found, (), _ANY_BITE)


def two_patients(mouth: Mouth, _size: float, _rng: Rng) -> Specimen:
    """The lower arch of somebody else."""
    found = surfaces(mouth.whole)
    found["lower"] = jaw_pair(mouth.seed + 500_000, triangles=mouth.triangles).lower
    return Specimen(found, (), _ANY_BITE)


def second_bite(mouth: Mouth, size: float, _rng: Rng) -> Specimen:
    """A further bite scan in which the lower arch is so many mm from where it stands."""
    found = surfaces(mouth.whole)
    bite = found["bite-left"]
    gaps = {name: cKDTree(found[name].vertices).query(bite.vertices)[0] for name in ("upper", "lower")}
    low = gaps["lower"] < gaps["upper"]
    points = bite.vertices + low[:, None] * size * _WAY / np.linalg.norm(_WAY)
    kept = low[bite.faces].all(axis=1) | ~low[bite.faces].any(axis=1)
    found["bite-second"] = evolve(bite, vertices=points.astype(np.float32), faces=bite.faces[kept])
    return Specimen(found, (), ("bite.alternative",), notes=True)


_DOWN, _UP = (0.0, 0.0, -1.0), (0.0, 0.0, 1.0)
CASE_WIDE = (
    Fault(
        "arch missing",
        (1.0,),
        0.0,
        ("quality.completeness",),
        case_wide(("completeness.missing-scan",), no_antagonist, (16,)),
    ),
    Fault("same arch twice: file, moved, re-meshed", (0.0, 1.0, 2.0), 0.0, _IDENTITY, same_twice),
    Fault("arches swapped", (1.0,), 0.0, _IDENTITY, case_wide(("identity.arch-swapped",), swapped)),
    Fault("partial arches swapped", (1.0,), 0.0, _IDENTITY, swapped_part, targeted=False),
    Fault(
        "wrong unit, factor",
        (0.001, 0.03937, 0.1, 25.4, 1000.0),
        0.0,
        _IDENTITY,
        case_wide(("identity.unit",), scaled),
    ),
    Fault("mirrored, inside out", (1.0,), 0.0, _IDENTITY, case_wide(("identity.mirrored",), mirrored)),
    Fault("mirrored with its faces turned", (1.0,), 0.0, ("quality.identity", "quality.margin"), mirrored_carefully),
    Fault("bite open, mm", (0.3, 0.5, 1.0, 2.0, 5.0), 0.5, _BITE, case_wide(_APART, lower_moved(_DOWN))),
    Fault("bite open on one side, degrees", (0.5, 1.0, 2.0), 1.0, _BITE, case_wide(_ANY_BITE, tilted)),
    Fault("bite moved aside, mm", (1.0, 2.0, 4.0), 2.0, _BITE, aside),
    Fault("arches not in occlusion", (1.0,), 0.0, _BITE, teeth_up),
    Fault("arches of two patients", (1.0,), 0.0, _BITE, two_patients, targeted=False),
    Fault("penetration, mm", (0.2, 0.5, 0.8, 1.5), 0.5, _BITE, case_wide(("bite.penetration",), lower_moved(_UP))),
    Fault("second bite position, mm", (0.3, 1.0, 2.0, 4.0), 0.9, _BITE, second_bite, targeted=False),
)
