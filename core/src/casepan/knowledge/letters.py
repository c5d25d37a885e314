"""The letter to the office: at most five questions, worst first, and the same as a 30-second telephone call.

Texts are TOML files, one a language, in ``letter_texts/`` beside this module; a laboratory changes them, or adds a
language, by files in ``rules/letters/`` beside ``lab.toml``.
"""

from __future__ import annotations

import re
import tomllib
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from itertools import zip_longest
from typing import Any, Literal
from urllib.parse import quote

from attrs import frozen

from casepan.config.options import Misfit, Problem, read
from casepan.contract.options import option
from casepan.errors import ConfigError
from casepan.knowledge.completeness import Lack, laid_over, plain_lacks
from casepan.knowledge.lab_rules import in_force
from casepan.knowledge.teeth import to_universal
from casepan.model.case import Case, Scan
from casepan.model.finding import Finding
from casepan.model.vocabulary import SEVERITIES

MOST_POINTS = 5
MOST_SPOKEN = 3
LONGEST = 160
"""Characters of an order number or of a finding's sentence that a letter quotes."""
MISSING_SCAN, MISSING_FIELD = "completeness.missing-scan", "completeness.missing-field"
ENGLISH = "en"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_TEETH = re.compile(r"\b(tooth|teeth) ((?:[1-4][1-8]|[5-8][1-5])(?:, (?:[1-4][1-8]|[5-8][1-5]))*)\b")
_FRAME_WORDS = frozenset({"case", "lab", "more"})
_POINT_WORDS = frozenset({"case", "lab", "where", "teeth", "scan", "fields", "value", "limit", "unit", "message"})
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~])")


@frozen
class Frame:
    """What stands round the points."""

    subject: str = option(doc="subject of the e-mail, heading of the letter")
    greeting: str = option(doc="first line")
    opening: str = option(doc="first sentence")
    help: str = option(doc="stands before what to do")
    more: str = option(doc="when there are more points than fit")
    closing: str = option(doc="last sentence")
    signature: str = option(doc="who writes")


@frozen
class Phone:
    """What stands round the points on the telephone."""

    opening: str = option(doc="who calls, and about which case")
    closing: str = option(doc="the question at the end")


@frozen
class Where:
    """Words for places."""

    tooth: str = option(doc="one tooth")
    teeth: str = option(doc="several teeth")
    upper: str = option(doc="upper arch")
    lower: str = option(doc="lower arch")
    both: str = option(doc="both arches")
    case: str = option(doc="no place in particular")


@frozen
class Point:
    """The words for one kind of finding."""

    what: str = option(doc="the problem")
    how: str = option(doc="what to do")
    say: str = option(doc="the same on the telephone")


@frozen
class Texts:
    """All texts of one language. The order of ``points`` is their importance."""

    schema: Literal[1] = option(doc="version of this format")
    language: str = option(doc="name of the language in itself")
    decimal: str = option(doc="decimal sign")
    lab: str = option(doc="the laboratory, where its name is not known")
    letter: Frame = option(doc="round the points")
    phone: Phone = option(doc="on the telephone")
    where: Where = option(doc="words for places")
    roles: Mapping[str, str] = option(doc="words for scans by role")
    scans: Mapping[str, str] = option(doc="words for scans that work needs")
    fields: Mapping[str, str] = option(doc="words for fields of the order")
    points: Mapping[str, Point] = option(doc="words by finding code, or code/scan for a missing scan")


@frozen
class LetterPoint:
    """One question: its place, the problem, what to do, the spoken form, and the findings it stands for, worst first."""

    where: str
    what: str
    how: str
    say: str
    findings: tuple[Finding, ...]


@frozen
class Letter:
    """A letter that only waits for its form. Every text is plain; ``as_markdown`` and ``as_html`` escape it.

    Attributes:
        points: at most five, worst first.
        more: a sentence about points that did not fit, or None.
        help: the words before what to do.
        phone: lines for a call of about 30 seconds.
    """

    subject: str
    greeting: str
    opening: str
    points: tuple[LetterPoint, ...]
    help: str
    more: str | None
    closing: str
    signature: str
    phone: tuple[str, ...]


