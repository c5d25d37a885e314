"""Cases with one known fault each. Nothing here is shared with the checks: jaws and faults come from ``casepan.testing``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from casepan.api import Case, CaseKey, FileRef, Origin, Prescription, Scan, WorkItem
from casepan.errors import UsageError
from casepan.mesh import Mesh, edge_percentiles_mm, read_mesh
from casepan.testing import JawPair, faults, jaw_pair

Point = tuple[float, float, float]
Rng = np.random.Generator
_ROLES = {
    "upper": ("arch", "upper"),
    "lower": ("arch", "lower"),
    "bite-left": ("bite", None),
    "bite-right": ("bite", None),
}
COVERAGES = ("full", "full", "full", "quadrant-left", "quadrant-right", "anterior")


@frozen(eq=False)
class Specimen:
    """A case with what is wrong with it.

    Attributes:
        surfaces: by scan id.
        teeth: ordered crowns.
        codes: any of these tells the fault; empty for a clean case.
        stages: the checks that are to find it.
        place: where it is, when it has a place.
    """

    surfaces: Mapping[str, Mesh]
    teeth: tuple[int, ...] = ()
    codes: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    place: Point | None = None

    @property
    def case(self) -> Case:
        """The case around the surfaces, complete but for what was taken out."""
        scans = tuple(_scan(name, mesh) for name, mesh in self.surfaces.items())
        items = [WorkItem(str(n), (n,), "crown", material="zirconia", shade="A2") for n in self.teeth]
        order = Prescription(items=tuple(items), reference="R-1")
        return Case("K7Q2-M4", CaseKey("core", "x"), Origin("core.generic"), scans=scans, prescription=order)


def _scan(name: str, mesh: Mesh) -> Scan:
    role, arch = _ROLES[name]
    file = FileRef(name, 1, f"{name}-{id(mesh)}")
    return Scan(name, role, arch, file=file, frame="occlusion", format="stl", faces=len(mesh.faces))  # type: ignore[arg-type]


def clean(seed: int, triangles: int) -> Specimen:
    """A sound case: one crown ordered and prepared, any coverage, any axes, a scanner's noise."""
    rng = np.random.default_rng([seed, 1])
    coverage = COVERAGES[seed % len(COVERAGES)]
    tooth = _tooth(rng, coverage)
    return _moved(
        Specimen(_surfaces(jaw_pair(seed, triangles=triangles, coverage=coverage, preparations=[tooth])), (tooth,)), rng
    )


def _tooth(rng: Rng, coverage: str) -> int:
    """A tooth well inside what such a scan shows."""
    quadrants = {"quadrant-left": (2, 3), "quadrant-right": (1, 4)}.get(coverage, (1, 2, 3, 4))
    most = 3 if coverage == "anterior" else 7
    return int(rng.choice(quadrants)) * 10 + int(rng.integers(1, most))


def _surfaces(jaws: JawPair) -> dict[str, Mesh]:
    return {
        "upper": jaws.upper,
        "lower": jaws.lower,
        **dict(zip(("bite-left", "bite-right"), jaws.bites, strict=False)),
    }


def _moved(specimen: Specimen, rng: Rng) -> Specimen:
    """The same case in other axes, with 0.01 mm of noise."""
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turn *= np.sign(np.linalg.det(turn))
    shift = rng.uniform(-80, 80, 3)

    def move(points: NDArray[np.floating]) -> NDArray[np.float32]:
        return np.ascontiguousarray(points @ turn.T + shift, np.float32)

    def shaken(mesh: Mesh) -> Mesh:
        return evolve(mesh, vertices=move(mesh.vertices + rng.normal(0, 0.01, mesh.vertices.shape)))

    place = None if specimen.place is None else _point(move(np.array([specimen.place]))[0])
    return evolve(specimen, surfaces={name: shaken(mesh) for name, mesh in specimen.surfaces.items()}, place=place)


def _point(values: NDArray[np.floating]) -> Point:
    x, y, z = (float(value) for value in values)
    return x, y, z


Plant = Callable[[int, int, float, Rng], Specimen]


