"""``core.convert``: all scans of a case in one mesh format, with every loss said aloud."""

from __future__ import annotations

from collections.abc import Iterable
from glob import escape
from typing import TYPE_CHECKING, Literal

from attrs import evolve, frozen

from casepan.contract.context import Context
from casepan.contract.options import option
from casepan.errors import CaseError
from casepan.model.case import Case, Scan
from casepan.model.finding import Finding
from casepan.model.vocabulary import Colour

if TYPE_CHECKING:
    from casepan.mesh import Loss, Mesh


@frozen
class ConvertOptions:
    """The format the lab works in."""

    format: Literal["stl", "ply", "obj", "glb"] = option(
        "ply", "mesh format to write; casepan does not read GLB, so nothing may come after it"
    )
    colour: Literal["keep", "vertex", "texture", "drop"] = option(
        "keep",
        "keep colour as it is where the format can hold it, bake textures to vertices for programs that know vertex "
        "colour only, draw colours into a texture for programs that know textures only, or drop it",
    )
    colour_error: float = option(
        2.7,
        "colour difference (ΔE, CIELAB 1976; 95 percent of the surface) up to which a changed shape of colour is only a note",
        source="Paravina 2015: half of all people accept 2.7 between two teeth",
        minimum=0,
    )


class Convert:
    """Scans already in the format are left byte for byte as they came; closed and unreadable ones too."""

    def __init__(self, options: ConvertOptions) -> None:
        self.options = options

    def apply(self, case: Case, ctx: Context) -> Case:
        """The case with its scans in the wanted format, and a ``format.loss`` for whatever that costs."""
        scans: list[Scan] = []
        findings: list[Finding] = []
        for scan in case.scans:
            made, losses = self._convert(scan, ctx)
            scans.append(made)
            findings += losses
        return evolve(case, scans=tuple(scans)).with_findings(*findings)

    def _convert(self, scan: Scan, ctx: Context) -> tuple[Scan, list[Finding]]:
        if not scan.readable or scan.role == "photo":
            return scan, []
        if self._fits(scan):
            return scan, []
        try:
            mesh = ctx.mesh(scan)
        except CaseError:
            return scan, []  # the checks say that it cannot be read; the file goes on as it is
        return self._write(scan, mesh, ctx)

    def _fits(self, scan: Scan) -> bool:
        """Whether it is in the format already, its colour too."""
        wish = self.options.colour
        return scan.format == self.options.format and (wish == "keep" or scan.colour in (wish, "none"))

    def _write(self, scan: Scan, mesh: Mesh, ctx: Context) -> tuple[Scan, list[Finding]]:
        from casepan.mesh import write_mesh
        from casepan.mesh.colouring import fit_colour

        form = self.options.format
        wanted, changes = fit_colour(mesh, self.options.colour, form)
        target = ctx.out / f"{scan.id}.{form}"
        losses = write_mesh(wanted, target, format=form)
        companions = [ctx.keep(path) for path in sorted(ctx.out.glob(f"{escape(scan.id)}.*")) if path != target]
        made = evolve(
            scan,
            file=ctx.keep(target),
            textures=tuple(companions),
            format=form,
            faces=len(wanted.faces),
            vertices=len(wanted.vertices),
            colour=held_colour(wanted, losses),
            derived_from=scan.file.sha256,
        )
        return made, [self._finding(loss, scan) for loss in (*changes, *losses)]

    def _finding(self, loss: Loss, scan: Scan) -> Finding:
        changed = loss.delta_e is not None
        slight = loss.delta_e is not None and loss.delta_e <= self.options.colour_error
        return Finding(
            "format.loss",
            "info" if slight else "warning",
            f"{loss.what} is lost: {loss.why}",
            scan=scan.id,
            value=loss.delta_e,
            limit=self.options.colour_error if changed else None,
            unit="ΔE" if changed else None,
            hint='Set colour = "keep" to leave it as it came.' if changed else "Convert to PLY to keep it.",
        )


def held_colour(mesh: Mesh, losses: Iterable[Loss]) -> Colour:
    """The colour that is in a written file: a texture counts without its picture, which may still come."""
    lost = {loss.what for loss in losses}
    return "none" if f"{mesh.colour} colour" in lost or mesh.colour in lost else mesh.colour
