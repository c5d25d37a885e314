"""What an HPS file says about its scan besides the geometry. Free of numpy; nothing here is encrypted in any schema.

Only what describes the scan is kept. Serial numbers, site, computer and dongle numbers, which identify a practice, are
left in the file.
"""

from __future__ import annotations

import binascii
import math
from collections.abc import Mapping
from xml.etree import ElementTree

from attrs import frozen

from casepan.errors import CorruptFile
from casepan.mesh.hps.document import Document, decoded

KEPT = (
    "Application",
    "AreNormalsFlipped",
    "EKID",
    "ScanMeshLongestEdge",
    "ScanSource",
    "ScanTime",
    "ScannerDisplayName",
    "ScannerFirmware",
    "ScannerType",
    "SourceApp",
    "SubscanCount",
    "SupportsShadeMeasurement2",
    "SurfaceArea",
    "TimeStampUTC",
)
MODEL_KEPT = ("IsPreProcessed", "IsPreviewScan", "JawPosition", "JawType", "ModelSource", "UnnFrom", "UnnTo")
_JAWS = {"upper": "upper", "lower": "lower"}

Matrix = tuple[tuple[float, ...], ...]


@frozen
class Transform:
    """A named 4 x 4 matrix of the file, rows first, translation (millimetres) in the last column.

    It is a fact about the file; nothing here applies it.
    """

    name: str
    matrix: Matrix


def properties(document: Document) -> dict[str, str]:
    """The kept properties of the scan and of ``SID.Model.Metadata``."""
    found = {each.get("name", ""): each.get("value", "") for each in document.root.findall("Properties/Property")}
    kept = {name: found[name] for name in KEPT if name in found}
    return kept | _model_metadata(found.get("SID.Model.Metadata", ""))


def jaw(facts: Mapping[str, str]) -> str | None:
    """``"upper"`` or ``"lower"`` from ``JawPosition``, None when the file does not say it."""
    return _JAWS.get(facts.get("JawPosition", "").lower())


def transforms(document: Document) -> tuple[Transform, ...]:
    """All coordinate transforms, in file order.

    Raises:
        CorruptFile: a matrix holds something that is not a finite number.
    """
    found = document.root.findall("Annotations/Annotation[@type='CoordinateTransform']")
    return tuple(_transform(each, document.name) for each in found if each.find("Matrix4x4") is not None)


def texture_images(document: Document) -> tuple[bytes, ...]:
    """The encoded images as stored, with **red and blue swapped**; encrypted ones are left out."""
    elements = document.root.iterfind(".//TextureImages/TextureImage")
    return tuple(decoded(each, document.name) for each in elements if each.text and each.get("Key") is None)


def facet_colour(document: Document) -> tuple[int, int, int] | None:
    """The one display colour of all faces, which is not a scanned colour."""
    text = document.facets.get("color") or ""
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        return None
    value = int(text)
    return value >> 16 & 255, value >> 8 & 255, value & 255


def colour_kind(document: Document) -> str:
    """``"texture"``, ``"vertex"`` or ``"none"``."""
    root = document.root
    if root.find(".//PerVertexTextureCoord") is not None or root.find(".//TextureImages/TextureImage") is not None:
        return "texture"
    return "vertex" if root.find("VertexColorSets/VertexColorSet") is not None else "none"


def _transform(annotation: ElementTree.Element, name: str) -> Transform:
    label = annotation.find("String[@name='TransformID']")
    matrix = annotation.find("Matrix4x4")
    assert matrix is not None, "checked by the caller"
    try:
        rows = tuple(tuple(float(matrix.get(f"m{row}{column}", "")) for column in range(4)) for row in range(4))
    except ValueError as error:
        raise CorruptFile("HPS: a transform is not made of numbers", place=name or None) from error
    if not all(math.isfinite(value) for row in rows for value in row):
        raise CorruptFile("HPS: a transform is not finite", place=name or None)
    return Transform(label.get("value", "") if label is not None else "", rows)


def _model_metadata(text: str) -> dict[str, str]:
    """The facts in the base64 of UTF-16 XML; none when it cannot be read, for they are only a help."""
    try:
        xml = binascii.a2b_base64(text, strict_mode=True)
        if not xml or b"<!" in xml.replace(b"\0", b""):
            return {}
        root = ElementTree.fromstring(xml)
    except (binascii.Error, ElementTree.ParseError, ValueError, LookupError):
        return {}
    return {name: value for name in MODEL_KEPT if (value := root.findtext(name)) is not None}
