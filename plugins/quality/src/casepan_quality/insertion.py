"""``quality.insertion``: undercuts and parallelism of teeth that carry one piece of work. Advice, never a reason to wait.

It looks at the part of a tooth that surely lies above its finish line or its gums, and claims nothing of what lies
deeper. Only whole arches are looked at: in a partial scan a place may be the neighbour's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from attrs import frozen

from casepan.api import Case, Context, Finding, Scan, WorkItem, arch_of
from casepan.mesh import Mesh
from casepan.mesh.dentition.places import Placement
from casepan_quality.geometry_options import InsertionOptions
from casepan_quality.paths import Path, Tooth, best_path, tooth_of, undercut
from casepan_quality.scans import Jaw, arches, placed

_ROLES = ("arch", "preparation")
_CARRIERS = frozenset(("crown", "coping", "temporary", "post-core", "veneer", "inlay", "onlay", "other"))
_LAST = 7


@frozen
class Group:
    """Teeth that one piece of work has to slip over together.

    Attributes:
        teeth: FDI numbers, ascending; prepared: whether they were cut down for it.
        title: what the work is called.
    """

    teeth: tuple[int, ...]
    prepared: bool
    title: str


class Insertion:
    """Find the best common path of insertion of each bridge and each partial denture."""

    def __init__(self, options: InsertionOptions) -> None:
        self.options = options

    def check(self, case: Case, ctx: Context) -> Iterator[Finding]:
        """``insertion.undercut`` and ``insertion.parallel``, notes all of them."""
        groups = tuple(groups_of(case.prescription.items))
        if not groups:
            return
        for scan, mesh, jaw in arches(case, ctx):
            found = placed(mesh, jaw) if scan.role in _ROLES else None
            if found is not None and found.is_full:
                for group in groups:
                    yield from self._group(scan, mesh, found, _part(group, jaw))

    def _group(self, scan: Scan, mesh: Mesh, placement: Placement, group: Group) -> Iterator[Finding]:
        seen = (tooth_of(mesh, placement, tooth, prepared=group.prepared) for tooth in group.teeth)
        teeth = [tooth for tooth in seen if tooth is not None]
        if len(teeth) < len(group.teeth) or len(teeth) < 2:
            return  # a path over some of the teeth is none
        path = best_path(teeth)
        yield from self._undercuts(scan, teeth, path, group)
        if group.prepared:
            yield from self._parallel(scan, path, group)

    def _undercuts(self, scan: Scan, teeth: Sequence[Tooth], path: Path, group: Group) -> Iterator[Finding]:
        for tooth in teeth:
            found = undercut(tooth, path.direction)
            if found.depth_mm < self.options.undercut_mm:
                continue
            words = f"tooth {tooth.fdi} has an undercut of {found.depth_mm:.2f} mm, {found.area_mm2:.0f} mm²"
            yield Finding(
                "insertion.undercut",
                "info",
                f"{words}, along the best path of insertion of the {group.title}",
                scan=scan.id,
                where_mm=found.place,
                value=round(found.depth_mm, 3),
                limit=self.options.undercut_mm,
                unit="mm",
                teeth=(tooth.fdi,),
                hint="Block it out, use it for a clasp, or ask whether the tooth can be prepared further.",
            )

    def _parallel(self, scan: Scan, path: Path, group: Group) -> Iterator[Finding]:
        if path.widest is None or path.widest[2] <= self.options.parallel_degrees:
            return
        first, second, degrees = path.widest
        x, y, z = first.middle.tolist()
        yield Finding(
            "insertion.parallel",
            "info",
            f"the axes of teeth {first.fdi} and {second.fdi} differ by {degrees:.0f}° for one {group.title}",
            scan=scan.id,
            where_mm=(x, y, z),
            value=round(degrees, 1),
            limit=self.options.parallel_degrees,
            unit="°",
            teeth=(first.fdi, second.fdi),
            hint="Look at the path of insertion before designing; ask the office where it is not free.",
        )


def groups_of(items: Iterable[WorkItem]) -> Iterator[Group]:
    """The bridges by their prepared teeth, the partial dentures by the teeth beside their gaps. Primary teeth have none."""
    bridges: dict[str, set[int]] = {}
    for item in items:
        if item.kind == "partial-denture":
            yield from _beside_gaps(item.teeth)
        elif item.bridge and item.kind in _CARRIERS and item.implant is None and item.scan_body is None:
            bridges.setdefault(item.bridge, set()).update(tooth for tooth in item.teeth if tooth // 10 <= 4)
    yield from (Group(tuple(sorted(teeth)), True, "bridge") for teeth in bridges.values() if len(teeth) > 1)


def _beside_gaps(missing: Iterable[int]) -> Iterator[Group]:
    replaced = set(missing)
    for upper in (True, False):
        row = _row(upper)
        gaps = [place for place, tooth in enumerate(row) if tooth in replaced]
        beside = {row[at] for place in gaps for at in (place - 1, place + 1) if 0 <= at < len(row)}
        teeth = tuple(sorted(beside - replaced))
        if len(teeth) > 1:
            yield Group(teeth, False, "partial denture")


def _row(upper: bool) -> tuple[int, ...]:
    right, left = (1, 2) if upper else (4, 3)
    numbers = range(1, _LAST + 1)
    return (*(right * 10 + number for number in reversed(numbers)), *(left * 10 + number for number in numbers))


def _part(group: Group, jaw: Jaw) -> Group:
    """The teeth of one arch."""
    return Group(tuple(tooth for tooth in group.teeth if arch_of(tooth) == jaw), group.prepared, group.title)
