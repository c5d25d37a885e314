"""The cases in an arrival: which files belong together, whether Medit wrote them, and what identifies them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import combinations

from attrs import evolve, frozen

from casepan.api import CaseError, Confidence, Entry, Listing, Recognition
from casepan_medit.layout import (
    CLOSED,
    DATED,
    FRAME,
    MAGIC,
    SOME_DATE,
    STAGE,
    Part,
    container_of,
    fold,
    is_foreign,
    is_medit_obj,
    is_project,
    part_of,
    suffix_of,
)


@frozen
class Export:
    """One case of an arrival.

    Attributes:
        folder: where its meshes lie.
        name: of the case: its folder or zip, without the export date.
        dated: whether that folder is named ``<export date>-<case>``.
        prefix: what stands before the tails of its meshes.
        parts, files: its meshes; everything that belongs to it.
        older: files of older exports of the same case in the same arrival.
    """

    folder: str
    name: str
    dated: bool
    prefix: str
    parts: tuple[Part, ...]
    files: tuple[str, ...] = ()
    older: tuple[str, ...] = ()

    @property
    def vendor_id(self) -> str:
        """Case name and scan (date and patient), equal for every re-export; empty when nothing names the case."""
        return " | ".join(dict.fromkeys(fold(part) for part in (self.name, self.prefix) if part))

    @property
    def is_named(self) -> bool:
        """Whether names tell this case from another. A folder alone does not: users call it scans or export."""
        return bool(self.prefix)

    @property
    def is_complete(self) -> bool:
        """Whether both arches are there."""
        return {"upper", "lower"} <= {part.arch for part in self.parts if part.role == "arch"}


def exports(name: str, entries: Sequence[Entry]) -> tuple[Export, ...]:
    """The cases in an arrival, by folder and, where one folder holds several orders, by the prefix of the names.

    Args:
        name: of the arrival, used where the meshes lie at its top.
        entries: its files.
    """
    folders: dict[str, list[Part]] = {}
    for entry in entries:
        part = part_of(entry)
        if part is not None:
            folders.setdefault(entry.folder, []).append(part)
    top = "" if any(entry.path == name for entry in entries) else name
    found = [_export(top, folder, group) for folder, parts in folders.items() for group in _orders(parts)]
    return _latest(_with_files(found, entries), {entry.path: entry.mtime for entry in entries})


def _orders(parts: list[Part]) -> list[list[Part]]:
    """One list per order. A folder is one order, unless two prefixes both bring the same view."""
    by_prefix: dict[str, list[Part]] = {}
    for part in parts:
        by_prefix.setdefault(fold(part.prefix), []).append(part)
    known = [group for group in by_prefix.values() if any(part.vocabulary != "unknown" for part in group)]
    views = Counter(view for group in known for view in {part.view for part in group if part.vocabulary != "unknown"})
    if any(count > 1 for count in views.values()):
        return known
    return [parts] if known else []


def _export(top: str, folder: str, parts: list[Part]) -> Export:
    prefix = next((part.prefix for part in parts if part.vocabulary != "unknown"), "")
    container = container_of(top, folder, prefix)
    case = DATED.fullmatch(container)
    return Export(folder, case["rest"] if case else container, bool(case), prefix, tuple(parts))


def _with_files(found: list[Export], entries: Sequence[Entry]) -> list[Export]:
    """Give every file to the case it belongs to; a lone case takes all, a file that fits no case stays free."""
    if len(found) == 1:
        return [evolve(found[0], files=tuple(entry.path for entry in entries))]
    own = {part.path: index for index, export in enumerate(found) for part in export.parts}
    homes: dict[str, dict[str, int]] = {}
    for index, export in enumerate(found):
        homes.setdefault(export.folder, {})[fold(export.prefix)] = index
    files: list[list[str]] = [[] for _ in found]
    for entry in entries:
        home = own[entry.path] if entry.path in own else _home(entry, homes)
        if home is not None:
            files[home].append(entry.path)
    return [evolve(export, files=tuple(paths)) for export, paths in zip(found, files, strict=True)]


def _home(entry: Entry, homes: Mapping[str, Mapping[str, int]]) -> int | None:
    """The case of a file that is no mesh: of its folder, of one above it, or of the zip with its own name."""
    for folder in (*_upwards(entry.folder), f"{entry.path.rpartition('.')[0]}.zip"):
        if folder in homes:
            prefixes = homes[folder]
            return next(iter(prefixes.values())) if len(prefixes) == 1 else _longest(fold(entry.stem), prefixes)
    return None


def _upwards(folder: str) -> Iterator[str]:
    """The folder and those above it, but not the top of the arrival."""
    yield folder
    while "/" in folder:
        folder = folder.rpartition("/")[0]
        yield folder


def _longest(text: str, prefixes: Mapping[str, int]) -> int | None:
    return next((prefixes[text[:size]] for size in range(len(text), 0, -1) if text[:size] in prefixes), None)


def _latest(found: list[Export], times: Mapping[str, float]) -> tuple[Export, ...]:
    """One export per case: the newest complete one, with the files of the others as ``older``."""
    same: dict[str, list[Export]] = {}
    for index, export in enumerate(found):
        same.setdefault(export.vendor_id if export.is_named else f"?{index}", []).append(export)
    return tuple(_newest(group, times) for group in same.values())


def _newest(group: list[Export], times: Mapping[str, float]) -> Export:
    *others, newest = sorted(
        group, key=lambda export: (export.is_complete, max(times[part.path] for part in export.parts))
    )
    kept = set(newest.files)
    return evolve(newest, older=tuple(path for export in others for path in export.files if path not in kept))


def recognise(listing: Listing) -> tuple[Recognition, ...]:
    """One recognition per Medit case in the arrival."""
    claims = (_claim(listing, export) for export in exports(listing.name, listing.entries))
    return tuple(claim for claim in claims if claim is not None)


def _claim(listing: Listing, export: Export) -> Recognition | None:
    signed, evidence = marks(listing, export)
    if not evidence and any(part.vocabulary == "plain" for part in export.parts):
        evidence = ("a mesh named maxillary or mandibular",)
    if not evidence or (not signed and any(map(is_foreign, export.files))):
        return None
    likely = export.is_named and len(evidence) > 1
    confidence: Confidence = "certain" if signed else "likely" if likely else "possible"
    return Recognition(
        stage=STAGE,
        vendor_id=identity(listing, export),
        files=(*export.files, *export.older),
        confidence=confidence,
        evidence=evidence,
        frame=FRAME,
    )


def marks(listing: Listing, export: Export) -> tuple[bool, tuple[str, ...]]:
    """Whether a file carries Medit's own magic, and one line for each mark that was seen."""
    words = [part for part in export.parts if part.vocabulary == "plain"]
    closed = [part.path.casefold() for part in export.parts if suffix_of(part.path) == CLOSED]
    objs = (part.path for part in export.parts if suffix_of(part.path) == "obj")
    signed = any(is_medit_obj(head_of(listing, path)) for path in objs)
    seen = (
        (signed, f"first OBJ line is {MAGIC.decode()}"),
        (len(words) > 1, "two or more meshes of one name end with -maxillary or -mandibular"),
        (
            any(part.vocabulary == "bite" for part in export.parts),
            "a bite ends with -occlusionfirst or -occlusionsecond",
        ),
        (closed, "a .meditMesh file"),
        (any(".general." in path for path in closed), "a mesh stored as .general.meditMesh"),
        (export.dated and SOME_DATE.match(export.prefix), "the folder is <date>-<case>, the meshes <date>-<patient>"),
    )
    own = tuple(line for mark, line in seen if mark)
    beside = own and any(is_project(path, export.prefix) for path in export.files)  # alone it is every exocad folder's
    return signed, (*own, "a .dentalProject with the name of the meshes") if beside else own


