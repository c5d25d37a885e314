"""From which side a scan is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from attrs import define, evolve
from numpy.typing import NDArray

from casepan.mesh.area import along, mean_normal, scaled_normals
from casepan.mesh.surface import FloatArray, Mesh

View = Literal["occlusal", "front", "left", "right", "back"]
Vector = NDArray[np.float64]


@define(frozen=True, eq=False)
class Frame:
    """The directions of a mouth in a scan's coordinates, unit vectors float64 (3,).

    Attributes:
        occlusal: from the gum towards the biting surface.
        front: towards the lips.
        up: anatomically up: along ``occlusal`` in a lower jaw, against it in an upper one.
    """

    occlusal: Vector
    front: Vector
    up: Vector

    @property
    def right(self) -> Vector:
        """Towards the patient's right."""
        return np.cross(self.front, self.up)


@define(frozen=True, eq=False)
class Camera:
    """An orthographic view.

    Attributes:
        axes: float64 (3, 3), rows: picture's right, picture's up, towards the viewer.
        scale: pixels per mm.
        centre: float64 (2,), what lies in the middle of the picture area, along the first two axes.
        middle: float64 (2,), pixel in the middle of the picture area.
        reach: float64 (2,), how far to each side of the middle what is shown reaches, in pixels.
    """

    axes: NDArray[np.float64]
    scale: float
    centre: Vector
    middle: Vector
    reach: Vector

    def window(self, size: tuple[int, int]) -> tuple[slice, slice]:
        """The rows and columns of a picture of this size that what is shown may touch."""
        low = np.floor(self.middle - self.reach - 1).clip(0, size).astype(int)
        high = np.ceil(self.middle + self.reach + 1).clip(0, size).astype(int)
        return slice(low[1], high[1]), slice(low[0], high[0])

    def project(self, points: FloatArray) -> FloatArray:
        """Pixel x, pixel y and depth in mm of points (n, 3), float32 (3, n)."""
        x, y, depth = (along(points, axis) for axis in self.axes)
        scale = np.float32(self.scale)
        return np.stack(
            [
                (x - np.float32(self.centre[0])) * scale + np.float32(self.middle[0]),
                (np.float32(self.centre[1]) - y) * scale + np.float32(self.middle[1]),
                depth,
            ]
        )


_EMPTY = np.array([[-5, 5], [-5, 5]], np.float32)  # what a picture of nothing shows: a square of 10 mm


def look(
    frame: Frame, view: View, clouds: Sequence[FloatArray], size: tuple[int, int], borders: tuple[float, float]
) -> Camera:
    """The camera that fits some points into a picture.

    In the occlusal view the lips are at the top, for a lower jaw at the bottom, as on clinical photographs.

    Args:
        frame: the directions of the mouth.
        view: the side to look from; left and right are the patient's.
        clouds: the points to be seen, (n, 3) each.
        size: width and height in pixels.
        borders: what stays free at the right, and at each of the other three sides, in pixels.
    """
    towards = {
        "occlusal": frame.occlusal,
        "front": frame.front,
        "back": -frame.front,
        "left": -frame.right,
        "right": frame.right,
    }[view]
    lower = float(frame.up @ frame.occlusal) > 0
    up = frame.up if view != "occlusal" else -frame.front if lower else frame.front
    axes = np.stack([np.cross(up, towards), up, towards])
    flat = [np.stack([along(cloud, axis) for axis in axes[:2]]) for cloud in clouds if len(cloud)] or [_EMPTY]
    low = np.min([points.min(axis=1) for points in flat], axis=0).astype(np.float64)
    high = np.max([points.max(axis=1) for points in flat], axis=0).astype(np.float64)
    right, other = borders
    room = np.maximum(np.array([size[0] - other - right, size[1] - 2 * other], float), 1)
    scale = float((room / np.maximum(high - low, 1e-6)).min())
    middle = np.array([other + room[0] / 2, size[1] / 2])
    return Camera(axes, scale, (low + high) / 2, middle, scale * (high - low) / 2)


def guess_frame(mesh: Mesh, arch: Literal["upper", "lower"] | None = None) -> Frame:
    """The directions of a mouth from the shape of one arch, along the axes of its file.

    The mean normal of an open arch points to the occlusal side; for closed models, where it vanishes, it is the less
    flat side along the shortest axis. The lips are where the horseshoe is narrow. Without a known arch up is the
    occlusal side.
    """
    few = evolve(mesh, faces=mesh.faces[:: max(1, len(mesh.faces) // 20_000)])
    normal = mean_normal(few)
    corners = mesh.vertices[few.faces.ravel()] if len(few.faces) else np.zeros((1, 3), np.float32)
    extent = np.array([np.ptp(column) for column in corners.T])  # ten times faster than along the first axis
    axis = int(np.abs(normal).argmax()) if np.linalg.norm(normal) > 0.1 else int(extent.argmin())
    occlusal = np.zeros(3)
    occlusal[axis] = np.sign(normal[axis]) if np.linalg.norm(normal) > 0.1 else _rugged_side(few, axis)
    return Frame(occlusal, _front(corners, axis), -occlusal if arch == "upper" else occlusal)


def _rugged_side(mesh: Mesh, axis: int) -> float:
    """1 or -1: the end of an axis whose faces look less straight along it, the other being the base of a cast."""
    normals = scaled_normals(mesh.vertices, mesh.faces)
    along = normals[:, axis].astype(np.float64)
    size = np.sqrt(np.einsum("ij,ij->i", normals, normals)).astype(np.float64)
    flatness = [(part**2 / np.maximum(size, 1e-12)).sum() / max(part.sum(), 1e-12) for part in _both_ways(along)]
    return 1.0 if flatness[0] <= flatness[1] else -1.0


def _both_ways(values: Vector) -> tuple[Vector, Vector]:
    return np.maximum(values, 0), np.maximum(-values, 0)


def _front(points: FloatArray, occlusal_axis: int) -> Vector:
    """The direction along a file axis in which the points narrow most."""
    along = [axis for axis in range(3) if axis != occlusal_axis]
    best, front = -1.0, np.zeros(3)
    for axis, across in (along, along[::-1]):
        low, high = np.percentile(points[:, axis], [15, 85])
        widths = [_width(points[points[:, axis] <= low, across]), _width(points[points[:, axis] >= high, across])]
        narrowing = abs(widths[0] - widths[1]) / max(*widths, 1e-9)
        if narrowing > best:
            best, front = narrowing, np.zeros(3)
            front[axis] = 1.0 if widths[1] < widths[0] else -1.0
    return front


def _width(values: FloatArray) -> float:
    return float(np.subtract(*np.percentile(values, [95, 5]))) if len(values) else 0.0
