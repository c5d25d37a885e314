"""Scans as files hold them: bytes of a mesh, and very small scans for large test matrices."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from casepan.errors import UsageError
from casepan.mesh.surface import Mesh
from casepan.testing.jaws import JawPair, jaw_pair

_SMALL = 2_000


def small_scan(role: str = "upper", seed: int = 0) -> Mesh:
    """A scan of about 2,000 triangles, made once per process. Roles: ``"upper"``, ``"lower"`` or ``"bite"``.

    All three of one seed share an occlusion frame; so few triangles meet only to about half a millimetre.
    """
    pair = _small_pair(seed)
    scans = {"upper": pair.upper, "lower": pair.lower, "bite": pair.bites[0]}
    if role not in scans:
        raise UsageError(f"no small scan of role {role!r}", hint=f"Known: {', '.join(scans)}.")
    return scans[role]


@lru_cache(maxsize=64)
def _small_pair(seed: int) -> JawPair:
    return jaw_pair(seed, triangles=_SMALL)


def scan_bytes(
    mesh: Mesh, format: str = "stl", *, colour: bool = True, header: bytes | None = None, comments: Sequence[str] = ()
) -> bytes:
    """A mesh as the bytes of a binary STL, a binary PLY or an OBJ file.

    Args:
        mesh: what to write.
        format: ``"stl"``, ``"ply"`` or ``"obj"``.
        colour: whether vertex colours are written (PLY, OBJ).
        header: the first bytes of an STL file, at most 80; by default ``b"casepan"``.
        comments: lines for the head of a PLY or OBJ file.

    Raises:
        UsageError: for another format, or a header that is too long.
    """
    writers = {"stl": _stl, "ply": _ply, "obj": _obj}
    if format not in writers:
        raise UsageError(f"cannot write a scan as {format!r}", hint=f"Known: {', '.join(writers)}.")
    return writers[format](mesh, colour and mesh.vertex_colours is not None, header or b"casepan", comments)


def _stl(mesh: Mesh, _colour: bool, header: bytes, _comments: Sequence[str]) -> bytes:
    if len(header) > 80:
        raise UsageError(f"an STL header has 80 bytes, not {len(header)}", hint="Shorten it.")
    records = np.zeros(len(mesh.faces), dtype=[("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("spare", "<u2")])
    corners = mesh.vertices[mesh.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    records["normal"] = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-20)
    records["corners"] = corners
    return header.ljust(80, b"\0") + np.uint32(len(records)).tobytes() + records.tobytes()


def _ply(mesh: Mesh, colour: bool, _header: bytes, comments: Sequence[str]) -> bytes:
    rgb = ["property uchar red", "property uchar green", "property uchar blue"] if colour else []
    lines = ["ply", "format binary_little_endian 1.0", *(f"comment {c}" for c in comments)]
    lines += [f"element vertex {len(mesh.vertices)}", *(f"property float {axis}" for axis in "xyz"), *rgb]
    lines += [f"element face {len(mesh.faces)}", "property list uchar int vertex_indices", "end_header", ""]
    vertices = np.zeros(len(mesh.vertices), dtype=[("xyz", "<f4", 3), *([("rgb", "u1", 3)] if colour else [])])
    vertices["xyz"] = mesh.vertices
    if colour:
        vertices["rgb"] = mesh.vertex_colours
    faces = np.zeros(len(mesh.faces), dtype=[("count", "u1"), ("corners", "<i4", 3)])
    faces["count"], faces["corners"] = 3, mesh.faces
    return "\n".join(lines).encode() + vertices.tobytes() + faces.tobytes()


def _obj(mesh: Mesh, colour: bool, _header: bytes, comments: Sequence[str]) -> bytes:
    rows = mesh.vertices.tolist()
    if colour and mesh.vertex_colours is not None:
        rows = [[*row, *rgb] for row, rgb in zip(rows, (mesh.vertex_colours / 255).tolist(), strict=True)]
    lines = [f"# {c}" for c in comments]
    lines += ["v " + " ".join(f"{value:.6g}" for value in row) for row in rows]
    lines += [f"f {a} {b} {c}" for a, b, c in (mesh.faces + 1).tolist()]
    return ("\n".join(lines) + "\n").encode()
