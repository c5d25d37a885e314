"""All that a report says, gathered from the case and its context: values, no markup."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import evolve, frozen

from casepan.api import Attachment, Case, CaseError, ConfigError, Context, ExportContext, Finding, Receipt
from casepan_report import words
from casepan_report.images import Picture, first_page, photo
from casepan_report.judging import Judgement, judge, ranked
from casepan_report.office import asked_of_office, language_of
from casepan_report.options import Notation, ReportOptions, Variant
from casepan_report.origins import repairs_of, revision_of
from casepan_report.privacy import shown
from casepan_report.shapes import Shape, Shapes, shapes_of
from casepan_report.standing import Standing
from casepan_report.views import Gallery, gallery

MOST_PHOTOS = 12
_LARGEST = 64 << 20  # bytes of a photo or a PDF
_PICTURES = ("jpg", "jpeg", "png", "bmp", "gif", "tif", "tiff", "webp")


@frozen(eq=False)
class Paper:
    """A photo, or the first page of a PDF; without a picture, why there is none."""

    title: str
    picture: Picture | None
    about: str


@frozen(eq=False)
class Report:
    """Everything that is on the page.

    Attributes:
        case: as far as the variant may know it.
        judgement: verdict and what to do next.
        numbered: findings with their numbers, worst first.
        shapes: the opened scans, for the viewer.
        receipts: of earlier exports, by export id.
        standing: the state in the laboratory, None where it is not known or not to be told.
        language: of the findings.
        zone: the laboratory's, for times and days.
        made_at: when the report was made, aware.
        name: what the case is called in file names.
        turnable: whether the page has the 3D viewer.
        before: the revision that was handed on before this one, None without one.
    """

    case: Case
    variant: Variant
    notation: Notation
    lab: str
    judgement: Judgement
    numbered: tuple[tuple[int, Finding], ...]
    shapes: Shapes
    gallery: Gallery
    papers: tuple[Paper, ...]
    receipts: Mapping[str, Receipt]
    standing: Standing | None
    language: str
    zone: tzinfo
    made_at: datetime
    name: str
    turnable: bool
    before: int | None = None

    def when(self, at: datetime) -> str:
        """A time in the laboratory's zone; one that came without a zone stays as it came."""
        return words.moment(at.astimezone(self.zone) if at.tzinfo else at)

    @property
    def internal(self) -> bool:
        """Whether the laboratory's own business may be on the page."""
        return self.variant == "lab"


def gather(case: Case, ctx: ExportContext, options: ReportOptions, known: Mapping[str, str] | None = None) -> Report:
    """Open the scans and the papers, and leave out what the variant must not tell; nothing is drawn yet.

    Args:
        known: what the ledger knows of the case, see ``Standing.told``.
    """
    office, inside = options.variant == "office", options.variant == "lab"
    told = evolve(case, findings=asked_of_office(case, ctx)) if office else case
    visible, zone = shown(told, options.variant), zone_of(options.timezone)
    numbered = tuple(enumerate(ranked(visible.findings), 1))
    shapes = shapes_of(case, ctx)
    if options.variant == "anonymous":
        shapes = _nameless(shapes, visible)
    return Report(
        visible,
        options.variant,
        words.notation_of(case, options.notation),
        options.lab,
        judge(visible, ctx.verdict, office=office),
        numbered,
        shapes,
        Gallery(),
        () if options.variant == "anonymous" else tuple(_paper(item, ctx) for item in _papers(case)),
        dict(ctx.receipts) if inside else {},
        Standing.told(known or {}) if inside else None,
        language_of(case, ctx) if office else "en",
        zone,
        ctx.now().astimezone(zone),
        ctx.place,
        options.viewer and bool(shapes.shown),
    )


def zone_of(name: str) -> tzinfo:
    """A time zone by its IANA name.

    Raises:
        ConfigError: there is none of that name.
    """
    if name == "UTC":  # known without the system's tables
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(f"there is no time zone {name!r}", hint='Write it like "Europe/Berlin".') from error


def with_pictures(report: Report, ctx: ExportContext) -> Report:
    """The report with everything drawn that is drawn from its scans."""
    repairs = repairs_of(report.shapes, ctx) if report.variant != "office" else ()
    revision = revision_of(report.case, report.shapes, ctx)
    pairs = revision.pairs if revision else ()
    drawn = gallery(report.shapes, report.numbered, repairs, pairs, ctx)
    return evolve(report, gallery=drawn, before=revision.number if revision else None)


def _nameless(shapes: Shapes, visible: Case) -> Shapes:
    """The shapes with the scans of the anonymous case: drawn from the true files, told by their ids."""
    known = {scan.id: scan for scan in visible.scans}

    def nameless(shape: Shape) -> Shape:
        return evolve(shape, scan=evolve(known[shape.scan.id], transforms=shape.scan.transforms))

    return evolve(shapes, shown=tuple(map(nameless, shapes.shown)))


def _papers(case: Case) -> tuple[Attachment, ...]:
    photos = [item for item in case.attachments if item.file.suffix in _PICTURES]
    photos += [Attachment(scan.id, scan.file, "picture") for scan in case.scans if scan.role == "photo"]
    return (*(item for item in case.attachments if item.file.suffix == "pdf"), *photos[:MOST_PHOTOS])


def _paper(item: Attachment, ctx: Context) -> Paper:
    if item.file.size > _LARGEST:
        return Paper(item.file.name, None, "too large to be shown here")
    try:
        if item.file.suffix == "pdf":
            picture, pages = first_page(ctx.read(item.file))
            return Paper(item.file.name, picture, f"first of {pages} pages" if pages > 1 else "one page")
        return Paper(item.file.name, photo(ctx.read(item.file)), "")
    except CaseError as error:
        return Paper(item.file.name, None, error.reason)
