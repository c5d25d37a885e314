"""The small parts: words, markup, chart, contacts, ticket, index, summary."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attrs import evolve

from casepan.api import Case, CorruptFile, Desk, Finding, Prescription, Scan, WorkItem
from casepan.mesh import Gap
from casepan.testing import pdf_sheet, small_scan
from casepan_report import contacts, words
from casepan_report.chart import described, tooth_chart
from casepan_report.contents import Report
from casepan_report.images import first_page, photo
from casepan_report.index import Card, card, index_page, read_cards
from casepan_report.markup import Html, foreign, plain, tag
from casepan_report.options import TicketOptions
from casepan_report.summary import summary
from casepan_report.ticket import ticket_page

Gathered = Callable[..., Report]


def test_markup_escapes_whatever_is_not_markup() -> None:
    """Texts and attributes of strangers stay texts; controls and broken letters do no harm."""
    assert tag("p", "<b>", Html("<i></i>"), None, ["&"]) == "<p>&lt;b&gt;<i></i>&amp;</p>"
    assert tag("a", title='"><script>', hidden=True, lang=None) == '<a title="&quot;&gt;&lt;script&gt;" hidden></a>'
    assert foreign("a\x00b\x1b[0m\udcff") == "<bdi>ab[0m\\udcff</bdi>"
    assert plain("\u202ename\u202c \n\t of") == "name of"
    assert tag("img", width=3, x=1.25, y=2.0) == '<img width="3" x="1.2" y="2">'


@pytest.mark.parametrize(
    ("text", "teeth", "told"),
    [
        ("a hole at tooth 14", (14,), "a hole at tooth 5"),
        ("teeth 14, 15 and 36 are missing", (14, 15, 36), "teeth 5, 4 and 19 are missing"),
        ("14 mm at tooth 14, limit 15", (14, 15), "14 mm at tooth 5, limit 15"),
        ("tooth 14 is fine", (), "tooth 14 is fine"),
    ],
)
def test_only_teeth_are_translated_in_sentences(text: str, teeth: tuple[int, ...], told: str) -> None:
    """Millimetres and limits keep their numbers."""
    assert words.sentence(text, teeth, "universal") == told
    assert words.sentence(text, teeth, "fdi") == text


def test_numbers_and_days_read_the_same_everywhere() -> None:
    """Three digits that count, and names of days that depend on no locale."""
    assert [words.number(value) for value in (0.1234, 12.34, 1234.0)] == ["0.123", "12.3", "1,234"]
    assert words.measured(Finding("a.b", "info", "", value=2.0, limit=1.0, unit="mm")) == "2 mm, limit 1 mm"
    assert words.measured(Finding("a.b", "info", "")) == ""
    assert words.day(date(2026, 11, 26)) == "Thu 26 Nov 2026"
    assert words.moment(datetime(2026, 11, 26, 9, 5)) == "Thu 26 Nov 2026, 09:05"


def test_a_scan_is_named_for_people(case: Case) -> None:
    """Arch, role, number and variant in words."""
    file = case.scans[0].file
    assert words.scan(Scan("x", "preop", "upper", file=file, variant="raw")) == "Upper pre-operative scan (raw)"
    assert words.scan(Scan("x", "bite", None, file=file, number=2)) == "Bite 2"


def test_the_chart_draws_what_is_ordered(case: Case) -> None:
    """A crown is filled, a pontic hollow, a bridge joined, an implant marked, a shade written beside its tooth."""
    chart = tooth_chart(case, "fdi", noticed={14})
    for mark in ('class="tooth fixed"', 'class="tooth pontic"', 'class="bridge"', 'class="screw"', ">A3</text>"):
        assert mark in chart
    assert chart.count('class="mark"') == 1
    assert "14 crown, zirconia, A3; 15 pontic" in chart
    assert described(evolve(case, prescription=Prescription()), "fdi") == "no work is ordered in these files"


def test_the_chart_puts_each_tooth_on_its_side(case: Case) -> None:
    """The patient's right is on the left, the upper arch above, no two teeth at one place."""
    chart = str(tooth_chart(case, "fdi"))
    places = {}
    for number in ("18", "11", "21", "28", "38", "31", "41", "48"):
        before = chart[: chart.index(f">{number}</text>")].rpartition("<text")[2]
        places[number] = tuple(float(before.split(f' {axis}="')[1].split('"')[0]) for axis in "xy")
    assert places["18"][0] < places["11"][0] < places["21"][0] < places["28"][0]
    assert places["48"][0] < places["41"][0] < places["31"][0] < places["38"][0]
    assert places["11"][1] < places["18"][1] < places["48"][1] < places["41"][1]


