"""The importer: from the files of one iTero order to a case."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import evolve

from casepan.api import (
    Arch,
    Case,
    Entry,
    Finding,
    ImportContext,
    Patient,
    Prescription,
    Recognition,
    Role,
    Scan,
    SheetLabels,
    UnrecognisedArrival,
    assemble_case,
    scan_of,
    with_marked_teeth,
    with_sheets,
)
from casepan_itero.arrival import Order, orders_in, recognise
from casepan_itero.layout import Name, Part, choose, folded, part_named, read_name, stem_of, with_prepared
from casepan_itero.options import OrderOptions
from casepan_itero.rx import Exported, patient_of, prepared_arches, prescription_of, read_manifest, tooth_of

_JAWS: dict[str, Arch] = {"upper": "upper", "lower": "lower"}
_PICTURES = ("jpg", "jpeg", "png")
SHEET = SheetLabels(
    marks=("iTero Treatment Information", "iTero", "Practice:"),
    labels={
        "practice": ("Practice", "Practice Name"),
        "reference": ("Order ID", "Order No", "Order Number"),
        "patient": ("Patient", "Patient Name"),
        "chart": ("Chart Number", "Chart No"),
        "doctor": ("Dentist", "Doctor"),
        "licence": ("License Number", "License No", "License"),
        "ship_to": ("Ship To Address", "Ship To", "Shipping Address"),
        "due": ("Due Date",),
    },
    dates="mdy",
)
"""The sheet's fields are known; of its labels only ``Practice:`` is, with the value on the line below."""


class OrderImporter:
    """Reads both families of iTero exports."""

    def __init__(self, options: OrderOptions) -> None:
        self.options = options

    def candidates(self, ctx: ImportContext) -> Iterable[Recognition]:
        """The orders in the arrival."""
        return recognise(ctx.listing)

    def read(self, candidate: Recognition, ctx: ImportContext) -> Case:
        """The case of one recognised order.

        Raises:
            UnrecognisedArrival: the order is no longer in the arrival.
            CorruptFile: no manifest of the order can be read, or a scan is damaged.
        """
        order = next((order for order in orders_in(ctx.listing) if order.key == candidate.vendor_id), None)
        if order is None:
            raise UnrecognisedArrival("the order is no longer in the arrival", place=ctx.listing.name)
        if order.broken:
            read_manifest(ctx.listing.read(order.broken), place=order.broken)
        prescription, patient, told = with_sheets(
            ctx,
            _sheets(order),
            SHEET,
            prescription_of(order.manifest) if order.manifest else Prescription(),
            patient_of(order.manifest) if order.manifest else Patient(),
        )
        parts, findings = read_parts(order)
        chosen = choose(with_prepared(parts, prepared_arches(prescription)), self.options.prefer)
        case = assemble_case(
            candidate,
            ctx,
            scans=[_scan(part, order, ctx) for part in chosen],
            prescription=prescription,
            patient=patient,
            documents=_documents(order),
            ignored=order.older,
            findings=(*findings, *told),
        )
        folders = [part for entry in order.entries for part in entry.folder.split("/") if part]
        return with_marked_teeth(case, ctx.listing.name, *folders)


def read_parts(order: Order) -> tuple[tuple[Part, ...], tuple[Finding, ...]]:
    """The scans of an order and what a person has to look at.

    The file name says the role; the manifest's word, known to be wrong at times, serves files that are named otherwise.
    Where both name an arch and differ, neither is believed.
    """
    parts: list[Part] = []
    findings: list[Finding] = []
    for entry in order.surfaces:
        listed = order.exported.get(folded(entry.name))
        name = read_name(entry.name)
        part = part_named(entry, name) if name else _listed_part(entry, listed)
        if name and listed:
            findings += _conflicts(name, listed)
            part = part if _agrees(name.arch, listed) else evolve(part, arch=None)
        parts.append(part)
        if part.role == "other":
            message = 'a mesh has a name that no rule knows: kept as it is, role "other"'
            findings.append(Finding("arrival.role-unknown", "info", message))
    return tuple(parts), tuple(findings)


