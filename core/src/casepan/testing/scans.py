"""Scans as files hold them: bytes of a mesh, and very small scans for large test matrices."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO

from attrs import evolve

from casepan.errors import UsageError
from casepan.mesh.surface import Mesh
from casepan.mesh.writing import write_mesh
from casepan.testing.jaws import JawPair, jaw_pair

_SMALL = 2_000
_HEADER = 80


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
    """A mesh as the bytes of a binary STL, a binary PLY, an OBJ or a GLB file.

    Args:
        mesh: what to write.
        format: ``"stl"``, ``"ply"``, ``"obj"`` or ``"glb"``.
        colour: whether vertex colours are written where the format can hold them.
        header: the first bytes of an STL file, at most 80, for the layouts of programs that sign there.
        comments: comment lines for the head of a PLY or an OBJ file.

    Raises:
        UsageError: for another format, a header that is too long, or a comment in a format without comments.
    """
    file = BytesIO()
    write_mesh(mesh if colour else evolve(mesh, vertex_colours=None), file, format=format)
    data = file.getvalue()
    if header is not None:
        data = _signed(data, format, header)
    return _commented(data, format, comments) if comments else data


def _signed(data: bytes, format: str, header: bytes) -> bytes:
    if format != "stl" or len(header) > _HEADER:
        raise UsageError(f"only STL has a header, of at most {_HEADER} bytes", hint="Shorten it, or write STL.")
    return header.ljust(_HEADER, b"\0") + data[_HEADER:]


def _commented(data: bytes, format: str, comments: Sequence[str]) -> bytes:
    if format == "obj":
        return "".join(f"# {line}\n" for line in comments).encode() + data
    if format != "ply":
        raise UsageError(f"{format} has no comments", hint="Write PLY or OBJ.")
    magic, form, rest = data.split(b"\n", 2)
    return b"\n".join([magic, form, *(f"comment {line}".encode() for line in comments), rest])
