"""The index over many reports: a card (``case.json``) beside each, and one page made from all of them."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from attrs import asdict, field, frozen

from casepan_report import words
from casepan_report.contents import Report
from casepan_report.icons import verdict_icon
from casepan_report.images import thumbnail
from casepan_report.markup import Html, foreign, plain, tag
from casepan_report.page import asset, document
from casepan_report.scanners import scanner

SCHEMA = 1
_LARGEST = 1 << 20
_PICTURE = re.compile(r"[A-Za-z0-9+/=]{1,200000}")
_VERDICTS = ("accept", "review", "reject")


@frozen
class Card:
    """What the index says of one case.

    Attributes:
        case: name of the case; number: the laboratory's own number, or an empty text.
        scanner: what people call it; practice, patient: as in the report, empty where it names nobody.
        work: what is ordered, in words.
        due, received: ISO days, or empty texts.
        findings: severity to how many.
        report: file name of the report beside the card.
        picture: a small WebP picture in base64, or an empty text.
        folder: where the card lies below the index; not written into it.
    """

    case: str
    number: str = ""
    verdict: str = "review"
    next: str = ""
    scanner: str = ""
    practice: str = ""
    patient: str = ""
    work: str = ""
    rush: bool = False
    due: str = ""
    received: str = ""
    findings: dict[str, int] = field(factory=dict)
    report: str = ""
    picture: str = ""
    folder: str = ""


def card(report: Report, name: str) -> bytes:
    """The card of a report as JSON."""
    case, rx = report.case, report.case.prescription
    due = case.desk.due or rx.due
    received = case.received_at or report.made_at
    shots = report.gallery.shots
    made = Card(
        case=report.name,
        number=case.desk.number or "",
        verdict=report.judgement.verdict,
        next=report.judgement.next,
        scanner=scanner(case.key.adapter) if case.key.adapter else "",
        practice=words.practice(case),
        patient=words.patient(case),
        work=_work(report),
        rush=rx.rush,
        due=due.isoformat() if due else "",
        received=received.astimezone(report.zone).date().isoformat(),
        findings={s: sum(finding.severity == s for finding in case.findings) for s in words.RANK},
        report=name,
        picture=b64encode(thumbnail(shots[0].picture, 240).webp).decode("ascii") if shots else "",
    )
    told = {key: value for key, value in asdict(made).items() if key != "folder"}
    return (json.dumps({"schema": SCHEMA, **told}, indent=1, sort_keys=True) + "\n").encode()


def _work(report: Report) -> str:
    """``"14 crown, 15 pontic"``."""
    items = report.case.prescription.items
    return ", ".join(f"{words.teeth(item.teeth, report.notation)} {words.kind(item)}".strip() for item in items)


def read_cards(folder: Path, name: str) -> tuple[Card, ...]:
    """The cards below a folder, newest first; what is no card of this program is left out."""
    paths = sorted(path for path in folder.rglob(name) if not any(part.endswith(".part") for part in path.parts))
    cards = [card for card in (_read(path, folder) for path in paths) if card is not None]
    return tuple(sorted(cards, key=lambda card: (card.received, card.case), reverse=True))


def _read(path: Path, folder: Path) -> Card | None:
    """One card; whatever is not of its kind and size is replaced by nothing: the folder is anybody's."""
    try:
        if path.stat().st_size > _LARGEST:
            return None
        told = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(told, dict) or told.get("schema") != SCHEMA or not isinstance(told.get("report"), str):
        return None
    if not told["report"] or not (path.parent / Path(told["report"]).name).is_file():
        return None
    texts = {key: told[key] for key in _TEXTS if isinstance(told.get(key), str)}
    counts = told.get("findings")
    found = {s: counts[s] for s in words.RANK if isinstance(counts.get(s), int)} if isinstance(counts, dict) else {}
    place = path.parent.relative_to(folder).as_posix()
    return Card(**{"case": place, **texts}, rush=told.get("rush") is True, findings=found, folder=place)


_TEXTS = tuple(key for key in Card.__annotations__ if key not in ("rush", "findings", "folder"))


