"""The exporter ``exocad.project``: a project folder that DentalDB imports, complete and proven or not there at all."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterable, Iterator, Sequence
from hashlib import file_digest
from pathlib import Path
from xml.etree.ElementTree import Element

from attrs import evolve

from casepan.api import (
    Arch,
    Case,
    CaseError,
    DeliveryError,
    DeliveryRefused,
    ExportContext,
    PackageFile,
    Receipt,
    Role,
    Scan,
    Seal,
    deliver_folder,
    left_out,
    named_scans,
    probe_folder,
    read_xml,
    rx_document,
)
from casepan_exocad.document import identity_of
from casepan_exocad.layout import FORMATS, JAWS, jaw_of, word_for
from casepan_exocad.matrices import matrix_file, shared_matrix
from casepan_exocad.naming import Names, names_of, project_guid
from casepan_exocad.options import ProjectOptions
from casepan_exocad.project import as_bytes, cloned, scanner_style
from casepan_exocad.units import Unit, crosses_midline, units_of, worded

SEAL = Seal()
_SUFFIX = ".dentalProject"
_HELD_OPEN = (errno.EACCES, errno.EPERM, errno.EBUSY)


class ProjectFolder:
    """Delivers one project folder per case. It never writes into exocad's database: the receipt says how to import."""

    def __init__(self, options: ProjectOptions) -> None:
        self.options = options

    def deliver(self, case: Case, ctx: ExportContext) -> Receipt:
        """The project of a case.

        Raises:
            DeliveryRefused: a scan in a format that exocad does not load, a bad template, or work lies at that place.
            DeliveryError: the folder cannot be written now, or exocad holds it open.
        """
        if present := self.probe(ctx):
            return present
        scans = _loadable(case)
        names = names_of(case, ctx, self.options)
        files, told = self._package(case, scans, names, ctx)
        _refuse_worked_in(ctx, self.options.path, names.folder)
        seal = evolve(SEAL, more={"not_carried": list(told)})
        try:
            receipt = deliver_folder(ctx, self.options.path, files, name=names.folder, seal=seal)
        except DeliveryError as error:
            if _is_held_open(error):
                raise _held_open(error.place) from error
            raise
        return self._explained(receipt, told)

    def probe(self, ctx: ExportContext) -> Receipt | None:
        """The receipt, if the project is there and whole; also when exocad has imported it and written it anew since."""
        for folder in _folders(ctx.base / self.options.path, ctx.place):
            receipt = probe_folder(ctx, self.options.path, name=folder.name) or _taken_over(folder, ctx)
            if receipt is not None:
                return self._explained(receipt)
        return None

    def _package(
        self, case: Case, scans: Sequence[Scan], names: Names, ctx: ExportContext
    ) -> tuple[list[PackageFile], tuple[str, ...]]:
        teeth = case.prescription.teeth
        stem = names.folder

        def word(scan: Scan) -> str | None:
            found = word_for(scan, teeth)
            return f"{stem}-{found}" if found else None

        files, nameless = named_scans(ctx, scans, word, other=f"{stem}-other-")
        units = units_of(case, set(_carried(scans, teeth)), neighbours=self.options.neighbours)
        document, lacking = self._document(names, units, ctx)
        files.append(PackageFile(f"{stem}{_SUFFIX}", document, "order"))
        matrix, apart = shared_matrix(scans)
        if matrix is not None:
            files.append(PackageFile(f"{stem}.matrix4", matrix_file(matrix), "matrix"))
        files.append(PackageFile("rx.json", rx_document(case.prescription, private=self.options.private), "order"))
        lacking += ("matrices that some scans came with stay at home: they do not serve all scans",) if apart else ()
        stays = left_out(case, scans, private=self.options.private)
        return files, (*stays, *nameless, *_not_carried(case, scans), *lacking)

    def _document(self, names: Names, units: Sequence[Unit], ctx: ExportContext) -> tuple[bytes, tuple[str, ...]]:
        if self.options.template is None:
            said = "no material configuration of the laboratory goes along: DentalDB uses its own"
            return as_bytes(scanner_style(names, units)), (said,)
        treatment, lacking = cloned(_template(ctx.base / self.options.template), names, units)
        said = f"teeth whose kind and material the template does not hold, to be completed in DentalDB: {lacking}"
        return as_bytes(treatment), (said,) if lacking else ()

    def _explained(self, receipt: Receipt, told: Sequence[str] = ()) -> Receipt:
        """The receipt with what a person does next: exocad lists imported projects only."""
        folder = Path(receipt.place).name
        root = self.options.seen_as.rstrip("\\/") or str(Path(receipt.place).parent)
        mark = "\\" if "\\" in root or root[1:2] == ":" else "/"
        path = f"{root}{mark}{folder}{mark}{folder}{_SUFFIX}"
        more = {
            "import": f"DentalDB > Import > {path}",
            "open in CAD": f'"{self.options.program}" "{path}"',
            "note": "DentalDB lists a project only after its import; opening it in CAD works without",
        }
        if told:
            more["not carried"] = "; ".join(told)
        return evolve(receipt, proof={**receipt.proof, **more})


