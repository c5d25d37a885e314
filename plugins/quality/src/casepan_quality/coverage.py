"""``quality.coverage``: the scans show what is ordered, and what it has to fit to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from attrs import define

from casepan.api import Case, Context, Finding, Scan, arch_of
from casepan.mesh import Mesh
from casepan.mesh.dentition.crest import Floats
from casepan.mesh.dentition.places import Placement
from casepan_quality.geometry_options import CoverageOptions
from casepan_quality.gums import Gums, Side
from casepan_quality.scans import Jaw, arches, placed
from casepan_quality.shapes import shape_of

_APPLIANCES = frozenset(("partial-denture", "full-denture", "splint", "retainer", "aligner", "tray"))
_OPPOSITE = {1: 4, 2: 3, 3: 2, 4: 1}
_AGAIN = "Ask the office to scan this part as well."
_SHORT_MM = 45.0  # a scan with less crest than this shows a handful of teeth; places are twice as uncertain
_LAST = 7  # third molars need not be there
_BACK = (4, 5, 6)  # where a palate is measured
_SIDES: tuple[Side, ...] = ("cheek", "tongue")
_GUM_DOUBT_MM = 1.0
_CROWN_MM = 5.0  # half the breadth of a back tooth
_GAP_MM = 2.0  # more than this between squares is a border


@define(frozen=True, eq=False)
class _View:
    """One scan with the places of its teeth and the limits."""

    scan: Scan
    mesh: Mesh
    jaw: Jaw
    placement: Placement
    options: CoverageOptions

    @property
    def doubt_mm(self) -> float:
        """How far teeth may lie from their places: nothing to speak of in a full arch."""
        if self.placement.is_full:
            return 0.0
        return float(self.options.partial_mm) * (1 if self.placement.length_mm >= _SHORT_MM else 2)

    def place(self, along: float) -> tuple[float, float, float]:
        """A point of the curve in the file's coordinates."""
        x, y = self.placement.arch.point(along)
        a, b, c = self.placement.arch.relief.plane.back(np.array([[x, y, 0.0]]))[0].tolist()
        return a, b, c

    def span(self, tooth: int) -> tuple[float, float]:
        """Where a tooth's place begins and ends along the curve."""
        middle, half = self.placement.arch.position(tooth), self.placement.arch.width(tooth) / 2
        return middle - half, middle + half


class Coverage:
    """Lay the ordered teeth on the arch of each scan and look whether they are there."""

    def __init__(self, options: CoverageOptions) -> None:
        self.options = options

    def check(self, case: Case, ctx: Context) -> Iterator[Finding]:
        """``coverage.*`` for every scan that shows one known arch."""
        for scan, mesh, jaw in arches(case, ctx):
            ordered, beside = wanted(case, jaw)
            if not ordered and not beside:
                continue
            found = placed(mesh, jaw)
            if found is None:
                yield _no_row(scan, ordered)
                continue
            view = _View(scan, mesh, jaw, found, self.options)
            yield from _outside(view, ordered, beside)
            yield from _in_holes(view, ordered)
            yield from _distal(view, ordered)
            yield from _gum_bands(view, ordered)
            if _is_appliance(case, jaw):
                yield from _appliance(view)


def wanted(case: Case, jaw: Jaw) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The ordered teeth of an arch, and those beside them or opposite them. Primary teeth have no places here."""
    teeth = [tooth for tooth in case.prescription.teeth if tooth // 10 <= 4]
    own = [tooth for tooth in teeth if arch_of(tooth) == jaw]
    others = [neighbour for tooth in own for neighbour in _neighbours(tooth)]
    others += [_OPPOSITE[tooth // 10] * 10 + tooth % 10 for tooth in teeth if arch_of(tooth) != jaw]
    return tuple(own), tuple(sorted({tooth for tooth in others if tooth % 10 <= _LAST} - set(own)))


def _neighbours(tooth: int) -> tuple[int, int]:
    quadrant, place = divmod(tooth, 10)
    across = {1: 2, 2: 1, 3: 4, 4: 3}[quadrant]
    return (across * 10 + 1 if place == 1 else tooth - 1), tooth + 1


def _is_appliance(case: Case, jaw: Jaw) -> bool:
    """Whether something is ordered that lies on a whole arch, this one as far as teeth are named."""
    for item in case.prescription.items:
        if item.kind in _APPLIANCES and (not item.teeth or jaw in {arch_of(tooth) for tooth in item.teeth}):
            return True
    return False


def _no_row(scan: Scan, ordered: tuple[int, ...]) -> Finding:
    """A ridge without teeth has no row; every other scan that must show an ordered tooth should have one."""
    words = "no row of teeth stands out in this scan, so teeth cannot be found in it"
    return _unknown(scan, ordered, words, "warning" if ordered and scan.role != "edentulous" else "info")


def _unknown(scan: Scan, teeth: tuple[int, ...], words: str, severity: Literal["info", "warning"] = "info") -> Finding:
    hint = "Look at the scan: does it show what is ordered?"
    return Finding("coverage.unknown", severity, words, scan=scan.id, teeth=teeth, hint=hint)


def _outside(view: _View, ordered: tuple[int, ...], beside: tuple[int, ...]) -> Iterator[Finding]:
    """``coverage.tooth-outside`` for teeth past the scan's end, ``coverage.unknown`` where places are uncertain."""
    limit = view.options.tooth_percent
    begin, end = view.placement.ends
    for tooth in (*ordered, *beside):
        low, high = view.span(tooth)
        share = view.placement.percent_shown(low, high)
        if share >= limit:
            continue
        gap = max(begin - high, low - end)
        if view.doubt_mm and gap < view.doubt_mm:
            if tooth in ordered:
                yield _unknown(view.scan, (tooth,), f"this partial scan ends near tooth {tooth} and may not show it")
            continue
        what = "ordered tooth" if tooth in ordered else "neighbour or opponent"
        yield Finding(
            "coverage.tooth-outside",
            "warning",
            f"the scan shows {share:.0f} % of the place of the {what} {tooth}",
            scan=view.scan.id,
            where_mm=view.place(min(max((low + high) / 2, begin), end)),
            value=round(share, 1),
            limit=limit,
            unit="%",
            teeth=(tooth,),
            hint=_AGAIN,
        )


