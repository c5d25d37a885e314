"""The heat maps of a page: values as bytes, and what their colours mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import define
from numpy.typing import NDArray

from casepan.mesh import Mesh, Scale
from casepan.mesh.pictures.overlay import heat_colours

_RAMP_STEPS = 65


@define(frozen=True, eq=False)
class Warmth:
    """The values of one scan.

    Attributes:
        values: float (n,), one per vertex in mm, NaN where there is none.
        low: what byte 1 stands for, in mm; lower values count as this.
        high: what byte 255 stands for.
    """

    values: NDArray[np.floating]
    low: float
    high: float

    @classmethod
    def of(cls, values: NDArray[np.floating], given: tuple[float, float] | None) -> Warmth:
        """Values with the range that was given, or their own."""
        known = values[np.isfinite(values)]
        own = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
        return cls(values, *(given or own))

    def on(self, scan: Mesh, welded: Mesh) -> NDArray[np.uint8]:
        """One byte per vertex of the welded scan: 0 for no value, else 1 to 255 for the range."""
        known = np.isfinite(self.values)
        share = (np.where(known, self.values, self.low) - self.low) / max(self.high - self.low, 1e-9)
        bytes_ = np.where(known, 1 + np.rint(share.clip(0, 1) * 254), 0).astype(np.uint8)
        result = np.zeros(len(welded.vertices), np.uint8)
        result[welded.faces.ravel()] = bytes_[scan.faces.ravel()]
        return result


def legend(maps: Sequence[Warmth], title: str) -> dict[str, Any] | None:
    """One range for all maps, in the colours of the report's pictures; None without a map."""
    if not maps:
        return None
    ramp = heat_colours(np.linspace(0, 1, _RAMP_STEPS, dtype=np.float32), Scale(0, 1))
    return {
        "low": min(each.low for each in maps),
        "high": max(each.high for each in maps),
        "title": title or "Heat map",
        "ramp": np.rint(ramp * 255).astype(int).tolist(),
    }
