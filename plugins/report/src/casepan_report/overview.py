"""The top of the page: verdict, what to do next, whose case it is, and what is ordered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from casepan.api import WorkItem
from casepan_report import words
from casepan_report.chart import tooth_chart
from casepan_report.contents import Report
from casepan_report.icons import verdict_icon
from casepan_report.markup import Html, foreign, join, note, tag
from casepan_report.scanners import scanner
from casepan_report.standing import Standing


def head(report: Report) -> Html:
    """The verdict with its sentence, and the facts by which a person knows the case."""
    judged = report.judgement
    more = len(report.judgement.open) - 1
    rest = tag("a", f"and {words.count(more, 'more point')}", href="#findings") if more > 0 else None
    verdict = tag(
        "div",
        verdict_icon(judged.verdict),
        tag("p", tag("strong", words.VERDICTS[judged.verdict]), class_="word"),
        tag("p", foreign(judged.next), " " if rest else None, rest, class_="next"),
        class_="verdict",
    )
    titles = {"lab": "Case report", "office": "Case report for the practice", "anonymous": "Case report without names"}
    kicker = [titles[report.variant], [" · ", foreign(report.lab)] if report.lab else None]
    return tag(
        "header",
        tag("p", kicker, class_="kicker"),
        tag("h1", foreign(report.case.desk.number or report.name), list(_flags(report))),
        verdict,
        tag("dl", [_fact(name, value) for name, value in _facts(report)], class_="facts"),
        class_=f"top {judged.verdict}",
    )


def _fact(name: str, value: Html | str) -> Html:
    return tag("div", tag("dt", name), tag("dd", value if isinstance(value, Html) else foreign(value)))


def _flags(report: Report) -> Iterator[Html]:
    """What must not be overlooked beside the case's name."""
    case = report.case
    flags = (
        (case.prescription.rush, "Rush"),
        (bool(case.desk.remake_of or case.prescription.remake_of), "Remake"),
        (case.revision > 1, f"Revision {case.revision}"),
    )
    for shown, word in flags:
        if shown:
            yield tag("span", word, class_="flag")


def _facts(report: Report) -> Iterator[tuple[str, Html | str]]:
    case, rx = report.case, report.case.prescription
    if report.standing is not None:
        yield "State", _standing(report.standing, report)
    due = case.desk.due or rx.due
    if due:
        yield "Due", _due(due, report)
    yield from _told(("Patient", words.patient(case)), ("Practice", words.practice(case)), ("Dentist", rx.doctor))
    if rx.appointment:
        yield "Patient comes back", report.when(rx.appointment)
    yield from _told(("Order", rx.reference), ("Ship to", rx.ship_to))
    if case.key.adapter:
        yield "Came by", words.capital(scanner(case.key.adapter))
    if case.received_at:
        yield "Received", report.when(case.received_at)
    if case.desk.number:
        yield "Case", report.name
    yield from _told(("With", case.desk.assignee), ("Department", case.desk.department))
    yield from _told(("Remake of", case.desk.remake_of or rx.remake_of), ("because", case.desk.remake_reason))


def _standing(standing: Standing, report: Report) -> Html:
    """The state, since when, and what holds it."""
    since = tag("small", f"since {report.when(standing.since)}") if standing.since else None
    why = tag("small", foreign(standing.why)) if standing.held and standing.why else None
    return tag("span", words.capital(standing.state), since, why, class_="state")


def _told(*facts: tuple[str, str | None]) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in facts if value)


def _due(due: date, report: Report) -> Html:
    days = (due - report.made_at.date()).days
    left = (
        "today" if days == 0 else f"in {words.count(days, 'day')}" if days > 0 else f"{words.count(-days, 'day')} ago"
    )
    late = tag("span", "hardly to be kept", class_="flag") if report.case.desk.late_risk else None
    return join([tag("time", words.day(due), datetime=due.isoformat()), " ", tag("small", left), late])


def order(report: Report) -> Html:
    """The prescription: chart, units, physical things, notes, and what this client always wants."""
    case, rx = report.case, report.case.prescription
    noticed = {tooth for _, finding in report.numbered if finding.severity != "info" for tooth in finding.teeth}
    units = list(_units(rx.items, report)) or [tag("li", "No work is stated in these files.", class_="unit")]
    return tag(
        "section",
        tag("h2", "Order"),
        tooth_chart(case, report.notation, noticed),
        tag("p", _notation(report), class_="fine"),
        tag("ul", units, class_="units"),
        _physical(rx.physical),
        [tag("h3", "Notes of the practice"), note(rx.notes)] if rx.notes else None,
        id="order",
        class_="card",
    )


def _notation(report: Report) -> str:
    name = "Universal (ADA)" if report.notation == "universal" else "FDI (ISO 3950)"
    return f"Tooth numbers: {name}. Seen as one looks at the patient."


def _units(items: Iterable[WorkItem], report: Report) -> Iterator[Html]:
    """Each unit; those of a bridge together."""
    listed = list(items)
    bridges = dict.fromkeys(item.bridge for item in listed if item.bridge)
    yield from (_unit(item, report) for item in listed if not item.bridge)
    for bridge in bridges:
        mine = [item for item in listed if item.bridge == bridge]
        teeth = sorted({tooth for item in mine for tooth in item.teeth})
        title = f"Bridge {words.teeth(teeth, report.notation)}" if teeth else "Bridge"
        yield tag(
            "li",
            tag("h3", title),
            tag("ul", [_unit(item, report) for item in mine], class_="units"),
            class_="bridge-of",
        )


def _unit(item: WorkItem, report: Report) -> Html:
    shade = words.shade(item)
    main = [foreign(words.material(item)), [" · ", tag("b", foreign(shade))] if shade else None]
    more = (
        ("stump", item.stump_shade),
        ("implant", words.implant(item)),
        ("scan body", item.scan_body),
        ("retention", item.retention),
        ("margin", item.margin),
        ("contacts", item.contacts),
        ("pontic", item.pontic_design),
    )
    details = [[tag("dt", name), tag("dd", foreign(value))] for name, value in more if value]
    origin = words.source(item.provenance, "teeth", "kind", "material", "shade") if report.internal else ""
    return tag(
        "li",
        tag("span", words.teeth(item.teeth, report.notation) or "?", class_="teeth"),
        tag("div", tag("strong", words.kind(item)), " ", main, tag("dl", details) if details else None, _fine(origin)),
        class_="unit",
    )


def _fine(text: str) -> Html | None:
    return tag("p", text, class_="fine") if text else None


def _physical(things: Iterable[str]) -> Html | None:
    listed = [tag("li", foreign(thing)) for thing in things]
    return join([tag("h3", "Comes by courier"), tag("ul", listed, class_="chips")]) if listed else None