def test_contact_bands_take_each_place_once() -> None:
    """Areas add up, a place behind the other arch counts as deep, and one out of reach has no colour."""
    mesh = small_scan("lower").welded()
    count = 6
    gap = Gap(
        3.0,
        np.arange(count),
        np.array([0.05, 0.2, 0.5, 0.9, 0.3, 2.5]),
        np.array([1, 1, 1, 1, -1, 1], np.int8),
        np.zeros(count, np.int32),
        np.ones(count),
        mesh.vertices[:count],
    )
    areas = {band.sign: area for band, area in contacts.areas_mm2(gap)}
    assert areas == {"deep": 1.0, "contact": 1.0, "close": 1.0, "near": 1.0, "far": 1.0}
    colours = contacts.mapped(mesh, gap).vertex_colours
    assert colours is not None
    assert len({tuple(colour) for colour in colours[:count].tolist()}) == 6
    values = contacts.per_vertex(mesh, gap)
    assert values[4] == pytest.approx(-0.3)
    assert np.isnan(values[count:]).all()


def test_pictures_of_strangers_are_refused_in_words() -> None:
    """What is no picture, no PDF, or a PDF without an end is a typed error."""
    for read in (photo, first_page):
        with pytest.raises(CorruptFile):
            read(b"GIF89a no such thing")
    picture, pages = first_page(pdf_sheet(["one"]))
    assert (picture.width, pages) == (900, 1)
    with pytest.raises(CorruptFile):
        first_page(pdf_sheet(["one"])[:80])


def test_the_ticket_tells_what_lies_on_the_tray(case: Case) -> None:
    """Number, practice, teeth, material, shade, due day and a code; no patient unless asked for."""
    text = ticket_page(case, "K7Q2-M4", TicketOptions(lab="North Lab")).decode()
    for told in (
        "26-00417",
        "K7Q2-M4",
        "Practice at the Park",
        "Mon 30 Nov 2026",
        ">14<",
        "zirconia",
        "A3",
        "RUSH",
        "impression",
    ):
        assert told in text
    assert "QR code: K7Q2-M4" in text
    assert "Sentinella" not in text.replace("Sentinella&#x27;s favourite", "").replace("Sentinella's favourite", "")
    assert "Jane Sentinella" in ticket_page(case, "K7Q2-M4", TicketOptions(patient=True)).decode()


def test_a_label_says_how_much_does_not_fit(case: Case) -> None:
    """A small label lists four units and counts the rest; the code says what the lab wants."""
    text = ticket_page(case, "K7Q2-M4", TicketOptions(size="label", code="lab:{number}")).decode()
    assert "1 more unit" in text
    assert "62mm 100mm" in text
    assert "QR code: lab:26-00417" in text


def test_a_ticket_of_nothing_asks(case: Case) -> None:
    """Without an order the ticket says so."""
    bare = evolve(case, prescription=Prescription(), desk=Desk(), client=None, practice=None)
    text = ticket_page(bare, "K7Q2-M4", TicketOptions()).decode()
    assert "no work is stated" in text
    assert "not stated" in text
    assert "not known" in text