def languages(own: Mapping[str, Any]) -> tuple[str, ...]:
    """Languages that a letter can be written in: the shipped ones and the laboratory's (``rules["letters"]``)."""
    return tuple(sorted({*shipped_texts(), *own}))


def letter_texts(language: str, own: Mapping[str, Any]) -> Texts:
    """The texts of a language, the laboratory's own keys over the shipped ones.

    Raises:
        ConfigError: there is no such language, or the laboratory's keys or placeholders do not fit.
    """
    if language not in languages(own):
        known = ", ".join(languages(own))
        raise ConfigError(f"there are no letter texts in {language!r}", hint=f"There are: {known}.")
    return in_force(f"letters/{language}", lambda: texts_from(language, own.get(language, {})))


def texts_from(language: str, own: Mapping[str, Any]) -> Texts:
    """The texts of a language from the laboratory's keys for it.

    What a language of the laboratory leaves out stays English: a question is better asked in English than never.

    Raises:
        Misfit: with every key and placeholder that does not fit.
    """
    base = tomllib.loads(shipped_texts().get(language) or shipped_texts()[ENGLISH])
    texts: Texts = read(Texts, laid_over(base, own))
    problems = tuple(_unfillable(texts))
    if problems:
        raise Misfit(problems)
    return texts


def checked_texts(language: str, own: Mapping[str, Any]) -> Texts:
    """The same, and nothing may be left out of a language that casepan does not bring.

    Raises:
        Misfit: as above, and with every key that would stay English.
    """
    shipped = shipped_texts()
    missing = () if language in shipped else tuple(_untranslated(tomllib.loads(shipped[ENGLISH]), own))
    try:
        texts = texts_from(language, own)
    except Misfit as misfit:
        raise Misfit((*misfit.problems, *missing)) from None
    if missing:
        raise Misfit(missing)
    return texts


