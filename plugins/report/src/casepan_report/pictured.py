"""The sections that show something: findings with their pins, pictures, contacts, repairs, papers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from casepan.api import Finding
from casepan_report import words
from casepan_report.contacts import BANDS
from casepan_report.contents import Paper, Report
from casepan_report.icons import severity_icon
from casepan_report.images import Picture
from casepan_report.markup import Html, foreign, plain, tag
from casepan_report.views import PinPlace, Shot

_CHECKED_BY = "Checked by casepan. It checks files; it does not judge the mouth behind them."


def findings(report: Report) -> Html:
    """What was noticed, worst first; mere notes are folded away."""
    numbered = report.numbered
    asking = [_finding(n, finding, report) for n, finding in numbered if finding.severity != "info"]
    notes = [_finding(n, finding, report) for n, finding in numbered if finding.severity == "info"]
    folded = tag("details", tag("summary", words.count(len(notes), "note")), tag("ol", notes, class_="findings"))
    return tag(
        "section",
        tag("h2", "Findings"),
        tag("ol", asking, class_="findings") if asking else tag("p", "Nothing to ask, nothing to mend.", class_="calm"),
        folded if notes else None,
        tag("p", _CHECKED_BY, class_="fine"),
        id="findings",
        class_="card",
    )


def _finding(number: int, finding: Finding, report: Report) -> Html:
    message = words.sentence(finding.message, finding.teeth, report.notation)
    hint = words.sentence(finding.hint, finding.teeth, report.notation) if finding.hint else None
    value = words.measured(finding)
    said = report.language if report.language != "en" else None
    return tag(
        "li",
        tag("span", str(number), class_="no", aria_hidden="true"),
        severity_icon(finding.severity),
        tag(
            "div",
            tag(
                "p",
                tag("b", f"{words.SEVERITIES[finding.severity]} {number}: ", class_="sr"),
                foreign(words.capital(message), lang=said),
            ),
            tag("p", foreign(hint, lang=said), class_="hint") if hint else None,
            tag("p", list(_places(number, finding, value, report)), class_="fine"),
        ),
        id=f"finding-{number}",
        class_=f"finding {finding.severity}",
        tabindex="-1",
    )


def _places(number: int, finding: Finding, value: str, report: Report) -> Iterator[Html]:
    """Value and limit, scan and teeth, and the pictures that show the place."""
    if value:
        yield tag("b", value, class_="value")
    if finding.scan:
        titles = {scan.id: words.scan(scan) for scan in report.case.scans}
        yield tag("span", titles.get(finding.scan, finding.scan))
    if finding.teeth:
        name = "tooth" if len(finding.teeth) == 1 else "teeth"
        yield tag("span", f"{name} {words.teeth(finding.teeth, report.notation)}")
    shown = [shot for shot in report.gallery.shots if any(pin.number == number for pin in shot.pins)]
    for shot in shown[:3]:
        yield tag("a", shot.title, href=f"#pin-{number}-{shot.id}", data_pin=str(number), class_="to-pin")
    if report.turnable and finding.where_mm is not None and report.shapes.shape(finding.scan) is not None:
        yield tag("a", "In 3D", href="#viewer", data_pin=str(number), class_="to-pin")
    if report.internal:
        yield tag("code", finding.code)


def pictures(report: Report) -> Html | None:
    """Five views in occlusion, or why there are none."""
    known = dict(report.numbered)
    shots = report.gallery.occlusion
    if not shots and not report.shapes.shown:
        return None
    body: Html = (
        tag("div", [_figure(shot, known) for shot in shots], class_="shots five")
        if shots
        else tag("p", report.shapes.why_no_bite, class_="calm")
    )
    return tag("section", tag("h2", "In occlusion"), body, _moved(report), id="pictures", class_="card")


def _moved(report: Report) -> Html | None:
    """Which scans do not stand where their files say."""
    titles = [shape.title for shape in report.shapes.shown if shape.move is not None]
    if not titles:
        return None
    said = "Shown where the matrix that came with it brings it, its file is unchanged: "
    return tag("p", said, foreign(", ".join(titles)), ".", class_="fine")


def scans(report: Report) -> Html | None:
    """Every scan by itself, and what cannot be shown."""
    known = dict(report.numbered)
    figures = [_figure(shot, known) for shot in report.gallery.scans]
    missing = [tag("li", tag("b", title), f": {why}.") for title, why in report.shapes.unshown]
    if not figures and not missing:
        return None
    return tag(
        "section",
        tag("h2", "Scans"),
        tag("div", figures, class_="shots") if figures else None,
        [tag("h3", "Not shown"), tag("ul", missing, class_="plain")] if missing else None,
        id="scans",
        class_="card",
    )


def contact_map(report: Report) -> Html | None:
    """Where the arches touch."""
    if not report.gallery.contacts:
        return None
    bands = [tag("li", tag("span", class_=f"band {band.sign}"), band.name) for band in BANDS]
    return tag(
        "section",
        tag("h2", "Contacts"),
        tag("div", [_figure(shot, {}) for shot in report.gallery.contacts], class_="shots two"),
        tag("ul", bands, class_="legend"),
        id="contacts",
        class_="card",
    )


def repaired(report: Report) -> Html | None:
    """Before and after."""
    if not report.gallery.repairs:
        return None
    pairs = [tag("div", [_figure(shot, {}) for shot in pair], class_="shots two") for pair in report.gallery.repairs]
    return tag("section", tag("h2", "Before and after"), pairs, id="repairs", class_="card")


def revised(report: Report) -> list[Html]:
    """Each changed scan in the revision before, and in this one."""
    return [tag("div", [_figure(shot, {}) for shot in pair], class_="shots two") for pair in report.gallery.revised]


def papers(report: Report) -> Html | None:
    """Photos and the first page of each PDF."""
    if not report.papers:
        return None
    figures = [_paper(paper, report.internal) for paper in report.papers]
    return tag(
        "section",
        tag("h2", "Photos and papers"),
        tag("div", figures, class_="shots papers"),
        id="papers",
        class_="card",
    )


def _figure(shot: Shot, findings: Mapping[int, Finding]) -> Html:
    """A picture with its pins, which lead to the findings."""
    pins = [_pin(pin, shot, findings[pin.number]) for pin in shot.pins if pin.number in findings]
    about = tag("small", shot.about) if shot.about else None
    return tag(
        "figure",
        tag("div", _image(shot.picture, shot.alt), pins, _bar(shot), class_="shot"),
        tag("figcaption", tag("span", shot.title), about),
        id=shot.id,
    )


def _bar(shot: Shot) -> Html | None:
    return tag("span", f"{shot.bar[0]:g} mm", class_="bar") if shot.bar else None


def _pin(pin: PinPlace, shot: Shot, finding: Finding) -> Html:
    label = f"Finding {pin.number}: {plain(finding.message)}"
    sort = f"pin {finding.severity}{' hidden' if pin.hidden else ''}"
    name = f"pin-{pin.number}-{shot.id}"
    return tag("a", str(pin.number), id=name, href=f"#finding-{pin.number}", class_=sort, aria_label=label, title=label)


def placing(shots: Iterable[Shot]) -> str:
    """Where pins stand and how long scale bars are. Rules instead of attributes: the page's policy allows no others."""
    rules = []
    for shot in shots:
        rules += [f"#pin-{pin.number}-{shot.id}{{left:{pin.left}%;top:{pin.top}%}}" for pin in shot.pins]
        rules += [f"#{shot.id} .bar{{width:{shot.bar[1]}%}}"] if shot.bar else []
    return "".join(rules)


def _image(picture: Picture, alt: str) -> Html:
    """An image whose room is known before it is decoded."""
    size = {"width": picture.width, "height": picture.height}
    return tag("img", src=picture.address, alt=plain(alt), **size)


def _paper(paper: Paper, named: bool) -> Html:
    title = plain(paper.title) if named else "From the practice"
    if paper.picture is None:
        body: Html = tag("p", f"Not shown: {paper.about}.", class_="calm")
        return tag("figure", body, tag("figcaption", foreign(title)))
    shown = tag("div", _image(paper.picture, f"Document or photo: {title}"), class_="shot paper")
    about = tag("small", paper.about) if paper.about else None
    return tag("figure", shown, tag("figcaption", foreign(title), about))


def sections(report: Report) -> Sequence[Html]:
    """Everything that is drawn but the views in occlusion, in the order of the page."""
    parts = (scans(report), contact_map(report), repaired(report), papers(report))
    return [part for part in parts if part is not None]
