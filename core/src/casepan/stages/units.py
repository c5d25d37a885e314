"""``core.units``: an arch has the size of a mouth in millimetres, else its file is in another unit."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from casepan.contract.context import Context
from casepan.contract.options import Millimetres, option
from casepan.errors import CaseError
from casepan.knowledge.units import unit_finding
from casepan.model.case import Case, Scan
from casepan.model.finding import Finding

ARCH_ROLES = ("arch", "preparation", "antagonist", "preop", "edentulous")


@frozen
class UnitsOptions:
    """What the longest side of an arch scan may measure."""

    smallest: Millimetres = option(Millimetres(15.0), "shortest arch scan", source="derived: a quadrant of three teeth")
    largest: Millimetres = option(
        Millimetres(120.0), "longest arch scan", source="facts/naming.md 4 (57 to 90 mm are real), with a margin"
    )


class Units:
    """Only arches are measured: a scan body or a die may be of any size."""

    def __init__(self, options: UnitsOptions) -> None:
        self.options = options

    def check(self, case: Case, ctx: Context) -> Iterator[Finding]:
        """``identity.unit`` for each arch whose size fits another unit, or none."""
        for scan in case.scans:
            if scan.role in ARCH_ROLES and scan.readable:
                yield from self._check_scan(scan, ctx)

    def _check_scan(self, scan: Scan, ctx: Context) -> Iterator[Finding]:
        try:
            mesh = ctx.mesh(scan)
        except CaseError:
            return  # whoever reads the scan reports that it cannot be read
        if not mesh.is_finite:
            return
        limits = (self.options.smallest, self.options.largest)
        if found := unit_finding(scan.id, max(mesh.extent_mm), limits):
            yield found
