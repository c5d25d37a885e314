"""``prepare.simplify``: fewer triangles, no farther from the scan than a tolerance, which is measured and said."""

from __future__ import annotations

from attrs import evolve

from casepan.api import Case, Context, Finding, Scan
from casepan.mesh import Loss, Mesh
from casepan.mesh.colouring import fit_colour
from casepan_prepare.fewer import Simpler, simplified
from casepan_prepare.options import SimplifyOptions
from casepan_prepare.scans import open_scan, rewrite, with_news

_SLIGHT = 2.7  # ΔE that half of all people accept between two teeth (Paravina 2015); as core.convert


class Simplify:
    """Simplify every scan of a case to one tolerance."""

    def __init__(self, options: SimplifyOptions) -> None:
        self.options = options

    def apply(self, case: Case, ctx: Context) -> Case:
        """The case with simplified scans; one that cannot do with fewer triangles stays as it came.

        Raises:
            AdapterError: pyfqmr is not installed.
        """
        scans: list[Scan] = []
        findings: list[Finding] = []
        for scan in case.scans:
            made, said = self._scan(scan, ctx)
            scans.append(made)
            findings += said
        return with_news(evolve(case, scans=tuple(scans)), findings)

    def _scan(self, scan: Scan, ctx: Context) -> tuple[Scan, list[Finding]]:
        mesh = open_scan(scan, ctx)
        if not isinstance(mesh, Mesh):
            return scan, [mesh] if mesh else []
        surface, changes = fit_colour(mesh, "vertex", "ply")
        found = simplified(surface.welded(), self.options.tolerance_um / 1000)
        if found is None:
            return scan, []
        made, lost = rewrite(scan, found.mesh, ctx)
        baked = [_baked(loss, scan) for loss in changes]
        return made, [self._said(scan, len(mesh.faces), found), *baked, *lost]

    def _said(self, scan: Scan, before: int, found: Simpler) -> Finding:
        return Finding(
            "mesh.simplified",
            "info",
            f"{before:,} triangles became {len(found.mesh.faces):,}; the surfaces are nowhere farther apart than "
            f"{found.distance_mm * 1000:.1f} µm",
            scan=scan.id,
            value=round(found.distance_mm * 1000, 1),
            limit=self.options.tolerance_um,
            unit="µm",
        )


def _baked(loss: Loss, scan: Scan) -> Finding:
    slight = loss.delta_e is not None and loss.delta_e <= _SLIGHT
    return Finding(
        "format.loss",
        "info" if slight else "warning",
        f"{loss.what} is lost: {loss.why}",
        scan=scan.id,
        value=loss.delta_e,
        limit=_SLIGHT,
        unit="ΔE",
    )
