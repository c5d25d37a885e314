"""The mesh kernel: the one place that knows triangles.

Importing this package imports nothing heavy: each name below is fetched from its module when it is first used (PEP
562), so that ``--help`` and recognition never pay for numpy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from casepan.mesh.contents import Inventory, hps_textures, inventory
    from casepan.mesh.hps.closed import read_with_key
    from casepan.mesh.hps.geometry import connectivity
    from casepan.mesh.hps.metadata import Transform
    from casepan.mesh.reading import read_mesh
    from casepan.mesh.sniff import sniff_format
    from casepan.mesh.surface import Mesh, Texture
    from casepan.mesh.writing import Loss, write_mesh

# A module must not have the name of a function exported here: importing it would put it in the function's place.
_HOMES = {
    "Inventory": "contents",
    "Loss": "writing",
    "Mesh": "surface",
    "Texture": "surface",
    "Transform": "hps.metadata",
    "connectivity": "hps.geometry",
    "hps_textures": "contents",
    "inventory": "contents",
    "read_mesh": "reading",
    "read_with_key": "hps.closed",
    "sniff_format": "sniff",
    "write_mesh": "writing",
}

__all__ = [
    "Inventory",
    "Loss",
    "Mesh",
    "Texture",
    "Transform",
    "connectivity",
    "hps_textures",
    "inventory",
    "read_mesh",
    "read_with_key",
    "sniff_format",
    "write_mesh",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