def on_tooth(code: str, fault: Callable[[Mesh, Point, float], Mesh]) -> Plant:
    """A fault of the surface in the middle of any tooth."""

    def plant(seed: int, triangles: int, size: float, rng: Rng) -> Specimen:
        jaws = jaw_pair(seed, triangles=triangles)
        jaw = ("upper", "lower")[int(rng.integers(2))]
        tooth = jaws.truth.of(jaw)[int(rng.integers(len(jaws.truth.of(jaw))))]
        mesh = jaws.upper if jaw == "upper" else jaws.lower
        return Specimen({jaw: fault(mesh, tooth.centre, size)}, (), (code,), ("quality.mesh",), tooth.centre)

    return plant


def real(path: Path, code: str, fault: Callable[[Mesh, Point, float], Mesh]) -> Plant:
    """The same on a real cast, bent a little differently each time, anywhere but at its borders."""
    source = read_mesh(path).welded()
    border = np.unique(source.edges.boundary)

    def plant(seed: int, triangles: int, size: float, rng: Rng) -> Specimen:
        mesh = evolve(source, vertices=_bent(source.vertices, rng))
        place = _inside(mesh, border, rng)
        return Specimen({"upper": fault(mesh, place, size)}, (), (code,), ("quality.mesh",), place)

    return plant


def _inside(mesh: Mesh, border: NDArray[np.integer], rng: Rng) -> Point:
    """A place on the surface a centimetre or more from any border."""
    while True:
        place = mesh.vertices[mesh.faces[int(rng.integers(len(mesh.faces)))]].mean(axis=0)
        if np.linalg.norm(mesh.vertices[border] - place, axis=1).min() > 10:
            return _point(place)


def _bent(points: NDArray[np.float32], rng: Rng) -> NDArray[np.float32]:
    """Up to a millimetre of smooth bending and 4 % of stretch."""
    stretch = rng.uniform(0.96, 1.04, 3)
    waves = rng.uniform(0.02, 0.05, (3, 3))
    phase = rng.uniform(0, 2 * np.pi, 3)
    return np.ascontiguousarray(points * stretch + np.sin(points @ waves.T + phase), np.float32)


def spike(mesh: Mesh, place: Point, times: float) -> Mesh:
    """A spike some times as high as the limit: half a millimetre, at least two median edges."""
    return faults.spike(mesh, place, times * max(0.5, 2 * edge_percentiles_mm(mesh, (50,))[0]))


def double_layer(mesh: Mesh, place: Point, size: float) -> Mesh:
    """A second sheet 0.15 mm above the first."""
    return faults.double_layer(mesh, place, size)


def islanded(seed: int, triangles: int, percent: float, rng: Rng) -> Specimen:
    """A loose cap of some percent of the area, a centimetre off a tooth on the biting side."""
    jaws = jaw_pair(seed, triangles=triangles)
    jaw = ("upper", "lower")[int(rng.integers(2))]
    tooth = jaws.truth.of(jaw)[int(rng.integers(len(jaws.truth.of(jaw))))]
    mesh = jaws.upper if jaw == "upper" else jaws.lower
    area = float(np.linalg.norm(_crosses(mesh), axis=1).sum()) / 2
    x, y, z = tooth.centre
    place = (x, y, z - 10 if jaw == "upper" else z + 10)
    floating = faults.island(mesh, place, 2 * float(np.sqrt(percent / 100 * area / np.pi)))
    return Specimen({jaw: floating}, (), ("mesh.island",), ("quality.mesh",), place)


def _crosses(mesh: Mesh) -> NDArray[np.floating]:
    corners = mesh.vertices[mesh.faces]
    return np.asarray(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))


def noisy(mesh: Mesh, _place: Point, size: float) -> Mesh:
    """Noise of so many times the limit: 0.05 mm, at least 8 % of the median edge."""
    limit = max(0.05, 0.08 * edge_percentiles_mm(mesh, (50,))[0])
    wild = np.random.default_rng(len(mesh.faces)).normal(0, size * limit, mesh.vertices.shape)
    return evolve(mesh, vertices=(mesh.vertices + wild).astype(np.float32))


