"""Names in an exocad project folder: what each mesh shows, and the marks by which other ecosystems are known.

Facts and how well each is known stand in this plugin's ``quality.toml``. Words are matched at the END of a name and without
regard to case, because what stands before them is the name of the project and may hold any word.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from unicodedata import normalize

from attrs import frozen

from casepan.api import Arch, Entry, Role, Scan, arch_of, strip_copy_marks

STAGE = "exocad.folder"
FRAME = "exocad:project"
FORMATS = ("ply", "obj", "stl")
PROJECT = "dentalproject"

ARCHES: Mapping[str, Arch] = {"upperjaw": "upper", "lowerjaw": "lower"}
REGIONS: Mapping[str, Role] = {"": "arch", "situ": "preop", "marker": "scanbody", "gingiva": "gingiva"}
WORDS: Mapping[Role, str] = {"preop": "-situ", "scanbody": "-marker", "gingiva": "-gingiva"}
JAWS: Collection[Role] = ("arch", "preparation", "antagonist", "edentulous")
BITES = 2
"""TotalJaw0 and TotalJaw1 were seen; no other number."""

_OPPOSITE: Mapping[Arch, Arch] = {"upper": "lower", "lower": "upper"}
_JAW = re.compile(r"(?:(?P<stem>.*)-)?(?P<arch>upperjaw|lowerjaw)(?:-(?P<region>[a-z]+))?", re.IGNORECASE | re.DOTALL)
_BITE = re.compile(r"(?:(?P<stem>.*)-)?totaljaw(?P<number>\d)", re.IGNORECASE | re.DOTALL)
_DESIGN = re.compile(r"_cad(?:\b|_)|-model\w*$|-\d\d-(?:crown|waxup|coping)", re.IGNORECASE)
_MEDIT = re.compile(r"-(?:occlusion(?:first|second|third)|maxillary|mandibular)\b|\.meditmesh$", re.IGNORECASE)
_DS_CORE = re.compile(r"-00000-000(?:-|\.dentalproject$)", re.IGNORECASE)


@frozen
class Part:
    """What the name of one mesh says.

    Attributes:
        path: where it lies; stem: the name before the word, as far as the name has a word of exocad's.
        role, arch, number: what it shows.
        word: exocad's word for it, kept for people; empty when the name has none.
    """

    path: str
    stem: str
    role: Role
    arch: Arch | None = None
    number: int | None = None
    word: str = ""


def fold(name: str) -> str:
    """The name as it is compared: NFC, case-folded, trimmed."""
    return normalize("NFC", normalize("NFC", name).casefold()).strip()


def stem_of(entry: Entry) -> str:
    """The name without extension and copy marks."""
    return strip_copy_marks(entry.stem).strip()


def part_of(entry: Entry) -> Part | None:
    """What a mesh's name says, None when the file is no mesh. A result of a design is no scan: its role is ``design``."""
    if entry.suffix not in FORMATS:
        return None
    stem = stem_of(entry)
    if _DESIGN.search(stem):
        return Part(entry.path, stem, "design")
    return _jaw(entry.path, stem) or _bite(entry.path, stem) or Part(entry.path, stem, "other")


def _jaw(path: str, name: str) -> Part | None:
    found = _JAW.fullmatch(name)
    if found is None:
        return None
    stem, region = found["stem"] or "", (found["region"] or "").casefold()
    return Part(path, stem, REGIONS.get(region, "other"), ARCHES[found["arch"].casefold()], None, _tail(name, stem))


def _bite(path: str, name: str) -> Part | None:
    found = _BITE.fullmatch(name)
    if found is None:
        return None
    stem = found["stem"] or ""
    return Part(path, stem, "bite", None, int(found["number"]) + 1, _tail(name, stem))


def _tail(name: str, stem: str) -> str:
    return name[len(stem) :].lstrip("-")


def jaw_of(scan_teeth: Iterable[int], ordered: Iterable[int], role: Role) -> Arch | None:
    """The jaw of a scan that does not say it: that of its teeth, else of the ordered ones; an antagonist lies opposite.

    Returns:
        None when both jaws are worked on, or when no tooth is known.
    """
    for teeth in (tuple(scan_teeth), tuple(ordered)):
        arches = {arch_of(tooth) for tooth in teeth}
        if len(arches) == 1:
            (arch,) = arches
            return _OPPOSITE[arch] if role == "antagonist" else arch
        if arches:
            return None
    return None


def word_for(scan: Scan, ordered: Iterable[int]) -> str | None:
    """exocad's word for a scan (``"upperjaw-situ"``), None when it has none or the jaw cannot be known."""
    if scan.role == "bite":
        number = scan.number or 1
        return f"TotalJaw{number - 1}" if 0 < number <= BITES else None
    if scan.role not in JAWS and scan.role not in WORDS:
        return None
    arch = scan.arch or jaw_of(scan.teeth, ordered, scan.role)
    return f"{arch}jaw{WORDS.get(scan.role, '')}" if arch in ("upper", "lower") else None


def is_anothers(path: str) -> bool:
    """Whether a name bears the mark of Medit or DS Core, whose own adapters know more about such a folder."""
    name = strip_copy_marks(path.replace("!", "/").rpartition("/")[2])
    return bool(_MEDIT.search(name) or _DS_CORE.search(name))


def is_dated(stem: str) -> bool:
    """Whether a project is named ``2026-03-01-Roe``: as Medit does; exocad itself writes ``2026-03-01_Roe``."""
    return re.match(r"\d{4}-\d{2}-\d{2}-", stem) is not None