def _untranslated(english: Mapping[str, Any], own: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[Problem]:
    for key, text in english.items():
        if key not in own:
            yield Problem((*path, key), "is missing and stays English", "`casepan rules letters en` prints it.")
        elif isinstance(text, Mapping) and isinstance(own[key], Mapping):
            yield from _untranslated(text, own[key], (*path, key))


def write_letter(
    case: Case, findings: Sequence[Finding], texts: Texts, *, lab: str = "", lacks: Sequence[Lack] = ()
) -> Letter | None:
    """The letter about what was noticed, or None when nothing is a question to the office.

    Args:
        case: the case; its order number is used where there is one.
        findings: what was noticed; findings that only inform, and codes without a text, are left out.
        texts: the language.
        lab: the laboratory's name.
        lacks: what ``completeness.lacks`` found: it gives missing scans and fields their names in this language.
    """
    common = {"case": _tidy(case.prescription.reference or case.ref), "lab": lab or texts.lab}
    writer = _Writer(case, texts, common, {**plain_lacks(), **{lack.sentence: lack for lack in lacks}})
    points = writer.points(findings)
    if not points:
        return None
    kept, left = points[:MOST_POINTS], len(points) - MOST_POINTS
    frame = texts.letter
    said = (point.say for point in kept[:MOST_SPOKEN])
    return Letter(
        subject=_filled(frame.subject, common),
        greeting=_filled(frame.greeting, common),
        opening=_filled(frame.opening, common),
        points=kept,
        help=frame.help,
        more=_filled(frame.more, {**common, "more": str(left)}) if left > 0 else None,
        closing=_filled(frame.closing, common),
        signature=_filled(frame.signature, common),
        phone=(_filled(texts.phone.opening, common), *said, _filled(texts.phone.closing, common)),
    )


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Findings of one kind: errors before warnings, then by how far what was measured lies from its limit."""
    return sorted(
        findings, key=lambda one: (-SEVERITIES.index(one.severity), -abs((one.value or 0.0) - (one.limit or 0.0)))
    )


def as_markdown(letter: Letter, pictures: Sequence[str | None] = ()) -> str:
    """The letter as Markdown; what comes from the order or the laboratory cannot format anything.

    Args:
        pictures: for each point the name of a picture that lies beside the letter, or None.
    """
    lines = [f"# {_plain(letter.subject)}", _plain(letter.greeting), _plain(letter.opening)]
    for number, (point, picture) in enumerate(zip_longest(letter.points, pictures[: len(letter.points)]), 1):
        shown = f"\n\n   ![{_plain(point.where)}]({quote(picture)})" if picture else ""
        lines.append(f"{number}. **{_plain(point.what)}**\n   {_plain(letter.help)}: {_plain(point.how)}{shown}")
    lines += [_plain(letter.more)] if letter.more else []
    lines += [_plain(letter.closing), _plain(letter.signature).replace("\n", "  \n")]
    return "\n\n".join(lines) + "\n"


def as_html(letter: Letter, pictures: Sequence[bytes | None] = ()) -> str:
    """The letter as a piece of HTML without style or script, for a mail or a page; everything is escaped.

    Args:
        pictures: for each point a PNG that is put into the page itself, or None.
    """
    points = "\n".join(
        f"<li><strong>{escape(point.what)}</strong><br>{escape(letter.help)}: {escape(point.how)}"
        f"{_embedded(picture, point.where)}</li>"
        for point, picture in zip_longest(letter.points, pictures[: len(letter.points)])
    )
    more = f"<p>{escape(letter.more)}</p>\n" if letter.more else ""
    signature = escape(letter.signature).replace("\n", "<br>")
    return (
        f"<h1>{escape(letter.subject)}</h1>\n<p>{escape(letter.greeting)}</p>\n<p>{escape(letter.opening)}</p>\n"
        f"<ol>\n{points}\n</ol>\n{more}<p>{escape(letter.closing)}</p>\n<p>{signature}</p>\n"
    )


def _embedded(picture: bytes | None, alt: str) -> str:
    if not picture:
        return ""
    data = b64encode(picture).decode("ascii")
    return f'<br><img alt="{escape(alt)}" src="data:image/png;base64,{data}">'


@frozen
class _Writer:
    """Finds the words for findings."""

    case: Case
    texts: Texts
    common: Mapping[str, str]
    lacks: Mapping[str, Lack]

    def points(self, findings: Iterable[Finding]) -> tuple[LetterPoint, ...]:
        """One point for each group of findings, worst first, then in the order of the texts."""
        groups: dict[tuple[str, str], list[Finding]] = {}
        told = tuple(findings)
        other_units = {finding.scan for finding in told if finding.code == "identity.unit"}
        for finding in told:
            if finding.code == "mesh.extent" and finding.scan in other_units:
                continue  # the same in other words
            key = self._key(finding)
            if finding.severity != "info" and key is not None:
                groups.setdefault((key, self._group(finding)), []).append(finding)
        order = list(self.texts.points)
        ranked = sorted(
            groups.items(), key=lambda item: (all(f.severity != "error" for f in item[1]), order.index(item[0][0]))
        )
        return tuple(self._point(key, group) for (key, _), group in ranked)

    def _key(self, finding: Finding) -> str | None:
        lack = self.lacks.get(finding.message)
        special = f"{finding.code}/{lack.name}" if lack else ""
        known = (key for key in (special, finding.code) if key in self.texts.points)
        return next(known, None)

    def _group(self, finding: Finding) -> str:
        """Findings of one group become one point: by missing scan, all fields together, else by what the scan shows."""
        if finding.code == MISSING_SCAN:
            lack = self.lacks.get(finding.message)
            return f"{lack.name} {lack.arch}" if lack else finding.message
        scan = self._scan(finding)
        return "" if finding.code == MISSING_FIELD or scan is None else f"{scan.role} {scan.arch}"

    def _scan(self, finding: Finding) -> Scan | None:
        return next((scan for scan in self.case.scans if scan.id == finding.scan), None)

    def _point(self, key: str, group: Sequence[Finding]) -> LetterPoint:
        group = worst_first(group)
        words = {**self.common, **self._words(group)}
        text = self.texts.points[key]
        what, how, say = (_capital(_filled(part, words)) for part in (text.what, text.how, text.say))
        return LetterPoint(words["where"], what, how, say, tuple(group))

    def _words(self, group: Sequence[Finding]) -> dict[str, str]:
        first = group[0]
        lacks = [self.lacks[finding.message] for finding in group if finding.message in self.lacks]
        names = dict.fromkeys(self._name_of(lack) for lack in lacks)
        message = _tidy(first.message)
        named = ", ".join(names) or message
        return {
            "where": self._where(group),
            "teeth": self._numbers(_teeth(group)),
            "scan": named,
            "fields": named,
            "value": self._number(first.value),
            "limit": self._number(first.limit),
            "unit": first.unit or "",
            "message": _TEETH.sub(lambda found: f"{found[1]} {self._told(found[2])}", message),
        }

    def _name_of(self, lack: Lack) -> str:
        names = self.texts.scans if lack.what == "scan" else self.texts.fields
        return names.get(lack.name, lack.title)

    def _where(self, group: Sequence[Finding]) -> str:
        words, teeth = self.texts.where, _teeth(group)
        if teeth:
            return _filled(words.teeth if len(teeth) > 1 else words.tooth, {"teeth": self._numbers(teeth)})
        scan = self._scan(group[0])
        if scan is None:
            lack = self.lacks.get(group[0].message)
            return getattr(words, lack.arch) if lack and lack.arch else words.case
        role = self.texts.roles.get(scan.role, scan.role)
        return f"{role}, {getattr(words, scan.arch)}" if scan.arch else role

    def _numbers(self, teeth: Iterable[int]) -> str:
        """Teeth as the practice counts them: ``26``, or ``#14`` where it uses Universal numbers."""
        universal = self.case.client is not None and self.case.client.notation == "universal"
        return ", ".join(f"#{to_universal(tooth)}" if universal else str(tooth) for tooth in teeth)

    def _told(self, numbers: str) -> str:
        return self._numbers(int(number) for number in re.findall(r"\d+", numbers))

    def _number(self, value: float | None) -> str:
        return "" if value is None else f"{value:.3g}".replace(".", self.texts.decimal)


@cache
def shipped_texts() -> Mapping[str, str]:
    """The shipped files of texts by language, unread."""
    folder = files(__package__).joinpath("letter_texts")
    return {item.name.removesuffix(".toml"): item.read_text("utf-8") for item in folder.iterdir()}


def _unfillable(texts: Texts) -> Iterator[Problem]:
    """Placeholders that nothing fills."""
    for name in ("subject", "greeting", "opening", "more", "closing", "signature"):
        yield from _strange(("letter", name), getattr(texts.letter, name), _FRAME_WORDS)
    for name in ("opening", "closing"):
        yield from _strange(("phone", name), getattr(texts.phone, name), _FRAME_WORDS)
    for key, point in texts.points.items():
        for name in ("what", "how", "say"):
            yield from _strange(("points", key, name), getattr(point, name), _POINT_WORDS)


def _strange(path: tuple[str, ...], text: str, known: frozenset[str]) -> Iterator[Problem]:
    for name in _PLACEHOLDER.findall(text):
        if name not in known:
            yield Problem(path, f"nothing fills {{{name}}}", f"Possible here: {', '.join(sorted(known))}.")


def _filled(text: str, words: Mapping[str, str]) -> str:
    """The text with its placeholders filled; nothing in the words is looked at again."""
    return _PLACEHOLDER.sub(lambda found: words.get(found[1], found[0]), text)


def _tidy(text: str) -> str:
    """Foreign text as part of one line: no line ends, no signs that turn or hide others, and no longer than a sentence."""
    plain = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1]}…"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _teeth(findings: Iterable[Finding]) -> tuple[int, ...]:
    return tuple(sorted({tooth for finding in findings for tooth in finding.teeth}))


def _plain(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)
