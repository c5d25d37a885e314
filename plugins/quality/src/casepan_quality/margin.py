"""``quality.margin``: a prepared tooth stands where a crown is ordered, and the surface round it shows its finish line.

It claims no more than the geometry shows: a tooth that is as high as its neighbours was not cut for a crown, a finish
line in a hole cannot be seen. How sharp the line is, and whether gums cover it, it does not say; that the triangles there
are fine enough is the business of ``quality.mesh``.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from attrs import define

from casepan.api import Case, Context, Finding, Scan
from casepan.mesh import Mesh
from casepan.mesh.dentition.crest import Floats
from casepan.mesh.dentition.places import Placement
from casepan_quality.geometry_options import MarginOptions
from casepan_quality.scans import arches, placed
from casepan_quality.shapes import shape_of

CROWNS = frozenset(("crown", "coping", "post-core"))
"""Kinds of work whose tooth is cut down all over. Inlays, onlays and veneers leave part of its height."""

_ROLES = ("arch", "preparation")
_TABLE_MM = 3.0  # half the breadth of what is looked at across a crown
_TABLE = 0.3  # of a tooth's width to each side: its chewing surface without the contacts
_DOUBT_MM = 0.25  # round the limit of height: there a crown that is cut shows by its breadth as well
_NARROW = 0.85  # of the breadth of the same tooth on the other side: cut ones have 0.5 to 0.9, whole ones 0.8 to 1.2
_UNDER_MM = 2.0  # below its top: where its breadth is taken
_STRAY = 0.25  # of a tooth's width: how far a tooth may lie from its place in a full arch
_AROUND = (0.3, 0.8)  # of a tooth's width from its middle: where its finish line runs
_BESIDE_MM = 7.5  # the same across the arch, outer end
_LONGER_MM = 4.0  # how much longer than the mean a crown may be
_TOP = 0.6  # of a crown's height: deeper down, leaning front teeth have their finish line under their middle
_SHORT_MM = 60.0  # a scan with less crest has too few teeth to compare, and to count: its answer is a note
_SHOWN = 60.0  # percent of a place: with less the tooth is outside, and quality.coverage says so


@define(frozen=True, eq=False)
class _Row:
    """The row of teeth as seen from the biting side.

    Attributes:
        placement: where the teeth are.
        along, across, heights: float64 (k,), squares of the row, mm.
    """

    placement: Placement
    along: Floats
    across: Floats
    heights: Floats

    def top(self, along: float, width: float) -> float | None:
        """The height of the chewing surface at a place, None where nothing was scanned."""
        near = (np.abs(self.along - along) < _TABLE * width) & (np.abs(self.across) < _TABLE_MM)
        return float(np.percentile(self.heights[near], 85)) if near.sum() > 3 else None

    def tops(self, tooth: int, stray: float) -> list[float]:
        """The same at a tooth's place and so many mm before and behind it, where something was scanned."""
        middle, width = self.placement.arch.position(tooth), self.placement.arch.width(tooth)
        found = (self.top(float(middle + step), width) for step in np.arange(-stray, stray + 0.1, 0.5))
        return [height for height in found if height is not None]

    def level(self, tooth: int) -> float | None:
        """How high a tooth stands: the median over all places where it may be in a full arch."""
        tops = self.tops(tooth, _STRAY * self.placement.arch.width(tooth))
        return float(np.median(tops)) if tops else None

    def narrowed(self, tooth: int) -> float | None:
        """The breadth of a crown over that of the same tooth on the other side; None where one was not scanned."""
        own, other = self._squares(tooth), self._squares(_other_side(self.placement, tooth))
        return own / other if own and other else None

    def _squares(self, tooth: int) -> float:
        """How many squares of a tooth lie little below its top, for each mm of its width."""
        middle, width = self.placement.arch.position(tooth), self.placement.arch.width(tooth)
        top = self.top(middle, width)
        near = np.abs(self.along - middle) < _TABLE * width
        return float((self.heights[near] > top - _UNDER_MM).sum()) / width if top is not None else 0.0


