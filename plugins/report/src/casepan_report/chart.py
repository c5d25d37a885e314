"""The prescription as a tooth chart: both arches as one looks into a mouth, the ordered work drawn in."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache

from attrs import frozen

from casepan.api import Case, WorkItem
from casepan_report import words
from casepan_report.markup import Html, join, tag
from casepan_report.options import Notation

WIDTH, HEIGHT = 380, 520
# Mesiodistal and buccolingual sizes of crowns in mm, from the midline, after the averages in Wheeler's Dental Anatomy;
# good for a drawing, for nothing else.
_UPPER = ((8.5, 7), (6.5, 6), (7.5, 8), (7, 9), (7, 9), (10, 11), (9, 11), (8.5, 10))
_LOWER = ((5, 6), (5.5, 6.5), (7, 7.5), (7, 7.5), (7, 8), (11, 10.5), (10.5, 10), (10, 9.5))
_UPPER_PRIMARY = ((6.5, 5), (5.1, 4), (7, 7), (7.3, 8.5), (8.2, 10))
_LOWER_PRIMARY = ((4.2, 4), (4.1, 4), (5, 4.8), (7.7, 7), (9.9, 8.7))
_SCALE = 3.75  # px per mm
_ARCH = (27.5, 49.0)  # half width and depth of the permanent arches in mm
_PRIMARY_ARCH = (15.0, 24.0)
_FIXED = frozenset({"crown", "implant-crown", "coping", "temporary", "abutment", "post-core"})
_PARTIAL = frozenset({"inlay", "onlay", "veneer"})
_GROUPS: Mapping[str, str] = {
    "fixed": "crown",
    "pontic": "pontic",
    "partial": "inlay, onlay, veneer",
    "plate": "denture, splint and other work over several teeth",
}


@frozen
class _Spot:
    """Where a tooth stands: its centre in px, the direction out of the arch, and its half sizes along and across."""

    x: float
    y: float
    out: tuple[float, float]
    along: float
    across: float

    @property
    def turned(self) -> float:
        """Degrees by which its own upright is turned."""
        return math.degrees(math.atan2(self.out[0], -self.out[1]))

    def away(self, px: float) -> tuple[float, float]:
        """A point this far outside its outer edge; inside with a negative distance past its inner edge."""
        reach = (self.across + px) if px >= 0 else (px - self.across)
        return self.x + self.out[0] * reach, self.y + self.out[1] * reach


def tooth_chart(case: Case, notation: Notation, noticed: Collection[int] = ()) -> Html:
    """The chart as an SVG picture with a text alternative, and its legend.

    Args:
        noticed: teeth that a finding concerns; they get a mark.
    """
    items = case.prescription.items
    spots = {
        **_spots(permanent=True),
        **(_spots(permanent=False) if any(t > 50 for t in case.prescription.teeth) else {}),
    }
    groups = [group for group in _GROUPS if any(_group(item) == group for item in items)]
    drawing = tag(
        "svg",
        tag("title", "Tooth chart"),
        tag("desc", described(case, notation)),
        _frame(),
        list(_bridges(items, spots)),
        [_tooth(tooth, spot, notation, _of(items, tooth), tooth in noticed) for tooth, spot in spots.items()],
        class_="chart",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        width=WIDTH,
        height=HEIGHT,
        role="img",
    )
    return tag("div", drawing, _legend(groups, items, bool(set(noticed) & set(spots))), class_="charted")


def described(case: Case, notation: Notation) -> str:
    """The chart in words: ``"14 crown, zirconia, A2; 15 pontic"``."""
    parts = []
    for item in case.prescription.items:
        said = (words.kind(item), words.material(item), item.shade or "", words.implant(item) and "on an implant")
        where = words.teeth(item.teeth, notation) or "no tooth named"
        parts.append(f"{where} {', '.join(part for part in said if part)}")
    return "; ".join(parts) or "no work is ordered in these files"


def _of(items: Sequence[WorkItem], tooth: int) -> list[WorkItem]:
    return [item for item in items if tooth in item.teeth]


def _group(item: WorkItem) -> str:
    if item.kind == "pontic":
        return "pontic"
    return "fixed" if item.kind in _FIXED else "partial" if item.kind in _PARTIAL else "plate"


@cache
def _spots(*, permanent: bool) -> Mapping[int, _Spot]:
    """The place of each tooth by its FDI number, upper arch above, the patient's right on the left."""
    rows = (_UPPER, _LOWER) if permanent else (_UPPER_PRIMARY, _LOWER_PRIMARY)
    arch = _ARCH if permanent else _PRIMARY_ARCH
    base = 1 if permanent else 5
    quadrants = ((base, -1, 0), (base + 1, 1, 0), (base + 2, 1, 1), (base + 3, -1, 1))
    return {
        quadrant * 10 + position: spot
        for quadrant, side, lower in quadrants
        for position, spot in enumerate(_quadrant(rows[lower], side, lower, arch), 1)
    }


def _quadrant(
    sizes: Sequence[tuple[float, float]], side: int, lower: int, arch: tuple[float, float]
) -> Iterator[_Spot]:
    """The teeth of one quadrant along half an ellipse from the midline backwards."""
    half, depth = arch
    sign = 1 if lower else -1
    middle = (HEIGHT / 2 + sign * 24) / _SCALE  # the back ends of both arches are 2 x 24 px apart
    at = 0.0
    for along, across in sizes:
        angle = _angle_at(at + along / 2, half, depth)
        at += along
        x, y = half * math.sin(angle), depth * math.cos(angle)
        out = (math.sin(angle) / half, math.cos(angle) / depth)
        size = math.hypot(*out)
        yield _Spot(
            WIDTH / 2 + side * x * _SCALE,
            (middle + sign * y) * _SCALE,
            (side * out[0] / size, sign * out[1] / size),
            along * _SCALE / 2 - 1,
            across * _SCALE / 2,
        )


