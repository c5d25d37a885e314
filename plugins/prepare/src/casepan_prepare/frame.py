"""The occlusal frame of a case, found in its arches.

Its axes are those of DICOM's patient coordinates (PS3.3 C.7.6.2.1.1): x to the patient's left, y to the back, z to the head.
z = 0 is the occlusal plane, the origin lies in it between the central incisors. So the upper teeth point down and the
lower ones up, as they stand in the mouth, and a program whose front view looks along y shows the patient's face.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import define, evolve
from numpy.typing import NDArray

from casepan.api import Case, Context, Scan, Transform
from casepan.mesh import Mesh
from casepan.mesh.dentition.places import place_teeth
from casepan_prepare.scans import Jaw, jaw_of, open_scan

Floats = NDArray[np.float64]

NAME = "casepan occlusal frame"
"""Name of the transform in a case's manifest."""

APART = "its scans came with different matrices, which are not in their vertices yet"

_MOLARS_MM = 35.0  # along the arch from the midline: the first molars, whose line runs from right to left
_ONE_FRAME = 45.0  # degrees: arches that are not in occlusion lie a quarter or half a turn apart
_SIDE_MM = 68.0  # of arch: from one side well past the front; with less, both arches can be wrong about it and agree
_ROLES = ("preparation", "arch", "antagonist", "edentulous", "preop")


@define(frozen=True, eq=False)
class ArchFrame:
    """The frame as one arch shows it.

    Attributes:
        up, left: float64 (3,), unit vectors in the file's coordinates, across each other.
        middle: float64 (3,), on its chewing plane at the midline.
        is_full: whether the arch reaches far on both sides of its midline.
        length_mm: how much of the arch's curve was scanned.
    """

    up: Floats
    left: Floats
    middle: Floats
    is_full: bool
    length_mm: float


