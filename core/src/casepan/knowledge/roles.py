"""What a scan shows, told by its name: the LAST role word wins, since patients and cases have names too."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import cast

from attrs import evolve, field, frozen

from casepan.arrivals.names import strip_copy_marks
from casepan.knowledge.role_words import FILLERS, ROLE_WORDS
from casepan.model.prescription import FDI_TEETH
from casepan.model.vocabulary import ARCHES, Arch, Role

_SUFFIX = re.compile(r"\.(?:stl|ply|obj|dcm|off|3mf|drc|gz|zip|dxd|mtl|jpe?g|png|bmp)$", re.IGNORECASE)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_STRONG = re.compile(r"(?<![^\W\d_])(maxillary|mandibular)[\W_]*anatomy(?![^\W\d_])")
"""Carestream: what follows ``Mandibular Anatomy`` is the name of the bite that the mandible was placed by."""
_TAIL = re.compile(r"-(?:(?:upper|lower)jaw|maxillary|mandibular|totaljaw|occlusion(?:first|second|third))(?![^\W\d_])")
"""exocad and Medit write ``<case>-upperjaw-<role>``: a role word before such a tail belongs to the case's name."""
_QUADRANTS = re.compile(r"([ul])nn\d{1,2}")
"""3Shape: folders named by arch and Universal tooth number."""
_STAGE = re.compile(r"\d+(?:maxillary|mandibular)")
"""Aligner CAD numbers its stages in front; these are models, not scans."""
_TEETH = re.compile(r"#\s?([1-8][1-8](?:\s?[,;+&/-]\s?[1-8][1-8])*)(?!\d)")
_LETTERLIKE = {"ı": "i", "ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe"}
_MARKS = "~*$"
_WORD_START = r"(?<![^\W\d_])"
_LETTERS = re.compile(r"[^\W\d_]+")
_LAST_WORD = re.compile(r"([^\W\d_]+)[\W_]*\Z")
_SEPARATORS = " _-.+,;=#~()[]"


@frozen
class RoleGuess:
    """What a name says.

    Attributes:
        role: never ``"arch"`` without an arch; arch: None where the words say none (bites, Preparation, Antagonist).
        number: 1, 2 … where the name numbers bites.
        evidence: the word of the vocabulary it was told by; nothing of the name itself.
        prefix: what stands before the role words: the case, the patient or nothing. Private.
    """

    role: Role
    arch: Arch | None = None
    number: int | None = None
    evidence: str = ""
    prefix: str = field(default="", repr=False)


def role_from_name(stem_or_path: str, *, case_name: str = "") -> RoleGuess | None:
    """Role and arch by the words of a file name and, where it says nothing or too little, of the folders it lies in.

    Copy marks are stripped. The last role word wins, together with those that stand directly before it (``Upper
    PreparationScan``, ``Antag_UpperJaw``). "Occlusion" alone is no bite: iTero writes it for arches in occlusion.

    Args:
        stem_or_path: file name with or without extension, or POSIX path; ``!`` parts zips from members. A folder
            counts only when its name consists of role words (``UpperJaw/Data.obj``,
            ``Scans/UNN08/PreparationScan.stl``).
        case_name: what all names of the case begin with; role words other than arches in it do not count.

    Returns:
        None when no word is known.
    """
    *folders, leaf = re.split(r"[/!]", stem_or_path)
    guess = _from_words(_stem(leaf), case_name)
    for folder in reversed(folders):
        hint = role_from_folder(folder)
        guess = hint if guess is None else _completed(guess, hint)
    return guess


def marked_teeth(name: str) -> tuple[int, ...]:
    """FDI teeth that a practice wrote into a name behind ``#`` (``#26``, ``#11,21``): shown, never trusted."""
    found = (int(tooth) for match in _TEETH.finditer(name) for tooth in re.findall(r"\d\d", match[1]))
    return tuple(dict.fromkeys(tooth for tooth in found if tooth in FDI_TEETH))


@frozen
class _Word:
    """A role word in a folded name."""

    start: int
    end: int
    meaning: str
    known_as: str


def _stem(leaf: str) -> str:
    while (shorter := _SUFFIX.sub("", leaf)) != leaf:
        leaf = shorter
    return strip_copy_marks(leaf)


def _folded(name: str) -> tuple[str, list[int]]:
    """The name without capitals and accents, humps parted by blanks, and for each letter its index in the NFC name."""
    composed = unicodedata.normalize("NFC", name)
    humps = {match.start() for match in _HUMP.finditer(composed)}
    text: list[str] = []
    origin: list[int] = []
    for index, letter in enumerate(composed):
        piece = (" " if index in humps else "") + _plain(letter)
        text.append(piece)
        origin += [index] * len(piece)
    return "".join(text), origin


@cache
def _plain(letter: str) -> str:
    folded = unicodedata.normalize("NFD", letter.casefold())
    bare = "".join(char for char in folded if not "\u0300" <= char <= "\u036f")
    return "".join(_LETTERLIKE.get(char, char) for char in unicodedata.normalize("NFC", bare))


@cache
def _vocabulary() -> tuple[tuple[str, str], ...]:
    """Every role word with its meaning, the longer ones first so that they win."""
    words = [(word.strip(), meaning) for meaning, text in ROLE_WORDS.items() for word in text.split(",")]
    return tuple(sorted(words, key=lambda pair: (-len(pair[0].strip(_MARKS)), pair[0])))


