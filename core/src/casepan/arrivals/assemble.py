"""What all layouts have in common: scans with their facts, opaque ids, attachments, findings, digest."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, cast

from attrs import evolve

from casepan.arrivals.recognise import MESHES
from casepan.contract.context import ImportContext
from casepan.contract.listing import Listing, Recognition
from casepan.errors import CaseError, ClosedFormat
from casepan.knowledge.rx import find_rx, merge_rx, read_rx, unreadable_rx
from casepan.mesh.contents import Inventory, inventory
from casepan.mesh.sniff import sniff_format
from casepan.model.case import Case, CaseKey, Origin, Patient, Scan, Transform
from casepan.model.files import Attachment, ClosedFile, FileRef, IgnoredFile, digest_of
from casepan.model.finding import Finding
from casepan.model.prescription import Prescription
from casepan.model.vocabulary import Arch, Colour, Role

_KINDS = {
    "picture": ("jpg", "jpeg", "png", "bmp", "gif", "tif", "tiff", "webp", "heic"),
    "document": ("pdf", "xps", "doc", "docx", "odt", "rtf", "txt", "md"),
    "sheet": ("html", "htm", "mht"),
    "data": ("xml", "json", "toml", "csv", "ini", "dentalproject", "constructioninfo", "matrix4", "xyz", "pts", "mtl"),
}
_SCANS = MESHES | {"dcm", "dxd", "3oxz"}
_RX_SHARED = Finding(
    "arrival.ambiguous",
    "warning",
    "a prescription file lies beside scans of several cases and is used for none of them",
    hint="Put each case into a folder of its own, with its prescription file.",
)
_WHAT = {suffix: what for what, suffixes in _KINDS.items() for suffix in suffixes}


def scan_of(
    ctx: ImportContext,
    path: str,
    *,
    role: Role,
    arch: Arch | None = None,
    variant: str | None = None,
    number: int | None = None,
    label: str | None = None,
    teeth: Sequence[int] = (),
    preferred: bool = True,
    textures: Sequence[str] = (),
    frame: str | None = None,
    transforms: Sequence[Transform] = (),
    raw: Mapping[str, Any] | None = None,
) -> Scan:
    """A scan of the arrival: hashed, with format, counts and colour as its header tells; no geometry is read.

    ``id`` stays empty until ``assemble_case``. A file that is damaged is a scan too: the checks will say so.

    Args:
        path: the mesh as the listing names it.
        variant: the layout's own word (``"with-ditch"``), never a free text; that is what ``label`` is for.
        textures: paths of images and material files that the mesh refers to.
        raw: the vendor's words.

    Raises:
        CorruptFile: a damaged member of a zip. ClosedFormat: a member behind a password.
    """
    file = ctx.file(path)
    facts = _facts(ctx, file)
    found = facts.format if facts else sniff_format(ctx.listing.head(path), size=file.size, name=file.name)
    return Scan(
        id="",
        role=role,
        arch=arch,
        file=file,
        variant=variant,
        number=number,
        label=label,
        teeth=tuple(teeth),
        preferred=preferred,
        textures=tuple(ctx.file(texture) for texture in textures),
        format=found or file.suffix or "other",
        readable=(facts is not None and facts.readable) or found in MESHES or file.suffix in MESHES,
        faces=facts.faces if facts else None,
        vertices=facts.vertices if facts else None,
        colour=cast(Colour, facts.colour) if facts else None,
        frame=frame,
        transforms=tuple(transforms),
        raw={**(raw or {}), **_missing_textures(facts, textures)},
    )


def _missing_textures(facts: Inventory | None, textures: Sequence[str]) -> dict[str, int]:
    """How many images the mesh asks for that did not come; their names are private."""
    there = {PurePosixPath(path.replace("!", "/")).name.casefold() for path in textures}
    asked = {name.replace("\\", "/").rsplit("/", 1)[-1].casefold() for name in (facts.textures if facts else ())}
    return {"missing_textures": len(asked - there)} if asked - there else {}


def _texture_findings(scans: Iterable[Scan]) -> list[Finding]:
    hint = "Ask for the picture that belongs to the scan; without it the scan has no colour."
    return [
        Finding(
            "colour.missing-texture", "warning", "the picture with its colours did not come", scan=scan.id, hint=hint
        )
        for scan in scans
        if scan.raw.get("missing_textures")
    ]


def _facts(ctx: ImportContext, file: FileRef) -> Inventory | None:
    try:
        with ctx.open(file) as stream:
            return inventory(stream, name=file.name)
    except CaseError:
        return None  # whoever reads the geometry will say what is wrong


def assemble_case(
    recognition: Recognition,
    ctx: ImportContext,
    *,
    scans: Iterable[Scan],
    prescription: Prescription | None = None,
    patient: Patient | None = None,
    closed: Mapping[str, tuple[str, str]] | None = None,
    documents: Mapping[str, str] | None = None,
    ignored: Mapping[str, str] | None = None,
    findings: Iterable[Finding] = (),
) -> Case:
    """The case of a recognition, with everything in it that no layout should have to repeat.

    Args:
        scans: as ``scan_of`` makes them; they get unique opaque ids, and the recognition's frame when they name none.
        closed: path to (format, advice) of files that only the vendor's software opens; a scan among them is not
            readable.
        documents: path to what it is, for files whose suffix does not say it well enough.
        ignored: path to why it is no part of the case.

    Returns:
        The case with an empty ``ref``. Every file of the recognition is a scan, texture, attachment, closed or ignored.
    """
    parts = _Parts(recognition, ctx, dict(closed or {}), dict(documents or {}), dict(ignored or {}))
    named = _named(_with_frame(scan, recognition.frame, parts.closed) for scan in scans)
    attachments, shut, aside = parts.rest(named)
    order, person, noticed = _with_rx(ctx, recognition, prescription or Prescription(), patient or Patient())
    files = [scan.file for scan in named] + [texture for scan in named for texture in scan.textures]
    files += [item.file for item in attachments] + [item.file for item in shut]
    case = Case(
        ref="",
        key=CaseKey(recognition.stage.partition(".")[0], recognition.vendor_id),
        origin=Origin(recognition.stage, recognition.confidence, recognition.evidence, ctx.listing.name),
        digest=digest_of({file.path: file for file in files}.values()),
        received_at=ctx.now(),
        patient=person,
        scans=named,
        prescription=order,
        attachments=attachments,
        closed=shut,
        ignored=aside,
    )
    found = (
        *findings,
        *noticed,
        *_closed_findings(case),
        *_missing_findings(recognition),
        *_no_scans(case),
        *_texture_findings(named),
    )
    return case.with_findings(*found)


class _Parts:
    """Sorts the files that are no scans."""

    def __init__(
        self,
        recognition: Recognition,
        ctx: ImportContext,
        closed: dict[str, tuple[str, str]],
        documents: dict[str, str],
        ignored: dict[str, str],
    ) -> None:
        self.recognition = recognition
        self.ctx = ctx
        self.closed = closed
        self.documents = documents
        self.ignored = ignored

    def rest(
        self, scans: Sequence[Scan]
    ) -> tuple[tuple[Attachment, ...], tuple[ClosedFile, ...], tuple[IgnoredFile, ...]]:
        """Attachments, closed and ignored files."""
        known = {scan.file.path: scan.file for scan in scans}
        taken = set(known) | {texture.path for scan in scans for texture in scan.textures} | set(self.closed)
        shut = tuple(
            ClosedFile(known.get(path) or self.ctx.file(path), name, advice)
            for path, (name, advice) in sorted(self.closed.items())
        )
        attachments, aside, counts = [], self._set_aside(), Counter[str]()
        for path in sorted(set(self.recognition.files) - taken - set(self.ignored)):
            what, why = self._what(path)
            file, why = self._file(path) if what else (None, why)
            if file is None or what is None:
                aside.append(IgnoredFile(path, why))
                continue
            counts[what] += 1
            attachments.append(Attachment(f"{_slug(what)}-{counts[what]}", file, what))
        return tuple(attachments), shut, tuple(aside)

    def _what(self, path: str) -> tuple[str | None, str]:
        suffix = PurePosixPath(path.replace("!", "/")).suffix[1:].lower()
        what = self.documents.get(path) or _WHAT.get(suffix)
        return what, "a mesh without a role in this layout" if suffix in MESHES else "of no use to the case"

    def _file(self, path: str) -> tuple[FileRef | None, str]:
        try:
            return self.ctx.file(path), ""
        except ClosedFormat as error:
            return None, error.reason

    def _set_aside(self) -> list[IgnoredFile]:
        """What the adapter ignores and, in an arrival on disk, what the listing left alone."""
        found: Iterable[IgnoredFile] = getattr(self.ctx.listing, "set_aside", ())
        return [IgnoredFile(path, why) for path, why in sorted(self.ignored.items())] + list(found)


def _with_frame(scan: Scan, frame: str | None, closed: Mapping[str, object]) -> Scan:
    readable = scan.readable and scan.file.path not in closed
    return evolve(scan, frame=scan.frame or frame, readable=readable)


def _named(scans: Iterable[Scan]) -> tuple[Scan, ...]:
    """Unique ids that tell role, arch, number and variant and nothing of the file's name."""
    listed = list(scans)
    bites = iter(range(1, len(listed) + 1))
    first = [_base_id(scan, bites) for scan in listed]
    doubled = Counter(first)
    second = [
        f"{base}-{_slug(scan.variant)}" if doubled[base] > 1 and scan.variant else base
        for base, scan in zip(first, listed, strict=True)
    ]
    named, used = [], set[str]()
    for base, scan in zip(second, listed, strict=True):
        name, count = base, 1
        while name in used:
            count += 1
            name = f"{base}-{count}"
        used.add(name)
        named.append(evolve(scan, id=name))
    return tuple(named)


