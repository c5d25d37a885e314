"""Read a mesh file of any known format."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from casepan.errors import CorruptFile
from casepan.mesh.encapsulated import encapsulated_model
from casepan.mesh.opening import Source, load
from casepan.mesh.sniff import sniff_format
from casepan.mesh.surface import Mesh

Images: TypeAlias = Callable[[str], bytes | None]

READABLE = ("stl", "ply", "obj", "hps")


def read_mesh(source: Source, *, name: str = "", format: str | None = None, images: Images | None = None) -> Mesh:
    """Read a scan.

    STL is welded exactly; formats that store shared vertices are kept as stored, see ``Mesh.welded``. Gzip and DICOM
    Encapsulated STL or OBJ objects are looked through.

    Args:
        source: a path, the bytes, or an open binary file (a zip member too).
        name: the file's name for error places, and a hint where the content leaves the format open; a path's own name
            by default.
        format: ``"stl"``, ``"ply"``, ``"obj"`` or ``"hps"``; found from the content by default.
        images: fetches a file that the mesh names (an image, a material library), or None when it is not there. Asked
            with ``""`` when there are texture coordinates but no image is named.

    Raises:
        CorruptFile: damaged, cut off, of no known format, or without a triangle.
        ClosedFormat: intact, but its coordinates are encrypted (HPS schema CE).
        LimitExceeded: larger than a mesh file can sensibly be.
    """
    data, name = load(source, name=name)
    form = format or sniff_format(data[:4096], size=len(data), name=name)
    if form == "dicom" and (model := encapsulated_model(data)) is not None:
        return read_mesh(model, name=name, images=images)
    if form == "stl":
        from casepan.mesh.stl import read_stl

        soup = read_stl(data, name)
        del data
        return soup.weld()
    return _read_indexed(data, name, form, images)


def _read_indexed(data: bytes, name: str, form: str | None, images: Images | None) -> Mesh:
    if form == "ply":
        from casepan.mesh.ply.reader import read_ply

        return read_ply(data, name, images)
    if form == "obj":
        from casepan.mesh.obj import read_obj

        return read_obj(data, name, images)
    if form == "hps":
        from casepan.mesh.hps.geometry import read_hps

        return read_hps(data, name)
    raise _unknown(data, name, form)


def _unknown(data: bytes, name: str, form: str | None) -> CorruptFile:
    if not data:
        return CorruptFile("the file is empty", place=name or None, offset=0)
    if form == "dicom":
        return CorruptFile(
            "this is a DICOM file, not a 3Shape scan of the same suffix",
            place=name or None,
            offset=128,
            hint="Ask the sender for the surface scan as STL, PLY or OBJ.",
        )
    if data.startswith(b"PK\x03\x04"):
        return CorruptFile(
            "this is a zip archive, not a mesh",
            place=name or None,
            offset=0,
            hint="Give the mesh inside it: unpack the archive, or open one of its members.",
        )
    known = ", ".join(READABLE)
    return CorruptFile(f"this is not a mesh of a known format ({known})", place=name or None, offset=0)
