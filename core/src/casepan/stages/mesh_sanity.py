"""``core.mesh-sanity``: every scan can be read, is finite, and has the size of something from a mouth."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from casepan.contract.context import Context
from casepan.contract.options import Millimetres, option
from casepan.errors import CaseError
from casepan.model.case import Case, Scan
from casepan.model.finding import Finding


@frozen
class MeshSanityOptions:
    """Limits that only rubbish breaks; finer judgement is for the quality checks."""

    min_faces: int = option(100, "fewer triangles are no scan", source="project choice: a scan body has thousands")
    max_faces: int = option(5_000_000, "more triangles are refused", source="project choice: scans have up to 700,000")
    smallest: Millimetres = option(
        Millimetres(2.0), "shortest longest side of a scan", source="project choice: one tooth is 7 mm"
    )
    largest: Millimetres = option(
        Millimetres(150.0), "longest side of a scan", source="facts/naming.md 4: arches on a virtual base reach 90 mm"
    )


class MeshSanity:
    """Read every scan once and look at its counts and extents."""

    def __init__(self, options: MeshSanityOptions) -> None:
        self.options = options

    def check(self, case: Case, ctx: Context) -> Iterator[Finding]:
        """``mesh.unreadable``, ``mesh.not-finite``, ``mesh.face-count`` and ``mesh.extent`` for each readable scan."""
        for scan in case.scans:
            if scan.readable and scan.role != "photo":
                yield from self._check_scan(scan, ctx)

    def _check_scan(self, scan: Scan, ctx: Context) -> Iterator[Finding]:
        try:
            mesh = ctx.mesh(scan)
        except CaseError as error:
            yield unreadable(scan, error)
            return
        yield from self._check_faces(scan, len(mesh.faces))
        if not mesh.is_finite:
            yield Finding(
                "mesh.not-finite",
                "error",
                "some coordinates are no numbers",
                scan=scan.id,
                hint="Ask the office to export the scan again.",
            )
            return
        yield from self._check_extent(scan, max(mesh.extent_mm))

    def _check_faces(self, scan: Scan, faces: int) -> Iterator[Finding]:
        low, high = self.options.min_faces, self.options.max_faces
        if low <= faces <= high:
            return
        limit = low if faces < low else high
        words = f"only {faces} triangles" if faces < low else f"{faces:,} triangles are more than the limit"
        yield Finding("mesh.face-count", "error", words, scan=scan.id, value=faces, limit=limit, unit="triangles")

    def _check_extent(self, scan: Scan, longest: float) -> Iterator[Finding]:
        low, high = self.options.smallest, self.options.largest
        if low <= longest <= high:
            return
        limit = low if longest < low else high
        words = f"the longest side is {longest:.4g} mm; a scan has {low:g} to {high:g} mm"
        yield Finding(
            "mesh.extent",
            "error",
            words,
            scan=scan.id,
            value=round(longest, 4),
            limit=limit,
            unit="mm",
            hint="The file is in another unit, or it is no scan of a mouth.",
        )


def unreadable(scan: Scan, error: CaseError) -> Finding:
    """The finding for a scan whose file cannot be read."""
    return Finding("mesh.unreadable", "error", f"cannot be read: {error.reason}", scan=scan.id, hint=error.hint)