def index_page(cards: Sequence[Card], lab: str = "") -> bytes:
    """The index as HTML: a plain list of links, with filters where scripts run."""
    title = f"{lab}: cases" if lab else "Cases"
    body = [
        tag("a", "Skip to the cases", href="#cases", class_="skip"),
        tag(
            "header",
            tag("h1", foreign(title)),
            tag("p", _counted(cards), class_="kicker", id="count", role="status"),
            class_="index",
        ),
        _filters(cards),
        tag("main", tag("ul", [_entry(card) for card in cards], class_="cases"), _none(cards), id="cases"),
        tag("footer", tag("p", "Made from the reports in this folder; nothing is fetched, nothing is sent.")),
    ]
    styles, scripts = (asset("report.css"), asset("index.css")), (asset("index.js"),)
    return document(title, body, styles, scripts)


def _counted(cards: Sequence[Card]) -> str:
    return words.count(len(cards), "case")


def _none(cards: Sequence[Card]) -> Html | None:
    return None if cards else tag("p", "There is no report in this folder yet.", class_="calm")


def _filters(cards: Sequence[Card]) -> Html:
    """Choices for each thing that cases differ in; shown by the script that makes them work."""
    choices = (
        ("verdict", "Verdict", [(v, words.VERDICTS[v]) for v in _VERDICTS if any(card.verdict == v for card in cards)]),
        ("scanner", "Scanner", _values(card.scanner for card in cards)),
        ("practice", "Practice", _values(card.practice for card in cards)),
    )
    selects = [_choice(name, title, values) for name, title, values in choices]
    days = [
        tag("label", title, tag("input", type="date", name=name))
        for name, title in (("from", "Received from"), ("to", "to"))
    ]
    search = tag("label", "Search", tag("input", type="search", name="words", autocomplete="off"))
    return tag(
        "form", search, selects, days, class_="filters", id="filters", hidden=True, aria_label="Filter the cases"
    )


def _values(found: Any) -> list[tuple[str, str]]:
    return [(value, plain(value)) for value in sorted({value for value in found if value}, key=str.casefold)]


def _choice(name: str, title: str, values: Sequence[tuple[str, str]]) -> Html:
    options = [tag("option", shown, value=value) for value, shown in (("", "all"), *values)]
    return tag("label", title, tag("select", options, name=name))


def _entry(card: Card) -> Html:
    """One case as a link with its picture."""
    verdict = card.verdict if card.verdict in _VERDICTS else "review"
    place = f"{card.folder}/{Path(card.report).name}" if card.folder != "." else Path(card.report).name
    small = [foreign(text) for text in (card.practice, card.patient, card.scanner) if text]
    days = [f"due {card.due}" if card.due else "", f"received {card.received}" if card.received else ""]
    return tag(
        "li",
        _thumbnail(card),
        tag(
            "div",
            tag("h2", tag("a", foreign(card.number or card.case), href=quote(place)), _flag(card)),
            tag("p", foreign(card.work)) if card.work else None,
            tag("p", [[text, " · "] for text in small[:-1]], small[-1:], class_="fine"),
            tag("p", " · ".join(day for day in days if day), class_="fine"),
        ),
        tag(
            "p",
            verdict_icon(verdict),
            tag("b", words.VERDICTS[verdict]),
            tag("span", foreign(card.next)),
            class_="judged",
        ),
        class_=f"case {verdict}",
        data_verdict=verdict,
        data_scanner=card.scanner,
        data_practice=card.practice,
        data_received=card.received[:10],
        data_words=plain(" ".join((card.case, card.number, card.practice, card.patient, card.work))).casefold(),
    )


def _flag(card: Card) -> Html | None:
    return tag("span", "Rush", class_="flag") if card.rush else None


def _thumbnail(card: Card) -> Html:
    if not _PICTURE.fullmatch(card.picture):
        return tag("div", class_="thumb")
    image = tag("img", src=f"data:image/webp;base64,{card.picture}", alt="", width=240, height=120)
    return tag("div", image, class_="thumb")