def _base_id(scan: Scan, bites: Iterable[int]) -> str:
    base = f"{scan.arch}-{scan.role}" if scan.arch else scan.role
    if scan.role == "bite":
        running = next(iter(bites))
        return f"{base}-{running if scan.number is None else scan.number}"
    return base if scan.number is None else f"{base}-{scan.number}"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "other"


def _with_rx(
    ctx: ImportContext, recognition: Recognition, prescription: Prescription, patient: Patient
) -> tuple[Prescription, Patient, tuple[Finding, ...]]:
    """Order and patient after an ``rx.toml`` or ``rx.json`` that lies beside the export."""
    path = find_rx(entry.path for entry in ctx.listing.entries)
    if path is None:
        return prescription, patient, ()
    if not _only_here(ctx.listing, recognition, path):
        return prescription, patient, (_RX_SHARED,)
    try:
        rx = read_rx(ctx.listing.read(path), name=PurePosixPath(path).name, place=path)
    except CaseError as error:
        return prescription, patient, unreadable_rx(error)
    return merge_rx(prescription, patient, rx)


def _only_here(listing: Listing, recognition: Recognition, rx_path: str) -> bool:
    """True when all scans below the prescription file's folder are of this case: an order never reaches another."""
    entries = {entry.path: entry for entry in listing.entries}
    folder = entries[rx_path].folder
    below = [entry for entry in listing.entries if not folder or f"{entry.folder}/".startswith(f"{folder}/")]
    return all(entry.path in recognition.files for entry in below if entry.suffix in _SCANS)


def _no_scans(case: Case) -> tuple[Finding, ...]:
    if case.scans or case.closed:
        return ()
    hint = "Ask the office to send the scans themselves, or look whether the download is complete."
    return (Finding("arrival.no-scans", "error", "there are documents of a case, but no scan", hint=hint),)


def _closed_findings(case: Case) -> list[Finding]:
    scans = {scan.file.path: scan.id for scan in case.scans}
    return [
        Finding(
            "format.closed",
            "warning",
            f"a {item.format} file that only the vendor's software can open",
            scan=scans.get(item.file.path),
            hint=item.advice,
        )
        for item in case.closed
    ]


def _missing_findings(recognition: Recognition) -> list[Finding]:
    count = len(recognition.missing)
    if not count:
        return []
    message = f"the order names {count} file{'s' if count > 1 else ''} that did not arrive"
    hint = "Ask the sender for the missing files, or accept the case as it is."
    return [Finding("arrival.incomplete", "warning", message, value=float(count), hint=hint)]
