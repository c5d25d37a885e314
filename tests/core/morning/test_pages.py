"""Pages for the printer, and the morning as a message."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from casepan.config.lab import AdapterTable
from casepan.errors import AdapterError, ConfigError, UsageError
from casepan.operate import digesting
from casepan.operate.digesting import digest_of, send
from casepan.operate.morning import Line, Morning, Section, morning
from casepan.operate.printing import page_of, write_page

from .conftest import HOLE, MISSING

NOW = datetime(2026, 11, 23, 6, 40, tzinfo=UTC)
MANY = Morning(
    "Lab", NOW, NOW,
    tuple(
        Section(name, name.title(), tuple(
            Line(f"K7Q2-{n:02}", "26-00417", "bright-smiles-and-a-long-name", "implant-crown 26 zirconia, pontic 27",
                 "review", "completeness.missing-scan, mesh.hole, " * 5, "+49 30 5550100", "Please send the bite. " * 9)
            for n in range(40)
        ))
        for name in ("new", "ready", "review", "call", "rush", "closed", "deliveries", "silent")
    ),
)  # fmt: skip


class Loads(HTMLParser):
    """Gathers what a page would load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Scripts, pictures, frames, links and handlers."""
        self.found += [tag] if tag in ("script", "img", "iframe", "link", "object", "base", "form") else []
        self.found += [name for name, _ in attrs if name.startswith("on") or name in ("src", "href", "style")]


def test_a_page_is_whole_and_loads_nothing() -> None:
    """One file; foreign words are text."""
    evil = Line("<script>alert(1)</script>", what='"><img src=x onerror=alert(1)>', point="</td><script>")
    page = page_of(Morning("A & <B>", NOW, NOW, (Section("call", "Call", (evil,)),)))
    loads = Loads()
    loads.feed(page)
    assert loads.found == []
    assert "A &amp; &lt;B&gt;" in page
    assert "Monday 23 November 2026" in page


def test_what_does_not_fit_is_counted() -> None:
    """Every section keeps its heading and its number."""
    page = page_of(MANY)
    assert page.count("<h2") == 8
    assert page.count(": 40</h2>") == 8
    assert page.count("… and ") == 8
    assert page.count("<tr>") <= 52


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
def test_the_fullest_morning_prints_on_one_page_of_a4(tmp_path: Path) -> None:
    """As a printer sees it."""
    pypdf = pytest.importorskip("pypdf")
    (tmp_path / "today.html").write_text(page_of(MANY), encoding="utf-8")
    command = [str(shutil.which("chromium")), "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    target = f"--print-to-pdf={tmp_path / 'today.pdf'}"
    place = [f"--user-data-dir={tmp_path / 'profile'}", target, (tmp_path / "today.html").as_uri()]
    subprocess.run([*command, *place], check=True, capture_output=True, timeout=120)
    pages = pypdf.PdfReader(tmp_path / "today.pdf").pages
    assert len(pages) == 1
    width, height = (round(float(side) / 72 * 25.4) for side in pages[0].mediabox[2:])
    assert (width, height) == (210, 297)


def test_nothing_to_do_is_a_page_too() -> None:
    """And a message."""
    empty = Morning("Lab", NOW, NOW, ())
    assert "Nothing to do." in page_of(empty)
    assert digest_of(empty)["sections"][0]["title"] == "Nothing to do"


def test_a_page_is_private_and_replaced_whole(tmp_path: Path) -> None:
    """A place that cannot be written is an error with a remedy."""
    page = tmp_path / "today.html"
    write_page(page, "one")
    write_page(page, "two")
    assert page.read_text("utf-8") == "two"
    assert page.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [page]
    with pytest.raises(UsageError, match="cannot be written"):
        write_page(tmp_path / "nowhere" / "today.html", "three")


def test_the_command_writes_the_page(lab: Any, say: Any) -> None:
    """Beside what it says."""
    lab.clock.move(days=-700)
    place = lab.take(findings=[HOLE])
    assert place in say("today", "--html", lab.root / "today.html")
    assert place in (lab.root / "today.html").read_text("utf-8")


def test_a_message_has_headings_and_lines(lab: Any) -> None:
    """Long sections say what they leave out."""
    document = digest_of(MANY)
    assert document["schema"] == 1
    assert document["title"].startswith("Today, Monday 23 November 2026: 40 new")
    assert len(document["sections"][0]["lines"]) == 21
    assert document["sections"][0]["lines"][-1] == "… and 20 more"
    lab.take(findings=[MISSING], hold="office", practice="bright")
    with lab.desk() as desk:
        made = digest_of(morning(desk, now=lab.clock.moment))
    call = next(one for one in made["sections"] if one["title"] == "Call the office: 1")
    assert "+49 30 5550100" in call["lines"][0]
    assert "fehlt" in call["lines"][0]


class Teller:
    """An observer that keeps what it is to send."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, date, bool]] = []

    def digest(self, document: Any, ctx: Any, *, day: date, again: bool) -> str | None:
        """Send it once."""
        assert ctx.memory.get("x") is None
        self.told.append((document, day, again))
        return "250 queued" if len(self.told) == 1 else None


class Mute:
    """An observer that sends nothing."""


def test_the_morning_is_sent_by_whoever_can(lab: Any, monkeypatch: Any) -> None:
    """With the day in the laboratory's zone; done twice it says so."""
    spec, mute = (type("Spec", (), {"name": name})() for name in ("fake.teller", "fake.mute"))
    teller = Teller()
    built = {"fake.teller": teller, "fake.mute": Mute()}
    monkeypatch.setattr(digesting, "configured", lambda *_: [(mute, None), (spec, None)])
    monkeypatch.setattr("casepan.registry.Registry.build", lambda _, name, __: built[name])
    with lab.desk() as desk:
        made = morning(desk, now=NOW.replace(hour=23, minute=30))
        assert send(desk, made) == ("fake.teller: sent, 250 queued",)
        assert "sent today already" in send(desk, made, again=True)[0]
    assert [(day, again) for _, day, again in teller.told] == [(date(2026, 11, 24), False), (date(2026, 11, 24), True)]


def test_without_a_sender_it_says_what_to_install_or_to_write(lab: Any, say: Any, monkeypatch: Any) -> None:
    """Not enabled, not told where to, not installed."""
    with lab.desk():
        pass
    with pytest.raises(AdapterError, match="deliver") as missing:
        say("today", "--send")
    assert "adapters.deliver" in str(missing.value.hint) or "casepan-deliver" in str(missing.value.hint)
    with lab.desk() as desk:
        if "adapters.deliver" in str(missing.value.hint):
            desk.lab.adapters["deliver"] = AdapterTable()
            with pytest.raises(ConfigError, match="where to send"):
                send(desk, morning(desk, now=NOW))
            del desk.lab.adapters["deliver"]
        monkeypatch.setattr("casepan.registry.installed_plugins", lambda: ())
        with pytest.raises(AdapterError) as absent:
            send(desk, morning(desk, now=NOW))
    assert "casepan-deliver" in str(absent.value.hint)
