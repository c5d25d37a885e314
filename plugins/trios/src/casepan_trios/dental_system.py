"""The exporter ``trios.dental-system``: an order folder for import into Dental System.

A laboratory's tables of materials and manufacturers cannot be made up: they come from its own Dental System.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from casepan.api import (
    Arch,
    Case,
    CorruptFile,
    DeliveryError,
    DeliveryRefused,
    ExportContext,
    PackageFile,
    Prescription,
    Receipt,
    Scan,
    arch_of,
    deliver_package,
    left_out,
    named_scans,
    probe_package,
    rx_document,
)
from casepan_trios.options import DentalSystemOptions
from casepan_trios.order_xml import Tables, order_xml, orderable
from casepan_trios.rx import read_names

_WORDS = {
    "preparation": "Raw Preparation scan",
    "antagonist": "Raw Antagonist scan",
    "preop": "PrePreparationScan",
    "scanbody": "AbutmentAlignmentScan",
}
NOTE = """How to bring order {order} into Dental System

1. Copy the folder {order} (the whole folder, not its contents) to the computer with Dental Manager.
2. In Dental Manager import orders from files, and choose {order}.xml in that folder.
3. The Order Form appears, because Dental System translates materials by the rules of your laboratory.
   Compare it with this list, correct it where it differs, and press OK:
{items}
4. Open the order. Upper and lower scan must lie in occlusion; if they do not, align them before you design.

What this order does not hold:
{missing}

3Shape publishes no description of this import, and the names of its menus change between releases. If Dental Manager
refuses the order, make a new one by hand and import the scans in {order}/Scans as third-party STL files.
Materials.xml and Manufacturers.3ml are those of your own laboratory: when they change, give casepan the new ones.
"""


class DentalSystemFolder:
    """Writes ``<ref>/<ref>.xml``, ``Scans/Upper|Lower|Misc``, the laboratory's own tables and a note how to import it."""

    def __init__(self, options: DentalSystemOptions) -> None:
        self.options = options

    def deliver(self, case: Case, ctx: ExportContext) -> Receipt:
        """The package: the order folder, a note, and the whole order as ``rx.json``.

        Raises:
            DeliveryRefused: no tooth that such an order can name, or a scan that is no STL.
            DeliveryError: the laboratory's tables cannot be read; and as ``casepan.api.deliver_package``.
        """
        order, private = ctx.place, self.options.private
        scans = _checked(case, [scan for scan in case.scans if scan.preferred and scan.readable])
        roles = {scan.id: _role(scan, case.prescription) for scan in scans}
        files, nameless = named_scans(
            ctx, scans, lambda scan: _stem(scan, roles[scan.id], order), other=f"{order}/Scans/Misc/"
        )
        materials, manufacturers = (_given(ctx, path) for path in (self.options.materials, self.options.manufacturers))
        tables = _tables(materials, self.options.materials)
        told = (*left_out(case, scans, private=private), *nameless, *_not_carried(case, tables))
        files += [
            PackageFile(
                f"{order}/{order}.xml", order_xml(case, order, list(roles.values()), tables, private=private), "order"
            ),
            PackageFile(f"{order}/Materials.xml", materials, "the laboratory's materials"),
            PackageFile(f"{order}/Manufacturers.3ml", manufacturers, "the laboratory's manufacturers"),
            PackageFile("READ ME FIRST.txt", _note(case, order, told), "how to import it"),
            PackageFile("rx.json", rx_document(case.prescription, private=private), "order"),
        ]
        return deliver_package(ctx, self.options, files, not_carried=told)

    def probe(self, ctx: ExportContext) -> Receipt | None:
        """The receipt, if the package of this delivery is there and whole."""
        return probe_package(ctx, self.options)


def _checked(case: Case, scans: Sequence[Scan]) -> Sequence[Scan]:
    if not orderable(case.prescription.items):
        raise DeliveryRefused(
            "an order of Dental System needs teeth, and this case names none that it could",
            hint="Give the order with `casepan cases set`, or hand the case on with trios.package.",
        )
    if any(scan.format != "stl" for scan in scans):
        raise DeliveryRefused(
            "Dental System takes scans of other makers as STL only",
            hint='Put core.convert with format = "stl" before this export.',
        )
    return scans


def _role(scan: Scan, prescription: Prescription) -> str:
    """What the scan is in an order: an arch with ordered teeth is the preparation, the other one its antagonist."""
    if scan.role not in ("arch", "edentulous") or scan.arch not in ("upper", "lower"):
        return scan.role
    return "preparation" if scan.arch in _prepared(prescription) else "antagonist"


def _prepared(prescription: Prescription) -> frozenset[Arch]:
    return frozenset(arch_of(tooth) for tooth in prescription.teeth)


def _stem(scan: Scan, role: str, order: str) -> str | None:
    """The scan's path in the order folder, None when Dental System has no word for it."""
    if role == "bite":
        number = scan.number or 1
        return f"{order}/Scans/Misc/Raw Bite scan{number if number > 1 else ''}"
    if role not in _WORDS or scan.arch not in ("upper", "lower"):
        return None
    return f"{order}/Scans/{scan.arch.title()}/{_WORDS[role]}"


def _given(ctx: ExportContext, path: str) -> bytes:
    try:
        return (ctx.base / Path(path)).read_bytes()
    except OSError as error:
        raise DeliveryError(
            f"a table of the laboratory cannot be read: {error.strerror or type(error).__name__}",
            place=path,
            hint="Copy Materials.xml and Manufacturers.3ml out of any order of your own Dental System.",
        ) from error


def _tables(materials: bytes, path: str) -> Tables:
    try:
        return Tables(read_names(materials, place=path))
    except CorruptFile as error:
        raise DeliveryError(
            f"the laboratory's Materials.xml cannot be read: {error.reason}",
            place=path,
            hint="Copy it again out of an order of your own Dental System.",
        ) from error


def _not_carried(case: Case, tables: Tables) -> Iterator[str]:
    items = orderable(case.prescription.items)
    if len(items) < len(case.prescription.items):
        yield "some items are of a kind that an order has no known class for: they stand in rx.json"
    if any(tables.material(item) == "_NULL_" for item in items):
        yield "the laboratory's Materials.xml has no entry for a material of the order: choose it on import"
    if any(tables.tooth_type(item) == "_NULL_" for item in items):
        yield "the laboratory's Materials.xml has no entry for a kind of work of the order: choose it on import"
    if any(scan.colour not in (None, "none") for scan in case.scans):
        yield "STL has no colour"


def _note(case: Case, order: str, told: Iterable[str]) -> bytes:
    items = [
        f"   - {item.kind} {'+'.join(map(str, item.teeth))} (FDI), {item.material_text or item.material}, "
        f"shade {item.shade or 'not given'}{f', bridge {item.bridge}' if item.bridge else ''}"
        for item in case.prescription.items
    ]
    missing = [f"   - {sentence}" for sentence in told] or ["   - nothing that the case had"]
    text = NOTE.format(order=order, items="\n".join(items), missing="\n".join(missing))
    return text.replace("\n", "\r\n").encode("utf-8", "replace")
