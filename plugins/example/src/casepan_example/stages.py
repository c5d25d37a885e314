"""The stages: an importer as a class, a validator and a transformer as one function each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import evolve

from casepan import api
from casepan_example.layout import Order, read_order, recognise

VIEWS: dict[str, tuple[api.Role, api.Arch | None]] = {
    "upper": ("arch", "upper"),
    "lower": ("arch", "lower"),
    "bite": ("bite", None),
}


class ExportReader:
    """The importer ``example.export``."""

    def __init__(self, options: api.NoOptions) -> None:
        self.options = options

    def candidates(self, ctx: api.ImportContext) -> Iterable[api.Recognition]:
        """The cases in the arrival."""
        return recognise(ctx.listing)

    def read(self, candidate: api.Recognition, ctx: api.ImportContext) -> api.Case:
        """The case; ``assemble_case`` does what all layouts have in common."""
        document = candidate.files[0]
        order = read_order(ctx.listing.read(document))
        if order is None:
            raise api.NotReady("case.json changed while it was read", place=document, hint="Look again later.")
        return api.assemble_case(
            candidate,
            ctx,
            scans=list(scans_of(order, candidate, ctx)),
            prescription=api.Prescription(
                items=tuple(items_of(order)), reference=order.id, provenance={"reference": "file"}
            ),
            documents={document: "order"},
        )


def scans_of(order: Order, candidate: api.Recognition, ctx: api.ImportContext) -> Iterator[api.Scan]:
    """The meshes that are there; a part that nobody knows is kept with role ``other``."""
    folder = candidate.files[0].removesuffix("case.json")
    for part, name in order.scans.items():
        role, arch = VIEWS.get(part, ("other", None))
        if folder + name in candidate.files:
            yield api.scan_of(ctx, folder + name, role=role, arch=arch, label=part)


def items_of(order: Order) -> Iterator[api.WorkItem]:
    """One crown per tooth of the order."""
    for tooth, words in order.crowns.items():
        shade, guide = api.parse_shade(words)
        known = {"teeth": tooth, "kind": "crown", "shade": shade, "shade_guide": guide}
        told: dict[str, api.Provenance] = {name: "file" for name, value in known.items() if value}
        yield api.WorkItem(tooth, (api.from_fdi(tooth),), "crown", shade=shade, shade_guide=guide, provenance=told)


@api.validator
def check_shade(case: api.Case, _ctx: api.Context, _options: api.NoOptions) -> Iterator[api.Finding]:
    """Name every crown without a shade."""
    for item in case.prescription.items:
        if item.kind == "crown" and item.shade is None:
            yield api.Finding("example.no-shade", "warning", "this crown has no shade", teeth=item.teeth)


@api.transformer
def name_by_tooth(case: api.Case, _ctx: api.Context, _options: api.NoOptions) -> api.Case:
    """Give every scan a name for the destination: the teeth of the order and the scan's id."""
    teeth = "-".join(str(tooth) for tooth in case.prescription.teeth) or "no-teeth"
    return evolve(case, scans=tuple(evolve(scan, name=f"{teeth}_{scan.id}.{scan.format}") for scan in case.scans))
