"""The line on which the teeth of one arch stand, seen from above."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from casepan.testing.anatomy.noise import Floats, smoothstep

_STEP = 0.25
_BEYOND = 30.0


@frozen(eq=False)
class Curve:
    """A horseshoe with its front at y near 0, x to the patient's right, y to the front.

    Attributes:
        length: (k,) mm along the curve, negative on the patient's left, 0 at the midline.
        points: (k, 2) mm.
        angle: (k,) direction of travel in radians.
    """

    length: Floats
    points: Floats
    angle: Floats

    def place(self, s: Floats, outward: Floats | float) -> Floats:
        """Points (..., 2) at length ``s`` and ``outward`` mm towards the cheek."""
        angle = self.angle_at(s)
        x = np.interp(s, self.length, self.points[:, 0]) - np.sin(angle) * outward
        y = np.interp(s, self.length, self.points[:, 1]) + np.cos(angle) * outward
        return np.stack([x, y], axis=-1)

    def angle_at(self, s: Floats | float) -> Floats:
        """Direction of travel at length ``s``."""
        return np.asarray(np.interp(s, self.length, self.angle), dtype=np.float64)

    def inward(self, front: float, back: float) -> Curve:
        """The same curve moved towards the tongue, by ``front`` mm at the midline and ``back`` mm at the molars."""
        distance = front + (back - front) * smoothstep(np.abs(self.length), 10.0, 35.0)
        return _from_points(self.place(self.length, -distance))


def horseshoe(half_width: float, squareness: float, half_length: float) -> Curve:
    """A curve whose half is ``half_length`` mm long where it is ``half_width`` mm wide and begins to run straight."""
    low, high = 15.0, 90.0
    for _ in range(14):
        depth = (low + high) / 2
        shorter = _length(_quarter(half_width, depth, squareness)) < half_length
        low, high = (depth, high) if shorter else (low, depth)
    quarter = _quarter(half_width, low, squareness)
    tail = quarter[-1] - np.array([0.0, 1.0]) * np.arange(1.0, _BEYOND)[:, None]
    right = np.vstack([quarter, tail])
    return _from_points(np.vstack([right[:0:-1] * [-1, 1], right]))


def _quarter(half_width: float, depth: float, squareness: float) -> NDArray[np.float64]:
    turn = np.linspace(0, np.pi / 2, 240)
    x = half_width * np.sin(turn) ** (2 / squareness)
    y = -depth * (1 - np.cos(turn) ** (2 / squareness))
    return np.stack([x, y], axis=1)


def _length(points: Floats) -> float:
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())


def _from_points(points: Floats) -> Curve:
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    length = np.concatenate([[0.0], np.cumsum(steps)])
    half = np.arange(_STEP, length[-1] / 2, _STEP)
    even = np.concatenate([-half[::-1], [0.0], half])
    x, y = (np.interp(even + length[-1] / 2, length, points[:, k]) for k in (0, 1))
    angle = np.unwrap(np.arctan2(np.gradient(y), np.gradient(x)))
    # A horseshoe of superellipses bends abruptly in places; teeth beside each other would cut into each other there.
    kernel = np.hanning(33)
    padded = np.pad(angle, 16, mode="edge")
    return Curve(even, np.stack([x, y], axis=1), np.convolve(padded, kernel / kernel.sum(), mode="valid"))
