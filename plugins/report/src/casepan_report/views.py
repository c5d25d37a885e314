"""The pictures of a case: in occlusion, of each scan, of the contacts, before and after repairs, all with their pins."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, TypeVar

import numpy as np
from attrs import evolve, frozen

from casepan.api import Context, Finding
from casepan.mesh import Drawing, Frame, Gap, Mesh, View, distance, draw, guess_frame
from casepan_report import contacts
from casepan_report.images import Picture, from_pixels
from casepan_report.origins import Repair
from casepan_report.shapes import Bite, Shape, Shapes

Kind = Literal["occlusion", "scan", "contacts", "repair"]
Size = tuple[int, int]
T = TypeVar("T")
S = TypeVar("S")

_WIDE: Size = (1040, 520)
_SMALL: Size = (600, 400)
_SCAN: Size = (640, 480)
_THREADS = 2  # the kernels that draw let others work meanwhile
_APART = {True: 0.042, False: 0.08}  # of the width of a wide picture and of the others: the room that a pin takes
_ANYWHERE = 1e6  # mm: a pin that stands whatever lies before it
_CHANGED_MM = 0.01  # what a repair moved farther than this is coloured
_RESCANNED_MM = 0.1  # two scans of the same teeth may differ by less
_GONE, _NEW = (213, 94, 0), (0, 114, 178)
_OCCLUSION: tuple[tuple[View, str, Size], ...] = (
    ("front", "From the front", _WIDE),
    ("right", "From the patient's right", _SMALL),
    ("left", "From the patient's left", _SMALL),
    ("back", "From the back", _SMALL),
    ("occlusal", "From above", _SMALL),
)


@frozen
class PinPlace:
    """Where a finding's pin stands in a picture, in per cent of its width and height; hidden when something covers it."""

    number: int
    left: float
    top: float
    hidden: bool = False


@frozen
class Shot:
    """One picture of the report.

    Attributes:
        id: unique in the page.
        title: what a person reads below it; alt: the same for people who do not see it.
        about: small print below the title.
        bar: length of the scale bar in mm, and its share of the picture's width in per cent.
    """

    id: str
    kind: Kind
    title: str
    alt: str
    picture: Picture
    pins: tuple[PinPlace, ...] = ()
    about: str = ""
    bar: tuple[float, float] | None = None


@frozen
class Gallery:
    """All pictures that are drawn from scans."""

    occlusion: tuple[Shot, ...] = ()
    scans: tuple[Shot, ...] = ()
    contacts: tuple[Shot, ...] = ()
    repairs: tuple[tuple[Shot, Shot], ...] = ()
    revised: tuple[tuple[Shot, Shot], ...] = ()

    @property
    def shots(self) -> tuple[Shot, ...]:
        """Every picture."""
        pairs = (*self.repairs, *self.revised)
        return (*self.occlusion, *self.scans, *self.contacts, *(shot for pair in pairs for shot in pair))


Numbered = Sequence[tuple[int, Finding]]


def gallery(
    shapes: Shapes, numbered: Numbered, repairs: Iterable[Repair], revised: Iterable[Repair], ctx: Context
) -> Gallery:
    """Draw everything, some pictures at a time; what is left is left out when the work is cancelled.

    Args:
        repairs: what steps have changed; revised: what a new revision has.
    """
    with ThreadPoolExecutor(_THREADS) as pool:

        def drawn(make: Callable[[T], S], items: Iterable[T]) -> tuple[S, ...]:
            made = pool.map(lambda item: None if ctx.cancelled() else make(item), items)
            return tuple(shot for shot in made if shot is not None)

        bite = shapes.bite
        return Gallery(
            drawn(lambda view: _occlusion(bite, view, numbered), _OCCLUSION) if bite else (),
            drawn(lambda shape: _scan(shape, shapes.bite, numbered), shapes.shown),
            drawn(lambda side: _contacts(*side), _sides(bite)) if bite else (),
            drawn(_repair, repairs),
            drawn(_revised, revised),
        )


def _occlusion(bite: Bite, wanted: tuple[View, str, Size], numbered: Numbered) -> Shot:
    """One view of the arches together."""
    view, title, size = wanted
    pair = (bite.upper, bite.lower)
    drawing = _drawn([shape.mesh for shape in pair], view, size, bite.frame)
    pins = tuple(_pins(drawing, pair, numbered))
    return _shot(f"view-{view}", "occlusion", title, f"The case in occlusion, {_lower(title)}", drawing, pins)


def _scan(shape: Shape, bite: Bite | None, numbered: Numbered) -> Shot:
    """A scan by itself: an arch from its biting side, a bite scan from the side it was taken."""
    view, frame, where = _best_side(shape, bite)
    drawing = _drawn([shape.mesh], view, _SCAN, frame)
    pins = tuple(_pins(drawing, (shape,), numbered, everywhere=True))
    shot = _shot(f"scan-{_slug(shape.scan.id)}", "scan", shape.title, f"{shape.title}, {where}", drawing, pins)
    coloured = ", in its own colours" if shape.mesh.colour != "none" else ""
    return evolve(shot, about=f"{len(shape.mesh.faces):,} triangles{coloured}")


def _best_side(shape: Shape, bite: Bite | None) -> tuple[View, Frame, str]:
    if shape.scan.role != "bite" or bite is None:
        return "occlusal", guess_frame(shape.mesh, _arch(shape)), "from its biting side"
    away = shape.mesh.vertices.mean(axis=0) - bite.lower.mesh.vertices.mean(axis=0)
    aside, ahead = float(away @ bite.frame.right), float(away @ bite.frame.front)
    if abs(aside) < abs(ahead):
        return "front", bite.frame, "from the front"
    return ("right", bite.frame, "from the right") if aside > 0 else ("left", bite.frame, "from the left")