@cache
def _patterns(inside: bool) -> dict[str, re.Pattern[str]]:
    """For each first letter one pattern of all role words that may begin there: at the start of a word, or inside one."""
    by_letter: dict[str, list[str]] = defaultdict(list)
    for n, (word, _) in enumerate(_vocabulary()):
        pattern = _word_pattern(word)
        if not inside or not pattern.startswith(_WORD_START):
            by_letter[_bare(word)[0]].append(f"(?P<w{n}>{pattern})")
    return {letter: re.compile("|".join(patterns)) for letter, patterns in by_letter.items()}


def _words_in(text: str) -> list[_Word]:
    """The role words of a folded name, from left to right, the longer ones first."""
    found, at = [], 0
    while at < len(text):
        pattern = _patterns(inside=at > 0 and text[at - 1].isalpha()).get(text[at])
        match = pattern.match(text, at) if pattern else None
        if match:
            word, meaning = _vocabulary()[int((match.lastgroup or "w0")[1:])]
            found.append(_Word(match.start(), match.end(), meaning, word.strip(_MARKS)))
        at = match.end() if match else at + 1
    return found


def _bare(word: str) -> str:
    return "".join(_plain(letter) for letter in word.strip(_MARKS))


def _word_pattern(word: str) -> str:
    bare = _bare(word)
    body = r"[\W_]*".join(re.escape(part) for part in bare.split())
    if any(ord(letter) >= 0x590 for letter in bare):
        return body
    left = "(?<![fbg])" if word == "~lower$" else "" if word.startswith("~") else _WORD_START
    if word.endswith("*"):
        return left + body + r"[^\W\d_]*"
    return left + body + r"(?![^\W\d_])" + (r"(?=[\W\d_]*$)" if word.endswith("$") else "")


@cache
def _fillers() -> re.Pattern[str]:
    return re.compile("|".join(_word_pattern(word.strip()) for word in FILLERS.split(",")))


def _only_fillers(text: str) -> bool:
    return all(_fillers().fullmatch(word) for word in _LETTERS.findall(text))


def _without_fillers(text: str) -> str:
    """The text up to its last word that is no filler; numbers stay."""
    while (last := _LAST_WORD.search(text)) and _fillers().fullmatch(last[1]):
        text = text[: last.start()]
    return text


def _from_words(stem: str, case_name: str) -> RoleGuess | None:
    text, origin = _folded(stem)
    words = _words_in(text)
    if not words:
        return None
    tail = max((match.start() for match in _TAIL.finditer(text)), default=0)
    group = [word for word in _last_group(text, words) if word.start >= tail]
    case_end = len(_folded(case_name)[0])
    roles = [word for word in group if word.meaning not in ARCHES and word.start >= case_end]
    arches = [word for word in group if word.meaning in ARCHES]
    guess = _guess(text, roles, arches)
    if guess is None:
        return None
    end = len(_without_fillers(text[: min(word.start for word in (*roles, *arches))]))
    return evolve(guess, prefix=unicodedata.normalize("NFC", stem)[: origin[end]].strip(_SEPARATORS))


def _last_group(text: str, words: Sequence[_Word]) -> list[_Word]:
    """The last word and those before it from which only fillers part it."""
    group = [words[-1]]
    for word in reversed(words[:-1]):
        if not _only_fillers(text[word.end : group[0].start]):
            break
        group.insert(0, word)
    return group


def _guess(text: str, roles: Sequence[_Word], arches: Sequence[_Word]) -> RoleGuess | None:
    strong = _STRONG.search(text)
    if strong:
        return RoleGuess("arch", "upper" if strong[1] == "maxillary" else "lower", evidence=strong[0])
    arch = cast(Arch, arches[-1].meaning) if arches else None
    if not roles:
        role: Role = "other" if _STAGE.match(text) else "arch"
        return RoleGuess(role, arch, evidence=arches[-1].known_as) if arches else None
    last = roles[-1]
    if last.meaning == "bite":
        return RoleGuess("bite", None, _number(text, last), last.known_as)
    return RoleGuess(cast(Role, last.meaning), arch, evidence=last.known_as)


_ORDINALS = {"first": 1, "second": 2, "third": 3}


def _number(text: str, bite: _Word) -> int | None:
    """The number behind a bite: ``BiteScan2``, ``bite_2``, ``occlusionsecond``; ``TotalJaw0`` is the first."""
    for ordinal, number in _ORDINALS.items():
        if bite.known_as.endswith(ordinal):
            return number
    found = re.match(r"[\W_]*(?:scan)?[\W_]*(\d{1,2})(?![\d])", text[bite.end :])
    if found is None:
        return None
    return int(found[1]) + (1 if bite.known_as.startswith("total") else 0)


def role_from_folder(folder: str) -> RoleGuess | None:
    """What the name of a folder or zip says, when it consists of role words only; other names are those of cases."""
    quadrant = _QUADRANTS.fullmatch(folder.casefold())
    if quadrant:
        return RoleGuess("arch", "upper" if quadrant[1] == "u" else "lower", evidence=folder.casefold())
    stem = _stem(folder)
    text, _ = _folded(stem)
    for word in _words_in(text):
        text = text[: word.start] + " " * (word.end - word.start) + text[word.end :]
    return _from_words(stem, "") if _only_fillers(text) else None


def _completed(guess: RoleGuess, hint: RoleGuess | None) -> RoleGuess:
    """What the file's name says, with what only the folder knows."""
    if hint is None or guess.role == "bite" or hint.role == "bite":
        return guess
    role = hint.role if guess.role == "arch" else guess.role
    return evolve(guess, role=role, arch=guess.arch or hint.arch)
