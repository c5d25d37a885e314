"""What the generator knows about the jaws it made: read off the surface itself, so that it lies on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from attrs import frozen

from casepan.errors import UsageError
from casepan.testing.anatomy.cells import PREPARED, SCAN_BODY, TOOTH, Cell
from casepan.testing.anatomy.crowns import arch_of
from casepan.testing.anatomy.noise import Floats
from casepan.testing.anatomy.occlusion import into_world
from casepan.testing.anatomy.patches import body_top, finish_line
from casepan.testing.anatomy.person import Person
from casepan.testing.anatomy.sheet import values_at
from casepan.testing.anatomy.shell import Shell

Point = tuple[float, float, float]
_SIDES = {"buccal": -0.72, "occlusal": 0.0, "lingual": 0.72}


@frozen
class Hole:
    """A hole to plant: on which tooth, how wide (mm), and where: ``"occlusal"``, ``"buccal"`` or ``"lingual"``."""

    fdi: int
    diameter: float = 2.0
    side: str = "occlusal"


@frozen
class ToothTruth:
    """What is known about one tooth's place.

    Attributes:
        fdi: its number (ISO 3950).
        kind: ``"tooth"``, ``"prepared"``, ``"scan-body"`` or ``"missing"``.
        centre: mm, on the surface, in the middle of its chewing surface or edge; of a scan body, where its axis leaves
            its top.
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
    """What is known about a pair.

    Attributes:
        seed: what it was grown from.
        teeth: every place of a tooth by FDI number, missing ones included.
        holes: the holes planted.
        islands: how many scraps float beside each arch.
        frame: the frame all points are in.
        coverage: how much of the arches was scanned.
    """

    seed: int
    teeth: Mapping[int, ToothTruth]
    holes: tuple[HoleTruth, ...]
    islands: Mapping[str, int]
    frame: str
    coverage: str

    def of(self, arch: str) -> tuple[ToothTruth, ...]:
        """The teeth of one arch."""
        return tuple(tooth for tooth in self.teeth.values() if arch_of(tooth.fdi) == arch)


def teeth_of(person: Person, arch: str, shell: Shell) -> dict[int, ToothTruth]:
    """The places of one arch, by FDI number."""
    return {cell.fdi: _tooth(person, arch, shell, cell) for cell in shell.sheet.cells if cell.fdi}


def holes_of(
    shells: Mapping[str, Shell], teeth: Mapping[int, ToothTruth], wanted: Iterable[Hole]
) -> tuple[HoleTruth, ...]:
    """Where the wanted holes go.

    Raises:
        UsageError: for a tooth that is not there or a side that no tooth has.
    """
    return tuple(_hole(shells, teeth, hole) for hole in wanted)


def _hole(shells: Mapping[str, Shell], teeth: Mapping[int, ToothTruth], hole: Hole) -> HoleTruth:
    if hole.fdi not in teeth or teeth[hole.fdi].kind not in (TOOTH, PREPARED):
        raise UsageError(f"cannot plant a hole on tooth {hole.fdi}: it is not there", hint="Name a tooth of this jaw.")
    if hole.side not in _SIDES:
        raise UsageError(f'a tooth has no side "{hole.side}"', hint=f"Known: {', '.join(_SIDES)}.")
    arch = arch_of(hole.fdi)
    shell = shells[arch]
    cell = next(c for c in shell.sheet.cells if c.fdi == hole.fdi)
    place = np.array([0.0, _SIDES[hole.side]])
    return HoleTruth(arch, point(_on_surface(shell, cell, place)), hole.diameter)


def _tooth(person: Person, arch: str, shell: Shell, cell: Cell) -> ToothTruth:
    crown = cell.stand.crown
    line = _finish(shell, cell) if cell.kind == PREPARED else ()
    middle = point(_on_surface(shell, cell, np.zeros(2)))
    if cell.kind == SCAN_BODY:
        middle = point(into_world(person, arch, body_top(cell, person.curves[arch])))
    return ToothTruth(cell.fdi, cell.kind, middle, crown.width, crown.breadth, line)


def _finish(shell: Shell, cell: Cell) -> tuple[Point, ...]:
    steps = np.linspace(-1, 1, 24, endpoint=False)
    one = np.ones_like(steps)
    sides = ((steps, -one), (one, steps), (-steps, one), (-one, -steps))
    around = np.concatenate([np.stack(side, axis=-1) for side in sides])
    return tuple(point(p) for p in _on_surface(shell, cell, finish_line(cell, around)))


def _on_surface(shell: Shell, cell: Cell, place: Floats) -> Floats:
    """Points (..., 3) at coordinates (..., 2) of a cell, on the finished surface."""
    grid = shell.sheet.grid
    columns = np.flatnonzero(grid.owner == shell.sheet.cells.index(cell))
    column = columns[0] + (place[..., 0] + 1) / 2 * len(columns)
    row = shell.sheet.crown_rows.start + (place[..., 1] + 1) / 2 * grid.rows[1]
    return values_at(shell.world, column, row)


def point(values: Floats) -> Point:
    """Three numbers as a plain tuple."""
    return float(values[0]), float(values[1]), float(values[2])