def outside(seed: int, triangles: int, millimetres: float, rng: Rng) -> Specimen:
    """A full arch cut off so far before the ordered molar, seen along the row of teeth."""
    jaws = jaw_pair(seed, triangles=triangles)
    tooth = int(rng.choice([16, 26, 36, 46]))
    mesh = jaws.upper if tooth < 30 else jaws.lower
    molar, before = (np.array(jaws.truth.teeth[fdi].centre) for fdi in (tooth, tooth - 2))
    back = (molar - before) / np.linalg.norm(molar - before)
    middles = mesh.vertices[mesh.faces].mean(axis=1) - molar
    edge = -jaws.truth.teeth[tooth].width / 2 - millimetres
    gone = (middles @ back > edge) & (np.abs(middles[:, 0]) < 30)
    jaw = "upper" if tooth < 30 else "lower"
    cut = evolve(mesh, faces=mesh.faces[~gone])
    place = _point(molar + back * edge)
    return Specimen({jaw: cut}, (tooth,), ("coverage.tooth-outside",), ("quality.coverage",), place)


def other_side(seed: int, triangles: int, _size: float, rng: Rng) -> Specimen:
    """A quadrant of one side with an order for a back tooth of the other."""
    left = bool(rng.integers(2))
    jaws = jaw_pair(seed, triangles=triangles, coverage="quadrant-left" if left else "quadrant-right")
    tooth = int(rng.choice([16, 17, 46, 47] if left else [26, 27, 36, 37]))
    jaw = "upper" if tooth < 30 else "lower"
    mesh = jaws.upper if tooth < 30 else jaws.lower
    return Specimen({jaw: mesh}, (tooth,), ("coverage.tooth-outside",), ("quality.coverage",))


def uncut(seed: int, triangles: int, _size: float, rng: Rng) -> Specimen:
    """A crown ordered on a tooth that is not prepared; another one is."""
    coverage = COVERAGES[seed % len(COVERAGES)]
    tooth = _tooth(rng, coverage)
    jaws = jaw_pair(seed, triangles=triangles, coverage=coverage)
    return Specimen(_surfaces(jaws), (tooth,), ("margin.missing",), ("quality.margin",), jaws.truth.teeth[tooth].centre)


def margin_hole(seed: int, triangles: int, size: float, rng: Rng) -> Specimen:
    """A hole on the finish line of a prepared tooth."""
    tooth = _tooth(rng, "full")
    jaws = jaw_pair(seed, triangles=triangles, preparations=[tooth])
    line = jaws.truth.teeth[tooth].finish_line
    place = line[int(rng.integers(len(line)))]
    jaw = "upper" if tooth < 30 else "lower"
    holed = faults.hole(jaws.upper if tooth < 30 else jaws.lower, place, size)
    return Specimen({jaw: holed}, (tooth,), ("margin.unclear",), ("quality.margin",), place)


def case_wide(
    codes: tuple[str, ...], stages: tuple[str, ...], change: Callable[[dict[str, Mesh], float], None]
) -> Plant:
    """A fault of the whole case: the change works on its surfaces by scan id."""

    def plant(seed: int, triangles: int, size: float, rng: Rng) -> Specimen:
        jaws = jaw_pair(seed, triangles=triangles)
        surfaces = _surfaces(jaws)
        change(surfaces, size)
        return Specimen(surfaces, (16,), codes, stages)

    return plant


def no_antagonist(surfaces: dict[str, Mesh], _size: float) -> None:
    """The opposing arch does not come."""
    del surfaces["lower"]


def same_twice(surfaces: dict[str, Mesh], _size: float) -> None:
    """The upper arch comes under both names."""
    surfaces["lower"] = surfaces["upper"]


def swapped(surfaces: dict[str, Mesh], _size: float) -> None:
    """Each arch under the other's name."""
    surfaces["upper"], surfaces["lower"] = surfaces["lower"], surfaces["upper"]


def scaled(surfaces: dict[str, Mesh], factor: float) -> None:
    """Another unit."""
    for name, mesh in surfaces.items():
        surfaces[name] = evolve(mesh, vertices=(mesh.vertices * factor).astype(np.float32))


