"""The importer: from the files of one order to a case."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

from attrs import evolve, frozen

from casepan.api import (
    Arch,
    Case,
    CaseError,
    CorruptFile,
    Entry,
    Finding,
    ImportContext,
    Patient,
    Prescription,
    Recognition,
    Role,
    Scan,
    Transform,
    UnrecognisedArrival,
    arch_of,
    assemble_case,
    open_archive,
    scan_of,
    with_marked_teeth,
)
from casepan.mesh import Inventory, inventory
from casepan_trios.arrival import Order, is_mesh, latest_first, members_of, orders_in, recognise
from casepan_trios.layout import (
    MESHES,
    Part,
    arch_beside,
    choose,
    is_earlier_design,
    number_bites,
    part_of,
    place_of,
    settle_arches,
)
from casepan_trios.options import OrderOptions
from casepan_trios.rx import Container, arches_of, patient_of, plain_text, prescription_of, read_container, read_names

CLOSED_SCAN = (
    "The scan is encrypted for 3Shape software (.dcm). In 3Shape Unite post-process the scans, then export them as PLY "
    "(with colour) or STL instead of DCM; in the Communicate portal download STL instead of DCM."
)
CLOSED_ORDER = (
    "A 3OXZ order opens in 3Shape software only. In 3Shape Unite export the scans as PLY (with colour) or STL, not "
    "as 3OXZ; in the Communicate portal download the STL files."
)
DESIGN_HEADER = b"www.3shape.com"
"""How the STL files of 3Shape's design programs begin."""

LARGEST_COMMENT = 1024 * 1024
_DOCUMENTS = {
    "3ml": "3Shape .3ml file, encrypted by Dental System; carried along unopened",
    "3oxz": "the order as it was sent (3OXZ), carried along unopened",
    "3ox": "the order as it was sent (3OX)",
    "dcm": "a DICOM file, not a scan of 3Shape",
}
_COMMENTS = re.compile(r"<Comments>(.*?)</Comments>", re.DOTALL | re.IGNORECASE)
_NEEDS_ARCH = ("arch", "preparation", "antagonist", "preop", "scanbody")


@frozen
class Contents:
    """What the files of an order are: scans, documents (path to what), closed files, files left out (path to why).

    ``facts`` is what HPS files say of themselves.
    """

    parts: tuple[Part, ...]
    documents: Mapping[str, str]
    closed: Mapping[str, tuple[str, str]]
    ignored: Mapping[str, str]
    facts: Mapping[str, Inventory]


class OrderImporter:
    """Reads every layout in which 3Shape scans reach a laboratory."""

    def __init__(self, options: OrderOptions) -> None:
        self.options = options

    def candidates(self, ctx: ImportContext) -> Iterable[Recognition]:
        """The orders in the arrival."""
        return recognise(ctx.listing)

    def read(self, candidate: Recognition, ctx: ImportContext) -> Case:
        """The case of one recognised order: the latest complete save of it.

        Raises:
            UnrecognisedArrival: the order is no longer in the arrival.
            CorruptFile: the order document or a scan is damaged.
        """
        saves = latest_first(order for order in orders_in(ctx.listing) if order.key == candidate.vendor_id)
        if not saves:
            raise UnrecognisedArrival("the order is no longer in the arrival", place=ctx.listing.name)
        order = saves[0]
        container = read_container(ctx.listing.read(order.document), place=order.document) if order.document else None
        names, findings = self._names(order, ctx)
        contents = self._contents(order, container, ctx)
        older = {entry.path: "an older save of the same order" for save in saves[1:] for entry in save.entries}
        case = assemble_case(
            candidate,
            ctx,
            scans=[_scan(part, order, contents.facts.get(part.path), ctx) for part in contents.parts],
            prescription=prescription_of(container, names) if container else _exchange_notes(order, ctx),
            patient=patient_of(container) if container else Patient(),
            closed=contents.closed,
            documents=contents.documents,
            ignored={**contents.ignored, **older},
            findings=findings,
        )
        return _asked(_with_arches(with_marked_teeth(case, order.key, ctx.listing.name)))

    def _contents(self, order: Order, container: Container | None, ctx: ImportContext) -> Contents:
        ignored = {entry.path: why for entry in order.entries if (why := _no_scan(entry))}
        meshes = [entry for entry in order.entries if entry.path not in ignored and is_mesh(ctx.listing, entry)]
        facts = _facts(meshes, ctx)
        parts = [_read_part(entry, facts.get(entry.path), ctx.listing.head(entry.path)) for entry in meshes]
        settled = number_bites(settle_arches(parts, arches_of(container) if container else ()))
        chosen, older, copies = choose(settled, self.options.prefer)
        closed = {part.path: ("hps-ce", CLOSED_SCAN) for part in chosen if part.closed}
        if not chosen:
            closed |= {entry.path: ("3oxz", CLOSED_ORDER) for entry in order.entries if entry.suffix == "3oxz"}
        others = [e for e in order.entries if e not in meshes and e.path not in closed]
        documents = {entry.path: _DOCUMENTS[entry.suffix] for entry in others if entry.suffix in _DOCUMENTS}
        return Contents(chosen, {**documents, **copies}, closed, {**ignored, **older}, facts)

    def _names(self, order: Order, ctx: ImportContext) -> tuple[Mapping[str, str], tuple[Finding, ...]]:
        """Names from ``Materials.xml``. The order can be read without them, so a damaged table is only reported."""
        tables = [entry for entry in order.entries if entry.name.casefold() == "materials.xml"]
        try:
            return {k: v for table in tables for k, v in read_names(ctx.read(ctx.file(table.path))).items()}, ()
        except CorruptFile:
            message = "Materials.xml cannot be read: materials are taken from the order itself"
            return {}, (Finding("rx.unreadable-table", "info", message),)


