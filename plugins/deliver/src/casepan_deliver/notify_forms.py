"""One notice as mail, and in the words of chats. Whatever comes from an order cannot format anything or call anybody."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from attrs import frozen

from casepan_deliver.email_message import Draft

SCHEMA = 1
_LARGEST = {"slack": 30_000, "mattermost": 15_000, "teams": 15_000}
"""Signs of one message; the services take 40,000, 16,383 and about 28 KB."""
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~@])")


@frozen
class Section:
    """A heading and what stands under it."""

    title: str
    lines: tuple[str, ...]


@frozen
class Notice:
    """Something to tell.

    Attributes:
        event: ``"ready"``, ``"held"``, ``"rush"``, ``"failed"`` or ``"digest"``.
        title: the first line, also a mail's subject: never a name in it.
        sections: the rest; a section without a title follows the first line at once.
    """

    event: str
    title: str
    sections: tuple[Section, ...] = ()


def as_draft(notice: Notice) -> Draft:
    """The notice as a mail: text, and the same as HTML."""
    blocks = [notice.title, *("\n".join(_lines(section)) for section in notice.sections)]
    parts = [f"<h1>{escape(notice.title)}</h1>"]
    for section in notice.sections:
        parts += [f"<h2>{escape(section.title)}</h2>"] if section.title else []
        parts += ["<ul>", *(f"<li>{escape(line)}</li>" for line in section.lines), "</ul>"]
    page = "<!DOCTYPE html>\n<html><body>\n" + "\n".join(parts) + "\n</body></html>\n"
    return Draft(" ".join(notice.title.split()), "\n\n".join(blocks) + "\n", page)


def as_chat(notice: Notice, style: str, key: str) -> dict[str, Any]:
    """The document that an incoming webhook of that style takes."""
    return _STYLES[style](notice, key)


def _lines(section: Section) -> list[str]:
    return ([section.title] if section.title else []) + [f"- {line}" for line in section.lines]


def _json(notice: Notice, key: str) -> dict[str, Any]:
    sections = [{"title": section.title, "lines": list(section.lines)} for section in notice.sections]
    return {"schema": SCHEMA, "key": key, "event": notice.event, "title": notice.title, "sections": sections}


def _slack(notice: Notice, _: str) -> dict[str, Any]:
    text = _written(notice, _slack_plain, title="*{}*", heading="*{}*", line="• {}")
    return {"text": _cut(text, _LARGEST["slack"])}


def _mattermost(notice: Notice, _: str) -> dict[str, Any]:
    text = _written(notice, _plain, title="#### {}", heading="**{}**", line="- {}")
    return {"text": _cut(text, _LARGEST["mattermost"])}


def _teams(notice: Notice, _: str) -> dict[str, Any]:
    """An adaptive card, as the Workflows webhooks of Teams take it."""
    text = _written(notice, _plain, title="", heading="**{}**", line="- {}").lstrip("\n")
    body = [
        {"type": "TextBlock", "text": _plain(notice.title), "weight": "Bolder", "wrap": True},
        {"type": "TextBlock", "text": _cut(text, _LARGEST["teams"]) or " ", "wrap": True},
    ]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
        "body": body,
    }  # fmt: skip
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [attachment]}


_STYLES: Mapping[str, Callable[[Notice, str], dict[str, Any]]] = {
    "json": _json,
    "slack": _slack,
    "mattermost": _mattermost,
    "teams": _teams,
}


def _written(notice: Notice, plain: Callable[[str], str], *, title: str, heading: str, line: str) -> str:
    written = [title.format(plain(notice.title))]
    for section in notice.sections:
        written += ["", heading.format(plain(section.title))] if section.title else []
        written += [line.format(plain(text)) for text in section.lines]
    return "\n".join(written)


def _cut(text: str, largest: int) -> str:
    """Whole lines only, and how many are left out."""
    if len(text) <= largest:
        return text
    kept = text[: largest - 40].rpartition("\n")[0]
    return f"{kept}\n… and {text.count(chr(10), len(kept) + 1) + 1} more lines"


def _slack_plain(text: str) -> str:
    """Slack's three signs as entities, and no sign that makes words bold or struck."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([*_~`])", "\u200b\\1", " ".join(text.split()))


def _plain(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
