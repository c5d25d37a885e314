"""Names of Medit Link exports: which meshes make a case, what each shows, and what proves that Medit wrote it.

Facts and how well each is known stand in this plugin's quality.toml. Tails are matched at the END of a name and without
regard to case, because the prefix is free text and may hold any word ("lower first molar with preop").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import combinations
from typing import Literal
from unicodedata import normalize

from attrs import frozen

from casepan.api import Arch, Confidence, Entry, Listing, Recognition, Role, strip_copy_marks

STAGE = "medit.export"
FRAME = "medit:occlusion"
MAGIC = b"#<MEDIT>"
CLOSED = "meditmesh"
FORMATS = ("ply", "obj", "stl", CLOSED)

ARCHES: dict[str, Arch] = {"maxillary": "upper", "mandibular": "lower", "upperjaw": "upper", "lowerjaw": "lower"}
REGIONS: dict[str, Role] = {
    "": "arch",
    "situ": "preop",
    "preop": "preop",
    "marker": "scanbody",
    "scanbody": "scanbody",
    "gingiva": "gingiva",
}
ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6}

ARCH_TAIL = re.compile(
    r"(?:(?P<prefix>.*)-)?(?P<arch>maxillary|mandibular|upperjaw|lowerjaw)(?:scan)?(?:-(?P<region>[a-z]+)(?P<number>\d*))?",
    re.IGNORECASE | re.DOTALL,
)
BITE_TAIL = re.compile(
    rf"(?:(?P<prefix>.*)-)?(?:occlusion(?P<ordinal>{'|'.join(ORDINALS)}|\d+)|bite(?P<number>\d*))",
    re.IGNORECASE | re.DOTALL,
)
DESIGN = re.compile(r"_cad(?:\b|_)|-modelbase|-\d\d-(?:crown|waxup|coping)", re.IGNORECASE)
DATED = re.compile(r"(?P<date>\d{4}-\d{2}-\d{2})-(?P<rest>.+)", re.DOTALL)
SOME_DATE = re.compile(r"^(?:\d{4}-\d{2}-\d{2}|\d{2}-\d{2}-\d{4}|\d{6,8})-")
FOREIGN = re.compile(
    r"totaljaw\d|\d{5}-\d{3}-(?:upper|lower)jaw|\.(?:matrix4|hasscan|dxd)$|(?:^|/)dentalcase\.xml$", re.IGNORECASE
)


@frozen
class Part:
    """What the name of one mesh says.

    Attributes:
        path, prefix: where it lies; the name before the tail.
        role, arch, number: what it shows.
        tail: the vendor's word for it, kept for people.
        vocabulary: ``"plain"`` (Medit's own words), ``"bite"`` (Medit's bite words), ``"exocad"`` (shared with every
            exocad folder) or ``"unknown"``.
    """

    path: str
    prefix: str
    role: Role
    arch: Arch | None
    number: int | None
    tail: str
    vocabulary: Literal["plain", "bite", "exocad", "unknown"]

    @property
    def view(self) -> tuple[Role, Arch | None, int | None]:
        """What it shows; two meshes of one view are copies or formats of each other."""
        return self.role, self.arch, self.number


@frozen
class Export:
    """One case of an arrival: its meshes, all files that belong to it, and what an older copy of it left behind."""

    name: str
    prefix: str
    parts: tuple[Part, ...]
    files: tuple[str, ...]
    older: tuple[str, ...] = ()

    @property
    def vendor_id(self) -> str:
        """Case name and scan (date and patient), equal for every re-export; empty when nothing names the case."""
        return " | ".join(dict.fromkeys(fold(part) for part in (self.name, self.prefix) if part))


def fold(name: str) -> str:
    """The name as it is compared: NFC, case-folded, trimmed."""
    return normalize("NFC", normalize("NFC", name).casefold()).strip()


def part_of(entry: Entry) -> Part | None:
    """What a mesh's name says, or None when the file is no mesh.

    A mesh with a tail that nobody knows keeps role ``other`` and the arch if the name ends with one.
    """
    if entry.suffix not in FORMATS:
        return None
    stem = mesh_stem(entry)
    return _bite(entry.path, stem) or _arch(entry.path, stem) or _unknown(entry.path, stem)


def mesh_stem(entry: Entry) -> str:
    """The name without extensions and copy marks (``x.stl.general.meditMesh`` is ``x``)."""
    stem = re.sub(r"\.(?:stl|ply|obj)(?:\.general)?$", "", entry.stem, flags=re.IGNORECASE)
    return strip_copy_marks(stem).strip()


def _bite(path: str, stem: str) -> Part | None:
    found = BITE_TAIL.fullmatch(stem)
    if found is None:
        return None
    prefix, ordinal = found["prefix"] or "", (found["ordinal"] or "").casefold()
    number = ORDINALS.get(ordinal) or int(ordinal or found["number"] or 1)
    return Part(path, prefix, "bite", None, number, _tail(stem, prefix), "bite" if ordinal else "unknown")


def _arch(path: str, stem: str) -> Part | None:
    found = ARCH_TAIL.fullmatch(stem)
    if found is None:
        return None
    prefix, word, region = found["prefix"] or "", found["arch"].casefold(), (found["region"] or "").casefold()
    number = int(found["number"]) if found["number"] else None
    words: Literal["plain", "exocad"] = "plain" if word.startswith("m") else "exocad"
    return Part(path, prefix, REGIONS.get(region, "other"), ARCHES[word], number, _tail(stem, prefix), words)


def _unknown(path: str, stem: str) -> Part:
    prefix, _, tail = stem.rpartition("-")
    return Part(path, prefix, "design" if DESIGN.search(stem) else "other", None, None, tail, "unknown")


def _tail(stem: str, prefix: str) -> str:
    return stem[len(prefix) :].lstrip("-")


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
    groups = [(folder, group) for folder, parts in folders.items() for group in _orders(parts)]
    loose = any(entry.path == name for entry in entries)
    found = [_export("" if loose else name, folder, group, entries, alone=len(groups) == 1) for folder, group in groups]
    return _latest(found, {entry.path: entry.mtime for entry in entries})


def _orders(parts: list[Part]) -> list[list[Part]]:
    """One list per order. A folder is one order, unless two prefixes both bring the same view."""
    by_prefix: dict[str, list[Part]] = {}
    for part in parts:
        by_prefix.setdefault(fold(part.prefix), []).append(part)
    known = [group for group in by_prefix.values() if any(part.vocabulary != "unknown" for part in group)]
    views = [{part.view for part in group if part.vocabulary != "unknown"} for group in known]
    doubled = any(first & second for first, second in combinations(views, 2))
    if doubled:
        return known
    return [parts] if known else []


def _export(name: str, folder: str, parts: list[Part], entries: Sequence[Entry], *, alone: bool) -> Export:
    prefix = next((part.prefix for part in parts if part.vocabulary != "unknown"), "")
    container = container_of(name, folder, prefix)
    files = tuple(entry.path for entry in entries if alone or _belongs(entry, folder, parts, prefix))
    case = DATED.fullmatch(container)
    return Export(case["rest"] if case else container, prefix, tuple(parts), files)


def container_of(name: str, folder: str, prefix: str) -> str:
    """The folder or zip that names the case, without copy mark and ``.zip``: the innermost that looks like one."""
    steps = [name, *(step for step in folder.split("/") if step)]
    names = [strip_copy_marks(re.sub(r"\.zip$", "", step, flags=re.IGNORECASE)).strip() for step in reversed(steps)]
    telling = (step for step in names if DATED.fullmatch(step) or (prefix and fold(step) == fold(prefix)))
    return next(telling, names[0])


def _belongs(entry: Entry, folder: str, parts: list[Part], prefix: str) -> bool:
    if entry.path in {part.path for part in parts}:
        return True
    if entry.folder == folder or entry.folder.startswith(f"{folder}/"):
        return not prefix or (entry.suffix not in FORMATS and fold(entry.stem).startswith(fold(prefix)))
    archive = folder.partition(".zip")[0]
    return folder.endswith(".zip") and entry.path.rpartition(".")[0] == archive  # <case>.xml beside <case>.zip


def _latest(found: list[Export], times: dict[str, float]) -> tuple[Export, ...]:
    """One export per case: the newest complete one, with the files of older ones of the same case as ``older``."""
    same: dict[str, list[Export]] = {}
    for index, export in enumerate(found):
        same.setdefault(export.vendor_id or f"?{index}", []).append(export)
    return tuple(_newest(group, times) for group in same.values())


def _newest(group: list[Export], times: dict[str, float]) -> Export:
    ordered = sorted(group, key=lambda export: (is_complete(export), max(times[part.path] for part in export.parts)))
    older = tuple(path for export in ordered[:-1] for path in export.files if path not in ordered[-1].files)
    newest = ordered[-1]
    return Export(newest.name, newest.prefix, newest.parts, newest.files, older)


def is_complete(export: Export) -> bool:
    """Whether both arches are there."""
    return {"upper", "lower"} <= {part.arch for part in export.parts if part.role == "arch"}


def preferred(parts: Iterable[Part]) -> frozenset[str]:
    """Of several meshes of one view the one to work on: open before closed, coloured before plain."""
    best: dict[object, Part] = {}
    for part in sorted(parts, key=lambda part: (FORMATS.index(_suffix(part.path)), part.path)):
        best.setdefault(part.path if part.role in ("other", "design") else part.view, part)
    return frozenset(part.path for part in best.values())


def _suffix(path: str) -> str:
    return Entry(path, 0, 0.0).suffix


def marks(listing: Listing, export: Export) -> tuple[bool, tuple[str, ...]]:
    """Whether a file carries Medit's own magic, and one line for each mark that was seen."""
    signed = [p.path for p in export.parts if _suffix(p.path) == "obj" and is_medit_obj(listing.head(p.path))]
    words = [part for part in export.parts if part.vocabulary == "plain"]
    bites = [part for part in export.parts if part.vocabulary == "bite"]
    closed = [part for part in export.parts if _suffix(part.path) == CLOSED]
    projects = [path for path in export.files if is_project(path, export.prefix)]
    seen = (
        (signed, f"first OBJ line is {MAGIC.decode()}"),
        (len(words) > 1, "two or more meshes of one name end with -maxillary or -mandibular"),
        (bites, "a bite ends with -occlusionfirst or -occlusionsecond"),
        (closed, "a .meditMesh file"),
        (closed and ".general." in closed[0].path.casefold(), "a mesh stored as .general.meditMesh"),
        (_two_dates(listing.name, export), "the folder is named <date>-<case> and the meshes <date>-<patient>"),
        (projects, "a .dentalProject with the name of the meshes"),
    )
    return bool(signed), tuple(line for mark, line in seen if mark)