def comments_of(order: bytes) -> str | None:
    """The comments in a ``.3ox``: XML-like text in UTF-16 whose schema is not public."""
    encoding = "utf-16" if order[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8" if order[1:2] != b"\0" else "utf-16-le"
    found = _COMMENTS.search(order.decode(encoding, "replace"))
    return plain_text(plain_text(found[1])) or None if found else None


def _no_scan(entry: Entry) -> str | None:
    if entry.suffix in _DOCUMENTS and entry.suffix not in MESHES:
        return None
    return "an earlier design, not a scan" if is_earlier_design(entry) else place_of(entry.folder).no_scan


def _facts(entries: Iterable[Entry], ctx: ImportContext) -> Mapping[str, Inventory]:
    """What the HPS files among the scans say of themselves, by path; nothing of it is encrypted."""
    hps = [entry.path for entry in entries if entry.suffix == "dcm"]
    return {path: inventory(ctx.read(ctx.file(path)), name=path, format="hps") for path in hps}


def _read_part(entry: Entry, facts: Inventory | None, head: bytes) -> Part:
    if facts is None:
        part = part_of(entry)
        return evolve(part, role="design") if part.role == "other" and head.startswith(DESIGN_HEADER) else part
    part = part_of(entry, closed=not facts.readable)
    jaw = None if part.role == "bite" else cast("Arch | None", facts.jaw)
    role = _role_of_jaw(facts.properties.get("JawType", "")) if part.role == "other" and jaw else part.role
    return evolve(part, arch=part.arch or jaw, role=role)


def _role_of_jaw(jaw_type: str) -> Role:
    """The role of a scan without a telling name that states its jaw (``RemovablePreparation`` and the like)."""
    words = jaw_type.casefold()
    return "preparation" if "preparation" in words else "antagonist" if "antagonist" in words else "arch"


def _scan(part: Part, order: Order, facts: Inventory | None, ctx: ImportContext) -> Scan:
    scan = scan_of(
        ctx,
        part.path,
        role=part.role,
        arch=part.arch,
        variant=part.variant,
        number=part.number,
        label=part.label,
        teeth=part.teeth,
        preferred=part.preferred,
        textures=_textures(part, order),
        frame=order.frame if part.role in ("arch", "bite") else None,
    )
    return scan if facts is None else _with_facts(scan, facts)


def _with_facts(scan: Scan, facts: Inventory) -> Scan:
    """Counts, colour, device and matrices of an HPS file. Which matrix aligns the arches is not known: none is used."""
    told = {"schema": facts.schema, "device": facts.device, "taken_at": facts.taken_at, **facts.properties}
    matrices = tuple(Transform(t.name, tuple(n for row in t.matrix for n in row)) for t in facts.transforms)
    return evolve(
        scan,
        readable=facts.readable,
        faces=facts.faces,
        vertices=facts.vertices,
        colour=cast("Any", facts.colour),
        transforms=matrices,
        raw={key: value for key, value in told.items() if value},
    )


def _textures(part: Part, order: Order) -> tuple[str, ...]:
    """Images and MTL files that lie beside the scan under its own name."""
    stem = part.path.rpartition(".")[0]
    return tuple(
        entry.path
        for entry in order.entries
        if entry.suffix in ("jpg", "jpeg", "png", "bmp", "mtl") and entry.path.rpartition(".")[0] == stem
    )


def _exchange_notes(order: Order, ctx: ImportContext) -> Prescription:
    notes = [_notes_inside(entry, ctx) for entry in order.entries if entry.suffix == "3oxz"]
    text = "\n".join(note for note in notes if note)
    return Prescription(notes=text, provenance={"notes": "file"}) if text else Prescription()


def _notes_inside(entry: Entry, ctx: ImportContext) -> str | None:
    """The comments of the order inside a 3OXZ whose members are not locked."""
    small = [m for m in members_of(ctx.listing, entry.path) if m.suffix == "3ox" and m.size <= LARGEST_COMMENT]
    if not small:
        return None
    try:
        with open_archive(ctx.listing, entry.path) as archive:
            return comments_of(archive.read(small[0].path))
    except CaseError:
        return None


def _with_arches(case: Case) -> Case:
    """Arches that only an ``rx.toml`` beside the export tells, through its teeth."""
    arches = {arch_of(tooth) for tooth in case.prescription.teeth}
    prepared = arches.pop() if len(arches) == 1 else None
    scans = (scan if scan.arch else evolve(scan, arch=arch_beside(scan.role, prepared)) for scan in case.scans)
    return evolve(case, scans=tuple(scans))


def _asked(case: Case) -> Case:
    """The case with one finding for every scan that a person has to place."""
    hint = "Say it with `casepan cases set`, or give the teeth in an rx.toml beside the export."
    said = "upper or lower? neither its name nor its folder says it, nor do the ordered teeth"
    unplaced = [s for s in case.scans if s.preferred and s.role in _NEEDS_ARCH and s.arch is None]
    unnamed = [scan for scan in case.scans if scan.role == "other"]
    return case.with_findings(
        *(Finding("arrival.arch-unknown", "warning", said, scan=s.id, hint=hint) for s in unplaced),
        *(Finding("arrival.role-unknown", "info", "no rule knows the name of this scan", scan=s.id) for s in unnamed),
    )
