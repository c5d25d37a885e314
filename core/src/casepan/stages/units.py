"""``core.units``: an arch has the size of a mouth in millimetres, else its file is in another unit."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from casepan.contract.context import Context
from casepan.contract.options import Millimetres, option
from casepan.errors import CaseError
from casepan.model.case import Case, Scan
from casepan.model.finding import Finding

ARCH_ROLES = ("arch", "preparation", "antagonist", "preop", "edentulous")
UNITS = {"metres": 1000.0, "inches": 25.4, "centimetres": 10.0, "micrometres": 0.001}
FULL_ARCH = (50.0, 95.0)


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
        longest = max(mesh.extent_mm)
        if self.options.smallest <= longest <= self.options.largest:
            return
        limit = self.options.smallest if longest < self.options.smallest else self.options.largest
        size = f"{longest:.4g}" if longest < 10_000 else f"{longest:,.0f}"
        yield Finding(
            "identity.unit",
            "error",
            f"the longest side measures {size} as if in millimetres{_guess(longest)}",
            scan=scan.id,
            value=round(longest, 6),
            limit=limit,
            unit="mm",
            hint="Ask for an export in millimetres, or check that the file shows an arch.",
        )


def _guess(longest: float) -> str:
    low, high = FULL_ARCH
    fitting = [name for name, factor in UNITS.items() if low <= longest * factor <= high]
    return f": the file seems to be in {' or '.join(fitting)}" if fitting else ": no usual unit makes an arch of it"
