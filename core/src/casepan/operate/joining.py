"""What belongs together and what does not: late files, two arrivals of one case, two cases in one arrival, the same twice."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import cast

from attrs import evolve, frozen

from casepan.arrivals.assemble import scan_of
from casepan.arrivals.companions import companions
from casepan.arrivals.listing import FolderListing
from casepan.arrivals.names import folded
from casepan.arrivals.recognise import MESHES
from casepan.durable import copy_flushed
from casepan.errors import UsageError
from casepan.knowledge.numbers import pattern_now
from casepan.knowledge.roles import role_from_name
from casepan.model.case import Case, CaseKey, Patient, Scan
from casepan.model.decided import Desk as Known
from casepan.model.files import Attachment, FileRef, digest_of
from casepan.model.finding import Finding
from casepan.model.prescription import Prescription
from casepan.model.vocabulary import Arch, Role
from casepan.operate.desk import Desk, asked_case, find_case
from casepan.operate.revising import Draft, copy_private, files_of, move_into_place, publish
from casepan.running.answers import SCAN, SCAN_ROLES
from casepan.running.context import Bench
from casepan.running.facts import meshes_of
from casepan.running.intake import CASE_DOCUMENT, open_source, read_case, write_case
from casepan.running.ledger import CaseRow
from casepan.running.quarantine import take_out
from casepan.running.steps import stores_of

PICTURES = frozenset({"jpg", "jpeg", "png", "bmp", "gif", "tif", "tiff", "webp", "heic"})
ARCHIVES = frozenset({"zip", "rar", "7z"})


@frozen
class Joined:
    """What became of files or cases that were joined or parted.

    Attributes:
        place: the revision, or the new case, that is checked next; changed: False when it was so already.
    """

    place: str
    changed: bool = True


@frozen
class Shows:
    """What the added scans show, where a person says it: over what their names say."""

    role: str | None = None
    arch: str | None = None


def add(
    desk: Desk, place: str, files: Sequence[Path], *, by: str, note: str = "", shows: Shows | None = None
) -> Joined:
    """Join files that came late (a bite, a scan, a photo) to a case, as its next revision with a snapshot of its own.

    A scan of a role and arch that is there already becomes the preferred one, unless it is a bite; the old one is
    carried along.

    Raises:
        UsageError: a file that is not there, a packed one, or a scan of which nobody says what it shows.
        StateError: the case is in work or closed, or a newer revision came a moment ago.
    """
    shows = shows or Shows()
    row, paths = find_case(desk, place), _plain_files(files)
    for field, value in (("role", shows.role), ("arch", shows.arch)):
        if value is not None:
            SCAN[field](value)
    case = read_case(desk.state.case(row.ref, row.revision) / CASE_DOCUMENT)
    draft = Draft.of(desk, row)
    try:
        brought = _brought(draft, paths, shows, case)
        if not brought.scans and not brought.attachments:
            return Joined(row.place, changed=False)
        return Joined(publish(desk, draft, _with(case, brought), "case.added", by=by, note=note))
    finally:
        shutil.rmtree(draft.folder, ignore_errors=True)


@frozen
class Brought:
    """Files that come to a case."""

    scans: tuple[Scan, ...] = ()
    attachments: tuple[Attachment, ...] = ()


def _plain_files(files: Sequence[Path]) -> list[Path]:
    names: set[str] = set()
    for path in files:
        if not path.is_file():
            what = "a folder" if path.is_dir() else "not there"
            raise UsageError(f"this file is {what}", place=str(path), hint="Name the files themselves.")
        if path.suffix[1:].lower() in ARCHIVES:
            raise UsageError(
                "this file is packed", place=str(path), hint="Unpack it and name the files that belong here."
            )
        if folded(path.name) in names:
            raise UsageError("two files have one name", place=str(path), hint="Rename one of them.")
        names.add(folded(path.name))
    return list(files)


def _brought(draft: Draft, paths: Sequence[Path], shows: Shows, case: Case) -> Brought:
    """Copies in the draft, as scans and attachments; what the case holds already is left out."""
    there, folder = {file.sha256 for file in files_of(case)}, draft.next_folder()
    copied: dict[str, FileRef] = {}
    for path in paths:
        size, content = copy_private(path, folder / path.name)
        if content in there:
            (folder / path.name).unlink()
        else:
            copied[path.name] = draft.added(folder, path.name, size, content)
    if not copied:
        return Brought()
    with Bench.on(FolderListing.of_files(folder, sorted(copied))) as bench:
        meshes = {name: companions(bench.listing, name) for name in copied if _suffix(name) in MESHES}  # type: ignore[arg-type]
        scans = [_scan(bench, name, beside, shows, copied) for name, beside in meshes.items()]
    taken = {*meshes, *(name for beside in meshes.values() for name in beside)}
    others = [file for name, file in copied.items() if name not in taken]
    return Brought(tuple(scans), tuple(_attachment(file) for file in others))


def _suffix(name: str) -> str:
    return Path(name).suffix[1:].lower()


def _scan(bench: Bench, name: str, beside: Sequence[str], shows: Shows, copied: dict[str, FileRef]) -> Scan:
    guess = role_from_name(name)
    role = cast("Role | None", shows.role) or (guess.role if guess else None)
    if role is None:
        hint = f"Add --role with one of: {', '.join(SCAN_ROLES)}."
        raise UsageError("nothing in the name of this file says what it shows", place=name, hint=hint)
    same = guess if guess and guess.role == role else None
    arch = cast("Arch | None", shows.arch) or (same.arch if same else None)
    ctx = bench.importing("core.generic")
    scan = scan_of(ctx, name, role=role, arch=arch, number=same.number if same else None, textures=beside)
    textures = tuple(copied[texture.path] for texture in scan.textures)
    return evolve(scan, file=copied[name], textures=textures)


def _attachment(file: FileRef) -> Attachment:
    return Attachment("", file, "picture" if file.suffix in PICTURES else "document")


def _with(case: Case, brought: Brought) -> Case:
    """The case with more files in it, under ids that it has not used."""
    scans = list(case.scans)
    for scan in brought.scans:
        if scan.preferred and scan.role not in ("bite", "other"):
            scans = [evolve(s, preferred=False) if (s.role, s.arch) == (scan.role, scan.arch) else s for s in scans]
        scans.append(evolve(scan, id=_free(_base(scan), {s.id for s in scans})))
    attachments = list(case.attachments)
    for item in brought.attachments:
        attachments.append(evolve(item, id=_free(item.what, {a.id for a in attachments})))
    found = tuple(_less(finding, brought) for finding in case.findings)
    return evolve(case, scans=tuple(scans), attachments=tuple(attachments), findings=tuple(f for f in found if f))


def _base(scan: Scan) -> str:
    return "-".join(filter(None, (scan.arch, scan.role, str(scan.number) if scan.number is not None else None)))


def _free(base: str, used: set[str]) -> str:
    """The name itself, or with the first number that makes it new; never that of a removed one by chance alone."""
    count, name = 1, base
    while name in used:
        count += 1
        name = f"{base}-{count}"
    return name


def _less(finding: Finding, brought: Brought) -> Finding | None:
    """What the reader missed and a person has brought is missed no more."""
    if finding.code == "arrival.no-scans" and brought.scans:
        return None
    files = len(brought.scans) + len(brought.attachments)
    if finding.code == "arrival.incomplete" and files >= (finding.value or 0):
        return evolve(finding, severity="info", message=f"{finding.message}; {files} added later", hint=None)
    return finding


def merge(desk: Desk, place: str, other: str, *, by: str, note: str = "") -> Joined:
    """Join the files of another case to this one, as its next revision; the other one is closed.

    What the other order and patient say counts only where this case says nothing of either. Two revisions of one case
    may be merged too: the first one named leads.

    Raises:
        UsageError: both are the same. StateError: one of them is in work or closed, or a newer revision came.
    """
    row, from_row = find_case(desk, place), find_case(desk, other)
    if (row.ref, row.revision) == (from_row.ref, from_row.revision):
        raise UsageError("a case cannot be merged with itself", hint="Name two cases.")
    if ("merged-into", row.ref) in desk.ledger.links(from_row.ref):
        return Joined(row.place, changed=False)
    case = read_case(desk.state.case(row.ref, row.revision) / CASE_DOCUMENT)
    draft = Draft.of(desk, row)
    try:
        joined = _merged(case, _copied(desk, from_row, draft, case), asked_case(desk, from_row))
        same = row.ref == from_row.ref
        with desk.ledger.transaction():
            if not same:
                desk.ledger.give_up(
                    from_row.ref, from_row.revision, "case.merged", "merged-into", row.ref, who=by, note=note
                )
            made = publish(desk, draft, joined, "case.joined", by=by, note=note, outdated=same)
    finally:
        shutil.rmtree(draft.folder, ignore_errors=True)
    take_out(desk.state, from_row.place)
    return Joined(made)


def _copied(desk: Desk, row: CaseRow, draft: Draft, case: Case) -> Brought:
    """The scans and attachments of another case, copied into the draft; what is there already is left out."""
    other = asked_case(desk, row)
    there, folder = {file.sha256 for file in files_of(case)}, draft.next_folder()
    home = desk.state.case(row.ref, row.revision)
    with Bench.on(open_source(desk.state.arrival(row.arrival)), stores=stores_of(home)) as bench:

        def copy(file: FileRef) -> FileRef:
            number = 1 + sum(1 for _ in folder.iterdir())
            name = f"{number:03d}-{file.name}"
            with bench.open(file) as stream:
                size, content = copy_flushed(stream, folder / name)
            (folder / name).chmod(0o600)
            return draft.added(folder, name, size, content)

        scans = tuple(
            evolve(scan, file=copy(scan.file), textures=tuple(map(copy, scan.textures)))
            for scan in other.scans
            if scan.file.sha256 not in there
        )
        attachments = tuple(
            evolve(item, file=copy(item.file)) for item in other.attachments if item.file.sha256 not in there
        )
    return Brought(scans, attachments)


def _merged(case: Case, brought: Brought, other: Case) -> Case:
    joined = _with(case, brought)
    if not case.prescription.items and other.prescription.items:
        joined = evolve(joined, prescription=other.prescription)
    return evolve(joined, patient=other.patient) if case.patient == Patient() else joined


def split(desk: Desk, place: str, scans: Sequence[str], *, by: str, note: str = "") -> Joined:
    """Make these scans a case of their own; the case goes on without them as its next revision.

    The new case has no order and no patient: nobody knows yet whose it is. Say it with ``cases set``.

    Raises:
        UsageError: a scan that is not there, or none would be left.
        StateError: the case is in work or closed, or a newer revision came.
    """
    row = find_case(desk, place)
    case, asked = read_case(desk.state.case(row.ref, row.revision) / CASE_DOCUMENT), asked_case(desk, row)
    key = _part_key(case.key, scans)
    known = desk.ledger.case_of_key(key)
    if known is not None:
        return Joined(known, changed=False)
    _refuse_split(case, scans)
    rest = evolve(case, scans=tuple(scan for scan in case.scans if scan.id not in scans), findings=_others(case, scans))
    draft, part = Draft.of(desk, row), Draft.of(desk, row)
    try:
        with desk.ledger.transaction():
            publish(desk, draft, rest, "case.split", by=by, note=note)
            made = _part(desk, part, evolve(asked, key=key), scans, by, note)
    finally:
        for one in (draft, part):
            shutil.rmtree(one.folder, ignore_errors=True)
    return Joined(made)


def _refuse_split(case: Case, scans: Sequence[str]) -> None:
    ids = [scan.id for scan in case.scans]
    unknown = [name for name in scans if name not in ids]
    if unknown or not scans or set(scans) >= set(ids):
        reason = "this case has no such scan" if unknown else "a case needs at least one scan of its own on both sides"
        raise UsageError(reason, place=" ".join(unknown) or None, hint=f"Its scans are: {', '.join(ids)}.")


def _part_key(key: CaseKey, scans: Sequence[str]) -> CaseKey:
    mark = sha256("\0".join(sorted(scans)).encode()).hexdigest()[:12]
    return CaseKey(key.adapter, f"{key.vendor_id}#{mark}")


def _others(case: Case, scans: Sequence[str]) -> tuple[Finding, ...]:
    return tuple(finding for finding in case.findings if finding.scan not in scans)


def _part(desk: Desk, draft: Draft, case: Case, scans: Sequence[str], by: str, note: str) -> str:
    """The case that the scans make, in its folder and in the ledger; its reference."""
    kept = tuple(scan for scan in case.scans if scan.id in scans)
    part = evolve(
        case, scans=kept, revision=1, patient=Patient(), prescription=Prescription(), practice=None, client=None,
        attachments=(), closed=(), ignored=(), findings=tuple(f for f in case.findings if f.scan in scans),
        digest=digest_of([scan.file for scan in kept]), desk=Known(),
    )  # fmt: skip

    def write(ref: str) -> None:
        write_case(draft.folder, evolve(part, ref=ref), draft.row.arrival)
        move_into_place(draft.folder, desk.state.case(ref, 1))

    return desk.ledger.make_case(
        part.key, (draft.row.ref, draft.row.revision), digest=part.digest, meshes=meshes_of(part), write=write,
        who=by, note=note, number=pattern_now(desk.lab.lab),
    )  # fmt: skip


def duplicate_of(desk: Desk, place: str, other: str, *, by: str, note: str = "") -> Joined:
    """This case is another one once more: it is closed, and the other one goes on.

    Raises:
        UsageError: both are the same. StateError: it is in work or closed.
    """
    row, original = find_case(desk, place), find_case(desk, other)
    if row.ref == original.ref:
        raise UsageError("a case cannot be a duplicate of itself", hint="Name the case that stays second.")
    changed = desk.ledger.give_up(
        row.ref, row.revision, "case.duplicate", "duplicate-of", original.ref, who=by, note=note
    )
    take_out(desk.state, row.place)
    return Joined(original.place, changed)