@define(frozen=True, eq=False)
class MouthFrame:
    """The occlusal frame in the coordinates of the files.

    Attributes:
        axes: float64 (3, 3), unit rows: left, back, up.
        origin: float64 (3,), mm.
    """

    axes: Floats
    origin: Floats

    @classmethod
    def of(cls, frames: Sequence[ArchFrame]) -> MouthFrame:
        """The mean of what several arches show."""
        up = _unit(np.mean([frame.up for frame in frames], axis=0))
        left = np.mean([frame.left for frame in frames], axis=0)
        left = _unit(left - (left @ up) * up)
        return cls(np.stack([left, np.cross(up, left), up]), np.mean([frame.middle for frame in frames], axis=0))

    @property
    def matrix(self) -> Floats:
        """float64 (4, 4): takes points of the files into the occlusal frame."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.axes
        matrix[:3, 3] = -self.axes @ self.origin
        return matrix

    @property
    def degrees(self) -> float:
        """The angle by which it turns the files."""
        return float(np.degrees(np.arccos(np.clip((np.trace(self.axes) - 1) / 2, -1, 1))))


def arch_frame(mesh: Mesh, jaw: Jaw) -> ArchFrame | None:
    """The frame that one arch shows, or None when nothing in it stands like a row of teeth."""
    placement = place_teeth(mesh, jaw)
    if placement is None:
        return None
    arch, plane = placement.arch, placement.arch.relief.plane
    negative, positive = (arch.point(arch.shift + side * _MOLARS_MM) for side in (-1, 1))
    across = (positive - negative) if arch.quadrants[1] == 2 else (negative - positive)
    left = _unit(across[0] * plane.axes[0] + across[1] * plane.axes[1])
    middle = plane.back(np.array([[*arch.point(arch.shift), 0.0]]))[0]
    return ArchFrame(
        plane.axes[2] * (1 if jaw == "lower" else -1), left, middle, placement.is_full, placement.length_mm
    )


def arches(case: Case, ctx: Context) -> list[tuple[Scan, Mesh, Jaw]]:
    """The preferred readable scan of each known arch; a preparation goes before an arch as it was."""
    found: dict[Jaw, tuple[Scan, Mesh, Jaw]] = {}
    for role in _ROLES:
        for scan in case.scans_of(role):
            jaw = jaw_of(scan, case)
            mesh = open_scan(scan, ctx) if jaw and jaw not in found else None
            if jaw and isinstance(mesh, Mesh):
                found[jaw] = (scan, mesh, jaw)
    return [found[jaw] for jaw in ("upper", "lower") if jaw in found]


def find_frame(frames: Sequence[ArchFrame], agree: float) -> MouthFrame | str:
    """The occlusal frame of the arches of one case, or why it cannot be told.

    A full arch is enough, if the other arch does not speak against it. Partial arches alone must be two, show a whole
    side, and agree.

    Args:
        frames: what each arch shows.
        agree: degrees that two partial arches may differ; twice as many where one is full.
    """
    if not frames:
        return "no scan shows an arch of teeth"
    full = [frame for frame in frames if frame.is_full]
    tilt, turn = (_apart(frames, which) for which in ("up", "left"))
    if tilt > (2 if full else 1) * agree:
        return f"the chewing planes of the two arches differ by {tilt:.0f}°, so they do not stand in occlusion"
    if not full and (len(frames) == 1 or min(frame.length_mm for frame in frames) < _SIDE_MM):
        return "so little of an arch does not tell where the front is"
    if turn > agree and len(full) != 1:
        return f"the two arches differ by {turn:.0f}° about where the front is"
    return MouthFrame.of(full or frames)


def level_frame(frames: Sequence[ArchFrame]) -> MouthFrame | None:
    """A frame in which the chewing planes are about level, wherever its front may be; None when there is none for all.

    For arches that share a frame, however little each shows of its plane: what stands in occlusion stays so.
    """
    if not frames or _apart(frames, "up") > _ONE_FRAME:
        return None
    best = [frame for frame in frames if frame.is_full] or frames
    return MouthFrame.of([evolve(frame, left=best[0].left) for frame in best])


def frame_of(case: Case, ctx: Context, agree: float) -> MouthFrame | str:
    """The occlusal frame of a case, or why it cannot be told; that of an oriented case is the files' own."""
    if any(is_oriented(scan) for scan in case.scans):
        return MouthFrame(np.eye(3), np.zeros(3))
    if stand_apart(case.scans):
        return APART
    frames = (arch_frame(mesh, jaw) for _, mesh, jaw in arches(case, ctx))
    return find_frame([frame for frame in frames if frame is not None], agree)


def stand_apart(scans: Sequence[Scan]) -> bool:
    """Whether the files share no frame: matrices that would bring them into one are not in their vertices, and differ."""
    shown = [scan for scan in scans if scan.readable and scan.role != "photo"]
    waiting = {frozenset(t.matrix for t in scan.transforms if t.applied is False and t.name != NAME) for scan in shown}
    return len(waiting) > 1


def is_oriented(scan: Scan) -> bool:
    """Whether ``prepare.orient`` has been here."""
    return any(transform.name == NAME and transform.applied for transform in scan.transforms)


def moved(mesh: Mesh, matrix: Floats) -> Mesh:
    """A surface under a rigid 4 x 4 matrix, everything else as it was."""
    points = mesh.vertices.astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
    return evolve(mesh, vertices=points.astype(np.float32))


def as_transform(matrix: Floats, *, applied: bool) -> Transform:
    """The matrix as it stands in the manifest."""
    return Transform(NAME, tuple(matrix.ravel().tolist()), applied)


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / np.linalg.norm(vector), np.float64)


def _apart(frames: Sequence[ArchFrame], which: str) -> float:
    """The largest angle between a direction of the first arch and that of the others, degrees."""
    return max(_degrees(getattr(frames[0], which), getattr(frame, which)) for frame in frames)


def _degrees(one: Floats, other: Floats) -> float:
    return float(np.degrees(np.arccos(np.clip(one @ other, -1, 1))))
