"""Read a Primescan, CEREC or DS Core arrival into a case."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from casepan.api import (
    Case,
    Finding,
    ImportContext,
    Recognition,
    Scan,
    SheetLabels,
    assemble_case,
    scan_of,
    with_sheets,
)
from casepan_primescan import arrival, layout, rx
from casepan_primescan.options import ExportOptions

ADVICE = (
    "In DS Core open the media tile's menu and choose download as .stl, .ply or .exocad; "
    "a DXD can be uploaded to a patient there and downloaded open."
)
DOUBLE = "a second copy of the same DXD"
INLAB = ("lab", "rst", "con", "ilab", "cdt", "mdl", "cam")
SHEET = SheetLabels(
    marks=("Case Sheet", "Connect Case Center"),
    labels={"reference": ("Order Number",), "due": ("Date Due",), "patient": ("Patient",)},
)
"""Labels of DS Core's case sheet and of Connect's order sheet; how they write days is not known."""

COMPANIONS = ("mtl", "png", "jpg", "jpeg", "bmp")


class ExportReader:
    """The importer ``primescan.export``: DXD, DS Core's exocad download, order folders, local STL and OBJ."""

    def __init__(self, options: ExportOptions) -> None:
        self.options = options

    def candidates(self, ctx: ImportContext) -> tuple[Recognition, ...]:
        """The Primescan cases in the arrival."""
        return arrival.recognise(ctx.listing)

    def read(self, candidate: Recognition, ctx: ImportContext) -> Case:
        """The case; of a DXD its identity and models, never its geometry.

        Raises:
            NotReady: the DXD is still being written.
        """
        export = export_of(candidate, ctx)
        record = export.record or rx.CaseRecord()
        words = " ".join(dict.fromkeys(path for path in (export.name, *export.dxd)))
        prescription = rx.prescription_of(record, name=words, reference=arrival.order_number(export))
        from_name = bool(prescription.items) and not record.teeth
        sheets = [path for path in export.files if path.casefold().endswith(".pdf")]
        prescription, patient, told = with_sheets(ctx, sheets, SHEET, prescription, record.patient)
        frame = candidate.frame if self.options.shared_frame else None
        return assemble_case(
            evolve(candidate, frame=frame),
            ctx,
            scans=scans_of(export, ctx),
            prescription=prescription,
            patient=patient,
            closed=dict.fromkeys(export.dxd[:1], ("dxd", ADVICE)),
            documents=documents_of(export),
            ignored=dict.fromkeys(export.dxd[1:], DOUBLE),
            findings=(*findings_of(export, from_name, prescription.teeth), *told),
        )


def export_of(candidate: Recognition, ctx: ImportContext) -> arrival.Export:
    """The export that a recognition stands for."""
    wanted = set(candidate.files)
    found = arrival.exports(ctx.listing, [entry for entry in ctx.listing.entries if entry.path in wanted])
    same = (export for export in found if arrival.identity(ctx.listing, export) == candidate.vendor_id)
    return next(same, found[0])


def scans_of(export: arrival.Export, ctx: ImportContext) -> list[Scan]:
    """The meshes, and the DXD as a scan that nobody can read; the DXD is worked on only when there is nothing else."""
    bites = iter(range(1, len(export.parts) + 1))
    open_scans = [
        scan_of(
            ctx,
            part.path,
            role=part.role,
            arch=part.arch,
            number=next(bites) if part.role == "bite" else None,
            label=part.word,
            textures=companions(part.path, export.files),
            raw={"model": part.word},
        )
        for part in export.parts
    ]
    return open_scans + [closed_scan(path, export, ctx, preferred=not open_scans) for path in export.dxd[:1]]


def closed_scan(path: str, export: arrival.Export, ctx: ImportContext, *, preferred: bool) -> Scan:
    """A DXD: which arches it holds says its ``DentalCase.xml``."""
    record = export.record or rx.CaseRecord()
    return scan_of(
        ctx,
        path,
        role="arch" if record.arch else "other",
        arch=record.arch,
        variant="dxd",
        preferred=preferred,
        raw={"models": list(record.models)},
    )


def companions(path: str, files: tuple[str, ...]) -> tuple[str, ...]:
    """Material files and pictures: those with the mesh's own stem, for ``Data.obj`` all in its folder."""
    stem, folder = layout.fold(path.rpartition(".")[0]), path.rpartition("/")[0]
    found = []
    for other in files:
        start, _, suffix = other.rpartition(".")
        alone = stem.endswith("/data") and other.rpartition("/")[0] == folder
        if suffix.casefold() in COMPANIONS and (alone or layout.fold(start) == stem):
            found.append(other)
    return tuple(found)


def documents_of(export: arrival.Export) -> dict[str, str]:
    """Order sheets of the portals, PDF or XPS, files of CEREC and inLab programs, and the case's own record."""
    known = dict.fromkeys(("pdf", "xps"), "order") | dict.fromkeys(INLAB, "inlab-file")
    found = {path: known[suffix] for path in export.files if (suffix := path.rpartition(".")[2].casefold()) in known}
    return {**found, **dict.fromkeys(export.documents, "case-record")}


def findings_of(export: arrival.Export, from_name: bool, teeth: tuple[int, ...]) -> Iterator[Finding]:
    """What the arrival leaves open."""
    if not (export.record and export.record.guid) and not export.name:
        yield Finding(
            "primescan.no-identity",
            "warning",
            "neither a document nor a folder says which case this is",
            hint="Put the meshes into a folder named after the case, or send the DXD.",
        )
    if export.dxd and export.record is None:
        yield Finding(
            "primescan.record-unreadable",
            "warning",
            "the DentalCase.xml inside the DXD cannot be read, so its patient and identity are unknown",
            hint="Download the DXD again.",
        )
    if from_name:
        yield Finding(
            "primescan.teeth-from-name",
            "info",
            "the export holds no teeth; they were marked with # in a name",
            teeth=teeth,
            hint="Check them against the order in DS Core.",
        )
