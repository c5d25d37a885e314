"""The scans and findings of a report for the 3D viewer."""

from __future__ import annotations

from casepan_report.contacts import per_vertex
from casepan_report.contents import Report
from casepan_report.markup import Html
from casepan_report.page import Part
from casepan_report.shapes import Shape
from casepan_report.viewer import Pin, ViewerScan, viewer_part

_HEAT_RANGE = (-0.3, 1.0)


def viewer_part_of(report: Report) -> Part:
    """The viewer with every shown scan and a pin for every finding that has a place."""
    shapes = report.shapes.shown
    scans = [_scan(shape, report) for shape in shapes]
    pins = [
        Pin(number, finding.scan, shape.at(finding.where_mm), finding.message)
        for number, finding in report.numbered
        if finding.where_mm is not None and (shape := report.shapes.shape(finding.scan)) is not None
    ]
    bite = report.shapes.bite
    part = viewer_part(scans, pins, frame=bite.frame if bite else None)
    return Part(Html(part.html), part.styles, part.scripts)


def _scan(shape: Shape, report: Report) -> ViewerScan:
    bite = report.shapes.bite
    gap = None
    if bite is not None and shape.scan.id == bite.upper.scan.id:
        gap = bite.of_upper
    elif bite is not None and shape.scan.id == bite.lower.scan.id:
        gap = bite.of_lower
    scan = shape.scan
    return ViewerScan(
        scan.id,
        scan.role,
        scan.arch,
        shape.title,
        shape.mesh,
        heat=per_vertex(shape.mesh, gap) if gap is not None else None,
        heat_range=_HEAT_RANGE if gap is not None else None,
        heat_title="Distance to the other arch" if gap is not None else "",
        shown=gap is not None if bite else not report.shapes.apart or shape is report.shapes.shown[0],
    )
