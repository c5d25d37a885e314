"""Which code page were these names written in? Answered by evidence, for zips without the UTF-8 flag."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

DEFAULT_ORDER = ("utf-8", "cp949", "cp932", "gbk", "cp437", "cp866", "cp1252")
"""Code pages that are tried; of two that fit equally well, the earlier one is taken."""

_COMMON = frozenset(
    "김이박최정강조윤장임한오서신권황안송류홍전고문양손배백허남심노하곽성차주우구민유진지현수영상악바트교합의케스환자치과스캔"
)
_COMMON_HAN = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢上下颌颚牙口腔病例患者扫描咬合山田中村佐藤鈴木高橋伊渡辺小加吉顎右左"
)


def decode_names(raw: Sequence[bytes], order: Sequence[str] = DEFAULT_ORDER) -> tuple[list[str], str | None]:
    """The names decoded with the one code page that fits all of them best, and its name.

    A page in which a byte is undefined is out. Of the others the one whose letters make plausible words wins: one
    script per word, common letters of that script, no box drawing. UTF-8 wins whenever it is valid, since that does
    not happen by accident.

    Returns:
        The names in order and the code page; None when all names are ASCII. Where no page fits, UTF-8 with surrogate
        escapes.
    """
    telling = [name for name in raw if not name.isascii()]
    if not telling:
        return [name.decode("ascii") for name in raw], None
    best, best_score = "utf-8", None
    for page in order:
        score = _score(telling, page)
        if score is not None and (best_score is None or score > best_score):
            best, best_score = page, score
    errors = "strict" if best_score is not None else "surrogateescape"
    return [name.decode(best, errors) for name in raw], best


def _score(names: Sequence[bytes], page: str) -> float | None:
    """Plausibility per non-ASCII byte, None when the bytes are not valid in this code page."""
    try:
        texts = [name.decode(page) for name in names]
    except (UnicodeDecodeError, LookupError):
        return None
    if page == "utf-8":
        return 100.0
    total = sum(_plausibility(text) for text in texts)
    return total / sum(byte > 127 for name in names for byte in name)


def _plausibility(text: str) -> float:
    score, previous = 0.0, ""
    for letter in text:
        script = _script(letter)
        if not letter.isascii():
            score += _WORTH[script](letter)
        mixed = {script, previous} in ({"latin", "cyrillic"}, {"latin", "greek"}, {"cyrillic", "greek"})
        score -= 2.0 if mixed else 0.0
        previous = script
    return score


def _script(letter: str) -> str:
    code = ord(letter)
    if letter.isascii():
        return "latin" if letter.isalpha() else "ascii"
    for script, first, last in _RANGES:
        if first <= code <= last:
            return script
    return "latin" if unicodedata.category(letter)[0] == "L" and code < 0x250 else "symbol"


_RANGES = (
    ("greek", 0x370, 0x3FF),
    ("cyrillic", 0x400, 0x4FF),
    ("hangul", 0xAC00, 0xD7A3),
    ("kana", 0x3041, 0x30FF),
    ("halfkana", 0xFF61, 0xFF9F),
    ("han", 0x4E00, 0x9FFF),
)
_WORTH: dict[str, Callable[[str], float]] = {
    "hangul": lambda letter: 2.4 if letter in _COMMON else 1.6,
    "kana": lambda _: 2.2,
    "han": lambda letter: 2.4 if letter in _COMMON_HAN else 1.4,
    "cyrillic": lambda _: 1.0,
    "latin": lambda letter: 1.0 if unicodedata.category(letter) in ("Ll", "Lu") else -1.0,
    "halfkana": lambda _: 0.1,
    "greek": lambda _: -0.5,
    "symbol": lambda _: -1.0,
    "ascii": lambda _: 0.0,
}
