"""The letter to the office and the telephone script."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from casepan.api import (
    Case,
    ConfigError,
    Finding,
    Letter,
    WorkItem,
    as_html,
    as_markdown,
    lacks,
    letter_texts,
    write_letter,
)
from casepan.config.options import Misfit
from casepan.knowledge.completeness import shipped_rules
from casepan.knowledge.letters import checked_texts, languages, texts_from
from casepan.model.practice import Practice
from casepan.stages.require_scans import RequireScans, RequireScansOptions
from casepan_quality.plugin import casepan_findings

from .conftest import case_of, scan
from .test_completeness import check

CROWN = WorkItem("1", (24,), "crown")
CASE = case_of([scan("u", "preparation/upper"), scan("b", "bite")], CROWN)


def letter_of(
    case: Case, findings: list[Finding], language: str = "en", own: Any = None, lab: str = "Northside"
) -> Letter:
    """The letter, which must be there."""
    letter = write_letter(
        case, findings, letter_texts(language, own or {}), lab=lab, lacks=lacks(case, shipped_rules())
    )
    assert letter is not None
    return letter


def test_errors_come_first_and_notes_never() -> None:
    """A missing scan before a missing field; the missing shade is a note."""
    letter = letter_of(CASE, check(CASE))
    assert [point.what for point in letter.points] == [
        "The scan of the opposing arch is missing (tooth 24).",
        "The order does not state the material.",
    ]


def test_the_plain_check_of_the_core_has_words_in_every_language() -> None:
    """What ``core.require-scans`` misses is asked for like any other scan, not quoted as it stands."""
    only_upper = case_of([scan("u", "preparation/upper")])
    found = list(RequireScans(RequireScansOptions()).check(only_upper, None))  # type: ignore[arg-type]
    said = {lang: [point.say for point in letter_of(only_upper, found, lang).points] for lang in languages({})}
    assert "The bite is missing. Please scan it on both sides, teeth closed." in said["en"]
    assert "The scan of the arch is missing." in said["en"]
    assert not any("there is no" in say.casefold() for lines in said.values() for say in lines)


def test_german_names_what_is_missing_in_german() -> None:
    """No English sentence of a finding slips in."""
    letter = letter_of(CASE, check(CASE), "de")
    assert [point.what for point in letter.points] == [
        "Es fehlt der Scan des Gegenkiefers (Zahn 24).",
        "Der Auftrag nennt nicht: das Material.",
    ]


def test_a_letter_has_at_most_five_points() -> None:
    """What does not fit is counted, not listed."""
    named = ("mesh.hole", "mesh.spike", "mesh.noise", "mesh.coarse", "mesh.double-layer", "margin.unclear", "bite.open")
    findings = [Finding(code, "warning", "x", teeth=(24,), value=1.25, unit="mm") for code in named]
    letter = letter_of(CASE, findings)
    assert len(letter.points) == 5
    assert letter.more is not None
    assert "2 smaller points" in letter.more


def test_what_matters_most_comes_first_among_equals() -> None:
    """The order of the texts decides: a margin before a spike."""
    findings = [Finding(code, "warning", "x", teeth=(24,)) for code in ("mesh.spike", "margin.missing")]
    assert [point.findings[0].code for point in letter_of(CASE, findings).points] == ["margin.missing", "mesh.spike"]


def test_one_point_stands_for_all_holes_of_a_scan() -> None:
    """Teeth are listed together."""
    holes = [Finding("mesh.hole", "warning", "a hole", scan="u", teeth=(tooth,)) for tooth in (25, 24, 24)]
    (point,) = letter_of(CASE, holes).points
    assert point.what == "There are holes in the scan (teeth 24, 25)."
    assert len(point.findings) == 3


def test_scans_that_are_called_alike_make_one_point() -> None:
    """The office cannot tell thirty bite scans apart by their role; the arches it can."""
    bites = [scan(f"b{number}", "bite") for number in range(30)]
    case = case_of([scan("u", "arch/upper"), scan("l", "arch/lower"), *bites], CROWN)
    found = [Finding("mesh.spike", "warning", "x", scan=one.id, value=1.0) for one in case.scans]
    points = letter_of(case, found).points
    assert [point.where for point in points] == ["scan, upper arch", "scan, lower arch", "bite scan"]
    assert len(points[-1].findings) == 30


def test_a_place_without_teeth_is_the_scan() -> None:
    """Role and arch in the language of the letter."""
    finding = Finding("mesh.coarse", "warning", "x", scan="u")
    assert letter_of(CASE, [finding]).points[0].where == "preparation scan, upper arch"
    assert letter_of(CASE, [finding], "de").points[0].where == "Präparationsscan, Oberkiefer"


def test_numbers_have_the_decimal_sign_of_the_language() -> None:
    """1.25 mm in English, 1,25 mm in German."""
    finding = Finding("bite.open", "warning", "x", value=1.25, limit=0.3, unit="mm")
    assert "1.25 mm" in letter_of(CASE, [finding]).points[0].what
    assert "1,25 mm" in letter_of(CASE, [finding], "de").points[0].what


def test_nothing_to_ask_is_no_letter() -> None:
    """Notes, and findings that the office cannot help with, make no letter."""
    findings = [Finding("completeness.no-prescription", "info", "x"), Finding("format.loss", "warning", "x")]
    assert write_letter(CASE, findings, letter_texts("en", {})) is None


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_call_takes_half_a_minute(language: str) -> None:
    """At 150 words a minute: at most 80 words, also with the longest texts."""
    texts = letter_texts(language, {})
    longest = sorted(texts.points, key=lambda key: -len(texts.points[key].say))[:3]
    findings = [Finding(key.partition("/")[0], "error", "x", teeth=(24,), value=1.25, unit="mm") for key in longest]
    letter = letter_of(CASE, findings, language)
    assert len(" ".join(letter.phone).split()) <= 80
    assert len(letter.phone) == 5


def test_html_escapes_everything_from_outside() -> None:
    """An order number with markup stays text."""
    case = evolve(CASE, prescription=evolve(CASE.prescription, reference="<img src=x onerror=alert(1)>"))
    page = as_html(letter_of(case, check(case), lab="A & B <script>"))
    assert "<img" not in page
    assert "<script" not in page
    assert "A &amp; B" in page


def test_markdown_escapes_everything_from_outside() -> None:
    """An order number cannot make a link or a heading."""
    case = evolve(CASE, prescription=evolve(CASE.prescription, reference="[a](http://x) *b* # c <d>"))
    text = as_markdown(letter_of(case, check(case)))
    assert "[a]" not in text
    assert "*b*" not in text
    assert "<d>" not in text
    assert text.startswith("# Case ")


def test_an_order_number_stays_in_its_line() -> None:
    """No heading, no second subject, nothing turned round or hidden, no page of text."""
    nasty = "R-1\n# Bill\r\nBcc: x\u202e\u200b" + "9" * 5000
    case = evolve(CASE, prescription=evolve(CASE.prescription, reference=nasty))
    letter = letter_of(case, [*check(case), Finding("rx.conflict", "warning", "a\nb")])
    assert letter.subject.isprintable()
    assert len(letter.subject) < 250
    assert letter.subject.startswith("Case R-1 # Bill Bcc: x 999")
    assert all(line.isprintable() for line in letter.phone)
    assert any("a b" in point.what for point in letter.points)


def test_placeholders_in_an_order_number_are_not_filled() -> None:
    """Nothing that came from outside is looked at again."""
    case = evolve(CASE, prescription=evolve(CASE.prescription, reference="{lab}"))
    assert "{lab}" in letter_of(case, check(case)).subject


def test_a_lab_changes_single_texts() -> None:
    """Its greeting, and the words for one point."""
    own = {"en": {"letter": {"greeting": "Hi all,"}, "points": {"mesh.hole": {"how": "Scan {where} again."}}}}
    letter = letter_of(CASE, [Finding("mesh.hole", "warning", "x", teeth=(24,))], own=own)
    assert letter.greeting == "Hi all,"
    assert letter.points[0].how == "Scan tooth 24 again."


def test_a_lab_adds_a_language() -> None:
    """A complete file is a language of its own."""
    import tomllib
    from importlib.resources import files

    table = tomllib.loads(files("casepan.knowledge").joinpath("letter_texts/en.toml").read_text("utf-8"))
    own = {"xx": {**table, "language": "Test"}}
    assert languages(own) == ("de", "en", "xx")
    assert letter_texts("xx", own).language == "Test"


def test_a_language_that_is_not_whole_asks_in_english_and_is_told() -> None:
    """No question is lost because a translation is older than casepan; ``rules check`` names each missing text."""
    own = {"fr": {"language": "Français", "letter": {"greeting": "Chers confrères,"}}}
    letter = letter_of(CASE, [Finding("mesh.hole", "warning", "x", teeth=(24,))], "fr", own)
    assert letter.greeting == "Chers confrères,"
    assert letter.points[0].what == "There are holes in the scan (tooth 24)."
    with pytest.raises(Misfit) as caught:
        checked_texts("fr", own["fr"])
    told = {problem.path for problem in caught.value.problems}
    assert {("points",), ("letter", "subject"), ("decimal",)} <= told
    assert ("letter", "greeting") not in told


def test_teeth_are_counted_as_the_practice_counts() -> None:
    """Also in the sentence that a finding brings along."""
    case = evolve(CASE, client=Practice("bright", notation="universal"))
    found = Finding("rx.conflict", "warning", "teeth 26, 27: shade differs: 26 and A2", teeth=(26, 27))
    point = letter_of(case, [found]).points[0]
    assert point.where == "teeth #14, #15"
    assert point.what == "Your order says two different things: teeth #14, #15: shade differs: 26 and A2."


def test_the_worst_of_several_is_told() -> None:
    """Of two teeth without room the one with the least; errors before all."""
    room = [Finding("bite.clearance", "warning", "x", value=v, limit=1.5, unit="mm", teeth=(24,)) for v in (1.4, 0.2)]
    (point,) = letter_of(CASE, room).points
    assert point.what.startswith("There are only 0.2 mm of room")
    assert [one.value for one in point.findings] == [0.2, 1.4]


def test_a_laboratory_without_a_name_has_words() -> None:
    """Nobody calls as nobody."""
    letter = letter_of(CASE, check(CASE), lab="")
    assert letter.signature.endswith("your laboratory")
    assert "this is your laboratory" in letter.phone[0]


def test_what_two_checks_miss_is_asked_once() -> None:
    """``core.require-scans`` and ``quality.completeness`` in one pipeline."""
    plain = list(RequireScans(RequireScansOptions()).check(CASE, None))  # type: ignore[arg-type]
    case = case_of([scan("u", "preparation/upper")], CROWN)
    said = [point.say for point in letter_of(case, [*plain, *check(case)]).points]
    assert len(said) == len(set(said))


def test_wrong_texts_are_named() -> None:
    """A placeholder that nothing fills, an unknown key, an unknown language."""
    with pytest.raises(Misfit) as caught:
        texts_from("en", {"letter": {"subject": "Case {patient}"}})
    assert caught.value.problems[0].path == ("letter", "subject")
    with pytest.raises(ConfigError, match="nothing fills"):
        letter_texts("en", {"en": {"letter": {"subject": "Case {patient}"}}})
    with pytest.raises(ConfigError, match="no letter texts"):
        letter_texts("fr", {})


def test_all_languages_know_the_same_points() -> None:
    """No question is lost in translation; both name every scan and field of the rules."""
    english, german = letter_texts("en", {}), letter_texts("de", {})
    assert list(english.points) == list(german.points)
    rules = shipped_rules()
    for texts in (english, german):
        assert set(texts.scans) == set(rules.scans)
        assert set(texts.fields) == set(rules.fields)


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_code_that_can_be_a_question_has_words(language: str) -> None:
    """All that the checks of quality raise, but for a measurement and for what the laboratory itself has to install."""
    own_business = {"bite.contacts", "colour.lost", "implant.library", "insertion.undercut", "insertion.parallel"}
    raised = {doc.code for doc in casepan_findings()} | {
        "completeness.missing-scan",
        "mesh.unreadable",
        "identity.unit",
        "mesh.extent",
        "arrival.arch-unknown",
        "arrival.arch-conflict",
        "arrival.teeth-marked",
        "colour.missing-texture",
    }
    assert raised - set(letter_texts(language, {}).points) == own_business