def _loadable(case: Case) -> tuple[Scan, ...]:
    """The preferred scans that can be read."""
    scans = tuple(scan for scan in case.scans if scan.preferred and scan.readable)
    if any(scan.format not in FORMATS for scan in scans):
        raise DeliveryRefused(
            "a scan is in a format that exocad does not load",
            hint='Put a step before this export: use = "core.convert", with = { format = "ply" }.',
        )
    return scans


def _carried(scans: Iterable[Scan], teeth: Sequence[int]) -> Iterator[tuple[Role, Arch]]:
    """Role and jaw of scans that exocad picks up; everything called jaw counts as arch."""
    for scan in scans:
        arch = scan.arch or jaw_of(scan.teeth, teeth, scan.role)
        if arch and word_for(scan, teeth):
            yield "arch" if scan.role in JAWS else scan.role, arch


def _not_carried(case: Case, scans: Sequence[Scan]) -> Iterator[str]:
    items = case.prescription.items
    known = worded(items)
    if len(known) < len(items):
        count = len(items) - len(known)
        yield f"ordered work that a project has no known word for; its notes say it, add it in DentalDB: {count}"
    if any(item.kind == "implant-crown" for item in known):
        yield "crowns on implants are written with the only implant word that is known, CustomAbutment: compare"
    if crosses_midline(known):
        yield "a bridge crosses the midline: look at its connector in DentalDB"
    if any(scan.role == "bite" for scan in scans):
        yield "bite scans lie in the folder; that exocad loads them by itself is not known"
    if any(scan.role in ("preparation", "antagonist", "edentulous") for scan in scans):
        yield "preparation and antagonist are both called jaw: the ordered teeth tell which is which"


def _template(path: Path) -> Element:
    try:
        return read_xml(path.read_bytes())
    except (OSError, CaseError) as error:
        raise DeliveryRefused(
            "the template of projects cannot be read",
            place=str(path),
            hint="Name a .dentalProject that your own exocad wrote, or leave `template` out.",
        ) from error


def _folders(root: Path, place: str) -> list[Path]:
    """Project folders whose name bears the case's, unfinished ones aside."""
    try:
        found = [path for path in root.iterdir() if place in path.name and path.suffix not in (".part", ".old")]
    except OSError:
        return []
    return sorted(path for path in found if (path / SEAL.name).is_file())


def _sealed(folder: Path) -> tuple[str, dict[str, str]]:
    """The delivery key in a folder's seal, and name to SHA-256 of what was delivered; empty without a whole seal."""
    try:
        document = json.loads((folder / SEAL.name).read_bytes())
        return str(document["key"]), {str(file["name"]): str(file["sha256"]) for file in document["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return "", {}


def _taken_over(folder: Path, ctx: ExportContext) -> Receipt | None:
    """The receipt of a project whose document exocad has written anew: same GUID, and every scan as it was delivered."""
    key, files = _sealed(folder)
    if key != ctx.key:
        return None
    own = f"{folder.name}{_SUFFIX}"
    try:
        treatment = read_xml((folder / own).read_bytes().decode("utf-8-sig").encode())  # one wrong byte is damage
        whole = all(_hash(folder / name) == content for name, content in files.items() if name != own)
    except (OSError, ValueError, CaseError):
        return None
    if not whole or identity_of(treatment).guid != str(project_guid(ctx.place)):
        return None
    said = {"verified": "found by a probe; its document was written anew, as exocad does after an import"}
    return Receipt(ctx.key, str(folder), ctx.now(), said, files)


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def _refuse_worked_in(ctx: ExportContext, path: str, name: str) -> None:
    """Replacing a project must never throw away a design: what casepan did not write itself stays."""
    folder = ctx.base / path / name
    if not ctx.replace or not folder.is_dir():
        return
    _, known = _sealed(folder)
    there = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    if there - {*known, SEAL.name}:
        raise DeliveryRefused(
            "somebody has worked in the project that would be replaced",
            place=str(folder),
            hint='Move it away, then: casepan deliveries resend. on_existing = "revise" puts revisions beside it.',
        )


def _is_held_open(error: DeliveryError) -> bool:
    """Whether a rename of the project was refused: on a CAD computer exocad has it open then."""
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno in _HELD_OPEN and bool(cause.filename2)


def _held_open(place: str | None) -> DeliveryError:
    return DeliveryError(
        "the project is open in another program",
        place=place,
        hint="Close the case in exocad; casepan tries again by itself. If it is closed: may casepan write there?",
        retry_after=60.0,
    )
