"""``core.convert``: all scans of a case in one mesh format, with every loss said aloud."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from attrs import evolve, frozen

from casepan.contract.context import Context
from casepan.contract.options import option
from casepan.errors import CaseError
from casepan.model.case import Case, Scan
from casepan.model.files import FileRef
from casepan.model.finding import Finding

if TYPE_CHECKING:
    from casepan.mesh import Mesh


@frozen
class ConvertOptions:
    """The format the lab works in."""

    format: Literal["stl", "ply", "obj"] = option("ply", "mesh format to write")
    colour: Literal["keep", "drop"] = option("keep", "keep colour and warn where the format cannot hold it, or drop it")


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
        if scan.format == self.options.format and self.options.colour == "keep":
            return scan, []
        try:
            mesh = ctx.mesh(scan)
        except CaseError:
            return scan, []  # the checks say that it cannot be read; the file goes on as it is
        return self._write(scan, mesh, ctx)

    def _write(self, scan: Scan, mesh: Mesh, ctx: Context) -> tuple[Scan, list[Finding]]:
        from casepan.mesh import write_mesh

        wanted = mesh if self.options.colour == "keep" else without_colour(mesh)
        target = ctx.out / f"{scan.id}.{self.options.format}"
        losses = write_mesh(wanted, target, format=self.options.format)
        companions = tuple(ctx.keep(path) for path in sorted(ctx.out.glob(f"{scan.id}*")) if path != target)
        findings = [
            Finding(
                "format.loss",
                "warning",
                f"{loss.what} is lost: {loss.why}",
                scan=scan.id,
                hint="Convert to PLY to keep it.",
            )
            for loss in losses
        ]
        made = evolve(
            scan,
            file=ctx.keep(target),
            textures=tuple(_images(companions)),
            format=self.options.format,
            colour="none" if losses else wanted.colour,
            derived_from=scan.file.sha256,
        )
        return made, findings


def without_colour(mesh: Mesh) -> Mesh:
    """The same surface, bare."""
    return evolve(mesh, vertex_colours=None, face_colours=None, texture=None)


def _images(companions: tuple[FileRef, ...]) -> Iterator[FileRef]:
    yield from (file for file in companions if file.suffix in ("jpg", "jpeg", "png", "mtl"))
