"""Options of all checks. This module is read by ``casepan check`` and must stay free of heavy imports."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from casepan.api import Millimetres, option


@frozen
class CompletenessOptions:
    """What a case must bring besides what the rules ask for."""

    require_rx: bool = option(False, "a case without an order is an error instead of a note")
    require_reference: bool = option(False, "a case without any order or patient number is a warning instead of a note")


@frozen
class IdentityOptions:
    """What tells a scan of the mouth, and one arch from the other."""

    profile: Literal["intraoral", "model-scan"] = option(
        "intraoral", "`model-scan` for a lab that scans plaster models: a base or a closed surface is then no fault"
    )
    flat: Millimetres = option(
        Millimetres(2.0), "an arch this flat is a plane or a slice", source="facts/naming.md 4: arches are 17 mm high"
    )
    full_fill: float = option(
        0.69,
        "share of its outline that an upper arch fills and a lower does not; for whole arches",
        source="derived on generated arches: upper 0.77 and more, lower 0.64 and less",
    )
    quadrant_fill: float = option(
        0.845, "the same for quadrants", source="derived on generated arches: upper 0.90 and more, lower 0.78 and less"
    )
    front_fill: float = option(
        0.98,
        "the same for front teeth only",
        source="derived on generated arches: upper 1.00 and more, lower 0.96 and less",
    )
    doubt: float = option(0.025, "nearer to these limits than this is not told", source="project choice")
    inside_out: Millimetres = option(
        Millimetres(1.0),
        "an outline so far on the biting side means that the surface is inside out",
        source="derived on generated arches: it lies 3.4 mm or more on the gum side",
    )
    duplicate: Millimetres = option(
        Millimetres(1.0),
        "two arches are one when nearly all of each lies this near to the other",
        source="data/INDEX.md: a reconstruction lies 0.5 to 0.7 mm from its scan",
    )
    duplicate_share: float = option(
        0.9,
        "share that nearly all means",
        source="facts/naming.md 5: two arches of one patient share up to half of their surface by chance",
    )
    smallest_arch: Millimetres = option(
        Millimetres(15.0), "shortest longest side of an arch scan", source="core.units: a quadrant of three teeth"
    )
    largest_arch: Millimetres = option(
        Millimetres(120.0),
        "longest longest side of an arch scan",
        source="facts/naming.md 4 (57 to 90 mm are real), with a margin",
    )
    largest: Millimetres = option(
        Millimetres(150.0), "longest side of a bite, gingiva or scan body scan", source="core.mesh-sanity"
    )
    smallest: Millimetres = option(
        Millimetres(2.0), "shortest longest side of a bite, gingiva or scan body scan", source="core.mesh-sanity"
    )


@frozen
class BiteOptions:
    """How well the arches must meet."""

    contact: Millimetres = option(
        Millimetres(0.1), "nearer than this counts as contact", source="Beck 2023, in facts/quality.md 6"
    )
    open: Millimetres = option(
        Millimetres(0.2),
        "a gap of this width on a whole side means that the teeth do not meet there",
        source="derived: contact is below 0.1, bites of scanners differ by 0.13 to 0.21 (facts/quality.md 6)",
    )
    penetration: Millimetres = option(
        Millimetres(0.25),
        "depth to which the arches may run into each other",
        source="derived: facts/quality.md 9 has 0.10; scans measured 0.13 to 0.21 less clearance than casts (6)",
    )
    penetration_area: float = option(
        1.0, "the area in mm² that must lie this deep", source="project choice: a single contact point has 1 to 3 mm²"
    )
    crossing: Millimetres = option(
        Millimetres(1.0), "a fifth of the facing surface deeper than this means crossed frames", source="project choice"
    )
    scan_median: Millimetres = option(
        Millimetres(0.4),
        "half of a bite scan lies nearer to the arches",
        source="derived, facts/quality.md 9; a real case measured 0.34 to 0.36 (6)",
    )
    scan_90: Millimetres = option(
        Millimetres(1.0), "nine tenths of a bite scan lie nearer to the arches", source="project choice"
    )
    scan_over: float = option(
        0.2,
        "share of a bite scan that must lie over the arches; it may reach past a partial scan",
        source="derived on generated arches: 0.3 over front teeth, 0.1 and less when misplaced by 15 mm",
    )
    scan_share: float = option(
        0.05, "share of a bite scan that must lie on each arch", source="derived on generated arches: 0.13 and more"
    )

    clearance_zirconia: Millimetres = option(
        Millimetres(1.0), "room that zirconia needs over the preparation", source="a textbook, in facts/quality.md 7"
    )
    clearance_metal: Millimetres = option(
        Millimetres(1.0), "room that a metal crown needs over the preparation", source="project choice"
    )
    clearance: Millimetres = option(
        Millimetres(1.5),
        "room that any other material needs over the preparation",
        source="one laboratory's guide, in facts/quality.md 7: 1.5 mm over incisal edges and fossae",
    )

    alternative: Millimetres = option(
        Millimetres(0.6),
        "how far apart two bite positions lie before they count as two",
        source="derived: bites of one position differ by 0.17 to 0.37 mm between scanners (facts/quality.md 6)",
    )
    fitted: Millimetres = option(
        Millimetres(0.15),
        "what lies so near to an arch after a bite scan was laid on it is the same surface",
        source="derived on generated arches: scans of one mouth lie within 0.1, those of two more than 0.15",
    )
    same_teeth: float = option(
        0.8,
        "share of what a bite scan meets of an arch that must be the same surface",
        source="derived on generated arches: 0.90 and more for one mouth, 0.74 and less for two",
    )


@frozen
class ImplantOptions:
    """What shows that a scan body was captured."""

    away: Millimetres = option(
        Millimetres(1.5),
        "what stands so far off the arch without scan body belongs to the scan body",
        source="project choice: a scan body stands 5 to 10 mm high",
    )
    area: float = option(
        15.0,
        "the area in mm² that must stand off for each implant",
        source="derived on generated scan bodies: 40 and more",
    )
