"""``quality.bite``: the arches stand in occlusion, meet on both sides, and every bite scan lies on both of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from attrs import frozen

from casepan.api import Case, Context, Finding, Scan, arch_of
from casepan.mesh import Mesh, distance
from casepan_quality.clearance import clearances
from casepan_quality.meeting import REACH_MM, Bools, Floats, Meeting, meet
from casepan_quality.options import BiteOptions
from casepan_quality.patches import thinned
from casepan_quality.positions import Position, alternatives, further_position, lay, position_of, strangers
from casepan_quality.shapes import shape_of
from casepan_quality.surfaces import surfaces

Severity = Literal["info", "warning", "error"]
_RIDGE = "edentulous"
_TOGETHER = 30.0  # mm² that must face the other arch; a quadrant has 250, front teeth 100
_SAME_WAY = 0.3  # cosine between the biting directions: fronts in occlusion reach -0.3, arches side by side 1
_FIFTH = 0.2
_FRONT_MM = 8.0  # half the breadth of what counts as front: the incisors
_SIDE_MM2 = 50.0  # facing area from which a side counts as scanned on both arches
_NEAR = 0.5  # mm within which a bite scan counts as lying on an arch
_ENOUGH = 10_000  # faces of a bite scan: shares of it are asked for, to a percent


@frozen(eq=False)
class _Jaw:
    """One arch that takes part in the bite."""

    scan: Scan
    mesh: Mesh


class Bite:
    """Measure how the preferred upper and lower scan meet, then every bite scan against them."""

    def __init__(self, options: BiteOptions) -> None:
        self.options = options

    def check(self, case: Case, ctx: Context) -> Iterator[Finding]:
        """``bite.*``. A case without both arches, or with one inside out or closed, is not judged."""
        lower, upper = _jaw(case, ctx, "lower"), _jaw(case, ctx, "upper")
        if lower is None or upper is None:
            return
        meeting = meet(lower.mesh, upper.mesh)
        frames = self._frames(case, lower, upper, meeting)
        if frames is not None:
            yield frames
        else:
            yield from self._contacts(case, lower, upper, meeting)
            items = case.prescription.items
            yield from clearances(lower.scan, lower.mesh, upper.mesh, items, self.options)
            yield from clearances(upper.scan, upper.mesh, lower.mesh, items, self.options)
        yield from self._positions(case, ctx, lower, upper, in_occlusion=frames is None)

    def _frames(self, case: Case, lower: _Jaw, upper: _Jaw, meeting: Meeting) -> Finding | None:
        """Arches that do not stand in occlusion at all, each in a frame of its own."""
        how = apart(meeting, self.options.crossing)
        if how is None:
            return None
        promised = lower.scan.frame is not None and lower.scan.frame == upper.scan.frame
        aligned = bool(case.scans_of("bite")) and not promised
        return Finding(
            "bite.frames",
            "info" if aligned else "warning",
            f"{upper.scan.id} and {lower.scan.id} are not in occlusion: they {how}",
            scan=lower.scan.id,
            hint="Align them by the bite scan in CAD."
            if aligned
            else "Ask for an export in occlusion, or for the bite scan.",
        )

    def _contacts(self, case: Case, lower: _Jaw, upper: _Jaw, meeting: Meeting) -> Iterator[Finding]:
        if _RIDGE in (lower.scan.role, upper.scan.role):
            return  # gums do not meet
        near = self.options.contact + meeting.tolerance_mm
        sides = _sides(meeting)
        areas = {name: meeting.contact_area_mm2(near, where) for name, where in sides.items()}
        yield _summary(lower.scan, areas, near)
        yield from self._overlap(lower.scan, meeting)
        yield from self._open(case, lower.scan, meeting, sides)

    def _overlap(self, scan: Scan, meeting: Meeting) -> Iterator[Finding]:
        depth = meeting.level_mm(self.options.penetration_area)
        limit = self.options.penetration + meeting.tolerance_mm
        if depth > limit:
            area = meeting.contact_area_mm2(-limit)
            yield Finding(
                "bite.penetration",
                "warning",
                f"the arches run {depth:.2f} mm into each other, {area:.0f} mm² deeper than {limit:.2f} mm",
                scan=scan.id,
                where_mm=meeting.deepest,
                value=round(depth, 3),
                limit=round(limit, 3),
                unit="mm",
                hint="Ask for the bite again, or let CAD separate the arches.",
            )

    def _open(self, case: Case, scan: Scan, meeting: Meeting, sides: dict[str, Bools]) -> Iterator[Finding]:
        """No contact anywhere, or none on one of the sides that both scans show."""
        limit = self.options.open + meeting.tolerance_mm
        severity: Severity = "info" if _is_raised(case) else "warning"
        gap = -meeting.level_mm(self.options.penetration_area)
        if gap > limit:
            words = f"the bite is open: the arches come no nearer than {gap:.2f} mm"
            yield _unmet("bite.open", severity, words, scan, gap, limit)
            return
        for name, where in sides.items():
            gap = -meeting.level_mm(self.options.penetration_area, where)
            limit = self.options.open + 2 * meeting.tolerance_mm  # five vertices are a larger part of one side
            if name != "front" and gap > limit and float(meeting.areas_mm2[where].sum()) > _SIDE_MM2:
                words = f"the teeth do not meet on the {name} side: the gap is {gap:.2f} mm"
                yield _unmet("bite.no-contact", severity, words, scan, gap, limit)

    def _positions(
        self, case: Case, ctx: Context, lower: _Jaw, upper: _Jaw, *, in_occlusion: bool
    ) -> Iterator[Finding]:
        """Every bite scan against the arches, the positions they show, and whether they show these arches at all."""
        frames = {lower.scan.frame, upper.scan.frame}
        bites = [
            (scan, mesh)
            for scan, mesh in surfaces(case, ctx, "bite")
            if in_occlusion or scan.frame in frames  # three frames: CAD aligns them, nothing can be measured here
        ]
        laid = [lay(scan, mesh, {"lower": lower.mesh, "upper": upper.mesh}) for scan, mesh in bites]
        stranger = strangers(laid, {arch_of(tooth) for tooth in case.prescription.teeth}, self.options)
        if stranger is not None:
            yield _stranger(lower if stranger[0] == "lower" else upper, stranger, self.options)
        shown = [position_of(one, self.options) for one in laid] if in_occlusion else []
        further = _further(case, ctx, lower, upper, self.options) if in_occlusion else ()
        found = [one for one in (*shown, *further) if one is not None]
        other = list(alternatives(found, -_up(lower), self.options))
        yield from other
        explained = {finding.scan for finding in other if finding.severity == "info"}
        for scan, mesh in bites:
            if scan.id not in explained:
                yield from self._bite_scan(scan, mesh, lower, upper)

    def _bite_scan(self, scan: Scan, mesh: Mesh, lower: _Jaw, upper: _Jaw) -> Iterator[Finding]:
        """How near the bite scan lies to the arches where it lies over them; it may reach past their borders."""
        thin = thinned(mesh, _ENOUGH)
        over = {jaw.scan.id: _over(thin, jaw.mesh) for jaw in (upper, lower)}
        nearest = np.minimum(*over.values())
        met = nearest[nearest < REACH_MM]
        share = len(met) / len(nearest)
        if share < self.options.scan_over:
            words = f"only {share:.0%} of the bite scan lies over the arches"
            yield _off(scan, words, share, self.options.scan_over, None)
            return
        limits = {"half": (50, self.options.scan_median), "a tenth": (90, self.options.scan_90)}
        for part, (percent, limit) in limits.items():
            away = float(np.percentile(met, percent))
            if away > limit:
                yield _off(
                    scan, f"{part} of the bite scan lies {away:.2f} mm or more from the arches", away, limit, "mm"
                )
                return
        for arch, distances in over.items():
            share = float((distances < _NEAR).mean())
            if share < self.options.scan_share:
                words = f"the bite scan does not lie on {arch}: {share:.0%} of it is near"
                yield _off(scan, words, share, self.options.scan_share, None)


def apart(meeting: Meeting, crossing: float) -> str | None:
    """How two arches fail to stand in occlusion, or None where they do, be it a little open or a little deep.

    Args:
        meeting: the two arches.
        crossing: depth in mm that a fifth of the facing surface of crossed arches exceeds.
    """
    if meeting.opposition >= _SAME_WAY:
        return "face the same way"
    if meeting.facing_area_mm2 < _TOGETHER:
        return f"do not come nearer than {REACH_MM:g} mm"
    crossed = meeting.level_mm(_FIFTH * meeting.facing_area_mm2) > crossing
    return "run through each other" if crossed else None


def stand_in_occlusion(case: Case, ctx: Context) -> bool:
    """Whether the upper and the lower scan meet as they are, whatever their names and layout promise."""
    options = BiteOptions()
    lower, upper = _jaw(case, ctx, "lower"), _jaw(case, ctx, "upper")
    if lower is None or upper is None:
        return False
    meeting = meet(lower.mesh, upper.mesh)
    level = meeting.level_mm(options.penetration_area)
    together = -options.open - meeting.tolerance_mm < level < options.crossing
    return together and apart(meeting, options.crossing) is None


def _jaw(case: Case, ctx: Context, arch: str) -> _Jaw | None:
    """The scan that stands for an arch in the bite: open, the right side out, prepared before plain."""
    for role in ("preparation", "arch", "antagonist", _RIDGE):
        for scan, mesh in surfaces(case, ctx, role):
            shape = shape_of(mesh)
            upright = shape.occlusal is not None and (shape.rim_below is None or shape.rim_below > 0)
            if scan.arch == arch and upright:
                return _Jaw(scan, mesh)
    return None


def _sides(meeting: Meeting) -> dict[str, Bools]:
    """The facing vertices by the patient's side; all in one where they form no horseshoe."""
    right = meeting.rightward_mm
    if right is None:
        return {"scanned": np.ones(len(meeting.depth_mm), bool)}
    return {"right": right > _FRONT_MM, "left": right < -_FRONT_MM, "front": np.abs(right) <= _FRONT_MM}


