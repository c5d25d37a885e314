"""Layouts of Carestream / DEXIS ScanFlow: save folders, catalogue names, DICOM and raw data.

Facts and how well each is known stand in this plugin's quality.toml. The meshes carry no patient and no case, only a
catalogue name that is the same in every export, so identity comes from the save folder or a DICOM header.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import chain
from unicodedata import normalize

from attrs import evolve, frozen

from casepan.api import Arch, Confidence, Entry, Listing, Recognition, Role, strip_copy_marks
from casepan_carestream.dicom import Header, read_header

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
    role: Role
    arch: Arch | None
    word: str
    label: str | None = None
    known: bool = True


@frozen
class Export:
    """One case of an arrival.

    Attributes:
        folder, person, date, time: where it lies, and what the save folder says (empty where there is none).
        name: folder or zip that names it when there is no save folder.
        header: of its DICOM file.
        parts, dicom, raw, rar: paths of what it holds; files: everything that belongs to it; older: other saves.
    """

    folder: str
    person: str = ""
    date: str = ""
    time: str = ""
    name: str = ""
    header: Header | None = None
    parts: tuple[Part, ...] = ()
    dicom: tuple[str, ...] = ()
    raw: tuple[str, ...] = ()
    rar: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    older: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether both arches are there."""
        return {"upper", "lower"} <= {part.arch for part in self.parts if part.role == "arch"}


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
            entry.path, VIEWS[view], ARCHES[arch["arch"].casefold()], stem, (arch["label"] or "").strip() or None
        )
    if extra is not None:
        return Part(entry.path, "bite", None, stem, extra["label"].strip() or None)
    if fold(stem) in {fold(name) for name in normal}:
        return Part(entry.path, "bite", None, stem, stem)
    return Part(entry.path, "other", None, stem, known=fold(stem).startswith("extra object"))


def exports(listing: Listing, entries: Sequence[Entry], normal: Iterable[str] = ("Normal Bite",)) -> tuple[Export, ...]:
    """The cases in an arrival, one per save folder, DICOM study or raw file; of several saves the latest complete."""
    top = "" if any(entry.path == listing.name for entry in entries) else listing.name
    found: dict[tuple[str, str], Export] = {}
    for entry in entries:
        key, one = _one(listing, entry, tuple(normal))
        if one is not None:
            found[key] = _joined(found[key], one) if key in found else one
    cases = [_described(case, top) for case in _without_strangers(_beside_meshes(found))]
    alone = len(cases) == 1
    return _latest([evolve(case, files=_files_of(case, entries, alone=alone)) for case in cases])


def _one(listing: Listing, entry: Entry, normal: tuple[str, ...]) -> tuple[tuple[str, str], Export | None]:
    """What one file brings: the key of its case (folder, and the study or raw file's name) and an export of itself."""
    part = part_of(entry, normal)
    if part is not None:
        return (entry.folder, ""), Export(entry.folder, parts=(part,))
    if entry.suffix == "dcm":
        header = read_header(listing.head(entry.path))
        if header is not None and header.is_carestream:
            return (entry.folder, f"dcm {study_of(header)}"), Export(entry.folder, header=header, dicom=(entry.path,))
    if entry.suffix in RAW:
        return (entry.folder, f"raw {raw_identity(entry)}"), Export(entry.folder, raw=(entry.path,))
    if entry.suffix == "rar" and is_catalogue_rar(listing.head(entry.path)):
        return (entry.folder, f"rar {entry.name}"), Export(
            entry.folder, name=strip_copy_marks(entry.stem), rar=(entry.path,)
        )
    return ("", ""), None


def _joined(first: Export, second: Export) -> Export:
    return evolve(
        first,
        header=first.header or second.header,
        parts=first.parts + second.parts,
        dicom=first.dicom + second.dicom,
        raw=first.raw + second.raw,
        rar=first.rar + second.rar,
    )


def _beside_meshes(found: dict[tuple[str, str], Export]) -> list[Export]:
    """Meshes take the one DICOM study and the one raw file that lie in their own folder."""
    cases = dict(found)
    for folder, kind in found:
        others = [key for key in found if key[0] == folder and key[1]]
        prefixes = [key[1].partition(" ")[0] for key in others]
        if not kind and len(set(prefixes)) == len(prefixes):
            for key in others:
                cases[folder, ""] = _joined(cases[folder, ""], cases.pop(key))
    return list(cases.values())


def _without_strangers(cases: Iterable[Export]) -> list[Export]:
    """Folders that hold meshes but no catalogue name are somebody else's."""
    return [case for case in cases if case.dicom or case.raw or case.rar or any(part.arch for part in case.parts)]


