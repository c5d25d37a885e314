"""The cases in an arrival: which files belong together, whether ScanFlow wrote them, and what identifies them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256

from attrs import evolve, frozen

from casepan.api import CaseError, Confidence, Entry, Listing, Recognition, strip_copy_marks
from casepan_carestream.dicom import Header, read_header
from casepan_carestream.layout import (
    ARCH_NAME,
    FRAME,
    RAW,
    RAW_NAME,
    SAVE,
    SAYS_NOTHING,
    STAGE,
    Part,
    fold,
    head_of,
    is_catalogue_rar,
    part_of,
    raw_identity,
    study_of,
)


@frozen
class Export:
    """One case of an arrival.

    Attributes:
        folder, person, date, time: where it lies, and what the save folder says (empty where there is none).
        name: folder or zip that names it when there is no save folder.
        header: of its DICOM file.
        parts, dicom, raw, rar: what it holds; files: everything that belongs to it; older: files of other saves.
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

    @property
    def is_named(self) -> bool:
        """Whether anything tells this case from another."""
        return bool((self.header and study_of(self.header)) or self.person or self.name or self.raw)


def exports(listing: Listing, entries: Sequence[Entry], normal: Iterable[str] = ("Normal Bite",)) -> tuple[Export, ...]:
    """The cases in an arrival, one per save folder, DICOM study or raw file; of several saves the latest complete one.

    Args:
        normal: names of the habitual bite, see ``part_of``.
    """
    top = "" if any(entry.path == listing.name for entry in entries) else listing.name
    names = tuple(normal)
    pieces: dict[tuple[str, str], list[Export]] = {}
    for entry in entries:
        key, one = _one(listing, entry, names)
        if one is not None:
            pieces.setdefault(key, []).append(one)
    found = {key: _joined(parts) for key, parts in pieces.items()}
    cases = [_described(case, top) for case in _beside_meshes(found) if _is_ours(case)]
    return _latest(_with_files(cases, entries))


def _one(listing: Listing, entry: Entry, normal: tuple[str, ...]) -> tuple[tuple[str, str], Export | None]:
    """What one file brings: the key of its case (folder, and the kind of a closed file) and an export of itself."""
    folder, path = entry.folder, entry.path
    part = part_of(entry, normal)
    if part is not None:
        return (folder, ""), Export(folder, parts=(part,))
    if entry.suffix == "dcm":
        header = read_header(head_of(listing, path))
        if header is not None and header.is_carestream:
            return (folder, f"dcm {study_of(header)}"), Export(folder, header=header, dicom=(path,))
    if entry.suffix in RAW:
        return (folder, f"raw {raw_identity(entry)}"), Export(folder, raw=(path,))
    if entry.suffix == "rar" and is_catalogue_rar(head_of(listing, path)):
        return (folder, f"rar {entry.name}"), Export(folder, name=strip_copy_marks(entry.stem), rar=(path,))
    return ("", ""), None


def _joined(pieces: Sequence[Export]) -> Export:
    return evolve(
        pieces[0],
        header=next((piece.header for piece in pieces if piece.header), None),
        parts=tuple(part for piece in pieces for part in piece.parts),
        dicom=tuple(path for piece in pieces for path in piece.dicom),
        raw=tuple(path for piece in pieces for path in piece.raw),
        rar=tuple(path for piece in pieces for path in piece.rar),
    )


def _beside_meshes(found: Mapping[tuple[str, str], Export]) -> Iterator[Export]:
    """Meshes take the one DICOM study, raw file and RAR that lie in their own folder; two of a kind stand alone."""
    folders: dict[str, dict[str, Export]] = {}
    for (folder, kind), case in found.items():
        folders.setdefault(folder, {})[kind] = case
    for kinds in folders.values():
        several = len({kind.partition(" ")[0] for kind in kinds}) < len(kinds)
        if "" in kinds and not several and _is_ours(kinds[""]):
            yield _joined([kinds[""], *(case for kind, case in kinds.items() if kind)])
        else:
            yield from kinds.values()


def _is_ours(case: Export) -> bool:
    """Meshes count only with a catalogue name among them."""
    return bool(case.dicom or case.raw or case.rar) or any(part.arch for part in case.parts)


