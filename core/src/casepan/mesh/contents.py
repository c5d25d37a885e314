"""What is in a mesh file, told from its header without reading the geometry. Free of numpy.

The counts are what the file declares (checked against its size); whether the geometry is sound, only ``read_mesh`` can
say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from attrs import evolve, field, frozen

from casepan.errors import CorruptFile
from casepan.mesh.encapsulated import encapsulated_model
from casepan.mesh.hps.document import parse_document
from casepan.mesh.hps.metadata import Transform, colour_kind, jaw, properties, texture_images, transforms
from casepan.mesh.opening import Source, load
from casepan.mesh.ply.header import parse_header
from casepan.mesh.sniff import declared_triangles, fits_binary_stl, is_ascii_stl, sniff_format


@frozen
class Inventory:
    """The facts of one mesh file.

    Attributes:
        format: ``"stl"``, ``"ply"``, ``"obj"``, ``"hps"``, or ``"dicom"`` for an STL or OBJ inside a DICOM object.
        readable: casepan can read the geometry (False for HPS schemas CE and CB, and where there are no faces).
        faces: faces that the file declares (polygons count once), or None when it declares none that could be counted.
        vertices: vertices that the file declares; None for STL, which does not share them.
        colour: ``"none"``, ``"vertex"``, ``"face"`` or ``"texture"``.
        textures: names of images that the file asks for.
        schema: HPS only: ``CA``, ``CB``, ``CC`` or ``CE``.
        jaw: HPS only: ``"upper"`` or ``"lower"`` when the file says it.
        device: HPS only: the scanner's display name.
        taken_at: HPS only: ``TimeStampUTC`` as it stands in the file.
        transforms: HPS only: named matrices, never applied.
        properties: HPS only: what else the file says about the scan; nothing that identifies a practice.
        texture_images: HPS only: how many texture images are inside and not encrypted (``hps_textures`` gets them).
            Their red and blue are swapped.
    """

    format: str
    readable: bool
    faces: int | None
    vertices: int | None
    colour: str
    textures: tuple[str, ...] = ()
    schema: str | None = None
    jaw: str | None = None
    device: str | None = None
    taken_at: str | None = None
    transforms: tuple[Transform, ...] = ()
    properties: Mapping[str, str] = field(factory=dict)
    texture_images: int = 0


def inventory(source: Source, *, name: str = "", format: str | None = None) -> Inventory:
    """Take the inventory of a mesh file.

    Args:
        source: a path, the bytes, or an open binary file.
        name: the file's name for error places, and a hint where the content leaves the format open.
        format: the format, found from the content by default.

    Raises:
        CorruptFile: of no known format, or its header is damaged or promises more than the file can hold.
        LimitExceeded: larger than a mesh file can sensibly be.
    """
    data, name = load(source, name=name)
    form = format or sniff_format(data[:4096], size=len(data), name=name)
    if form == "stl":
        return _stl(data, name)
    if form == "ply":
        return _ply(data, name)
    if form == "obj":
        return _obj(data)
    if form == "hps":
        return _hps(data, name)
    if form == "dicom" and (model := encapsulated_model(data)) is not None:
        return evolve(inventory(model, name=name), format="dicom")
    what = "this is a DICOM file, not a mesh" if form == "dicom" else "this is not a mesh of a known format"
    raise CorruptFile(what, place=name or None, offset=0)


def hps_textures(source: Source, *, name: str = "") -> tuple[bytes, ...]:
    """The texture images inside an HPS file of any schema, as stored (red and blue swapped), encrypted ones left out.

    Raises:
        CorruptFile: not an HPS file, or an image is not valid base64.
    """
    data, name = load(source, name=name)
    return texture_images(parse_document(data, name))


def _stl(data: bytes, name: str) -> Inventory:
    count = declared_triangles(data)
    if fits_binary_stl(count, len(data)):
        return Inventory("stl", True, count, None, "face" if b"COLOR=" in data[:80] else "none")
    if not is_ascii_stl(data):
        raise CorruptFile(f"the STL counts {count} triangles, which do not fit its size", place=name or None, offset=80)
    facets = len(re.findall(rb"endfacet", data, re.IGNORECASE))
    return Inventory("stl", facets > 0, facets, None, "none")


def _ply(data: bytes, name: str) -> Inventory:
    header = parse_header(data, name)
    vertex, face = header.element("vertex"), header.element("face")
    point_names = vertex.names() if vertex else frozenset()
    face_names = face.names() if face else frozenset()
    colour = "none"
    if "texcoord" in face_names or header.texture_names():
        colour = "texture"
    elif point_names & {"red", "diffuse_red", "r"}:
        colour = "vertex"
    elif face_names & {"red", "diffuse_red", "r"}:
        colour = "face"
    faces, vertices = face.count if face else 0, vertex.count if vertex else 0
    return Inventory("ply", faces > 0, faces, vertices, colour, header.texture_names())


def _obj(data: bytes) -> Inventory:
    faces = len(re.findall(rb"(?:^|[\r\n])[ \t]*f[ \t]", data))
    vertices = len(re.findall(rb"(?:^|[\r\n])[ \t]*v[ \t]", data))
    first = re.search(rb"(?:^|[\r\n])[ \t]*v[ \t]+([^\r\n#]*)", data)
    coloured = first is not None and len(first[1].split()) >= 6
    textured = re.search(rb"(?:^|[\r\n])[ \t]*vt[ \t]", data) is not None and b"mtllib" in data
    colour = "texture" if textured else "vertex" if coloured else "none"
    return Inventory("obj", faces > 0, faces, vertices, colour)


def _hps(data: bytes, name: str) -> Inventory:
    document = parse_document(data, name)
    facts = properties(document)
    return Inventory(
        "hps",
        document.is_open,
        document.facet_count,
        document.vertex_count,
        colour_kind(document),
        schema=document.schema,
        jaw=jaw(facts),
        device=facts.get("ScannerDisplayName"),
        taken_at=facts.get("TimeStampUTC"),
        transforms=transforms(document),
        properties=facts,
        texture_images=len(texture_images(document)),
    )
