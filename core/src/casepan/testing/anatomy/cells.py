"""An arch as a row of cells: teeth, gaps and the pads behind the last tooth, with the gum line around each."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from attrs import evolve, frozen

from casepan.testing.anatomy.crowns import CROWNS, UPPER, arch_of, position
from casepan.testing.anatomy.noise import Floats
from casepan.testing.anatomy.person import Person, Stand

TOOTH, PREPARED, SCAN_BODY, MISSING, PAD = "tooth", "prepared", "scan-body", "missing", "pad"
PAD_LENGTH = 13.0
_ROOTED = (TOOTH, PREPARED)


@frozen
class Line:
    """Where gum and crown meet at one place along the arch: offsets towards the cheek, heights, the rise between."""

    buccal: float
    lingual: float
    buccal_height: float
    lingual_height: float
    saddle: float


@frozen
class Cell:
    """One tooth's place. ``middle`` and the two ends say how the gum line runs around it."""

    fdi: int
    kind: str
    stand: Stand
    start: float
    end: float
    middle: Line
    first: Line
    last: Line

    @property
    def centre(self) -> float:
        """The middle of the cell along the arch, mm."""
        return (self.start + self.end) / 2

    @property
    def mesial(self) -> int:
        """Which way along the arch is mesial: -1 on the patient's right, +1 on the left."""
        return -1 if self.centre > 0 else 1

    def base(self, x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
        """Length, outward offset and height of the surface without its crown, at cell coordinates in [-1, 1]."""
        reach = np.abs(x) ** 2.4
        middle, first, last = _numbers(self.middle), _numbers(self.first), _numbers(self.last)
        buccal, lingual, buccal_height, lingual_height, saddle = (
            m + reach * np.where(x < 0, f - m, e - m) for m, f, e in zip(middle, first, last, strict=True)
        )
        share = (y + 1) / 2
        outward = buccal + (lingual - buccal) * share
        height = buccal_height + (lingual_height - buccal_height) * share + saddle * (1 - y * y)
        return self.centre + x * (self.end - self.start) / 2, outward, height


def _numbers(line: Line) -> tuple[float, float, float, float, float]:
    return line.buccal, line.lingual, line.buccal_height, line.lingual_height, line.saddle


def row(person: Person, arch: str, kinds: Mapping[int, str]) -> tuple[Cell, ...]:
    """The cells of one arch from the patient's left to the right. ``kinds``: FDI numbers that are not plain teeth."""
    quadrants = (1, 2) if arch == UPPER else (4, 3)
    present = {fdi for fdi in person.stands if fdi // 10 in quadrants}
    last = max(7, *(position(fdi) for fdi in present), 0)
    right = _half(person, quadrants[0], last, present, kinds)
    left = [_mirrored(cell) for cell in reversed(_half(person, quadrants[1], last, present, kinds))]
    return _joined(left + right, person.gums[arch].height)


def _half(person: Person, quadrant: int, last: int, present: set[int], kinds: Mapping[int, str]) -> list[Cell]:
    cells, start = [], 0.0
    for place in range(1, last + 1):
        fdi = quadrant * 10 + place
        kind = kinds.get(fdi, TOOTH) if fdi in present else MISSING
        stand = person.stands.get(fdi) or _absent(fdi)
        end = start + stand.crown.width + stand.gap
        cells.append(_cell(fdi, kind, stand, start, end))
        start = end
    pad = _absent(quadrant * 10 + last)
    return [*cells, _cell(0, PAD, pad, start, start + PAD_LENGTH)]


def _absent(fdi: int) -> Stand:
    crown = CROWNS[arch_of(fdi)][position(fdi) - 1]
    return Stand(crown, 0.0, 0.0, 0.0, 0.0, 0.0)


def _cell(fdi: int, kind: str, stand: Stand, start: float, end: float) -> Cell:
    breadth, height = stand.crown.breadth, stand.crown.height
    share, saddle, rise = {PAD: (0.34, 1.4, 0.4), MISSING: (0.36, 1.2, 0.4), SCAN_BODY: (0.36, 1.0, 0.4)}.get(
        kind, (0.45, 0.0, 0.0)
    )
    offset = stand.outward * 0.6 - stand.torque * (height + stand.pivot)
    middle = Line(breadth * share + offset, -breadth * share + offset, rise - height, rise + 0.6 - height, saddle)
    return Cell(fdi, kind, stand, start, end, middle, middle, middle)


def _mirrored(cell: Cell) -> Cell:
    return evolve(cell, start=-cell.end, end=-cell.start)


def _joined(cells: list[Cell], gum: float) -> tuple[Cell, ...]:
    cells = [evolve(c, middle=_raised(c.middle, gum)) for c in cells]
    lines = [_behind(cells[0]), *(_between(a, b) for a, b in pairwise(cells)), _behind(cells[-1])]
    return tuple(evolve(c, first=lines[k], last=lines[k + 1]) for k, c in enumerate(cells))


def _raised(line: Line, by: float) -> Line:
    return evolve(line, buccal_height=line.buccal_height + by, lingual_height=line.lingual_height + by)


def _between(a: Cell, b: Cell) -> Line:
    """The papilla between two teeth, or the flat gum beside a gap."""
    rooted = (a.kind in _ROOTED) + (b.kind in _ROOTED)
    breadth = (a.stand.crown.breadth + b.stand.crown.breadth) / 2
    height = (a.middle.buccal_height + b.middle.buccal_height) / 2
    rise = (0.3, 1.0, -0.42 * height)[rooted]
    saddle = (1.0, 0.2, -0.4)[rooted]
    middle = (a.middle.buccal + a.middle.lingual + b.middle.buccal + b.middle.lingual) / 4
    share = 0.31 if rooted else 0.35
    return Line(middle + breadth * share, middle - breadth * share, height + rise, height + rise, saddle)


def _behind(cell: Cell) -> Line:
    line = cell.middle
    return evolve(line, buccal_height=line.buccal_height - 1.0, lingual_height=line.lingual_height - 1.0)
