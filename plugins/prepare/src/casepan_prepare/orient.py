"""``prepare.orient``: the whole case in the occlusal frame, by one rigid transform that stands in the manifest."""

from __future__ import annotations

import numpy as np
from attrs import evolve

from casepan.api import Case, Context, Finding, Scan
from casepan.mesh import Mesh
from casepan_prepare.frame import Floats, MouthFrame, as_transform, frame_of, is_oriented, moved
from casepan_prepare.options import OrientOptions
from casepan_prepare.scans import open_scan, rewrite


class Orient:
    """Turn and move all scans alike; see ``casepan_prepare.frame`` for the axes."""

    def __init__(self, options: OrientOptions) -> None:
        self.options = options

    def apply(self, case: Case, ctx: Context) -> Case:
        """The case in the occlusal frame, or unchanged with the reason.

        Each moved scan gets the transform with ``applied`` True, each scan that cannot be opened gets it with False: its
        owner's program can bring it to the others. Places of earlier findings move with their scans.
        """
        if any(is_oriented(scan) for scan in case.scans):
            return case
        frame = frame_of(case, ctx, self.options.agree)
        if isinstance(frame, str):
            return case.with_findings(_unknown(frame))
        scans: list[Scan] = []
        said: list[Finding] = []
        for scan in case.scans:
            made, findings = _oriented(scan, frame, ctx)
            scans.append(made)
            said += findings
        places = {scan.id for scan in scans if is_oriented(scan)}
        earlier = tuple(_moved_place(finding, places, frame.matrix) for finding in case.findings)
        done = evolve(case, scans=tuple(scans), findings=earlier)
        return done.with_findings(_said(frame, len(places)), *said)


def _oriented(scan: Scan, frame: MouthFrame, ctx: Context) -> tuple[Scan, tuple[Finding, ...]]:
    mesh = open_scan(scan, ctx)
    if not isinstance(mesh, Mesh):
        if mesh is None:
            return scan, ()
        return evolve(scan, transforms=(*scan.transforms, as_transform(frame.matrix, applied=False))), (mesh,)
    made, lost = rewrite(scan, moved(mesh, frame.matrix), ctx)
    return evolve(made, transforms=(*scan.transforms, as_transform(frame.matrix, applied=True))), lost


def _moved_place(finding: Finding, scans: set[str], matrix: Floats) -> Finding:
    """An earlier finding with its place where the surface is now."""
    if finding.where_mm is None or (finding.scan is not None and finding.scan not in scans):
        return finding
    x, y, z = (matrix[:3, :3] @ np.array(finding.where_mm) + matrix[:3, 3]).tolist()
    return evolve(finding, where_mm=(x, y, z))


def _said(frame: MouthFrame, count: int) -> Finding:
    return Finding(
        "frame.oriented",
        "info",
        f"{count} {'scan was' if count == 1 else 'scans were'} brought to the occlusal frame, all by one turn of "
        f"{frame.degrees:.1f}° and one shift",
        value=round(frame.degrees, 1),
        unit="°",
    )


def _unknown(why: str) -> Finding:
    return Finding(
        "frame.unknown",
        "warning",
        f"the case was not turned: {why}",
        hint="Orient it by hand in the CAD program; nothing was changed.",
    )
