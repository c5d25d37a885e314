"""Read a Medit Link export into a case."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve, field, frozen

from casepan.api import (
    Case,
    CorruptFile,
    Entry,
    Finding,
    ImportContext,
    Patient,
    Prescription,
    Recognition,
    Scan,
    assemble_case,
    read_xml,
    scan_of,
)
from casepan_medit import arrival, layout, rx
from casepan_medit.options import ExportOptions

ADVICE = "In Medit Link open the case, choose Export and tick STL, OBJ or PLY instead of meditMesh."
OLDER = "an older export of the same case; the newest one is used"
COMPANIONS = ("mtl", "png", "jpg", "jpeg", "bmp")


@frozen
class Project:
    """What the ``.dentalProject`` of a case says; empty when there is none."""

    prescription: Prescription = field(factory=Prescription)
    patient: Patient = field(factory=Patient)
    files: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


class ExportReader:
    """The importer ``medit.export``: plain and exocad-style exports, as folder or zip."""

    def __init__(self, options: ExportOptions) -> None:
        self.options = options

    def candidates(self, ctx: ImportContext) -> tuple[Recognition, ...]:
        """The Medit cases in the arrival."""
        return arrival.recognise(ctx.listing)

    def read(self, candidate: Recognition, ctx: ImportContext) -> Case:
        """The case, with the roles that its names say and the order of its ``.dentalProject`` if there is one."""
        export = export_of(candidate, ctx)
        project = self._with_named_teeth(export, read_project(export, ctx))
        return assemble_case(
            candidate,
            ctx,
            scans=make_scans(export, ctx),
            prescription=project.prescription,
            patient=project.patient,
            closed={part.path: ("meditMesh", ADVICE) for part in export.parts if is_closed(part)},
            documents=dict.fromkeys(project.files, "order"),
            ignored=dict.fromkeys(export.older, OLDER),
            findings=(*project.findings, *names_findings(export)),
        )

    def _with_named_teeth(self, export: arrival.Export, project: Project) -> Project:
        words = " ".join(dict.fromkeys((export.name, export.prefix)))
        teeth = rx.teeth_in_name(words) if self.options.teeth_from_name else ()
        if project.prescription.items or not teeth:
            return project
        return evolve(
            project,
            prescription=evolve(project.prescription, items=rx.offered(teeth, words)),
            findings=(
                *project.findings,
                Finding(
                    "medit.teeth-from-name",
                    "info",
                    "the export holds no order; the teeth were marked with # in the case name",
                    teeth=teeth,
                    hint="Check them against the order in Medit Link.",
                ),
            ),
        )


def export_of(candidate: Recognition, ctx: ImportContext) -> arrival.Export:
    """The export that a recognition stands for."""
    wanted = set(candidate.files)
    entries = [entry for entry in ctx.listing.entries if entry.path in wanted]
    found = arrival.exports(ctx.listing.name, entries)
    same = (export for export in found if arrival.identity(ctx.listing, export) == candidate.vendor_id)
    return next(same, found[0])


def is_closed(part: layout.Part) -> bool:
    """Whether only Medit's software can read the mesh."""
    return Entry(part.path, 0, 0.0).suffix == layout.CLOSED


def make_scans(export: arrival.Export, ctx: ImportContext) -> list[Scan]:
    """All meshes as scans; of one view in several formats or copies one is preferred."""
    preferred = layout.preferred(export.parts)
    return [make_scan(part, export, ctx, preferred=part.path in preferred) for part in export.parts]


def make_scan(part: layout.Part, export: arrival.Export, ctx: ImportContext, *, preferred: bool) -> Scan:
    """The scan of one mesh, with the pictures that lie beside it under its own name."""
    return scan_of(
        ctx,
        part.path,
        role=part.role,
        arch=part.arch,
        number=part.number,
        label=part.tail,
        variant=None if preferred else "copy",
        preferred=preferred,
        textures=companions(part.path, export.files),
        raw={"tail": part.tail},
    )


def companions(path: str, files: tuple[str, ...]) -> tuple[str, ...]:
    """Material files and pictures with the mesh's own folder and stem."""
    stem = path.rpartition(".")[0]
    return tuple(other for other in files if other != path and _splits(other, stem))


def _splits(path: str, stem: str) -> bool:
    start, _, suffix = path.rpartition(".")
    return layout.fold(start) == layout.fold(stem) and suffix.casefold() in COMPANIONS


def read_project(export: arrival.Export, ctx: ImportContext) -> Project:
    """The order of the case's ``.dentalProject``; a damaged one is a finding and stays attached."""
    paths = tuple(path for path in export.files if layout.is_project(path, export.prefix))
    for path in paths:
        data = ctx.read(ctx.file(path))
        if not data.strip():
            continue
        try:
            treatment = read_xml(data, place=path)
        except CorruptFile as error:
            return Project(files=paths, findings=(_unreadable(error),))
        return Project(rx.prescription_of(treatment), rx.patient_of(treatment), paths)
    return Project(files=paths)


def _unreadable(error: CorruptFile) -> Finding:
    return Finding(
        "medit.project-unreadable",
        "warning",
        f"the .dentalProject cannot be read: {error.reason}",
        hint="Take teeth and materials from the order in Medit Link.",
    )


def names_findings(export: arrival.Export) -> Iterator[Finding]:
    """What the names leave open: no name at all, or a folder and meshes that name different people."""
    if not export.is_named:
        yield Finding(
            "medit.no-identity",
            "warning",
            "the names of the meshes say nothing but their role, so nothing tells which case this is",
            hint="Ask the sender to keep the names that Medit Link gives.",
        )
    elif arrival.names_differ(export):
        yield Finding(
            "medit.names-differ",
            "warning",
            "the folder and the meshes inside it carry different names",
            hint="The folder's name counts. Check that the scans belong to this patient.",
        )
