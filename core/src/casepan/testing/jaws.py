"""Generated jaws: pairs of open shells that really meet in a bite, for samples, tests, demonstrations and benchmarks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

import numpy as np
from attrs import evolve, field, frozen

from casepan.errors import UsageError
from casepan.mesh.surface import Mesh
from casepan.testing.anatomy.bite import buccal_bites
from casepan.testing.anatomy.border import COVERAGES
from casepan.testing.anatomy.cells import MISSING, PREPARED, SCAN_BODY, TOOTH, Cell
from casepan.testing.anatomy.crowns import LOWER, UPPER, arch_of
from casepan.testing.anatomy.curve import Curve
from casepan.testing.anatomy.noise import Floats
from casepan.testing.anatomy.occlusion import Ceiling, into_world, meet
from casepan.testing.anatomy.patches import finish_line
from casepan.testing.anatomy.person import Person, grow
from casepan.testing.anatomy.shell import Shell, shell
from casepan.testing.faults import hole

FRAMES = ("z-up", "y-up", "teeth-up")
FEWEST, MOST = 1_500, 2_000_000
_PERMANENT = frozenset(q * 10 + p for q in (1, 2, 3, 4) for p in range(1, 9))
Point = tuple[float, float, float]


@frozen
class Hole:
    """A hole to plant: on which tooth, how wide (mm), and on which side (``"occlusal"``, ``"buccal"``, ``"lingual"``)."""

    fdi: int
    diameter: float = 2.0
    side: str = "occlusal"


@frozen
class ToothTruth:
    """What is known about one tooth's place.

    Attributes:
        fdi: its number (ISO 3950).
        kind: ``"tooth"``, ``"prepared"``, ``"scan-body"`` or ``"missing"``.
        centre: mm, a point on the surface in the middle of its chewing surface or edge.
        width: mesiodistal, mm.
        breadth: buccolingual, mm.
        finish_line: of a preparation: a closed line of points (mm), else empty.
    """

    fdi: int
    kind: str
    centre: Point
    width: float
    breadth: float
    finish_line: tuple[Point, ...] = ()


@frozen
class HoleTruth:
    """A hole that was planted: arch, centre (mm) and diameter (mm)."""

    arch: str
    centre: Point
    diameter: float


@frozen
class Truth:
    """What the generator knows about a pair: teeth by FDI number, holes, islands per arch, and its frame."""

    seed: int
    teeth: Mapping[int, ToothTruth]
    holes: tuple[HoleTruth, ...]
    islands: Mapping[str, int]
    frame: str
    coverage: str

    def of(self, arch: str) -> tuple[ToothTruth, ...]:
        """The teeth of one arch."""
        return tuple(t for t in self.teeth.values() if arch_of(t.fdi) == arch)


@frozen
class JawPair:
    """An upper and a lower arch, the bite scans that lie on both, and the truth about them."""

    upper: Mesh
    lower: Mesh
    bites: tuple[Mesh, ...]
    truth: Truth


@frozen
class _Plan:
    seed: int
    triangles: int
    teeth: tuple[int, ...] | None
    kinds: tuple[tuple[int, str], ...]
    holes: tuple[Hole, ...]
    colour: bool
    coverage: str
    frame: str = field(default="z-up")


def jaw_pair(
    seed: int = 0,
    *,
    triangles: int = 30_000,
    teeth: Iterable[int] | None = None,
    preparations: Iterable[int] = (),
    missing: Iterable[int] = (),
    scan_bodies: Iterable[int] = (),
    holes: Iterable[Hole] = (),
    colour: bool = True,
    coverage: str = "full",
    frame: str = "z-up",
) -> JawPair:
    """Both arches of one synthetic patient, in occlusion, and two buccal bite scans.

    The frame ``"z-up"`` has z towards the skull, x to the patient's right and y to the front: the upper lies above
    z = 0, the lower below. ``"y-up"`` is the same turned so that y points to the skull. ``"teeth-up"`` turns the upper over
    so that both arches face +z, as some scanners export them for model making: then they are NOT in occlusion.

    Args:
        seed: decides everything that is not asked for below; same seed, machine and numpy, same bytes.
        triangles: per arch, within 5 %; from 16,000 on the contacts are true to 0.1 mm.
        teeth: FDI numbers that are there; by default 28 and, in some people, third molars.
        preparations: FDI numbers of teeth cut down for a crown.
        missing: FDI numbers of teeth that are not there.
        scan_bodies: FDI numbers of implants with a scan body.
        holes: holes to plant in the surface.
        colour: whether vertices are coloured.
        coverage: ``"full"``, ``"quadrant-left"``, ``"quadrant-right"`` or ``"anterior"``.
        frame: ``"z-up"``, ``"y-up"`` or ``"teeth-up"``.

    Raises:
        UsageError: for a number, a coverage or a frame that does not exist.
    """
    plan = _plan(seed, triangles, teeth, preparations, missing, scan_bodies, holes, colour, coverage, frame)
    person, ceiling = _patient(plan.seed, plan.teeth)
    kinds = dict(plan.kinds)
    shells = {a: shell(person, a, kinds, ceiling, triangles, coverage) for a in (UPPER, LOWER)}
    bites = buccal_bites(person, kinds, ceiling, triangles, coverage)
    return _paired(plan, person, shells, bites)


def upper_scan(seed: int = 0, *, triangles: int = 30_000, colour: bool = True) -> Mesh:
    """The upper arch of :func:`jaw_pair` alone, without the cost of the rest."""
    return _single(UPPER, seed, triangles, colour)


def lower_scan(seed: int = 0, *, triangles: int = 30_000, colour: bool = True) -> Mesh:
    """The lower arch of :func:`jaw_pair` alone, without the cost of the rest."""
    return _single(LOWER, seed, triangles, colour)


def _single(arch: str, seed: int, triangles: int, colour: bool) -> Mesh:
    _checked_count(triangles)
    person, ceiling = _patient(seed, None)
    return _mesh(shell(person, arch, {}, ceiling, triangles, "full"), colour)


@lru_cache(maxsize=16)
def _patient(seed: int, teeth: tuple[int, ...] | None) -> tuple[Person, Ceiling]:
    """A person whose teeth meet. Cached: how they meet depends neither on the triangle count nor on the work planned."""
    return meet(grow(seed, teeth))


def _plan(
    seed: int,
    triangles: int,
    teeth: Iterable[int] | None,
    preparations: Iterable[int],
    missing: Iterable[int],
    scan_bodies: Iterable[int],
    holes: Iterable[Hole],
    colour: bool,
    coverage: str,
    frame: str,
) -> _Plan:
    _checked_count(triangles)
    _one_of("coverage", coverage, COVERAGES)
    _one_of("frame", frame, FRAMES)
    wanted = None if teeth is None else tuple(sorted(_checked_teeth("teeth", teeth)))
    work = {PREPARED: preparations, SCAN_BODY: scan_bodies, MISSING: missing}
    kinds = {fdi: kind for kind, numbers in work.items() for fdi in _checked_teeth(kind, numbers)}
    if wanted is not None:
        wanted = tuple(sorted({*wanted, *kinds}))
    return _Plan(seed, triangles, wanted, tuple(sorted(kinds.items())), tuple(holes), colour, coverage, frame)


def _checked_count(triangles: int) -> None:
    if not FEWEST <= triangles <= MOST:
        raise UsageError(f"cannot make an arch of {triangles} triangles", hint=f"Ask for {FEWEST} to {MOST}.")


def _checked_teeth(what: str, numbers: Iterable[int]) -> tuple[int, ...]:
    numbers = tuple(numbers)
    unknown = sorted(set(numbers) - _PERMANENT)
    if unknown:
        raise UsageError(f"{what}: no permanent tooth has the number {unknown[0]}", hint="Give FDI numbers, 11 to 48.")
    return numbers


def _one_of(what: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UsageError(f"unknown {what} {value!r}", hint=f"Known: {', '.join(known)}.")


def _paired(plan: _Plan, person: Person, shells: Mapping[str, Shell], bites: tuple[Mesh, ...]) -> JawPair:
    teeth = {t.fdi: t for arch in (UPPER, LOWER) for t in _teeth(person, arch, shells[arch])}
    meshes = {arch: _mesh(shells[arch], plan.colour) for arch in (UPPER, LOWER)}
    planted = tuple(_hole_truth(h, teeth, person, shells) for h in plan.holes)
    for truth in planted:
        meshes[truth.arch] = hole(meshes[truth.arch], truth.centre, truth.diameter)
    truth = Truth(plan.seed, teeth, planted, {a: s.islands for a, s in shells.items()}, plan.frame, plan.coverage)
    bites = bites if plan.colour else tuple(evolve(b, vertex_colours=None) for b in bites)
    return _framed(JawPair(meshes[UPPER], meshes[LOWER], bites, truth))


def _mesh(shell: Shell, colour: bool) -> Mesh:
    return Mesh(
        vertices=shell.vertices.astype(np.float32),
        faces=shell.faces.astype(np.int32),
        vertex_colours=shell.colours if colour else None,
    )


def _teeth(person: Person, arch: str, shell: Shell) -> list[ToothTruth]:
    return [_tooth(person, arch, shell, k, cell) for k, cell in enumerate(shell.cells) if cell.fdi]


def _tooth(person: Person, arch: str, shell: Shell, index: int, cell: Cell) -> ToothTruth:
    sheet = shell.sheet
    world = into_world(person, arch, sheet.points)
    mine = np.flatnonzero(sheet.grid.owner == index)
    middle = world[mine[len(mine) // 2], sheet.crown_rows.start + sheet.grid.rows[1] // 2]
    line = _finish(person, arch, cell) if cell.kind == PREPARED else ()
    return ToothTruth(cell.fdi, cell.kind, _point(middle), cell.stand.crown.width, cell.stand.crown.breadth, line)


def _finish(person: Person, arch: str, cell: Cell) -> tuple[Point, ...]:
    steps = np.linspace(-1, 1, 24, endpoint=False)
    one = np.ones_like(steps)
    around = np.concatenate(
        [np.stack(side, axis=-1) for side in ((steps, -one), (one, steps), (-steps, one), (-one, -steps))]
    )
    curve: Curve = person.curves[arch]
    return tuple(_point(p) for p in into_world(person, arch, finish_line(cell, curve, around)))


def _point(values: Floats) -> Point:
    return float(values[0]), float(values[1]), float(values[2])


def _hole_truth(
    hole: Hole, teeth: Mapping[int, ToothTruth], person: Person, shells: Mapping[str, Shell]
) -> HoleTruth:
    if hole.fdi not in teeth or teeth[hole.fdi].kind not in (TOOTH, PREPARED):
        raise UsageError(f"cannot plant a hole on tooth {hole.fdi}: it is not there", hint="Name a tooth of this jaw.")
    _one_of("side", hole.side, tuple(_SIDES))
    arch = arch_of(hole.fdi)
    sheet = shells[arch].sheet
    index = next(k for k, c in enumerate(sheet.cells) if c.fdi == hole.fdi)
    mine = np.flatnonzero(sheet.grid.owner == index)
    row = sheet.crown_rows.start + round(sheet.grid.rows[1] * _SIDES[hole.side])
    world = into_world(person, arch, sheet.points)
    return HoleTruth(arch, _point(world[mine[len(mine) // 2], row]), hole.diameter)


_SIDES = {"buccal": 0.14, "occlusal": 0.5, "lingual": 0.86}


def _framed(pair: JawPair) -> JawPair:
    turns = _TURNS[pair.truth.frame]
    if turns is None:
        return pair
    upper, lower = (np.array(t, dtype=np.float64) for t in turns)
    teeth = {t.fdi: _turned(t, upper if arch_of(t.fdi) == UPPER else lower) for t in pair.truth.teeth.values()}
    holes = tuple(evolve(h, centre=_point((upper if h.arch == UPPER else lower) @ h.centre)) for h in pair.truth.holes)
    return JawPair(
        _moved(pair.upper, upper),
        _moved(pair.lower, lower),
        tuple(_moved(b, lower) for b in pair.bites),
        evolve(pair.truth, teeth=teeth, holes=holes),
    )


_SKULL_Y = ((1, 0, 0), (0, 0, 1), (0, -1, 0))
_OVER = ((-1, 0, 0), (0, 1, 0), (0, 0, -1))
_SAME = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
_TURNS = {"z-up": None, "y-up": (_SKULL_Y, _SKULL_Y), "teeth-up": (_OVER, _SAME)}


def _turned(tooth: ToothTruth, turn: Floats) -> ToothTruth:
    line = tuple(_point(turn @ p) for p in tooth.finish_line)
    return evolve(tooth, centre=_point(turn @ tooth.centre), finish_line=line)


def _moved(mesh: Mesh, turn: Floats) -> Mesh:
    return evolve(mesh, vertices=np.ascontiguousarray((mesh.vertices @ turn.T).astype(np.float32)))