def is_medit_obj(head: bytes) -> bool:
    """Whether the first line is exactly ``#<MEDIT>``."""
    return head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].strip() == MAGIC


def is_project(path: str, prefix: str) -> bool:
    """Whether the file is a ``.dentalProject`` named like the meshes."""
    entry = Entry(path, 0, 0.0)
    return entry.suffix == "dentalproject" and fold(strip_copy_marks(entry.stem)) == fold(prefix)


def _two_dates(name: str, export: Export) -> bool:
    folder = Entry(export.parts[0].path, 0, 0.0).folder
    container = container_of(name, folder, export.prefix)
    return bool(DATED.fullmatch(container) and SOME_DATE.match(export.prefix))


def recognise(listing: Listing) -> tuple[Recognition, ...]:
    """One recognition per Medit case in the arrival."""
    claims = (_claim(listing, export) for export in exports(listing.name, listing.entries))
    return tuple(claim for claim in claims if claim is not None)


def _claim(listing: Listing, export: Export) -> Recognition | None:
    signed, evidence = marks(listing, export)
    if not evidence and not _bare(export.parts):
        return None
    if not signed and any(FOREIGN.search(path.replace("!", "/")) for path in export.files):
        return None
    confidence: Confidence = "certain" if signed else "likely" if is_named(export) and len(evidence) > 1 else "possible"
    return Recognition(
        stage=STAGE,
        vendor_id=identity(listing, export),
        files=(*export.files, *export.older),
        confidence=confidence,
        evidence=evidence or ("a mesh named maxillary or mandibular",),
        frame=FRAME,
    )


