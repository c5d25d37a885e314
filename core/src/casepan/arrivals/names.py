"""Rules for file names: copy marks of browsers and file managers, comparison, and names that every system takes."""

from __future__ import annotations

import re
import unicodedata

_SUFFIX = r"(?P<suffix>\.[A-Za-z][A-Za-z0-9]{0,19})?"
_COPY_WORD = r"(?:copy|kopie|copie|copia|c[oó]pia|kopia|m[aá]solat|копия|复制|副本|복사본|コピー)"
_PARENTHESISED = re.compile(rf"(?P<stem>.+?)(?:[ _]*\(\d{{1,3}}\))+{_SUFFIX}", re.DOTALL)
_WORDED = re.compile(rf"(?P<stem>.+?)(?: - ?{_COPY_WORD}| copy)(?: \d{{1,3}})?{_SUFFIX}", re.DOTALL | re.IGNORECASE)

_FORBIDDEN = re.compile(r'[<>:"/\\|?*!\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)", re.IGNORECASE)
LONGEST = 180
"""UTF-8 bytes of one name: file systems take 255, and exporters append ``-r2``, ``.part`` and the like."""


def strip_copy_marks(name: str) -> str:
    """The name without the marks that browsers, file managers and re-exports append; the extension stays.

    ``Normal Bite (2)(1).stl`` gives ``Normal Bite.stl``, ``case_(1).zip`` gives ``case.zip``, ``scan - Copy.stl`` gives
    ``scan.stl``. A bare number (``BiteScan 2``) is kept: it numbers scans. So is a year in parentheses.
    """
    for _ in range(8):
        match = _PARENTHESISED.fullmatch(name) or _WORDED.fullmatch(name)
        if match is None:
            return name
        name = match["stem"].rstrip(" _") + (match["suffix"] or "")
    return name


def folded(name: str) -> str:
    """The form in which names compare: NFC after casefold."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def same_name(first: str, second: str) -> bool:
    """True when two names differ at most in capitals and in how accents are composed."""
    return folded(first) == folded(second)


def safe_name(text: str, *, limit: int = LONGEST) -> str:
    """A file name that Windows, macOS and Linux take, as near to ``text`` as possible.

    Args:
        text: one name, not a path; separators in it become ``_``.
        limit: most UTF-8 bytes of the result; the extension survives shortening.
    """
    name = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", text)).strip().rstrip(". ")
    if _RESERVED.fullmatch(name.partition(".")[0].rstrip()):
        name = f"_{name}"
    return _shortened(name or "_", limit)


def _shortened(name: str, limit: int) -> str:
    if len(name.encode("utf-8")) <= limit:
        return name
    stem, dot, suffix = name.rpartition(".")
    if not stem or len(suffix) > 20:
        stem, dot, suffix = name, "", ""
    room = max(1, limit - len((dot + suffix).encode("utf-8")))
    return stem.encode("utf-8")[:room].decode("utf-8", "ignore").rstrip(". ") + dot + suffix
