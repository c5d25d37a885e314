"""The cases in an arrival: which files belong together, whether this ecosystem wrote them, and what identifies them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256

from attrs import evolve, frozen

from casepan.api import Confidence, Entry, Listing, Recognition, strip_copy_marks
from casepan_primescan.layout import (
    CONNECT_ORDER,
    DOCUMENT,
    DS_CORE_ORDER,
    FOREIGN,
    FRAME,
    SAYS_NOTHING,
    STAGE,
    Part,
    fold,
    head_of,
    is_dxd,
    part_of,
    read_record,
)
from casepan_primescan.rx import CaseRecord


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


def exports(listing: Listing, entries: Sequence[Entry]) -> tuple[Export, ...]:
    """The cases in an arrival: by DXD or ``DentalCase.xml``, which take the meshes around them; else by folder."""
    top = "" if any(entry.path == listing.name for entry in entries) else listing.name
    records = _merged([*_from_documents(listing, entries, top), *_from_dxd(listing, entries)])
    parts: dict[str, list[Part]] = {}
    for entry in entries:
        part = part_of(entry)
        if part is not None:
            parts.setdefault(part.root, []).append(part)
    cases = list(_with_meshes(records, parts))
    taken = {part.path for case in cases for part in case.parts}
    free = {root: group for root, group in parts.items() if group[0].path not in taken}
    cases += [Export(name_of(top, root), root, parts=tuple(group)) for root, group in free.items() if _is_ours(group)]
    return tuple(_with_files(cases, entries))


def _is_ours(parts: Sequence[Part]) -> bool:
    return any(part.layout != "unknown" for part in parts)


def _from_dxd(listing: Listing, entries: Sequence[Entry]) -> Iterator[Export]:
    for entry in entries:
        if is_dxd(listing, entry):
            record = read_record(listing, entry.path)
            yield Export(strip_copy_marks(entry.stem), entry.folder, record, dxd=(entry.path,))


def _from_documents(listing: Listing, entries: Sequence[Entry], top: str) -> Iterator[Export]:
    for entry in entries:
        record = read_record(listing, entry.path) if fold(entry.name) == fold(DOCUMENT) else None
        if record is not None:
            yield Export(name_of(top, entry.folder), entry.folder, record, documents=(entry.path,))


def _merged(records: Sequence[Export]) -> list[Export]:
    """One export per case: a DXD and the ``DentalCase.xml`` beside it, and copies of one DXD, are one."""
    merged: dict[object, Export] = {}
    for index, record in enumerate(records):
        key = (record.record and record.record.guid) or index
        first = merged.get(key)
        if first is None:
            merged[key] = record
        else:
            merged[key] = evolve(first, dxd=first.dxd + record.dxd, documents=first.documents + record.documents)
    return list(merged.values())


def _with_meshes(records: Sequence[Export], parts: Mapping[str, Sequence[Part]]) -> Iterator[Export]:
    """Each case with the meshes beside and below it, unless another case lies in the same folder."""
    roots = Counter(record.root for record in records)
    for case in records:
        below = [root for root in parts if root == case.root or (_inside(root, case.root) and root not in roots)]
        mine = below if roots[case.root] == 1 else []
        yield evolve(case, parts=tuple(part for root in mine for part in parts[root]))


def _inside(folder: str, root: str) -> bool:
    return not root or folder.startswith(f"{root}/")


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
    """To which case a file belongs: by its own path, by the DXD whose name it shares, or by its folder."""
    homes: dict[tuple[str, str], int] = {}
    roots = Counter(case.root for case in cases)
    for index, case in enumerate(cases):
        own = (*case.dxd, *case.documents, *(part.path for part in case.parts))
        homes |= {("file", path): index for path in own}
        homes |= {("stem", fold(path.rpartition(".")[0])): index for path in case.dxd}
        if roots[case.root] == 1:
            homes["folder", case.root] = index
    return homes


def _places(entry: Entry) -> Iterator[tuple[str, str]]:
    """Where to look a file up, the surest first. The top of the arrival holds only what lies there itself."""
    yield "file", entry.path
    yield "stem", fold(entry.path.rpartition(".")[0])
    folder = entry.folder
    yield "folder", folder
    while "/" in folder:
        folder = folder.rpartition("/")[0]
        yield "folder", folder


def name_of(top: str, folder: str) -> str:
    """The innermost folder or zip whose name says something, without ``.zip``, ``_exocad`` and copy marks."""
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
    lines = sorted(f"{part.size} {sha256(head_of(listing, part.path)).hexdigest()}" for part in export.parts)
    return f"unnamed-{sha256(''.join(lines).encode()).hexdigest()[:16]}"


def order_number(export: Export) -> str | None:
    """The portal's order number in a folder or DXD name, where the layout puts one."""
    connect = CONNECT_ORDER.fullmatch(export.name)
    if export.documents and connect:
        return connect[1]
    for path in export.dxd:
        name = path.rpartition("/")[2]
        start = name.partition("_")[0]
        folder = export.root.rpartition("/")[2]
        if DS_CORE_ORDER.fullmatch(start) and (start == folder or "_DI_" in name):
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
    folders = any(part.layout == "folders" for part in export.parts)
    if record:
        return "certain", tuple(record + core)
    if core:
        return "likely" if len(core) > 1 else "possible", tuple(core)
    if folders and not any(FOREIGN.search(path) for path in export.files):
        return "likely", ("a folder named after a model of the CEREC software", "the mesh in it is called Data.obj")
    return "possible", _bare_marks(export)


def _core_marks(listing: Listing, export: Export) -> list[str]:
    """Marks of DS Core's exocad download; its names or its empty project must be among them."""
    meshes = [part.path for part in export.parts if part.layout == "dscore"]
    foreign = any(re.search(r"totaljaw\d|\.(?:matrix4|hasscan)$", path, re.IGNORECASE) for path in export.files)
    if not meshes or foreign:
        return []
    projects = [path for path in export.files if path.casefold().endswith(".dentalproject")]
    numbered = all("-00000-000-" in path for path in meshes)
    empty = any(not head_of(listing, path) for path in projects)
    seen = (
        (numbered, "meshes named <date>-00000-000-<part>"),
        (empty, "an empty .dentalproject, as DS Core writes it"),
        (re.search(r"_exocad", f"{listing.name}/{meshes[0]}", re.IGNORECASE), "a zip or folder named ..._exocad"),
        (any(part.role == "gingiva" for part in export.parts), "a separate gingiva mesh"),
    )
    return [line for mark, line in seen if mark] if numbered or empty else []


def _bare_marks(export: Export) -> tuple[str, ...]:
    """Bare names count only when nothing of another program lies beside them."""
    foreign = any(FOREIGN.search(path) for path in export.files)
    if foreign or not export.parts or any(part.layout != "bare" for part in export.parts):
        return ()
    return ("meshes named UpperJaw and LowerJaw and nothing of another program beside them",)
