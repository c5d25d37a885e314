"""The material files and pictures that a mesh refers to, found without reading geometry."""

from __future__ import annotations

import re
from collections.abc import Iterable

from casepan.contract.listing import Entry, Listing
from casepan.errors import CaseError

PICTURES = frozenset({"jpg", "jpeg", "png", "bmp", "tif", "tiff"})
_MTLLIB = re.compile(rb"^[ \t]*mtllib[ \t]+(.+?)[ \t\r]*$", re.MULTILINE)
_TEXTURE = re.compile(rb"^comment[ \t]+TextureFile[ \t]+(.+?)[ \t\r]*$", re.MULTILINE | re.IGNORECASE)
_MAP = re.compile(rb"^[ \t]*map_K[ad][ \t]+(?:-\S+[ \t]+\S+[ \t]+)*(.+?)[ \t\r]*$", re.MULTILINE)


def companions(listing: Listing, path: str) -> tuple[str, ...]:
    """Paths of the textures and material files of a mesh, those that are there: for ``scan_of(textures=...)``.

    Names are looked up in the mesh's own folder whatever their capitals; without a reference, files of the same stem
    count. Only the first 4 KiB of the mesh are looked at.
    """
    mesh = next(entry for entry in listing.entries if entry.path == path)
    beside = [entry for entry in listing.entries if entry.folder == mesh.folder and entry.path != path]
    head = _head(listing, path)
    found = _named(beside, _TEXTURE.findall(head.partition(b"end_header")[0])) if head.startswith(b"ply") else []
    if mesh.suffix == "obj":
        materials = _named(beside, _MTLLIB.findall(head)) or _twins(beside, mesh, {"mtl"})
        found = [*materials, *(picture for one in materials for picture in _pictures(listing, beside, one))]
    if mesh.suffix in ("obj", "ply") and not any(entry.suffix in PICTURES for entry in found):
        found += _twins(beside, mesh, PICTURES)
    return tuple(dict.fromkeys(entry.path for entry in found))


def _head(listing: Listing, path: str) -> bytes:
    try:
        return listing.head(path)
    except CaseError:
        return b""  # reading the mesh itself will say what is wrong


def _pictures(listing: Listing, beside: Iterable[Entry], material: Entry) -> list[Entry]:
    try:
        return _named(beside, _MAP.findall(listing.read(material.path)))
    except CaseError:
        return []  # a damaged or monstrous material file costs the colour, not the case


def _named(beside: Iterable[Entry], names: Iterable[bytes]) -> list[Entry]:
    wanted = {re.split(r"[\\/]", name.decode("utf-8", "replace").strip('"'))[-1].casefold() for name in names}
    return [entry for entry in beside if entry.name.casefold() in wanted]


def _twins(beside: Iterable[Entry], mesh: Entry, suffixes: Iterable[str]) -> list[Entry]:
    stems = (mesh.stem.casefold(), f"{mesh.stem.casefold()}_texture")
    return [entry for entry in beside if entry.suffix in suffixes and entry.stem.casefold() in stems]