def head_of(listing: Listing, path: str) -> bytes:
    """The first bytes, none when the file is damaged: reading it will say so, recognition goes on."""
    try:
        return listing.head(path)
    except CaseError:
        return b""


def identity(listing: Listing, export: Export) -> str:
    """The vendor identity, or a fingerprint of sizes and first bytes where the names say nothing about the case."""
    if export.is_named:
        return export.vendor_id
    lines = sorted(f"{part.size} {sha256(head_of(listing, part.path)).hexdigest()}" for part in export.parts)
    return f"unnamed-{sha256(''.join(lines).encode()).hexdigest()[:16]}"


def names_differ(export: Export) -> bool:
    """Whether container and meshes share no word: clinics attach scans of another record to a case.

    Dates, the word "case" and single letters prove nothing, nor does a folder that somebody else named.
    """
    container = _words(export.name) if export.dated else set()
    prefixes = {part.prefix for part in export.parts if part.vocabulary != "unknown"}
    people = [words for prefix in sorted(prefixes) if (words := _words(prefix))]
    strangers = bool(container) and any(not _akin(container, words) for words in people)
    return strangers or any(not _akin(first, second) for first, second in combinations(people, 2))


def _words(name: str) -> set[str]:
    found = re.findall(r"[^\W\d_]{2,}", fold(name).replace("'s case", " "))
    return set(found) - {"case"}


def _akin(first: Iterable[str], second: Iterable[str]) -> bool:
    one, other = " ".join(first), " ".join(second)
    return any(word in one for word in second) or any(word in other for word in first)