def mirrored(surfaces: dict[str, Mesh], turned: float) -> None:
    """Left is right: 0 leaves the faces inside out, 1 turns them as a careful program does."""
    for name, mesh in surfaces.items():
        flat = mesh.vertices * np.array([-1, 1, 1], np.float32)
        faces = np.ascontiguousarray(mesh.faces[:, ::-1]) if turned else mesh.faces
        surfaces[name] = evolve(mesh, vertices=flat, faces=faces)


def moved_lower(direction: Point) -> Callable[[dict[str, Mesh], float], None]:
    """The lower arch moved so many mm."""

    def change(surfaces: dict[str, Mesh], size: float) -> None:
        step = np.array(direction) * size
        surfaces["lower"] = evolve(surfaces["lower"], vertices=(surfaces["lower"].vertices + step).astype(np.float32))

    return change


IDENTITY, BITE = ("quality.identity", "core.units"), ("quality.bite",)
OPEN = ("bite.no-contact", "bite.open", "bite.frames")
PLANTS: Mapping[str, tuple[tuple[float, ...], float, Plant]] = {
    # name: sizes, the limit from which the target counts, how it is planted
    "hole on a tooth, mm": ((0.9, 1.2, 1.6, 2.5, 4.0), 1.0, on_tooth("mesh.hole", faults.hole)),
    "island, % of area": ((0.3, 0.6, 1.0), 0.55, islanded),
    "spike, x limit": ((0.8, 1.2, 2.0), 1.1, on_tooth("mesh.spike", spike)),
    "double layer, mm": ((1.0, 2.0, 4.0), 1.5, on_tooth("mesh.double-layer", double_layer)),
    "flipped, mm": ((1.5, 3.0), 1.5, on_tooth("mesh.flipped", faults.flipped)),
    "noise, x limit": ((0.7, 1.5), 1.2, on_tooth("mesh.noise", noisy)),
    "tooth past a cut, mm": ((0.0, 4.0), 0.0, outside),
    "tooth on the other side": ((1.0,), 0.0, other_side),
    "crown on an uncut tooth": ((1.0,), 0.0, uncut),
    "hole on the margin, mm": ((0.8, 1.5), 0.6, margin_hole),
    "arch missing": ((1.0,), 0.0, case_wide(("completeness.missing-scan",), ("quality.completeness",), no_antagonist)),
    "same arch twice": ((1.0,), 0.0, case_wide(("identity.duplicate",), IDENTITY, same_twice)),
    "arches swapped": ((1.0,), 0.0, case_wide(("identity.arch-swapped",), IDENTITY, swapped)),
    "wrong unit, factor": ((0.001, 0.03937, 0.1, 1000.0), 0.0, case_wide(("identity.unit",), IDENTITY, scaled)),
    "mirrored, faces turned or not": ((0.0, 1.0), 0.0, case_wide(("identity.mirrored",), IDENTITY, mirrored)),
    "bite open, mm": (
        (1.0, 2.0, 5.0),
        0.9,
        case_wide(OPEN, BITE, moved_lower((0, 0, -1))),
    ),
    "penetration, mm": ((0.3, 0.8, 1.5), 0.6, case_wide(("bite.penetration",), BITE, moved_lower((0, 0, 1)))),
}


def real_plants(shared: Path) -> Mapping[str, tuple[tuple[float, ...], float, Plant]]:
    """Faults on the bent real cast, where the data is there."""
    path = shared / "data" / "derived" / "scan_039.decoded.stl"
    if not path.is_file():
        return {}
    return {
        "hole on a real cast, mm": ((3.5, 5.0), 3.2, real(path, "mesh.hole", faults.hole)),
        "spike on a real cast, x limit": ((1.2, 2.0), 1.1, real(path, "mesh.spike", spike)),
        "double layer on a real cast, mm": ((2.0, 4.0), 1.5, real(path, "mesh.double-layer", double_layer)),
    }


def planted(plant: Plant, seed: int, triangles: int, size: float, name: str) -> Specimen | None:
    """One specimen in any axes, or None where the fault is too small for these triangles to hold it."""
    rng = np.random.default_rng([seed, sum(name.encode())])
    try:
        return _moved(plant(seed, triangles, size, rng), rng)
    except UsageError:
        return None