def _conflicts(name: Name, listed: Exported) -> list[Finding]:
    found = []
    if not _agrees(name.arch, listed):
        message = "upper or lower? The name of a mesh and the manifest name different jaws"
        hint = "Look at the scan and say it with `casepan cases set`."
        found.append(Finding("arrival.arch-conflict", "warning", message, hint=hint))
    if name.role == "preop" and _subtype(listed) == "jaw":
        message = "the manifest lists a scan from before the preparation as a jaw; its name is believed"
        found.append(Finding("arrival.role-conflict", "info", message))
    return found


def _agrees(arch: Arch, listed: Exported) -> bool:
    return arch == "both" or _JAWS.get(listed.jaw.casefold(), arch) == arch


def _listed_part(entry: Entry, listed: Exported | None) -> Part:
    """The scan as the manifest describes it: all that is known of a mesh with a name of its own."""
    arch = _JAWS.get(listed.jaw.casefold()) if listed else None
    role, variant = _role_of(_subtype(listed)) if listed else ("other", None)
    return Part(
        path=entry.path,
        role=role,
        arch=arch,
        variant=variant,
        label=stem_of(entry.name),
        restorative=role == "arch",
        format=entry.suffix,
    )


def _subtype(listed: Exported) -> str:
    return listed.subtype.casefold().replace("-", "_")


def _role_of(subtype: str) -> tuple[Role, str | None]:
    if "pretreatment" in subtype:
        return "preop", None
    if "ditch" in subtype:
        return "arch", "without-ditch" if "without" in subtype else "with-ditch"
    return ("arch", None) if subtype == "jaw" else ("other", None)


def _scan(part: Part, order: Order, ctx: ImportContext) -> Scan:
    return scan_of(
        ctx,
        part.path,
        role=part.role,
        arch=part.arch,
        variant=part.variant,
        number=part.bite,
        label=part.label,
        preferred=part.preferred,
        textures=_textures(part, order),
        frame=part.frame,
    )


def _textures(part: Part, order: Order) -> tuple[str, ...]:
    """The pictures of one mesh: by its name, or as the manifest lists them for the same jaw and kind."""
    stem = folded(part.path.replace("!", "/").rpartition("/")[2]).rpartition(".")[0]
    named = {f"{stem}{tail}.{suffix}" for tail in ("_texture", "") for suffix in _PICTURES}
    names = named if named & {folded(e.name) for e in order.entries} else _listed_textures(stem, part, order)
    return tuple(e.path for e in order.entries if folded(e.name) in names and e.path not in order.older)


def _listed_textures(stem: str, part: Part, order: Order) -> set[str]:
    """What the manifest lists for the jaw and kind of a mesh, when it lists one mesh only of that jaw and kind."""
    listed = order.exported.get(f"{stem}.{part.format}")
    if listed is None:
        return set()
    twins = [i for i in order.exported.values() if (i.subtype, i.jaw) == (listed.subtype, listed.jaw)]
    alone = sum(item.kind == "Surface" for item in twins) == 1
    return {folded(item.file) for item in twins if alone and item.kind == "Texture"}


def _sheets(order: Order) -> list[str]:
    """Paths of iTero's own prescription sheets, HTML before PDF."""
    sheets = [entry for entry in order.entries if _is_sheet(entry) and entry.path not in order.older]
    return [entry.path for entry in sorted(sheets, key=lambda entry: (entry.suffix == "pdf", entry.path))]


def _is_sheet(entry: Entry) -> bool:
    return entry.name.casefold().startswith(("itero_rx_", "rx_")) and entry.suffix in ("pdf", "html", "htm")


def _documents(order: Order) -> dict[str, str]:
    found = {}
    for entry in order.entries:
        listed = order.exported.get(folded(entry.name))
        if what := _what(entry, listed):
            found[entry.path] = what
    return found


def _what(entry: Entry, listed: Exported | None) -> str | None:
    name = entry.name.casefold()
    if listed and listed.kind == "Line":
        tooth = tooth_of(listed.tooth)
        return f"margin line of tooth {tooth}" if tooth else "margin line"
    if entry.suffix == "xml" and name.startswith("itero_export_"):
        return "iTero manifest"
    if _is_sheet(entry):
        return "iTero prescription sheet"
    return None
