"""``prepare.repair``: small faults of a surface mended, and every one of them said.

The outline of a scan is never touched. Where the finish line of an ordered tooth may run, holes stay open and loose parts
stay: a closed hole there would look like a margin that nobody scanned.
"""

from __future__ import annotations

import numpy as np
from attrs import define, evolve, field

from casepan.api import Case, Context, Finding, Scan
from casepan.mesh import Change, Mesh, area_mm2, drop_bad_faces, drop_islands, fill_holes, fix_orientation, topology
from casepan.mesh.loops import Loop
from casepan.mesh.structure import Component
from casepan_prepare.options import RepairOptions
from casepan_prepare.scans import jaw_of, open_scan, ordered_teeth, rewrite, with_news
from casepan_prepare.zones import Zones

_MOST = 8  # findings about holes that were left open, for each scan


class Repair:
    """Mend every scan of a case by the same limits."""

    def __init__(self, options: RepairOptions) -> None:
        self.options = options

    def apply(self, case: Case, ctx: Context) -> Case:
        """The case with mended scans; those without a fault stay byte for byte as they came."""
        scans: list[Scan] = []
        findings: list[Finding] = []
        for scan in case.scans:
            made, said = self._scan(scan, case, ctx)
            scans.append(made)
            findings += said
        return with_news(evolve(case, scans=tuple(scans)), findings)

    def _scan(self, scan: Scan, case: Case, ctx: Context) -> tuple[Scan, list[Finding]]:
        mesh = open_scan(scan, ctx)
        if not isinstance(mesh, Mesh):
            return scan, [mesh] if mesh else []
        work = _Work(self.options, self._zones(scan, mesh, case))
        mended, changes = work.mend(mesh)
        kept = [_kept(scan, loop, tooth) for loop, tooth in work.left(mended)][:_MOST]
        if not changes:
            return scan, kept
        made, lost = rewrite(scan, mended, ctx)
        return made, [_said(scan, mesh, mended, changes), *kept, *lost]

    def _zones(self, scan: Scan, mesh: Mesh, case: Case) -> Zones:
        """Where nothing may be changed. A bite is only laid on the arches, nobody takes a margin from it."""
        jaw = jaw_of(scan, case)
        if self.options.near_margin or jaw is None or scan.role == "bite":
            return Zones(None, ())
        return Zones.around(ordered_teeth(case, jaw), mesh, jaw)


@define(frozen=True, eq=False)
class _Work:
    """One scan's repair."""

    options: RepairOptions
    zones: Zones = field(repr=False)

    def mend(self, mesh: Mesh) -> tuple[Mesh, list[Change]]:
        """The mended surface, and what was done."""
        made = [drop_bad_faces(mesh)]
        if self.options.orientation:
            made.append(fix_orientation(made[-1][0]))
        made.append(drop_islands(made[-1][0], 0.0, float(self.options.island) ** 2, self._may_go))
        surface = made[-1][0].welded()
        made.append(fill_holes(surface, float(self.options.hole), lambda loop: not self._tooth_at(surface, loop)))
        changes = [change for _, change in made if change]
        return made[-1][0], changes

    def left(self, mesh: Mesh) -> list[tuple[Loop, int]]:
        """The holes within the limit that are still open, each with the tooth whose finish line may run there."""
        surface = mesh.welded()
        near = ((loop, self._tooth_at(surface, loop)) for loop in topology(surface).holes)
        return [(loop, tooth) for loop, tooth in near if tooth is not None and loop.across_mm <= self.options.hole]

    def _may_go(self, part: Component) -> bool:
        return self.zones.tooth_near(np.array([part.centre])) is None

    def _tooth_at(self, surface: Mesh, loop: Loop) -> int | None:
        return self.zones.tooth_near(surface.vertices[loop.vertices])


def _said(scan: Scan, before: Mesh, after: Mesh, changes: list[Change]) -> Finding:
    words = "; ".join(change.text for change in changes)
    area = area_mm2(after) - area_mm2(before)
    return Finding(
        "mesh.repaired",
        "info",
        f"{words}; {len(before.faces):,} triangles became {len(after.faces):,}, area {area:+.2f} mm²",
        scan=scan.id,
        value=float(sum(change.count for change in changes)),
        unit="changes",
    )


def _kept(scan: Scan, loop: Loop, tooth: int) -> Finding:
    return Finding(
        "mesh.hole-kept",
        "info",
        f"a hole of {loop.across_mm:.1f} mm was left open: the finish line of tooth {tooth} may run there",
        scan=scan.id,
        where_mm=loop.centre,
        value=round(loop.across_mm, 2),
        unit="mm",
        teeth=(tooth,),
        hint="Look at it; near_margin = true closes such holes too.",
    )
