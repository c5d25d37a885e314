"""Read DICOM studies of encapsulated meshes into cases."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import cast

from attrs import frozen

from casepan.api import (
    Arch,
    Case,
    CaseError,
    Entry,
    ImportContext,
    Listing,
    NoOptions,
    Patient,
    Prescription,
    Recognition,
    Role,
    Scan,
    assemble_case,
    scan_of,
)
from casepan_dicom.header import Header, read_header

STAGE = "dicom.study"
FRAME = "dicom:frame-of-reference"
_SUFFIXES = ("dcm", "dicom", "")
_MAGIC = b"DICM"
_PREAMBLE = 128
_ARCHES = {
    "upper": "upper",
    "maxilla": "upper",
    "maxillary": "upper",
    "lower": "lower",
    "mandible": "lower",
    "mandibular": "lower",
}
_ROLES = (
    "preparation",
    "antagonist",
    "bite",
    "preop",
    "scanbody",
    "gingiva",
    "edentulous",
    "denture",
    "waxup",
    "palate",
    "design",
)


@frozen
class Object:
    """One encapsulated model in an arrival."""

    path: str
    header: Header


class StudyReader:
    """The importer ``dicom.study``: Encapsulated STL and OBJ objects, one case per study."""

    def __init__(self, options: NoOptions) -> None:
        self.options = options

    def candidates(self, ctx: ImportContext) -> tuple[Recognition, ...]:
        """The studies in the arrival."""
        return recognise(ctx.listing)

    def read(self, candidate: Recognition, ctx: ImportContext) -> Case:
        """The case. Roles come from titles and descriptions; a mesh whose words say nothing keeps the role ``other``."""
        found = [found for path in candidate.files if (found := _object(path, ctx))]
        meshes = [one for one in found if one.header.kind != "mtl"]
        first = found[0].header
        return assemble_case(
            candidate,
            ctx,
            scans=[_scan(one, ctx) for one in meshes],
            prescription=_prescription(first),
            patient=_patient(first),
            documents={one.path: "materials" for one in found if one.header.kind == "mtl"},
        )


def recognise(listing: Listing) -> tuple[Recognition, ...]:
    """One recognition per study with an encapsulated STL or OBJ."""
    studies: dict[str, list[Object]] = {}
    for entry in listing.entries:
        if entry.suffix in _SUFFIXES and (header := _header_of(listing, entry)):
            studies.setdefault(header.study, []).append(Object(entry.path, header))
    return tuple(
        _claim(listing, study, objects, alone=len(studies) == 1)
        for study, objects in studies.items()
        if _meshes(objects)
    )


def _claim(listing: Listing, study: str, objects: Sequence[Object], *, alone: bool) -> Recognition:
    """A lone study takes all files of the arrival; of several each takes its own."""
    kinds = sorted({one.header.kind.upper() for one in objects})
    frames = {one.header.frame for one in _meshes(objects)}
    own = tuple(one.path for one in objects)
    return Recognition(
        stage=STAGE,
        vendor_id=study,
        files=tuple(entry.path for entry in listing.entries) if alone else own,
        confidence="certain",
        evidence=(f"DICOM objects of the SOP classes Encapsulated {', '.join(kinds)} of one study",),
        frame=FRAME if len(frames) == 1 and "" not in frames else None,
    )


def _meshes(objects: Sequence[Object]) -> list[Object]:
    return [one for one in objects if one.header.kind != "mtl"]


def _header_of(listing: Listing, entry: Entry) -> Header | None:
    try:
        head = listing.head(entry.path)
    except CaseError:
        return None
    if head[_PREAMBLE : _PREAMBLE + len(_MAGIC)] != _MAGIC:
        return None
    return read_header(head)


def _object(path: str, ctx: ImportContext) -> Object | None:
    if Entry(path, 0, 0.0).suffix not in _SUFFIXES:
        return None
    with ctx.open(ctx.file(path)) as stream:
        header = read_header(stream)
    return Object(path, header) if header else None


def _scan(one: Object, ctx: ImportContext) -> Scan:
    role, arch, number = shows(f"{one.header.title} {one.header.shown}")
    return scan_of(
        ctx,
        one.path,
        role=role,
        arch=arch,
        number=number,
        label=one.header.shown or one.header.title or None,
        raw={"SOPInstanceUID": one.header.instance, "FrameOfReferenceUID": one.header.frame},
    )


def shows(text: str) -> tuple[Role, Arch | None, int | None]:
    """Role, arch and number that the words of a title say; ``"upper"`` alone is an arch."""
    words = re.findall(r"[a-z]+|\d+", text.casefold())
    arches = {_ARCHES[word] for word in words if word in _ARCHES}
    arch = cast(Arch, arches.pop()) if len(arches) == 1 else None
    roles = [word for word in words if word in _ROLES]
    role = cast(Role, roles[0]) if roles else "arch" if arch else "other"
    numbers = list(_numbers(words, role))
    return role, None if role == "bite" else arch, numbers[0] if numbers else None


def _numbers(words: Sequence[str], role: str) -> Iterator[int]:
    for word, following in pairwise(words):
        if word == role and following.isdecimal() and len(following) < 3:
            yield int(following)


def _patient(header: Header) -> Patient:
    last, _, first = header.patient.partition("^")
    first = first.partition("^")[0]
    if header.nameless or not header.patient:
        return Patient()
    name = " ".join(part for part in (first, last) if part)
    return Patient(name=name, first=first or None, last=last if first else None, reference=header.patient_id or None)


def _prescription(header: Header) -> Prescription:
    known = {"doctor": header.doctor, "practice": header.practice, "reference": header.accession}
    said = {name: value for name, value in known.items() if value}
    return Prescription(**said, provenance=dict.fromkeys(said, "file"))  # type: ignore[arg-type]