def _described(case: Export, top: str) -> Export:
    steps = [
        re.sub(r"\.zip$", "", strip_copy_marks(step), flags=re.IGNORECASE) for step in [top, *case.folder.split("/")]
    ]
    saves = [save for step in reversed(steps) if (save := SAVE.fullmatch(strip_copy_marks(step))) is not None]
    name = case.name or next((step.strip() for step in reversed(steps) if fold(step) not in SAYS_NOTHING), "")
    if not saves:
        return evolve(case, name=name)
    return evolve(case, name=name, person=saves[0]["person"], date=saves[0]["date"], time=saves[0]["time"])


def _files_of(case: Export, entries: Sequence[Entry], *, alone: bool) -> tuple[str, ...]:
    own = {*case.dicom, *case.raw, *case.rar, *(part.path for part in case.parts)}
    stems = tuple(fold(path.rpartition(".")[0]) for path in (*case.raw, *case.dicom, *case.rar))
    archive = case.folder[: -len(".zip")] if case.folder.casefold().endswith(".zip") else None
    return tuple(
        entry.path
        for entry in entries
        if alone
        or entry.path in own
        or (case.parts and entry.folder == case.folder and entry.suffix not in ("dcm", "rar", *RAW))
        or (stems and fold(entry.path).startswith(stems))
        or (archive is not None and entry.path.rpartition(".")[0] == archive)
    )


def _latest(cases: list[Export]) -> tuple[Export, ...]:
    """Of several saves of one person the latest complete one, with the files of the others as ``older``."""
    people: dict[str, list[Export]] = {}
    for index, case in enumerate(cases):
        people.setdefault(fold(case.person) if case.person and not case.header else f"?{index}", []).append(case)
    return tuple(_newest(saves) for saves in people.values())


def _newest(saves: list[Export]) -> Export:
    *others, newest = sorted(saves, key=lambda save: (save.is_complete, save.date, save.time))
    older = sorted(set(chain.from_iterable(save.files for save in others)) - set(newest.files))
    return evolve(newest, older=tuple(older))


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


def is_named(export: Export) -> bool:
    """Whether anything tells this case from another."""
    return bool(export.header and study_of(export.header)) or bool(export.person or export.name or export.raw)


def identity(listing: Listing, export: Export) -> str:
    """The vendor identity: the DICOM study, person and day of the save, raw name or folder, else a fingerprint.

    A later save of the same day is the same case; one of another day is a case of its own.
    """
    if export.header and study_of(export.header):
        return study_of(export.header)
    if export.person:
        return f"{fold(export.person)} | {export.date}"
    if export.raw and not export.parts:
        return raw_identity(Entry(export.raw[0], 0, 0.0))
    return fold(export.name) or fingerprint(listing, (part.path for part in export.parts))


def fingerprint(listing: Listing, paths: Iterable[str]) -> str:
    """A stable stand-in for an identity: equal for the same files, different for other ones."""
    sizes = {entry.path: entry.size for entry in listing.entries}
    lines = sorted(f"{sizes[path]} {sha256(listing.head(path)).hexdigest()}" for path in paths)
    return f"unnamed-{sha256(''.join(lines).encode()).hexdigest()[:16]}"


def recognise(listing: Listing) -> tuple[Recognition, ...]:
    """One recognition per Carestream or DEXIS case in the arrival."""
    claims = (_claim(listing, export) for export in exports(listing, listing.entries))
    return tuple(claim for claim in claims if claim is not None)


def _claim(listing: Listing, export: Export) -> Recognition | None:
    confidence, evidence = judge(listing, export)
    if not evidence:
        return None
    return Recognition(
        stage=STAGE,
        vendor_id=identity(listing, export),
        files=(*export.files, *export.older),
        confidence=confidence,
        evidence=evidence,
        frame=FRAME,
    )


def judge(listing: Listing, export: Export) -> tuple[Confidence, tuple[str, ...]]:
    """How sure it is that ScanFlow wrote this, and why; no evidence means it is not."""
    anatomy = {part.arch for part in export.parts if ARCH_NAME.fullmatch(part.word)}
    views = any(listing.tail(path).count(b"MultiViews_") for path in export.raw)
    named = any(RAW_NAME.fullmatch(Entry(path, 0, 0.0).stem) for path in export.raw)
    marks = (
        (export.dicom, "a DICOM file of a CS 3xxx or IS 3xxx scanner"),
        (views, "raw data with members MultiViews_<id>.bin"),
        (anatomy, "a mesh with a catalogue name such as Maxillary Anatomy"),
        (len(anatomy) > 1, "catalogue names for both arches"),
        (any(part.role == "bite" for part in export.parts), "a mesh named Normal Bite or Extra Bite"),
        (export.person and export.parts, "a save folder named <date> - <time> - <name>"),
        (export.raw, "a .cszx or .csz file"),
        (named, "its name holds the time of the scan as ScanFlow writes it"),
        (export.rar, "a RAR archive"),
        (export.rar, "its first headers name a mesh of the catalogue"),
    )
    seen = tuple(line for mark, line in marks if mark)
    if export.dicom or views:
        return "certain", seen
    return "likely" if len(seen) > 1 else "possible", seen
