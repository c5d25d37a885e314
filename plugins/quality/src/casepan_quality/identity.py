"""``quality.identity``: every file shows what its name says, once, as a scan of the mouth, in millimetres."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Literal

import numpy as np
from attrs import frozen

from casepan.api import Arch, Case, Context, Finding, Scan, unit_finding
from casepan_quality.options import IdentityOptions
from casepan_quality.shapes import Points, Shape, shape_of
from casepan_quality.surfaces import ARCH_ROLES, surfaces

_ARCH_MM = (15.0, 120.0)  # what is not of this size is in another unit: nothing more is said of it
_FULL_MM2, _QUADRANT_MM2, _FRONT_MM2 = 2700.0, 1750.0, 950.0  # usual hulls of whole arches, quadrants and front teeth
_SURE = 0.08  # by so much the palate of an upper arch fills more than the lower arch of the same mouth
_SAME_AREA = 1e-4  # a moved copy keeps its area but for the rounding of its coordinates
_SAME_NET = 0.02  # the same, where even the corners of the faces are numbered alike, and the points were written anew
_SMALL_PART = 0.05
_CROWN_MM = 30.0


@frozen(eq=False)
class _Seen:
    """An arch scan with its shape."""

    scan: Scan
    shape: Shape


class Identity:
    """Look at every scan alone, then at all pairs of arches."""

    def __init__(self, options: IdentityOptions) -> None:
        self.options = options

    def check(self, case: Case, ctx: Context) -> Iterator[Finding]:
        """``identity.*``. Unreadable scans are left to those who read them."""
        arches = surfaces(case, ctx, *ARCH_ROLES, preferred=False)
        seen = [_Seen(scan, shape_of(mesh)) for scan, mesh in arches if scan.arch != "both"]
        odd = {one.scan.id: found for one in seen if (found := self._strange(one))}
        yield from odd.values()
        yield from (finding for finding in self._units(case, ctx) if finding.scan not in odd)
        doubles = list(self._duplicates(case, seen))
        yield from doubles
        named = {finding.scan for finding in doubles}
        plain = [
            one for one in seen if one.scan.id not in odd and one.scan.id not in named and _is_arch_sized(one.shape)
        ]
        yield from self._mirrored(plain)
        if not doubles:
            yield from self._swapped([one for one in plain if one.scan.preferred and one.shape.occlusal is not None])

    def _units(self, case: Case, ctx: Context) -> Iterator[Finding]:
        """Scans in another unit than millimetres, but for those of which ``core.units`` told it in an earlier step."""
        told = {finding.scan for finding in case.findings if finding.code == "identity.unit"}
        options = self.options
        arch, smaller = (options.smallest_arch, options.largest_arch), (options.smallest, options.largest)
        for scan, mesh in surfaces(case, ctx, *ARCH_ROLES, "bite", "scanbody", "gingiva", preferred=False):
            is_arch = scan.role in ARCH_ROLES
            found = unit_finding(scan.id, max(mesh.extent_mm), arch if is_arch else smaller, is_arch=is_arch)
            if found and scan.id not in told:
                yield found

    def _strange(self, one: _Seen) -> Finding | None:
        """What shows that a file posing as an arch is none."""
        shape, scan = one.shape, one.scan
        thin = float(shape.sides_mm[2])
        if thin < self.options.flat and _is_arch_sized(shape):
            words = f"the surface is flat, {thin:.2g} mm high: a plane or a slice"
            return _not_a_scan(scan, words, "Ask for the scan itself.", thin, self.options.flat, "mm")
        return self._closed(one)

    def _closed(self, one: _Seen) -> Finding | None:
        """Closed surfaces and bases; an open shell is what comes from the mouth."""
        shape = one.shape
        parts = [part for part in shape.topology.components if part.area_mm2 > _SMALL_PART * _area(shape)]
        if shape.topology.is_closed and len(parts) > 3:
            words = f"{len(parts)} closed bodies instead of one open surface: crowns cut out or made from photographs"
            return _not_a_scan(one.scan, words, "Ask for the scan itself.", severity="warning")
        if shape.topology.is_closed and max(shape.mesh.extent_mm) < _CROWN_MM:
            words = "a closed body of the size of a crown: a design, not a scan"
            return _not_a_scan(one.scan, words, "Ask for the scan itself.", severity="warning")
        if shape.occlusal is None and self.options.profile == "intraoral":
            closed = "closed" if shape.topology.is_closed else "nearly closed"
            words = f"the surface is {closed}: a model with a base, not a scan of the mouth"
            hint = (
                'Ask which it is. Who scans plaster sets profile = "model-scan" for quality.identity and quality.mesh.'
            )
            return _not_a_scan(one.scan, words, hint, severity="warning")
        return None

    def _duplicates(self, case: Case, seen: list[_Seen]) -> Iterator[Finding]:
        """Two files that should show two arches and show one; variants of one arch are no duplicates."""
        for first, second in combinations(seen, 2):
            if first.scan.arch is not None and first.scan.arch == second.scan.arch:
                continue
            how = self._alike(first, second)
            if how is not None:
                sure = how != "nearly"
                yield _duplicate(first.scan, second.scan, _ALIKE[how], "error" if sure else "warning")
        for one, other in combinations(case.scans_of("bite"), 2):
            if one.file.sha256 == other.file.sha256:
                yield _duplicate(one, other, "is the same file as", "warning")

    def _alike(self, first: _Seen, second: _Seen) -> Literal["file", "moved", "nearly"] | None:
        if first.scan.file.sha256 == second.scan.file.sha256:
            return "file"
        one, other = first.shape, second.shape
        same_count = one.topology.faces == other.topology.faces and one.topology.edges == other.topology.edges
        unlike = abs(_area(one) / max(_area(other), 1e-9) - 1)
        same_net = same_count and np.array_equal(one.mesh.faces, other.mesh.faces)
        if unlike < (_SAME_NET if same_net else _SAME_AREA if same_count else 0):
            return "moved"
        if not (_is_arch_sized(one) and _is_arch_sized(other)):
            return None  # in metres any two arches lie within a millimetre
        share = min(self._covered(one.points, other.points), self._covered(other.points, one.points))
        return "nearly" if share >= self.options.duplicate_share else None

    def _covered(self, points: Points, others: Points) -> float:
        """Share of the first points with one of the others near."""
        from scipy.spatial import cKDTree

        if not len(points) or not len(others):
            return 0.0
        away, _ = cKDTree(others).query(points[::8], distance_upper_bound=self.options.duplicate)
        return float(np.isfinite(away).mean())

    def _mirrored(self, seen: list[_Seen]) -> Iterator[Finding]:
        """Surfaces that are inside out: mirroring without turning the faces does that."""
        for one in seen:
            below = one.shape.rim_below
            if below is not None and below < -self.options.inside_out:
                yield Finding(
                    "identity.mirrored",
                    "warning",
                    "the surface is inside out, as in a mirrored export: left may be right",
                    scan=one.scan.id,
                    value=round(below, 2),
                    limit=-self.options.inside_out,
                    unit="mm",
                    hint="Ask for a new export straight from the scanner's software.",
                )

    def _swapped(self, seen: list[_Seen]) -> Iterator[Finding]:
        """Arches that look like the other one than their name says."""
        fills = {arch: [one.shape.fill for one in seen if one.scan.arch == arch] for arch in ("upper", "lower")}
        exchanged = bool(fills["upper"] and fills["lower"]) and min(fills["lower"]) - max(fills["upper"]) > _SURE
        for one in seen:
            shown = self.arch_of(one.shape)
            if one.scan.arch not in ("upper", "lower") or shown in (None, one.scan.arch):
                continue
            if shown == "upper" or exchanged:
                yield _swapped(
                    one.scan, shown, "warning", f"it looks like the {shown} arch, not the {one.scan.arch} one"
                )
            else:
                words = "it shows no palate: a lower arch, or an upper one scanned without its palate"
                yield _swapped(one.scan, shown, "info", words)

    def arch_of(self, shape: Shape) -> Arch | None:
        """Upper where the outline is filled by a palate, lower where it is not, None in doubt."""
        options = self.options
        hull = shape.hull_mm2
        limits = (options.front_fill, options.quadrant_fill, options.full_fill)
        limit = float(np.interp(hull, (_FRONT_MM2, _QUADRANT_MM2, _FULL_MM2), limits))
        if shape.occlusal is None or abs(shape.fill - limit) < options.doubt:
            return None
        return "upper" if shape.fill > limit else "lower"


_ALIKE = {
    "file": "is the same file as",
    "moved": "is the same surface as",
    "nearly": "shows nearly the same surface as",
}


def _area(shape: Shape) -> float:
    return sum(part.area_mm2 for part in shape.topology.components)


def _is_arch_sized(shape: Shape) -> bool:
    low, high = _ARCH_MM
    return low <= max(shape.mesh.extent_mm) <= high


def _not_a_scan(
    scan: Scan,
    words: str,
    hint: str,
    value: float | None = None,
    limit: float | None = None,
    unit: str | None = None,
    severity: Literal["warning", "error"] = "error",
) -> Finding:
    return Finding("identity.not-a-scan", severity, words, scan.id, None, value, limit, unit, hint=hint)


def _duplicate(first: Scan, second: Scan, words: str, severity: Literal["warning", "error"]) -> Finding:
    message = f"it {words} {first.id}: one of the two is missing"
    return Finding("identity.duplicate", severity, message, scan=second.id, hint="Ask for the other scan.")


def _swapped(scan: Scan, shown: str | None, severity: Literal["info", "warning"], words: str) -> Finding:
    hint = f"Look at the scan; if it is the {shown} arch, correct its arch or ask the office."
    return Finding("identity.arch-swapped", severity, words, scan=scan.id, hint=hint)
