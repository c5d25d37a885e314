"""Names of Carestream / DEXIS ScanFlow: save folders, the catalogue of meshes, raw data.

Facts and how well each is known stand in this plugin's quality.toml. The meshes carry no patient and no case, only a
catalogue name that is the same in every export, so identity comes from the save folder or a DICOM header.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from unicodedata import normalize

from attrs import frozen

from casepan.api import Arch, CaseError, Entry, Listing, Role, strip_copy_marks
from casepan_carestream.dicom import Header

STAGE = "carestream.export"
FRAME = "carestream:occlusion"
MESHES = ("ply", "stl")
RAW = ("cszx", "csz")
RAR = b"Rar!\x1a\x07"
CATALOGUE = (b"Maxillary Anatomy", b"Mandibular Anatomy", b"Normal Bite")

ARCHES: dict[str, Arch] = {"maxillary": "upper", "mandibular": "lower", "upper": "upper", "lower": "lower"}
VIEWS: dict[str, Role] = {
    "anatomy": "arch",
    "pre scan": "preop",
    "scan body": "scanbody",
    "scanbody": "scanbody",
    "preparation": "preparation",
    "edentulous": "edentulous",
    "denture": "denture",
    "emergence profile": "gingiva",
}
ARCH_NAME = re.compile(
    rf"(?P<arch>(?:upper|lower)(?= anatomy)|maxillary|mandibular) (?P<view>{'|'.join(VIEWS)})(?:_(?P<label>.+))?",
    re.IGNORECASE | re.DOTALL,
)
EXTRA_BITE = re.compile(r"extra bite\b[ _-]*(?P<label>.*)", re.IGNORECASE | re.DOTALL)
SAVE = re.compile(r"(?P<date>\d{8}) - (?P<time>\d{6}) - (?P<person>.+)", re.DOTALL)
RAW_NAME = re.compile(r"(?P<case>.+?)_?\[?(?P<time>\d{4}-\d\d-\d\d[T_]\d\d-\d\d-\d\d)\]?.*", re.DOTALL)
SAYS_NOTHING = frozenset({"", "stl", "ply", "scan", "scans", "export", "exports", "downloads", "data", "new folder"})


@frozen
class Part:
    """What the name of one mesh says; ``label`` is the bite that a mandible is placed by, or the bite's own name."""

    path: str
    size: int
    role: Role
    arch: Arch | None
    word: str
    label: str | None = None


def fold(name: str) -> str:
    """The name as it is compared: NFC, case-folded, trimmed."""
    return normalize("NFC", normalize("NFC", name).casefold()).strip()


def part_of(entry: Entry, normal: Iterable[str] = ("Normal Bite",)) -> Part | None:
    """What a mesh's name says, None when the file is no mesh. Names that are not in the catalogue give role ``other``.

    Args:
        normal: names of the habitual bite, in any language.
    """
    if entry.suffix not in MESHES:
        return None
    stem = strip_copy_marks(entry.stem).strip()
    arch, extra = ARCH_NAME.fullmatch(stem), EXTRA_BITE.fullmatch(stem)
    if arch is not None:
        view = arch["view"].casefold()
        return Part(
            entry.path,
            entry.size,
            VIEWS[view],
            ARCHES[arch["arch"].casefold()],
            stem,
            (arch["label"] or "").strip() or None,
        )
    if extra is not None:
        return Part(entry.path, entry.size, "bite", None, stem, extra["label"].strip() or None)
    if fold(stem) in {fold(name) for name in normal}:
        return Part(entry.path, entry.size, "bite", None, stem, stem)
    return Part(entry.path, entry.size, "other", None, stem)


def head_of(listing: Listing, path: str) -> bytes:
    """The first bytes, none when the file is damaged: reading it will say so, recognition goes on."""
    try:
        return listing.head(path)
    except CaseError:
        return b""


def study_of(header: Header) -> str:
    """The identity in a DICOM header: the study's, else the instance's."""
    return header.study or header.instance


def raw_identity(entry: Entry) -> str:
    """Name and time in the name of a raw file, without version and kind: equal for all files of one scan."""
    found = RAW_NAME.fullmatch(strip_copy_marks(entry.stem))
    return f"{fold(found['case']).strip('_ ')} | {found['time']}" if found else fold(strip_copy_marks(entry.stem))


def is_catalogue_rar(head: bytes) -> bool:
    """Whether a RAR's first headers name a mesh of the catalogue; the archive itself is not opened."""
    return head.startswith(RAR) and any(name in head for name in CATALOGUE)
