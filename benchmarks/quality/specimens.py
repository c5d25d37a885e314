"""Cases for the benchmark: mouths, what was done to them, and other axes. Nothing here is shared with the checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, cached_property

import numpy as np
from attrs import define, evolve, frozen
from numpy.typing import NDArray

from casepan.api import Case, CaseKey, FileRef, Origin, Prescription, Scan, WorkItem
from casepan.mesh import Mesh
from casepan.testing import JawPair, jaw_pair

Point = tuple[float, float, float]
Rng = np.random.Generator
Sized = tuple[float, ...]

COVERAGES = ("full", "full", "full", "quadrant-left", "quadrant-right", "anterior")
_ROLES = {
    "upper": ("arch", "upper"),
    "lower": ("arch", "lower"),
    "bite-left": ("bite", None),
    "bite-right": ("bite", None),
    "bite-second": ("bite", None),
}
_NOISE_MM = (0.004, 0.016)  # scanners have 0.005 to 0.013 (facts/quality.md 3)


@frozen(eq=False)
class Specimen:
    """A case with what is wrong with it.

    Attributes:
        surfaces: by scan id.
        teeth: ordered crowns.
        codes: any of these tells the fault; empty for a clean case.
        place: where it is, when it has a place.
        bridge: whether the crowns carry one bridge.
        notes: whether the fault is told as a note.
    """

    surfaces: Mapping[str, Mesh]
    teeth: tuple[int, ...] = ()
    codes: tuple[str, ...] = ()
    place: Point | None = None
    bridge: bool = False
    notes: bool = False

    @property
    def case(self) -> Case:
        """The case around the surfaces, complete but for what was taken out."""
        scans = tuple(_scan(name, mesh) for name, mesh in self.surfaces.items())
        bridge = "a" if self.bridge else None
        items = [WorkItem(str(n), (n,), "crown", bridge, "zirconia", shade="A2") for n in self.teeth]
        order = Prescription(items=tuple(items), reference="R-1")
        return Case("K7Q2-M4", CaseKey("core", "x"), Origin("core.generic"), scans=scans, prescription=order)


def _scan(name: str, mesh: Mesh) -> Scan:
    role, arch = _ROLES[name]
    file = FileRef(name, 1, f"{name}-{id(mesh)}")
    return Scan(name, role, arch, file=file, frame="occlusion", format="stl", faces=len(mesh.faces))  # type: ignore[arg-type]


@define(eq=False, slots=False)
class Mouth:
    """One patient at one density; jaws are made when a fault asks for them and shared by all that follow.

    Attributes:
        seed: who it is.
        triangles: for each arch.
    """

    seed: int
    triangles: int

    @cached_property
    def whole(self) -> JawPair:
        """Both full arches, nothing prepared."""
        return jaw_pair(self.seed, triangles=self.triangles)

    @cached_property
    def prepared(self) -> tuple[int, JawPair]:
        """A tooth, and both full arches with that tooth prepared."""
        tooth = self.tooth("full")
        return tooth, jaw_pair(self.seed, triangles=self.triangles, preparations=[tooth])

    @property
    def coverage(self) -> str:
        """How much of this mouth was scanned where that may vary."""
        return COVERAGES[self.seed % len(COVERAGES)]

    def tooth(self, coverage: str) -> int:
        """A tooth well inside what such a scan shows."""
        rng = np.random.default_rng([self.seed, 1])
        quadrants = {"quadrant-left": (2, 3), "quadrant-right": (1, 4)}.get(coverage, (1, 2, 3, 4))
        most = 3 if coverage == "anterior" else 7
        return int(rng.choice(quadrants)) * 10 + int(rng.integers(1, most))


Plant = Callable[[Mouth, float, Rng], Specimen]


@frozen(eq=False)
class Fault:
    """One kind of fault and how it is planted.

    Attributes:
        name: with the unit of its sizes.
        sizes: planted in turn.
        limit: from which size on it counts for the target; smaller ones are shown only.
        stages: the checks that are to find it.
        plant: makes one case with it.
        targeted: whether the target of recall is for it.
    """

    name: str
    sizes: Sized
    limit: float
    stages: tuple[str, ...]
    plant: Plant
    targeted: bool = True


def clean(mouth: Mouth) -> Specimen:
    """A sound case: one crown ordered and prepared, any coverage, any axes, a scanner's noise."""
    tooth = mouth.tooth(mouth.coverage)
    jaws = jaw_pair(mouth.seed, triangles=mouth.triangles, coverage=mouth.coverage, preparations=[tooth])
    return moved(Specimen(surfaces(jaws), (tooth,)), np.random.default_rng([mouth.seed, 2]))


def surfaces(jaws: JawPair) -> dict[str, Mesh]:
    """The scans of a case by id."""
    bites = dict(zip(("bite-left", "bite-right"), jaws.bites, strict=False))
    return {"upper": jaws.upper, "lower": jaws.lower, **bites}


def arch_of(jaws: JawPair, tooth: int) -> tuple[str, Mesh]:
    """Name and surface of the arch that a tooth stands in."""
    return ("upper", jaws.upper) if tooth < 30 else ("lower", jaws.lower)


def moved(specimen: Specimen, rng: Rng) -> Specimen:
    """The same case in other axes, with noise. What is one surface under two names stays one surface."""
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turn *= np.sign(np.linalg.det(turn))
    shift, noise = rng.uniform(-80, 80, 3), rng.uniform(*_NOISE_MM)

    def move(points: NDArray[np.floating]) -> NDArray[np.float32]:
        return np.ascontiguousarray(points @ turn.T + shift, np.float32)

    @cache
    def shaken(mesh: Mesh) -> Mesh:
        return evolve(mesh, vertices=move(mesh.vertices + rng.normal(0, noise, mesh.vertices.shape)))

    place = None if specimen.place is None else point(move(np.array([specimen.place]))[0])
    return evolve(specimen, surfaces={name: shaken(mesh) for name, mesh in specimen.surfaces.items()}, place=place)


def point(values: NDArray[np.floating]) -> Point:
    """Three plain numbers."""
    x, y, z = (float(value) for value in values)
    return x, y, z
