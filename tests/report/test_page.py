"""What is on the page, and what never can be."""

from __future__ import annotations

import re
import tempfile
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args

import pytest
from attrs import evolve

from casepan.api import (
    Attachment,
    Case,
    CaseKey,
    ConfigError,
    Decision,
    Desk,
    Finding,
    Patient,
    Prescription,
    Receipt,
    WorkItem,
)
from casepan.running.context import Bench, Errand
from casepan_report.contents import gather
from casepan_report.images import photo
from casepan_report.options import ReportOptions, Variant
from casepan_report.page import page

Written = Callable[..., str]


@pytest.fixture
def bare(case: Case) -> Case:
    """The case without scans and papers: nothing has to be drawn."""
    return evolve(case, scans=(), attachments=())


NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SCRIPT = "<script>alert('x')</script>"
RTL = "\u202egnp.exe\u202c"


class Outline(HTMLParser):
    """Tags with their attributes, and the text outside of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag."""
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        if self._inside not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self) -> str:
        """All words in one line."""
        return " ".join(" ".join(self.words).split())


def readable(text: str) -> str:
    """The page without what is no text: pictures, scans and hashes hold any few letters by chance."""
    return re.sub(r"base64,[A-Za-z0-9+/=]+|'sha256-[^']+'|>[A-Za-z0-9+/=]{200,}<", "", text)


def tags(text: str, name: str) -> list[dict[str, str | None]]:
    """The attributes of every tag of a name."""
    return [attributes for tag, attributes in Outline(text).tags if tag == name]


def test_the_verdict_stands_on_top_with_one_sentence(whole: str) -> None:
    """The first words of the page: whose report, which case, what verdict, what to do."""
    head = Outline(whole[whole.index("<body") :]).text
    assert "26-00417" in head[:120]
    assert re.search(r"Stop Ask the office to scan this place again\. and 1 more point", head[:250])


def test_the_page_holds_everything_the_issue_names(whole: str) -> None:
    """Order, chart, pictures, contacts, papers, client, decisions, changes, files and receipts, each once."""
    known = {attributes.get("id") for _, attributes in Outline(whole).tags}
    wanted = {
        "order",
        "findings",
        "pictures",
        "viewer",
        "scans",
        "contacts",
        "papers",
        "client",
        "decisions",
        "changes",
    }
    assert wanted | {"files", "provenance", "view-front", "view-back", "contacts-upper", "scan-bite-1"} <= known
    text = Outline(whole).text
    for word in (
        "Bridge 14, 15, 16",
        "impression",
        "Contacts light.",
        "rang them up",
        "left a message",
        "hardly to be kept",
    ):
        assert word in text
    for word in (
        "read back",
        "/lab/cad/K7Q2-M4",
        "d" * 64,
        "up to 0.4 mm apart",
        "Dr. Vera Dentatus",
        "only the vendor",
    ):
        assert word in text


def test_every_finding_has_its_number_value_limit_and_advice(whole: str) -> None:
    """The worst is number one; a note is counted after it."""
    first = whole[whole.index('id="finding-1"') : whole.index('id="finding-2"')]
    assert "2.1 mm, limit 1 mm" in first
    assert "Ask the office to scan this place again." in first
    assert 'href="#pin-1-' in first
    assert "taken for upper arch" in whole[whole.index('id="finding-3"') :].lower()