def test_the_plain_summary_tells_the_same(gathered: Gathered, case: Case) -> None:
    """Verdict, next step, order, findings and decisions in lines without control characters."""
    text = summary(gathered(evolve(case, scans=case.scans[3:], attachments=()), checks="reject"))
    assert text.startswith("26-00417  STOP\nNext: Ask the office to scan this place again.\n")
    assert "  14: crown, zirconia, A3 (VITA Classical)" in text
    assert "  1 error: a hole of 2.1 mm at tooth 14 (2.1 mm, limit 1 mm)" in text
    assert "contact by Anna. left a message" in text
    assert all(line.isprintable() for line in text.splitlines())


def cards_in(folder: Path, **told: Any) -> Path:
    """A folder with one report and its card."""
    place = folder / "K7Q2-M4"
    place.mkdir(parents=True)
    (place / "K7Q2-M4.html").write_text("report")
    whole = {
        "schema": 1,
        "case": "K7Q2-M4",
        "verdict": "review",
        "report": "K7Q2-M4.html",
        "received": "2026-11-23",
        **told,
    }
    (place / "case.json").write_text(json.dumps(whole))
    return folder


def test_a_card_comes_back_as_it_was_written(gathered: Gathered, case: Case, tmp_path: Path) -> None:
    """What the report writes beside itself is what the index reads."""
    report = gathered(evolve(case, attachments=()), checks="review")
    place = tmp_path / "K7Q2-M4"
    place.mkdir()
    (place / "K7Q2-M4.html").write_text("report")
    (place / "case.json").write_bytes(card(report, "K7Q2-M4.html"))
    (found,) = read_cards(tmp_path, "case.json")
    assert (found.case, found.number, found.verdict, found.scanner) == ("K7Q2-M4", "26-00417", "review", "3Shape TRIOS")
    assert (found.due, found.received, found.rush, found.folder) == ("2026-11-30", "2026-11-23", True, "K7Q2-M4")
    assert found.findings == {"error": 1, "warning": 1, "info": 1}
    text = index_page([found]).decode()
    assert 'href="K7Q2-M4/K7Q2-M4.html"' in text
    assert 'src="data:image/webp;base64,' in text


@pytest.mark.parametrize(
    "told",
    [{"schema": 2}, {"schema": None}, {"report": "gone.html"}, {"report": 3}, {"report": ""}],
    ids=["newer", "none", "gone", "number", "empty"],
)
def test_what_is_no_card_is_left_out(tmp_path: Path, told: dict[str, Any]) -> None:
    """A newer card, or one without its report, shows nothing rather than something wrong."""
    assert read_cards(cards_in(tmp_path, **told), "case.json") == ()


def test_a_card_cannot_lead_out_of_its_folder_or_bring_markup(tmp_path: Path) -> None:
    """The folder is anybody's: paths are cut to names, texts escaped, pictures checked."""
    bad = "<script>alert(1)</script>"
    folder = cards_in(tmp_path, report="../../K7Q2-M4.html", practice=bad, picture='x" onerror="alert(1)', verdict=bad)
    (found,) = read_cards(folder, "case.json")
    text = index_page([found], lab=bad).decode()
    assert bad not in text
    assert "onerror" not in text
    assert 'href="K7Q2-M4/K7Q2-M4.html"' in text


def test_an_empty_or_broken_folder_has_an_index_too(tmp_path: Path) -> None:
    """No card, half a card and a list where a card should be."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "case.json").write_text("{")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "case.json").write_text("[]")
    assert read_cards(tmp_path, "case.json") == ()
    assert "There is no report in this folder yet." in index_page(()).decode()


def test_the_newest_case_is_on_top() -> None:
    """The order of the index, and one choice for each practice."""
    cards = [Card("A", practice="P", report="a.html", folder="."), Card("B", practice="P", report="b.html", folder=".")]
    text = index_page(cards).decode()
    assert text.index('href="a.html"') < text.index('href="b.html"')
    assert text.count('<option value="P">') == 1


def test_an_item_without_words_has_some() -> None:
    """Unknown material, unnamed implant and unknown kind are told in words."""
    item = WorkItem("1", kind="other")
    assert (words.kind(item), words.material(item), words.shade(item)) == ("other work", "material not stated", "")
