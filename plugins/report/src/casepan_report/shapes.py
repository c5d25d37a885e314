"""The scans of a case as surfaces: opened, coloured, and set apart by what they can be shown with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from attrs import evolve, frozen

from casepan.api import Case, CaseError, Context, Scan
from casepan.mesh import Frame, Gap, Mesh, distance, guess_frame
from casepan_report import words
from casepan_report.frames import Matrix, moved, moves_of
from casepan_report.images import sampled

REACH_MM = 1.0
"""How far the arches are looked at from each other for the contact map."""
_TOGETHER_MM = 5.0  # arches that come no nearer than this do not lie together, however open the bite
_FEWEST_NEAR = 20  # vertices within reach: fewer, and the arches do not lie together
_THROUGH_MM = 0.3  # a bite presses no arch deeper into the other one
_MOST_THROUGH = 0.2  # share of the near surface that may be deeper: in occlusion measured 0, crossed 2 mm deep 0.3
_JAW_ROLES = ("preparation", "arch", "antagonist", "edentulous", "denture", "preop")


@frozen(eq=False)
class Shape:
    """A scan that can be shown.

    Attributes:
        mesh: welded, where it is shown.
        move: what brought it there from the coordinates of its file, None when it is shown in these.
    """

    scan: Scan
    mesh: Mesh
    title: str
    move: Matrix | None = None

    def at(self, where_mm: Sequence[float]) -> tuple[float, float, float]:
        """Where a place in the file's coordinates is shown."""
        if self.move is not None:
            where_mm = (self.move[:3, :3] @ np.array(where_mm) + self.move[:3, 3]).tolist()
        x, y, z = where_mm
        return x, y, z

    def moved(self, matrix: Matrix) -> Shape:
        """The same scan shown somewhere else."""
        move = matrix if self.move is None else matrix @ self.move
        return evolve(self, mesh=moved(self.mesh, matrix), move=move)


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
        apart: whether both arches are there, and nobody knows how they lie to each other.
        unshown: title of each other scan and why it is not shown.
    """

    shown: tuple[Shape, ...]
    bite: Bite | None
    why_no_bite: str
    apart: bool
    unshown: tuple[tuple[str, str], ...]

    def shape(self, scan_id: str | None) -> Shape | None:
        """The shown scan of an id."""
        return next((shape for shape in self.shown if shape.scan.id == scan_id), None)


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
    return _together(case, shown, tuple(unshown))


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


def _together(case: Case, files: Sequence[Shape], unshown: tuple[tuple[str, str], ...]) -> Shapes:
    """The scans where their matrices bring them; as their files say where that is no bite and the files are one."""
    moves = moves_of([shape.scan for shape in files])
    told = any(finding.code == "bite.frames" for finding in case.findings)  # of the files as they are
    placed = _placed(files, moves)
    bite = _bite(placed, known_apart=told and not moves, open_bite=not moves)
    if moves and isinstance(bite, str):
        as_they_are = _bite(files, known_apart=told)
        if isinstance(as_they_are, Bite):
            placed, bite = tuple(files), as_they_are
    if isinstance(bite, Bite):
        return Shapes(placed, bite, "", apart=False, unshown=unshown)
    return Shapes(placed, None, bite, apart=bite != _ALONE, unshown=unshown)


def _placed(shapes: Sequence[Shape], moves: Mapping[str, Matrix]) -> tuple[Shape, ...]:
    return tuple(shape.moved(moves[shape.scan.id]) if shape.scan.id in moves else shape for shape in shapes)


_ALONE = "To show the bite both arches are needed; one is missing or cannot be shown."


def _bite(shapes: Sequence[Shape], *, known_apart: bool, open_bite: bool = True) -> Bite | str:
    """The arches in occlusion, or why there are none; a matrix has to bring them nearer than an open bite is."""
    upper, lower = _jaw(shapes, "upper"), _jaw(shapes, "lower")
    if upper is None or lower is None:
        return _ALONE
    if known_apart:
        return "The arches do not stand in occlusion: each file has a frame of its own."
    of_lower = distance(lower.mesh, upper.mesh, REACH_MM)
    near = len(of_lower.vertices) >= _FEWEST_NEAR
    if not near and open_bite:
        near = len(distance(lower.mesh, upper.mesh, _TOGETHER_MM).vertices) >= _FEWEST_NEAR
    if not near:
        return "The arches do not lie together: each file has a frame of its own."
    if _crossed(of_lower):
        return "The arches run through each other: each file has a frame of its own."
    frame = guess_frame(lower.mesh, "lower")
    return Bite(upper, lower, frame, distance(upper.mesh, lower.mesh, REACH_MM), of_lower)


def _crossed(gap: Gap) -> bool:
    """Whether a good part of what lies near the other arch lies deep behind its surface."""
    through = gap.areas_mm2[(gap.side < 0) & (gap.distance_mm > _THROUGH_MM)].sum()
    return bool(through > _MOST_THROUGH * gap.areas_mm2.sum())


def _jaw(shapes: Sequence[Shape], arch: str) -> Shape | None:
    """The scan that stands for an arch: prepared before plain, as the checks choose it."""
    mine = [shape for shape in shapes if shape.scan.arch == arch and shape.scan.role in _JAW_ROLES]
    return min(mine, key=lambda shape: _JAW_ROLES.index(shape.scan.role), default=None)
