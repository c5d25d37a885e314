"""In a browser: nothing fetched, nothing broken, everything reached, on any screen and on paper."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

VENDOR = Path(__file__).parent / "_vendor"
AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"  # axe-core 4.14.1, npm
SCREENS = {"phone": (360, 740), "tablet": (820, 1180), "desk": (1440, 900)}


@pytest.fixture(scope="module")
def file(whole: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report as a file."""
    path = tmp_path_factory.mktemp("report") / "K7Q2-M4.html"
    path.write_text(whole, encoding="utf-8")
    return path


@contextmanager
def opened(browser: Any, file: Path, **how: Any) -> Iterator[tuple[Any, list[str]]]:
    """The page of a file, and whatever it asked for or complained about."""
    context = browser.new_context(**how)
    page, noticed = context.new_page(), list[str]()
    page.on("console", lambda message: noticed.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: noticed.append(str(error)))
    page.on("request", lambda request: noticed.append(request.url[:100]))
    page.goto(file.as_uri())
    noticed.remove(file.as_uri())
    try:
        yield page, noticed
    finally:
        context.close()


def fetched(noticed: list[str]) -> list[str]:
    """What is neither part of the page nor a message of the software that draws without a graphics card."""
    return [text for text in noticed if not text.startswith("data:") and "GPU stall" not in text]


def test_it_opens_from_a_file_without_a_request_or_a_complaint(browser: Any, file: Path) -> None:
    """No console message, no error, no address but its own, no picture that fails."""
    with opened(browser, file) as (page, noticed):
        broken = page.evaluate("[...document.images].filter((image) => !image.naturalWidth).length")
        assert page.evaluate("document.images.length") >= 10
        assert broken == 0
        assert fetched(noticed) == []


@pytest.mark.parametrize("screen", SCREENS)
def test_no_screen_has_to_be_scrolled_sideways(browser: Any, file: Path, screen: str) -> None:
    """From a phone to a desk the page is as wide as the screen, and no text is cut."""
    width, height = SCREENS[screen]
    with opened(browser, file, viewport={"width": width, "height": height}) as (page, _):
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        outside = (
            "[...document.querySelectorAll('main *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1)"
        )
        assert page.evaluate(f"{outside}.map((e) => e.className || e.tagName)") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_issue(browser: Any, file: Path, scheme: str) -> None:
    """Contrast, names, landmarks, headings, order: nothing serious or critical in light and in dark."""
    axe = (VENDOR / "axe.min.js").read_bytes()
    assert sha256(axe).hexdigest() == AXE_SHA256
    with opened(browser, file, color_scheme=scheme) as (page, _):
        page.evaluate(axe.decode("utf-8"))
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        bad = [
            (v["id"], v["nodes"][0]["html"][:150])
            for v in found["violations"]
            if v["impact"] in ("serious", "critical")
        ]
        assert bad == []


def test_a_pin_leads_to_its_finding_and_back(browser: Any, file: Path) -> None:
    """Clicking a pin marks and focuses the finding; its links mark the pins."""
    with opened(browser, file) as (page, _):
        pin = page.locator("a.pin.error").first
        pin.click()
        assert page.url.endswith("#finding-1")
        assert page.evaluate("document.activeElement.id") == "finding-1"
        page.locator("#finding-1 a.to-pin").first.click()
        assert "#pin-1-" in page.url
        assert page.evaluate("document.querySelector(':target').classList.contains('pin')")


def test_a_folded_note_opens_when_something_leads_to_it(browser: Any, file: Path) -> None:
    """The address of a mere note unfolds the list that holds it."""
    with opened(browser, file) as (page, _):
        assert not page.locator("#finding-3").is_visible()
        page.evaluate("location.hash = '#finding-3'")
        page.wait_for_function("document.getElementById('finding-3').checkVisibility()")
        assert page.locator("#finding-3").is_visible()


def test_everything_is_reached_by_keyboard(browser: Any, file: Path) -> None:
    """The first stop skips to the findings; links, pins and folds follow."""
    with opened(browser, file) as (page, _):
        stops = []
        for _ in range(14):
            page.keyboard.press("Tab")
            stops.append(page.evaluate("document.activeElement.className || document.activeElement.tagName"))
        assert stops[0] == "skip"
        assert "to-pin" in stops


def test_nothing_moves_while_it_loads(browser: Any, file: Path) -> None:
    """Every picture has its size before it is decoded: no shift of the layout."""
    observe = "let s = 0; new PerformanceObserver((l) => { for (const e of l.getEntries()) s += e.value; })"
    with opened(browser, file) as (page, _):
        shift = page.evaluate(
            f"() => {{ {observe}.observe({{type: 'layout-shift', buffered: true}});"
            " return new Promise((done) => setTimeout(() => done(s), 300)); }"
        )
        assert shift < 0.02
        assert page.evaluate("[...document.images].every((i) => i.hasAttribute('width') && i.hasAttribute('height'))")


def test_it_tells_everything_without_scripts(browser: Any, file: Path) -> None:
    """With scripts off the verdict, the findings and the pictures are there."""
    with opened(browser, file, java_script_enabled=False) as (page, noticed):
        assert page.locator(".verdict .word").inner_text() == "Stop"
        assert page.locator("#finding-1").is_visible()
        assert page.locator("#view-front img").is_visible()
        assert fetched(noticed) == []


def test_no_picture_is_cut_on_paper(browser: Any, file: Path, tmp_path: Path) -> None:
    """On A4 every picture lies on one page as a whole, with its caption, and nothing reaches over the edge."""
    target = tmp_path / "report.pdf"
    with opened(browser, file) as (page, _):
        shown = page.evaluate("document.querySelectorAll('figure img').length")
        page.pdf(path=str(target), prefer_css_page_size=True, print_background=True)
    document = pypdfium2.PdfDocument(target)
    boxes = []
    for sheet in document:
        width, height = sheet.get_size()
        assert (round(width), round(height)) == (595, 842)
        images = [item for item in sheet.get_objects() if item.type == pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]
        boxes += [(*item.get_bounds(), width, height) for item in images]
    document.close()
    assert len(boxes) == shown  # a cut picture would be drawn on two pages
    assert all(
        left >= 0 and bottom >= 0 and right <= width and top <= height
        for left, bottom, right, top, width, height in boxes
    )
    assert min((right - left) / (top - bottom) for left, bottom, right, top, _, _ in boxes) > 0.5