def _described(case: Export, top: str) -> Export:
    steps = [
        re.sub(r"\.zip$", "", strip_copy_marks(step), flags=re.IGNORECASE) for step in [top, *case.folder.split("/")]
    ]
    save = next((found for step in reversed(steps) if (found := SAVE.fullmatch(strip_copy_marks(step)))), None)
    name = case.name or next((step.strip() for step in reversed(steps) if fold(step) not in SAYS_NOTHING), "")
    if save is None:
        return evolve(case, name=name)
    return evolve(case, name=name, person=save["person"], date=save["date"], time=save["time"])


def _with_files(cases: Sequence[Export], entries: Sequence[Entry]) -> list[Export]:
    """Give every file to the case it belongs to; a lone case takes all, a file that fits no case stays free."""
    if len(cases) == 1:
        return [evolve(cases[0], files=tuple(entry.path for entry in entries))]
    homes = _homes(cases)
    files: list[list[str]] = [[] for _ in cases]
    for entry in entries:
        home = next((homes[place] for place in _places(entry) if place in homes), None)
        if home is not None:
            files[home].append(entry.path)
    return [evolve(case, files=tuple(paths)) for case, paths in zip(cases, files, strict=True)]


def _homes(cases: Sequence[Export]) -> dict[tuple[str, str], int]:
    """To which case a file belongs: by its own path, by the closed file or zip whose name it shares, by its folder."""
    homes: dict[tuple[str, str], int] = {}
    for index, case in enumerate(cases):
        closed = (*case.dicom, *case.raw, *case.rar)
        homes |= {("file", path): index for path in (*closed, *(part.path for part in case.parts))}
        homes |= {("stem", fold(path.rpartition(".")[0])): index for path in closed}
        if case.parts:
            homes["folder", case.folder] = index
            homes["stem", fold(re.sub(r"\.zip$", "", case.folder, flags=re.IGNORECASE))] = index
    return homes


def _places(entry: Entry) -> Iterator[tuple[str, str]]:
    """Where to look a file up, the surest first: itself, a name it shares or continues (``_records``), its folder."""
    yield "file", entry.path
    start = fold(entry.path.partition("!")[0].rpartition(".")[0])
    yield "stem", start
    yield "stem", start.removesuffix("_records")
    yield "folder", entry.folder


def _latest(cases: Sequence[Export]) -> tuple[Export, ...]:
    """Of several saves of one person the latest complete one, with the files of the others as ``older``."""
    people: dict[str, list[Export]] = {}
    for index, case in enumerate(cases):
        people.setdefault(fold(case.person) if case.person and not case.header else f"?{index}", []).append(case)
    return tuple(_newest(saves) for saves in people.values())


def _newest(saves: list[Export]) -> Export:
    *others, newest = sorted(saves, key=lambda save: (save.is_complete, save.date, save.time))
    older = {path for save in others for path in save.files} - set(newest.files)
    return evolve(newest, older=tuple(sorted(older)))


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
    if export.name:
        return fold(export.name)
    lines = sorted(f"{part.size} {sha256(head_of(listing, part.path)).hexdigest()}" for part in export.parts)
    return f"unnamed-{sha256(''.join(lines).encode()).hexdigest()[:16]}"


def recognise(listing: Listing) -> tuple[Recognition, ...]:
    """One recognition per Carestream or DEXIS case in the arrival."""
    return tuple(_claim(listing, export) for export in exports(listing, listing.entries))


def _claim(listing: Listing, export: Export) -> Recognition:
    confidence, evidence = judge(listing, export)
    return Recognition(
        stage=STAGE,
        vendor_id=identity(listing, export),
        files=(*export.files, *export.older),
        confidence=confidence,
        evidence=evidence,
        frame=FRAME,
    )


def judge(listing: Listing, export: Export) -> tuple[Confidence, tuple[str, ...]]:
    """How sure it is that ScanFlow wrote this, and why."""
    anatomy = {part.arch for part in export.parts if ARCH_NAME.fullmatch(part.word)}
    views = any(b"MultiViews_" in _tail_of(listing, path) for path in export.raw)
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


def _tail_of(listing: Listing, path: str) -> bytes:
    try:
        return listing.tail(path)
    except CaseError:
        return b""
