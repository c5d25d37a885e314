"""Read a Carestream / DEXIS ScanFlow arrival into a case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from casepan.api import Case, Finding, ImportContext, Recognition, Scan, assemble_case, scan_of
from casepan_carestream import arrival, layout, rx
from casepan_carestream.choice import Placed, placed
from casepan_carestream.options import ExportOptions

OPEN_EXPORT = "In ScanFlow open the export dialog, tab Save, and choose STL or PLY"
ADVICE = {
    "dcm": f"{OPEN_EXPORT} instead of DICOM; on DEXIS scanners saving STL or PLY needs the Premium plan.",
    "cszx": f"{OPEN_EXPORT}; do not tick Save raw data.",
    "csz": f"{OPEN_EXPORT}; do not tick Save raw data.",
    "rar": "Unpack the RAR and drop the folder, or ask the sender for a zip.",
}
OLDER = "another save of the same patient; the latest complete one is used"
RECORDS = "records of the raw data"
COMPANIONS = ("png", "jpg", "jpeg", "bmp")


class ExportReader:
    """The importer ``carestream.export``: save folders, portal packages, and what DICOM and raw data say openly."""

    def __init__(self, options: ExportOptions) -> None:
        self.options = options

    def candidates(self, ctx: ImportContext) -> tuple[Recognition, ...]:
        """The ScanFlow cases in the arrival."""
        return arrival.recognise(ctx.listing)

    def read(self, candidate: Recognition, ctx: ImportContext) -> Case:
        """The case: of several saves the latest complete one, of several mandibles the one in normal bite."""
        export = self._export_of(candidate, ctx)
        closed = {
            path: ADVICE[path.rpartition(".")[2].casefold()] for path in (*export.dicom, *export.raw, *export.rar)
        }
        parts, findings = placed(export.parts, self.options.normal_bites)
        return assemble_case(
            candidate,
            ctx,
            scans=[*open_scans(parts, export, ctx), *closed_scans(closed, ctx, preferred=not parts)],
            patient=rx.patient_of(export.header, export.person),
            closed={path: (path.rpartition(".")[2].casefold(), advice) for path, advice in closed.items()},
            documents={path: "order" for path in export.files if path.casefold().endswith(".pdf")},
            ignored={**dict.fromkeys(export.older, OLDER), **records_of(export)},
            findings=(*findings, *findings_of(export)),
        )

    def _export_of(self, candidate: Recognition, ctx: ImportContext) -> arrival.Export:
        wanted = set(candidate.files)
        entries = [entry for entry in ctx.listing.entries if entry.path in wanted]
        found = arrival.exports(ctx.listing, entries, self.options.normal_bites)
        same = (export for export in found if arrival.identity(ctx.listing, export) == candidate.vendor_id)
        return next(same, found[0])


def open_scans(parts: Iterable[Placed], export: arrival.Export, ctx: ImportContext) -> Iterator[Scan]:
    """The meshes, with the pictures that lie beside them under their own names."""
    for item in parts:
        yield scan_of(
            ctx,
            item.part.path,
            role=item.part.role,
            arch=item.part.arch,
            variant=item.variant,
            number=item.number,
            label=item.part.label or item.part.word,
            preferred=item.preferred,
            textures=companions(item.part.path, export.files),
            raw={"catalogue": item.part.word},
        )


def companions(path: str, files: Iterable[str]) -> tuple[str, ...]:
    """Pictures with the mesh's own folder and stem."""
    stem = layout.fold(path.rpartition(".")[0])
    split = (other.rpartition(".") for other in files)
    return tuple(
        f"{start}.{suffix}" for start, _, suffix in split if layout.fold(start) == stem and suffix.lower() in COMPANIONS
    )


def closed_scans(closed: Iterable[str], ctx: ImportContext, *, preferred: bool) -> Iterator[Scan]:
    """Files that hold surfaces which only the vendor's software reads; nothing says which arches are inside."""
    for path in closed:
        yield scan_of(ctx, path, role="other", variant="closed", preferred=preferred)


def records_of(export: arrival.Export) -> dict[str, str]:
    """Members of ``..._records.zip`` and videos beside raw data: of no use without the scanner's software."""
    beside = (path for path in export.files if "_records.zip!" in path.casefold() or path.casefold().endswith(".mp4"))
    return dict.fromkeys(beside, RECORDS)


def findings_of(export: arrival.Export) -> Iterator[Finding]:
    """What the arrival leaves open."""
    if export.older:
        yield Finding(
            "carestream.older-saves",
            "info",
            "there are several saves of this patient; the latest complete one is used, the others are set aside",
            value=float(len(export.older)),
            unit="files",
        )
    if export.parts and not export.is_complete:
        yield Finding(
            "carestream.one-arch",
            "info",
            "the save holds one arch only; ScanFlow saves the other one under a name of the same catalogue",
            hint="Ask the office to save the case again with both arches, if the work needs both.",
        )
    if not export.is_named:
        yield Finding(
            "carestream.no-identity",
            "warning",
            "the meshes have the same names in every export, and no folder or DICOM header says which case this is",
            hint="Drop the whole save folder (<date> - <time> - <name>), not the meshes alone.",
        )
