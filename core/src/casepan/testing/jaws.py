"""Generated jaws: pairs of open shells that really meet in a bite, for samples, tests, demos and benchmarks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from attrs import evolve, frozen

from casepan.errors import UsageError
from casepan.mesh.surface import Mesh
from casepan.testing.anatomy.bite import buccal_bites
from casepan.testing.anatomy.border import COVERAGES
from casepan.testing.anatomy.cells import MISSING, PREPARED, SCAN_BODY
from casepan.testing.anatomy.crowns import LOWER, UPPER
from casepan.testing.anatomy.occlusion import Ceiling, meet
from casepan.testing.anatomy.person import Person, grow
from casepan.testing.anatomy.shell import Shell, shell
from casepan.testing.faults import hole
from casepan.testing.frames import FRAMES, turned, turned_truth
from casepan.testing.truth import Hole, Truth, holes_of, teeth_of

FEWEST, MOST = 1_500, 2_000_000
_PERMANENT = frozenset(q * 10 + p for q in (1, 2, 3, 4) for p in range(1, 9))
_WISDOM = frozenset((18, 28, 38, 48))


@frozen
class JawPair:
    """An upper and a lower arch, the bite scans that lie on both (left first), and the truth about them."""

    upper: Mesh
    lower: Mesh
    bites: tuple[Mesh, ...]
    truth: Truth


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
    z = 0, the lower below. ``"y-up"`` is the same turned so that y points to the skull. ``"teeth-up"`` turns the upper
    over so that both arches face +z, as some scanners export them for model making: then they are NOT in occlusion.

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
        UsageError: for a seed, a tooth, a count, a coverage or a frame that does not exist, or two kinds of work on one tooth.
    """
    _check_numbers(seed, triangles)
    _check_known("coverage", coverage, COVERAGES)
    _check_known("frame", frame, FRAMES)
    kinds = _kinds({PREPARED: preparations, SCAN_BODY: scan_bodies, MISSING: missing})
    worked = frozenset(fdi for fdi, kind in kinds.items() if kind != MISSING)
    person, ceiling = _patient(seed, teeth=None if teeth is None else _checked(teeth) | worked, also=worked & _WISDOM)
    shells = {arch: shell(person, arch, kinds, ceiling, triangles, coverage) for arch in (UPPER, LOWER)}
    truth = _truth(person, shells, holes, coverage)
    bites = [_coloured(bite, colour) for bite in buccal_bites(person, shells, coverage)]
    arches = {arch: _coloured(_with_holes(grown.mesh, arch, truth), colour) for arch, grown in shells.items()}
    return JawPair(
        upper=turned(arches[UPPER], frame, UPPER),
        lower=turned(arches[LOWER], frame, LOWER),
        bites=tuple(turned(bite, frame, LOWER) for bite in bites),
        truth=turned_truth(truth, frame),
    )


def upper_scan(seed: int = 0, *, triangles: int = 30_000, colour: bool = True) -> Mesh:
    """The upper arch of :func:`jaw_pair` alone, without the cost of the rest."""
    return _single(UPPER, seed, triangles, colour)


def lower_scan(seed: int = 0, *, triangles: int = 30_000, colour: bool = True) -> Mesh:
    """The lower arch of :func:`jaw_pair` alone, without the cost of the rest."""
    return _single(LOWER, seed, triangles, colour)


def _single(arch: str, seed: int, triangles: int, colour: bool) -> Mesh:
    _check_numbers(seed, triangles)
    person, ceiling = _patient(seed, teeth=None, also=frozenset())
    return _coloured(shell(person, arch, {}, ceiling, triangles, "full").mesh, colour)


@lru_cache(maxsize=32)
def _patient(seed: int, teeth: frozenset[int] | None, also: frozenset[int]) -> tuple[Person, Ceiling]:
    """A person whose teeth meet. Cached: how they meet depends neither on the triangle count nor on the work."""
    return meet(grow(seed, teeth, also))


def _truth(person: Person, shells: Mapping[str, Shell], holes: Iterable[Hole], coverage: str) -> Truth:
    teeth = {fdi: tooth for arch, grown in shells.items() for fdi, tooth in teeth_of(person, arch, grown).items()}
    planted = holes_of(shells, teeth, holes)
    islands = {arch: grown.islands for arch, grown in shells.items()}
    return Truth(person.seed, teeth, planted, islands, "z-up", coverage)


def _with_holes(mesh: Mesh, arch: str, truth: Truth) -> Mesh:
    for planted in truth.holes:
        if planted.arch == arch:
            mesh = hole(mesh, planted.centre, planted.diameter)
    return mesh


def _coloured(mesh: Mesh, colour: bool) -> Mesh:
    return mesh if colour else evolve(mesh, vertex_colours=None)


def _check_numbers(seed: int, triangles: int) -> None:
    if seed < 0:
        raise UsageError(f"a seed cannot be {seed}", hint="Give 0 or more.")
    if not FEWEST <= triangles <= MOST:
        raise UsageError(f"cannot make an arch of {triangles} triangles", hint=f"Ask for {FEWEST} to {MOST}.")


def _check_known(what: str, value: str, known: Collection[str]) -> None:
    if value not in known:
        raise UsageError(f'unknown {what} "{value}"', hint=f"Known: {', '.join(known)}.")


def _kinds(work: Mapping[str, Iterable[int]]) -> dict[int, str]:
    kinds: dict[int, str] = {}
    for kind, numbers in work.items():
        for fdi in sorted(_checked(numbers)):
            if fdi in kinds:
                raise UsageError(f"tooth {fdi} cannot be both {kinds[fdi]} and {kind}", hint="Name it once.")
            kinds[fdi] = kind
    return kinds


def _checked(numbers: Iterable[int]) -> frozenset[int]:
    found = frozenset(numbers)
    unknown = sorted(found - _PERMANENT)
    if unknown:
        raise UsageError(f"no permanent tooth has the number {unknown[0]}", hint="Give FDI numbers, 11 to 48.")
    return found
