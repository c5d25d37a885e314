"""Faults on real casts, bent a little differently each time. The casts are data beside the repository, never in it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from zipfile import ZipFile

import numpy as np
from attrs import evolve
from local import Change, double_layer, inside, spike
from numpy.typing import NDArray
from specimens import Fault, Mouth, Plant, Rng, Specimen

from casepan.mesh import Mesh, read_mesh
from casepan.testing import faults

_CASTS = ("derived/scan_039.decoded.stl", "arches/orthoaid/upper_jaw.zip", "hps/hpsdecode/example_ce.ply")
_OFF_BORDER_MM = 10.0


def real_faults(shared: Path) -> tuple[Fault, ...]:
    """Faults on the casts that are there; empty where there are none."""
    data = shared / "data"
    if not all((data / name).is_file() for name in _CASTS):
        return ()
    return (
        Fault(
            "hole on a real cast, mm", (3.5, 5.0), 3.2, ("quality.mesh",), _on(data, "mesh.hole", faults.hole), False
        ),
        Fault(
            "spike on a real cast, x limit", (1.2, 2.0), 1.1, ("quality.mesh",), _on(data, "mesh.spike", spike), False
        ),
        Fault(
            "double layer on a real cast, mm",
            (2.0, 4.0),
            1.6,
            ("quality.mesh",),
            _on(data, "mesh.double-layer", double_layer),
            targeted=False,
        ),
    )


def bent_cast(data: Path, rng: Rng) -> Mesh:
    """One of the real casts with up to a millimetre of smooth bending and 4 % of stretch."""
    cast = _cast(data / _CASTS[int(rng.integers(len(_CASTS)))])
    return evolve(cast, vertices=_bent(cast.vertices, rng))


def _on(data: Path, code: str, change: Change) -> Plant:
    def plant(_mouth: Mouth, size: float, rng: Rng) -> Specimen:
        mesh = bent_cast(data, rng)
        place = inside(mesh, rng, _OFF_BORDER_MM)
        return Specimen({"upper": change(mesh, place, size)}, (), (code,), place)

    return plant


@cache
def _cast(path: Path) -> Mesh:
    if path.suffix != ".zip":
        return read_mesh(path).welded()
    with ZipFile(path) as archive:
        return read_mesh(archive.read(archive.namelist()[0])).welded()


def _bent(points: NDArray[np.float32], rng: Rng) -> NDArray[np.float32]:
    stretch = rng.uniform(0.96, 1.04, 3)
    waves = rng.uniform(0.02, 0.05, (3, 3))
    phase = rng.uniform(0, 2 * np.pi, 3)
    return np.ascontiguousarray(points * stretch + np.sin(points @ waves.T + phase), np.float32)
