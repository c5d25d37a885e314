"""Take the people out of text, JSON, XML and HTML."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, tostring

from attrs import field, frozen

from casepan.api import CaseError, read_xml
from casepan_prepare.hiding.lexicon import Lexicon
from casepan_prepare.hiding.pseudonyms import Pseudonyms, plain
from casepan_prepare.hiding.search import Needles

WAYS: Mapping[str, str] = {
    **dict.fromkeys(("xml", "dentalproject", "constructioninfo"), "xml"),
    **dict.fromkeys(("html", "htm"), "html"),
    "json": "json",
    **dict.fromkeys(("txt", "md", "csv", "toml", "ini", "matrix4", "xyz", "pts"), "text"),
}
"""How documents are cleaned, by their suffix."""

LONGEST_VALUE = 1 << 16
"""Longer values (packed geometry) are not looked into one by one; the search of the whole file does that."""

_EMPTY = frozenset({"", "0", "-1", "_null_", "true", "false", "n/r", "n/a"})
_COMMENT = re.compile(r"<!--.*?-->|<script\b.*?</script\s*>", re.DOTALL | re.IGNORECASE)


@frozen
class Cleaner:
    """What cleaning one case needs.

    Attributes:
        places: XML places that name people, as ``Personal.xml`` lists them; hps: properties of HPS files that do.
        kept: texts that stay although they stand in such a place (the laboratory keeps its staff's names).
    """

    lexicon: Lexicon = field(repr=False)
    needles: Needles = field(repr=False)
    make: Pseudonyms = field(repr=False)
    places: tuple[str, ...] = ()
    hps: tuple[str, ...] = ()
    kept: frozenset[str] = field(default=frozenset(), repr=False)
    _known: dict[str, str] = field(factory=dict, repr=False, eq=False)

    def text(self, text: str) -> str:
        """A short text without known names; an empty one when a name is still in it, written in some other way."""
        if text not in self._known:
            cleaned = self.lexicon.clean(text)
            self._known[text] = "" if self.needles.in_text(cleaned) else cleaned
        return self._known[text]

    def value(self, text: str) -> str:
        """What stands in a place that names people: always a pseudonym, whether the name is known or not."""
        if plain(text).strip() in _EMPTY or text.strip() in self.kept:
            return text
        cleaned = self.lexicon.clean(text)
        known = cleaned != text and not re.search(r"[^\W\d_]{2}", re.sub(r"[A-Z]-[0-9A-Z]{10}", "", cleaned))
        return cleaned if known else self.make.of_text("X", text)

    def plain_value(self, value: Any) -> Any:
        """A value of dicts, lists, strings and numbers with every string in it cleaned, keys too."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.plain_value(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.plain_value(inner) for inner in value]
        return value


def clean_document(data: bytes, suffix: str, cleaner: Cleaner) -> bytes | None:
    """A document of a suffix in ``WAYS``, None when it cannot be read."""
    way = WAYS[suffix]
    if way == "xml":
        return clean_xml(data, cleaner) if data.strip() else data
    if way == "html":
        return clean_html(data, cleaner)
    return clean_json(data, cleaner) if way == "json" else clean_lines(data, cleaner)


def clean_lines(data: bytes, cleaner: Cleaner) -> bytes:
    """Plain text, line by line, as UTF-8; a line in which a name is hidden in some other way is emptied."""
    return "".join(_line(line, cleaner) for line in _decoded(data).splitlines(keepends=True)).encode("utf-8", "replace")


def _line(line: str, cleaner: Cleaner) -> str:
    body = line.rstrip("\r\n")
    if not re.search(r"[^\W\d_eE]|;", body):
        return line  # numbers only: a margin line or a matrix, in which an order number is a coordinate
    return cleaner.text(body) + line[len(body) :]


def clean_json(data: bytes, cleaner: Cleaner) -> bytes:
    """A JSON document; what is none is cleaned as text."""
    try:
        document = json.loads(_decoded(data))
    except ValueError:
        return clean_lines(data, cleaner)
    return json.dumps(cleaner.plain_value(document), ensure_ascii=False, indent=2).encode("utf-8", "replace")


def clean_html(data: bytes, cleaner: Cleaner) -> bytes:
    """An HTML sheet without comments and scripts; line by line after that. Its pictures inside are left out."""
    text = _COMMENT.sub("", _decoded(data))
    text = re.sub(r"data:[\w.+-]*/?[\w.+-]*;base64,[A-Za-z0-9+/=\s]*", "", text)
    text = re.sub(r"charset\s*=\s*([\"']?)[\w-]+", r"charset=\1utf-8", text, flags=re.IGNORECASE)
    return clean_lines(text.encode("utf-8", "replace"), cleaner)


def clean_xml(data: bytes, cleaner: Cleaner) -> bytes | None:
    """An XML document as UTF-8: known places and known names replaced, comments gone. None when it is not well-formed."""
    try:
        root = read_xml(data)
    except CaseError:
        return None
    _clean_places(root, cleaner)
    _clean_properties(root, cleaner)
    for element in root.iter():
        element.text = _short(element.text, cleaner)
        element.tail = _short(element.tail, cleaner)
        for name, value in element.attrib.items():
            element.attrib[name] = _short(value, cleaner) or ""
    body: str = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{body}'.encode("utf-8", "replace")


def _short(text: str | None, cleaner: Cleaner) -> str | None:
    """A value without names. Numbers, and blanks between elements, need no look."""
    if not text or len(text) > LONGEST_VALUE or not re.search(r"[^\W\d_]{2}|\d{4}", text):
        return text
    return cleaner.text(text)


def _clean_places(root: Element, cleaner: Cleaner) -> None:
    for place in cleaner.places:
        tag, _, path = place.partition("/")
        steps, _, attribute = path.rpartition("/@")
        if root.tag != tag:
            continue
        for element in root.findall(steps if attribute and steps else path):
            if attribute and steps:
                element.set(attribute, cleaner.value(element.get(attribute, "")))
            elif len(element) == 0:
                element.text = cleaner.value(element.text or "")
            else:  # a place with an inner structure: every text below it
                for inner in element.iter():
                    inner.text = cleaner.value(inner.text or "") if (inner.text or "").strip() else inner.text


def _clean_properties(root: Element, cleaner: Cleaner) -> None:
    """Properties of HPS files that tell a practice, a computer or a licence are taken out."""
    if root.tag != "HPS":
        return
    for parent in root.iter("Properties"):
        for element in list(parent):
            if element.get("name") in cleaner.hps:
                parent.remove(element)


def _decoded(data: bytes) -> str:
    """Text in UTF-8, UTF-16 or, failing both, in the usual Western code page."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    if b"\0" in data[:64]:
        return data.decode("utf-16-be" if data[:1] == b"\0" else "utf-16-le", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
