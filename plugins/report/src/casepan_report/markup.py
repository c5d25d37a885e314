"""HTML by construction: what is not markup already is escaped, so that no name or note can become any."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

_VOID = frozenset({"br", "img", "input", "link", "meta"})
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_LONG = 400  # characters of a note that are shown without being asked for


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


Child = str | None | Iterable["Child"]
Value = str | float | bool | None


def tag(name: str, /, *children: Child, **attributes: Value) -> Html:
    """An element.

    Args:
        children: markup, plain texts (escaped), nothing, or lists of these.
        attributes: ``class_`` is written ``class``, ``data_pin`` is ``data-pin``; None and False are left out.
    """
    opened = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Html(f"<{name}{opened}>")
    return Html(f"<{name}{opened}>{join(children)}</{name}>")


def join(children: Child) -> Html:
    """Children one after the other, escaped where they are no markup."""
    if children is None:
        return Html("")
    if isinstance(children, Html):
        return children
    if isinstance(children, str):
        return Html(escape(printable(children), quote=False))
    return Html("".join(join(child) for child in children))


def foreign(text: str, lang: str | None = None) -> Html:
    """A word of somebody else's in a line of ours: isolated, so that its direction turns nothing else round."""
    return tag("bdi", text, lang=lang)


def note(text: str) -> Html:
    """A note of somebody else's with its line breaks; a long one is folded behind its beginning."""
    if len(text) <= _LONG:
        return tag("p", foreign(text), class_="note", dir="auto")
    begin = " ".join(text[: _LONG // 4].split())
    size = f"{len(text):,} characters"
    return tag(
        "details",
        tag("summary", foreign(f"{begin} …"), " ", tag("small", size)),
        tag("p", foreign(text), class_="note", dir="auto"),
    )


def plain(text: str) -> str:
    """A foreign text for a title or an alternative text, where nothing can isolate it: without marks of direction."""
    return " ".join(_BIDI.sub("", printable(text)).split())


def printable(text: str) -> str:
    """The text with undecodable bytes written as escapes and control characters left out."""
    return _CONTROL.sub("", text.encode("utf-8", "backslashreplace").decode("utf-8"))


def _attribute(key: str, value: Value) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    if isinstance(value, float):
        value = f"{value:.1f}".removesuffix(".0")
    return f' {name}="{escape(printable(str(value)))}"'
