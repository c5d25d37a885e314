"""Layouts of Primescan, CEREC and DS Core: which files make a case, what each mesh shows, and what proves it.

Facts and how well each is known stand in this plugin's quality.toml. Bare ``UpperJaw.stl`` is no proof of anything:
other scanners, CAD programs and labs write it too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Literal
from unicodedata import normalize

from attrs import evolve, frozen

from casepan.api import (
    Arch,
    Confidence,
    CorruptFile,
    Entry,
    Listing,
    NotReady,
    Recognition,
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
        path, root: where it lies; the folder of its case (for ``UpperJaw/Data.obj`` the one above ``UpperJaw``).
        role, arch, word: what it shows, and the vendor's word for it.
        layout: ``"dscore"``, ``"folders"`` (``UpperJaw/Data.obj``), ``"bare"`` (``UpperJaw.stl``) or ``"unknown"``.
    """

    path: str
    root: str
    role: Role
    arch: Arch | None
    word: str
    layout: Literal["dscore", "folders", "bare", "unknown"]


@frozen
class Export:
    """One case of an arrival.

    Attributes:
        name: the folder, zip or DXD that names it, empty when that says nothing.
        root: the folder that holds it.
        record: what its ``DentalCase.xml`` says, None when there is none or it is damaged.
        dxd, documents: paths of DXD files and of loose ``DentalCase.xml``.
        parts, files: its meshes; all its files.
    """

    name: str
    root: str
    record: CaseRecord | None = None
    dxd: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    files: tuple[str, ...] = ()


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
        return _part(entry.path, parent, folder, "folders" if folder in LOCAL else "unknown")
    core = DS_CORE.fullmatch(stem)
    if core is not None:
        return _part(entry.path, entry.folder, core["word"], "dscore")
    return _part(entry.path, entry.folder, stem, "bare" if stem in LOCAL and entry.suffix == "stl" else "unknown")


def _part(path: str, root: str, word: str, layout: Literal["dscore", "folders", "bare", "unknown"]) -> Part:
    plain = word.casefold()
    arch: Arch | None = "upper" if plain.startswith("upperjaw") else "lower" if plain.startswith("lowerjaw") else None
    role, arch = VIEWS.get(plain, ("other", arch))
    return Part(path, root, role, arch, word, layout)


def is_dxd(listing: Listing, entry: Entry) -> bool:
    """Whether the file is a Primescan DXD: a zip with ``DentalCase.xml`` at its top. Dewesoft's ``.dxd`` is not.

    Raises:
        NotReady: it begins as a zip and has no end yet.
    """
    if entry.suffix != "dxd" or not listing.head(entry.path).startswith(ZIP):
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
    except CorruptFile:
        return None
    return record_of(root) if root.tag == "DentalCase" else None


def _document(listing: Listing, path: str) -> bytes:
    if not path.casefold().endswith(".dxd"):
        return listing.read(path)
    with open_archive(listing, path) as archive:
        return archive.read(DOCUMENT)


def exports(listing: Listing, entries: Sequence[Entry]) -> tuple[Export, ...]:
    """The cases in an arrival: by DXD or ``DentalCase.xml``, which take the meshes around them; else by folder."""
    records = [*_from_documents(listing, entries), *_from_dxd(listing, entries)]
    parts: dict[str, list[Part]] = {}
    for entry in entries:
        part = part_of(entry)
        if part is not None:
            parts.setdefault(part.root, []).append(part)
    cases = [_with_meshes(record, records, parts) for record in _merged(records)]
    taken = {part.path for case in cases for part in case.parts}
    free = {root: group for root, group in parts.items() if not any(part.path in taken for part in group)}
    cases += [
        Export(_name_of(listing, entries, root), root, parts=tuple(group))
        for root, group in free.items()
        if known(group)
    ]
    return tuple(_with_files(case, entries, alone=len(cases) == 1) for case in cases)


def known(parts: Iterable[Part]) -> bool:
    """Whether any mesh carries a name of this vendor."""
    return any(part.layout != "unknown" for part in parts)


def _from_dxd(listing: Listing, entries: Sequence[Entry]) -> list[Export]:
    paths = [entry for entry in entries if is_dxd(listing, entry)]
    return [
        Export(strip_copy_marks(entry.stem), entry.folder, read_record(listing, entry.path), dxd=(entry.path,))
        for entry in paths
    ]


def _from_documents(listing: Listing, entries: Sequence[Entry]) -> list[Export]:
    found = []
    for entry in entries:
        if entry.name.casefold() != DOCUMENT.casefold():
            continue
        record = read_record(listing, entry.path)
        if record is not None:
            found.append(
                Export(_name_of(listing, entries, entry.folder), entry.folder, record, documents=(entry.path,))
            )
    return found


def _merged(records: Sequence[Export]) -> list[Export]:
    """One export per case: a DXD and the ``DentalCase.xml`` beside it, and copies of one DXD, are one."""
    merged: dict[object, Export] = {}
    for index, record in enumerate(records):
        key = (record.record and record.record.guid) or index
        if key in merged:
            first = merged[key]
            record = evolve(first, dxd=first.dxd + record.dxd, documents=first.documents + record.documents)
        merged[key] = record
    return list(merged.values())


def _with_meshes(case: Export, records: Sequence[Export], parts: dict[str, list[Part]]) -> Export:
    """The case with the meshes beside and below it, unless another case lies in the same folder."""
    roots = {record.root for record in records}
    if sum(record.root == case.root for record in _merged(records)) > 1:
        return case
    below = [root for root in parts if root == case.root or (_inside(root, case.root) and root not in roots)]
    return evolve(case, parts=tuple(part for root in below for part in parts[root]))