class Margin:
    """Look for the preparation at each ordered crown."""

    def __init__(self, options: MarginOptions) -> None:
        self.options = options

    def check(self, case: Case, ctx: Context) -> Iterator[Finding]:
        """``margin.missing`` and ``margin.unclear`` for crowns on the scans that should show their preparation."""
        teeth = {tooth for item in case.prescription.items if item.kind in CROWNS for tooth in item.teeth}
        if not teeth:
            return
        for scan, mesh, jaw in arches(case, ctx):
            found = placed(mesh, jaw) if scan.role in _ROLES else None
            if found is None:
                continue
            row = _row(found)
            for tooth in sorted(teeth.intersection(found.arch.teeth)):
                yield from self._tooth(scan, mesh, row, tooth, teeth)

    def _tooth(self, scan: Scan, mesh: Mesh, row: _Row, tooth: int, ordered: set[int]) -> Iterator[Finding]:
        middle, width = row.placement.arch.position(tooth), row.placement.arch.width(tooth)
        if row.placement.percent_shown(middle - width / 2, middle + width / 2) < _SHOWN:
            return
        reduction = self._reduction(row, tooth, ordered)
        if reduction is not None and not self._is_cut(row, tooth, reduction, ordered):
            yield self._missing(scan, row.placement, tooth, reduction)
            return
        yield from self._holes(scan, mesh, row.placement, tooth)

    def _is_cut(self, row: _Row, tooth: int, reduction: float, ordered: set[int]) -> bool:
        """Whether a tooth so much lower than others was cut down; near the limit its breadth decides, where it is known."""
        over = reduction - self.options.reduction_mm
        comparable = row.placement.is_full and _other_side(row.placement, tooth) not in ordered
        narrowed = row.narrowed(tooth) if comparable and abs(over) < _DOUBT_MM else None
        return over >= 0 if narrowed is None else narrowed < _NARROW

    def _reduction(self, row: _Row, tooth: int, ordered: set[int]) -> float | None:
        """How much lower a tooth stands than those around it, mm; None where nothing was scanned.

        All are measured alike: the lowest of many heights of one tooth lies under the middle of any other. Only where
        teeth cannot be counted off the lowest place far and wide stands for the ordered tooth.
        """
        arch = row.placement.arch
        levels = [row.level(other) for other in _around(arch.teeth, tooth) if other not in ordered]
        heights = [level for level in levels if level is not None]
        low = row.level(tooth) if row.placement.is_full else min(row.tops(tooth, self.options.partial_mm), default=None)
        return float(np.median(heights)) - low if heights and low is not None else None

    def _missing(self, scan: Scan, placement: Placement, tooth: int, reduction: float) -> Finding:
        x, y, z = placement.middle(tooth).tolist()
        broad = ", and as broad as on the other side" if reduction >= self.options.reduction_mm else ""
        return Finding(
            "margin.missing",
            "warning" if placement.length_mm >= _SHORT_MM else "info",
            f"no preparation is seen at tooth {tooth}: it is {max(reduction, 0.0):.1f} mm lower than its neighbours{broad}",
            scan=scan.id,
            where_mm=(x, y, z),
            value=round(reduction, 2),
            limit=self.options.reduction_mm,
            unit="mm",
            teeth=(tooth,),
            hint="Check the tooth number, and ask for the scan of the preparation.",
        )

    def _holes(self, scan: Scan, mesh: Mesh, placement: Placement, tooth: int) -> Iterator[Finding]:
        for loop in shape_of(mesh).topology.holes:
            if loop.across_mm >= self.options.hole_mm and _is_around(placement, tooth, np.array(loop.centre)):
                yield Finding(
                    "margin.unclear",
                    "warning",
                    f"a hole of {loop.across_mm:.1f} mm lies where the finish line of tooth {tooth} runs",
                    scan=scan.id,
                    where_mm=loop.centre,
                    value=round(loop.across_mm, 2),
                    limit=self.options.hole_mm,
                    unit="mm",
                    teeth=(tooth,),
                    hint="Ask the office to retract, dry and scan the preparation again.",
                )


def _other_side(placement: Placement, tooth: int) -> int:
    """The same tooth on the other side of the arch."""
    teeth = placement.arch.teeth
    return teeth[-1 - teeth.index(tooth)]


def _row(placement: Placement) -> _Row:
    squares = placement.arch.relief.places(placement.arch.relief.scanned)
    along, across = placement.arch.unrolled(squares)
    near = np.abs(across) < _BESIDE_MM
    return _Row(placement, along[near], across[near], squares[near, 2])


def _around(teeth: tuple[int, ...], tooth: int) -> tuple[int, ...]:
    """Two teeth on each side and the same tooth on the other side, third molars left out."""
    place = teeth.index(tooth)
    others = (*teeth[max(0, place - 2) : place], *teeth[place + 1 : place + 3], teeth[-1 - place])
    return tuple(other for other in others if other % 10 != 8)


def _is_around(placement: Placement, tooth: int, place: Floats) -> bool:
    """Whether a place (3,) lies where the finish line of a tooth runs: round its middle, or deep under it."""
    arch = placement.arch
    flat = arch.relief.plane.flat(place[None, :])
    along, across = (float(values[0]) for values in arch.unrolled(flat))
    beside = abs(along - arch.position(tooth))
    inner, outer = (share * arch.width(tooth) for share in _AROUND)
    crown, depth = placement.crown_height(tooth), -flat[0, 2]
    on_top = depth < _TOP * crown and np.hypot(beside, across) < inner
    return bool(beside < outer and abs(across) < _BESIDE_MM and depth < crown + _LONGER_MM and not on_top)
