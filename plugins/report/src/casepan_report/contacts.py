"""The bite contact map: how near each place of an arch comes to the other, in bands as of articulating foil."""

from __future__ import annotations

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from casepan.mesh import Gap, Mesh

DEEPEST_MM = 1.0
"""Behind an open sheet means something only near it; deeper places count as before it."""
STONE = (228, 222, 212)


@frozen
class Band:
    """A step of the map: places at most this far apart, its colour, and what it is called."""

    most_mm: float
    colour: tuple[int, int, int]
    name: str
    sign: str


# Colours after Okabe and Ito's palette, which stays apart for colour-blind people and in grey.
BANDS = (
    Band(-0.1, (92, 22, 92), "deeper than 0.1 mm into each other", "deep"),
    Band(0.1, (213, 94, 0), "contact, within 0.1 mm", "contact"),
    Band(0.3, (240, 200, 66), "0.1 to 0.3 mm apart", "close"),
    Band(0.6, (125, 190, 226), "0.3 to 0.6 mm apart", "near"),
    Band(1.0, (182, 214, 232), "0.6 to 1 mm apart", "far"),
)


def signed_mm(gap: Gap) -> NDArray[np.float64]:
    """The distances of a gap, negative where the surfaces run into each other."""
    behind = (gap.side < 0) & (gap.distance_mm <= DEEPEST_MM)
    return np.where(behind, -gap.distance_mm, gap.distance_mm)


def mapped(mesh: Mesh, gap: Gap) -> Mesh:
    """The welded surface that the gap was measured from, coloured by bands."""
    surface = mesh.welded()
    colours = np.empty((len(surface.vertices), 3), np.uint8)
    colours[:] = STONE
    distance = signed_mm(gap)
    for band in reversed(BANDS):
        colours[gap.vertices[distance <= band.most_mm]] = band.colour
    return evolve(surface, vertex_colours=colours, face_colours=None, texture=None).as_welded()


def areas_mm2(gap: Gap) -> tuple[tuple[Band, float], ...]:
    """The area of each band."""
    distance, least, found = signed_mm(gap), -np.inf, []
    for band in BANDS:
        within = (distance > least) & (distance <= band.most_mm)
        found.append((band, float(gap.areas_mm2[within].sum())))
        least = band.most_mm
    return tuple(found)


def per_vertex(mesh: Mesh, gap: Gap) -> NDArray[np.float32]:
    """The signed distance of every vertex of the welded surface in mm, NaN beyond reach, for the viewer."""
    values = np.full(len(mesh.welded().vertices), np.nan, np.float32)
    values[gap.vertices] = signed_mm(gap)
    return values