def test_ids_are_unique_and_every_link_in_the_page_leads_somewhere(whole: str) -> None:
    """No pin leads nowhere."""
    ids = [attributes["id"] for _, attributes in Outline(whole).tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [attributes["href"] or "" for attributes in tags(whole, "a")]
    assert len(links) > 10
    assert [link for link in links if not link.startswith("#") or link[1:] not in ids] == []


def test_the_policy_allows_exactly_what_is_in_the_page(whole: str) -> None:
    """Each style and script has its hash in the policy; no style attribute, no handler, no address but data."""
    policy = next(a["content"] for a in tags(whole, "meta") if a.get("http-equiv") == "Content-Security-Policy") or ""
    for name in ("style", "script"):
        texts = re.findall(rf"<{name}>(.*?)</{name}>", whole, re.DOTALL)
        hashes = {f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in texts}
        assert texts
        assert hashes == set(re.search(rf"{name}-src ([^;]+)", policy)[1].split())  # type: ignore[index]
    assert policy.startswith("default-src 'none'; img-src data:;")
    for _, attributes in Outline(whole).tags:
        assert not [key for key in attributes if key == "style" or key.startswith("on")]
        assert (attributes.get("src") or "data:").startswith("data:")


def test_every_picture_has_words_and_a_size(whole: str) -> None:
    """Alternative texts and fixed sizes for all of them."""
    pictures = tags(whole, "img")
    assert len(pictures) >= 11
    assert all(picture.get("alt") and picture.get("width") and picture.get("height") for picture in pictures)


def hostile(case: Case) -> Case:
    """The case with markup in every text that a stranger can write, and in the id of a scan."""
    items = tuple(
        evolve(item, shade=SCRIPT, material="other", material_text=SCRIPT, margin='"><img src=x onerror=alert(1)>')
        for item in case.prescription.items
    )
    return evolve(
        case,
        patient=Patient(name=SCRIPT + RTL),
        scans=tuple(evolve(scan, id=f"</style>{SCRIPT}") if scan.role == "bite" else scan for scan in case.scans),
        practice=SCRIPT,
        client=None,
        prescription=evolve(
            case.prescription, items=items, notes=SCRIPT * 400, doctor="\udcff" + SCRIPT, practice=SCRIPT
        ),
        findings=(Finding("mesh.hole", "error", SCRIPT, "upper-preparation", (0.0, 0.0, 0.0), hint=SCRIPT),),
        desk=evolve(case.desk, number=SCRIPT, assignee=SCRIPT),
    )


def test_strangers_can_write_nothing_but_text(whole: str, written: Written, case: Case) -> None:
    """Scripts in names, notes, shades and messages stay words: no tag appears that was not there."""
    text = written(hostile(case), viewer=True)
    assert SCRIPT not in text
    assert len(tags(text, "script")) == len(tags(whole, "script"))
    assert not any("onerror" in attributes for _, attributes in Outline(text).tags)
    assert "&lt;script&gt;alert" in text


def test_marks_of_direction_turn_nothing_else_round(written: Written, bare: Case) -> None:
    """Foreign words stand isolated, and titles hold no such marks at all."""
    text = written(hostile(bare))
    outside = re.sub(r"<bdi>.*?</bdi>", "", text, flags=re.DOTALL)
    assert RTL in text
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", outside)


def test_a_long_note_is_folded_and_kept_whole(written: Written, bare: Case) -> None:
    """10 kB of notes take one line until somebody wants them, and none of it is lost."""
    long = "word " * 2000
    text = written(evolve(bare, prescription=evolve(bare.prescription, notes=long)))
    assert long in text
    assert "10,000 characters" in text[: text.index(long)]
    assert text.rfind("<details>", 0, text.index(long)) > text.rfind("</details>", 0, text.index(long))


@pytest.mark.parametrize("notation", ["fdi", "universal"])
def test_teeth_are_told_in_the_notation_asked_for(written: Written, bare: Case, notation: str) -> None:
    """In the chart, in the units and in the sentences of findings."""
    text = written(bare, notation=notation)
    tooth, other = ("14", "5") if notation == "fdi" else ("5", "14")
    assert f"a hole of 2.1 mm at tooth {tooth}".lower() in text.lower()
    assert f'<span class="teeth">{tooth}</span>' in text
    assert f"at tooth {other}<" not in text


def test_the_practice_chooses_the_notation_when_nobody_else_does(written: Written, bare: Case) -> None:
    """A practice that counts in Universal numbers gets them."""
    assert bare.client is not None
    text = written(evolve(bare, client=evolve(bare.client, notation="universal")))
    assert "Universal (ADA)" in text


def test_the_anonymous_report_names_nobody_in_any_byte(written: Written, case: Case) -> None:
    """No name of patient, practice, dentist or colleague, no file name, no photo, no paper, no free words."""
    told = evolve(case, findings=(*case.findings, Finding("rx.conflict", "warning", "Sentinella is not Jane")))
    text = written(told, variant="anonymous", viewer=True)
    assert "sentinella" not in text.casefold()
    words = readable(text).casefold()
    for name in ("sentinella", "jane", "dentatus", "park", "anna", "please call", "p-17", "26-00417"):
        assert name not in words
    assert 'id="papers"' not in text
    assert "[…] is not […]" in text
    assert "zirconia" in text


def test_the_office_gets_no_internals(written: Written, bare: Case) -> None:
    """Neither decisions nor preferences, receipts, checksums, colleagues nor notes of the checks."""
    text = readable(written(bare, variant="office"))
    for word in ("Anna", "ceramics", "left a message", "Contacts light.", "/lab/cad", "d" * 64, "mesh.hole", "hardly"):
        assert word not in text
    assert "taken for upper arch" not in text
    for word in ("Jane Sentinella", "Practice at the Park"):
        assert word in text


def test_the_office_reads_the_words_of_the_letter_in_its_language(written: Written, bare: Case) -> None:
    """What it must do, as the letter says it; what is the laboratory's own business stays there."""
    hole = Finding("coverage.tooth-in-hole", "error", "a hole of 2.1 mm", "upper-preparation", teeth=(14,))
    again = evolve(hole, message="a hole of 3 mm", where_mm=(0.0, 0.0, 0.0))
    asked = evolve(bare, findings=(hole, again, Finding("mesh.non-manifold", "warning", "three faces at an edge")))
    text = Outline(written(asked, checks="reject", variant="office")).text
    assert text.count("There is a hole where we work (tooth 14).") == 1
    assert "Please dry the tooth and scan over this place again" in text
    assert "three faces" not in text
    assert asked.client is not None
    german = written(evolve(asked, client=evolve(asked.client, language="de")), checks="reject", variant="office")
    assert '<bdi lang="de">' in german
    assert "Zahn 14" in german
    french = evolve(asked, client=evolve(asked.client, language="fr"))
    assert "There is a hole where we work" in written(french, checks="reject", variant="office")
    assert "nothing is asked of you yet" in written(evolve(asked, findings=()), checks="review", variant="office")


def test_receipts_tell_what_to_do_line_by_line(written: Written, bare: Case) -> None:
    """How exocad takes it, and what it does not get: for the laboratory only."""
    proof = {
        "import": "DentalDB > Import > Z:\\K7Q2",
        "open in CAD": '"DentalCADApp.exe" "Z:\\K7Q2"',
        "not carried": "2 papers",
    }
    receipts = {"cad": Receipt("key", "Z:\\K7Q2-M4", NOON, proof)}
    text = written(bare, receipts=receipts)
    told = Outline(text[text.index('id="receipts"') : text.index('id="provenance"')]).text
    for name, value in proof.items():
        assert f"{name[0].upper()}{name[1:]} {value}" in told
    assert '<a href="#receipts">' in text
    assert 'id="receipts"' not in written(bare, receipts=receipts, variant="office")


def test_the_state_in_the_laboratory_is_told_to_the_laboratory(bench: Bench, bare: Case) -> None:
    """Held since when and why; neither the practice nor a stranger reads it."""
    known = {"state": "review", "since": NOON.isoformat(), "why": "mesh.hole, rx.conflict"}
    ctx = bench.sending("report.html", "report", Errand("key", "K7Q2-M4"))
    texts = [
        Outline(page(gather(bare, ctx, ReportOptions(variant=variant, viewer=False), known)).decode()).text
        for variant in get_args(Variant)
    ]
    assert "Held: somebody has to look at it since Mon 23 Nov 2026, 12:00 UTC mesh.hole, rx.conflict" in texts[0]
    assert all("somebody has to look" not in text for text in texts[1:])


def test_a_scanner_is_called_what_people_call_it(written: Written, bare: Case) -> None:
    """By the title of its plugin; by its own name where that is gone."""
    assert "3Shape TRIOS" in Outline(written(bare)).text
    for adapter, title in (("core", "Scanner not known"), ("gone", "Came by gone")):
        assert title.lower() in Outline(written(evolve(bare, key=CaseKey(adapter, "")))).text.lower()


def decided(case: Case, what: str) -> Case:
    """The case after a decision."""
    decision = Decision(what, "Anna", case.received_at or case.desk.decisions[0].at, "because", ("mesh.hole",))
    return evolve(case, desk=evolve(case.desk, decisions=(*case.desk.decisions, decision)))


def test_a_person_overrules_the_checks_and_is_named(written: Written, bare: Case) -> None:
    """An accepted case is ready, by whom and although what; outside the laboratory nobody is named."""
    text = written(decided(bare, "accept"), checks="reject")
    assert "Start the work: Anna has accepted the case as it is." in text
    assert "although: mesh.hole" in text
    assert "The laboratory starts the work with what it has." in written(decided(bare, "accept"), variant="office")
    assert "Do not start: Anna has rejected the case." in written(decided(bare, "reject"), checks="accept")
    assert "Ask the office" in written(decided(decided(bare, "accept"), "reopen"), checks="review")


def test_the_laboratorys_own_table_decides_the_verdict(written: Written, bare: Case) -> None:
    """An error that the laboratory's table accepts is no reason to stop."""
    assert "Start the work" in written(bare, checks="accept")
    assert 'class="top reject"' in written(bare)


def test_a_case_of_nothing_has_a_report_too(written: Written, bare: Case) -> None:
    """No scans, no order, no findings: said in words, without an empty picture."""
    empty = evolve(
        bare,
        scans=(),
        prescription=Prescription(),
        attachments=(),
        findings=(),
        client=None,
        desk=Desk(),
        patient=Patient(),
    )
    text = written(empty, receipts={}, viewer=True)
    assert "There is no scan in this case." in text
    assert "No work is stated in these files." in text
    assert tags(text, "img") == []
    assert 'id="viewer"' not in text


def test_arches_that_do_not_lie_together_are_not_shown_together(written: Written, case: Case) -> None:
    """A bite that is none is said, not drawn."""
    apart = evolve(case, findings=(Finding("bite.frames", "warning", "the arches do not stand in occlusion"),))
    text = written(apart)
    assert 'id="view-front"' not in text
    assert "each file has a frame of its own" in text


def test_a_paper_that_cannot_be_shown_is_named(written: Written, case: Case, bench: Bench) -> None:
    """A photo that is none and a PDF that is none leave a sentence each."""
    mesh = bench.reference("Sentinella upper.ply")
    store = Path(tempfile.mkdtemp(dir=bench.scratch))
    bench.stores["spoilt"] = store
    papers = []
    for name in ("smile.jpg", "order.pdf"):
        (store / name).write_bytes(b"no such thing")
        papers.append(Attachment(name, evolve(mesh, path=name, store="spoilt", size=13), "document"))
    text = written(evolve(case, scans=(), attachments=tuple(papers)))
    assert "Not shown: the picture cannot be read." in text
    assert "Not shown: the PDF cannot be shown." in text


def test_photos_lose_what_else_was_in_their_files(case: Case, bench: Bench) -> None:
    """The picture's metadata, which name people, stay at home."""
    with bench.open(case.attachments[0].file) as stream:
        content = stream.read()
    assert b"Jane Sentinella" in content
    assert b"Sentinella" not in photo(content).webp


def test_days_are_counted_from_the_day_of_the_report(written: Written, bare: Case) -> None:
    """Due in a week, today, three days ago."""
    today = bare.received_at.date() if bare.received_at else None
    assert today is not None
    for days, words in ((7, "in 7 days"), (0, "today"), (-3, "3 days ago")):
        text = written(evolve(bare, desk=evolve(bare.desk, due=today + timedelta(days=days))))
        assert words in text


def test_times_and_days_are_the_laboratorys(written: Written, bare: Case) -> None:
    """Noon in London is evening in Tokyo; a time that came without a zone stays as it is; no such zone is a typed error."""
    text = written(bare, timezone="Asia/Tokyo")
    assert "Mon 23 Nov 2026, 21:00 JST" in text
    assert "Fri 4 Dec 2026, 09:30<" in text
    with pytest.raises(ConfigError, match="no time zone"):
        written(bare, timezone="Atlantis")


def test_primary_teeth_are_drawn_when_they_are_ordered(written: Written, bare: Case) -> None:
    """A crown on 55 stands in a second, smaller row."""
    child = evolve(bare, prescription=Prescription((WorkItem("1", (55,), "crown"),)))
    assert ">55</text>" in written(child)
    assert ">55</text>" not in written(bare)