def _in_holes(view: _View, ordered: tuple[int, ...]) -> Iterator[Finding]:
    """``coverage.tooth-in-hole``: holes on the crowns of ordered teeth."""
    for loop in shape_of(view.mesh).topology.holes:
        tooth = view.placement.crown_at(np.array(loop.centre))
        if tooth in ordered and loop.across_mm >= view.options.hole_mm:
            yield Finding(
                "coverage.tooth-in-hole",
                "warning",
                f"the ordered tooth {tooth} has a hole of {loop.across_mm:.1f} mm",
                scan=view.scan.id,
                where_mm=loop.centre,
                value=round(loop.across_mm, 2),
                limit=view.options.hole_mm,
                unit="mm",
                teeth=(tooth,),
                hint="Ask the office to scan this tooth again.",
            )


def _distal(view: _View, ordered: tuple[int, ...]) -> Iterator[Finding]:
    """``coverage.distal-cut``: the scan ends right behind, or in, an ordered molar."""
    if view.doubt_mm:
        return
    begin, end = view.placement.ends
    for tooth in ordered:
        low, high = view.span(tooth)
        behind = low - begin if view.placement.arch.position(tooth) < 0 else end - high
        share = view.placement.percent_shown(low, high)
        if tooth % 10 < _LAST - 1 or behind >= view.options.distal_mm or share < view.options.tooth_percent:
            continue
        yield Finding(
            "coverage.distal-cut",
            "warning",
            f"the scan ends at the back of tooth {tooth}",
            scan=view.scan.id,
            where_mm=view.place(begin if view.placement.arch.position(tooth) < 0 else end),
            value=round(behind, 1),
            limit=view.options.distal_mm,
            unit="mm",
            teeth=(tooth,),
            hint="Ask the office to scan round the back of this tooth.",
        )


def _gum_bands(view: _View, ordered: tuple[int, ...]) -> Iterator[Finding]:
    """``coverage.gum-band``: the border runs close to the gum line of an ordered tooth and those beside it."""
    if not view.placement.is_full or view.scan.role == "edentulous" or shape_of(view.mesh).topology.is_closed:
        return
    for tooth in ordered:
        gums = Gums(view.placement, view.mesh.welded(), tooth)
        for side in _SIDES:
            row = [gums.band_mm(other, side) for other in (tooth, *_neighbours(tooth)) if other % 10 < _LAST]
            known = [band for band in row if band is not None]
            band = float(np.median(known)) if len(known) > 1 else None
            if band is None or band >= view.options.gum_band_mm - _GUM_DOUBT_MM:
                continue
            yield Finding(
                "coverage.gum-band",
                "warning",
                f"the scan shows {band:.1f} mm of gum on the {side} side of tooth {tooth}",
                scan=view.scan.id,
                where_mm=view.place(view.placement.arch.position(tooth)),
                value=round(band, 1),
                limit=view.options.gum_band_mm,
                unit="mm",
                teeth=(tooth,),
                hint="Ask the office to scan further down.",
            )


def _appliance(view: _View) -> Iterator[Finding]:
    """``coverage.ridge`` and, above, ``coverage.palate-band`` for work that lies on the arch."""
    quadrants = view.placement.arch.quadrants
    begin, end = view.span(quadrants[0] * 10 + _LAST)[0], view.span(quadrants[1] * 10 + _LAST)[1]
    share = view.placement.percent_shown(begin, end)
    if share < view.options.ridge_percent:
        yield Finding(
            "coverage.ridge",
            "warning",
            f"the scan shows {share:.0f} % of the arch",
            scan=view.scan.id,
            where_mm=view.place(view.placement.ends[0]),
            value=round(share, 1),
            limit=view.options.ridge_percent,
            unit="%",
            hint=_AGAIN,
        )
    if view.jaw == "upper":
        yield from _palate(view)


def _palate(view: _View) -> Iterator[Finding]:
    bands = {tooth: _band(view, tooth) for tooth in view.placement.arch.teeth if tooth % 10 in _BACK}
    width = float(np.median(list(bands.values())))
    if width < view.options.palate_band_mm:
        least = min(bands, key=lambda tooth: bands[tooth])
        yield Finding(
            "coverage.palate-band",
            "warning",
            f"the scan shows {width:.0f} mm of palate inside the back teeth",
            scan=view.scan.id,
            where_mm=view.place(view.placement.arch.position(least)),
            value=round(width, 1),
            limit=view.options.palate_band_mm,
            unit="mm",
            hint="Ask the office to scan more of the palate.",
        )


def _band(view: _View, tooth: int) -> float:
    """How much surface there is inside a tooth's crown towards the midline, mm, seen from the biting side."""
    arch = view.placement.arch
    squares: Floats = arch.relief.places(arch.relief.scanned)
    along, across = arch.unrolled(squares)
    beside = np.abs(along - arch.position(tooth)) < arch.width(tooth) / 2
    inside = np.sort(-across[beside & (across < -_CROWN_MM)])
    steps = np.diff(np.concatenate([[_CROWN_MM], inside]))
    broken = np.flatnonzero(steps > _GAP_MM)
    reached = inside[: broken[0]] if len(broken) else inside
    return float(reached[-1] - _CROWN_MM) if len(reached) else 0.0
