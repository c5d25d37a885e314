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
_SIZES_MM = (0.5, 1000.0)  # nothing that a scanner makes is smaller or larger; finer limits are core.mesh-sanity's
_AGAIN = "Ask the office to export the scan again."
_MILLIMETRES = "Ask the office to export the scan again, in millimetres."
_ARCHES = ("arch", "preparation", "antagonist", "preop", "edentulous", "gingiva", "scanbody")
_OF_THE_ORDER = ("preparation", "preop", "scanbody", "edentulous", "gingiva")
_placed: WeakKeyDictionary[Mesh, dict[Jaw, Placement | None]] = WeakKeyDictionary()


def opened(case: Case, ctx: Context) -> Iterator[tuple[Scan, Mesh | Finding]]:
    """Every preferred surface of a case that can be looked at, and of all its scans what keeps others from it."""
    for scan in case.scans:
        if scan.readable and scan.role != "photo":
            found = _opened(scan, ctx)
            if scan.preferred or isinstance(found, Finding):
                yield scan, found


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
        return Finding("mesh.not-finite", "error", "some coordinates are no numbers", scan=scan.id, hint=_AGAIN)
    count = len(mesh.faces)
    if count < _FEWEST:
        words = f"only {count} triangles" if count else "points without a surface"
        return Finding(
            "mesh.face-count", "error", words, scan.id, value=count, limit=_FEWEST, unit="triangles", hint=_AGAIN
        )
    return _of_no_size(scan, max(mesh.extent_mm)) or mesh


def _of_no_size(scan: Scan, longest: float) -> Finding | None:
    """A surface in micrometres or metres: grids of millimetres over it would not fit into any memory."""
    low, high = _SIZES_MM
    if low <= longest <= high:
        return None
    limit = low if longest < low else high
    size = f"{longest:.4f}" if longest < low else f"{longest:,.0f}"
    words = f"the longest side is {size} mm: the file is in another unit, or no scan of a mouth"
    return Finding(
        "mesh.extent", "error", words, scan.id, value=round(longest, 4), limit=limit, unit="mm", hint=_MILLIMETRES
    )
