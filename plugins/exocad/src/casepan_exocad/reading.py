"""Read an exocad project folder into a case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import evolve

from casepan.api import (
    Case,
    CorruptFile,
    Entry,
    Finding,
    ImportContext,
    NoOptions,
    Recognition,
    Scan,
    assemble_case,
    read_xml,
    scan_of,
)
from casepan_exocad import arrival, layout
from casepan_exocad.document import FLAGS, Order, order_of
from casepan_exocad.layout import Part, fold
from casepan_exocad.matrices import matrices_of

COMPANIONS = ("mtl", "png", "jpg", "jpeg", "bmp")
_DOCUMENTS = {"scaninfo": "data", "jawmotion": "data", "partialinfo": "data", layout.PROJECT: "order"}
_WORDS = {"scanbody": "scan bodies", "preop": "the situation", "gingiva": "the gingiva"}


class FolderReader:
    """The importer ``exocad.folder``: project folders of exocad and of every scanner that exports in its style."""

    def __init__(self, options: NoOptions) -> None:
        self.options = options

    def candidates(self, ctx: ImportContext) -> tuple[Recognition, ...]:
        """The projects in the arrival."""
        return arrival.recognise(ctx.listing)

    def read(self, candidate: Recognition, ctx: ImportContext) -> Case:
        """The case, with the roles that its names say and the order of its ``.dentalProject``."""
        project = project_of(candidate, ctx)
        order, unreadable = read_order(project, ctx)
        scans, unclear = make_scans(project, ctx)
        shared = len({scan.transforms for scan in scans}) < 2
        documents = {path: _DOCUMENTS[suffix_of(path)] for path in project.files if suffix_of(path) in _DOCUMENTS}
        return assemble_case(
            candidate if shared else evolve(candidate, frame=None),
            ctx,
            scans=scans,
            prescription=order.prescription,
            patient=order.patient,
            documents=documents,
            findings=(*unreadable, *unclear, *_flags(order, project.parts)),
        )


def project_of(candidate: Recognition, ctx: ImportContext) -> arrival.Project:
    """The project that a recognition stands for."""
    wanted = set(candidate.files)
    found = arrival.projects([entry for entry in ctx.listing.entries if entry.path in wanted])
    return next((project for project in found if set(project.files) == wanted), found[0])


def suffix_of(path: str) -> str:
    """The lower-case extension of a path in the listing."""
    return Entry(path, 0, 0.0).suffix


def read_order(project: arrival.Project, ctx: ImportContext) -> tuple[Order, tuple[Finding, ...]]:
    """The order of the project; a damaged document is a finding and stays attached."""
    try:
        return order_of(read_xml(ctx.read(ctx.file(project.path)), place=project.path)), ()
    except CorruptFile as error:
        hint = "Ask for the case again, or take teeth and materials from the order itself."
        said = f"the .dentalProject cannot be read: {error.reason}"
        return Order(), (Finding("exocad.project-unreadable", "warning", said, hint=hint),)


def make_scans(project: arrival.Project, ctx: ImportContext) -> tuple[list[Scan], tuple[Finding, ...]]:
    """All meshes as scans with their matrix, and a finding when there are matrices that do not serve all of them."""
    measured = [part.path for part in project.parts if part.role != "design"]
    transforms, unclear = matrices_of(project, measured, ctx)
    preferred = _preferred(project.parts)
    scans = [
        scan_of(
            ctx,
            part.path,
            role=part.role,
            arch=part.arch,
            number=part.number,
            label=part.word or None,
            variant=None if part.path in preferred else "result" if part.role == "design" else "copy",
            preferred=part.path in preferred,
            textures=_companions(part.path, project.files),
            transforms=(transforms[part.path],) if part.path in transforms else (),
            raw={"word": part.word},
        )
        for part in project.parts
    ]
    said = "the matrices of the project are damaged or name only some of its scans"
    hint = "Compare the scans with each other before you measure between them."
    return scans, (Finding("exocad.matrix-unclear", "warning", said, hint=hint),) if unclear else ()


def _preferred(parts: Sequence[Part]) -> frozenset[str]:
    """Of several meshes of one view the one to work on, coloured before plain; results of a design are no scans."""
    best: dict[object, str] = {}
    for part in sorted(parts, key=lambda part: (layout.FORMATS.index(suffix_of(part.path)), part.path)):
        if part.role != "design":
            view = part.path if part.role == "other" else (part.role, part.arch, part.number)
            best.setdefault(view, part.path)
    return frozenset(best.values())


def _companions(path: str, files: Sequence[str]) -> tuple[str, ...]:
    """Material files and pictures that begin with the mesh's own path: ``roe-upperjaw.jpg``, ``roe-upperjaw_0.png``."""
    stem = fold(path.rpartition(".")[0])
    found = ((other, fold(other.rpartition(".")[0])) for other in files if suffix_of(other) in COMPANIONS)
    return tuple(other for other, name in found if name.startswith(stem) and name[len(stem) : len(stem) + 1] != "-")


def _flags(order: Order, parts: Sequence[Part]) -> Iterator[Finding]:
    """Where the order's marks for further scans and the files differ."""
    there = {(part.role, part.arch) for part in parts}
    for role, arch in sorted(order.announced - there):
        said = f"the project says that there is a scan of {_WORDS[role]} of the {arch} jaw; it did not come"
        yield Finding("exocad.scan-missing", "warning", said, hint="Ask the office for it: exocad will look for it.")
    if not order.prescription.items:
        return
    extra = {(role, arch) for role, arch in there if role in FLAGS.values() and arch in ("upper", "lower")}
    for role, arch in sorted(extra - order.announced, key=str):
        said = f"there is a scan of {_WORDS[role]} of the {arch} jaw; no tooth of the project says so"
        yield Finding("exocad.scan-unannounced", "info", said, hint="Tick it in DentalDB, or exocad ignores the file.")
