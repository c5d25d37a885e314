"""The whole page as one file that fetches nothing and runs nothing but its own scripts."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from importlib.resources import files

from attrs import frozen

from casepan_report import overview, pictured, records, words
from casepan_report.contents import Report
from casepan_report.markup import Html, join, plain, tag

_LINKS = (
    ("findings", "Findings"),
    ("pictures", "In occlusion"),
    ("viewer", "3D"),
    ("scans", "Scans"),
    ("contacts", "Contacts"),
    ("repairs", "Before and after"),
    ("papers", "Photos and papers"),
    ("changes", "Changes"),
    ("client", "Practice"),
    ("decisions", "Decisions"),
    ("receipts", "Handed on"),
    ("files", "Files"),
)

_APART = "Each file has a frame of its own: how the scans lie to each other here says nothing of the mouth."


@frozen
class Part:
    """A section made elsewhere (the 3D viewer): its markup, and its styles and scripts to be hashed."""

    html: Html
    styles: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()


def page(report: Report, viewer: Part | None = None) -> bytes:
    """The report as HTML in UTF-8."""
    apart = tag("p", _APART, class_="calm") if report.shapes.apart else None
    shown = tag("section", tag("h2", "In 3D"), apart, viewer.html, id="viewer", class_="card") if viewer else None
    drawn = list(pictured.sections(report))
    told = tag("div", pictured.findings(report), pictured.pictures(report), class_="stack")
    sections = [tag("div", overview.order(report), told, class_="pair"), shown, drawn, records.sections(report)]
    body = [
        tag("a", "Skip to the findings", href="#findings", class_="skip"),
        overview.head(report),
        _navigation(sections),
        tag("main", sections, id="main"),
        _foot(report),
    ]
    styles = (asset("report.css"), pictured.placing(report.gallery.shots), *(viewer.styles if viewer else ()))
    scripts = (asset("report.js"), *(viewer.scripts if viewer else ()))
    return document(_title(report), body, styles, scripts)


def document(title: str, body: Sequence[Html | None], styles: Iterable[str], scripts: Iterable[str]) -> bytes:
    """A page with its own Content-Security-Policy: nothing is fetched, and only these styles and scripts count."""
    style_texts, script_texts = [text for text in styles if text], [text for text in scripts if text]
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy(style_texts, script_texts)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="robots", content="noindex"),
        tag("title", plain(title)),
        tag("link", rel="icon", href="data:,"),
        [tag("style", Html(text)) for text in style_texts],
    ]
    whole = [tag("head", head), tag("body", body, [tag("script", Html(text)) for text in script_texts])]
    return f"<!doctype html>\n{tag('html', whole, lang='en')}\n".encode()


def policy(styles: Sequence[str], scripts: Sequence[str]) -> str:
    """The policy that lets nothing in but pictures in the page and what has these hashes."""
    return "; ".join(
        (
            "default-src 'none'",
            "img-src data:",
            f"style-src {_hashes(styles)}",
            f"script-src {_hashes(scripts)}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def asset(name: str) -> str:
    """A style sheet or script of the package."""
    return files("casepan_report").joinpath("assets", name).read_text("utf-8")


def _hashes(texts: Sequence[str]) -> str:
    sums = (b64encode(sha256(text.encode()).digest()).decode("ascii") for text in texts)
    return " ".join(f"'sha256-{content}'" for content in sums) or "'none'"


def _title(report: Report) -> str:
    number = report.case.desk.number or report.name
    return f"{number}: {words.VERDICTS[report.judgement.verdict]}"


def _navigation(sections: Sequence[object]) -> Html:
    """Links to the sections that are there."""
    text = join(sections)  # type: ignore[arg-type]
    links = [tag("li", tag("a", name, href=f"#{place}")) for place, name in _LINKS if f' id="{place}"' in text]
    return tag("nav", tag("ul", links), aria_label="Sections of this report")


def _foot(report: Report) -> Html:
    privacy = {
        "lab": "For the laboratory: it names people and tells its internals.",
        "office": "For the practice that sent the case.",
        "anonymous": "Without the names of people.",
    }
    made = f"Made {report.when(report.made_at)}. {privacy[report.variant]}"
    return tag("footer", tag("p", made), tag("p", "One file: nothing is fetched, nothing is sent."))
