"""The XML of an HPS file. Free of numpy. Facts: ../shared/facts/trios.md, section 3."""

from __future__ import annotations

import binascii
import re
from xml.etree import ElementTree

from attrs import define

from casepan.errors import CorruptFile

OPEN_SCHEMAS = ("CA", "CC")
KNOWN_SCHEMAS = ("CA", "CB", "CC", "CE")
_ENTITIES = re.compile(rb"<!(?:DOCTYPE|ENTITY)")


@define(frozen=True, eq=False)
class Document:
    """An HPS file taken apart, nothing decoded yet.

    Attributes:
        root: the whole document.
        schema: ``CA``, ``CB``, ``CC`` or ``CE``.
        facets: the element with the face program.
        vertices: the element with the coordinates.
        facet_count: faces that the file declares, at most the bytes of its program.
        vertex_count: vertices that the file declares, agreeing with the bytes that are there.
        name: the file's name for error places.
    """

    root: ElementTree.Element
    schema: str
    facets: ElementTree.Element
    vertices: ElementTree.Element
    facet_count: int
    vertex_count: int
    name: str

    @property
    def is_open(self) -> bool:
        """True when the coordinates are not encrypted and the schema can be read."""
        return self.schema in OPEN_SCHEMAS

    def program(self) -> bytes:
        """The byte program of the faces; it is not encrypted in any schema."""
        return decoded(self.facets, self.name)

    def coordinates(self) -> bytes:
        """The coordinates of an open schema, twelve bytes a vertex."""
        data = decoded(self.vertices, self.name)
        if len(data) != 12 * self.vertex_count:
            raise _fault(
                f"the file declares {self.vertex_count} vertices and holds {len(data)} bytes of them", self.name
            )
        return data


def parse_document(data: bytes, name: str = "") -> Document:
    """Take the XML apart and check the declared counts against the bytes that are there.

    Raises:
        CorruptFile: damaged XML, a part is missing, or a count cannot be true.
    """
    root = _parse(data, name)
    schema = (root.findtext("Packed_geometry/Schema") or "").strip()
    if root.tag != "HPS" or not schema:
        raise _fault("the file has no packed geometry", name)
    if schema not in KNOWN_SCHEMAS:
        raise _fault("the file uses a schema of packed geometry that is not known", name)
    packed = root.find(f"Packed_geometry/Binary_data/{schema}")
    facets = packed.find("Facets") if packed is not None else None
    vertices = packed.find("Vertices") if packed is not None else None
    if facets is None or vertices is None:
        raise _fault("the packed geometry has no facets or no vertices", name)
    faces, points = _count(facets, "facet_count", name), _count(vertices, "vertex_count", name)
    if faces > _room(facets):
        raise _fault(f"the file declares {faces} faces, more than its program can make", name)
    if 12 * points > _room(vertices) and schema != "CB":
        raise _fault(f"the file declares {points} vertices, more than it holds", name)
    return Document(root, schema, facets, vertices, faces, points, name)


def decoded(element: ElementTree.Element, name: str) -> bytes:
    """The bytes of a base64 element, strictly.

    Raises:
        CorruptFile: not base64, or fewer bytes than the element declares.
    """
    text = "".join((element.text or "").split())
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise _fault("a part of the file is not valid base64", name) from error
    declared = element.get("base64_encoded_bytes") or element.get("Base64EncodedBytes")
    if declared is not None and len(data) < _number(declared, name):
        raise _fault("a part of the file is shorter than it declares", name)
    return data


def _parse(data: bytes, name: str) -> ElementTree.Element:
    if _ENTITIES.search(data):
        raise _fault("the XML declares entities, which no scanner does", name)
    try:
        return ElementTree.fromstring(data.removeprefix(b"\xef\xbb\xbf").strip())
    except ElementTree.ParseError as error:
        line = error.position[0]
        raise CorruptFile("the XML is damaged or cut off", place=name or None, line=line) from error
    except (ValueError, LookupError) as error:
        raise _fault("the XML uses an encoding that is not known", name) from error


def _room(element: ElementTree.Element) -> int:
    """The most bytes that the base64 text of an element can hold."""
    return len(element.text or "") * 3 // 4


def _count(element: ElementTree.Element, attribute: str, name: str) -> int:
    return _number(element.get(attribute) or "", name)


def _number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise _fault("a count in the file is not a number", name)
    return int(text)


def _fault(reason: str, name: str) -> CorruptFile:
    return CorruptFile(f"HPS: {reason}", place=name or None)