def _angle_at(length: float, half: float, depth: float) -> float:
    """The angle from the midline at which so much of the ellipse lies behind one, by small steps."""
    angle, done, step = 0.0, 0.0, 0.002
    while done < length and angle < math.pi * 0.6:
        done += step * math.hypot(half * math.cos(angle), depth * math.sin(angle))
        angle += step
    return angle


def _frame() -> Html:
    """The cross between the quadrants and the patient's sides."""
    x, y = WIDTH / 2, HEIGHT / 2
    lines = (
        tag("line", x1=x, x2=x, y1=60, y2=y - 36, class_="axis"),
        tag("line", x1=x, x2=x, y1=y + 36, y2=HEIGHT - 60, class_="axis"),
        tag("line", x1=12, x2=WIDTH - 12, y1=y, y2=y, class_="axis"),
    )
    sides = (
        tag("text", "right", x=12, y=y - 6, class_="side"),
        tag("text", "left", x=WIDTH - 12, y=y - 6, class_="side end"),
    )
    return tag("g", lines, sides, aria_hidden="true")


def _bridges(items: Sequence[WorkItem], spots: Mapping[int, _Spot]) -> Iterator[Html]:
    """A bar from unit to unit of each bridge, in the order of the arch."""
    for bridge in dict.fromkeys(item.bridge for item in items if item.bridge):
        units = {tooth for item in items if item.bridge == bridge for tooth in item.teeth if tooth in spots}
        for arch in ((1, 2), (5, 6), (4, 3), (8, 7)):
            row = _along(units, arch)
            if len(row) > 1:
                points = " ".join("{:.1f},{:.1f}".format(*spots[tooth].away(-7)) for tooth in row)
                yield tag("polyline", points=points, class_="bridge")


def _along(units: Iterable[int], quadrants: tuple[int, int]) -> list[int]:
    """The teeth of two quadrants from the patient's right to the left."""
    right = quadrants[0]
    mine = [tooth for tooth in units if tooth // 10 in quadrants]
    return sorted(mine, key=lambda tooth: -(tooth % 10) if tooth // 10 == right else tooth % 10)


def _tooth(tooth: int, spot: _Spot, notation: Notation, items: Sequence[WorkItem], noticed: bool) -> Html:
    """One tooth with its number, what is made for it, its shade and its mark."""
    group = _group(items[0]) if items else ""
    parts: list[Html] = [_outline(spot, group, tooth)]
    if any(item.implant or item.kind in ("implant-crown", "abutment") for item in items):
        parts.append(_screw(spot))
    x, y = spot.away(13)
    parts.append(tag("text", words.tooth(tooth, notation), x=x, y=y + 4.5, class_=f"number {group and 'on'}"))
    shade = next((item.shade for item in items if item.shade), None)
    if shade and len(shade) <= 5:
        x, y = spot.away(-26 if any(item.bridge for item in items) else -16)
        parts.append(tag("text", shade, x=x, y=y + 4, class_="shade"))
    if noticed:
        x, y = spot.away(30)
        parts.append(tag("path", d=f"M{x:.1f} {y - 6:.1f}l6 11h-12z", class_="mark"))
    return tag("g", parts)


def _outline(spot: _Spot, group: str, tooth: int) -> Html:
    """A rounded box, rounder in front, turned to stand in its arch; a half one for work on a part of the tooth."""
    round_ = 0.75 if tooth % 10 <= 3 else 0.5
    along, across = spot.along, spot.across
    turn = f"translate({spot.x:.1f} {spot.y:.1f}) rotate({spot.turned:.1f})"
    box = {"x": -along, "y": -across, "width": 2 * along, "height": 2 * across, "rx": along * round_}
    shape = [tag("rect", **box, class_=f"tooth {group}".strip())]
    if group == "partial":
        inner = {"x": -along * 0.5, "y": -across * 0.5, "width": along, "height": across, "rx": along * 0.3}
        shape.append(tag("rect", **inner, class_="part"))
    elif group == "pontic":
        shape.append(
            tag("path", d=f"M{-along * 0.5:.1f} {across * 0.5:.1f}L{along * 0.5:.1f} {-across * 0.5:.1f}", class_="gap")
        )
    return tag("g", shape, transform=turn)


def _screw(spot: _Spot) -> Html:
    """An implant: a small ring with a slot."""
    ring = tag("circle", cx=spot.x, cy=spot.y, r="7", class_="screw")
    slot = tag("line", x1=spot.x - 4, x2=spot.x + 4, y1=spot.y, y2=spot.y, class_="slot")
    return tag("g", ring, slot)


def _legend(groups: Iterable[str], items: Sequence[WorkItem], noticed: bool) -> Html:
    """What the drawing's signs mean, as far as they are used."""
    signs = [(f"sign {group}", _GROUPS[group]) for group in groups]
    if any(item.bridge for item in items):
        signs.append(("sign bar", "bridge"))
    if any(item.implant or item.kind in ("implant-crown", "abutment") for item in items):
        signs.append(("sign ring", "implant"))
    if noticed:
        signs.append(("sign flag", "see the findings"))
    return (
        tag("ul", [tag("li", tag("span", class_=sign), word) for sign, word in signs], class_="legend")
        if signs
        else join(())
    )