def _bare(parts: Iterable[Part]) -> bool:
    return any(part.vocabulary == "plain" for part in parts)


def is_named(export: Export) -> bool:
    """Whether names tell this case from another: a prefix, or a container that follows a rule of Medit Link."""
    return bool(export.prefix)


def names_differ(export: Export) -> bool:
    """Whether container and meshes share no word: clinics attach scans of another record to a case.

    The patient stands first in a case name; dates, the words "case" and single letters prove nothing.
    """
    container, prefixes = _words(export.name), {part.prefix for part in export.parts if part.vocabulary != "unknown"}
    people = [words for prefix in prefixes if (words := _words(prefix))]
    strangers = bool(container) and any(not _akin(container, words) for words in people)
    return strangers or any(not _akin(first, second) for first, second in combinations(people, 2))


def _words(name: str) -> set[str]:
    found = re.findall(r"[^\W\d_]{2,}", fold(name).replace("'s case", " "))
    return set(found) - {"case"}


def _akin(container: set[str], words: set[str]) -> bool:
    joined = " ".join(container)
    return any(word in joined for word in words) or any(word in " ".join(words) for word in container)


def identity(listing: Listing, export: Export) -> str:
    """The vendor identity, or a fingerprint of sizes and first bytes where the names say nothing about the case."""
    return export.vendor_id if is_named(export) else fingerprint(listing, (part.path for part in export.parts))


def fingerprint(listing: Listing, paths: Iterable[str]) -> str:
    """A stable stand-in for an identity: equal for the same meshes, different for other ones."""
    sizes = {entry.path: entry.size for entry in listing.entries}
    lines = sorted(f"{sizes[path]} {sha256(listing.head(path)).hexdigest()}" for path in paths)
    return f"unnamed-{sha256(''.join(lines).encode()).hexdigest()[:16]}"
