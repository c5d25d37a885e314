"""The mesh kernel: the one place that knows triangles.

Importing this package imports nothing heavy: each name below is fetched from its module when it is first used (PEP
562), so that ``--help`` and recognition never pay for numpy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from casepan.mesh.area import area_mm2, mean_normal, vertex_normals
    from casepan.mesh.contents import Inventory, hps_textures, inventory
    from casepan.mesh.edges import EdgeTable
    from casepan.mesh.fill import fill_holes
    from casepan.mesh.gap import Gap, distance
    from casepan.mesh.hps.closed import read_with_key
    from casepan.mesh.hps.geometry import connectivity
    from casepan.mesh.hps.metadata import Transform
    from casepan.mesh.intersect import SelfIntersections, self_intersections
    from casepan.mesh.layers import DoubleLayer, double_layers
    from casepan.mesh.loops import Loop
    from casepan.mesh.measures import (
        Box,
        Roughness,
        bounding_box,
        edge_lengths,
        edge_percentiles_mm,
        faces_per_mm2,
        local_density,
        mean_curvature,
        oriented_box,
        roughness,
    )
    from casepan.mesh.pictures import Drawing, Frame, Heat, Scale, View, draw, guess_frame, render
    from casepan.mesh.reading import read_mesh
    from casepan.mesh.repair import Change, drop_bad_faces, drop_islands, fix_orientation, weld_close
    from casepan.mesh.simplify import decimate
    from casepan.mesh.sniff import sniff_format
    from casepan.mesh.structure import Component, Topology, topology
    from casepan.mesh.surface import Mesh, Texture
    from casepan.mesh.writing import Loss, write_mesh

# A module must not have the name of a function exported here: importing it would put it in the function's place.
_HOMES = {
    "Box": "measures",
    "Change": "repair",
    "Component": "structure",
    "DoubleLayer": "layers",
    "Drawing": "pictures",
    "EdgeTable": "edges",
    "Frame": "pictures",
    "Gap": "gap",
    "Heat": "pictures",
    "Inventory": "contents",
    "Loop": "loops",
    "Loss": "writing",
    "Mesh": "surface",
    "Roughness": "measures",
    "Scale": "pictures",
    "SelfIntersections": "intersect",
    "Texture": "surface",
    "Topology": "structure",
    "Transform": "hps.metadata",
    "View": "pictures",
    "area_mm2": "area",
    "bounding_box": "measures",
    "connectivity": "hps.geometry",
    "decimate": "simplify",
    "distance": "gap",
    "double_layers": "layers",
    "draw": "pictures",
    "drop_bad_faces": "repair",
    "drop_islands": "repair",
    "edge_lengths": "measures",
    "edge_percentiles_mm": "measures",
    "faces_per_mm2": "measures",
    "fill_holes": "fill",
    "fix_orientation": "repair",
    "guess_frame": "pictures",
    "hps_textures": "contents",
    "inventory": "contents",
    "local_density": "measures",
    "mean_curvature": "measures",
    "mean_normal": "area",
    "oriented_box": "measures",
    "read_mesh": "reading",
    "read_with_key": "hps.closed",
    "render": "pictures",
    "roughness": "measures",
    "self_intersections": "intersect",
    "sniff_format": "sniff",
    "topology": "structure",
    "vertex_normals": "area",
    "weld_close": "repair",
    "write_mesh": "writing",
}

__all__ = [
    "Box",
    "Change",
    "Component",
    "DoubleLayer",
    "Drawing",
    "EdgeTable",
    "Frame",
    "Gap",
    "Heat",
    "Inventory",
    "Loop",
    "Loss",
    "Mesh",
    "Roughness",
    "Scale",
    "SelfIntersections",
    "Texture",
    "Topology",
    "Transform",
    "View",
    "area_mm2",
    "bounding_box",
    "connectivity",
    "decimate",
    "distance",
    "double_layers",
    "draw",
    "drop_bad_faces",
    "drop_islands",
    "edge_lengths",
    "edge_percentiles_mm",
    "faces_per_mm2",
    "fill_holes",
    "fix_orientation",
    "guess_frame",
    "hps_textures",
    "inventory",
    "local_density",
    "mean_curvature",
    "mean_normal",
    "oriented_box",
    "read_mesh",
    "read_with_key",
    "render",
    "roughness",
    "self_intersections",
    "sniff_format",
    "topology",
    "vertex_normals",
    "weld_close",
    "write_mesh",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
