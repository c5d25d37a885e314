"""Which scans of a case a check looks at."""

from __future__ import annotations

from collections.abc import Iterator

from casepan.api import Case, CaseError, Context, Scan
from casepan.mesh import Mesh

ARCH_ROLES = ("arch", "preparation", "antagonist", "preop", "edentulous")
"""Scans that show an arch as it is in the mouth."""

_FEWEST = 100  # triangles: fewer are reported as mesh.face-count


def surface_of(scan: Scan, ctx: Context) -> Mesh | None:
    """The scan's surface, or None where there is none to measure: closed, damaged, not finite or of hardly a face.

    ``quality.mesh`` and ``core.mesh-sanity`` report that; every other check has nothing to add.
    """
    if not scan.readable or scan.role == "photo":
        return None
    try:
        mesh = ctx.mesh(scan)
    except CaseError:
        return None
    return mesh if mesh.is_finite and len(mesh.faces) >= _FEWEST else None


def surfaces(case: Case, ctx: Context, *roles: str, preferred: bool = True) -> Iterator[tuple[Scan, Mesh]]:
    """Scans of these roles with their surfaces, those without one left out."""
    for scan in case.scans:
        if scan.role in roles and (scan.preferred or not preferred):
            mesh = surface_of(scan, ctx)
            if mesh is not None:
                yield scan, mesh
