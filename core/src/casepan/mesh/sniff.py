"""Which mesh format is this? Answered from the first bytes, free of numpy, for recognition."""

from __future__ import annotations

import re
import struct

_FOREIGN = (
    b"PK\x03\x04",
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"<html",
    b"<!DOCTYPE",
    b"GIF8",
    b"Rar!",
    b"7z\xbc\xaf",
    b"glTF",
)
_HPS = re.compile(rb"(?:<\?xml[^>]*\?>\s*)?(?:<!--(?>.*?-->)\s*+)*+<HPS[\s>]", re.DOTALL)
_OBJ_LINE = re.compile(rb"^[ \t]*(?:v[tn]?[ \t]+[-+.\dni]|(?:mtllib|usemtl|o|g)[ \t]+\S|f[ \t]+-?\d)", re.MULTILINE)
_NAMES = {".stl": "stl", ".ply": "ply", ".obj": "obj"}
STL_HEADER = 84
STL_RECORD = 50
LARGEST_SURPLUS = 4096
"""More bytes than this behind the last triangle mean that the file is something else."""


def sniff_format(head: bytes, *, size: int | None = None, name: str = "") -> str | None:
    """The format that the first bytes of a file announce.

    Args:
        head: the first bytes, 4 KiB are plenty.
        size: the size of the whole file, which is what tells a binary STL; the head's own length is used when it is
            not given and the head is shorter than 4 KiB.
        name: the file's name, used only when the content leaves it open.

    Returns:
        ``"stl"``, ``"ply"``, ``"obj"``, ``"hps"``, ``"dicom"``, ``"gzip"`` or None. ``"dicom"`` is true DICOM, which
        shares the suffix ``.dcm`` with 3Shape's HPS and is not read here.
    """
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head[128:132] == b"DICM":
        return "dicom"
    if re.match(rb"ply[ \t]*[\r\n]", head):
        return "ply"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _HPS.match(text):
        return "hps"
    if head.startswith(_FOREIGN):
        return None
    if _is_stl(head, text, size if size is not None or len(head) >= 4096 else len(head)):
        return "stl"
    return _weak_evidence(head, name)


def declared_triangles(head: bytes) -> int:
    """The triangle count of a binary STL header, 0 for fewer than 84 bytes."""
    if len(head) < STL_HEADER:
        return 0
    count: int = struct.unpack_from("<I", head, 80)[0]
    return count


def fits_binary_stl(count: int, size: int) -> bool:
    """True when a file of this size can be a binary STL of so many triangles.

    A few odd bytes at the end are harmless; whole records beyond the count mean that the count is wrong.
    """
    surplus = size - STL_HEADER - STL_RECORD * count
    return count > 0 and (surplus == 0 or (0 < surplus <= LARGEST_SURPLUS and surplus % STL_RECORD != 0))


def is_ascii_stl(head: bytes) -> bool:
    """True when an ASCII STL starts here; a binary header may start with ``solid`` too, but NUL bytes follow."""
    text = head[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return b"\0" not in text and re.match(rb"(?:solid\b|facet\s+normal\b)", text) is not None


def _is_stl(head: bytes, text: bytes, size: int | None) -> bool:
    if size is not None and len(head) >= STL_HEADER:
        count = declared_triangles(head)
        if fits_binary_stl(count, size) or (count == 0 and size == STL_HEADER):
            return True
    return is_ascii_stl(text) or (text[:5].lower() == b"solid" and b"\0" in head[:STL_HEADER])


def _weak_evidence(head: bytes, name: str) -> str | None:
    """OBJ has no magic: its first lines must look like it, or the name must say so."""
    binary = b"\0" in head
    if not binary and (head.startswith(b"#<MEDIT>") or _OBJ_LINE.search(head)):
        return "obj"
    suffix = name.lower().removesuffix(".gz")[-4:]
    return _NAMES.get(suffix) if head and not (binary and suffix == ".obj") else None
