"""``prepare.model``: a closed model of each arch for the printer, as an artifact of the case.

Models are files for the printer, not scans: no later check or destination takes them for what the office sent. All stand in
the occlusal frame of the case (``casepan_prepare.frame``), so a pair opened together is in occlusion and both bases are
parallel to the occlusal plane.
"""

from __future__ import annotations

import numpy as np
from attrs import define, evolve, field
from manifold3d import Manifold

from casepan.api import Artifact, Case, Context, Finding, Scan
from casepan.mesh import Mesh, topology, write_mesh
from casepan_prepare.frame import (
    APART,
    MouthFrame,
    arch_frame,
    arches,
    find_frame,
    is_oriented,
    level_frame,
    moved,
    stand_apart,
)
from casepan_prepare.modelling.body import Body, as_mesh, closed_body
from casepan_prepare.modelling.hollow import hollowed
from casepan_prepare.modelling.label import labelled
from casepan_prepare.modelling.sheet import clean_sheet
from casepan_prepare.options import ModelOptions, OrientOptions
from casepan_prepare.scans import Jaw

_OVER = np.diag([1.0, -1.0, -1.0, 1.0])
"""Turns an upper arch over, so that its biting side looks up and its base lies below."""


class Model:
    """Make a model of each arch of a case."""

    def __init__(self, options: ModelOptions) -> None:
        self.options = options

    def apply(self, case: Case, ctx: Context) -> Case:
        """The case with ``model-upper`` and ``model-lower`` among its artifacts; why one is missing is a finding."""
        artifacts: list[Artifact] = []
        findings: list[Finding] = []
        frames, unsure = _frames(case, ctx)
        for scan, mesh, jaw in arches(case, ctx):
            work = _Work(self.options, scan, jaw, case.desk.number or case.ref)
            made = "nothing in it stands like a row of teeth" if jaw not in frames else work.model(mesh, frames[jaw])
            if isinstance(made, str):
                findings.append(_refused(scan, jaw, made))
                continue
            artifacts.append(_kept(made.surface, jaw, ctx))
            findings.append(work.said(made))
        if not artifacts and not findings:
            findings.append(_refused(None, None, "no scan shows one known arch"))
        if unsure and len(artifacts) == 2:
            findings.append(_apart(unsure))
        return evolve(case, artifacts=(*case.artifacts, *artifacts)).with_findings(*findings)


@define(frozen=True, eq=False)
class _Made:
    """A model: its surface in the occlusal frame, its size, and what could not be had."""

    surface: Mesh = field(repr=False)
    size: tuple[float, float, float]
    missing: tuple[str, ...]


@define(frozen=True, eq=False)
class _Work:
    """The model of one scan."""

    options: ModelOptions
    scan: Scan
    jaw: Jaw
    label: str

    def model(self, mesh: Mesh, frame: MouthFrame) -> _Made | str:
        """The model, or why there is none."""
        over = _OVER if self.jaw == "upper" else np.eye(4)
        sheet = clean_sheet(moved(mesh, over @ frame.matrix), float(self.options.fill))
        if sheet is None or not topology(sheet).loops:
            return "its surface is closed already" if sheet else "nothing is left of it as one clean surface"
        try:
            body = closed_body(sheet, float(self.options.base))
        except ValueError as error:
            return str(error)
        solid, missing = self._finished(body)
        surface = as_mesh(solid)
        x, y, z = surface.extent_mm
        if not topology(surface).is_closed or len(surface.edges.irregular):
            return "the body did not come out closed"
        if not self._fits(x, y, z):
            box = self.options
            return f"it measures {x:.0f} x {y:.0f} x {z:.0f} mm, the printer {box.width:g} x {box.depth:g} x {box.height:g}"
        return _Made(moved(surface, over), (x, y, z), missing)

    def _finished(self, body: Body) -> tuple[Manifold, tuple[str, ...]]:
        """The body with its label and its hollow, and what could not be had."""
        solid, missing = body.solid, []
        if self.options.label:
            raised = labelled(body, self.label)
            solid = raised or solid
            missing += [] if raised else ["the label does not fit on its base"]
        if self.options.hollow:
            hollow = hollowed(evolve(body, solid=solid), float(self.options.wall), float(self.options.drain))
            solid = hollow or solid
            missing += [] if hollow else ["it is too thin to be hollow"]
        return solid, tuple(missing)

    def _fits(self, x: float, y: float, z: float) -> bool:
        """Whether it fits into the printer lying on its base, turned by a quarter if need be."""
        longer, shorter = sorted((float(self.options.width), float(self.options.depth)), reverse=True)
        return max(x, y) <= longer and min(x, y) <= shorter and z <= self.options.height

    def said(self, made: _Made) -> Finding:
        """What was made, and what not."""
        x, y, z = made.size
        words = f"a closed model of {x:.0f} x {y:.0f} x {z:.0f} mm was made of the {self.jaw} arch"
        return Finding(
            "model.made",
            "warning" if made.missing else "info",
            "; ".join((words, *made.missing)),
            scan=self.scan.id,
            value=round(max(made.size), 1),
            unit="mm",
        )


def _frames(case: Case, ctx: Context) -> tuple[dict[Jaw, MouthFrame], str]:
    """The frame that each arch's model stands in, the same for both; why not, where each has to have its own."""
    found = arches(case, ctx)
    if any(is_oriented(scan) for scan in case.scans):
        return {jaw: MouthFrame(np.eye(3), np.zeros(3)) for _, _, jaw in found}, ""
    own = {jaw: arch_frame(mesh, jaw) for _, mesh, jaw in found}
    known = {jaw: frame for jaw, frame in own.items() if frame is not None}
    if stand_apart(case.scans):
        return {jaw: MouthFrame.of([arch]) for jaw, arch in known.items()}, APART
    frame = find_frame(list(known.values()), OrientOptions().agree)
    shared = frame if isinstance(frame, MouthFrame) else level_frame(list(known.values()))
    if shared is not None:
        return dict.fromkeys(own, shared), ""
    return {jaw: MouthFrame.of([arch]) for jaw, arch in known.items()}, str(frame)


def _kept(surface: Mesh, jaw: Jaw, ctx: Context) -> Artifact:
    target = ctx.out / f"model-{jaw}.stl"
    write_mesh(surface, target)
    return Artifact(f"model-{jaw}", ctx.keep(target), f"printable model of the {jaw} arch")


def _refused(scan: Scan | None, jaw: Jaw | None, why: str) -> Finding:
    return Finding(
        "model.refused",
        "warning",
        f"no model of {f'the {jaw} arch' if jaw else 'this case'} was made: {why}",
        scan=scan.id if scan else None,
        hint="Make it by hand in the CAD program, or ask for a scan that shows the arch.",
    )


def _apart(why: str) -> Finding:
    return Finding(
        "model.apart",
        "warning",
        f"the two models do not stand in occlusion: {why}",
        hint="Lay them together by the bite in the CAD program before they are mounted.",
    )