def _inside(folder: str, root: str) -> bool:
    return not root or folder.startswith(f"{root}/")


def _with_files(case: Export, entries: Sequence[Entry], *, alone: bool) -> Export:
    own = {*case.dxd, *case.documents, *(part.path for part in case.parts)}
    alike = tuple(fold(Entry(path, 0, 0.0).stem) for path in case.dxd)
    folder = bool(case.documents or case.parts)
    files = [
        entry.path
        for entry in entries
        if alone
        or entry.path in own
        or (folder and part_of(entry) is None and entry.suffix != "dxd" and _inside(f"{entry.folder}/", case.root))
        or (entry.folder == case.root and fold(entry.stem) in alike)
    ]
    return evolve(case, files=tuple(files))


def _name_of(listing: Listing, entries: Sequence[Entry], folder: str) -> str:
    """The innermost folder or zip whose name says something, without ``.zip``, ``_exocad`` and copy marks."""
    top = "" if any(entry.path == listing.name for entry in entries) else listing.name
    steps = [top, *(step for step in folder.split("/") if step)]
    plain = [re.sub(r"(?:_exocad)?(?:\.zip)?$", "", strip_copy_marks(step), flags=re.IGNORECASE) for step in steps]
    names = [strip_copy_marks(step).strip() for step in plain]
    return next((name for name in reversed(names) if fold(name) not in SAYS_NOTHING), "")


def identity(listing: Listing, export: Export) -> str:
    """The vendor identity: the case's GUID, else its name and the date in the mesh names, else a fingerprint."""
    if export.record and export.record.guid:
        return export.record.guid
    date = next((found[0] for part in export.parts if (found := re.search(r"\d{4}-\d{2}-\d{2}", part.path))), "")
    if export.name:
        return " | ".join(dict.fromkeys(text for text in (fold(export.name), date) if text))
    return fingerprint(listing, export.dxd + tuple(part.path for part in export.parts))


def fingerprint(listing: Listing, paths: Iterable[str]) -> str:
    """A stable stand-in for an identity: equal for the same files, different for other ones."""
    sizes = {entry.path: entry.size for entry in listing.entries}
    lines = sorted(f"{sizes[path]} {sha256(listing.head(path)).hexdigest()}" for path in paths)
    return f"unnamed-{sha256(''.join(lines).encode()).hexdigest()[:16]}"


def order_number(export: Export) -> str | None:
    """The portal's order number in a folder or DXD name, where the layout puts one."""
    connect = CONNECT_ORDER.fullmatch(export.name)
    if export.documents and connect:
        return connect[1]
    for path in export.dxd:
        start = Entry(path, 0, 0.0).name.partition("_")[0]
        folder = export.root.rpartition("/")[2] or export.name
        if DS_CORE_ORDER.fullmatch(start) and (start == folder or "_DI_" in path):
            return start
    return None


def recognise(listing: Listing) -> tuple[Recognition, ...]:
    """One recognition per Primescan case in the arrival.

    Raises:
        NotReady: a DXD is still being written.
    """
    claims = (_claim(listing, export) for export in exports(listing, listing.entries))
    return tuple(claim for claim in claims if claim is not None)


def _claim(listing: Listing, export: Export) -> Recognition | None:
    confidence, evidence = judge(listing, export)
    if not evidence:
        return None
    return Recognition(
        stage=STAGE,
        vendor_id=identity(listing, export),
        files=export.files,
        confidence=confidence,
        evidence=evidence,
        frame=FRAME,
    )


def judge(listing: Listing, export: Export) -> tuple[Confidence, tuple[str, ...]]:
    """How sure it is that this is a Primescan case, and why; no evidence means it is not."""
    record = [f"a .dxd that is a zip with {DOCUMENT} at its top"] * bool(export.dxd)
    record += [f"{DOCUMENT} with root DentalCase"] * bool(export.documents)
    core = _core_marks(listing, export)
    folders = [part for part in export.parts if part.layout == "folders"]
    if record:
        return "certain", tuple(record + core)
    if core:
        return "likely" if len(core) > 1 else "possible", tuple(core)
    if folders and not any(FOREIGN.search(path) for path in export.files):
        return "likely", ("a folder named after a model of the CEREC software", "the mesh in it is called Data.obj")
    return "possible", _bare_marks(export)


def _core_marks(listing: Listing, export: Export) -> list[str]:
    meshes = [part for part in export.parts if part.layout == "dscore"]
    if not meshes or any(re.search(r"totaljaw\d|\.(?:matrix4|hasscan)$", path, re.IGNORECASE) for path in export.files):
        return []
    sizes = {entry.path: entry.size for entry in listing.entries}
    projects = [path for path in export.files if path.casefold().endswith(".dentalproject")]
    zipped = re.search(r"_exocad(?:[ _]?\(\d+\))*\.zip", f"{listing.name}/{meshes[0].path}", re.IGNORECASE)
    seen = (
        (all("-00000-000-" in part.path for part in meshes), "meshes named <date>-00000-000-<part>"),
        (any(sizes[path] == 0 for path in projects), "an empty .dentalproject, as DS Core writes it"),
        (zipped, "a zip named ..._exocad"),
        (any(part.role == "gingiva" for part in meshes), "a separate gingiva mesh"),
    )
    return [line for mark, line in seen if mark] if seen[0][0] or seen[1][0] else []


def _bare_marks(export: Export) -> tuple[str, ...]:
    """Bare names count only when nothing of another program lies beside them."""
    bare = any(part.layout == "bare" for part in export.parts)
    if not bare or not all(part.layout == "bare" for part in export.parts):
        return ()
    if any(FOREIGN.search(path) for path in export.files):
        return ()
    return ("meshes named UpperJaw and LowerJaw and nothing of another program beside them",)
