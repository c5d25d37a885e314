"""What leaves the lab for a destination: which files under which names, and the manifest that proves them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from attrs import frozen

from casepan.arrivals.names import safe_name
from casepan.contract.options import option
from casepan.handing import WITHHELD, renamed, withheld
from casepan.knowledge.rx_write import PRIVATE_FIELDS
from casepan.model.case import Case, Scan
from casepan.model.decided import Desk
from casepan.model.documents import to_plain
from casepan.model.files import Attachment, FileRef
from casepan.packages import PackageFile, Seal
from casepan.stages.naming import unique_name

MANIFEST = "manifest.json"


@frozen
class PackingOptions:
    """Options that every packing destination shares."""

    scans: Literal["all", "preferred"] = option("all", "carry every variant along, or the preferred ones only")
    attachments: bool = option(False, "carry documents and pictures along as they came: they usually name the patient")
    names: Literal["neutral", "original"] = option(
        "neutral", "`neutral` names contain the case's ref only; `original` keeps the sender's names of documents"
    )
    private: bool = option(False, "write patient, practice and notes into the manifest")

    def not_carried(self) -> Iterator[str]:
        """What stays at home whatever the case is, see ``ExporterSpec``."""
        if self.scans == "preferred":
            yield 'variants that are only carried along (`scans = "preferred"`)'
        if not self.attachments:
            yield "documents and pictures (`attachments = false`)"
        if self.names == "neutral":
            yield 'names that the sender gave documents (`names = "neutral"`)'
        if not self.private:
            yield WITHHELD


def pack_case(case: Case, options: PackingOptions) -> tuple[PackageFile, ...]:
    """All files of a case under safe, unique names."""
    taken: set[str] = {MANIFEST}
    packed = []
    for wanted, file, what in _files(case, options):
        name = unique_name(safe_name(wanted), taken)
        taken.add(name.casefold())
        packed.append(PackageFile(name, file, what))
    return tuple(packed)


def case_seal(case: Case, packed: tuple[PackageFile, ...], *, private: bool) -> Seal:
    """The seal of a packed case: ``manifest.json`` with all that is known about it."""
    return Seal(MANIFEST, _manifest(case, packed, private=private))


def _manifest(case: Case, packed: tuple[PackageFile, ...], *, private: bool) -> dict[str, Any]:
    """What the manifest says besides the delivery's key and files: identity, prescription, scans, findings."""
    document = {
        "case": {
            "ref": case.ref,
            "revision": case.revision,
            "digest": case.digest,
            "adapter": case.key.adapter,
            "stage": case.origin.stage,
            "received_at": case.received_at.isoformat() if case.received_at else None,
        },
        "scans": [_scan(scan, packed) for scan in case.scans],
        "attachments": [_attachment(item, packed) for item in case.attachments],
        "prescription": _prescription(case, private=private),
        "findings": to_plain(case.findings),
        "desk": _desk(case.desk, private=private),
        "not_carried": list(_not_carried(case, packed, private=private)),
    }
    return {**document, "patient": to_plain(case.patient)} if private else document


def _files(case: Case, options: PackingOptions) -> Iterator[tuple[str, FileRef, str]]:
    for scan in case.scans:
        if scan.preferred or options.scans == "all":
            yield scan.name or f"{case.ref}-{scan.id}{_extension(scan.file)}", scan.file, f"scan {scan.id}"
            for image in scan.textures:
                yield image.name, image, f"texture of {scan.id}"
    for number, closed in enumerate(case.closed, 1):
        if not any(scan.file == closed.file for scan in case.scans):
            yield _document(case, closed.file, f"closed-{number}", options), closed.file, f"closed {closed.format}"
    for attachment in case.attachments if options.attachments else ():
        yield _document(case, attachment.file, attachment.id, options), attachment.file, attachment.what
    for artifact in case.artifacts:
        yield artifact.name or f"{case.ref}-{artifact.id}{_extension(artifact.file)}", artifact.file, artifact.what


def _not_carried(case: Case, packed: tuple[PackageFile, ...], *, private: bool) -> Iterator[str]:
    """What this package does not hold of this case, or holds under another name; no names in it."""
    contents = [item.content for item in packed]
    variants = sum(scan.file not in contents for scan in case.scans)
    if variants:
        yield f"variants that are only carried along stay at home: {variants}"
    documents = sum(item.file not in contents for item in case.attachments)
    if documents:
        yield f"documents and pictures stay at home: {documents}"
    if not private:
        yield from withheld(case)
    yield from renamed(packed)


def _document(case: Case, file: FileRef, neutral: str, options: PackingOptions) -> str:
    return file.name if options.names == "original" else f"{case.ref}-{neutral}{_extension(file)}"


def _extension(file: FileRef) -> str:
    return f".{file.suffix}" if file.suffix else ""


def _scan(scan: Scan, packed: tuple[PackageFile, ...]) -> dict[str, Any]:
    name = next((item.name for item in packed if item.what == f"scan {scan.id}"), None)
    keys = (
        "id",
        "role",
        "arch",
        "variant",
        "number",
        "preferred",
        "format",
        "units",
        "frame",
        "colour",
        "derived_from",
    )
    described = {key: getattr(scan, key) for key in keys}
    return {**described, "name": name, "teeth": list(scan.teeth), "transforms": to_plain(scan.transforms)}


def _attachment(attachment: Attachment, packed: tuple[PackageFile, ...]) -> dict[str, Any]:
    """What was carried along, and what stayed in the lab's state folder: nothing is left out silently."""
    name = next((item.name for item in packed if item.content == attachment.file), None)
    return {"id": attachment.id, "what": attachment.what, "sha256": attachment.file.sha256, "name": name}


def _desk(desk: Desk, *, private: bool) -> dict[str, Any]:
    """What the laboratory decided, by whom and why; values that may be names only where the export is private."""
    plain = to_plain(desk)
    for hidden, rows in (("value", plain["answers"]), ("before", plain["changes"]), ("after", plain["changes"])):
        for row in rows if not private else ():
            row.pop(hidden)
    return dict(plain)


def _prescription(case: Case, *, private: bool) -> dict[str, Any]:
    plain = to_plain(case.prescription)
    if not private:
        for key in (*PRIVATE_FIELDS, "raw", "provenance"):
            plain.pop(key)
        for item in plain["items"]:
            item.pop("raw")
    return dict(plain)
