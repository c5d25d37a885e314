"""Opening the scans of a case: what cannot be opened is a finding, never a crash and never silence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal
from weakref import WeakKeyDictionary

from casepan.api import Case, CaseError, Context, Finding, Scan, arch_of

if TYPE_CHECKING:
    from casepan.mesh import Mesh
    from casepan.mesh.dentition.places import Placement

Jaw = Literal["upper", "lower"]

_FEWEST = 100  # triangles: as core.mesh-sanity
_ARCHES = ("arch", "preparation", "antagonist", "preop", "edentulous", "gingiva", "scanbody")
_OF_THE_ORDER = ("preparation", "preop", "scanbody", "edentulous", "gingiva")
_placed: WeakKeyDictionary[Mesh, dict[Jaw, Placement | None]] = WeakKeyDictionary()


def opened(case: Case, ctx: Context) -> Iterator[tuple[Scan, Mesh | Finding]]:
    """Every preferred, readable surface of a case, or what is wrong with it."""
    for scan in case.scans:
        if scan.readable and scan.preferred and scan.role != "photo":
            yield scan, _opened(scan, ctx)


def arches(case: Case, ctx: Context) -> Iterator[tuple[Scan, Mesh, Jaw]]:
    """The sound scans that show one known arch. Others are the business of ``quality.mesh``."""
    for scan, mesh in opened(case, ctx):
        jaw = jaw_of(scan, case)
        if jaw is not None and scan.role in _ARCHES and not isinstance(mesh, Finding):
            yield scan, mesh, jaw


def jaw_of(scan: Scan, case: Case) -> Jaw | None:
    """The arch a scan shows: as named, else a preparation has the ordered teeth and an antagonist those against it."""
    if scan.arch == "upper" or scan.arch == "lower":
        return scan.arch
    ordered = {arch_of(tooth) for tooth in scan.teeth or case.prescription.teeth}
    if scan.arch is not None or len(ordered) != 1:
        return None
    jaw = ordered.pop()
    if scan.role == "antagonist":
        return "lower" if jaw == "upper" else "upper"
    return jaw if scan.role in _OF_THE_ORDER else None


def placed(mesh: Mesh, jaw: Jaw) -> Placement | None:
    """The places of the teeth in a scan, worked out once for all checks that look at it."""
    from casepan.mesh.dentition.places import place_teeth

    known = _placed.setdefault(mesh, {})
    if jaw not in known:
        known[jaw] = place_teeth(mesh, jaw)
    return known[jaw]


def _opened(scan: Scan, ctx: Context) -> Mesh | Finding:
    try:
        mesh = ctx.mesh(scan)
    except CaseError as error:
        return Finding("mesh.unreadable", "error", f"cannot be read: {error.reason}", scan=scan.id, hint=error.hint)
    if not mesh.is_finite:
        hint = "Ask the office to export the scan again."
        return Finding("mesh.not-finite", "error", "some coordinates are no numbers", scan=scan.id, hint=hint)
    count = len(mesh.faces)
    if count < _FEWEST:
        words = f"only {count} triangles" if count else "points without a surface"
        return Finding("mesh.face-count", "error", words, scan.id, value=count, limit=_FEWEST, unit="triangles")
    return mesh
