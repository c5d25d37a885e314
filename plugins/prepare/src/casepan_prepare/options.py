"""Options of all transforms but ``prepare.pseudonymise``. Read by ``casepan check``; free of heavy imports."""

from __future__ import annotations

from attrs import frozen

from casepan.api import Millimetres, option

_CHOICE = "project choice"


@frozen
class RepairOptions:
    """How much of a surface may be changed."""

    hole: Millimetres = option(
        Millimetres(2.0),
        "width of the widest hole that is closed, mm",
        source="derived: larger holes on gums ask for a new scan (facts/quality.md 9)",
        minimum=0,
    )
    island: Millimetres = option(
        Millimetres(2.0),
        "side of a square, mm: loose parts of less area than it are dropped",
        source=_CHOICE,
        minimum=0,
    )
    orientation: bool = option(True, "turn triangles round that face the wrong way")
    near_margin: bool = option(
        False, "close holes and drop loose parts also where the finish line of an ordered tooth may run"
    )


@frozen
class SimplifyOptions:
    """How far a simplified surface may lie from the scan."""

    tolerance_um: float = option(
        10.0,
        "largest distance between the scan and its simplified surface, micrometres",
        source="project choice: half of what intraoral scanners repeat, 20 µm (facts/quality.md 3)",
        minimum=1,
    )


@frozen
class ModelOptions:
    """A model for printing, in the occlusal frame."""

    base: Millimetres = option(
        Millimetres(6.0), "height of the base under the lowest point of the scan, mm", source=_CHOICE, minimum=2
    )
    fill: Millimetres = option(
        Millimetres(5.0), "width of the widest hole in the scan that is closed, mm; wider ones become pits", source=_CHOICE,
        minimum=0,
    )  # fmt: skip
    hollow: bool = option(False, "hollow the model")
    wall: Millimetres = option(
        Millimetres(2.0), "least thickness of the walls of a hollow model, mm", source=_CHOICE, minimum=0.8
    )
    drain: Millimetres = option(
        Millimetres(4.0), "diameter of the two drain holes of a hollow model, mm", source=_CHOICE, minimum=1
    )
    label: bool = option(True, "emboss the lab's case number (else casepan's own) on the back of the base")
    width: Millimetres = option(
        Millimetres(140.0),
        "the printer's longer horizontal side, mm",
        source="project choice: desktop resin printers have this and more",
    )
    depth: Millimetres = option(
        Millimetres(78.0),
        "the printer's shorter horizontal side, mm",
        source="project choice: desktop resin printers have this and more",
    )
    height: Millimetres = option(
        Millimetres(120.0),
        "the printer's height, mm",
        source="project choice: desktop resin printers have this and more",
    )


@frozen
class OrientOptions:
    """When the occlusal frame counts as found."""

    agree: float = option(
        8.0,
        "degrees that the frames of both arches may differ when neither is a full arch, for one full arch twice as many",
        source="measured on made jaws: quadrants that agree within this are right within 6 degrees (README)",
        minimum=0,
    )
