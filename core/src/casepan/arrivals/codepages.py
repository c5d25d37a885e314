"""Which code page were these names written in? Answered by evidence, for zips without the UTF-8 flag."""

from __future__ import annotations

from collections.abc import Sequence

DEFAULT_ORDER = ("utf-8", "cp949", "cp932", "gbk", "cp437", "cp850", "cp866", "cp1252", "cp1251")
"""Code pages that are tried; of two that fit equally well, the earlier one is taken."""

_COMMON_HANGUL = frozenset(
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
    score, previous, accented, before = 0.0, "other", False, ""
    for letter in text:
        script = _script(letter)
        if not letter.isascii():
            score += _worth(letter, script)
        if "other" not in (script, previous) and script != previous and not {script, previous} <= _JAPANESE:
            score -= 2.0  # people change the script between words, misread bytes do it inside them
        foreign = script == "latin" and not letter.isascii()
        score -= 0.6 * (foreign and accented)  # rare in any language, the rule when another script is misread
        score -= not letter.isascii() and letter.isupper() and before.islower()
        previous, accented, before = script, foreign, letter
    return score


def _script(letter: str) -> str:
    for script, first, last in _RANGES:
        if first <= ord(letter) <= last:
            return script
    return "latin" if letter.isalpha() and ord(letter) < 0x250 else "other"


def _worth(letter: str, script: str) -> float:
    """How much a letter speaks for its page: 1 for one byte of an alphabet, about 2 for two bytes of a syllable."""
    if script == "hangul":
        return 2.4 if letter in _COMMON_HANGUL else 1.6 if _encodable(letter, "euc_kr") else 0.4
    if script == "han":
        return 2.4 if letter in _COMMON_HAN else 1.4 if _encodable(letter, "gb2312") else 0.9
    if letter in "þÞðÐ":
        return 0.0  # Icelandic only, and common where one page is read as another
    return {"kana": 2.2, "cyrillic": 1.0, "latin": 1.0, "halfkana": 0.1, "greek": -0.5}.get(script, -1.0)


def _encodable(letter: str, page: str) -> bool:
    try:
        return len(letter.encode(page)) == 2  # euc_kr composes rarer syllables from eight bytes
    except UnicodeEncodeError:
        return False


_JAPANESE = frozenset({"han", "kana", "halfkana"})
_RANGES = (
    ("greek", 0x370, 0x3FF),
    ("cyrillic", 0x400, 0x4FF),
    ("hangul", 0xAC00, 0xD7A3),
    ("kana", 0x3041, 0x30FF),
    ("halfkana", 0xFF61, 0xFF9F),
    ("han", 0x4E00, 0x9FFF),
)
