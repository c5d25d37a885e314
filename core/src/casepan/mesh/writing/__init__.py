"""Write a scan as STL, PLY, OBJ or GLB, byte for byte repeatable, saying what the format cannot hold."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from casepan.errors import UsageError
from casepan.mesh.writing.loss import Loss

if TYPE_CHECKING:
    from casepan.mesh.surface import Mesh

__all__ = ["WRITABLE", "Loss", "write_mesh"]

WRITABLE = ("stl", "ply", "obj", "glb")


def write_mesh(mesh: Mesh, target: str | os.PathLike[str] | BinaryIO, *, format: str | None = None) -> tuple[Loss, ...]:
    """Write a scan. Coordinates are written exactly as the float32 numbers they are.

    A texture needs a place for its image: with a path as target, PLY and OBJ put the image (and OBJ its MTL) beside it
    under the target's own name. Nothing of what the source file was called or said is written.

    Args:
        mesh: what to write.
        target: a path, overwritten when it is there, or an open binary file.
        format: ``"stl"`` (binary), ``"ply"`` (binary, little endian), ``"obj"`` or ``"glb"`` (coordinates stay in
            millimetres); by default the target's suffix.

    Returns:
        What this format could not hold.

    Raises:
        UsageError: no such format.
        OSError: the target cannot be written.
    """
    path = Path(target) if isinstance(target, (str, os.PathLike)) else None
    form = format or (path.suffix[1:].lower() if path else "")
    if form not in WRITABLE:
        raise UsageError(f'cannot write meshes as "{form}"', hint=f"Choose one of {', '.join(WRITABLE)}.")
    if isinstance(target, (str, os.PathLike)):
        with Path(target).open("wb") as file:
            return _write(mesh, file, form, Path(target))
    return _write(mesh, target, form, None)


def _write(mesh: Mesh, file: BinaryIO, form: str, beside: Path | None) -> tuple[Loss, ...]:
    if form == "stl":
        from casepan.mesh.writing.stl import write_stl

        return write_stl(mesh, file)
    if form == "ply":
        from casepan.mesh.writing.ply import write_ply

        return write_ply(mesh, file, beside)
    if form == "obj":
        from casepan.mesh.writing.obj import write_obj

        return write_obj(mesh, file, beside)
    from casepan.mesh.writing.glb import write_glb

    return write_glb(mesh, file)
