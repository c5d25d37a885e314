"""The single faults of a surface, each judged by one limit."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from casepan.api import Finding, Scan, WorkItem
from casepan.mesh import (
    Mesh,
    Roughness,
    Topology,
    double_layers,
    edge_lengths,
    edge_percentiles_mm,
    fix_orientation,
    roughness,
    vertex_normals,
)
from casepan.mesh.dentition.places import Placement
from casepan_quality.folds import crossing_faces
from casepan_quality.geometry_options import MeshOptions
from casepan_quality.patches import breadth_mm, face_patches
from casepan_quality.shapes import shape_of

Point = tuple[float, float, float]

_RESCAN = "Ask the office to scan this place again."
_EXPORT = "Ask the office to export the scan again, without thinning it out."
_SPIKE_EDGES = 2.0  # median edges: below that a spike cannot be told from a sharp edge of a coarse surface
_NOISE_EDGES = 0.08  # of the median edge: the bends of a sound arch look like that much noise
_EDGES_PASSED = 10
_NEAR_MM = 5.0  # round the middle of a prepared tooth
PREPARED = frozenset(("crown", "inlay", "onlay", "veneer", "coping", "temporary", "post-core"))
"""Kinds of work that stand on a tooth which was cut for them."""


@define(frozen=True, slots=False, eq=False)
class Look:
    """One scan as the checks see it.

    Attributes:
        scan: what it is.
        surface: its surface, welded.
        options: the limits.
        placement: where its teeth are, None for scans without a row of teeth.
        items: the work that is ordered.
    """

    scan: Scan
    surface: Mesh = field(repr=False)
    options: MeshOptions
    placement: Placement | None
    items: tuple[WorkItem, ...] = ()

    @property
    def topology(self) -> Topology:
        """Parts and borders, shared with the other checks of the case."""
        return shape_of(self.surface).topology

    @cached_property
    def roughness(self) -> Roughness:
        """Noise and spikes."""
        return roughness(self.surface, _SPIKE_EDGES)

    @cached_property
    def edge_mm(self) -> float:
        """The median edge."""
        return edge_percentiles_mm(self.surface, (50,))[0]

    def tooth(self, place: Point) -> int | None:
        """The tooth whose crown holds a place, None for gums, palate and scans without a row of teeth."""
        return self.placement.crown_at(np.array(place)) if self.placement is not None else None

    def finding(
        self, code: str, words: str, where: Point | None, value: float, limit: float, unit: str, hint: str = _RESCAN
    ) -> Finding:
        """A warning about this scan, with the tooth it lies on."""
        tooth = self.tooth(where) if where is not None else None
        return Finding(
            code,
            "warning",
            words if tooth is None else f"{words}, on tooth {tooth}",
            scan=self.scan.id,
            where_mm=where,
            value=round(value, 3),
            limit=round(limit, 3),
            unit=unit,
            teeth=() if tooth is None else (tooth,),
            hint=hint,
        )


def holes(look: Look) -> Iterator[Finding]:
    """``mesh.hole``: borders inside the surface; the rim is none."""
    parts = look.topology.components
    for loop in look.topology.holes:
        if loop.part != parts[0].label:
            continue
        gums = look.placement is not None and look.tooth(loop.centre) is None
        limit = look.options.hole_on_gums_mm if gums else look.options.hole_on_teeth_mm
        if loop.across_mm >= limit:
            where = "gums" if gums else "surface"
            words = f"a hole of {loop.across_mm:.1f} mm in the {where}"
            yield look.finding("mesh.hole", words, loop.centre, loop.across_mm, limit, "mm")


def islands(look: Look) -> Iterator[Finding]:
    """``mesh.island``: loose parts too large to be scraps."""
    parts = look.topology.components
    limit = look.options.island_percent / 100 * sum(part.area_mm2 for part in parts)
    for part in parts[1:]:
        if part.area_mm2 >= limit:
            words = f"a loose part of {part.area_mm2:.0f} mm² floats beside the scan"
            yield look.finding("mesh.island", words, part.centre, part.area_mm2, limit, "mm²")


def spikes(look: Look) -> Iterator[Finding]:
    """``mesh.spike``: single points that stick out."""
    limit = max(float(look.options.spike_mm), _SPIKE_EDGES * look.edge_mm)
    rough = look.roughness
    pieces = look.topology.components
    if not pieces:
        return
    scrap = look.surface.edges.vertex_labels != pieces[0].label
    normals = vertex_normals(look.surface)
    for vertex, height in zip(rough.spikes.tolist(), rough.heights_mm.tolist(), strict=True):
        if abs(height) >= limit and not scrap[vertex]:
            words = f"a spike of {abs(height):.1f} mm"
            foot = _point(look.surface.vertices[vertex] - height * normals[vertex])
            yield look.finding("mesh.spike", words, foot, abs(height), limit, "mm")


def noise(look: Look) -> Iterator[Finding]:
    """``mesh.noise``: the whole surface is rough."""
    limit = max(float(look.options.noise_mm), _NOISE_EDGES * look.edge_mm)
    value = look.roughness.noise_mm
    if value > limit:
        words = f"the surface is rough: {value:.3f} mm of noise"
        middle = _point(look.surface.vertices[np.unique(look.surface.faces)].mean(axis=0))
        yield look.finding(
            "mesh.noise", words, middle, value, limit, "mm", "Ask whether the scanner needs calibration."
        )


def doubled(look: Look) -> Iterator[Finding]:
    """``mesh.double-layer``: patches of surface that lie on one another; one finding for both sheets.

    Ledges that look alike are a thin line; a doubled surface has breadth.
    """
    told: list[NDArray[np.float64]] = []
    limit = look.options.double_layer_mm
    for layer in double_layers(look.surface):
        breadth = breadth_mm(look.surface.vertices[layer.vertices])
        centre = np.array(layer.centre)
        if breadth < limit or any(np.linalg.norm(centre - other) < breadth for other in told):
            continue
        told.append(centre)
        words = f"two layers {layer.gap_mm:.2f} mm apart, {breadth:.1f} mm wide"
        yield look.finding("mesh.double-layer", words, layer.centre, breadth, limit, "mm")


def self_intersecting(look: Look) -> Iterator[Finding]:
    """``mesh.self-intersection``: sheets that cross, and deep folds; what noise does to fine triangles does not count."""
    limit = look.options.self_intersection_mm
    for patch in face_patches(look.surface, crossing_faces(look.surface)):
        if patch.length_mm >= limit:
            words = f"the surface runs through itself over {patch.length_mm:.1f} mm"
            yield look.finding("mesh.self-intersection", words, patch.centre, patch.length_mm, limit, "mm")


def non_manifold(look: Look) -> Iterator[Finding]:
    """``mesh.non-manifold``: edges where more than two faces meet."""
    table = look.surface.edges
    limit = max(_EDGES_PASSED, look.options.non_manifold_percent / 100 * table.count)
    count = len(table.nonmanifold)
    if count > limit:
        where = _point(look.surface.vertices[table.nonmanifold[0, 0]])
        words = f"{count} edges with more than two faces"
        yield look.finding("mesh.non-manifold", words, where, count, float(limit), "edges", _EXPORT)


def flipped(look: Look) -> Iterator[Finding]:
    """``mesh.flipped``: patches that are inside out."""
    turned, change = fix_orientation(look.surface)
    if not change:
        return
    changed = np.flatnonzero((turned.faces != look.surface.faces).any(axis=1))
    for patch in face_patches(look.surface, changed.astype(np.int32)):
        if patch.area_mm2 >= look.options.flipped_mm2:
            words = f"{patch.area_mm2:.1f} mm² of surface are inside out"
            yield look.finding(
                "mesh.flipped", words, patch.centre, patch.area_mm2, look.options.flipped_mm2, "mm²", _EXPORT
            )


def coarse(look: Look) -> Iterator[Finding]:
    """``mesh.coarse``: too few triangles, judged by the length of their edges; many are never too many."""
    median = look.edge_mm
    if median > look.options.edge_mm:
        middle = _point(look.surface.vertices[np.unique(look.surface.faces)].mean(axis=0))
        words = f"the triangles are too large: {median:.2f} mm in the median"
        yield look.finding("mesh.coarse", words, middle, median, look.options.edge_mm, "mm", _EXPORT)


def coarse_preparations(look: Look) -> Iterator[Finding]:
    """``mesh.coarse`` at a prepared tooth: its margin needs finer triangles than the rest."""
    if look.placement is None or look.scan.role == "antagonist":
        return
    arch = look.placement.arch
    teeth = {tooth for item in look.items if item.kind in PREPARED for tooth in item.teeth if tooth in arch.teeth}
    for tooth in sorted(teeth):
        where = look.placement.middle(tooth)
        value = _edge_near(look.surface, where)
        if value > look.options.edge_at_preparation_mm:
            words = f"the triangles at the prepared tooth {tooth} are too large: {value:.2f} mm in the median"
            yield Finding(
                "mesh.coarse",
                "warning",
                words,
                scan=look.scan.id,
                where_mm=_point(where),
                value=round(value, 3),
                limit=look.options.edge_at_preparation_mm,
                unit="mm",
                teeth=(tooth,),
                hint=_EXPORT,
            )


def _edge_near(surface: Mesh, where: NDArray[np.float64]) -> float:
    """The median edge within some mm of a place, 0 where there is none."""
    table = surface.edges
    near = ((surface.vertices - where.astype(np.float32)) ** 2).sum(axis=1) < _NEAR_MM**2
    chosen = near.take(table.low) & near.take(table.high)
    return float(np.median(edge_lengths(surface)[chosen])) if chosen.any() else 0.0


def _point(values: NDArray[np.floating]) -> Point:
    x, y, z = (float(value) for value in values)
    return x, y, z
