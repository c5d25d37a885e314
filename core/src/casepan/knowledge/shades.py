"""Tooth shades by guide.

Sources: the shade guides themselves, VITA (Classical, 3D-Master) and Ivoclar (BL, Chromascop, Natural Die).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

VITA_CLASSICAL = "VITA Classical"
VITA_3D_MASTER = "VITA 3D-Master"
BLEACH = "Ivoclar BL"
CHROMASCOP = "Chromascop"
NATURAL_DIE = "Ivoclar Natural Die"

_MIDDLE = ("L1.5", "L2.5", "M1", "M2", "M3", "R1.5", "R2.5")
SHADES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        VITA_CLASSICAL: (
            *("A1", "A2", "A3", "A3.5", "A4", "B1", "B2", "B3", "B4"),
            *("C1", "C2", "C3", "C4", "D2", "D3", "D4"),
        ),
        VITA_3D_MASTER: (
            *("0M1", "0M2", "0M3", "1M1", "1M2"),
            *(f"{value}{rest}" for value in "234" for rest in _MIDDLE),
            *("5M1", "5M2", "5M3"),
        ),
        BLEACH: ("BL1", "BL2", "BL3", "BL4"),
        CHROMASCOP: tuple(f"{group}{step}0" for group in range(1, 6) for step in range(1, 5)),
        NATURAL_DIE: tuple(f"ND{number}" for number in range(1, 10)),
    }
)
"""Every shade of every guide, by the guide's name."""

_GUIDE_OF = MappingProxyType({shade: guide for guide, shades in SHADES.items() for shade in shades})
_GUIDE_WORDS = re.compile(
    r"\b(?:vita(?:pan)?|classic(?:al)?|lumin|3d[ -]?master|3d|ivoclar|chromascop|shade|farbe|natural die)\b",
    re.IGNORECASE,
)
_TOKEN = re.compile(
    r"(?<![\w.])(?:[A-D][1-4](?:[.,]5)?|[0-5O][LMR][1-3](?:[.,]5)?|BL ?[1-4]|ND ?[1-9]|[1-5][1-4]0)(?![\w]|[.,]\d)"
)
_NOTHING = frozenset({"", "-", "--", "---", "none", "n/a", "no shade", "not specified", "keine", "ohne"})


def parse_shade(text: str | None) -> tuple[str | None, str | None]:
    """Shade and guide of an order's words.

    ``"A2"``, ``"vita a2"`` and ``"Shade: A2"`` are ``("A2", "VITA Classical")``, ``"A3,5"`` is A3.5, ``"OM1"`` is 0M1.
    Words that say more (``"A2, neck A3"``) stay as they are, with the guide when all shades in them are of one. What is
    in no guide is ``(text, None)``; an empty text and ``"---"`` are ``(None, None)``.
    """
    words = " ".join((text or "").split())
    if words.casefold() in _NOTHING:
        return None, None
    rest = " ".join(_GUIDE_WORDS.sub(" ", words).upper().split()).strip(" :=#()")
    if _TOKEN.fullmatch(rest) and (shade := _canonical(rest)) in _GUIDE_OF:
        return shade, _GUIDE_OF[shade]
    guides = {_GUIDE_OF.get(_canonical(token)) for token in _TOKEN.findall(rest) if not token.isdigit()}
    return words, guides.pop() if len(guides) == 1 else None


def guide_from_words(text: str | None) -> str | None:
    """The shade guide that a name means (``"VITA Lumin"`` is the Classical), None when it is none of ``SHADES``."""
    words = " ".join(re.findall(r"\w+", (text or "").casefold()))
    patterns = (
        (r"\b3d\b", VITA_3D_MASTER),
        (r"\bchromascop", CHROMASCOP),
        (r"\bnatural die\b", NATURAL_DIE),
        (r"\b(?:classical?|lumin|vitapan)\b", VITA_CLASSICAL),
    )
    return next((guide for pattern, guide in patterns if re.search(pattern, words)), None)


def _canonical(shade: str) -> str:
    plain = shade.replace(",", ".").replace(" ", "")
    return "0" + plain[1:] if plain.startswith("O") else plain
