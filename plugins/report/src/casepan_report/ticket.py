"""The tray ticket: what lies on the case pan, on A5 paper or a label, to be printed."""

from __future__ import annotations

import io
from collections.abc import Iterator

import segno

from casepan.api import Case
from casepan_report import words
from casepan_report.markup import Html, foreign, tag
from casepan_report.options import Notation, TicketOptions
from casepan_report.page import asset, document

_MOST_UNITS = {"a5": 12, "label": 4}
_SIZES = {"a5": "A5", "label": "62mm 100mm"}


def ticket_page(case: Case, name: str, options: TicketOptions) -> bytes:
    """The ticket of a case as an HTML page of exactly one sheet.

    Args:
        name: what the case is called at its destinations.
    """
    number = case.desk.number or name
    body = [
        tag(
            "main",
            tag("header", _top(case, number, name, options), class_="head"),
            tag("dl", [_fact(*fact) for fact in _facts(case, options)], class_="facts"),
            tag("ul", list(_units(case, options)), class_="work"),
            _courier(case),
            tag("footer", foreign(options.lab) if options.lab else "casepan"),
            class_=f"ticket {options.size}",
        )
    ]
    page = f"@page{{size:{_SIZES[options.size]};margin:0}}"
    return document(f"Ticket {number}", body, (asset("ticket.css"), page), ())


def qr_code(text: str) -> Html:
    """A QR code as an SVG picture; its words stand in its title."""
    stream = io.BytesIO()
    code = segno.make(text, error="m", micro=False)
    code.save(
        stream, kind="svg", xmldecl=False, svgns=False, omitsize=True, border=2, title=None, dark="#000", light="#fff"
    )
    drawing = stream.getvalue().decode("utf-8").strip()
    return tag("div", Html(drawing), class_="qr", role="img", aria_label=f"QR code: {text}")


def _top(case: Case, number: str, name: str, options: TicketOptions) -> list[Html | None]:
    text = options.code.replace("{ref}", name).replace("{number}", number)
    flags = [
        tag("span", word, class_="flag")
        for shown, word in ((case.prescription.rush, "RUSH"), (bool(case.desk.remake_of), "REMAKE"))
        if shown
    ]
    small = tag("p", name) if name != number else None
    return [tag("div", tag("h1", foreign(number)), small, flags), qr_code(text)]


def _facts(case: Case, options: TicketOptions) -> Iterator[tuple[str, str]]:
    due = case.desk.due or case.prescription.due
    yield "Due", words.day(due) if due else "not stated"
    yield "Practice", words.practice(case) or "not known"
    if options.patient and words.patient(case):
        yield "Patient", words.patient(case)


def _fact(name: str, value: str) -> Html:
    return tag("div", tag("dt", name), tag("dd", foreign(value)))


def _units(case: Case, options: TicketOptions) -> Iterator[Html]:
    notation: Notation = words.notation_of(case, options.notation)
    items = case.prescription.items
    most = _MOST_UNITS[options.size]
    for item in items[:most]:
        shade = tag("span", foreign(item.shade), class_="shade") if item.shade else None
        what = [tag("strong", words.kind(item)), " ", foreign(words.material(item))]
        yield tag("li", tag("b", words.teeth(item.teeth, notation) or "?"), tag("span", what), shade)
    if len(items) > most:
        yield tag("li", tag("b", "+"), tag("span", f"{words.count(len(items) - most, 'more unit')}: see the report"))
    if not items:
        yield tag("li", tag("b", "?"), tag("span", "no work is stated"))


def _courier(case: Case) -> Html | None:
    """What must lie on the tray, with a box to tick."""
    things = [tag("li", foreign(thing)) for thing in case.prescription.physical]
    return tag("ul", things, class_="courier", aria_label="Comes by courier") if things else None
