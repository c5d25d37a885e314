"""The few DICOM tags that tell whose scan a ``.dcm`` is (DICOM PS3.5 7.1 and PS3.10 7.1), without any library.

3Shape also writes ``.dcm``: XML, which fails both tests here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from struct import unpack_from

from attrs import field, frozen

PREAMBLE = 128
MAGIC = b"DICM"
LONG_FORM = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
UNDEFINED = 0xFFFFFFFF
SEQUENCE_END = b"\xfe\xff\xdd\xe0\0\0\0\0"
IMPLICIT = "1.2.840.10008.1.2"
# Specific Character Set (0008,0005) to Python's codecs, PS3.3 C.12.1.1.2; those without escape sequences.
CODECS = {
    "ISO_IR 100": "latin-1",
    "ISO_IR 101": "iso8859-2",
    "ISO_IR 109": "iso8859-3",
    "ISO_IR 110": "iso8859-4",
    "ISO_IR 126": "iso8859-7",
    "ISO_IR 127": "iso8859-6",
    "ISO_IR 138": "iso8859-8",
    "ISO_IR 144": "iso8859-5",
    "ISO_IR 148": "iso8859-9",
    "ISO_IR 192": "utf-8",
    "GB18030": "gb18030",
}
ROOT = "1.2.528.56.1005."
MODELS = re.compile(r"(?:CS|IS) ?3\d{3}\b")


@frozen
class Header:
    """What the head of a DICOM file says; empty texts where a tag is absent."""

    manufacturer: str = ""
    model: str = ""
    instance: str = field(default="", repr=False)
    study: str = field(default="", repr=False)
    study_date: str = ""
    patient_name: str = field(default="", repr=False)
    patient_id: str = field(default="", repr=False)

    @property
    def is_carestream(self) -> bool:
        """Whether model or identifiers are those of the CS 3xxx / IS 3xxx family."""
        return bool(MODELS.match(self.model)) or any(uid.startswith(ROOT) for uid in (self.instance, self.study))


def read_header(head: bytes) -> Header | None:
    """The header in the first bytes of a file, None when it is no little-endian DICOM.

    Args:
        head: at least the first kilobytes; what lies beyond them is not seen.
    """
    if head[PREAMBLE : PREAMBLE + 4] == MAGIC:
        start = PREAMBLE + 4
    elif len(head) >= 8 and head[:2] == b"\x08\x00" and unpack_from("<H", head, 2)[0] <= 0x20:
        start = 0
    else:
        return None
    tags = dict(_elements(head, start))
    codec = CODECS.get(_text(tags.get(0x00080005, b""), "ascii").rpartition("\\")[2], "utf-8")
    name = _text(tags.get(0x00100010, b""), codec).partition("=")[0]
    return Header(
        manufacturer=_text(tags.get(0x00080070, b""), codec),
        model=_text(tags.get(0x00081090, b""), codec),
        instance=_text(tags.get(0x00080018, b""), "ascii"),
        study=_text(tags.get(0x0020000D, b""), "ascii"),
        study_date=_text(tags.get(0x00080020, b""), "ascii"),
        patient_name=" ".join(part for part in name.split("^") if part),
        patient_id=_text(tags.get(0x00100020, b""), codec),
    )


def _text(value: bytes, codec: str) -> str:
    try:
        text = value.decode(codec)
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    return text.strip("\0 ")


def _elements(data: bytes, offset: int) -> Iterator[tuple[int, bytes]]:
    """Tag and value of each element up to group 0020, as far as the bytes reach. Sequences are passed over."""
    explicit = offset > 0 or data[4:6].isalpha()
    implicit_later = False
    last = 0
    while offset + 8 <= len(data):
        group, element = unpack_from("<HH", data, offset)
        tag = group << 16 | element
        if tag <= last or group > 0x20:
            return
        last = tag
        size, offset = _length(data, offset, explicit=group == 2 or (explicit and not implicit_later))
        if size == UNDEFINED:
            end = data.find(SEQUENCE_END, offset)
            if end < 0:
                return
            offset = end + len(SEQUENCE_END)
            continue
        value = data[offset : offset + size]
        offset += size
        if tag == 0x00020010:
            implicit_later = _text(value, "ascii") == IMPLICIT
        yield tag, value


def _length(data: bytes, offset: int, *, explicit: bool) -> tuple[int, int]:
    """Size of an element's value and where the value begins."""
    if not explicit:
        return int(unpack_from("<I", data, offset + 4)[0]), offset + 8
    if data[offset + 4 : offset + 6] not in LONG_FORM:
        return int(unpack_from("<H", data, offset + 6)[0]), offset + 8
    if offset + 12 > len(data):
        return 0, len(data)
    return int(unpack_from("<I", data, offset + 8)[0]), offset + 12
