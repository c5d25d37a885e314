"""Options of the checks of surfaces, coverage and margins. Read by ``casepan check``; free of heavy imports."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from casepan.api import Millimetres, option

Profile = Literal["auto", "full-arch", "quadrant", "bite", "scan-body", "model-scan"]
_DERIVED = "derived, facts/quality.md 9"
_CHOICE = "project choice: nobody publishes a limit (facts/quality.md 4)"


@frozen
class MeshOptions:
    """What a surface may have and still be good to work on. All limits ask for review; none rejects."""

    profile: Profile = option(
        "auto",
        "what is looked for: a bite may have holes, a model may be closed and have a base; auto goes by role and shape",
    )
    hole_on_teeth_mm: Millimetres = option(
        Millimetres(1.0), "width of the smallest hole on a tooth that is reported, mm", source=_DERIVED
    )
    hole_on_gums_mm: Millimetres = option(
        Millimetres(3.0), "width of the smallest hole elsewhere that is reported, mm", source=_CHOICE
    )
    island_percent: float = option(
        0.5, "area of the smallest loose part that is reported, percent of the whole", source=_DERIVED
    )
    spike_mm: Millimetres = option(
        Millimetres(0.5), "height of the lowest spike that is reported, mm; at least two median edges", source=_CHOICE
    )
    noise_mm: Millimetres = option(
        Millimetres(0.05),
        "most noise, mm; at least 8 percent of the median edge",
        source="project choice: scanners have 0.005 to 0.013 mm (facts/quality.md 3)",
    )
    double_layer_mm: Millimetres = option(
        Millimetres(1.5), "width of the narrowest patch of doubled surface that is reported, mm", source=_CHOICE
    )
    self_intersection_mm: Millimetres = option(
        Millimetres(4.0),
        "length over which surface may run through itself in one place, mm; creases of less than 0.1 mm do not count",
        source="project choice: at a scanner's greatest noise fine triangles cross over up to 3.4 (benchmarks/quality)",
    )
    non_manifold_percent: float = option(
        0.05,
        "most edges with more than two faces, percent of all; ten are always passed",
        source="facts/naming.md 4: real scans of 16,000 triangles have 0 to 6",
    )
    flipped_mm2: float = option(1.0, "area of surface that may be inside out, mm²", source=_CHOICE)
    edge_mm: Millimetres = option(
        Millimetres(1.2),
        "largest median edge, mm",
        source="project choice: arches decimated to 16,000 triangles have 0.8 to 1 (facts/naming.md 4)",
    )
    edge_at_preparation_mm: Millimetres = option(
        Millimetres(1.0), "largest median edge at a tooth that is prepared, mm", source=_CHOICE
    )
    black_percent: float = option(
        50.0,
        "how much of the surface may be plain black, percent: more means that its colours are lost",
        source=_CHOICE,
    )
    highlight_percent: float = option(
        3.0, "most of a coloured surface that is blown out to white, percent: a wet or shiny place", source=_CHOICE
    )
    blood_mm2: float = option(15.0, "area in one place that may be as dark red as blood, mm²", source=_CHOICE)
    most: int = option(8, "most findings of one kind for each scan; the worst come first")


@frozen
class CoverageOptions:
    """What a scan has to show of the arch it was made for. All limits ask for review."""

    tooth_percent: float = option(
        60.0, "how much of a tooth's place the scan must show, percent of its width", source=_CHOICE
    )
    partial_mm: Millimetres = option(
        Millimetres(8.0),
        "how far past a partial scan's end a tooth must lie to be called outside, mm: there teeth cannot be counted off",
        source="project choice: nine of ten places in made quadrants are right within this (benchmarks/quality)",
    )
    hole_mm: Millimetres = option(
        Millimetres(1.0), "width of the smallest hole on an ordered tooth that is reported, mm", source=_DERIVED
    )
    distal_mm: Millimetres = option(
        Millimetres(0.5), "least surface shown behind an ordered tooth that is the last one, mm", source=_CHOICE
    )
    gum_band_mm: Millimetres = option(
        Millimetres(3.0),
        "least gum shown beside an ordered tooth, mm; reported when it is a millimetre less, as sure as it is measured",
        source="a maker's acceptance rule of 3 to 5 mm (facts/quality.md 5)",
    )
    palate_band_mm: Millimetres = option(
        Millimetres(8.0), "least palate shown inside the teeth for dentures and appliances, mm", source=_CHOICE
    )
    ridge_percent: float = option(
        90.0, "how much of the arch a denture or appliance needs to see, percent of its length", source=_CHOICE
    )


@frozen
class MarginOptions:
    """When a preparation and its finish line count as seen. All limits ask for review."""

    reduction_mm: Millimetres = option(
        Millimetres(1.0),
        "how much lower than its neighbours a tooth must be to count as prepared, mm",
        source="project choice: crowns need 1.5 to 2 mm (facts/quality.md 7)",
    )
    partial_mm: Millimetres = option(
        Millimetres(12.0),
        "how far from the ordered place a preparation is looked for in a partial scan, mm",
        source=_CHOICE,
    )
    hole_mm: Millimetres = option(
        Millimetres(0.5),
        "width of the smallest hole beside a preparation that hides its finish line, mm",
        source=_CHOICE,
    )


@frozen
class InsertionOptions:
    """What is worth a note about the path of insertion of a bridge or a partial denture."""

    undercut_mm: Millimetres = option(
        Millimetres(0.25),
        "depth of the smallest undercut that is told, mm",
        source="a textbook's undercut for a cast clasp; on generated stumps without one up to 0.14 is measured",
    )
    parallel_degrees: float = option(
        25.0,
        "angle between the axes of two prepared teeth from which it is told, degrees",
        source="project choice: 10 degrees of taper on each side, and 5 because an axis is found to about 3 degrees",
    )
