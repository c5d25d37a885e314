"""Where the finish lines of ordered teeth may run: there nothing is changed unless the lab wants it."""

from __future__ import annotations

import numpy as np
from attrs import define
from numpy.typing import NDArray

from casepan.mesh import Mesh
from casepan.mesh.dentition.places import Placement, place_teeth
from casepan_prepare.scans import Jaw

_REACH = 0.8  # of a tooth's width from its middle: the outer end of where its finish line runs (quality.margin)
_ASIDE_MM = 9.0  # the same across the arch
_PRIMARY, _SUCCESSOR = 50, 40  # a primary tooth (51 to 85) stands where its successor will, FDI 40 lower
_SLACK_MM = (2.0, 9.0)  # how far a tooth may stand from its place, in full and in partial scans (benchmarks/quality)


@define(frozen=True, eq=False)
class Zones:
    """The surroundings of some teeth in one scan.

    Attributes:
        placement: where the teeth are; None when that cannot be told, then every place may be near one of them.
        teeth: FDI numbers; none means that no place is near.
    """

    placement: Placement | None
    teeth: tuple[int, ...]

    @classmethod
    def around(cls, teeth: tuple[int, ...], mesh: Mesh, jaw: Jaw | None) -> Zones:
        """The surroundings of these teeth in a scan of one arch."""
        return cls(place_teeth(mesh, jaw) if teeth and jaw else None, teeth)

    def tooth_near(self, points: NDArray[np.floating]) -> int | None:
        """An ordered tooth whose surroundings hold any of these points (k, 3); the first where its place is unknown."""
        if not self.teeth or self.placement is None:
            return next(iter(self.teeth), None)
        arch = self.placement.arch
        along, across = arch.unrolled(arch.relief.plane.flat(points))
        slack = _SLACK_MM[0 if self.placement.is_full else 1]
        for tooth in self.teeth:
            place = tooth if tooth < _PRIMARY else tooth - _SUCCESSOR
            beside = np.abs(along - arch.position(place)) < _REACH * arch.width(place) + slack
            if (beside & (np.abs(across) < _ASIDE_MM)).any():
                return tooth
        return None