def _further(case: Case, ctx: Context, lower: _Jaw, upper: _Jaw, options: BiteOptions) -> Iterator[Position | None]:
    """The positions of further scans of the two arches, such as one lower arch for each bite."""
    for own in (lower, upper):
        jaw: Literal["lower", "upper"] = "lower" if own is lower else "upper"
        for scan, mesh in surfaces(case, ctx, own.scan.role, preferred=False):
            if scan.arch == jaw and scan.id != own.scan.id:
                yield further_position(scan, mesh, own.mesh, jaw, options)


def _up(lower: _Jaw) -> Floats:
    """The direction in which the lower arch bites."""
    up = shape_of(lower.mesh).occlusal
    return up if up is not None else np.zeros(3)


def _is_raised(case: Case) -> bool:
    """Splints are ordered with the bite held open."""
    return any(item.kind == "splint" for item in case.prescription.items)


def _over(bite: Mesh, arch: Mesh) -> Floats:
    """The distance of every vertex of a bite scan to the arch it lies over, ``REACH_MM`` past its border or farther."""
    surface = arch.welded()
    gap = distance(bite, surface, REACH_MM)
    border = np.zeros(len(surface.vertices), bool)
    border[surface.edges.boundary.ravel()] = True
    inner = ~border[surface.faces[gap.faces]].any(axis=1)
    away = np.full(len(bite.welded().vertices), REACH_MM)
    away[gap.vertices[inner]] = gap.distance_mm[inner]
    return away


