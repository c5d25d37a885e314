"""Room between prepared teeth and their antagonists, against what the ordered material needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from casepan.api import Finding, Scan, WorkItem, arch_of
from casepan.mesh import Mesh
from casepan.mesh.dentition.places import Placement
from casepan_quality.meeting import REACH_MM, meet
from casepan_quality.options import BiteOptions
from casepan_quality.patches import near
from casepan_quality.scans import Jaw, placed

_CUT_DOWN = ("crown", "coping", "temporary")  # work for which the whole chewing surface is reduced
_METALS = ("gold", "cobalt-chrome", "titanium")
_HALF = 0.3  # half the length that is looked at, as a share of the tooth's width
_ACROSS_MM = 2.5  # half the breadth: the chewing surface without its slopes
_AREA_MM2 = 0.5
_ROUND_MM = 10.0  # what is looked at round the middle of a tooth: half of it is 6 mm, and a cut one lies deeper


def clearances(
    scan: Scan, mesh: Mesh, antagonist: Mesh, items: Iterable[WorkItem], options: BiteOptions
) -> Iterator[Finding]:
    """``bite.clearance`` for the ordered crowns of one arch that stands in occlusion.

    Args:
        scan: the prepared arch; its ``arch`` says which teeth are looked for.
        mesh: its surface.
        antagonist: the opposing arch in the same frame.
        items: what is ordered; work that leaves the chewing surface alone is passed over.
        options: what materials need.
    """
    jaw: Jaw = "upper" if scan.arch == "upper" else "lower"
    ordered = {tooth: item for item in items if _is_cut_down(item) for tooth in item.teeth if arch_of(tooth) == jaw}
    placement = placed(mesh, jaw) if ordered else None
    if placement is None or not placement.is_full:
        return  # on a partial scan a place may be the neighbour's
    for tooth, item in ordered.items():
        room = _room_mm(mesh, antagonist, placement, tooth)
        limit = _needed_mm(item, options)
        if room is not None and room < limit:
            yield _too_little(scan, placement, tooth, item, room, limit)


def _is_cut_down(item: WorkItem) -> bool:
    return item.kind in _CUT_DOWN and not item.implant and not item.scan_body


def _needed_mm(item: WorkItem, options: BiteOptions) -> float:
    """The least room; of a material that nobody stated the least that any needs."""
    if item.material == "zirconia":
        return options.clearance_zirconia
    if item.material in _METALS:
        return options.clearance_metal
    if item.material == "unknown":
        return min(options.clearance_zirconia, options.clearance_metal, options.clearance)
    return options.clearance


def _room_mm(mesh: Mesh, antagonist: Mesh, placement: Placement, tooth: int) -> float | None:
    """The room over the middle of a tooth's place in mm, or None where it is at least ``REACH_MM`` or not known."""
    if tooth % 10 > 8 or tooth // 10 > 4:
        return None  # places are those of permanent teeth
    middle = placement.middle(tooth)
    meeting = meet(near(mesh, middle, _ROUND_MM), near(antagonist, middle, _ROUND_MM + REACH_MM))
    if not len(meeting.points):
        return None
    along, across = placement.arch.unrolled(placement.arch.relief.plane.flat(meeting.points))
    beside = np.abs(along - placement.arch.position(tooth))
    over = (beside < _HALF * placement.arch.width(tooth)) & (np.abs(across) < _ACROSS_MM)
    room = -meeting.level_mm(_AREA_MM2, over)
    return room if room < REACH_MM else None


def _too_little(scan: Scan, placement: Placement, tooth: int, item: WorkItem, room: float, limit: float) -> Finding:
    x, y, z = placement.middle(tooth).tolist()
    material = "the material" if item.material in ("unknown", "other") else item.material
    return Finding(
        "bite.clearance",
        "warning",
        f"{max(room, 0.0):.1f} mm of room over tooth {tooth}; {material} needs {limit:g} mm",
        scan=scan.id,
        where_mm=(x, y, z),
        value=round(room, 2),
        limit=limit,
        unit="mm",
        teeth=(tooth,),
        hint="Ask for more reduction, another material, or leave to work on the antagonist.",
    )
