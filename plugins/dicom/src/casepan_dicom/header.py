"""What the head of a DICOM file says, read with pydicom up to the encapsulated document."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any, BinaryIO

from attrs import field, frozen

CLASSES = {
    "1.2.840.10008.5.1.4.1.1.104.3": "stl",
    "1.2.840.10008.5.1.4.1.1.104.4": "obj",
    "1.2.840.10008.5.1.4.1.1.104.5": "mtl",
}
_CARESTREAM = re.compile(r"(?:CS|IS) ?3\d{3}\b")
_CARESTREAM_ROOT = "1.2.528.56.1005."
_DOCUMENT = 0x00420011


@frozen
class Header:
    """The facts of one object; empty texts where a tag is absent.

    Attributes:
        kind: ``"stl"``, ``"obj"`` or ``"mtl"``.
        title, shown: title and description, in the words of whoever made it.
        nameless: True when the maker says that the patient's identity was removed.
    """

    kind: str
    study: str = field(repr=False)
    instance: str = field(repr=False)
    frame: str = ""
    patient: str = field(default="", repr=False)
    patient_id: str = field(default="", repr=False)
    doctor: str = field(default="", repr=False)
    practice: str = field(default="", repr=False)
    accession: str = field(default="", repr=False)
    title: str = field(default="", repr=False)
    shown: str = field(default="", repr=False)
    nameless: bool = False


def read_header(source: BinaryIO | bytes) -> Header | None:
    """The header of an encapsulated model; None for every other file, damaged ones and Carestream's own among them.

    Args:
        source: a file at its beginning, or its first kilobytes.
    """
    from pydicom.errors import InvalidDicomError
    from pydicom.filereader import read_partial

    stream = BytesIO(source) if isinstance(source, bytes) else source
    try:
        found = read_partial(stream, stop_when=lambda tag, _vr, _length: int(tag) >= _DOCUMENT)
        return _header(found)
    except (InvalidDicomError, ValueError, EOFError, OSError, KeyError, NotImplementedError, AttributeError, TypeError):
        return None


def _header(found: Any) -> Header | None:
    def text(keyword: str) -> str:
        return str(found.get(keyword, None) or "").strip()

    kind = CLASSES.get(text("SOPClassUID"))
    ours = (text("SOPInstanceUID"), text("StudyInstanceUID"))
    if kind is None or not all(ours):
        return None
    if _CARESTREAM.match(text("ManufacturerModelName")) or any(one.startswith(_CARESTREAM_ROOT) for one in ours):
        return None
    return Header(
        kind,
        study=ours[1],
        instance=ours[0],
        frame=text("FrameOfReferenceUID"),
        patient=text("PatientName").partition("=")[0],
        patient_id=text("PatientID"),
        doctor=text("ReferringPhysicianName").replace("^", " ").strip(),
        practice=text("InstitutionName"),
        accession=text("AccessionNumber"),
        title=text("DocumentTitle"),
        shown=" ".join(text(name) for name in ("ContentDescription", "SeriesDescription")).strip(),
        nameless=text("PatientIdentityRemoved") == "YES",
    )
