"""The scans of a case as surfaces: opened, coloured, and set apart by what they can be shown with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import evolve, frozen

from casepan.api import Case, CaseError, Context, Scan
from casepan.mesh import Frame, Gap, Mesh, distance, guess_frame
from casepan_report import words
from casepan_report.images import sampled

REACH_MM = 1.0
"""How far the arches are looked at from each other for the contact map."""
_TOGETHER_MM = 5.0  # arches that come no nearer than this do not lie together, however open the bite
_FEWEST_NEAR = 20  # vertices within reach: fewer, and the arches do not lie together
_JAW_ROLES = ("preparation", "arch", "antagonist", "edentulous", "denture", "preop")


@frozen(eq=False)
class Shape:
    """A scan that can be shown."""

    scan: Scan
    mesh: Mesh
    title: str


@frozen(eq=False)
class Bite:
    """An upper and a lower scan of one frame, and the distances of each to the other."""

    upper: Shape
    lower: Shape
    frame: Frame
    of_upper: Gap
    of_lower: Gap


@frozen(eq=False)
class Shapes:
    """All that can be shown of a case.

    Attributes:
        shown: preferred scans, in the order of the case.
        bite: the arches in occlusion, or None; why_no_bite says why.
        unshown: title of each other scan and why it is not shown.
    """

    shown: tuple[Shape, ...]
    bite: Bite | None
    why_no_bite: str
    unshown: tuple[tuple[str, str], ...]


def shapes_of(case: Case, ctx: Context) -> Shapes:
    """Open the preferred scans of a case; what cannot be opened is said, not hidden."""
    shown, unshown = [], []
    for scan in case.scans:
        if scan.role == "photo":
            continue
        made = shape_of(scan, ctx) if scan.preferred else "a variant that is only carried along"
        if isinstance(made, Shape):
            shown.append(made)
        else:
            unshown.append((words.scan(scan), made))
    bite, why = _bite(case, shown)
    return Shapes(tuple(shown), bite, why, tuple(unshown))


def shape_of(scan: Scan, ctx: Context) -> Shape | str:
    """The scan's surface with its colours at the vertices, or why it cannot be shown."""
    if not scan.readable:
        return f"only the vendor's software can read this {scan.format} file"
    try:
        mesh = ctx.mesh(scan)
    except CaseError as error:
        return error.reason
    if not len(mesh.faces):
        return "it has no triangles"
    if not mesh.is_finite:
        return "it has coordinates that are no numbers"
    return Shape(scan, _coloured(mesh.welded()), words.scan(scan))


def _coloured(mesh: Mesh) -> Mesh:
    """The same surface with a texture's colours brought to its vertices."""
    texture = mesh.texture
    if texture is None or mesh.vertex_colours is not None or not texture.image:
        return mesh
    image = sampled(texture.image)
    if image is None:
        return mesh
    height, width = image.shape[:2]
    uv = np.nan_to_num(texture.uv.reshape(-1, 2)) % 1
    x = (uv[:, 0] * width).astype(np.intp).clip(0, width - 1)
    y = ((1 - uv[:, 1]) * height).astype(np.intp).clip(0, height - 1)
    colours = np.full((len(mesh.vertices), 3), 200, np.uint8)
    colours[mesh.faces.ravel()] = image[y, x]
    return evolve(mesh, vertex_colours=colours, texture=None).as_welded()


def _bite(case: Case, shapes: Sequence[Shape]) -> tuple[Bite | None, str]:
    """The arches in occlusion, or why there are none."""
    upper, lower = _jaw(shapes, "upper"), _jaw(shapes, "lower")
    if upper is None or lower is None:
        return None, "To show the bite both arches are needed; one is missing or cannot be shown."
    if any(finding.code == "bite.frames" for finding in case.findings):
        return None, "The arches do not stand in occlusion: each file has a frame of its own."
    of_lower = distance(lower.mesh, upper.mesh, REACH_MM)
    if (
        len(of_lower.vertices) < _FEWEST_NEAR
        and len(distance(lower.mesh, upper.mesh, _TOGETHER_MM).vertices) < _FEWEST_NEAR
    ):
        return None, "The arches do not lie together: each file has a frame of its own."
    frame = guess_frame(lower.mesh, "lower")
    return Bite(upper, lower, frame, distance(upper.mesh, lower.mesh, REACH_MM), of_lower), ""


def _jaw(shapes: Sequence[Shape], arch: str) -> Shape | None:
    """The scan that stands for an arch: prepared before plain, as the checks choose it."""
    mine = [shape for shape in shapes if shape.scan.arch == arch and shape.scan.role in _JAW_ROLES]
    return min(mine, key=lambda shape: _JAW_ROLES.index(shape.scan.role), default=None)