def _summary(scan: Scan, areas: dict[str, float], near: float) -> Finding:
    listed = ", ".join(f"{name} {area:.0f}" for name, area in areas.items())
    return Finding(
        "bite.contacts",
        "info",
        f"contact within {near:.2f} mm, in mm²: {listed}",
        scan=scan.id,
        value=round(sum(areas.values()), 1),
        unit="mm²",
    )


def _unmet(code: str, severity: Severity, words: str, scan: Scan, gap: float, limit: float) -> Finding:
    return Finding(
        code,
        severity,
        words,
        scan=scan.id,
        value=round(gap, 3),
        limit=round(limit, 3),
        unit="mm",
        hint="Ask for the bite again with the teeth firmly closed.",
    )


def _stranger(arch: _Jaw, found: tuple[str, float], options: BiteOptions) -> Finding:
    jaw, grip = found
    other = "lower" if jaw == "upper" else "upper"
    return Finding(
        "identity.different-patients",
        "warning",
        f"the bite lies firmly on the {other} arch and fits the {jaw} one in no position: {grip:.0%} of what it meets",
        scan=arch.scan.id,
        value=round(grip, 3),
        limit=options.same_teeth,
        hint="Look whether all scans are of one patient and one visit.",
    )


def _off(scan: Scan, words: str, value: float, limit: float, unit: str | None) -> Finding:
    hint = "Ask for the bite to be aligned or scanned again."
    return Finding("bite.scan-off", "warning", words, scan.id, None, round(value, 3), limit, unit, hint=hint)
