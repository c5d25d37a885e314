"""Opening and writing the scans of a case. What cannot be opened is carried along as it came, and said."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from attrs import evolve

from casepan.api import Case, CaseError, Context, Finding, Scan, arch_of

if TYPE_CHECKING:
    from casepan.mesh import Mesh

Jaw = Literal["upper", "lower"]

_WRITTEN = ("stl", "ply", "obj")
_FEWEST = 100  # triangles: as core.mesh-sanity
_OF_THE_ORDER = ("preparation", "preop", "scanbody", "edentulous", "gingiva")


def open_scan(scan: Scan, ctx: Context) -> Mesh | Finding | None:
    """The surface, a ``prepare.untouched`` why there is none, or nothing for what is no surface at all (a photo)."""
    if scan.role == "photo":
        return None
    if not scan.readable:
        return untouched(scan, "only its vendor's software can open it")
    try:
        mesh = ctx.mesh(scan)
    except CaseError as error:
        return untouched(scan, f"it cannot be read, {error.reason}")
    if not mesh.is_finite:
        return untouched(scan, "some of its coordinates are no numbers")
    if len(mesh.faces) < _FEWEST:
        return untouched(scan, f"{len(mesh.faces)} triangles are no scan")
    return mesh


def untouched(scan: Scan, why: str) -> Finding:
    """A scan stays as it came."""
    return Finding(
        "prepare.untouched",
        "warning",
        f"left as it came: {why}",
        scan=scan.id,
        hint="Ask for an open and whole export of it, or go on without this step.",
    )


def with_news(case: Case, findings: Iterable[Finding]) -> Case:
    """The case with these findings; that a scan stays as it came is not said again when an earlier step said it."""
    said = {(one.code, one.scan, one.message) for one in case.findings if one.code == "prepare.untouched"}
    return case.with_findings(*(one for one in findings if (one.code, one.scan, one.message) not in said))


def rewrite(scan: Scan, mesh: Mesh, ctx: Context) -> tuple[Scan, tuple[Finding, ...]]:
    """A scan with a changed surface, in its own format where casepan writes it, else PLY; and what that lost."""
    from casepan.mesh import write_mesh

    form = scan.format if scan.format in _WRITTEN else "ply"
    target = ctx.out / f"{scan.id}.{form}"
    losses = write_mesh(mesh, target, format=form)
    companions = tuple(ctx.keep(path) for path in sorted(ctx.out.iterdir()) if path.stem == scan.id and path != target)
    made = evolve(
        scan,
        file=ctx.keep(target),
        textures=companions,
        format=form,
        faces=len(mesh.faces),
        vertices=len(mesh.vertices),
        colour=mesh.colour,
        derived_from=scan.file.sha256,
        name=None if scan.name is None else f"{scan.name.rpartition('.')[0] or scan.name}.{form}",
    )
    hint = "Ask the office for the picture."
    said = (Finding("format.loss", "warning", f"{x.what} is lost: {x.why}", scan=scan.id, hint=hint) for x in losses)
    return made, tuple(said)


def jaw_of(scan: Scan, case: Case) -> Jaw | None:
    """The arch a scan shows: as named, else a preparation has the ordered teeth and an antagonist those against it."""
    if scan.arch == "upper" or scan.arch == "lower":
        return scan.arch
    ordered = {arch_of(tooth) for tooth in scan.teeth or case.prescription.teeth}
    if scan.arch is not None or len(ordered) != 1:
        return None
    jaw: Jaw = "upper" if ordered == {"upper"} else "lower"
    if scan.role == "antagonist":
        return "lower" if jaw == "upper" else "upper"
    return jaw if scan.role in _OF_THE_ORDER else None


def ordered_teeth(case: Case, jaw: Jaw) -> tuple[int, ...]:
    """Ordered teeth of one arch, primary ones too."""
    return tuple(tooth for tooth in case.prescription.teeth if arch_of(tooth) == jaw)
