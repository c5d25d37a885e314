"""Fewer faces for the same shape."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import evolve

from casepan.errors import AdapterError
from casepan.mesh.finite import require_finite
from casepan.mesh.repair import Change, change
from casepan.mesh.surface import FloatArray, Mesh


def decimate(mesh: Mesh, faces: int) -> tuple[Mesh, Change]:
    """Simplify a surface to about this many faces by collapsing edges (quadric errors), its border kept.

    Vertex colours are taken from the nearest vertex of the original; a texture and face colours are lost, which the
    change says.

    Args:
        mesh: any surface; it is welded first.
        faces: the wanted number; a surface with no more is returned as it is.

    Raises:
        AdapterError: the optional package pyfqmr is not installed.
        CorruptFile: a coordinate is not finite.
        ValueError: fewer than four faces are asked for.
    """
    if faces < 4:
        raise ValueError("a surface needs at least four faces")
    require_finite(mesh)
    if len(mesh.faces) <= faces:
        return mesh, change("decimate", 0, "", mesh, mesh)
    worker = _worker(mesh)
    worker.simplify_mesh(target_count=faces, aggressiveness=7, preserve_border=True, verbose=False)
    result = _result(mesh, worker)
    lost = [name for name, held in (("face colours", mesh.face_colours), ("texture", mesh.texture)) if held is not None]
    removed = len(mesh.faces) - len(result.faces)
    text = f"removed {removed} of {len(mesh.faces)} faces" + (f"; lost: {', '.join(lost)}" if lost else "")
    return result, change("decimate", removed, text, mesh, result)


def collapse_edges(mesh: Mesh, error_mm: float) -> Mesh:
    """Simplify a surface as far as no single step costs more than this (root of the quadric error), its border kept.

    That is no bound of the distance: steps add up, and now and then one pulls a narrow groove flat. Measure the result.
    Colours as with :func:`decimate`.

    Raises:
        AdapterError: the optional package pyfqmr is not installed.
        CorruptFile: a coordinate is not finite.
    """
    require_finite(mesh)
    worker = _worker(mesh)
    worker.simplify_mesh_lossless(epsilon=error_mm**2, preserve_border=True, verbose=False)
    return _result(mesh, worker)


def _worker(mesh: Mesh) -> Any:
    try:
        from pyfqmr import Simplify
    except ImportError:
        raise AdapterError(
            "simplifying needs the package pyfqmr, which is not installed",
            hint='Install it with: pip install "casepan[decimate]"',
        ) from None
    surface = mesh.welded()
    worker = Simplify()
    worker.setMesh(surface.vertices.astype(np.float64), surface.edges.faces)
    return worker


def _result(mesh: Mesh, worker: Any) -> Mesh:
    """What a worker made of a surface, with the colours of the nearest vertices."""
    surface = mesh.welded()
    points, triangles, _ = worker.getMesh()
    vertices = points.astype(np.float32)
    colours = surface.vertex_colours
    return evolve(
        surface,
        vertices=vertices,
        faces=np.ascontiguousarray(triangles, np.int32),
        vertex_colours=None if colours is None else colours[_nearest(surface.vertices, vertices)],
        face_colours=None,
        texture=None,
    )


def _nearest(known: FloatArray, asked: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
    """The nearest known point of each asked one."""
    from scipy.spatial import cKDTree

    return np.asarray(cKDTree(known).query(asked, workers=-1)[1])
