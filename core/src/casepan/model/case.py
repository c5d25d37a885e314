"""A case: its scans, its prescription, its documents and what was noticed about them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import evolve, field, frozen
from attrs.validators import in_, optional

from casepan.model.decided import Desk
from casepan.model.files import Attachment, ClosedFile, FileRef, IgnoredFile
from casepan.model.finding import Finding
from casepan.model.practice import Practice
from casepan.model.prescription import Prescription, _are_fdi
from casepan.model.vocabulary import ARCHES, ROLES, Arch, Colour, Confidence, Role


@frozen
class Transform:
    """A rigid or affine transform that came with a scan.

    Attributes:
        name: the vendor's name of it.
        matrix: 16 numbers, row-major, translation in the fourth column (mm).
        applied: True when the vertices already are in the transformed frame, None when nobody knows.
    """

    name: str
    matrix: tuple[float, ...]
    applied: bool | None = None


@frozen
class Scan:
    """One mesh of one role.

    Attributes:
        id: opaque and unique in the case (``"upper-preparation"``, ``"bite-2"``): the name used in findings and logs.
        role, arch: what it shows; ``arch`` is None when it is not known.
        variant: ``"with-ditch"``, ``"without-ditch"``, ``"raw"``, ``"processed"`` … when one role has several scans.
        number: 1, 2 … where the vendor numbers scans (bites); label: the vendor's or the clinic's own words.
        teeth: FDI numbers it belongs to.
        preferred: False for the variants that are carried along but not worked on.
        file: the mesh; textures: images it refers to.
        format: ``"stl"``, ``"ply"``, ``"obj"``, ``"hps"``, ``"dicom"``, or the extension of a closed file.
        readable: False when only the vendor's software can read the geometry.
        faces, vertices: counts, as far as known without reading the geometry.
        units: of the file's coordinates; frame: name of the coordinate frame the layout promises, equal for scans that share one.
        colour: what colour it holds, None until somebody has looked.
        transforms: matrices that came with it, never applied silently.
        derived_from: sha256 of the file it was made from.
        name: file name it gets at the destination (``core.rename`` sets it), without folder.
        raw: the vendor's own words and properties.
    """

    id: str
    role: Role = field(validator=in_(ROLES))
    arch: Arch | None = field(default=None, validator=optional(in_(ARCHES)))
    file: FileRef = field(kw_only=True)
    variant: str | None = None
    number: int | None = None
    label: str | None = field(default=None, repr=False)
    teeth: tuple[int, ...] = field(default=(), validator=_are_fdi)
    preferred: bool = True
    textures: tuple[FileRef, ...] = ()
    format: str = "other"
    readable: bool = True
    faces: int | None = None
    vertices: int | None = None
    units: str = "mm"
    frame: str | None = None
    colour: Colour | None = None
    transforms: tuple[Transform, ...] = ()
    derived_from: str | None = None
    name: str | None = field(default=None, repr=False)
    raw: Mapping[str, Any] = field(factory=dict, repr=False)


@frozen
class Artifact:
    """A file that a step made for the case besides its scans: a report, a picture, a table."""

    id: str
    file: FileRef
    what: str
    name: str | None = field(default=None, repr=False)


@frozen
class Patient:
    """Who lies in the chair. Nothing of it is ever shown by ``repr``."""

    name: str | None = field(default=None, repr=False)
    first: str | None = field(default=None, repr=False)
    last: str | None = field(default=None, repr=False)
    reference: str | None = field(default=None, repr=False)
    guid: str | None = field(default=None, repr=False)
    raw: Mapping[str, Any] = field(factory=dict, repr=False)


@frozen
class CaseKey:
    """What makes two arrivals the same case: the adapter and the vendor's own identity for it."""

    adapter: str
    vendor_id: str = field(repr=False)


@frozen
class Origin:
    """How the case was recognised.

    Attributes:
        stage: name of the importer that read it.
        confidence, evidence: why that importer; evidence is private (it quotes names).
        arrival: name of the folder or zip it came in; private.
        pipeline: the pipeline that took it in, None outside a run.
    """

    stage: str
    confidence: Confidence = "possible"
    evidence: tuple[str, ...] = field(default=(), repr=False)
    arrival: str | None = field(default=None, repr=False)
    pipeline: str | None = None


@frozen
class Case:
    """The tray: everything known about one case at one revision.

    Attributes:
        ref: opaque (``K7Q2-M4``), the only name used in logs, findings, events, ledger and default file names.
        key, revision, digest: identity; same key with a new digest is the next revision.
        received_at: aware UTC.
        practice: id of the client once matched, else None; ``prescription.practice`` holds the order's words.
        client: the whole entry of ``practices.toml`` when the case was taken in, None when the practice is unknown.
        desk: what the laboratory itself knows and decided: number, due day, answers, decisions, changes.
    """

    ref: str
    key: CaseKey
    origin: Origin
    revision: int = 1
    digest: str = ""
    received_at: datetime | None = None
    patient: Patient = field(factory=Patient)
    practice: str | None = field(default=None, repr=False)
    scans: tuple[Scan, ...] = ()
    prescription: Prescription = field(factory=Prescription)
    attachments: tuple[Attachment, ...] = ()
    closed: tuple[ClosedFile, ...] = ()
    ignored: tuple[IgnoredFile, ...] = ()
    findings: tuple[Finding, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    client: Practice | None = field(default=None, repr=False)
    desk: Desk = field(factory=Desk)

    def scan(self, scan_id: str) -> Scan:
        """The scan of that id; KeyError when there is none."""
        for scan in self.scans:
            if scan.id == scan_id:
                return scan
        raise KeyError(scan_id)

    def scans_of(self, *roles: str, arch: str | None = None) -> tuple[Scan, ...]:
        """The preferred scans of these roles, optionally of one arch, in the order of the case."""
        return tuple(
            scan for scan in self.scans if scan.preferred and scan.role in roles and (arch is None or scan.arch == arch)
        )

    def with_findings(self, *findings: Finding) -> Case:
        """The same case with these findings appended."""
        return evolve(self, findings=(*self.findings, *findings)) if findings else self
