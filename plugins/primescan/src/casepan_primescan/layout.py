"""Files of Primescan, CEREC and DS Core: what each mesh shows, and the records that prove them.

Facts and how well each is known stand in this plugin's quality.toml. Bare ``UpperJaw.stl`` is no proof of anything:
other scanners, CAD programs and labs write it too.
"""

from __future__ import annotations

import re
from typing import Literal
from unicodedata import normalize

from attrs import frozen

from casepan.api import (
    Arch,
    CaseError,
    CorruptFile,
    Entry,
    Listing,
    NotReady,
    Role,
    open_archive,
    read_xml,
    strip_copy_marks,
)
from casepan_primescan.rx import CaseRecord, record_of

STAGE = "primescan.export"
FRAME = "primescan:occlusion"
DOCUMENT = "DentalCase.xml"
MESHES = ("stl", "ply", "obj")
ZIP = b"PK\x03\x04"

VIEWS: dict[str, tuple[Role, Arch | None]] = {
    "upperjaw": ("arch", "upper"),
    "lowerjaw": ("arch", "lower"),
    "preopupper": ("preop", "upper"),
    "preoplower": ("preop", "lower"),
    "scanbodyupper": ("scanbody", "upper"),
    "scanbodylower": ("scanbody", "lower"),
    "upperjaw-gingiva": ("gingiva", "upper"),
    "lowerjaw-gingiva": ("gingiva", "lower"),
    "upperjaw-situ": ("preop", "upper"),
    "lowerjaw-situ": ("preop", "lower"),
    "upperjaw-marker": ("scanbody", "upper"),
    "lowerjaw-marker": ("scanbody", "lower"),
    "bite": ("bite", None),
    "occlusion": ("bite", None),
}
LOCAL = frozenset({"UpperJaw", "LowerJaw", "PreOpUpper", "PreOpLower", "ScanbodyUpper", "ScanbodyLower"})
DS_CORE = re.compile(r"(?P<date>\d{4}-\d{2}-\d{2})-(?P<tray>\d{5}-\d{3})-(?P<word>.+)", re.IGNORECASE | re.DOTALL)
FOREIGN = re.compile(r"totaljaw\d|\.(?:matrix4|hasscan|constructioninfo|dentalproject|dcm|3oxz|3ml)$", re.IGNORECASE)
SAYS_NOTHING = frozenset(
    {"", "stl", "ply", "obj", "scan", "scans", "export", "exports", "downloads", "data", "new folder"}
)
CONNECT_ORDER = re.compile(r"([0-9A-Z]{8,12})_.+")
DS_CORE_ORDER = re.compile(r"[0-9A-Z]{8}")


@frozen
class Part:
    """What the name of one mesh says.

    Attributes:
        path, size, root: where it lies; its bytes; the folder of its case (for ``UpperJaw/Data.obj`` the one above ``UpperJaw``).
        role, arch, word: what it shows, and the vendor's word for it.
        layout: ``"dscore"``, ``"folders"`` (``UpperJaw/Data.obj``), ``"bare"`` (``UpperJaw.stl``) or ``"unknown"``.
    """

    path: str
    size: int
    root: str
    role: Role
    arch: Arch | None
    word: str
    layout: Literal["dscore", "folders", "bare", "unknown"]


def fold(name: str) -> str:
    """The name as it is compared: NFC, case-folded, trimmed."""
    return normalize("NFC", normalize("NFC", name).casefold()).strip()


def part_of(entry: Entry) -> Part | None:
    """What a mesh's name or folder says, or None when the file is no mesh. Unknown words give role ``other``."""
    if entry.suffix not in MESHES:
        return None
    stem = strip_copy_marks(entry.stem).strip()
    parent, _, folder = entry.folder.rpartition("/")
    if stem.casefold() == "data" and entry.suffix == "obj":
        return _part(entry, parent, folder, "folders" if folder in LOCAL else "unknown")
    core = DS_CORE.fullmatch(stem)
    if core is not None:
        return _part(entry, entry.folder, core["word"], "dscore")
    return _part(entry, entry.folder, stem, "bare" if stem in LOCAL and entry.suffix == "stl" else "unknown")


def _part(entry: Entry, root: str, word: str, layout: Literal["dscore", "folders", "bare", "unknown"]) -> Part:
    plain = word.casefold()
    arch: Arch | None = "upper" if plain.startswith("upperjaw") else "lower" if plain.startswith("lowerjaw") else None
    role, arch = VIEWS.get(plain, ("other", arch))
    return Part(entry.path, entry.size, root, role, arch, word, layout)


def head_of(listing: Listing, path: str) -> bytes:
    """The first bytes, none when the file is damaged: reading it will say so, recognition goes on."""
    try:
        return listing.head(path)
    except CaseError:
        return b""


def is_dxd(listing: Listing, entry: Entry) -> bool:
    """Whether the file is a Primescan DXD: a zip with ``DentalCase.xml`` at its top. Dewesoft's ``.dxd`` is not.

    Raises:
        NotReady: it begins as a zip and has no end yet.
    """
    if entry.suffix != "dxd" or not head_of(listing, entry.path).startswith(ZIP):
        return False
    try:
        with open_archive(listing, entry.path) as archive:
            return any(member.path == DOCUMENT for member in archive.members)
    except CorruptFile as error:
        raise NotReady(
            "a DXD without its end: it is still being written, or the download broke off",
            place=entry.path,
            hint="Wait, or download the DXD again.",
        ) from error


def read_record(listing: Listing, path: str) -> CaseRecord | None:
    """The ``DentalCase.xml`` in a DXD or a loose one; None when it is damaged or has another root."""
    try:
        root = read_xml(_document(listing, path), place=path)
    except CaseError:
        return None
    return record_of(root) if root.tag == "DentalCase" else None


def _document(listing: Listing, path: str) -> bytes:
    if not path.casefold().endswith(".dxd"):
        return listing.read(path)
    with open_archive(listing, path) as archive:
        return archive.read(DOCUMENT)