def _sides(bite: Bite) -> tuple[tuple[Shape, Gap, Literal["upper", "lower"]], ...]:
    return (bite.upper, bite.of_upper, "upper"), (bite.lower, bite.of_lower, "lower")


def _contacts(shape: Shape, gap: Gap, arch: Literal["upper", "lower"]) -> Shot:
    """The contact map of an arch."""
    drawing = _drawn([contacts.mapped(shape.mesh, gap)], "occlusal", _SCAN, guess_frame(shape.mesh, arch))
    areas = "; ".join(f"{area:.0f} mm² {band.name}" for band, area in contacts.areas_mm2(gap)[:2])
    alt = f"Contact map of the {arch} arch: {areas}"
    return evolve(_shot(f"contacts-{arch}", "contacts", f"Contacts of the {arch} arch", alt, drawing), about=areas)


def _beside(repair: Repair, far_mm: float, size: Size) -> tuple[Drawing, Drawing]:
    """The surface before and after from the same side, each coloured where it is farther from the other one."""
    before, after = repair.before, repair.after
    frame = guess_frame(after.mesh, _arch(after))
    one = _drawn([_marked(before.mesh, after.mesh, _GONE, far_mm)], "occlusal", size, frame)
    return one, _drawn([_marked(after.mesh, before.mesh, _NEW, far_mm)], "occlusal", size, frame)


def _arch(shape: Shape) -> Literal["upper", "lower"] | None:
    return shape.scan.arch if shape.scan.arch in ("upper", "lower") else None


def _revised(pair: Repair) -> tuple[Shot, Shot]:
    """A scan of the revision before, and of this one."""
    one, other = _beside(pair, _RESCANNED_MM, _SMALL)
    title, name = pair.after.title, _slug(pair.after.scan.id)
    what = f"what is farther than {_RESCANNED_MM:g} mm from the other one is coloured"
    first = _shot(f"was-{name}", "repair", f"{title}, before", f"{title} of the revision before, {what}", one)
    second = _shot(f"now-{name}", "repair", f"{title}, now", f"{title} of this revision, {what}", other)
    return evolve(first, about=what), second


def _repair(repair: Repair) -> tuple[Shot, Shot]:
    """The surface before with what is gone, and after with what is new."""
    before, after = repair.before, repair.after
    one, other = _beside(repair, _CHANGED_MM, _SCAN)
    title, name = after.title, _slug(after.scan.id)
    first = _shot(f"before-{name}", "repair", f"{title}, before", f"{title} as it came, what is gone in orange", one)
    second = _shot(
        f"after-{name}", "repair", f"{title}, after", f"{title} after the repair, what is new in blue", other
    )
    return (
        evolve(first, about=f"{len(before.mesh.faces):,} triangles; what is gone is orange"),
        evolve(second, about=f"{len(after.mesh.faces):,} triangles; what is new is blue"),
    )


def _marked(mesh: Mesh, other: Mesh, colour: tuple[int, int, int], far_mm: float) -> Mesh:
    """A surface with the places coloured that are not on another one."""
    gap = distance(mesh, other, 0.5)
    changed = np.ones(len(mesh.vertices), bool)
    changed[gap.vertices[gap.distance_mm <= far_mm]] = False
    colours = np.full((len(mesh.vertices), 3), contacts.STONE, np.uint8)
    colours[changed] = colour
    return evolve(mesh, vertex_colours=colours, face_colours=None).as_welded()


def _drawn(meshes: Sequence[Mesh], view: View, size: Size, frame: Frame) -> Drawing:
    return draw([(mesh, None) for mesh in meshes], view, size, scale_bar=False, transparent=True, frame=frame)


def _pins(
    drawing: Drawing, shapes: Sequence[Shape], numbered: Numbered, *, everywhere: bool = False
) -> Iterator[PinPlace]:
    """The pins of findings on these scans; those that are covered only where everything has to be shown."""
    known = {shape.scan.id: shape for shape in shapes}
    height, width = drawing.depth.shape
    apart, taken = _APART[width == _WIDE[0]] * width, set[tuple[int, int]]()
    for number, finding in numbered:
        if finding.where_mm is None or finding.scan not in known:
            continue
        where = known[finding.scan].at(finding.where_mm)
        place = drawing.place(where)
        covered = drawing.place(where, _ANYWHERE) if place is None and everywhere else None
        x, y = place or covered or (-1.0, -1.0)
        if x >= 0:
            while (round(x / apart), round(y / apart)) in taken:
                x += apart
            taken.add((round(x / apart), round(y / apart)))
            yield PinPlace(number, round(100 * x / width, 2), round(100 * y / height, 2), hidden=place is None)


def _shot(name: str, kind: Kind, title: str, alt: str, drawing: Drawing, pins: tuple[PinPlace, ...] = ()) -> Shot:
    return Shot(name, kind, title, alt, from_pixels(drawing.pixels), pins, bar=_bar(drawing))


def _bar(drawing: Drawing) -> tuple[float, float]:
    """A bar of 1, 2 or 5 times a power of ten mm, at most a fifth of the picture wide."""
    width, scale = drawing.depth.shape[1], drawing.camera.scale
    wish = 0.2 * width / scale
    power = 10.0 ** math.floor(math.log10(wish))
    length = max(step * power for step in (1, 2, 5) if step * power <= wish or step == 1)
    return length, round(100 * length * scale / width, 2)


def _slug(name: str) -> str:
    """A scan's id as part of an address and of a style rule, whatever an adapter put into it."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower())


def _lower(title: str) -> str:
    return title[0].lower() + title[1:]
